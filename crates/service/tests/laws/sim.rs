//! An org living through steps, each made as a person, a feed or time makes it.

use std::collections::BTreeMap;
use std::path::Path;

use muster_engine::model::{
    GroupRule, IdKind, ItemKey, Org, PushWhen, RuleStatus, Transition, UserStatus, public_id,
};
use muster_engine::plan::Effect;
use muster_engine::{GroupKey, GroupKind, Millis, PlanKey, UserKey, Value};
use muster_service::edit::{Assignee, AssignmentTerms, MatchDecision, Verdict};
use muster_service::plan::{MatchCounts, PlanReport, PlanStatus, PlanView, Quiet};
use muster_service::{Actor, ImportOptions, Muster, ServiceError};
use muster_store::people::PersonRows;
use tempfile::TempDir;

use crate::oracle::{Oracle, Told};
use crate::stored::{GRACE, SaidText, View, Views, people};
use crate::world::{APPS, Cond, DAY, GROUPS, Roster, RuleSpec, SOURCES, START, Step, World, feed};

/// Why a law doesn't hold, in words.
pub(crate) type Broken = String;

pub(crate) fn law(holds: bool, told: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(told()) }
}

pub(crate) struct Sim {
    pub(crate) muster: Muster,
    pub(crate) dir: TempDir,
    pub(crate) conds: BTreeMap<String, Cond>,
    pub(crate) rosters: [Roster; 2],
    pub(crate) now: i64,
}

/// Memory is the fastest disk.
pub(crate) fn temp() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

pub(crate) fn open(dir: &Path, chunk: usize) -> Muster {
    Muster::open(dir, true, Some("2024-01-01T00:00:00Z")).unwrap().with_chunk(chunk)
}

pub(crate) fn admin() -> Actor {
    Actor::operator("laws")
}

pub(crate) const PREVIEW: ImportOptions = ImportOptions { preview: true, force: false };
pub(crate) const APPLY: ImportOptions = ImportOptions { preview: false, force: false };

impl Sim {
    pub(crate) fn new(world: &World, steps: &[Step], chunk: usize) -> Self {
        let dir = temp();
        let muster = open(dir.path(), chunk);
        let specs = steps.iter().filter_map(|s| match s {
            Step::Rule { spec, .. } => spec.as_ref(),
            _ => None,
        });
        let conds = world.rules.iter().chain(specs).map(|r| (r.cond.text(), r.cond.clone())).collect();
        let applied = muster.org_apply(&admin(), "org.toml", &world.file(), APPLY, &Quiet).unwrap();
        assert_eq!(applied.report.status, PlanStatus::Applied);
        Self { muster, dir, conds, rosters: Default::default(), now: START }
    }

    /// The same org, once more.
    pub(crate) fn copy(&self, chunk: usize) -> Self {
        let dir = temp();
        copy_dir(self.dir.path(), dir.path());
        let muster = open(dir.path(), chunk);
        muster.set_clock(Millis(self.now)).unwrap();
        Self { muster, dir, conds: self.conds.clone(), rosters: self.rosters.clone(), now: self.now }
    }

