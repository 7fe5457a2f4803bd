//! How much a plan may take away before it is held.

use serde::{Deserialize, Serialize};

/// What is said of the limits for one kind of loss, or of one group; what isn't said is as it is elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuardLimits {
    /// Per cent of those there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// The percentage counts only where there are at least as many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u64>,
    /// A number that is too many, whatever the percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl GuardLimits {
    /// Whether it says nothing.
    pub fn says_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The limits, with what isn't said taken from others.
    pub fn or(self, others: Limits) -> Limits {
        Limits {
            percent: self.percent.unwrap_or(others.percent),
            minimum: self.minimum.unwrap_or(others.minimum),
            count: self.count.or(others.count),
        }
    }
}

/// The limits that hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Per cent of those there are.
    pub percent: u32,
    /// The percentage counts only where there are at least as many.
    pub minimum: u64,
    /// A number that is too many, whatever the percentage.
    pub count: Option<u64>,
}

/// How much a plan may take away before it is held: limits for all kinds of losses, and others for some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuardSettings {
    /// Per cent of those there are.
    pub percent: u32,
    /// The percentage counts only where there are at least as many.
    pub minimum: u64,
    /// A number that is too many, whatever the percentage.
    pub count: Option<u64>,
    /// A feed with less than this per cent of the rows of the one before is cut short.
    pub feed_percent: u32,
    /// For how many hours what plans took away is added to what the next one takes; 0: each is looked at alone.
    pub window_hours: u32,
    /// People who are deactivated or suspended.
    #[serde(skip_serializing_if = "GuardLimits::says_nothing")]
    pub people: GuardLimits,
    /// People who lose an app.
    #[serde(skip_serializing_if = "GuardLimits::says_nothing")]
    pub apps: GuardLimits,
    /// People who lose a group.
    #[serde(skip_serializing_if = "GuardLimits::says_nothing")]
    pub groups: GuardLimits,
    /// People who lose an attribute's value.
    #[serde(skip_serializing_if = "GuardLimits::says_nothing")]
    pub attributes: GuardLimits,
    /// Accounts that are deleted.
    #[serde(skip_serializing_if = "GuardLimits::says_nothing")]
    pub deletions: GuardLimits,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            percent: 20,
            minimum: 100,
            count: None,
            feed_percent: 50,
            window_hours: 24,
            people: GuardLimits::default(),
            apps: GuardLimits::default(),
            groups: GuardLimits::default(),
            attributes: GuardLimits::default(),
            deletions: GuardLimits::default(),
        }
    }
}

/// A deleted account is gone with all that is in it, and no undo brings that back: a quarter of what else may be lost,
/// and asked where there is half as much.
const DELETIONS: (u32, u64) = (5, 50);

impl GuardSettings {
    /// The limits for every kind of which nothing else is said.
    pub fn general(&self) -> Limits {
        Limits { percent: self.percent, minimum: self.minimum, count: self.count }
    }

    /// The limits for accounts that are deleted: never looser than the general ones, unless that is said.
    pub fn deletions(&self) -> Limits {
        let general = self.general();
        self.deletions.or(Limits {
            percent: general.percent.min(DELETIONS.0),
            minimum: general.minimum.min(DELETIONS.1),
            ..general
        })
    }
}
