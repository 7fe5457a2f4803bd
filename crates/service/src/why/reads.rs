//! What expressions read, with what it holds for a person.

use muster_engine::config::{Inbound, LinkWay, Outbound, ROOT_APP, ROOT_ORG, ROOT_RECORD, ROOT_USER};
use muster_engine::derive::Others;
use muster_engine::facts::Record;
use muster_engine::model::{AppKey, GroupKey, IdKind, public_id};
use muster_engine::{Config, Value};

use super::answer::Read;
use super::subject::Subject;

/// What there is besides profiles: the org's and the app's properties.
const PROPERTIES: [(u16, &str, [&str; 2]); 2] =
    [(ROOT_ORG, "org", ["name", "subDomain"]), (ROOT_APP, "app", ["name", "label"])];

fn read(name: String, value: &Value) -> Read {
    Read { name, value: value.clone() }
}

fn property(config: &Config, app: &[Value], root: u16, index: usize) -> Option<Read> {
    let (_, root_name, names) = PROPERTIES.iter().find(|(r, ..)| *r == root)?;
    let values = if root == ROOT_ORG { &config.org_properties } else { app };
    Some(read(format!("{root_name}.{}", names.get(index)?), values.get(index)?))
}

/// The columns an inbound mapping reads.
pub(super) fn inbound(config: &Config, app: AppKey, record: &Record, mapping: &Inbound) -> Vec<Read> {
    let columns = config.app(app).and_then(|a| a.feed.as_ref()).map_or(&[][..], |f| &f.columns);
    let properties = config.source(app).map_or(&[][..], |s| &s.properties);
    let slots = mapping.program.reads().slots.iter().map(|s| (s.root, usize::from(s.index)));
    slots
        .filter_map(|(root, index)| match root {
            ROOT_RECORD => {
                Some(read(columns.get(index)?.name.clone(), record.values.get(index).unwrap_or(Value::NULL)))
            }
            _ => property(config, properties, root, index),
        })
        .collect()
}

struct ReadSet {
    slots: Vec<(u16, usize)>,
    links: Vec<(usize, usize)>,
    groups: Vec<i64>,
    status: bool,
}

fn user(subject: &Subject, app: &[Value], set: &ReadSet) -> Vec<Read> {
    let config = &subject.config;
    let mut reads = Vec::new();
    for &(root, index) in &set.slots {
        if root == ROOT_USER {
            reads.push(read(config.attribute_name(index).to_owned(), subject.value(index)));
        } else if let Some(records) = config.record_root(root) {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            reads.push(read(records.slot_name(index), records.value(&subject.person.facts, index)));
        } else {
            reads.extend(property(config, app, root, index));
        }
    }
    for &(link, slot) in &set.links {
        let Some(definition) = config.links.get(link) else { continue };
        let held = subject.derived.links.iter().find(|(item, _)| *item == definition.item);
        let other = held.and_then(|(_, key)| subject.linked.linked(link, key));
        let name = config.org.links.get(&definition.item).map_or("link", |l| l.name.as_str());
        match definition.way {
            LinkWay::Attribute { holds, .. } => {
                reads.push(read(format!("{name} (who is looked up by)"), subject.value(holds)));
            }
            LinkWay::Said => {
                let id = held.and_then(|(_, key)| key.parse().ok()).map(|key| public_id(IdKind::User, key));
                reads.push(read(format!("{name} (who was named)"), &id.map_or(Value::Null, Value::from)));
            }
        }
        let value = other.and_then(|o| o.get(slot)).unwrap_or(Value::NULL);
        reads.push(read(format!("{name}'s {}", config.attribute_name(slot)), value));
    }
    for &group in &set.groups {
        let group = GroupKey(group);
        let member = Value::Bool(subject.is_member(group));
        reads.push(read(format!("member of {}", config.group_name(group)), &member));
    }
    if set.status {
        reads.push(read("status".to_owned(), &Value::from(subject.derived.status.as_str())));
    }
    reads
}

macro_rules! read_set {
    ($program:expr) => {{
        let reads = $program.reads();
        ReadSet {
            slots: reads.slots.iter().map(|s| (s.root, usize::from(s.index))).collect(),
            links: reads.links.iter().map(|(l, s)| (usize::from(l.0), usize::from(s.index))).collect(),
            groups: reads.groups.clone(),
            status: reads.status,
        }
    }};
}

/// What an outbound mapping reads of her.
pub(super) fn outbound(subject: &Subject, app: AppKey, mapping: &Outbound) -> Vec<Read> {
    let properties = subject.config.target(app).map_or(&[][..], |t| &t.properties);
    user(subject, properties, &read_set!(mapping.program))
}
