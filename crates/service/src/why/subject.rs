//! The person who is explained, derived once more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use muster_engine::derive::{Derived, derive_from, derive_profile};
use muster_engine::facts::{Fact, FactValue, MembershipKind, Said};
use muster_engine::model::{AppKey, GroupKey, IdKind, Millis, PlanKey, UserKey, public_id};
use muster_engine::plan::diff;
use muster_engine::{Config, Value};
use muster_store::config::applied_through;
use muster_store::people::{AccountRow, PersonRows, load_people};
use muster_store::tasks::TaskRow;
use muster_store::{Tx, plans};

use super::answer::{At, PlanRef, Since, Why, WhyLink};
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::look::{SyncView, open_tasks};
use crate::muster::{Muster, load_config};
use crate::plan::Trigger;
use crate::plan::others::{self, Ahead, Linked};
use crate::world::Person;

pub(super) struct Subject {
    pub(super) config: Arc<Config>,
    pub(super) person: Person,
    pub(super) rows: PersonRows,
    pub(super) derived: Derived,
    pub(super) linked: Linked,
    pub(super) as_of: Millis,
    profile_since: BTreeMap<String, (i64, i64)>,
    plans: HashMap<i64, PlanRef>,
    tasks: HashMap<i64, TaskRow>,
    pub(super) links: Vec<WhyLink>,
    notes: Vec<String>,
}

impl Subject {
    pub(super) fn load(muster: &Muster, user: UserKey) -> Result<Self> {
        muster.store.try_read(|tx| {
            let rows = load_people(tx, &[user.0])?.into_iter().next();
            let rows = rows.ok_or_else(|| ServiceError::NotFound(format!("there is no user {user}")))?;
            let mut notes = Vec::new();
            let config = muster.config_in(tx)?;
            let mut subject = Self::derive(tx, config, rows)?;
            // A version that has been through everybody it touches made of her what she was already.
            let under = subject.rows.user.config_version.max(applied_through(tx)?);
            if !subject.as_stored() && under != subject.config.version {
                // A run that hasn't come to her yet: she still is what the older configuration made of her.
                let older = load_config(tx, under)?;
                notes.push(
                    "the configuration has changed since and the change hasn't reached this person yet; this is told \
                     by the configuration that still holds here"
                        .to_owned(),
                );
                subject = Self::derive(tx, Arc::new(older), subject.rows)?;
            }
            if !subject.as_stored() {
                notes.push(
                    "what is stored differs from what follows from the facts: a change is under way; ask again"
                        .to_owned(),
                );
            }
            if let Some(plan) = subject.rows.user.held_plan {
                notes.push(format!("plan {plan}, which waits for a decision, would change this person"));
            }
            if let Some((_, until)) = subject.person.facts.postponed() {
                notes.push(format!("the person's dates that have come are put off until {}", At(until)));
            }
            subject.plans = plans_of(tx, &subject.rows, &subject.person, &subject.profile_since)?;
            subject.links = super::links::explain(tx, &subject)?;
            subject.tasks = open_tasks(tx, &subject.rows.accounts)?;
            subject.notes = notes;
            Ok(subject)
        })
    }

