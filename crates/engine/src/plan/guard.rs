//! Guards: whether what a plan takes away is too much, or protected.

use serde::{Deserialize, Serialize};

use super::loss::{Losers, Loss, Losses};
use crate::config::Config;
use crate::model::{AppKey, GroupKey, ItemChange, ItemKind, Limits};

/// What a guard looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Too many people would be deactivated or suspended.
    PeopleEnd,
    /// Too many people would lose an app.
    AppLost,
    /// Too many people would lose a group.
    GroupLost,
    /// Too many people would lose an attribute's value.
    ValueLost,
    /// Too many accounts would be deleted.
    AccountsDeleted,
    /// Something protected would be touched.
    Protected,
    /// Whoever asks for it would be locked out by it.
    SelfLockOut,
    /// The feed has no rows.
    FeedEmpty,
    /// The feed has far fewer rows than the one before.
    FeedCut,
    /// The feed's keys don't look like the last one's.
    FeedKeys,
    /// So many rows have no key that can be read that the feed says nothing.
    FeedUnreadable,
    /// The same feed was undone before.
    FeedUndone,
    /// A feed of the same source that came before this delta is held.
    FeedOrder,
}

impl FindingKind {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PeopleEnd => "people_end",
            Self::AppLost => "app_lost",
            Self::GroupLost => "group_lost",
            Self::ValueLost => "value_lost",
            Self::AccountsDeleted => "accounts_deleted",
            Self::Protected => "protected",
            Self::SelfLockOut => "self_lock_out",
            Self::FeedEmpty => "feed_empty",
            Self::FeedCut => "feed_cut",
            Self::FeedKeys => "feed_keys",
            Self::FeedUnreadable => "feed_unreadable",
            Self::FeedUndone => "feed_undone",
            Self::FeedOrder => "feed_order",
        }
    }
}

/// The limit that was gone beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Per cent of those there are.
    Percent(u32),
    /// So many, whatever the percentage.
    Count(u64),
}

/// What plans before this one took, where it adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Within how many hours.
    pub hours: u32,
    /// How much was taken before this plan.
    pub before: u64,
}

/// Why a plan is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What a guard looked at.
    pub kind: FindingKind,
    /// What it found, in words.
    pub message: String,
    /// Whether `--force` waives it.
    pub waivable: bool,
    /// How many, with those before it where it adds up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Of how many, at the window's start where it adds up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// The limit gone beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What was taken before, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The app it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppKey>,
    /// The group it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupKey>,
    /// The attribute it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The first of the people affected, by login.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

impl Finding {
    /// A finding with nothing but words.
    pub fn new(kind: FindingKind, message: String, waivable: bool) -> Self {
        Self {
            kind,
            message,
            waivable,
            n: None,
            of: None,
            limit: None,
            window: None,
            app: None,
            group: None,
            attribute: None,
            people: Vec::new(),
        }
    }

    /// The loss it counts, if it counts one.
    pub fn loss(&self) -> Option<Loss> {
        match self.kind {
            FindingKind::PeopleEnd => Some(Loss::Person),
            FindingKind::AppLost => self.app.map(Loss::App),
            FindingKind::GroupLost => self.group.map(Loss::Group),
            FindingKind::ValueLost => self.attribute.clone().map(Loss::Value),
            FindingKind::AccountsDeleted => Some(Loss::Account(self.app)),
            FindingKind::Protected
            | FindingKind::SelfLockOut
            | FindingKind::FeedEmpty
            | FindingKind::FeedCut
            | FindingKind::FeedKeys
            | FindingKind::FeedUnreadable
            | FindingKind::FeedUndone
            | FindingKind::FeedOrder => None,
        }
    }
}

/// What a plan takes away, with what it is to be compared with.
#[derive(Clone, Copy, Debug)]
pub struct Taking<'a> {
    /// What it takes.
    pub losses: &'a Losses,
    /// What plans before it took within the window.
    pub before: &'a Losses,
    /// How many there were at the window's start.
    pub of: &'a Losses,
    /// Who loses what.
    pub losers: &'a Losers,
}

fn limits(config: &Config, loss: &Loss) -> Limits {
    let org = config.org.settings.guard;
    let of_app = |app: &AppKey| config.app(*app).and_then(|a| a.guard);
    match loss {
        Loss::Person => org.people.or(org.general()),
        Loss::App(app) => of_app(app).map_or_else(|| org.apps.or(org.general()), |g| g.general()),
        Loss::Group(group) => {
            let said = config.org.groups.get(group).map(|g| g.guard).unwrap_or_default();
            said.or(org.groups.or(org.general()))
        }
        Loss::Value(_) => org.attributes.or(org.general()),
        Loss::Account(app) => app.as_ref().and_then(of_app).unwrap_or(org).deletions(),
    }
}

fn at(losses: &Losses, loss: &Loss) -> u64 {
    losses.get(loss).copied().unwrap_or_default()
}

