//! The naive oracle: everybody's state from facts and configuration, one person at a time, sharing nothing with the
//! engine's derivation. What history left behind (claims, kept values, kept memberships, `as_of`, `said_at`) is read.

use std::collections::{BTreeMap, BTreeSet};

use muster_engine::facts::Former;
use muster_engine::model::schema::base_attributes;
use muster_engine::model::{
    AttributeDef, Direction, GroupKind, ItemKey, LeaveAt, LeaverAction, Mapping, OnReturn, OnUnassign, Org,
    PushWhen, RuleStatus, Source, WhenTaken,
};
use muster_engine::{AppKey, GroupKey, UserStatus, Value};
use muster_store::people::PersonRows;
use serde_json::{Value as Json, json};

use crate::stored::{GRACE, SaidText, Scope, View};
use crate::world::{
    BOSS_NAME, Cond, DAY, DISPLAY, LOGIN, MENTOR_NAME, RECORD, SHOWN, department, title_part,
};

type Profile = BTreeMap<String, Value>;

/// What a status comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    /// A source let her go.
    Left,
    /// She begins then.
    Begins(i64),
    Else,
}

/// What should be stored of a person.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) status: String,
    why: Why,
    pub(crate) profile: Profile,
    pub(crate) groups: BTreeSet<i64>,
    pub(crate) links: BTreeMap<i64, String>,
    pub(crate) apps: BTreeMap<i64, (Scope, Option<Json>)>,
    /// The unique values she uses: attribute, case folded value.
    pub(crate) uses: BTreeSet<(String, String)>,
    /// Which rules give her which groups.
    pub(crate) by_rule: BTreeSet<(ItemKey, GroupKey)>,
    /// Laws broken that no comparison of states shows.
    pub(crate) broken: Vec<String>,
}

pub(crate) struct Oracle<'a> {
    pub(crate) org: &'a Org,
    pub(crate) conds: &'a BTreeMap<String, Cond>,
}

/// Whom links lead to.
#[derive(Clone, Copy)]
struct Far<'a> {
    boss: Option<&'a Profile>,
    mentor: Option<&'a Profile>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stands {
    Begins(i64),
    Speaks,
    Ended(i64),
    Withdrawn,
}

struct Record {
    app: AppKey,
    rank: (u32, AppKey),
    stands: Stands,
    /// The feed has it still.
    there: bool,
    said_at: i64,
    first_seen: i64,
    values: Profile,
}

