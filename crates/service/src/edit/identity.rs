//! Who is who: two people who are one, and one who is two.

use std::collections::{BTreeMap, HashSet};

use muster_engine::Config;
use muster_engine::derive::derive_profile;
use muster_engine::facts::{Fact, FactValue, Facts, MembershipKind, fold};
use muster_engine::model::{AppKey, UserKey, UserStatus};
use muster_store::lookups;
use muster_store::people::load_people;

use super::edit;
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::work::{Op, Taken, Who, Work};
use crate::plan::{PlanReport, Quiet};
use crate::world::Person;

/// How many linked people are read at once.
const PAGE: usize = 1_000;

/// A record of a person in a source: the app and the record's key there.
pub type RecordRef = (AppKey, String);

impl Muster {
    /// Makes one person of two: `from` is deleted, and what was said of her, her records, unique values and the accounts
    /// that `into` hasn't got go over. Values an admin set stay as they are where `into` has some.
    ///
    /// # Errors
    /// If one of the two isn't there, or both are the same.
    pub fn user_merge(
        &self,
        actor: &Actor,
        into: &str,
        from: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let (keeper, other) = (self.locate(into)?, self.locate(from)?);
        if keeper == other {
            return Err(ServiceError::Invalid(format!("{into} and {from} are the same person already")));
        }
        let config = self.config()?;
        let (kept, merged) = (self.person(&config, keeper)?, self.person(&config, other)?);
        let taken = Taken {
            other,
            claims: merged.facts.claims.iter().map(|c| (c.attribute.clone(), c.value.clone())).collect(),
            accounts: merged.stored.apps.keys().copied().collect(),
        };
        let mut gets = vec![Op::Take(taken)];
        let mut gives = Vec::new();
        for (fact, said) in &merged.facts.said {
            let Some(value) = &said.value else { continue };
            // Nobody is linked to herself because of it.
            if goes_over(&config, &kept, fact) && *value != FactValue::Link(keeper) {
                gets.push(Op::Adopt { fact: fact.clone(), value: value.clone() });
            }
            if matches!(fact, Fact::Record { .. } | Fact::Membership { .. } | Fact::Assignment { .. }) {
                gives.push(Op::Give { fact: fact.clone() });
            }
        }
        let gone = Some(FactValue::Lifecycle(UserStatus::Deleted));
        gives.push(Op::Say { fact: Fact::Lifecycle, value: gone });
        for (fact, _) in kept.facts.said.iter().filter(|(_, s)| s.value == Some(FactValue::Link(other))) {
            gets.push(Op::Say { fact: fact.clone(), value: None });
        }
        let mut works = vec![work(Who::Known(keeper), gets, &kept), work(Who::Known(other), gives, &merged)];
        works.extend(self.led_over(&config, keeper, other)?);
        self.propose(actor, &edit(format!("user merge {from} into {into}"), works, options), &Quiet)
    }

    /// Links that lead to somebody merged by hand lead to whoever stays from then on.
    fn led_over(&self, config: &Config, keeper: UserKey, other: UserKey) -> Result<Vec<Work>> {
        let mut works: BTreeMap<UserKey, Work> = BTreeMap::new();
        for link in config.links.iter().filter(|link| link.is_said()) {
            let mut after = 0;
            loop {
                let found = self
                    .store
                    .read(|tx| lookups::linked_to(tx, link.item.0, &other.to_string(), after, PAGE))?;
                for rows in self.store.read(|tx| load_people(tx, &found))? {
                    let (user, rev) = (UserKey(rows.user.user_key), rows.user.rev);
                    if user == keeper || user == other {
                        continue;
                    }
                    let fact = Fact::Link { link: link.name.clone() };
                    let work = works.entry(user).or_insert_with(|| Work {
                        who: Who::Known(user),
                        ops: Vec::new(),
                        advance: false,
                        again: false,
                        seen: Some(rev),
                        position: String::new(),
                    });
                    work.ops.push(Op::Say { fact, value: Some(FactValue::Link(keeper)) });
                }
                let Some(last) = found.last().filter(|_| found.len() == PAGE) else { break };
                after = *last;
            }
        }
        Ok(works.into_values().collect())
    }

