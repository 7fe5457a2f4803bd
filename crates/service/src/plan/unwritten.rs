//! What a pass that writes nothing must remember of people, since the store doesn't show it what went before.

use std::collections::{HashMap, HashSet};

use muster_engine::Config;
use muster_engine::derive::Derived;
use muster_engine::facts::{FactValue, Facts, fold};
use muster_engine::model::{Millis, UserKey};
use muster_engine::plan::{Diff, StoredApp};

use crate::world::Person;

/// People as this pass has left them.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    /// People whose facts have changed: what is stored of them would mislead.
    worked: HashSet<UserKey>,
    /// Known people for whom a source has begun a record.
    begun: HashSet<UserKey>,
    /// Those of whom more may come.
    people: HashMap<UserKey, Person>,
}

impl Unwritten {
    pub(super) fn has_worked(&self, user: UserKey) -> bool {
        self.worked.contains(&user)
    }

    pub(super) fn has_begun(&self, user: UserKey) -> bool {
        self.begun.contains(&user)
    }

    pub(super) fn person(&self, user: UserKey) -> Option<&Person> {
        self.people.get(&user)
    }

    /// Whether all that is to come about her was said along with the beginning of a record.
    pub(super) fn all_said(&self, user: UserKey) -> bool {
        self.has_begun(user) && !self.people.contains_key(&user)
    }

    pub(super) fn work(&mut self, user: UserKey, begins: bool) {
        self.worked.insert(user);
        if begins {
            self.begun.insert(user);
        }
    }

    /// Keeps a person of whom more may come, as far as her profile is derived.
    pub(super) fn keep(&mut self, before: &Person, facts: &Facts, part: &[muster_engine::Value]) {
        let mut person = before.clone();
        person.facts = facts.clone();
        person.stored.profile = part.to_vec();
        self.people.insert(facts.user, person);
    }

    /// Her state, if she is one of whom more may come, as it would be stored now.
    pub(super) fn derived(
        &mut self,
        config: &Config,
        facts: &Facts,
        as_of: Millis,
        derived: &Derived,
        diff: &Diff,
    ) {
        let Some(person) = self.people.get_mut(&facts.user) else { return };
        person.facts = facts.clone();
        for said in person.facts.said.values_mut() {
            if let Some(FactValue::Record(r)) = &mut said.value {
                r.fresh = false;
            }
        }
        let kept = derived.keeps.iter().map(|(at, v)| (config.attribute_name(*at).to_owned(), v.clone()));
        person.facts.kept.extend(kept);
        for claim in &mut person.facts.claims {
            claim.held = derived.claims.iter().any(|c| {
                config.attribute_name(c.slot) == claim.attribute
                    && c.shown.as_deref().is_some_and(|s| fold(s) == claim.value)
            });
        }
        for app in derived.apps.iter().filter(|a| !a.keeps.is_empty()) {
            let kept = app.keeps.iter().map(|(n, v)| (n.to_string(), v.clone()));
            person.facts.accounts.entry(app.app).or_default().extend(kept);
        }
        let stored = &mut person.stored;
        stored.status = Some(derived.status);
        stored.profile.clone_from(&derived.profile);
        stored.groups = derived.groups.iter().map(|(g, _)| *g).collect();
        stored.links.clone_from(&derived.links);
        for write in &diff.accounts {
            let asked = write.work || stored.apps.get(&write.app).is_some_and(|a| a.asked);
            stored
                .apps
                .insert(write.app, StoredApp { scope: write.scope, wanted: write.wanted.clone(), asked });
        }
        if let Some(rows) = &mut person.rows {
            rows.user.as_of = as_of.0;
            rows.user.config_version = config.version;
        }
    }
}