    /// What happens outside before anybody asks for anything: HR's roster changes, time goes on.
    pub(crate) fn outside(&mut self, step: &Step) {
        match step {
            Step::Feed { source, rows, moves, .. } => {
                for (id, row) in rows {
                    match row {
                        Some(row) => self.rosters[*source].insert(*id, row.clone()),
                        None => self.rosters[*source].remove(id),
                    };
                }
                for (from, to) in moves {
                    if let Some(row) = self.rosters[*source].remove(from) {
                        self.rosters[*source].insert(*to, row);
                    }
                }
            }
            Step::Days(days) => {
                self.now += days * DAY;
                self.muster.set_clock(Millis(self.now)).unwrap();
            }
            _ => {}
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    pub(crate) fn org(&self) -> Org {
        self.muster.config().unwrap().org.clone()
    }

    fn who(&self, who: usize) -> Result<UserKey, ServiceError> {
        let all = people(&self.muster);
        let at = who.checked_rem(all.len()).ok_or_else(|| ServiceError::NotFound("nobody".to_owned()))?;
        Ok(UserKey(all[at].user.user_key))
    }

    fn org_file(
        &self,
        options: ImportOptions,
        progress: &dyn muster_service::plan::Progress,
        change: impl FnOnce(&mut Org),
    ) -> Result<PlanReport, ServiceError> {
        let mut org = self.org();
        change(&mut org);
        let text = muster_orgfile::export(&org, &|_| None);
        Ok(self.muster.org_apply(&admin(), "org.toml", &text, options, progress)?.report)
    }

    pub(crate) fn act(&self, step: &Step, options: ImportOptions) -> Result<PlanReport, ServiceError> {
        self.act_with(step, options, &Quiet)
    }

    pub(crate) fn act_with(
        &self,
        step: &Step,
        options: ImportOptions,
        progress: &dyn muster_service::plan::Progress,
    ) -> Result<PlanReport, ServiceError> {
        let (m, actor) = (&self.muster, admin());
        let id = |who: usize| Ok::<_, ServiceError>(public_id(IdKind::User, self.who(who)?.0));
        let config = m.config()?;
        let app = |at: usize| m.find_app(&config, APPS[at]);
        let role = |role: &Option<u8>| {
            role.iter().map(|r| ("role".to_owned(), Value::from(format!("R{r}")))).collect()
        };
        let group = |g: u8| if g == GROUPS { "Everyone".to_owned() } else { format!("g{g}") };
        match step {
            Step::Feed { source, force, .. } => {
                let text = feed(&self.rosters[*source]);
                let options = ImportOptions { force: *force || options.force, ..options };
                m.import(&actor, SOURCES[*source], "feed.csv", text.as_bytes(), options, progress)
            }
            Step::Create { login, last, active } => {
                let login = format!("hand{login}@x.io");
                let last = ["Ito", "Kim", "Lee"][usize::from(*last)];
                let attributes = [("firstName", "Eve"), ("lastName", last), ("email", login.as_str())];
                let attributes =
                    attributes.into_iter().map(|(n, v)| (n.to_owned(), Value::from(v))).collect();
                m.user_create(&actor, &login, &attributes, *active, options)
            }
            Step::Update { who, attribute, value } => {
                let attributes = BTreeMap::from([((*attribute).to_owned(), value.clone())]);
                m.user_update(&actor, &id(*who)?, &attributes, options)
            }
            Step::Transition { who, to } => {
                use Transition as T;
                let to = [T::Activate, T::Deactivate, T::Suspend, T::Unsuspend, T::ResetPassword]
                    [usize::from(*to)];
                m.user_transition(&actor, &id(*who)?, to, options)
            }
            Step::Link { who, other: Some(other) } => {
                m.user_link(&actor, &id(*who)?, "mentor", &id(*other)?, options)
            }
            Step::Link { who, other: None } => m.user_unlink(&actor, &id(*who)?, "mentor", options),
            Step::Group { who, group: g, add: true } => {
                m.group_add(&actor, &group(*g), &id(*who)?, None, options)
            }
            Step::Group { who, group: g, add: false } => {
                m.group_remove(&actor, &group(*g), &id(*who)?, options)
            }
            Step::RuleStatus { rule, active } => {
                let status = if *active { RuleStatus::Active } else { RuleStatus::Inactive };
                m.rule_status(&actor, &format!("r{rule}"), status, options)
            }
            Step::Rule { rule, spec } => {
                self.org_file(options, progress, |org| set_rule(org, &format!("r{rule}"), spec.as_ref()))
            }
            Step::Once { app, attribute, once } => self.org_file(options, progress, |org| {
                let name = ["hr", "", "crm"][*app];
                let key = org.app_named(name).unwrap().0;
                for m in org.mappings.values_mut().filter(|m| m.app == key && m.target == *attribute) {
                    m.when = if *once { PushWhen::Create } else { PushWhen::Always };
                }
            }),
            Step::Assign { who, app: a, days, role: r } => {
                let until = days.map(|d| Millis(self.now + d * DAY));
                let terms = AssignmentTerms { until, profile: role(r), priority: None };
                m.assign(&actor, &Assignee::User(self.who(*who)?), app(*a)?, terms, options)
            }
            Step::Unassign { who, app: a } => {
                m.unassign(&actor, &Assignee::User(self.who(*who)?), app(*a)?, options)
            }
            Step::AssignGroup { group: g, app: a, priority, role: r } => {
                let terms = AssignmentTerms { until: None, profile: role(r), priority: Some(*priority) };
                let to = m.find_group(&config, &group(*g))?;
                m.assign(&actor, &Assignee::Group(to), app(*a)?, terms, options)
            }
            Step::UnassignGroup { group: g, app: a } => {
                let from = m.find_group(&config, &group(*g))?;
                m.unassign(&actor, &Assignee::Group(from), app(*a)?, options)
            }
            Step::Decide { source, row, verdict } => {
                let waiting = m.matches(SOURCES[*source], None, 100)?.items;
                let row = row.checked_rem(waiting.len()).and_then(|at| waiting.get(at));
                let row = row.ok_or_else(|| ServiceError::NotFound("no row waits".to_owned()))?;
                let who = usize::from(*verdict);
                let verdict = match verdict {
                    0 => Verdict::Best,
                    1 => Verdict::New,
                    2 => Verdict::Ignore,
                    3 => Verdict::Reopen,
                    _ => Verdict::Link(id(who)?),
                };
                let decision = MatchDecision { external_id: row.external_id.clone(), verdict };
                m.matches_decide(&actor, SOURCES[*source], &[decision], options)
            }
            Step::Setting(setting) => self.org_file(options, progress, |org| setting.set(org)),
            Step::Days(_) => m.due(&actor, options, progress),
            Step::Undo { back } => {
                let did = |p: &PlanView| {
                    let matched = p.counts.matches != MatchCounts::default();
                    p.status == PlanStatus::Applied && (p.counts.tally.changed > 0 || matched)
                };
                let applied = m.plans(None, 50)?.into_iter().filter(did);
                // The org itself isn't taken back.
                let plan = applied
                    .filter(|p| p.id > 1)
                    .nth(*back)
                    .ok_or_else(|| ServiceError::NotFound("no plan".to_owned()))?;
                m.undo(&actor, PlanKey(plan.id), ImportOptions { force: true, ..options }, progress)
            }
        }
    }

    /// Everybody as the oracle derives them, with the instants stored or with another.
    pub(crate) fn told(&self, now: Option<i64>) -> BTreeMap<i64, Told> {
        let org = self.org();
        let oracle = Oracle { org: &org, conds: &self.conds };
        let waits = |p: &PersonRows, now: i64| SaidText::of(p).postponed().is_some_and(|until| until > now);
        oracle.everybody(&people(&self.muster), |p| now.filter(|now| !waits(p, *now)).unwrap_or(p.user.as_of))
    }

    /// Law 1: what is stored is what follows from scratch, and no date has been missed.
    pub(crate) fn as_from_scratch(&self) -> Result<(), Broken> {
        let org = self.org();
        let all = people(&self.muster);
        let told = self.told(None);
        let mut out = Vec::new();
        for p in &all {
            let wrong = told[&p.user.user_key].against(&org, p, p.user.as_of);
            out.extend(
                wrong.into_iter().map(|w| format!("user {} ({:?}): {w}", p.user.user_key, p.user.login)),
            );
        }
        law(out.is_empty(), || format!("incremental differs from scratch:\n{}", out.join("\n")))?;
        // Whoever isn't due is now what she was when she was last derived.
        let late = self.told(Some(self.now));
        for p in all.iter().filter(|p| p.user.next_due.is_none_or(|d| d > self.now)) {
            let waits = SaidText::of(p).postponed().is_some_and(|until| until > self.now);
            let now = if waits { p.user.as_of } else { self.now };
            let wrong = late[&p.user.user_key].against(&org, p, now);
            out.extend(wrong.into_iter().map(|w| format!("user {} isn't due: {w}", p.user.user_key)));
        }
        law(out.is_empty(), || format!("time has changed something unnoticed:\n{}", out.join("\n")))
    }

    /// A plan's effects, one line each. Groups that come with a feed have another key in each plan.
    pub(crate) fn effects(&self, plan: Option<PlanKey>) -> Vec<String> {
        let all = self.raw_effects(plan);
        let org = self.muster.config().unwrap().org.clone();
        let own = |g: &GroupKey| org.groups.get(g).is_some_and(|g| g.kind != GroupKind::AppGroup);
        let told = |login: &str, effect: &Effect| match effect {
            Effect::GroupAdded { group } if !own(group) => vec![format!("{login}: joins an imported group")],
            Effect::GroupRemoved { group } if !own(group) => {
                vec![format!("{login}: leaves an imported group")]
            }
            other => effect_lines(login, other),
        };
        let mut lines: Vec<String> = all.iter().flat_map(|(_, login, effect)| told(login, effect)).collect();
        lines.sort();
        lines
    }

    /// A plan's effects in their order: the user's key, her login, the effect.
    pub(crate) fn raw_effects(&self, plan: Option<PlanKey>) -> Vec<(i64, String, Effect)> {
        let Some(plan) = plan else { return Vec::new() };
        let mut all = Vec::new();
        let mut from = None;
        loop {
            let page = self.muster.plan_effects(plan, from).unwrap();
            all.extend(page.effects);
            match page.next {
                Some(next) => from = Some(next),
                None => return all,
            }
        }
    }
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn set_rule(org: &mut Org, name: &str, spec: Option<&RuleSpec>) {
    let known = org.rule_named(name).map(|(k, _)| k);
    let Some(spec) = spec else {
        if let Some(key) = known {
            org.rules.remove(&key);
        }
        return;
    };
    // A group that is gone is nobody's any more.
    let group = |g: &u8| org.group_named(&format!("g{g}")).map(|(k, _)| k);
    let rule = GroupRule {
        name: name.to_owned(),
        expression: spec.cond.text(),
        groups: spec.groups.iter().filter_map(group).collect(),
        except_users: Vec::new(),
        except_groups: spec.except.iter().filter_map(group).collect(),
        status: if spec.active { RuleStatus::Active } else { RuleStatus::Inactive },
    };
    org.rules.insert(known.unwrap_or(ItemKey(1_000_000)), rule);
}

pub(crate) fn effect_lines(login: &str, effect: &Effect) -> Vec<String> {
    let one = |text: String| vec![format!("{login}: {text}")];
    match effect {
        Effect::UserCreated { status, profile } => one(format!("created {status} {profile}")),
        Effect::StatusChanged { from, to } => one(format!("status {from} → {to}")),
        Effect::ProfileChanged { changes } => changes
            .iter()
            .map(|c| {
                let json = |v: &Value| serde_json::to_value(v).unwrap();
                format!("{login}: {} {} → {}", c.attribute, json(&c.from), json(&c.to))
            })
            .collect(),
        Effect::LinkChanged { link, from, to } => one(format!("link {link} {from:?} → {to:?}")),
        Effect::GroupAdded { group } => one(format!("joins {group}")),
        Effect::GroupRemoved { group } => one(format!("leaves {group}")),
        Effect::AppAssigned { app, by } => one(format!("gets {app} by {by:?}")),
        Effect::AppUnassigned { app } => one(format!("loses {app}")),
        Effect::AppKept { app, .. } => one(format!("keeps {app}")),
        Effect::AppRegained { app, .. } => one(format!("regains {app}")),
        Effect::GraceEnded { app } => one(format!("is done with {app}")),
        Effect::AccountChanged { app, from, to, .. } => one(format!("account {app} {from:?} → {to:?}")),
    }
}

/// The effects that two states of the store tell of, in the same words.
pub(crate) fn store_effects(org: &Org, before: &Views, after: &Views) -> Vec<String> {
    let mut lines = Vec::new();
    let nobody = View::default();
    for (user, now) in after {
        let was = before.get(user);
        let old = was.unwrap_or(&nobody);
        let login = |v: &View| v.profile.get("login").and_then(|l| l.as_str()).map(str::to_owned);
        let login = login(now).or_else(|| login(old)).unwrap_or_default();
        let mut tell = |text: String| lines.push(format!("{login}: {text}"));
        if was.is_none() {
            tell(format!("created {} {}", now.status, serde_json::to_value(&now.profile).unwrap()));
        } else {
            if old.status != now.status {
                tell(format!("status {} → {}", old.status, now.status));
            }
            let names: std::collections::BTreeSet<_> = old.profile.keys().chain(now.profile.keys()).collect();
            let null = serde_json::Value::Null;
            for name in names {
                let (a, b) = (old.profile.get(name).unwrap_or(&null), now.profile.get(name).unwrap_or(&null));
                if a != b {
                    tell(format!("{name} {a} → {b}"));
                }
            }
        }
        for item in org.links.iter().filter(|(_, l)| l.keys.is_none()).map(|(item, _)| item) {
            let other = |v: &View| v.links.get(&item.0).map(|key| UserKey(key.parse().unwrap()));
            if other(old) != other(now) {
                tell(format!("link {item} {:?} → {:?}", other(old), other(now)));
            }
        }
        now.groups.difference(&old.groups).for_each(|g| tell(format!("joins {g}")));
        old.groups.difference(&now.groups).for_each(|g| tell(format!("leaves {g}")));
        for (app, by) in now.apps.iter().filter(|(a, _)| !old.apps.contains_key(a)) {
            tell(format!("gets {app} by {:?}", by.filter(|g| *g != GRACE).map(muster_engine::GroupKey)));
        }
        let kept = |v: &View, app: &i64| v.apps.get(app) == Some(&Some(GRACE));
        for app in now.apps.keys() {
            match (kept(old, app), kept(now, app)) {
                (false, true) => tell(format!("keeps {app}")),
                (true, false) => tell(format!("regains {app}")),
                _ => {}
            }
        }
        for app in old.apps.keys().filter(|a| !now.apps.contains_key(a)) {
            tell(if kept(old, app) { format!("is done with {app}") } else { format!("loses {app}") });
        }
        for app in now.wanted.keys().filter(|a| old.wanted.get(a) != now.wanted.get(a)) {
            let state = |v: &View| match v.state(*app) {
                "ACTIVE" => "Active",
                "INACTIVE" => "Inactive",
                _ => "Absent",
            };
            tell(format!("account {app} {} → {}", state(old), state(now)));
        }
    }
    lines.sort();
    lines
}

/// The counts that lines of effects add up to, against what a plan says.
pub(crate) fn counted(lines: &[String], report: &PlanReport) -> Result<(), Broken> {
    let n = |what: &str| lines.iter().filter(|l| l.contains(what)).count() as u64;
    let t = &report.counts.tally;
    let total = |m: &BTreeMap<muster_engine::AppKey, u64>| m.values().sum::<u64>();
    let pairs = [
        ("created", t.created, n(": created ")),
        ("deactivated", t.deactivated, n(&format!("→ {}", UserStatus::Deprovisioned))),
        ("suspended", t.suspended, n(&format!("→ {}", UserStatus::Suspended))),
        ("memberships added", t.memberships_added, n(": joins ")),
        ("memberships removed", t.memberships_removed.values().sum(), n(": leaves ")),
        ("assigned", total(&t.assigned), n(": gets ")),
        ("unassigned", total(&t.unassigned), n(": loses ") + n(": keeps ")),
        ("accounts created", total(&t.accounts_created), n("Absent → Active") + n("Absent → Inactive")),
        ("accounts deactivated", total(&t.accounts_deactivated), n("Active → Inactive")),
        ("accounts deleted", total(&t.accounts_deleted), n("ctive → Absent")),
    ];
    for (what, says, is) in pairs {
        law(says == is, || format!("the plan counts {says} {what}, the store shows {is}"))?;
    }
    Ok(())
}
