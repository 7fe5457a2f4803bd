//! What the store holds: read whole, compared, dumped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use muster_engine::facts::{Fact, FactValue, Said};
use muster_engine::{UserKey, UserStatus, Value};
use muster_service::Muster;
use muster_store::pending::{self, PendingRow};
use muster_store::people::{PersonRows, load_people};
use muster_store::{Tx, lookups};
use serde::Deserialize;

/// Everybody's rows, by key.
pub(crate) fn people(muster: &Muster) -> Vec<PersonRows> {
    muster
        .store()
        .read(|tx| {
            let keys = lookups::user_keys_after(tx, i64::MIN, 10_000)?;
            load_people(tx, &keys)
        })
        .unwrap()
}

/// What `users.said` holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SaidText {
    pub(crate) kept: BTreeMap<String, Value>,
    facts: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
struct Entry {
    #[serde(flatten)]
    fact: Fact,
    said: Said<FactValue>,
}

impl SaidText {
    pub(crate) fn of(rows: &PersonRows) -> Self {
        rows.user.said.as_deref().map(|t| serde_json::from_str(t).unwrap()).unwrap_or_default()
    }

    /// What an admin told her lifecycle to be, and when.
    pub(crate) fn lifecycle(&self) -> Option<(UserStatus, i64)> {
        self.facts.iter().find_map(|e| match (&e.fact, &e.said.value) {
            (Fact::Lifecycle, Some(FactValue::Lifecycle(s))) => Some((*s, e.said.at.0)),
            _ => None,
        })
    }

    /// Until when her dates are put off.
    pub(crate) fn postponed(&self) -> Option<i64> {
        self.facts.iter().find_map(|e| match (&e.fact, &e.said.value) {
            (Fact::Postponed, Some(FactValue::Postponed { until, .. })) => Some(until.0),
            _ => None,
        })
    }

    /// Whom a link leads to by hand.
    pub(crate) fn link(&self, name: &str) -> Option<UserKey> {
        self.facts.iter().find_map(|e| match (&e.fact, &e.said.value) {
            (Fact::Link { link }, Some(FactValue::Link(other))) if link == name => Some(*other),
            _ => None,
        })
    }

    /// The values admins set.
    pub(crate) fn profile(&self) -> BTreeMap<String, Value> {
        let value = |e: &Entry| match (&e.fact, &e.said.value) {
            (Fact::Profile { attribute }, Some(FactValue::Profile(v))) => {
                Some((attribute.clone(), v.clone()))
            }
            _ => None,
        };
        self.facts.iter().filter_map(value).collect()
    }
}

/// How somebody has an app: `direct`, the group's key, or [`GRACE`].
pub(crate) type Scope = Option<i64>;

/// She has lost it and keeps it for a while.
pub(crate) const GRACE: i64 = -1;

/// What follows for a person, as lists show it.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct View {
    pub(crate) status: String,
    pub(crate) profile: BTreeMap<String, serde_json::Value>,
    pub(crate) groups: BTreeSet<i64>,
    pub(crate) links: BTreeMap<i64, String>,
    /// Apps she has.
    pub(crate) apps: BTreeMap<i64, Scope>,
    /// What is wanted in apps, also in those she once had.
    pub(crate) wanted: BTreeMap<i64, serde_json::Value>,
}

impl View {
    pub(crate) fn of(rows: &PersonRows) -> Self {
        let json = |t: &str| serde_json::from_str::<serde_json::Value>(t).unwrap();
        Self {
            status: rows.user.status.clone(),
            profile: serde_json::from_str(&rows.user.profile).unwrap(),
            groups: rows.memberships.iter().map(|m| m.group_key).collect(),
            links: rows.links.iter().map(|l| (l.link_item, l.value.clone())).collect(),
            apps: rows
                .accounts
                .iter()
                .filter(|a| a.scope.is_some())
                .map(|a| {
                    let grace = a.scope.as_deref() == Some("GRACE");
                    (a.app_key, if grace { Some(GRACE) } else { a.group_key })
                })
                .collect(),
            wanted: rows
                .accounts
                .iter()
                .filter_map(|a| Some((a.app_key, json(a.wanted.as_deref()?))))
                .collect(),
        }
    }

    pub(crate) fn state(&self, app: i64) -> &str {
        self.wanted.get(&app).and_then(|w| w["state"].as_str()).unwrap_or("ABSENT")
    }
}

