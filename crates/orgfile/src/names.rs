//! The words of the format that stand for values of the model.

use muster_engine::{
    AppKind, AttributeType, Encoding, FeedMode, LeaveAt, LeaverAction, MailTls, OnReturn, OnUnassign,
    PushWhen, WhenExact, WhenNew, WhenPartial, WhenTaken,
};

/// A word and what it stands for.
pub(crate) type Words<T> = [(&'static str, T)];

pub(crate) const TYPES: &Words<AttributeType> = &[
    ("string", AttributeType::String),
    ("boolean", AttributeType::Boolean),
    ("number", AttributeType::Number),
    ("integer", AttributeType::Integer),
    ("date", AttributeType::Date),
    ("date-time", AttributeType::DateTime),
    ("email", AttributeType::Email),
    ("string-array", AttributeType::StringArray),
    ("number-array", AttributeType::NumberArray),
    ("integer-array", AttributeType::IntegerArray),
];

pub(crate) const KINDS: &Words<AppKind> = &[
    ("csv", AppKind::Csv),
    ("scim", AppKind::Scim),
    ("manual", AppKind::Manual),
    ("bookmark", AppKind::Bookmark),
];

pub(crate) const ENCODINGS: &Words<Encoding> = Encoding::NAMES;

pub(crate) const MODES: &Words<FeedMode> = &[("full", FeedMode::Full), ("delta", FeedMode::Delta)];

pub(crate) const LEAVERS: &Words<LeaverAction> = &[
    ("deactivate", LeaverAction::Deactivate),
    ("suspend", LeaverAction::Suspend),
    ("nothing", LeaverAction::Nothing),
];

pub(crate) const RETURNS: &Words<OnReturn> =
    &[("activate", OnReturn::Activate), ("nothing", OnReturn::Nothing)];

pub(crate) const LEAVE_AT: &Words<LeaveAt> = &[("now", LeaveAt::Now), ("day_end", LeaveAt::DayEnd)];

pub(crate) const UNASSIGNED: &Words<OnUnassign> = &[
    ("deactivate", OnUnassign::Deactivate),
    ("delete", OnUnassign::Delete),
    ("task", OnUnassign::Task),
    ("nothing", OnUnassign::Nothing),
];

pub(crate) const MAIL_TLS: &Words<MailTls> =
    &[("auto", MailTls::Auto), ("required", MailTls::Required), ("none", MailTls::None)];

pub(crate) const WHEN: &Words<PushWhen> = &[("always", PushWhen::Always), ("create", PushWhen::Create)];

pub(crate) const TAKEN: &Words<WhenTaken> =
    &[("refuse", WhenTaken::Refuse), ("counter", WhenTaken::Counter), ("next", WhenTaken::Next)];

pub(crate) const EXACT: &Words<WhenExact> = &[("link", WhenExact::Link), ("ask", WhenExact::Ask)];

pub(crate) const PARTIAL: &Words<WhenPartial> = &[("new", WhenPartial::New), ("ask", WhenPartial::Ask)];

pub(crate) const NEW: &Words<WhenNew> = &[("create", WhenNew::Create), ("ask", WhenNew::Ask)];

/// The word for a value.
pub(crate) fn word<T: PartialEq>(words: &Words<T>, value: &T) -> &'static str {
    words.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}