impl Oracle<'_> {
    /// Everybody, derived with the instants that `as_of` gives.
    pub(crate) fn everybody(
        &self,
        people: &[PersonRows],
        as_of: impl Fn(&PersonRows) -> i64,
    ) -> BTreeMap<i64, Told> {
        let mut all: BTreeMap<i64, Told> =
            people.iter().map(|p| (p.user.user_key, self.profile(p, as_of(p)))).collect();
        let link = self.org.links.values().find(|l| l.name == "manager").unwrap();
        let link = link.keys.as_ref().unwrap();
        let by_number: BTreeMap<String, Profile> = all
            .values()
            .filter_map(|t| Some((t.profile.get(&link.matches)?.as_str()?.to_lowercase(), t.profile.clone())))
            .collect();
        let mentor = self.org.links.iter().find(|(_, l)| l.name == "mentor").map(|(item, _)| item.0);
        let by_key: BTreeMap<String, Profile> =
            all.iter().map(|(user, t)| (user.to_string(), t.profile.clone())).collect();
        for p in people {
            let Some(told) = all.get_mut(&p.user.user_key) else { continue };
            let boss = told
                .profile
                .get(&link.attribute)
                .and_then(Value::as_str)
                .and_then(|n| by_number.get(&n.to_lowercase()));
            let mentor = mentor.and_then(|item| told.links.get(&item)).and_then(|key| by_key.get(key));
            let far = Far { boss, mentor };
            self.groups(p, told, far, as_of(p));
            self.apps(p, told, far, as_of(p));
        }
        all
    }

    /// The first instant of a day in the org's zone, or of the one after it.
    fn day(&self, day: jiff::civil::Date, after: i32) -> i64 {
        use jiff::ToSpan as _;
        let day = day.checked_add(after.days()).unwrap();
        day.in_tz(&self.org.settings.timezone).unwrap().timestamp().as_millisecond()
    }

    fn date_of(&self, at: i64) -> jiff::civil::Date {
        let at = jiff::Timestamp::from_millisecond(at).unwrap();
        at.in_tz(&self.org.settings.timezone).unwrap().date()
    }

    fn stands(&self, source: &Source, state: &str, said_at: i64, values: &Profile, as_of: i64) -> Stands {
        let column = |name: &Option<String>| {
            let text = values.get(name.as_deref()?).and_then(Value::as_str)?;
            Some(text.parse::<jiff::civil::Date>().unwrap())
        };
        let begins = column(&source.starts).map(|d| self.day(d, 0));
        let ends = column(&source.ends).map(|d| self.day(d, 1));
        match state {
            "WITHDRAWN" => Stands::Withdrawn,
            "ENDED" => {
                let day_ends = self.day(self.date_of(said_at), 1);
                if source.leave == LeaveAt::DayEnd && day_ends > as_of {
                    Stands::Speaks
                } else {
                    Stands::Ended(ends.map_or(said_at, |e| e.min(said_at)))
                }
            }
            _ if ends.is_some_and(|e| e <= as_of) => Stands::Ended(ends.unwrap()),
            _ if begins.is_some_and(|b| b > as_of) => Stands::Begins(begins.unwrap()),
            _ => Stands::Speaks,
        }
    }

    fn all_records(&self, p: &PersonRows, as_of: i64) -> Vec<Record> {
        p.records
            .iter()
            .filter_map(|r| {
                let app = AppKey(r.app_key);
                let source = self.org.apps.get(&app)?.source.as_ref()?;
                let values: Profile = serde_json::from_str(&r.values).unwrap();
                Some(Record {
                    app,
                    rank: (source.priority, app),
                    stands: self.stands(source, &r.state, r.said_at, &values, as_of),
                    there: r.state == "LIVING",
                    said_at: r.said_at,
                    first_seen: r.first_seen,
                    values,
                })
            })
            .collect()
    }

    /// Those that speak; without any the one that ended last; without any the ones to begin; withdrawn ones only tell
    /// what she was called.
    fn records(&self, p: &PersonRows, as_of: i64) -> Vec<Record> {
        let mut all = self.all_records(p, as_of);
        let ended = |r: &Record| matches!(r.stands, Stands::Ended(_));
        let begins = |r: &Record| matches!(r.stands, Stands::Begins(_));
        if all.iter().any(|r| r.stands == Stands::Speaks) {
            all.retain(|r| r.stands == Stands::Speaks);
            all.sort_by_key(|r| (r.rank, r.first_seen));
        } else if all.iter().any(ended) {
            all.retain(ended);
            all.sort_by_key(|r| match r.stands {
                Stands::Ended(at) => (-at, r.rank),
                _ => unreachable!(),
            });
            all.truncate(1);
        } else if all.iter().any(begins) {
            all.retain(begins);
            all.sort_by_key(|r| match r.stands {
                Stands::Begins(at) => (at, r.rank),
                _ => unreachable!(),
            });
        } else {
            all.sort_by_key(|r| (-r.said_at, r.rank));
            all.truncate(1);
        }
        all
    }

    fn profile(&self, p: &PersonRows, as_of: i64) -> Told {
        let said = SaidText::of(p);
        let admin = said.profile();
        let records = self.records(p, as_of);
        let (status, why) = self.status(p, &said, &records, as_of);
        let base = base_attributes();
        let schema: BTreeMap<&str, &AttributeDef> =
            base.iter().chain(self.org.attributes.values()).map(|a| (a.name.as_str(), a)).collect();
        let names: BTreeSet<String> = self
            .org
            .mappings
            .values()
            .filter(|m| m.direction == Direction::ToUser)
            .map(|m| m.target.clone())
            .chain(admin.keys().cloned())
            .collect();
        let mut told = Told {
            status: status.as_str().to_owned(),
            why,
            profile: Profile::new(),
            groups: BTreeSet::new(),
            links: BTreeMap::new(),
            apps: BTreeMap::new(),
            uses: BTreeSet::new(),
            by_rule: BTreeSet::new(),
            broken: Vec::new(),
        };
        for name in names {
            let (value, taken) = self.value(&name, &records, &admin, &said.kept);
            let (Some(value), Some(def)) = (value, schema.get(name.as_str())) else { continue };
            let fits = match value {
                Value::Int(n) => {
                    def.minimum.is_none_or(|m| n as f64 >= m) && def.maximum.is_none_or(|m| n as f64 <= m)
                }
                _ => true,
            };
            if !fits {
                continue;
            }
            if def.unique {
                let base = value.as_str().unwrap_or_default().to_owned();
                let mine = |c: &&muster_store::people::ClaimRow| {
                    c.namespace == format!("user.{name}")
                        && c.base.to_lowercase() == base.to_lowercase()
                        && (taken == WhenTaken::Counter || c.value == base.to_lowercase())
                };
                let held: Vec<_> = p.claims.iter().filter(mine).filter(|c| c.state == "HELD").collect();
                let Some(claim) = held.first() else {
                    if p.claims.iter().any(|c| mine(&c)) {
                        told.broken.push(format!("{name}: {base} has a claim of her own that isn't HELD"));
                    }
                    continue;
                };
                if held.len() > 1 {
                    told.broken.push(format!("{name}: {base} is held twice"));
                }
                told.uses.insert((name.clone(), claim.value.clone()));
                let shown = if claim.value == base.to_lowercase() { base } else { claim.shown.clone() };
                told.profile.insert(name, Value::from(shown));
            } else {
                told.profile.insert(name, value);
            }
        }
        for (item, link) in &self.org.links {
            let key = match &link.keys {
                Some(keys) => {
                    told.profile.get(&keys.attribute).and_then(Value::as_str).map(str::to_lowercase)
                }
                None => said.link(&link.name).map(|user| user.to_string()),
            };
            told.links.extend(key.map(|key| (item.0, key)));
        }
        told
    }

    fn mapping(&self, app: AppKey, direction: Direction, name: &str) -> Option<&Mapping> {
        self.org.mappings.values().find(|m| m.app == app && m.direction == direction && m.target == name)
    }

    fn value(
        &self,
        name: &str,
        records: &[Record],
        admin: &Profile,
        kept: &Profile,
    ) -> (Option<Value>, WhenTaken) {
        let order = self.org.attributes.values().find(|a| a.name == name).map_or(&[][..], |a| &a.sources);
        let app = |name: &str| self.org.app_named(name).map(|(key, _)| key);
        if !order.is_empty() {
            for voice in order {
                let (value, taken) = match app(voice) {
                    Some(app) => {
                        let hers: Vec<&Record> = records.iter().filter(|r| r.app == app).collect();
                        self.of_records(name, &hers, admin, kept)
                    }
                    None => (admin.get(name).cloned(), WhenTaken::Refuse),
                };
                if value.is_some() {
                    return (value, taken);
                }
            }
            return (None, WhenTaken::Refuse);
        }
        match self.of_records(name, &records.iter().collect::<Vec<_>>(), admin, kept) {
            (None, _) => (admin.get(name).cloned(), WhenTaken::Refuse),
            found => found,
        }
    }

    fn of_records(
        &self,
        name: &str,
        records: &[&Record],
        admin: &Profile,
        kept: &Profile,
    ) -> (Option<Value>, WhenTaken) {
        for record in records {
            let Some(mapping) = self.mapping(record.app, Direction::ToUser, name) else { continue };
            if mapping.when == PushWhen::Create {
                if let Some(value) = admin.get(name) {
                    return (Some(value.clone()), WhenTaken::Refuse);
                }
                match kept.get(name) {
                    Some(value) => return (Some(value.clone()), mapping.taken),
                    // It spoke when the record was new, and gave nothing.
                    None => continue,
                }
            }
            let value = match mapping.expression.as_str() {
                LOGIN => record
                    .values
                    .get("last")
                    .and_then(Value::as_str)
                    .map(|l| Value::from(format!("{}@x.io", l.to_lowercase()))),
                text => record.values.get(text.strip_prefix("appuser.").unwrap()).cloned(),
            };
            if value.is_some() {
                return (value, mapping.taken);
            }
        }
        (None, WhenTaken::Refuse)
    }

    fn status(&self, p: &PersonRows, said: &SaidText, records: &[Record], as_of: i64) -> (UserStatus, Why) {
        let admin = said.lifecycle();
        let word = (admin.map_or(UserStatus::Staged, |(s, _)| s), Why::Else);
        let later = |at: i64| admin.is_some_and(|(_, said)| said > at);
        let source = |app: AppKey| self.org.apps.get(&app).and_then(|a| a.source.as_ref());
        let all = self.all_records(p, as_of);
        let outright = all
            .iter()
            .filter(|r| source(r.app).is_some_and(|s| s.ends_person))
            .filter(|r| !all.iter().any(|o| o.app == r.app && o.stands == Stands::Speaks))
            .filter_map(|r| if let Stands::Ended(at) = r.stands { Some(at) } else { None })
            .max();
        if outright.is_some_and(|at| !later(at)) {
            return (UserStatus::Deprovisioned, Why::Left);
        }
        let Some(first) = records.first() else { return word };
        let Some(settings) = source(first.app) else { return word };
        match (first.stands, settings.on_leave) {
            (Stands::Withdrawn, _) => word,
            (Stands::Begins(_), _) if admin.is_some() => word,
            (Stands::Begins(at), _) => (UserStatus::Staged, Why::Begins(at)),
            (Stands::Speaks, _) if later(first.said_at) => word,
            (Stands::Speaks, leave)
                if settings.on_return == OnReturn::Nothing
                    && first.there
                    && first.said_at > first.first_seen =>
            {
                match leave {
                    LeaverAction::Deactivate => (UserStatus::Deprovisioned, Why::Else),
                    LeaverAction::Suspend => (UserStatus::Suspended, Why::Else),
                    LeaverAction::Nothing => (admin.map_or(UserStatus::Active, |(s, _)| s), Why::Else),
                }
            }
            (Stands::Speaks, _) if settings.stage => (UserStatus::Staged, Why::Else),
            (Stands::Speaks, _) => (UserStatus::Active, Why::Else),
            (Stands::Ended(at), _) if later(at) => word,
            // She had been put out before her record ended by its date.
            (Stands::Ended(_), _)
                if first.there && later(first.said_at) && word.0 == UserStatus::Deprovisioned =>
            {
                word
            }
            (_, LeaverAction::Deactivate) => (UserStatus::Deprovisioned, Why::Left),
            (_, LeaverAction::Suspend) => (UserStatus::Suspended, Why::Left),
            (_, LeaverAction::Nothing) => (admin.map_or(UserStatus::Active, |(s, _)| s), Why::Left),
        }
    }

    fn groups(&self, p: &PersonRows, told: &mut Told, far: Far<'_>, as_of: i64) {
        let mut out = BTreeSet::new();
        let facts = || {
            p.membership_facts
                .iter()
                .filter(|f| !f.gone && self.org.groups.contains_key(&GroupKey(f.group_key)))
        };
        let excluded: BTreeSet<i64> = facts().filter(|f| f.kind == "EXCLUDED").map(|f| f.group_key).collect();
        for fact in facts() {
            let stays = match fact.kind.as_str() {
                "MANUAL" => true,
                "KEPT" => {
                    let rule = self.org.rules.get(&ItemKey(fact.ref_key));
                    rule.is_none_or(|r| r.status == RuleStatus::Inactive)
                        && !excluded.contains(&fact.group_key)
                }
                _ => false,
            };
            if stays {
                out.insert(fact.group_key);
            }
        }
        for record in self.records(p, as_of) {
            let column = self.org.apps[&record.app].feed.as_ref().and_then(|f| f.groups.as_ref());
            let heard = matches!(record.stands, Stands::Speaks | Stands::Begins(_));
            let named = column.filter(|_| heard).and_then(|c| record.values.get(c)?.as_str());
            let imported = self.org.groups.iter().find(|(_, g)| {
                g.kind == GroupKind::AppGroup && g.app == Some(record.app) && Some(&*g.name) == named
            });
            out.extend(imported.map(|(key, _)| key.0));
        }
        // Rules read only groups with smaller names than those they fill: in that order each is asked once.
        let name = |g: &GroupKey| self.org.groups.get(g).map(|g| g.name.clone()).unwrap_or_default();
        let mut rules: Vec<_> =
            self.org.rules.iter().filter(|(_, r)| r.status == RuleStatus::Active).collect();
        rules.sort_by_key(|(_, r)| r.groups.iter().map(name).min());
        for (key, rule) in rules {
            let member: BTreeSet<String> = out.iter().map(|g| name(&GroupKey(*g))).collect();
            let cond = self.conds.get(&rule.expression).unwrap();
            if rule.except_groups.iter().any(|g| out.contains(&g.0))
                || !holds(cond, &told.profile, far, &member, self.days(as_of))
            {
                continue;
            }
            for group in rule.groups.iter().filter(|g| !excluded.contains(&g.0)) {
                out.insert(group.0);
                told.by_rule.insert((*key, *group));
            }
        }
        told.groups = out;
    }

    /// Whether a day has begun in the org's zone so many days from an instant.
    fn days(&self, as_of: i64) -> impl Fn(&str, i64) -> bool + Copy + '_ {
        move |day, ahead| {
            let day: jiff::civil::Date = day.parse().unwrap();
            let begins = day.in_tz(&self.org.settings.timezone).unwrap().timestamp().as_millisecond();
            begins <= as_of + ahead * DAY
        }
    }

    fn apps(&self, p: &PersonRows, told: &mut Told, far: Far<'_>, as_of: i64) {
        let left = told.status == "DEPROVISIONED";
        let formers = formers(p);
        let everyone = self.org.group_named("Everyone").unwrap().0.0;
        for (app, settings) in self.org.apps.iter().filter(|(_, a)| !a.inactive) {
            let Some(provisioning) = &settings.provisioning else { continue };
            let direct = p
                .assignments
                .iter()
                .find(|a| {
                    a.kind == "DIRECT" && a.app_key == app.0 && !a.gone && a.until.is_none_or(|u| u > as_of)
                })
                .filter(|_| !left);
            let mut given: Vec<_> = self.org.app_groups.values().filter(|g| g.app == *app).collect();
            let all = given.clone();
            given.retain(|g| !left && (told.groups.contains(&g.group.0) || g.group.0 == everyone));
            given.sort_by_key(|g| (g.priority, g.group));
            let former = formers.get(&app.0).filter(|f| {
                f.until.is_some_and(|u| u.0 > as_of) && (!left || f.leaver && told.why == Why::Left)
            });
            let scope = match (direct, given.first(), former) {
                (Some(_), ..) => None,
                (None, Some(g), _) => Some(g.group.0),
                (None, None, Some(_)) => Some(GRACE),
                (None, None, None) => continue,
            };
            let former = former.filter(|_| scope == Some(GRACE));
            let early = match (told.why, provisioning.before_start_days) {
                (Why::Begins(at), Some(days)) => {
                    use jiff::ToSpan as _;
                    let from = self.date_of(at).checked_sub(i64::from(days).days()).unwrap();
                    self.day(from, 0) <= as_of
                }
                _ => true,
            };
            let state = match told.status.as_str() {
                "STAGED" if !provisioning.before_start || !early => None,
                "SUSPENDED" if provisioning.disable_suspended => Some("INACTIVE"),
                _ => Some("ACTIVE"),
            };
            let login = told.profile.get("login").and_then(Value::as_str).filter(|l| !l.is_empty());
            let login = login.map(str::to_owned);
            let (Some(state), Some(login)) = (state, login) else {
                told.apps.insert(app.0, (scope, None));
                continue;
            };
            let own: Profile = direct
                .and_then(|a| a.profile.as_deref())
                .map(|t| serde_json::from_str(t).unwrap())
                .unwrap_or_default();
            let own = former.map_or(own, |f| f.profile.clone());
            let row = p.accounts.iter().find(|a| a.app_key == app.0);
            let kept: Profile = row
                .and_then(|r| r.kept.as_deref())
                .map(|t| serde_json::from_str(t).unwrap())
                .unwrap_or_default();
            let mapped =
                self.org.mappings.values().filter(|m| m.app == *app && m.direction == Direction::ToApp);
            let names: BTreeSet<&str> = mapped
                .map(|m| m.target.as_str())
                .filter(|n| *n != "userName")
                .chain(all.iter().flat_map(|g| g.profile.keys().map(String::as_str)))
                .chain(own.keys().map(String::as_str))
                .collect();
            let mut attributes = BTreeMap::new();
            for name in names {
                let mut of_groups = given.iter().filter_map(|g| g.profile.get(name));
                let given = match own.get(name) {
                    Some(own) => Some(own.clone()),
                    None if provisioning.combine.iter().any(|c| c == name) => {
                        combined(&of_groups.collect::<Vec<_>>())
                    }
                    None => of_groups.next().cloned(),
                };
                let mapping = self.mapping(*app, Direction::ToApp, name);
                let value = match (given, mapping) {
                    (Some(value), _) => value,
                    (None, None) => Value::Null,
                    (None, Some(m)) if m.when == PushWhen::Create => {
                        if !kept.contains_key(name) {
                            let app = &settings.name;
                            told.broken
                                .push(format!("{app}.{name} is set once, and what was set isn't kept"));
                        }
                        let now = || self.outbound(&m.expression, p, told, far);
                        kept.get(name).cloned().unwrap_or_else(now)
                    }
                    (None, Some(m)) => self.outbound(&m.expression, p, told, far),
                };
                attributes.insert(name.to_owned(), serde_json::to_value(value).unwrap());
            }
            let wanted = json!({ "state": state, "userName": login, "attributes": attributes });
            told.apps.insert(app.0, (scope, Some(wanted)));
        }
    }

    fn outbound(&self, expression: &str, p: &PersonRows, told: &Told, far: Far<'_>) -> Value {
        let text = |name: &str| told.profile.get(name).and_then(Value::as_str).unwrap_or_default();
        match expression {
            DISPLAY => Value::from(format!("{} {}", text("firstName"), text("lastName"))),
            MENTOR_NAME => far.mentor.and_then(|m| m.get("lastName")).cloned().unwrap_or_default(),
            BOSS_NAME => far.boss.and_then(|b| b.get("lastName")).cloned().unwrap_or_default(),
            SHOWN => {
                let name = |g: &i64| self.org.groups.get(&GroupKey(*g)).map(|g| g.name.clone());
                let names: BTreeSet<String> = told.groups.iter().filter_map(name).collect();
                let ours: Vec<String> = names.into_iter().filter(|n| n.starts_with('g')).collect();
                Value::from(ours.join(","))
            }
            RECORD => {
                let title = |source: &str| {
                    let app = self.org.app_named(source)?.0;
                    let mut living = p.records.iter().filter(|r| r.app_key == app.0 && r.state == "LIVING");
                    let (only, None) = (living.next()?, living.next()) else { return None };
                    let values: Profile = serde_json::from_str(&only.values).unwrap();
                    values.get("title").filter(|t| t.as_str() != Some("")).cloned()
                };
                title("hr").or_else(|| title("ext")).unwrap_or_default()
            }
            other => told.profile.get(other.strip_prefix("user.").unwrap()).cloned().unwrap_or_default(),
        }
    }
}

