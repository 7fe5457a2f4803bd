//! What is known of one person: what admins said, what sources say, and what history left behind.

use std::collections::BTreeMap;

use muster_expr::Value;
use serde::{Deserialize, Serialize};

use crate::model::{AppKey, GroupKey, Millis, PlanKey, UserKey, UserStatus};

/// A word, with when it was said and the plan it belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said<T> {
    /// What was said; `None` takes back what was said before.
    #[serde(rename = "v")]
    pub value: Option<T>,
    /// When.
    pub at: Millis,
    /// The plan whose word it is.
    pub plan: PlanKey,
}

/// Whether a source still speaks for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordState {
    /// The source has her.
    Living,
    /// The source let her go: terminated, or gone from a full feed.
    Ended,
    /// The plan that brought the record was undone: it speaks for nobody, but the link stays.
    Withdrawn,
}

impl RecordState {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Living => "LIVING",
            Self::Ended => "ENDED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Living, Self::Ended, Self::Withdrawn].into_iter().find(|s| s.as_str() == name)
    }
}

/// A person's record in a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Whether it speaks for her.
    pub state: RecordState,
    /// The values as imported, in the order of the feed's columns.
    pub values: Vec<Value>,
    /// The hash of what the feed said.
    pub hash: i64,
    /// When the source last changed between living and ended.
    pub said_at: Millis,
    /// When the record came.
    pub first_seen: Millis,
    /// It comes in this very plan: "on create" mappings speak.
    #[serde(skip)]
    pub fresh: bool,
}

/// Why a person is in a group other than by a rule, or isn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MembershipKind {
    /// Added by hand.
    Manual,
    /// Taken out by hand: rules don't add her.
    Excluded,
    /// Left from a rule that was deactivated or deleted.
    Kept,
}

impl MembershipKind {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::Excluded => "EXCLUDED",
            Self::Kept => "KEPT",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Manual, Self::Excluded, Self::Kept].into_iter().find(|k| k.as_str() == name)
    }
}

/// What a fact about a person is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields name what the fact is keyed by")]
pub enum Fact {
    /// Her record in a source.
    Record { app: AppKey, external_id: String },
    /// A value an admin set.
    Profile { attribute: String },
    /// What an admin told her lifecycle to be.
    Lifecycle,
    /// Whom a link leads to, by the primary name of its definition, which may go and come back.
    Link { link: String },
    /// A membership, or an exclusion.
    Membership { group: GroupKey, kind: MembershipKind, origin: i64 },
    /// A direct assignment.
    Assignment { app: AppKey },
    /// What stays behind of an app she lost.
    Former { app: AppKey },
    /// That her dates are put off.
    Postponed,
}

/// What a fact can say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant holds what its fact says")]
pub enum FactValue {
    Record(Record),
    Profile(Value),
    Lifecycle(UserStatus),
    Link(UserKey),
    Membership { until: Option<Millis> },
    Assignment { profile: BTreeMap<String, Value>, until: Option<Millis> },
    Former(Former),
    Postponed { stands_at: Millis, until: Millis },
}

/// What stays behind of an app that a person has lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Former {
    /// She keeps the app until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// She keeps it although she has left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaver: bool,
    /// When her account is deleted; until then it is only unusable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_at: Option<Millis>,
    /// Values that groups or her assignment gave.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile: BTreeMap<String, Value>,
}

/// The state of a fact: never said (`None`), or said and perhaps taken back.
pub type FactState = Option<Said<FactValue>>;

/// A fact as it was before a plan and whose it is after: one line of the plan's inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// Which fact.
    #[serde(flatten)]
    pub fact: Fact,
    /// What it said before.
    pub before: FactState,
    /// The plan it belongs to after; `None` if it isn't there then.
    pub after: Option<PlanKey>,
    /// It moved between two people, and moves back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
}

/// A unique value and who holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The user attribute.
    pub attribute: String,
    /// The value, case folded: what is unique.
    pub value: String,
    /// The value as it is written.
    pub shown: String,
    /// The base value it was made from, as the expression gave it.
    pub base: String,
    /// Held now, or only kept from others.
    pub held: bool,
    /// Since when.
    pub since: Millis,
    /// The plan that took it.
    pub plan: PlanKey,
}

/// What "on create" mappings to an app once gave.
pub type KeptAccount = BTreeMap<String, Value>;

/// Everything known of one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Who.
    pub user: UserKey,
    /// When she came to be known.
    pub created: Millis,
    /// The plan that made her known.
    pub created_plan: PlanKey,
    /// What admins said, the latest word a fact.
    pub said: BTreeMap<Fact, Said<FactValue>>,
    /// Values that "on create" mappings once gave her profile.
    pub kept: BTreeMap<String, Value>,
    /// Unique values that are hers.
    pub claims: Vec<Claim>,
    /// Values that "on create" mappings once gave her accounts, by app.
    pub accounts: BTreeMap<AppKey, KeptAccount>,
}

impl Facts {
    /// What a fact says now.
    pub fn get(&self, fact: &Fact) -> Option<&FactValue> {
        self.said.get(fact).and_then(|s| s.value.as_ref())
    }

