//! The person an expression is evaluated for.

use std::borrow::Cow;

use muster_expr::{InternalProperty, LinkId, Person, Slot, Value};

use super::Others;
use crate::config::{Config, ROOT_APP, ROOT_ORG, ROOT_RECORD, ROOT_USER};
use crate::facts::Facts;
use crate::model::{GroupKey, IdKind, ItemKey, Millis, UserKey, UserStatus, public_id};

fn at(values: &[Value], index: u16) -> &Value {
    values.get(usize::from(index)).unwrap_or(Value::NULL)
}

/// The instant of a date (the start of its day in that zone) or date-time.
pub(crate) fn instant(text: &str, zone: &jiff::tz::TimeZone) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    zone.to_ambiguous_zoned_datetime(date.at(0, 0, 0, 0))
        .compatible()
        .ok()
        .map(|z| z.timestamp().as_millisecond())
}

/// A source's record, for inbound mappings.
#[derive(Clone, Copy)]
pub(crate) struct RecordEnv<'a> {
    pub(crate) config: &'a Config,
    pub(crate) record: &'a [Value],
    pub(crate) app: &'a [Value],
    pub(crate) user: UserKey,
    pub(crate) as_of: Millis,
}

impl Person for RecordEnv<'_> {
    fn value(&self, slot: Slot) -> &Value {
        match slot.root {
            ROOT_RECORD => at(self.record, slot.index),
            ROOT_ORG => at(&self.config.org_properties, slot.index),
            ROOT_APP => at(self.app, slot.index),
            _ => Value::NULL,
        }
    }
    fn linked(&self, _: LinkId, _: Slot) -> &Value {
        Value::NULL
    }
    fn in_group(&self, _: i64) -> bool {
        false
    }
    fn internal(&self, property: InternalProperty) -> Cow<'_, str> {
        match property {
            InternalProperty::Id => Cow::Owned(public_id(IdKind::User, self.user.0)),
            InternalProperty::Status => Cow::Borrowed(""),
        }
    }
    fn now(&self) -> i64 {
        self.as_of.0
    }
    fn instant(&self, value: &str) -> Option<i64> {
        instant(value, &self.config.zone)
    }
}

/// A user, for rules and outbound mappings.
#[derive(Clone, Copy)]
pub(crate) struct UserEnv<'a> {
    pub(crate) config: &'a Config,
    pub(crate) user: UserKey,
    pub(crate) status: UserStatus,
    pub(crate) profile: &'a [Value],
    pub(crate) groups: &'a [GroupKey],
    pub(crate) links: &'a [(ItemKey, String)],
    pub(crate) others: &'a dyn Others,
    pub(crate) as_of: Millis,
    pub(crate) app: &'a [Value],
    /// What is known of her, for mappings, which read her records too.
    pub(crate) facts: Option<&'a Facts>,
}

impl Person for UserEnv<'_> {
    fn value(&self, slot: Slot) -> &Value {
        match slot.root {
            ROOT_USER => at(self.profile, slot.index),
            ROOT_ORG => at(&self.config.org_properties, slot.index),
            ROOT_APP => at(self.app, slot.index),
            root => match (self.config.record_root(root), self.facts) {
                (Some(records), Some(facts)) => records.value(facts, slot.index),
                _ => Value::NULL,
            },
        }
    }
    fn linked(&self, link: LinkId, slot: Slot) -> &Value {
        let index = usize::from(link.0);
        let other = self
            .config
            .links
            .get(index)
            .and_then(|link| self.links.iter().find(|(item, _)| *item == link.item))
            .and_then(|(_, key)| self.others.linked(index, key));
        other.map_or(Value::NULL, |profile| at(profile, slot.index))
    }
    fn in_group(&self, group: i64) -> bool {
        self.groups.contains(&GroupKey(group)) || self.config.everyone == Some(GroupKey(group))
    }
    fn internal(&self, property: InternalProperty) -> Cow<'_, str> {
        match property {
            InternalProperty::Id => Cow::Owned(public_id(IdKind::User, self.user.0)),
            InternalProperty::Status => Cow::Borrowed(self.status.as_str()),
        }
    }
    fn now(&self) -> i64 {
        self.as_of.0
    }
    fn instant(&self, value: &str) -> Option<i64> {
        let own = self
            .config
            .zone_slot
            .and_then(|s| self.profile.get(s))
            .and_then(Value::as_str)
            .and_then(|name| jiff::tz::TimeZone::get(name).ok());
        instant(value, own.as_ref().unwrap_or(&self.config.zone))
    }
}
