//! Between rows and the engine's view of a person, both ways.

use std::collections::BTreeMap;

use muster_engine::derive::{AppScope, Derived};
use muster_engine::facts::{Claim, Fact, FactValue, Facts, MembershipKind, Record, RecordState, Said, fold};
use muster_engine::model::{AppKey, GroupKey, ItemKey, Millis, PlanKey, UserKey, UserStatus};
use muster_engine::outbound::AccountState;
use muster_engine::plan::{Diff, Stored, StoredApp};
use muster_engine::{Config, Value};
use muster_store::people::{
    AccountPut, AccountRow, AssignmentRow, ClaimRow, LinkRow, MembershipFactRow, MembershipRow, PeopleWrites,
    PersonRows, RecordRow, UserRow,
};
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};
use crate::index;

/// The kind of assignment an admin or client makes for one person.
const DIRECT: &str = "DIRECT";
/// The kind of what stays behind of an app that was lost.
const FORMER: &str = "FORMER";
/// The scope of an app that was lost and is kept for a while.
const GRACE: &str = "GRACE";
/// A claim that is held.
pub(crate) const HELD: &str = "HELD";
/// A claim that is kept from others for its former holder.
pub(crate) const RESERVED: &str = "RESERVED";

/// What `users.said` holds.
#[derive(Default, Serialize, Deserialize)]
struct SaidText {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<SaidEntry>,
}

#[derive(Serialize, Deserialize)]
struct SaidEntry {
    #[serde(flatten)]
    fact: Fact,
    said: Said<FactValue>,
}

/// A person as stored and as the engine sees her.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) facts: Facts,
    pub(crate) stored: Stored,
    /// Her rows; `None` while she isn't stored.
    pub(crate) rows: Option<Box<PersonRows>>,
    /// Accounts that were somebody else's before.
    pub(crate) taken: Vec<AccountRow>,
}

impl Person {
    /// Somebody new.
    pub(crate) fn new(user: UserKey, created: Millis, plan: PlanKey) -> Self {
        let facts = Facts { user, created, created_plan: plan, ..Facts::default() };
        Self { facts, stored: Stored::default(), rows: None, taken: Vec::new() }
    }

    /// The instant she was last derived with.
    pub(crate) fn as_of(&self) -> Option<Millis> {
        self.rows.as_ref().map(|r| Millis(r.user.as_of))
    }

    /// Reads her rows.
    pub(crate) fn load(config: &Config, rows: PersonRows) -> Result<Self> {
        let facts = facts(config, &rows)?;
        let status = UserStatus::parse(&rows.user.status)
            .ok_or_else(|| ServiceError::corrupt("users.status", format!("{:?}", rows.user.status)))?;
        let (profile, gone) = config
            .profile_and_rest(&rows.user.profile)
            .map_err(|e| ServiceError::corrupt(format!("profile of user {}", rows.user.user_key), e))?;
        let stored = Stored {
            status: Some(status),
            profile,
            gone,
            groups: rows.memberships.iter().map(|m| GroupKey(m.group_key)).collect(),
            links: rows.links.iter().map(|l| (ItemKey(l.link_item), l.value.clone())).collect(),
            apps: rows
                .accounts
                .iter()
                .map(|a| {
                    let scope = match a.scope.as_deref() {
                        Some("DIRECT") => Some(AppScope::Direct),
                        Some(GRACE) => Some(AppScope::Grace),
                        Some(_) => Some(AppScope::Group(GroupKey(a.group_key.unwrap_or_default()))),
                        None => None,
                    };
                    (
                        AppKey(a.app_key),
                        StoredApp { scope, wanted: a.wanted.clone(), asked: a.wanted_rev > 0 },
                    )
                })
                .collect(),
        };
        Ok(Self { facts, stored, rows: Some(Box::new(rows)), taken: Vec::new() })
    }
}