    /// Says something. Saying again what already holds changes nothing and gives `None`; else the line for the
    /// plan's inverse.
    pub fn say(&mut self, fact: Fact, value: Option<FactValue>, at: Millis, plan: PlanKey) -> Option<Before> {
        let before = self.said.get(&fact);
        if before.and_then(|s| s.value.as_ref()) == value.as_ref() {
            return None;
        }
        let before = before.cloned();
        self.said.insert(fact.clone(), Said { value, at, plan });
        Some(Before { fact, before, after: Some(plan), moved: false })
    }

    /// Gives a fact away to somebody else; `None` if it was never said.
    pub fn give(&mut self, fact: &Fact) -> Option<Before> {
        let before = self.said.remove(fact)?;
        Some(Before { fact: fact.clone(), before: Some(before), after: None, moved: true })
    }

    /// Restores a fact from a line of a plan's inverse, value and plan together.
    ///
    /// # Errors
    /// The plan it belongs to now, if that isn't the one the line names: somebody has spoken since.
    pub fn restore(&mut self, line: &Before) -> Result<Option<Before>, Option<PlanKey>> {
        let now = self.said.get(&line.fact);
        let owner = now.map(|s| s.plan);
        if owner != line.after {
            return Err(owner);
        }
        if now == line.before.as_ref() {
            return Ok(None);
        }
        let before = now.cloned();
        match &line.before {
            Some(said) => self.said.insert(line.fact.clone(), said.clone()),
            None => self.said.remove(&line.fact),
        };
        let after = line.before.as_ref().map(|s| s.plan);
        Ok(Some(Before { fact: line.fact.clone(), before, after, moved: line.moved }))
    }

    /// Her records: app, key in the source, record, plan.
    pub fn records(&self) -> impl Iterator<Item = (AppKey, &str, &Record, PlanKey)> {
        self.said.iter().filter_map(|(fact, said)| match (fact, said.value.as_ref()) {
            (Fact::Record { app, external_id }, Some(FactValue::Record(r))) => {
                Some((*app, external_id.as_str(), r, said.plan))
            }
            _ => None,
        })
    }

    /// What an admin told her lifecycle to be, and when.
    pub fn lifecycle(&self) -> Option<(UserStatus, Millis, PlanKey)> {
        match self.said.get(&Fact::Lifecycle) {
            Some(Said { value: Some(FactValue::Lifecycle(s)), at, plan }) => Some((*s, *at, *plan)),
            _ => None,
        }
    }

    /// Her dates that have come are put off: the instant at which her clock stands, and until when.
    pub fn postponed(&self) -> Option<(Millis, Millis)> {
        match self.get(&Fact::Postponed) {
            Some(FactValue::Postponed { stands_at, until }) => Some((*stands_at, *until)),
            _ => None,
        }
    }

    /// What time it is for her: her clock stands while her dates are put off.
    pub fn clock(&self, now: Millis) -> Millis {
        self.postponed().filter(|(_, until)| *until > now).map_or(now, |(stands_at, _)| stands_at)
    }

    /// The value an admin set for an attribute.
    pub fn profile(&self, attribute: &str) -> Option<(&Value, &Said<FactValue>)> {
        let said = self.said.get(&Fact::Profile { attribute: attribute.to_owned() })?;
        match &said.value {
            Some(FactValue::Profile(v)) => Some((v, said)),
            _ => None,
        }
    }

    /// Whom a link of that name leads to by hand.
    pub fn link(&self, name: &str) -> Option<UserKey> {
        match self.get(&Fact::Link { link: name.to_owned() }) {
            Some(FactValue::Link(other)) => Some(*other),
            _ => None,
        }
    }

    /// Membership facts that stand: group, kind, origin.
    pub fn memberships(&self) -> impl Iterator<Item = (GroupKey, MembershipKind, i64)> {
        self.dated_memberships().map(|(group, kind, origin, _)| (group, kind, origin))
    }

    /// Membership facts that stand: group, kind, origin, end.
    pub fn dated_memberships(&self) -> impl Iterator<Item = (GroupKey, MembershipKind, i64, Option<Millis>)> {
        self.said.iter().filter_map(|(fact, said)| match (fact, said.value.as_ref()) {
            (Fact::Membership { group, kind, origin }, Some(FactValue::Membership { until })) => {
                Some((*group, *kind, *origin, *until))
            }
            _ => None,
        })
    }

    /// What stays behind of apps she lost.
    pub fn formers(&self) -> impl Iterator<Item = (AppKey, &Former)> {
        self.said.iter().filter_map(|(fact, said)| match (fact, said.value.as_ref()) {
            (Fact::Former { app }, Some(FactValue::Former(former))) => Some((*app, former)),
            _ => None,
        })
    }

    /// Direct assignments that stand: app, overrides, end.
    pub fn assignments(&self) -> impl Iterator<Item = (AppKey, &BTreeMap<String, Value>, Option<Millis>)> {
        self.said.iter().filter_map(|(fact, said)| match (fact, said.value.as_ref()) {
            (Fact::Assignment { app }, Some(FactValue::Assignment { profile, until })) => {
                Some((*app, profile, *until))
            }
            _ => None,
        })
    }
}

/// How unique values are compared: without regard to case.
pub fn fold(value: &str) -> String {
    value.to_lowercase()
}
