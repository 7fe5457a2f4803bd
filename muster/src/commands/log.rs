//! `muster log`: the system log.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use muster_service::Muster;
use muster_service::look::{EventView, LogFilter};

use crate::context::{Context, Exit};
use crate::output::{self, instant};

/// How often the log is looked at when followed.
const EVERY: Duration = Duration::from_millis(500);

/// Shows the system log, by Okta's event types.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster log                                    the last fifty events, newest last
  muster log --login jsmith@example.org
  muster log --type 'user.lifecycle.*' --limit 500
  muster log --follow                           and what comes, until stopped
  muster log --json                             newest first, one array")]
pub(crate) struct Log {
    /// Only of this type; a * at the end stands for all that begin so
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only about this person
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// Go on with what comes
    #[arg(long, conflicts_with = "json")]
    follow: bool,
}

impl Log {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let filter = LogFilter { event_type: self.event_type, user: self.login };
        let mut events: Vec<EventView> = Vec::new();
        let mut before = None;
        let limit = self.limit.max(1);
        loop {
            let page = muster.log_newest(&filter, before, limit - events.len())?;
            events.extend(page.events);
            before = page.next;
            if before.is_none() || events.len() >= limit {
                break;
            }
        }
        if context.json {
            context.print_json(&events)?;
            return Ok(Exit::Done);
        }
        for event in events.iter().rev() {
            context.out.line(line(event))?;
        }
        if self.follow {
            follow(context, &muster, &filter, events.first().map_or(0, |e| e.position))?;
        }
        Ok(Exit::Done)
    }
}

fn follow(context: &mut Context, muster: &Muster, filter: &LogFilter, mut after: i64) -> Result<()> {
    loop {
        let page = muster.log_after(filter, after, 1_000)?;
        for event in &page.events {
            context.out.line(line(event))?;
        }
        after = page.next.unwrap_or(after);
        if page.events.is_empty() {
            std::thread::sleep(EVERY);
        }
    }
}

fn line(event: &EventView) -> String {
    let about: Vec<&str> =
        event.target.iter().map(|t| t.display_name.as_deref().unwrap_or(t.id.as_str())).collect();
    let outcome = match (&*event.outcome.result, &event.outcome.reason) {
        ("SUCCESS", None) => String::new(),
        (result, reason) => {
            format!("  {result}{}", reason.as_deref().map_or_else(String::new, |r| format!(": {r}")))
        }
    };
    let plan = event.debug_context.debug_data.get("plan").map_or_else(String::new, |p| format!("  plan {p}"));
    format!(
        "{}  {:<44} {}  by {}{plan}{outcome}",
        instant(&event.published),
        event.event_type,
        about.join(" · "),
        output::quoted(&event.actor.display_name)
    )
}
