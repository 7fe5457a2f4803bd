//! The script by which the application misbehaves.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::service::Kind;

/// Which requests a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// All of them.
    Any,
    /// Those that change something.
    Writes,
    /// Those that change nothing.
    Reads,
    /// Those of one kind.
    Kind(Kind),
}

/// Which of these requests a rule strikes, counted from when it was added.
#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    /// All.
    Always,
    /// The n-th, from 1.
    Nth(u64),
    /// The first n.
    First(u64),
    /// Each with a probability between 0 and 1, drawn from a generator with this seed.
    Probability(f64, u64),
}

/// What happens to a request that is struck.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Answers an error and does nothing. `retry_after` is the text of the header, seconds or a date.
    Status {
        /// The status.
        status: u16,
        /// The header `Retry-After`.
        retry_after: Option<String>,
        /// What the error says.
        detail: String,
    },
    /// Waits, then does its work and answers.
    Slow(Duration),
    /// Does its work, waits, then answers.
    WorkThenSlow(Duration),
    /// Cuts the connection and does nothing.
    Cut,
    /// Does its work and cuts the connection before it answers.
    WorkThenCut,
    /// Does its work and cuts the connection in the middle of the answer's body (of its head, if it has none).
    CutMidBody,
    /// Does nothing and answers 200 with a page for people, as a proxy or a login in front of an application does.
    Html,
    /// Does its work and answers it without `id`.
    NoId,
    /// Answers that it did its work, and didn't.
    Lie,
    /// Answers 400 with these words where the user name is this one.
    RejectUserName {
        /// The user name, in whatever case.
        user_name: String,
        /// What the error says.
        detail: String,
    },
    /// Lists always from the start.
    IgnorePaging,
    /// Lists everybody, whatever the filter.
    IgnoreFilter,
}

impl Act {
    /// Answers 429 with a time to wait (RFC 6585, section 4).
    pub fn too_many(retry_after: Duration) -> Self {
        Self::Status {
            status: 429,
            retry_after: Some(retry_after.as_secs().to_string()),
            detail: "too many requests".to_owned(),
        }
    }

    /// Answers an error without a time to wait.
    pub fn status(status: u16) -> Self {
        Self::Status { status, retry_after: None, detail: format!("made to answer {status}") }
    }
}

/// One line of the script.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which requests it is about.
    pub on: On,
    /// Which of these it strikes.
    pub which: Which,
    /// What happens to them.
    pub act: Act,
}

#[derive(Debug)]
struct Line {
    rule: Rule,
    seen: u64,
    random: u64,
}

/// The script, shared: clones are handles of the same one. The first rule that strikes a request decides.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Line>>>);

impl Faults {
    /// Adds a rule behind the others.
    pub fn add(&self, on: On, which: Which, act: Act) {
        let random = if let Which::Probability(_, seed) = which { seed } else { 0 };
        self.lines().push(Line { rule: Rule { on, which, act }, seen: 0, random });
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.lines().clear();
    }

    /// What happens to a request; `user_name` is of whom it is, where that is known.
    pub(crate) fn strike(&self, kind: Kind, user_name: Option<&str>) -> Option<Act> {
        let mut struck = None;
        for line in self.lines().iter_mut() {
            let is_about = match &line.rule.on {
                On::Any => true,
                On::Writes => kind.is_write(),
                On::Reads => !kind.is_write(),
                On::Kind(wanted) => kind == *wanted,
            };
            let is_named = match &line.rule.act {
                Act::RejectUserName { user_name: bad, .. } => {
                    user_name.is_some_and(|name| name.to_lowercase() == bad.to_lowercase())
                }
                _ => true,
            };
            // Each rule counts for itself, also the requests that another one strikes.
            if is_about && is_named && line.strikes() && struck.is_none() {
                struck = Some(line.rule.act.clone());
            }
        }
        struck
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn strikes(&mut self) -> bool {
        self.seen += 1;
        match self.rule.which {
            Which::Always => true,
            Which::Nth(n) => self.seen == n,
            Which::First(n) => self.seen <= n,
            Which::Probability(probability, _) => self.draw() < probability,
        }
    }

    /// A number from 0 to 1, by the generator `SplitMix64`.
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_strike_those_they_are_about() {
        let faults = Faults::default();
        faults.add(On::Kind(Kind::Create), Which::Nth(2), Act::Cut);
        faults.add(On::Writes, Which::First(1), Act::Html);
        let strikes: Vec<_> = [Kind::List, Kind::Create, Kind::Create, Kind::Create]
            .map(|kind| faults.strike(kind, None))
            .into();
        assert_eq!(strikes, [None, Some(Act::Html), Some(Act::Cut), None]);
    }

    #[test]
    fn probability_is_repeatable_and_about_right() {
        let draw = || {
            let faults = Faults::default();
            faults.add(On::Any, Which::Probability(0.3, 7), Act::NoId);
            (0..1000).map(|_| faults.strike(Kind::Get, None).is_some()).collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert!((250..350).contains(&first.iter().filter(|&&struck| struck).count()));
    }
}