/// The losses that may be too many, whatever there is of them: only of these must it be known how many there are.
pub fn suspects(config: &Config, losses: &Losses, before: &Losses) -> Vec<Loss> {
    let suspect = |(loss, n): (&Loss, &u64)| {
        let (limits, n) = (limits(config, loss), n + at(before, loss));
        let enough = n.saturating_mul(100) > limits.minimum.saturating_mul(u64::from(limits.percent));
        (enough || limits.count.is_some_and(|count| n > count)).then(|| loss.clone())
    };
    losses.iter().filter_map(suspect).collect()
}

/// Judges what a plan takes away by how much it is.
pub fn judge(config: &Config, taking: Taking<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for loss in suspects(config, taking.losses, taking.before) {
        let before = at(taking.before, &loss);
        let (n, of) = (at(taking.losses, &loss) + before, at(taking.of, &loss));
        let Some(limit) = too_many(limits(config, &loss), n, of) else { continue };
        let window = (before > 0).then_some(Window { hours: config.org.settings.guard.window_hours, before });
        let mut finding = found(config, &loss, n, of);
        let span = match window {
            None => "at once".to_owned(),
            Some(Window { hours, .. }) => {
                finding.message = format!("{}, {before} of them before this plan", finding.message);
                format!("within {hours} hours")
            }
        };
        let most = match limit {
            Limit::Percent(percent) => format!("{percent} %"),
            Limit::Count(count) => count.to_string(),
        };
        finding.message = format!("{} (at most {most} {span})", finding.message);
        (finding.n, finding.of, finding.limit, finding.window) = (Some(n), Some(of), Some(limit), window);
        finding.people = taking.losers.named(&loss).to_vec();
        findings.push(finding);
    }
    findings
}

fn found(config: &Config, loss: &Loss, n: u64, of: u64) -> Finding {
    use FindingKind as K;
    let new = |kind, message| Finding::new(kind, message, true);
    match loss {
        Loss::Person => new(K::PeopleEnd, format!("{n} of {of} people would be deactivated or suspended")),
        Loss::App(app) => Finding {
            app: Some(*app),
            ..new(K::AppLost, format!("{n} of {of} people would lose {}", config.app_name(*app)))
        },
        Loss::Group(group) => Finding {
            group: Some(*group),
            ..new(
                K::GroupLost,
                format!("{n} of {of} members would leave the group {}", config.group_name(*group)),
            )
        },
        Loss::Value(name) => Finding {
            attribute: Some(name.clone()),
            ..new(K::ValueLost, format!("{n} of {of} people would have no {name} any more"))
        },
        Loss::Account(Some(app)) => Finding {
            app: Some(*app),
            ..new(
                K::AccountsDeleted,
                format!("{n} of {of} accounts would be deleted in {}", config.app_name(*app)),
            )
        },
        Loss::Account(None) => {
            new(K::AccountsDeleted, format!("{n} of {of} accounts would be deleted in all apps together"))
        }
    }
}

/// The limit that `n` of `of` goes beyond.
fn too_many(limits: Limits, n: u64, of: u64) -> Option<Limit> {
    if let Some(count) = limits.count.filter(|&c| n > c) {
        return Some(Limit::Count(count));
    }
    let percent = u64::from(limits.percent);
    (of >= limits.minimum && n.saturating_mul(100) > of.saturating_mul(percent))
        .then_some(Limit::Percent(limits.percent))
}

/// Judges what a plan touches that is protected in `config`, and whether it locks out whoever asks for it.
pub fn protection(config: &Config, changes: &[ItemChange], losers: &Losers) -> Vec<Finding> {
    let hard = |kind, message| Finding::new(kind, message, false);
    let mut findings = Vec::new();
    for (login, what) in losers.protected_people() {
        let message = format!("{login} is protected and would {}", what.join(", "));
        findings.push(Finding { people: vec![login.to_owned()], ..hard(FindingKind::Protected, message) });
    }
    for (group, n, people) in losers.protected_groups() {
        let message =
            format!("the group {} is protected and would lose {n} members", config.group_name(group));
        findings.push(Finding {
            n: Some(n),
            group: Some(group),
            people: people.to_vec(),
            ..hard(FindingKind::Protected, message)
        });
    }
    let deleted = changes.iter().filter(|c| c.kind == ItemKind::Group && c.item.is_none());
    for group in deleted.map(|c| GroupKey(c.key.0)) {
        if config.org.groups.get(&group).is_some_and(|g| g.protected) {
            let message = format!("the group {} is protected and would be deleted", config.group_name(group));
            findings.push(Finding { group: Some(group), ..hard(FindingKind::Protected, message) });
        }
    }
    if let Some(login) = losers.own() {
        let message = format!(
            "{login}, whose token asks for this, would be locked out by it: somebody else has to ask for it"
        );
        findings.push(Finding { people: vec![login.to_owned()], ..hard(FindingKind::SelfLockOut, message) });
    }
    findings
}