fn facts(config: &Config, rows: &PersonRows) -> Result<Facts> {
    let user = &rows.user;
    let bad = |what: &str, e: &dyn std::fmt::Display| {
        ServiceError::corrupt(format!("{what} of user {}", user.user_key), e)
    };
    let text: SaidText = match &user.said {
        Some(text) => serde_json::from_str(text).map_err(|e| bad("said", &e))?,
        None => SaidText::default(),
    };
    let mut said: BTreeMap<Fact, Said<FactValue>> =
        text.facts.into_iter().map(|e| (e.fact, e.said)).collect();
    for r in &rows.records {
        let app = AppKey(r.app_key);
        let record = Record {
            state: RecordState::parse(&r.state).ok_or_else(|| bad("record state", &r.state))?,
            values: config.record_from_json(app, &r.values).map_err(|e| bad("record", &e))?,
            hash: r.hash,
            said_at: Millis(r.said_at),
            first_seen: Millis(r.first_seen),
            fresh: false,
        };
        said.insert(
            Fact::Record { app, external_id: r.external_id.clone() },
            Said { value: Some(FactValue::Record(record)), at: Millis(r.changed), plan: PlanKey(r.plan) },
        );
    }
    for m in &rows.membership_facts {
        let kind = MembershipKind::parse(&m.kind).ok_or_else(|| bad("membership kind", &m.kind))?;
        let value = (!m.gone).then_some(FactValue::Membership { until: m.until.map(Millis) });
        said.insert(
            Fact::Membership { group: GroupKey(m.group_key), kind, origin: m.ref_key },
            Said { value, at: Millis(m.since), plan: PlanKey(m.plan) },
        );
    }
    for a in &rows.assignments {
        if a.kind == FORMER {
            let former = match (&a.profile, a.gone) {
                (Some(text), false) => Some(serde_json::from_str(text).map_err(|e| bad("former app", &e))?),
                _ => None,
            };
            said.insert(
                Fact::Former { app: AppKey(a.app_key) },
                Said { value: former.map(FactValue::Former), at: Millis(a.since), plan: PlanKey(a.plan) },
            );
            continue;
        }
        let profile = match &a.profile {
            Some(text) => serde_json::from_str(text).map_err(|e| bad("assignment", &e))?,
            None => BTreeMap::new(),
        };
        let value = (!a.gone).then_some(FactValue::Assignment { profile, until: a.until.map(Millis) });
        said.insert(
            Fact::Assignment { app: AppKey(a.app_key) },
            Said { value, at: Millis(a.since), plan: PlanKey(a.plan) },
        );
    }
    let mut accounts = BTreeMap::new();
    for a in &rows.accounts {
        if let Some(kept) = &a.kept {
            accounts
                .insert(AppKey(a.app_key), serde_json::from_str(kept).map_err(|e| bad("kept values", &e))?);
        }
    }
    Ok(Facts {
        user: UserKey(user.user_key),
        created: Millis(user.created),
        created_plan: PlanKey(user.created_plan),
        said,
        kept: text.kept,
        claims: rows.claims.iter().map(claim).collect(),
        accounts,
    })
}

/// The namespace of a user attribute's unique values.
pub(crate) fn namespace(attribute: &str) -> String {
    format!("user.{attribute}")
}

fn claim(row: &ClaimRow) -> Claim {
    Claim {
        attribute: row.namespace.strip_prefix("user.").unwrap_or(&row.namespace).to_owned(),
        value: row.value.clone(),
        shown: row.shown.clone(),
        base: row.base.clone(),
        held: row.state == HELD,
        since: Millis(row.since),
        plan: PlanKey(row.plan),
    }
}

/// Who writes, when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) plan: PlanKey,
    /// The instant of the plan.
    pub(crate) at: Millis,
    /// The instant the person is derived with.
    pub(crate) as_of: Millis,
}

/// Keys for rows that are new.
pub(crate) struct NewKeys<'a> {
    pub(crate) record: &'a mut dyn FnMut() -> i64,
    pub(crate) account: &'a mut dyn FnMut() -> i64,
}

