//! Apps: sources people come from and targets they have accounts in.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use muster_expr::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::feed::Feed;
use super::guard::GuardSettings;
use super::keys::{AppKey, GroupKey, Millis};
use super::matching::{Confirm, MatchTier};

/// The kind of system behind an app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppKind {
    /// A feed of comma-separated values.
    Csv,
    /// A SCIM 2.0 service provider.
    Scim,
    /// Worked by hand: changes become tasks.
    #[default]
    Manual,
    /// A link for whoever has it: assignments only, nothing is ever called.
    Bookmark,
}

/// What becomes of a person when the source that led her last lets her go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaverAction {
    /// DEPROVISIONED.
    #[default]
    Deactivate,
    /// SUSPENDED.
    Suspend,
    /// She stays as she is.
    Nothing,
}

/// What becomes of a person whom a source had let go and has again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReturn {
    /// She is ACTIVE again (or STAGED, where the source stages).
    #[default]
    Activate,
    /// She stays as leaving made her, until an admin says otherwise.
    Nothing,
}

/// When a record ends that the source says has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveAt {
    /// As soon as it is known.
    #[default]
    Now,
    /// When the day is over on which it became known.
    DayEnd,
}

/// What becomes of an account when the person loses the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnassign {
    /// It is made unusable.
    #[default]
    Deactivate,
    /// It is deleted.
    Delete,
    /// A person is told to make it unusable.
    Task,
    /// It is left alone.
    Nothing,
}

/// What a source means for the people in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// Its rank among sources: 1 leads.
    pub priority: u32,
    /// User attributes that name the same person: a new record whose mapped values equal somebody's is hers.
    pub match_on: Vec<String>,
    /// Further attributes, or combinations of them, that name the same person, in order.
    #[serde(rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<MatchTier>,
    /// When it asks before it links or creates.
    #[serde(skip_serializing_if = "is_default")]
    pub confirm: Confirm,
    /// What becomes of a person it lets go.
    pub on_leave: LeaverAction,
    /// What becomes of a person it had let go and has again.
    #[serde(skip_serializing_if = "is_default")]
    pub on_return: OnReturn,
    /// Its end ends the person, whatever other sources say.
    pub ends_person: bool,
    /// New people wait as STAGED until an admin activates them.
    pub stage: bool,
    /// When it is imported: a cron expression of five fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The column with the day from which a record speaks; without it, or without a value, at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// The column with the last day on which a record speaks; without it, or without a value, for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// When a record ends that the source says has ended.
    #[serde(skip_serializing_if = "is_default")]
    pub leave: LeaveAt,
    /// A person may have several records in it at once: several jobs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub several: bool,
    /// The zone of the schedule and of the days of its records; the org's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How accounts in the app are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provisioning {
    /// Accounts are brought into line; else only who should have one is kept, and nothing is called.
    pub enabled: bool,
    /// Accounts are created.
    pub create: bool,
    /// Attributes are kept up to date.
    pub update: bool,
    /// What becomes of the account when the person loses the app.
    pub on_unassign: OnUnassign,
    /// Accounts of suspended people are made unusable.
    pub disable_suspended: bool,
    /// People have accounts before their start, while STAGED.
    pub before_start: bool,
    /// How many calls run at once.
    pub concurrency: u32,
    /// Who does tasks about this app (an e-mail address); the org's admins if empty.
    pub owner: String,
    /// How many days a task may take.
    pub task_days: u32,
    /// How many calls the app takes a minute, from all nodes together; as many as there are if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// How many days before their start people have accounts, with [`Self::before_start`]; from the beginning if not
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_start_days: Option<u32>,
    /// How many days somebody keeps the app whom a group gives it no longer.
    #[serde(skip_serializing_if = "is_default")]
    pub grace_days: u32,
    /// How many days somebody keeps the app who has left.
    #[serde(skip_serializing_if = "is_default")]
    pub leaver_grace_days: u32,
    /// After how many days an account is deleted that was made unusable because the person lost the app; never if not
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_after_days: Option<u32>,
    /// Whoever was assigned it herself and left has it again when she comes back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_assignments: bool,
    /// User names in the app that are nobody's business: no account of these is created, linked, changed or taken away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected_accounts: Vec<String>,
    /// Attributes of accounts for which the values of all groups count together (Okta: `union`), not the first group's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub combine: Vec<String>,
}

