//! What is compared when all is over.

use std::collections::{BTreeMap, BTreeSet};

use muster_service::look::{AccountFilter, LogFilter};
use muster_service::plan::Quiet;
use muster_service::{Actor, Muster};
use serde_json::Value;

use crate::apps::{Apps, NAMES};
use crate::clients::{Person, fits};
use crate::server::Place;

/// Compares everything and gives the figures in words.
pub(crate) fn everything(place: &Place, apps: &Apps, people: &[Person]) -> String {
    let muster = Muster::open(&place.data(), false, None).unwrap();
    acknowledged_writes(&muster, people);
    let users = log(&muster, people);
    assert_eq!(users, people.len() + Place::feed_size() as usize, "people that nobody made, or made twice");
    let derived = muster.verify(&Actor::operator("test"), &Quiet).unwrap();
    assert_eq!(derived.counts.tally.changed, 0, "{:?}", derived.sample);
    assert_eq!(derived.counts.tally.people, users as u64);
    let held: Vec<String> =
        NAMES.iter().map(|name| format!("{} in {name}", app(&muster, apps, name))).collect();
    format!("{users} people as derived from scratch; accounts: {}", held.join(", "))
}

fn acknowledged_writes(muster: &Muster, people: &[Person]) {
    for person in people {
        let user = muster.user_named(&person.login).unwrap();
        assert_eq!(user.id, person.id);
        let user = serde_json::to_value(user).unwrap();
        assert!(fits(&user, &person.state), "{:?} but is {user}", person.state);
    }
}

/// Every event once, every person made once. Gives how many were made.
fn log(muster: &Muster, people: &[Person]) -> usize {
    let (mut after, mut last) = (0, 0);
    let mut uuids = BTreeSet::new();
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        let page = muster.log_after(&LogFilter::default(), after, 1000).unwrap();
        for event in &page.events {
            assert!(uuids.insert(event.uuid.clone()), "twice in the log: {event:?}");
            assert!(event.position > last, "out of order: {event:?}");
            last = event.position;
            if event.event_type == "user.lifecycle.create" {
                *made.entry(event.target[0].id.clone()).or_default() += 1;
            }
        }
        match page.next {
            Some(next) if !page.events.is_empty() => after = next,
            _ => break,
        }
    }
    for (id, times) in &made {
        assert_eq!(*times, 1, "{id} was made more than once");
    }
    for person in people {
        assert!(made.contains_key(&person.id), "the log doesn't know of {}", person.login);
    }
    made.len()
}

/// The application holds what is wanted there, each account once. Gives how many it holds.
fn app(muster: &Muster, apps: &Apps, name: &str) -> usize {
    let held = apps.users(name);
    let by_id: BTreeMap<&str, &Value> = held.iter().map(|u| (u["id"].as_str().unwrap(), u)).collect();
    let references: BTreeSet<&str> = held.iter().filter_map(|u| u["externalId"].as_str()).collect();
    assert_eq!(references.len(), held.len(), "{name} holds somebody twice");
    let filter = AccountFilter { app: Some(name.to_owned()), ..AccountFilter::default() };
    let (mut known, mut after) = (0, None);
    loop {
        let page = muster.accounts(&filter, after.as_deref(), 1000).unwrap();
        for account in &page.items {
            let Some(id) = account.external_id.as_deref() else {
                // Whoever lost the app before she had an account there has none.
                assert_ne!(account.wanted.as_deref(), Some("ACTIVE"), "{name}: {account:?}");
                continue;
            };
            known += 1;
            let there = by_id.get(id).unwrap_or_else(|| panic!("{name} hasn't got {account:?}"));
            assert_eq!(
                there["active"],
                account.wanted.as_deref() == Some("ACTIVE"),
                "{name}: {account:?} {there}"
            );
            if account.wanted.as_deref() == Some("ACTIVE") {
                assert_eq!(there["userName"].as_str(), account.credentials.user_name.as_deref());
                let title = account.profile.get("title").unwrap_or(&Value::Null);
                assert_eq!(there.get("title").unwrap_or(&Value::Null), title, "{name}: {there}");
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(known, held.len(), "{name} holds accounts that nobody knows of");
    held.len()
}
