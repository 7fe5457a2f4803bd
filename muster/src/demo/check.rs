//! The directory at one moment, by employee number, and what differs between two.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use muster_service::Muster;
use muster_store::{accounts, lookups};
use serde_json::Value;

use super::material::Truth;

const PAGE: usize = 2_000;
/// How many numbers are told.
const TOLD: usize = 10;

/// A person as the directory has her.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Person {
    /// Her key.
    pub(crate) user: i64,
    /// Her status.
    pub(crate) status: String,
    /// Her profile.
    pub(crate) profile: Value,
}

impl Person {
    fn text(&self, attribute: &str) -> &str {
        self.profile.get(attribute).and_then(Value::as_str).unwrap_or_default()
    }

    /// Her login.
    pub(crate) fn login(&self) -> &str {
        self.text("login")
    }

    fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }
}

/// Everybody at one moment, by employee number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct People(pub(crate) BTreeMap<String, Person>);

impl People {
    /// Reads the directory.
    pub(crate) fn read(muster: &Muster) -> Result<Self> {
        let mut people = BTreeMap::new();
        let mut after = 0;
        loop {
            let heads = muster.store().read(|tx| lookups::profiles_after(tx, after, PAGE))?;
            let Some(last) = heads.last() else { return Ok(Self(people)) };
            after = last.user_key;
            for head in heads {
                let person = Person {
                    user: head.user_key,
                    status: head.status,
                    profile: serde_json::from_str(&head.profile)?,
                };
                people.insert(person.text("employeeNumber").to_owned(), person);
            }
        }
    }

    /// How many are active.
    pub(crate) fn active(&self) -> usize {
        self.0.values().filter(|p| p.is_active()).count()
    }

    /// Those whose login and e-mail address differ.
    pub(crate) fn out_of_step(&self) -> Vec<&str> {
        self.0.values().filter(|p| p.text("login") != p.text("email")).map(Person::login).collect()
    }
}

/// What is wanted of an account, its state, and the id there; by the accounts' keys.
pub(crate) type Wishes = BTreeMap<i64, [Option<String>; 3]>;

/// What is wanted of all accounts, by key: to see that nothing has changed.
pub(crate) fn wanted(muster: &Muster) -> Result<Wishes> {
    let mut all = BTreeMap::new();
    for app in muster.config()?.org.apps.keys() {
        let mut after = 0;
        loop {
            let rows = muster.store().read(|tx| accounts::accounts_of_app(tx, app.0, after, PAGE))?;
            let Some(last) = rows.last() else { break };
            after = last.account_key;
            all.extend(rows.into_iter().map(|r| (r.account_key, [r.wanted, r.state, r.remote_id])));
        }
    }
    Ok(all)
}

/// A comparison of what happened with what is true.
#[derive(Debug)]
pub(crate) struct Against {
    /// What is compared.
    pub(crate) what: &'static str,
    /// How many there were by the directory.
    pub(crate) found: usize,
    /// How many there are in truth.
    pub(crate) truth: usize,
    /// What differs, in words.
    pub(crate) difference: Option<String>,
}

/// Compares what happened between two moments with what is true, by employee number.
pub(crate) fn against(before: &People, after: &People, truth: &Truth) -> Vec<Against> {
    let was = |number: &String| before.0.get(number).is_some_and(Person::is_active);
    let active = || after.0.iter().filter(|(_, p)| p.is_active());
    let stays = || active().filter(|(number, _)| was(number));
    let changed = |attribute: &str| -> BTreeSet<&str> {
        let differs = |(number, p): &(&String, &Person)| {
            before.0.get(*number).is_some_and(|b| b.text(attribute) != p.text(attribute))
        };
        stays().filter(differs).map(|(number, _)| number.as_str()).collect()
    };
    let hired: BTreeSet<&str> = active().filter(|(n, _)| !was(n)).map(|(n, _)| n.as_str()).collect();
    let gone = |number: &&String| !after.0.get(*number).is_some_and(Person::is_active);
    let left: BTreeSet<&str> = before
        .0
        .iter()
        .filter(|(_, p)| p.is_active())
        .map(|(n, _)| n)
        .filter(gone)
        .map(String::as_str)
        .collect();
    let came: Vec<&String> = truth.hired.iter().chain(&truth.rehired).collect();
    vec![
        one("hires", &hired, came.into_iter()),
        one("leavers", &left, truth.left.iter()),
        one("moves between departments", &changed("department"), truth.moved_department.iter()),
        one("changes of title", &changed("title"), truth.changed_title.iter()),
        one("changes of manager", &changed("managerId"), truth.changed_manager.iter()),
    ]
}

fn one<'a>(what: &'static str, found: &BTreeSet<&str>, truth: impl Iterator<Item = &'a String>) -> Against {
    let truth: BTreeSet<&str> = truth.map(String::as_str).collect();
    let few = |numbers: Vec<&&str>| {
        let more = numbers.len().saturating_sub(TOLD);
        let told: Vec<&str> = numbers.into_iter().take(TOLD).copied().collect();
        format!("{}{}", told.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
    };
    let missed: Vec<&&str> = truth.difference(found).collect();
    let extra: Vec<&&str> = found.difference(&truth).collect();
    let mut words = Vec::new();
    if !missed.is_empty() {
        words.push(format!("missed: {}", few(missed)));
    }
    if !extra.is_empty() {
        words.push(format!("not in truth.json: {}", few(extra)));
    }
    let difference = (!words.is_empty()).then(|| format!("{what}: {}", words.join("; ")));
    Against { what, found: found.len(), truth: truth.len(), difference }
}