impl Default for Provisioning {
    fn default() -> Self {
        Self {
            enabled: true,
            create: true,
            update: true,
            on_unassign: OnUnassign::Deactivate,
            disable_suspended: false,
            before_start: false,
            concurrency: 4,
            owner: String::new(),
            task_days: 7,
            rate_limit: None,
            before_start_days: None,
            grace_days: 0,
            leaver_grace_days: 0,
            delete_after_days: None,
            keep_assignments: false,
            protected_accounts: Vec::new(),
            combine: Vec::new(),
        }
    }
}

/// How many days before an app's last day its owner is warned.
pub const WARN_DAYS: u32 = 30;

/// An app (Okta: application).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct App {
    /// The unique name.
    pub name: String,
    /// A title for people.
    pub label: String,
    /// The kind of system.
    pub kind: AppKind,
    /// A deactivated app gives nobody an account.
    pub inactive: bool,
    /// The last day on which people have it (`2027-12-31`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// How many days before the last day its owner is warned; [`WARN_DAYS`] if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_days: Option<u32>,
    /// The last day is over, and a plan has said so: nobody has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// How its feed is read, if it has one.
    pub feed: Option<Feed>,
    /// What it means as a source, if it is one.
    pub source: Option<Source>,
    /// How accounts are kept, if it is a target.
    pub provisioning: Option<Provisioning>,
    /// The connector's own settings (for SCIM `base_url` and so on).
    pub settings: BTreeMap<String, Value>,
    /// Secrets by reference: `env:NAME` or `file:PATH`.
    pub secrets: BTreeMap<String, String>,
    /// Guards of its own; the org's if not given.
    pub guard: Option<GuardSettings>,
    /// What clients say of it and expect back, as they say it: how it is shown, notes and the like. Nothing reads it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Json>,
}

impl App {
    /// How accounts are kept, if it is a target; a bookmark is one without saying so.
    pub fn target(&self) -> Option<Provisioning> {
        match self.kind {
            AppKind::Bookmark => Some(self.provisioning.clone().unwrap_or_default()),
            _ => self.provisioning.clone(),
        }
    }

    /// The first instants of the day on which its owner is warned, and of the day after the last on which people have it,
    /// if it has a last one.
    pub fn expiry(&self, zone: &TimeZone) -> Option<(Millis, Millis)> {
        let text = self.expires.as_ref()?;
        let last: Date = text.parse().ok().filter(|day: &Date| day.to_string() == *text)?;
        let begins = |day: Date| {
            let begins = zone.to_ambiguous_zoned_datetime(day.at(0, 0, 0, 0)).compatible().ok()?;
            Some(Millis(begins.timestamp().as_millisecond()))
        };
        let days = i64::from(self.warn_days.unwrap_or(WARN_DAYS));
        let warned = last.checked_sub(days.days()).ok()?;
        Some((begins(warned)?, begins(last.tomorrow().ok()?)?))
    }

    /// Whether its accounts are brought into line; else assignments are all there is.
    pub fn is_served(&self) -> bool {
        self.kind != AppKind::Bookmark && self.provisioning.as_ref().is_none_or(|p| p.enabled)
    }
}

/// Which way a mapping goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a source's record to the user's profile.
    ToUser,
    /// From the user to the account in the app.
    ToApp,
}

/// When a mapping writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushWhen {
    /// On create and update (Okta: `PUSH`).
    #[default]
    Always,
    /// On create only (Okta: `DONT_PUSH`).
    Create,
}

/// What to do when the value for a unique attribute is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenTaken {
    /// It is an error.
    #[default]
    Refuse,
    /// A counter from 2 is added, before the `@` if there is one.
    Counter,
    /// The next expression is tried; after the last a counter is added to what it gave.
    Next,
}

/// One expression for one attribute, in one direction (Okta: a property of a profile mapping).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// The app.
    pub app: AppKey,
    /// Which way.
    pub direction: Direction,
    /// The attribute it sets: the user's, or the account's by the app's name for it.
    pub target: String,
    /// The expression.
    pub expression: String,
    /// What is tried in turn where the value is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// When it writes.
    #[serde(default)]
    pub when: PushWhen,
    /// What to do when the value is taken.
    #[serde(default)]
    pub taken: WhenTaken,
}

/// A group's assignment to an app (Okta: application group assignment).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppGroup {
    /// The app.
    pub app: AppKey,
    /// The group whose members get it.
    pub group: GroupKey,
    /// 0 comes first: of the values several groups give for an attribute, the first counts.
    #[serde(default)]
    pub priority: u32,
    /// Values of the account's attributes given by this group.
    #[serde(default)]
    pub profile: BTreeMap<String, Value>,
}