/// Adds the rows that make the store hold a person as derived. `facts` are those she was derived from.
pub(crate) fn write_person(
    config: &Config,
    person: &Person,
    facts: &Facts,
    derived: &Derived,
    diff: &Diff,
    stamp: Stamp,
    keys: &mut NewKeys<'_>,
    out: &mut PeopleWrites,
) -> Result<()> {
    let user = facts.user.0;
    let plan = stamp.plan.0;
    let before = person.rows.as_deref();
    let mut kept = facts.kept.clone();
    kept.extend(derived.keeps.iter().map(|(slot, v)| (config.attribute_name(*slot).to_owned(), v.clone())));
    out.users.push(user_row(config, person, facts, kept, derived, diff, stamp)?);
    write_facts(config, person, facts, keys, out);
    index::write(config, person, facts.user, &derived.profile, diff, out)?;
    for group in diff.groups_added.iter().chain(&diff.groups_removed) {
        out.groups_changed.insert(group.0, stamp.at.0);
    }
    for group in &diff.groups_added {
        out.memberships.push(MembershipRow { user_key: user, group_key: group.0, since: stamp.at.0, plan });
    }
    out.memberships_removed.extend(diff.groups_removed.iter().map(|g| (user, g.0)));
    for (item, value) in &diff.links_put {
        out.links.push(LinkRow {
            user_key: user,
            link_item: item.0,
            value: value.clone(),
            since: stamp.at.0,
            plan,
        });
    }
    out.links_removed.extend(diff.links_removed.iter().map(|l| (user, l.0)));
    for claim in &facts.claims {
        if derived.status == UserStatus::Deleted {
            // Who is deleted keeps nothing from others.
            out.claims_removed.push((namespace(&claim.attribute), claim.value.clone()));
            continue;
        }
        let used = uses(config, derived, &claim.attribute, &claim.value);
        let known = before.into_iter().flat_map(|r| &r.claims).find(|r| {
            r.value == claim.value && r.namespace.strip_prefix("user.") == Some(claim.attribute.as_str())
        });
        if known.is_none_or(|r| (r.state == HELD) != used) {
            out.claims.push(ClaimRow {
                namespace: namespace(&claim.attribute),
                value: claim.value.clone(),
                user_key: user,
                shown: claim.shown.clone(),
                base: claim.base.clone(),
                state: if used { HELD } else { RESERVED }.to_owned(),
                reserved_until: None,
                since: claim.since.0,
                plan: claim.plan.0,
            });
        }
    }
    for write in &diff.accounts {
        let row = before
            .into_iter()
            .flat_map(|r| &r.accounts)
            .chain(&person.taken)
            .find(|a| a.app_key == write.app.0);
        let keeps = derived.apps.iter().find(|a| a.app == write.app).map_or(&[][..], |a| &a.keeps);
        let kept = if keeps.is_empty() {
            row.and_then(|r| r.kept.clone())
        } else {
            let mut all = facts.accounts.get(&write.app).cloned().unwrap_or_default();
            all.extend(keeps.iter().map(|(n, v)| (n.to_string(), v.clone())));
            serde_json::to_string(&all).ok()
        };
        let (scope, group_key) = match write.scope {
            Some(AppScope::Direct) => (Some(DIRECT), None),
            Some(AppScope::Group(g)) => (Some("GROUP"), Some(g.0)),
            Some(AppScope::Grace) => (Some(GRACE), None),
            None => (None, None),
        };
        let had = row.is_some_and(|r| r.scope.is_some());
        let same_assignment = had == scope.is_some();
        out.accounts.push(AccountPut {
            account_key: row.map_or_else(|| (keys.account)(), |r| r.account_key),
            user_key: Some(user),
            app_key: write.app.0,
            scope: scope.map(str::to_owned),
            group_key,
            assigned_since: if same_assignment {
                row.and_then(|r| r.assigned_since)
            } else {
                Some(stamp.at.0)
            },
            assigned_plan: if same_assignment { row.and_then(|r| r.assigned_plan) } else { Some(plan) },
            wanted: write.wanted.clone(),
            state: write.wanted.is_some().then(|| state_name(write.state).to_owned()),
            kept,
            wanted_rev: row.map_or(0, |r| r.wanted_rev) + i64::from(write.work),
            since: stamp.at.0,
            plan,
            lane: i64::from(!write.takes_away),
        });
    }
    Ok(())
}