pub(crate) type Views = BTreeMap<i64, View>;

pub(crate) fn views(muster: &Muster) -> Views {
    people(muster).iter().map(|r| (r.user.user_key, View::of(r))).collect()
}

/// Everybody's rows without what counts writes or names plans and keys: what must not depend on how a plan was cut.
pub(crate) fn comparable(muster: &Muster) -> Vec<PersonRows> {
    let mut all = people(muster);
    for p in &mut all {
        p.user.rev = 0;
        for r in &mut p.records {
            r.record_key = 0;
        }
        for a in &mut p.accounts {
            (a.account_key, a.lane) = (0, 0);
            a.wanted_rev = i64::from(a.wanted_rev > a.done_rev);
        }
    }
    all
}

/// The rows that wait, of every source.
pub(crate) fn waiting(muster: &Muster) -> Vec<PendingRow> {
    let config = muster.config().unwrap();
    let scan = |tx: &mut dyn Tx| {
        let mut all = Vec::new();
        for source in &config.sources {
            all.extend(pending::scan(tx, source.app.0, "", 10_000)?);
        }
        Ok(all)
    };
    muster.store().read(scan).unwrap()
}

static TEXTS: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());

fn lasting(sql: String) -> &'static str {
    TEXTS.lock().unwrap().entry(sql).or_insert_with_key(|sql| sql.clone().leak())
}

/// Every row of every table but those in which a plan that doesn't happen leaves its own traces.
pub(crate) fn dump(muster: &Muster) -> Vec<String> {
    const OWN: [&str; 8] =
        ["plan", "plan_block", "task", "feed", "feed_chunk", "sequence", "log_block", "run"];
    let lines = muster.store().read(|tx| {
        let mut tables = Vec::new();
        tx.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", &[], &mut |row| {
            tables.push(row.string(0)?);
            Ok(())
        })?;
        let mut lines = Vec::new();
        for table in tables.iter().filter(|t| !OWN.contains(&t.as_str()) && !t.starts_with("sqlite_")) {
            let mut columns = Vec::new();
            let about = lasting(format!("SELECT name FROM pragma_table_info('{table}')"));
            tx.query(about, &[], &mut |row| {
                columns.push(format!("quote(\"{}\")", row.string(0)?));
                Ok(())
            })?;
            let all = lasting(format!("SELECT {} FROM \"{table}\"", columns.join(" || ' ' || ")));
            tx.query(all, &[], &mut |row| {
                lines.push(format!("{table}: {}", row.string(0)?));
                Ok(())
            })?;
        }
        Ok(lines)
    });
    let mut lines = lines.unwrap();
    lines.sort();
    lines
}

/// Whether the index of people holds what their profiles say, and nothing else.
pub(crate) fn index(muster: &Muster) -> Result<(), String> {
    let mut lines = Vec::new();
    let all = "SELECT attribute, value, user_key FROM user_value";
    muster
        .store()
        .read(|tx| {
            lines.clear();
            tx.query(all, &[], &mut |row| {
                lines.push(format!("{} {} {}", row.int(2)?, row.string(0)?, row.string(1)?));
                Ok(())
            })
        })
        .unwrap();
    lines.sort();
    let mut wanted = Vec::new();
    let config = muster.config().unwrap();
    for (user, view) in views(muster) {
        for index in &config.match_indexes {
            let value = |name: &str| {
                view.profile.get(name).map(|v| serde_json::from_value(v.clone()).unwrap()).unwrap_or_default()
            };
            let all = muster_engine::matching::entries(&index.name, value);
            wanted.extend(all.into_iter().map(|v| format!("{user} {} {v}", index.name)));
        }
        for name in ["email", "firstName", "lastName"] {
            let value = view.profile.get(name).and_then(|v| v.as_str());
            wanted.extend(value.map(|v| format!("{user} {name} {}", v.to_lowercase())));
        }
    }
    wanted.sort();
    if lines == wanted { Ok(()) } else { Err(difference(&wanted, &lines)) }
}

/// What two lists of lines don't share.
pub(crate) fn difference(before: &[String], after: &[String]) -> String {
    let (a, b): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
    let gone = a.difference(&b).map(|l| format!("- {l}"));
    let new = b.difference(&a).map(|l| format!("+ {l}"));
    gone.chain(new).collect::<Vec<_>>().join("\n")
}