/// What stays behind of apps she lost.
fn formers(p: &PersonRows) -> BTreeMap<i64, Former> {
    let rows = p.assignments.iter().filter(|a| a.kind == "FORMER" && !a.gone);
    rows.map(|a| (a.app_key, serde_json::from_str(a.profile.as_deref().unwrap()).unwrap())).collect()
}

/// Values of several groups as one array, each once.
fn combined(given: &[&Value]) -> Option<Value> {
    let mut all: Vec<Value> = Vec::new();
    for value in given.iter().filter(|v| !v.is_null()) {
        let items = value.as_list().map_or_else(|| vec![(*value).clone()], <[Value]>::to_vec);
        for item in items {
            if !all.contains(&item) {
                all.push(item);
            }
        }
    }
    match (given.is_empty(), all.is_empty()) {
        (true, _) => None,
        (false, true) => Some(Value::Null),
        (false, false) => Some(Value::List(all)),
    }
}

fn holds(
    cond: &Cond,
    profile: &Profile,
    far: Far<'_>,
    groups: &BTreeSet<String>,
    begun: impl Fn(&str, i64) -> bool + Copy,
) -> bool {
    let text = |p: &Profile, name: &str| p.get(name).and_then(Value::as_str).map(str::to_owned);
    let both = |a: &Cond| holds(a, profile, far, groups, begun);
    match cond {
        Cond::Department(d) => text(profile, "department") == Some(department(*d)),
        Cond::Title(t) => text(profile, "title").is_some_and(|v| v.contains(title_part(*t))),
        Cond::Level(n) => matches!(profile.get("level"), Some(Value::Int(v)) if v >= n),
        Cond::In(g) => groups.contains(&format!("g{g}")),
        Cond::Started(d) => text(profile, "startDate").is_some_and(|v| begun(&v, *d)),
        Cond::Mentor(d) => far.mentor.and_then(|m| text(m, "department")) == Some(department(*d)),
        Cond::Boss(d) => far.boss.and_then(|b| text(b, "department")) == Some(department(*d)),
        Cond::Not(a) => !both(a),
        Cond::And(a, b) => both(a) && both(b),
        Cond::Or(a, b) => both(a) || both(b),
    }
}

