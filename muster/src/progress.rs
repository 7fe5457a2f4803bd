//! How long work gets on: bars on a terminal, a plain line now and then elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use muster_service::plan::Progress;
use muster_service::provision::{AppProgress, SyncProgress};

use crate::output::{grouped, note};

/// How often a plain line is written at most.
const EVERY: Duration = Duration::from_secs(5);

/// Shows progress on standard error.
#[derive(Debug)]
pub(crate) struct Bars {
    terminal: bool,
    quiet: bool,
    all: MultiProgress,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bars: BTreeMap<String, ProgressBar>,
    totals: BTreeMap<String, u64>,
    /// When the last plain line was written.
    written: Option<Instant>,
}

impl Bars {
    /// Bars on a terminal, plain lines elsewhere.
    pub(crate) fn new() -> Self {
        Self::with(false)
    }

    /// Bars on a terminal, nothing elsewhere: where what is done is told anyhow.
    pub(crate) fn only_on_terminal() -> Self {
        Self::with(true)
    }

    fn with(quiet: bool) -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            quiet,
            all: MultiProgress::new(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, what: &str, done: u64, total: u64, words: &str) {
        let mut state = self.state();
        if !self.terminal {
            let now = Instant::now();
            let first = *state.written.get_or_insert(now);
            // Short work needs no lines.
            if !self.quiet && now.duration_since(first) >= EVERY {
                let of =
                    if total > 0 { format!(" of {}", grouped(i128::from(total))) } else { String::new() };
                note(&format!("{what}: {}{of}{words}", grouped(i128::from(done))));
                state.written = Some(now);
            }
            return;
        }
        let bar = state.bars.entry(what.to_owned()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::no_length().with_message(what.to_owned()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        if total > 0 && bar.length() != Some(total) {
            bar.set_length(total);
            bar.set_style(style("{msg:>16} [{wide_bar:.cyan/blue}] {human_pos}/{human_len} {eta:>4}"));
        } else if total == 0 && bar.length().is_none() {
            bar.set_style(style("{msg:>16} {spinner} {human_pos} {elapsed}"));
        }
        bar.set_position(done);
    }

    /// Takes the bars away.
    fn clear(&self) {
        for bar in std::mem::take(&mut self.state().bars).into_values() {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Progress for Bars {
    fn step(&self, phase: &str, done: u64, total: u64) {
        let others: Vec<ProgressBar> = {
            let mut state = self.state();
            let gone: Vec<String> = state.bars.keys().filter(|k| *k != phase).cloned().collect();
            gone.iter().filter_map(|k| state.bars.remove(k)).collect()
        };
        others.iter().for_each(ProgressBar::finish_and_clear);
        self.show(phase, done, total, "");
    }
}

impl SyncProgress for Bars {
    fn started(&self, app: &str, dirty: u64) {
        self.state().totals.insert(app.to_owned(), dirty);
        self.show(app, 0, dirty, "");
    }

    fn settled(&self, app: &str, so_far: &AppProgress) {
        let total = self.state().totals.get(app).copied().unwrap_or_default();
        let words = if so_far.retries > 0 {
            format!(", {} to be tried again", so_far.retries)
        } else {
            String::new()
        };
        self.show(app, so_far.brought_into_line, total, &words);
    }
}