    /// Makes two people of one who were merged or matched wrongly: these records, with the unique values that come from
    /// them and the accounts named, become somebody new.
    ///
    /// # Errors
    /// If there is nobody of that login, a record isn't hers, an account isn't, or no record of hers would be left
    /// that names her.
    pub fn user_split(
        &self,
        actor: &Actor,
        login: &str,
        records: &[RecordRef],
        accounts: &[AppKey],
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let user = self.locate(login)?;
        let config = self.config()?;
        let person = self.person(&config, user)?;
        let (mut rest, mut moved) = (person.facts.clone(), Facts::default());
        let mut facts = Vec::new();
        for (app, key) in records {
            let fact = Fact::Record { app: *app, external_id: key.clone() };
            let Some(said) = rest.said.remove(&fact) else {
                let app = config.app_name(*app);
                return Err(ServiceError::NotFound(format!(
                    "{login} has no record {key:?} in {app}; `muster why {login}` names her records"
                )));
            };
            if let Some(value) = &said.value {
                facts.push((fact.clone(), value.clone()));
            }
            moved.said.insert(fact, said);
        }
        if facts.is_empty() {
            return Err(ServiceError::Invalid("name the records that are somebody else's".to_owned()));
        }
        if let Some(app) = accounts.iter().find(|app| !person.stored.apps.contains_key(app)) {
            let app = config.app_name(*app);
            return Err(ServiceError::NotFound(format!("{login} has no account in {app}")));
        }
        let taken = Taken {
            other: user,
            claims: claims_of(&config, self, &rest, &moved)?,
            accounts: accounts.to_vec(),
        };
        let mut gets = vec![Op::Take(taken)];
        gets.extend(facts.iter().map(|(fact, value)| Op::Adopt { fact: fact.clone(), value: value.clone() }));
        let gives = facts.into_iter().map(|(fact, _)| Op::Give { fact }).collect();
        let new = Work {
            who: Who::New,
            ops: gets,
            advance: true,
            again: false,
            seen: None,
            position: String::new(),
        };
        let works = vec![new, work(Who::Known(user), gives, &person)];
        self.propose(actor, &edit(format!("user split {login}"), works, options), &Quiet)
    }

    /// Whose a record is.
    ///
    /// # Errors
    /// If the source has no such record.
    pub fn user_of_record(&self, app: AppKey, key: &str) -> Result<UserKey> {
        let found = self.store.read(|tx| lookups::records_by_ids(tx, app.0, &[key]))?;
        found
            .first()
            .map(|r| UserKey(r.user_key))
            .ok_or_else(|| ServiceError::NotFound(format!("there is no record {key:?} in app {app}")))
    }
}

fn work(who: Who, ops: Vec<Op>, person: &Person) -> Work {
    let seen = person.rows.as_ref().map(|rows| rows.user.rev);
    Work { who, ops, advance: true, again: false, seen, position: String::new() }
}

/// Whether a fact of somebody merged counts for whoever stays.
fn goes_over(config: &Config, kept: &Person, fact: &Fact) -> bool {
    match fact {
        Fact::Record { .. } => true,
        Fact::Profile { attribute } => {
            let value = config.slot(attribute).and_then(|slot| kept.stored.profile.get(slot));
            value.is_none_or(muster_engine::Value::is_null)
        }
        Fact::Membership { kind, .. } => *kind != MembershipKind::Excluded && kept.facts.get(fact).is_none(),
        Fact::Assignment { .. } | Fact::Link { .. } => kept.facts.get(fact).is_none(),
        Fact::Lifecycle | Fact::Former { .. } | Fact::Postponed => false,
    }
}

/// The unique values that come from the records that go, and from nothing that stays.
fn claims_of(config: &Config, muster: &Muster, rest: &Facts, moved: &Facts) -> Result<Vec<(String, String)>> {
    let now = muster.now();
    let stays = derive_profile(config, rest, now);
    if stays.claims.iter().all(|c| config.attribute_name(c.slot) != "login") {
        return Err(ServiceError::Invalid(
            "nothing would be left that gives her a login: name fewer records, or set one by hand first"
                .to_owned(),
        ));
    }
    let used: HashSet<(&str, String)> = stays
        .claims
        .iter()
        .filter_map(|c| Some((config.attribute_name(c.slot), fold(c.shown.as_deref()?))))
        .collect();
    let goes = derive_profile(config, &Facts { user: UserKey::default(), ..moved.clone() }, now);
    let from_moved = |attribute: &str, base: &str| {
        goes.claims.iter().any(|c| config.attribute_name(c.slot) == attribute && fold(&c.base) == fold(base))
    };
    let claims = rest.claims.iter().filter(|c| from_moved(&c.attribute, &c.base));
    let free = claims.filter(|c| !used.contains(&(c.attribute.as_str(), c.value.clone())));
    Ok(free.map(|c| (c.attribute.clone(), c.value.clone())).collect())
}