    fn derive(tx: &mut dyn Tx, config: Arc<Config>, rows: PersonRows) -> Result<Self> {
        let person = Person::load(&config, rows.clone())?;
        let as_of = Millis(rows.user.as_of);
        let part = derive_profile(&config, &person.facts, as_of);
        let linked = others::load(tx, &config, &[&part.links], &Ahead::default())?;
        let derived = derive_from(&config, &person.facts, part, &linked, as_of);
        let profile_since = match &rows.user.profile_since {
            Some(text) => {
                let what = || format!("profile_since of user {}", rows.user.user_key);
                serde_json::from_str(text).map_err(|e| ServiceError::corrupt(what(), e))?
            }
            None => BTreeMap::new(),
        };
        Ok(Self {
            config,
            person,
            rows,
            derived,
            linked,
            as_of,
            profile_since,
            plans: HashMap::new(),
            tasks: HashMap::new(),
            links: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn as_stored(&self) -> bool {
        diff(&self.config, &self.person.stored, &self.derived, false).is_empty()
    }

    /// The answer without anything explained yet.
    pub(super) fn head(&self) -> Why {
        let text = |name: &str| self.config.slot(name).and_then(|s| self.value(s).to_text());
        let name = text("displayName").map(std::borrow::Cow::into_owned).or_else(|| {
            let parts: Vec<_> = [text("firstName"), text("lastName")].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        });
        Why {
            id: public_id(IdKind::User, self.rows.user.user_key),
            login: self.rows.user.login.clone(),
            name,
            as_of: At(self.as_of),
            notes: self.notes.clone(),
            status: None,
            attributes: Vec::new(),
            links: Vec::new(),
            groups: Vec::new(),
            apps: Vec::new(),
        }
    }

    pub(super) fn value(&self, slot: usize) -> &Value {
        self.derived.profile.get(slot).unwrap_or(Value::NULL)
    }

    pub(super) fn is_member(&self, group: GroupKey) -> bool {
        self.config.everyone == Some(group) || self.derived.groups.iter().any(|(g, _)| *g == group)
    }

    /// Her groups, by name.
    pub(super) fn groups(&self) -> Vec<GroupKey> {
        let mut groups: Vec<GroupKey> = self.derived.groups.iter().map(|(g, _)| *g).collect();
        groups.extend(self.config.everyone);
        groups.sort_by_key(|g| self.config.group_name(*g));
        groups
    }

    /// The apps she has or had, by name.
    pub(super) fn apps(&self) -> Vec<AppKey> {
        let mut apps: BTreeSet<AppKey> = self.derived.apps.iter().map(|a| a.app).collect();
        apps.extend(self.rows.accounts.iter().map(|a| AppKey(a.app_key)));
        let mut apps: Vec<AppKey> = apps.into_iter().filter(|a| self.config.app(*a).is_some()).collect();
        apps.sort_by_key(|a| self.config.app_name(*a));
        apps
    }

    pub(super) fn account_row(&self, app: AppKey) -> Option<&AccountRow> {
        self.rows.accounts.iter().find(|r| r.app_key == app.0)
    }

    pub(super) fn sync(&self, app: AppKey) -> Option<SyncView> {
        let row = self.account_row(app).filter(|r| r.wanted.is_some())?;
        Some(SyncView::of(row, self.tasks.get(&row.account_key), machine_now()))
    }

    pub(super) fn since(&self, at: Millis, plan: PlanKey) -> Since {
        Since { at: At(at), plan: self.plans.get(&plan.0).cloned() }
    }

    pub(super) fn said(&self, said: &Said<FactValue>) -> Since {
        self.since(said.at, said.plan)
    }

    /// When an attribute got its value.
    pub(super) fn attribute_since(&self, name: &str) -> Since {
        let user = &self.rows.user;
        let (at, plan) = self.profile_since.get(name).copied().unwrap_or((user.created, user.created_plan));
        self.since(Millis(at), PlanKey(plan))
    }

    /// The facts of a kind about a group, said or taken back.
    pub(super) fn membership_facts(
        &self,
        group: GroupKey,
        kind: MembershipKind,
    ) -> impl Iterator<Item = (i64, &Said<FactValue>)> {
        self.person.facts.said.iter().filter_map(move |(fact, said)| match fact {
            Fact::Membership { group: g, kind: k, origin } if *g == group && *k == kind => {
                Some((*origin, said))
            }
            _ => None,
        })
    }
}

/// The plans her rows name. There are few: a person's rows are.
fn plans_of(
    tx: &mut dyn Tx,
    rows: &PersonRows,
    person: &Person,
    profile_since: &BTreeMap<String, (i64, i64)>,
) -> Result<HashMap<i64, PlanRef>> {
    let mut keys: BTreeSet<i64> = [rows.user.plan, rows.user.created_plan].into();
    keys.extend(profile_since.values().map(|(_, plan)| *plan));
    keys.extend(rows.memberships.iter().map(|m| m.plan));
    keys.extend(rows.accounts.iter().flat_map(|a| [Some(a.plan), a.assigned_plan]).flatten());
    keys.extend(person.facts.said.values().map(|said| said.plan.0));
    let mut found = HashMap::new();
    for key in keys {
        let Some(row) = plans::plan(tx, key)? else { continue };
        let trigger: Trigger = serde_json::from_str(&row.trigger)
            .map_err(|e| ServiceError::corrupt(format!("plan {key}"), e))?;
        found.insert(key, PlanRef { id: key, what: trigger.describe(), by: row.actor });
    }
    Ok(found)
}