impl Told {
    /// How the store differs from what should be there.
    pub(crate) fn against(&self, org: &Org, rows: &PersonRows, as_of: i64) -> Vec<String> {
        let view = View::of(rows);
        let mut out = self.broken.clone();
        let mut differs = |what: &str, is: String, should: String| {
            if is != should {
                out.push(format!("{what} is {is}, should be {should}"));
            }
        };
        differs("status", view.status.clone(), self.status.clone());
        let profile: BTreeMap<String, Json> =
            self.profile.iter().map(|(n, v)| (n.clone(), serde_json::to_value(v).unwrap())).collect();
        differs("profile", json!(view.profile).to_string(), json!(profile).to_string());
        differs(
            "login",
            format!("{:?}", rows.user.login),
            format!("{:?}", self.profile.get("login").and_then(Value::as_str)),
        );
        differs("groups", format!("{:?}", view.groups), format!("{:?}", self.groups));
        differs("links", format!("{:?}", view.links), format!("{:?}", self.links));
        let scopes: BTreeMap<i64, Scope> = self.apps.iter().map(|(a, (s, _))| (*a, *s)).collect();
        differs("apps", format!("{:?}", view.apps), format!("{scopes:?}"));
        for (app, wanted) in &view.wanted {
            let name = org.apps.get(&AppKey(*app)).map_or("", |a| a.name.as_str());
            match self.apps.get(app) {
                Some((_, Some(should))) => {
                    differs(&format!("account in {name}"), wanted.to_string(), should.to_string());
                }
                Some((_, None)) => {
                    differs(name, (view.state(*app) == "ACTIVE").to_string(), "false".to_owned());
                }
                None => {
                    let left = org
                        .apps
                        .get(&AppKey(*app))
                        .and_then(|a| a.provisioning.as_ref())
                        .is_none_or(|p| p.on_unassign == muster_engine::model::OnUnassign::Nothing);
                    differs(name, (view.state(*app) == "ACTIVE" && !left).to_string(), "false".to_owned());
                    let deletes = org
                        .apps
                        .get(&AppKey(*app))
                        .filter(|a| !a.inactive)
                        .and_then(|a| a.provisioning.as_ref());
                    let deletes = deletes.is_some_and(|p| {
                        p.delete_after_days.is_some() && p.on_unassign != OnUnassign::Nothing
                    });
                    let over =
                        formers(rows).get(app).is_some_and(|f| f.delete_at.is_some_and(|at| at.0 <= as_of));
                    if over && deletes {
                        differs(name, view.state(*app).to_owned(), "ABSENT".to_owned());
                    }
                }
            }
        }
        for (app, (_, wanted)) in &self.apps {
            if wanted.is_some() && !view.wanted.contains_key(app) {
                out.push(format!("no account is wanted in app {app}"));
            }
        }
        let held: BTreeSet<(String, String)> = rows
            .claims
            .iter()
            .filter(|c| c.state == "HELD")
            .map(|c| (c.namespace.strip_prefix("user.").unwrap().to_owned(), c.value.clone()))
            .collect();
        if held != self.uses {
            out.push(format!("claims held are {held:?}, should be {:?}", self.uses));
        }
        for a in &rows.accounts {
            let state = a.wanted.as_deref().map(|_| view.state(a.app_key));
            if state != a.state.as_deref() {
                out.push(format!("account.state is {:?}, but wanted says {state:?}", a.state));
            }
        }
        out
    }
}
