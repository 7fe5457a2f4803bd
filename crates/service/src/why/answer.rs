//! The answer: what holds, where it comes from, since when.

use std::fmt;

use muster_engine::Value;
use muster_engine::model::{Millis, RuleStatus};
use serde::{Serialize, Serializer};

use crate::look::SyncView;

/// An instant: ISO 8601 for programs, a day (with the time, if it isn't midnight) for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub Millis);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        match text.split_once('T') {
            Some((day, "00:00:00.000Z")) => f.write_str(day),
            Some((day, time)) => write!(f, "{day} {} UTC", time.get(..5).unwrap_or(time)),
            None => f.write_str(&text),
        }
    }
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanRef {
    /// Its key, as `muster plan` takes it.
    pub id: i64,
    /// What made it.
    pub what: String,
    /// Who asked for it.
    pub by: String,
}

/// From when on something holds, and the plan that made it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// From when on.
    pub at: At,
    /// By which plan; `None`: it is no longer known.
    pub plan: Option<PlanRef>,
}

/// Something an expression reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Read {
    /// What: a column of the source, an attribute, a group.
    pub name: String,
    /// What it holds.
    pub value: Value,
}

/// A value that a mapping makes of a source's record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mapped {
    /// The source.
    pub source: String,
    /// The record, by the source's key.
    pub record: String,
    /// The mapping.
    pub expression: String,
    /// The columns it reads.
    pub reads: Vec<Read>,
    /// When the record came as it is.
    pub imported: Since,
}

/// Why a status.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields say what they hold")]
pub enum StatusReason {
    /// A source has her.
    Source { source: String, record: String, said: Since, staged: bool },
    /// A source has her from then on.
    Begins { source: String, record: String, begins: At },
    /// A source that had let her go has her again, which alone doesn't bring her back.
    Returned { source: String, record: String, said: Since },
    /// The source that led let her go.
    Left { source: String, record: String, said: Since, action: String },
    /// An admin said so.
    Admin { said: Since },
    /// Nobody has said anything.
    Nobody,
}

/// Why a person has her status.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhyStatus {
    /// The status.
    pub status: String,
    /// Why.
    pub because: StatusReason,
    /// From when on.
    pub since: Option<At>,
    /// Other words that didn't count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

/// Why a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields say what they hold")]
pub enum ValueReason {
    /// A source's mapping gives it.
    Source(Mapped),
    /// A source's mapping gave it once, on create.
    Kept { source: String, expression: String },
    /// An admin set it.
    Admin { said: Since },
    /// The attribute's generator gave it.
    Generated,
    /// It has none.
    Nothing,
}

/// A value that doesn't count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loser {
    /// Whose it is.
    pub source: String,
    /// The value.
    pub value: Value,
    /// Why it doesn't count.
    pub because: String,
}

/// Why an attribute has its value, or none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhyAttribute {
    /// The attribute.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Why.
    pub because: ValueReason,
    /// From when on.
    pub since: Option<Since>,
    /// What else there is to say: that a unique value was taken, why there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Values that don't count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losers: Vec<Loser>,
}

/// Why a link leads where it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields say what they hold")]
pub enum LinkReason {
    /// An attribute holds the other's value of a unique attribute.
    Attribute { attribute: String, matches: String, value: Value },
    /// An admin said so.
    Admin { said: Option<Since> },
}

/// Whom a link leads to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhyLink {
    /// The link's primary name.
    pub name: String,
    /// The other's public id; `None`: nobody is known there.
    pub id: Option<String>,
    /// The other's login.
    pub login: Option<String>,
    /// Why.
    pub because: LinkReason,
}

/// A part of a condition that decides it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhyStep {
    /// Its text.
    pub text: String,
    /// Its outcome, if it is known; null counts as false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What it reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Read>,
    /// Why it has no outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a rule says of a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleAnswer {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is in force.
    pub status: RuleStatus,
    /// Its condition.
    pub expression: String,
    /// Whether the condition holds for her, if that is known.
    pub holds: Option<bool>,
    /// Why it passes her over all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excepted: Option<String>,
    /// The parts of the condition that decide it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deciding: Vec<WhyStep>,
}

/// Why a membership.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields say what they hold")]
pub enum MemberReason {
    /// Everybody is.
    Everyone,
    /// Added by hand.
    Manual { said: Option<Since> },
    /// Imported from an app, whose record of this key names it.
    Imported { app: String, record: String },
    /// By a rule.
    Rule { rule: String },
    /// Left from a rule that is deactivated or deleted.
    Kept { rule: String, said: Option<Since> },
    /// She is no member.
    Nothing,
}

/// Why a person is in a group, or isn't.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhyGroup {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether she is in it.
    pub member: bool,
    /// Why.
    pub because: MemberReason,
    /// From when on.
    pub since: Option<Since>,
    /// The rules that fill it: those that put her in, or all, if none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleAnswer>,
    /// Why she isn't in it, apart from rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Why a value of an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields say what they hold")]
pub enum AccountReason {
    /// Set on her own assignment.
    Individual,
    /// Given by a group's assignment.
    Group { group: String },
    /// Combined of what the assignments of these groups give.
    Groups { groups: Vec<String> },
    /// By a mapping.
    Mapping { expression: String, reads: Vec<Read> },
    /// A mapping gave it once, on create.
    Kept { expression: String },
    /// Given before the person lost the app.
    Former,
    /// Nothing gives one.
    Nothing,
}

/// Why an account's attribute has its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhyAccountValue {
    /// The attribute, by the app's name for it.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Why.
    pub because: AccountReason,
}

/// The account a person should have.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhyAccount {
    /// `ACTIVE` or `INACTIVE`.
    pub state: &'static str,
    /// The user name.
    pub user_name: WhyAccountValue,
    /// The attributes we own there.
    pub attributes: Vec<WhyAccountValue>,
}

/// Why a person has an app, or hasn't.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhyApp {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether she has it.
    pub assigned: bool,
    /// `USER`: assigned herself; `GROUP`.
    pub scope: Option<&'static str>,
    /// The group that gives it first.
    pub group: Option<String>,
    /// That group's priority.
    pub priority: Option<u32>,
    /// Other groups of hers that give it too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// When her own assignment ends, or the time for which she keeps what she has lost.
    pub until: Option<At>,
    /// From when on she has it.
    pub since: Option<Since>,
    /// The account she should have there.
    pub account: Option<WhyAccount>,
    /// How the account stands towards the app.
    pub sync: Option<SyncView>,
    /// Why she hasn't the app, or has it and no account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The groups that give it, none of which she is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<WhyGroup>,
}

/// Why a person has what she has, and hasn't what she hasn't.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// Her public id.
    pub id: String,
    /// Her login.
    pub login: Option<String>,
    /// Her name.
    pub name: Option<String>,
    /// The instant she was last derived with: what dates are compared with.
    pub as_of: At,
    /// What there is to say of her as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Her status, if everything is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<WhyStatus>,
    /// Attributes: all with a value, or the one asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<WhyAttribute>,
    /// Whom her links lead to, if everything is explained.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<WhyLink>,
    /// Groups: all she is in, or the one asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<WhyGroup>,
    /// Apps: all she has or had, or the one asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<WhyApp>,
}
