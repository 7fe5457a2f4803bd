//! `muster assign`, `muster unassign`: apps for people and groups.

use anyhow::Result;
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use muster_engine::model::Millis;
use muster_service::edit::{Assignee, AssignmentTerms};
use muster_service::{Muster, ServiceError};

use super::finish;
use crate::cli::Change;
use crate::context::{Context, Exit, Usage};

/// Gives an app to a person or to a group's members.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster assign jsmith@example.org --app crm
  muster assign jsmith@example.org --app crm --until 2027-05-31     to the end of that day
  muster assign Sales --app crm --preview                           the members of a group")]
pub(crate) struct Assign {
    /// A login, a group's name, or the id of either
    who: String,
    /// The app
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The last day, or an instant (2027-05-31T12:00:00Z); for people only
    #[arg(long, value_name = "DATE")]
    until: Option<Until>,
    #[command(flatten)]
    change: Change,
}

/// Takes an app back that was assigned directly.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster unassign jsmith@example.org --app crm
  muster unassign Sales --app crm --preview

What somebody has through a group is taken back by taking her out of the group; `muster why` tells which it is.")]
pub(crate) struct Unassign {
    /// A login, a group's name, or the id of either
    who: String,
    /// The app
    #[arg(long, value_name = "NAME")]
    app: String,
    #[command(flatten)]
    change: Change,
}

/// When an assignment ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// At the end of a day in the org's zone.
    Day(Date),
    /// At an instant.
    Instant(jiff::Timestamp),
}

impl std::str::FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(instant) = text.parse() {
            return Ok(Self::Instant(instant));
        }
        // A civil date reads the beginning of longer texts, too.
        if text.len() == 10
            && let Ok(day) = text.parse()
        {
            return Ok(Self::Day(day));
        }
        Err("write a day such as 2027-05-31 or an instant such as 2027-05-31T12:00:00Z".to_owned())
    }
}

impl Until {
    /// The instant, for an org in a time zone.
    pub(crate) fn millis(self, zone: &str) -> Result<Millis> {
        Ok(Millis(match self {
            Self::Instant(at) => at.as_millisecond(),
            Self::Day(day) => {
                let zone = TimeZone::get(zone)?;
                // An end is the last instant of its day.
                zone.to_timestamp(day.tomorrow()?.at(0, 0, 0, 0))?.as_millisecond() - 1
            }
        }))
    }
}

/// Who is meant: a person first, since logins are many, else a group.
fn assignee(muster: &Muster, who: &str) -> Result<Assignee> {
    match muster.find_user(who) {
        Ok(user) => Ok(Assignee::User(user)),
        Err(ServiceError::NotFound(_)) => match muster.find_group(&*muster.config()?, who) {
            Ok(group) => Ok(Assignee::Group(group)),
            Err(ServiceError::NotFound(group)) => Err(ServiceError::NotFound(format!(
                "there is no user {who:?}, and {group}; `muster users` finds people"
            ))
            .into()),
            Err(e) => Err(e.into()),
        },
        Err(e) => Err(e.into()),
    }
}

impl Assign {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let config = muster.config()?;
        let who = assignee(&muster, &self.who)?;
        if self.until.is_some() && matches!(who, Assignee::Group(_)) {
            return Err(Usage(format!(
                "--until: {} is a group, and a group's assignment has no end; assign people, or unassign the group when its time has come",
                self.who
            ))
            .into());
        }
        let until = self.until.map(|u| u.millis(&config.org.settings.timezone)).transpose()?;
        let app = muster.find_app(&config, &self.app)?;
        let terms = AssignmentTerms { until, ..AssignmentTerms::default() };
        let report = muster.assign(&context.actor, &who, app, terms, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}

impl Unassign {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let who = assignee(&muster, &self.who)?;
        let app = muster.find_app(&*muster.config()?, &self.app)?;
        let report = muster.unassign(&context.actor, &who, app, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}