/// Whether she uses a unique value (case folded).
fn uses(config: &Config, derived: &Derived, attribute: &str, value: &str) -> bool {
    derived.claims.iter().any(|c| {
        config.attribute_name(c.slot) == attribute && c.shown.as_deref().is_some_and(|s| fold(s) == value)
    })
}

/// Whether a claim is held that isn't used, or the other way round: an attribute may be unique no more.
pub(crate) fn claims_move(config: &Config, person: &Person, derived: &Derived) -> bool {
    let known = &person.facts.claims;
    known.iter().any(|c| c.held != uses(config, derived, &c.attribute, &c.value))
}

pub(crate) fn state_name(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "ACTIVE",
        AccountState::Inactive => "INACTIVE",
        AccountState::Absent => "ABSENT",
    }
}

fn user_row(
    config: &Config,
    person: &Person,
    facts: &Facts,
    kept: BTreeMap<String, Value>,
    derived: &Derived,
    diff: &Diff,
    stamp: Stamp,
) -> Result<UserRow> {
    let before = person.rows.as_deref().map(|r| &r.user);
    let entries: Vec<SaidEntry> = facts
        .said
        .iter()
        .filter(|(f, _)| {
            matches!(f, Fact::Profile { .. } | Fact::Link { .. } | Fact::Lifecycle | Fact::Postponed)
        })
        .map(|(fact, said)| SaidEntry { fact: fact.clone(), said: said.clone() })
        .collect();
    let said = (!entries.is_empty() || !kept.is_empty())
        .then(|| serde_json::to_string(&SaidText { kept, facts: entries }))
        .transpose()
        .map_err(|e| ServiceError::corrupt("said", e))?;
    let status_changed = before.is_none_or(|b| b.status != derived.status.as_str());
    let login = config.slot("login").and_then(|s| derived.profile.get(s)).and_then(Value::as_str);
    let activated = before.and_then(|b| b.activated).or(derived.status.has_accounts().then_some(stamp.at.0));
    let profile_since = match before {
        Some(b) if !diff.attributes.is_empty() => {
            let mut since: BTreeMap<String, (i64, i64)> =
                b.profile_since.as_deref().and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
            for slot in &diff.attributes {
                since.insert(config.attribute_name(*slot).to_owned(), (stamp.at.0, stamp.plan.0));
            }
            serde_json::to_string(&since).ok()
        }
        Some(b) => b.profile_since.clone(),
        None => None,
    };
    // A row that is written for the store's own sake (an index, an instant) doesn't change her.
    let unchanged = before.filter(|_| diff.is_empty() && *facts == person.facts);
    Ok(UserRow {
        user_key: facts.user.0,
        status: derived.status.as_str().to_owned(),
        login: login.map(str::to_owned),
        profile: config.profile_to_json(&derived.profile),
        profile_since,
        said,
        as_of: stamp.as_of.0,
        next_due: derived.next_due.map(|d| d.0),
        config_version: config.version,
        created: facts.created.0,
        created_plan: facts.created_plan.0,
        activated,
        status_changed: if status_changed { Some(stamp.at.0) } else { before.and_then(|b| b.status_changed) },
        last_updated: unchanged.map_or(stamp.at.0, |b| b.last_updated),
        rev: before.map_or(1, |b| b.rev + 1),
        plan: stamp.plan.0,
        held_plan: before.and_then(|b| b.held_plan),
    })
}

/// Rows of facts that differ from those stored.
fn write_facts(
    config: &Config,
    person: &Person,
    facts: &Facts,
    keys: &mut NewKeys<'_>,
    out: &mut PeopleWrites,
) {
    let user = facts.user.0;
    for (fact, said) in &facts.said {
        if person.facts.said.get(fact) == Some(said) {
            continue;
        }
        match (fact, &said.value) {
            (Fact::Record { app, external_id }, Some(FactValue::Record(r))) => {
                let known = person
                    .rows
                    .iter()
                    .flat_map(|rows| &rows.records)
                    .find(|row| row.app_key == app.0 && row.external_id == *external_id);
                out.records.push(RecordRow {
                    app_key: app.0,
                    external_id: external_id.clone(),
                    user_key: user,
                    record_key: known.map_or_else(|| (keys.record)(), |row| row.record_key),
                    state: r.state.as_str().to_owned(),
                    values: config.record_to_json(*app, &r.values),
                    hash: r.hash,
                    said_at: r.said_at.0,
                    first_seen: r.first_seen.0,
                    changed: said.at.0,
                    plan: said.plan.0,
                });
            }
            (Fact::Membership { group, kind, origin }, value) => {
                out.membership_facts.push(MembershipFactRow {
                    user_key: user,
                    group_key: group.0,
                    kind: kind.as_str().to_owned(),
                    ref_key: *origin,
                    until: match value {
                        Some(FactValue::Membership { until }) => until.map(|u| u.0),
                        _ => None,
                    },
                    gone: value.is_none(),
                    since: said.at.0,
                    plan: said.plan.0,
                });
            }
            (Fact::Assignment { app }, value) => {
                let (profile, until) = match value {
                    Some(FactValue::Assignment { profile, until }) => (
                        (!profile.is_empty()).then(|| serde_json::to_string(profile).ok()).flatten(),
                        until.map(|u| u.0),
                    ),
                    _ => (None, None),
                };
                out.assignments.push(AssignmentRow {
                    user_key: user,
                    app_key: app.0,
                    kind: DIRECT.to_owned(),
                    profile,
                    until,
                    gone: value.is_none(),
                    since: said.at.0,
                    plan: said.plan.0,
                });
            }
            (Fact::Former { app }, value) => {
                let former = match value {
                    Some(FactValue::Former(former)) => Some(former),
                    _ => None,
                };
                out.assignments.push(AssignmentRow {
                    user_key: user,
                    app_key: app.0,
                    kind: FORMER.to_owned(),
                    profile: former.and_then(|f| serde_json::to_string(f).ok()),
                    until: former.and_then(|f| f.until).map(|u| u.0),
                    gone: value.is_none(),
                    since: said.at.0,
                    plan: said.plan.0,
                });
            }
            // Kept in `users.said`, which is written whole; a record that is taken back is removed below.
            (
                Fact::Profile { .. }
                | Fact::Link { .. }
                | Fact::Lifecycle
                | Fact::Postponed
                | Fact::Record { .. },
                _,
            ) => {}
        }
    }
    for fact in person.facts.said.keys().filter(|f| !facts.said.contains_key(f)) {
        match fact {
            Fact::Record { app, external_id } => {
                let known = person.rows.iter().flat_map(|rows| &rows.records);
                out.records_removed.extend(
                    known
                        .filter(|r| r.app_key == app.0 && r.external_id == *external_id)
                        .map(|r| r.record_key),
                );
            }
            Fact::Membership { group, kind, origin } => {
                out.membership_facts_removed.push((user, group.0, kind.as_str().to_owned(), *origin));
            }
            Fact::Assignment { app } => out.assignments_removed.push((user, app.0, DIRECT.to_owned())),
            Fact::Former { app } => out.assignments_removed.push((user, app.0, FORMER.to_owned())),
            Fact::Profile { .. } | Fact::Link { .. } | Fact::Lifecycle | Fact::Postponed => {}
        }
    }
}
