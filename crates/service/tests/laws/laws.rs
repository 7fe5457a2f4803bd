//! One test a law, or a few that need the same preparations.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use muster_engine::PlanKey;
use muster_engine::model::OnUnassign;
use muster_service::plan::{MatchCounts, PlanReport, PlanStatus, Progress, Quiet};
use muster_service::{ImportOptions, Muster};
use muster_store::runs;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError, TestRunner};

use crate::identity::identity;
use crate::net::net;
use crate::sim::{APPLY, Broken, PREVIEW, Sim, admin, copy_dir, counted, law, open, store_effects, temp};
use crate::stored::{View, Views, comparable, difference, dump, index, people, views, waiting};
use crate::windows::{charged, windows};
use crate::world::{Life, SOURCES, Step, change, configuring, life, personal, world};

/// Runs a law over so many cases; a failure is told with the smallest world and life that show it.
pub(crate) fn check<S>(cases: u32, strategy: S, test: impl Fn(&S::Value) -> Result<(), Broken>)
where
    S: Strategy,
    S::Value: Debug,
{
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let config = ProptestConfig {
        cases: asked.unwrap_or(cases),
        rng_seed: if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(1) },
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&strategy, |case| test(&case).map_err(TestCaseError::fail));
    if let Err(e) = result {
        panic!("{e}");
    }
}

pub(crate) fn told<T>(result: Result<T, muster_service::ServiceError>) -> Result<T, Broken> {
    result.map_err(|e| format!("refused: {e}"))
}

/// Lives through all steps but those that are refused or held.
pub(crate) fn live(sim: &mut Sim, steps: &[Step]) {
    for step in steps {
        sim.outside(step);
        let _ = sim.act(step, APPLY);
    }
}

/// Laws 1, 2, 4 and 6 for one step.
fn one_step(sim: &mut Sim, step: &Step) -> Result<(), Broken> {
    let at = |what: &str, e: Broken| format!("{what} {step:?}\n{e}");
    sim.outside(step);
    let before = dump(&sim.muster);
    let was = views(&sim.muster);
    let them = people(&sim.muster);
    let untouched = |what: &str| {
        let after = dump(&sim.muster);
        law(before == after, || {
            at("touched the directory:", format!("{what}\n{}", difference(&before, &after)))
        })
    };
    let shown = sim.act(step, PREVIEW);
    untouched("a preview")?;
    let done = sim.act(step, APPLY);
    let (shown, mut done) = match (shown, done) {
        (Ok(shown), Ok(done)) => (shown, done),
        (Err(a), Err(b)) => {
            untouched("a refusal")?;
            return law(std::mem::discriminant(&a) == std::mem::discriminant(&b), || {
                at("", format!("preview: {a}\napply: {b}"))
            });
        }
        (shown, done) => {
            let shown = shown.map(|r| r.status);
            return Err(at(
                "only one of preview and apply was refused:",
                format!("{shown:?}\n{:?}", done.map(|r| r.status)),
            ));
        }
    };
    let promised = sim.effects(shown.plan);
    if done.status == PlanStatus::Held {
        untouched("a held plan")?;
        let kept = sim.effects(done.plan);
        law(kept == promised, || {
            at("a held plan's effects aren't the preview's:", difference(&promised, &kept))
        })?;
        let plan = done.plan.ok_or("a held plan without a key")?;
        if plan.0 % 2 == 0 {
            return told(sim.muster.discard_plan(&admin(), plan));
        }
        done = told(sim.muster.apply_plan(&admin(), plan, true, &Quiet))
            .map_err(|e| at("applying what was held:", e))?;
        if done.status == PlanStatus::Held {
            // A feed that can't be believed is never applied.
            return untouched("a plan held for good");
        }
    }
    let logged = sim.effects(done.plan);
    law(promised == logged, || {
        at("the preview differs from what was done:", difference(&promised, &logged))
    })?;
    let now = views(&sim.muster);
    let (happened, told) = (store_effects(&sim.org(), &was, &now), net(&sim.raw_effects(done.plan)));
    law(told == happened, || at("the log differs from what happened:", difference(&told, &happened)))?;
    law(shown.counts == done.counts, || at("counts", format!("{:?}\n{:?}", shown.counts, done.counts)))?;
    law(shown.notes.rejected == done.notes.rejected, || {
        at("rejected", format!("{:?}\n{:?}", shown.notes.rejected, done.notes.rejected))
    })?;
    counted(&logged, &done).map_err(|e| at("", e))?;
    // Which rows end a record is told by the feed alone where no dates do, and whose rows they are by numbers alone where
    // nobody is asked.
    if let Step::Feed { source, .. } = step
        && let org = sim.org()
        && let (app, settings) = org.app_named(SOURCES[*source]).unwrap()
        && settings.source.as_ref().is_some_and(|s| s.ends.is_none() && !s.confirm.check_names)
    {
        identity(&them, &people(&sim.muster), app, &sim.rosters[*source], &done).map_err(|e| at("", e))?;
    }
    sim.as_from_scratch().map_err(|e| at("after", e))?;
    index(&sim.muster).map_err(|e| at("the index of people", e))?;
    charged(&sim.muster).map_err(|e| at("the windows of guards", e))?;
    // A row left out for its rival's sake may come in the next time, when the rival has gone.
    if matches!(step, Step::Undo { .. }) || !done.notes.rejected.is_empty() {
        return Ok(());
    }
    let before = dump(&sim.muster);
    if let Ok(again) = sim.act(step, ImportOptions { force: true, ..APPLY }) {
        let after = dump(&sim.muster);
        let empty = again.counts.tally.changed == 0 && before == after;
        // A row that waited beside one that has found her since waits for her no more.
        let asked = matches!(step, Step::Feed { .. }) && again.counts.matches != MatchCounts::default();
        law(asked || empty, || at("the same again changes something:", difference(&before, &after)))?;
    }
    Ok(())
}

/// Laws 1 (from scratch), 2 (preview), 4 (again) and 6 (held, refused or only shown is untouched).
#[test]
fn every_step_of_a_life() {
    let strategy = (world(), life(4..12), prop_oneof![2 => 1usize..5, 1 => Just(2_000)]);
    check(200, strategy, |(world, Life(steps), chunk)| {
        let mut sim = Sim::new(world, steps, *chunk);
        for (no, step) in steps.iter().enumerate() {
            one_step(&mut sim, step).map_err(|e| format!("step {no}: {e}"))?;
        }
        Ok(())
    });
}

/// Whether the directory is again as it was; accounts that weren't there are unusable.
fn restored(sim: &Sim, before: &Views, after: &Views, made: bool) -> Result<(), Broken> {
    let org = sim.org();
    let mut out = Vec::new();
    for (user, was) in before {
        let now = &after[user];
        let mut differs = |what: &str, a: String, b: String| {
            if a != b {
                out.push(format!("user {user}: {what} was {a}, is {b}"));
            }
        };
        differs("status", was.status.clone(), now.status.clone());
        differs("profile", format!("{:?}", was.profile), format!("{:?}", now.profile));
        differs("groups", format!("{:?}", was.groups), format!("{:?}", now.groups));
        differs("links", format!("{:?}", was.links), format!("{:?}", now.links));
        differs("apps", format!("{:?}", was.apps), format!("{:?}", now.apps));
        for app in was.apps.keys() {
            // What isn't usable keeps the attributes it had last.
            let shown = |v: &View| {
                if v.state(*app) == "ACTIVE" { format!("{:?}", v.wanted.get(app)) } else { String::new() }
            };
            differs("account", shown(was), shown(now));
        }
        for app in now.wanted.keys().filter(|a| !was.apps.contains_key(a)) {
            let left = org.apps.get(&muster_engine::AppKey(*app)).and_then(|a| a.provisioning.as_ref());
            let left = left.is_none_or(|p| p.on_unassign == OnUnassign::Nothing);
            let active = now.state(*app) == "ACTIVE" && was.state(*app) != "ACTIVE" && !left;
            differs(
                "an account she hadn't",
                "unusable".to_owned(),
                if active { "ACTIVE" } else { "unusable" }.to_owned(),
            );
        }
    }
    for (user, now) in after.iter().filter(|(u, _)| !before.contains_key(u)) {
        if made && (now.status != "DEPROVISIONED" || !now.apps.is_empty()) {
            out.push(format!("user {user}, made by the plan, is {} with {:?}", now.status, now.apps));
        }
    }
    law(out.is_empty(), || out.join("\n"))
}

fn claims(muster: &Muster) -> BTreeMap<(String, String), i64> {
    let all = people(muster).into_iter().flat_map(|p| p.claims);
    all.map(|c| ((c.namespace, c.value), c.user_key)).collect()
}

/// Law 3: undo restores what the plan found; undo of undo restores what the undo found.
#[test]
fn undo_restores() {
    let last = prop_oneof![5 => change(), 1 => (1i64..5).prop_map(Step::Days)];
    let strategy = (world(), life(0..6), last, 1usize..5);
    check(200, strategy, |(world, Life(steps), last, chunk)| {
        let all: Vec<Step> = steps.iter().chain([last]).cloned().collect();
        let mut sim = Sim::new(world, &all, *chunk);
        live(&mut sim, steps);
        sim.outside(last);
        let force = ImportOptions { force: true, ..APPLY };
        let before = views(&sim.muster);
        let Ok(PlanReport { plan: Some(plan), status: PlanStatus::Applied, .. }) = sim.act(last, force)
        else {
            return Ok(());
        };
        let after = views(&sim.muster);
        // People whom the plan made stay known, so links to them go on leading there: that is not taken back.
        let number = |user: &i64| {
            after[user].profile.get("employeeNumber").and_then(|n| n.as_str()).map(str::to_lowercase)
        };
        let made: Vec<String> = after.keys().filter(|u| !before.contains_key(u)).filter_map(number).collect();
        if before.values().any(|v| v.links.values().any(|l| made.contains(l))) {
            return Ok(());
        }
        let owners = claims(&sim.muster);
        let undo = |plan: PlanKey, what: &str| -> Result<PlanKey, Broken> {
            let report = told(sim.muster.undo(&admin(), plan, force, &Quiet))?;
            law(report.status == PlanStatus::Applied && report.counts.changed_since == 0, || {
                format!("{what}: {:?} {:?}", report.status, report.notes)
            })?;
            sim.as_from_scratch().map_err(|e| format!("after {what}\n{e}"))?;
            Ok(report.plan.unwrap_or_default())
        };
        let undone = undo(plan, "the undo")?;
        restored(&sim, &before, &views(&sim.muster), true)
            .map_err(|e| format!("the undo of {last:?}\n{e}"))?;
        let kept = claims(&sim.muster);
        law(owners.iter().all(|(c, u)| kept.get(c) == Some(u)), || "claims are lost".to_owned())?;
        let redone = undo(undone, "the undo of the undo")?;
        restored(&sim, &after, &views(&sim.muster), false)
            .map_err(|e| format!("the undo of the undo of {last:?}\n{e}"))?;
        undo(redone, "the third undo")?;
        restored(&sim, &before, &views(&sim.muster), true)
            .map_err(|e| format!("the third undo of {last:?}\n{e}"))
    });
}

/// Law 5: changes that have nothing to do with each other may come in any order.
#[test]
fn independent_changes_commute() {
    let other = prop_oneof![
        personal(),
        configuring().prop_filter("keeps nothing of history", |s| {
            !matches!(
                s,
                Step::RuleStatus { active: false, .. } | Step::Once { .. } | Step::Rule { spec: None, .. }
            ) && !matches!(s, Step::Rule { spec: Some(r), .. } if !r.active)
        }),
    ];
    let strategy = (world(), life(0..5), personal(), other, 1usize..5);
    check(200, strategy, |(world, Life(steps), one, two, chunk)| {
        let all: Vec<Step> = steps.iter().chain([one, two]).cloned().collect();
        let mut first = Sim::new(world, &all, *chunk);
        live(&mut first, steps);
        if same_person(one, two, people(&first.muster).len()) || depend(one, two) {
            return Ok(());
        }
        let second = first.copy(*chunk);
        let force = ImportOptions { force: true, ..APPLY };
        let seen = |sim: &Sim, step: &Step| sim.act(step, force).map(|r| r.status).map_err(drop);
        let results = [seen(&first, one), seen(&first, two)];
        let mut others = [seen(&second, two), seen(&second, one)];
        others.reverse();
        law(results == others, || format!("{results:?}\n{others:?}"))?;
        let seen = |sim: &Sim| -> Vec<String> {
            views(&sim.muster)
                .into_iter()
                .map(|(user, v)| {
                    // Accounts that came and went in between are left as history.
                    let wanted: Vec<_> = v
                        .wanted
                        .iter()
                        .filter(|(a, w)| v.apps.contains_key(a) && w["state"] == "ACTIVE")
                        .collect();
                    format!("{user} {} {:?} {:?} {:?} {wanted:?}", v.status, v.profile, v.groups, v.apps)
                })
                .collect()
        };
        let (a, b) = (seen(&first), seen(&second));
        law(a == b, || format!("{one:?} and {two:?} don't commute:\n{}", difference(&a, &b)))?;
        second.as_from_scratch()
    });
}

fn person(step: &Step, of: usize) -> Option<usize> {
    match step {
        Step::Update { who, .. }
        | Step::Transition { who, .. }
        | Step::Group { who, .. }
        | Step::Link { who, .. }
        | Step::Assign { who, .. }
        | Step::Unassign { who, .. } => who.checked_rem(of),
        _ => None,
    }
}

fn same_person(one: &Step, two: &Step, of: usize) -> bool {
    of == 0 || person(one, of).is_some_and(|p| person(two, of) == Some(p))
}

/// Rivals for a claim; and taking somebody out of a group excludes her only if a rule fills it at that moment, kept
/// memberships go when the rule comes back.
fn depend(one: &Step, two: &Step) -> bool {
    let claims = |s: &Step| matches!(s, Step::Update { attribute: "employeeNumber", .. });
    let takes = |s: &Step| matches!(s, Step::Group { .. });
    let rules = |s: &Step| matches!(s, Step::Rule { .. } | Step::RuleStatus { .. });
    (claims(one) && claims(two)) || (takes(one) && rules(two)) || (takes(two) && rules(one))
}

/// Law 7: how a plan is cut doesn't matter, not even to rows that name one person.
#[test]
fn chunk_size_does_not_matter() {
    check(200, (world(), life(2..8), 1usize..4), |(world, Life(steps), chunk)| {
        let (mut small, mut big) = (Sim::new(world, steps, *chunk), Sim::new(world, steps, 2_000));
        for (no, step) in steps.iter().enumerate() {
            small.outside(step);
            big.outside(step);
            let (one, all) = (small.act(step, APPLY), big.act(step, APPLY));
            let [one, all] = [one, all].map(|r| r.map(|r| (r.status, r.counts)).map_err(|e| e.to_string()));
            law(one == all, || {
                format!("step {no}: {step:?}\nin chunks of {chunk}: {one:?}\nat once: {all:?}")
            })?;
            let (a, b) = (windows(&big.muster), windows(&small.muster));
            law(a == b, || {
                format!("step {no}: {step:?} in chunks of {chunk}: {b:?} is charged, at once {a:?}")
            })?;
            let waits = (waiting(&big.muster), waiting(&small.muster));
            law(waits.0 == waits.1, || format!("{step:?}\n{:#?}\n{:#?}", waits.0, waits.1))?;
            let (a, b) = (comparable(&big.muster), comparable(&small.muster));
            let lines = |all: &[_]| {
                all.iter()
                    .map(|p| format!("{p:#?}"))
                    .flat_map(|t| t.lines().map(str::to_owned).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            };
            law(a == b, || {
                format!("step {no}: {step:?} in chunks of {chunk}:\n{}", difference(&lines(&a), &lines(&b)))
            })?;
        }
        Ok(())
    });
}

/// Copies the store whenever a run has got on: what a process that dies there leaves behind.
pub(crate) struct Photographer<'a> {
    of: &'a Sim,
    pictures: Mutex<Vec<tempfile::TempDir>>,
}

impl<'a> Photographer<'a> {
    pub(crate) fn of(of: &'a Sim) -> Self {
        Self { of, pictures: Mutex::default() }
    }

    pub(crate) fn pictures(self) -> Vec<tempfile::TempDir> {
        self.pictures.into_inner().unwrap()
    }
}

impl Progress for Photographer<'_> {
    fn step(&self, phase: &str, _: u64, _: u64) {
        if phase == "applying" {
            let dir = temp();
            copy_dir(self.of.dir.path(), dir.path());
            self.pictures.lock().unwrap().push(dir);
        }
    }
}

fn out(views: &Views, user: i64) -> bool {
    views[&user].status == "DEPROVISIONED"
}

/// Law 8: a run that dies between any two chunks and is taken up again ends where it would have ended.
#[test]
fn interrupted_runs_end_the_same() {
    let last = prop_oneof![3 => change(), 1 => Just(Step::Undo { back: 0 })];
    check(80, (world(), life(0..4), last, 1usize..4), |(world, Life(steps), last, chunk)| {
        let all: Vec<Step> = steps.iter().chain([last]).cloned().collect();
        let mut sim = Sim::new(world, &all, *chunk);
        live(&mut sim, steps);
        sim.outside(last);
        let before = views(&sim.muster);
        let photographer = Photographer::of(&sim);
        let force = ImportOptions { force: true, ..APPLY };
        let Ok(report) = sim.act_with(last, force, &photographer) else { return Ok(()) };
        let (wanted, waits) = (comparable(&sim.muster), waiting(&sim.muster));
        let effects = sim.effects(report.plan);
        let after = views(&sim.muster);
        // Whom a feed keeps, it keeps all the time.
        let kept: Vec<i64> = before
            .keys()
            .filter(|u| matches!(last, Step::Feed { .. }) && !out(&before, **u) && !out(&after, **u))
            .copied()
            .collect();
        for (no, dir) in photographer.pictures().into_iter().enumerate() {
            let muster = open(dir.path(), *chunk);
            told(muster.set_clock(muster_engine::Millis(sim.now())))?;
            let now = views(&muster);
            law(!kept.iter().any(|u| out(&now, *u)), || format!("{last:?}: somebody is out at {no}"))?;
            // The lease of a process that is gone runs out.
            let unfinished = muster.store().read(runs::unfinished_runs).unwrap();
            for run in &unfinished {
                muster
                    .store()
                    .write(|tx| runs::end_run(tx, run.plan_key, run.lease_token, &run.phase, 0))
                    .unwrap();
            }
            let at = |e: Broken| format!("{last:?} stopped at {no} and taken up again:\n{e}");
            told(muster.resume_runs(&Quiet)).map_err(at)?;
            law(waiting(&muster) == waits, || at(format!("{waits:#?}\n{:#?}", waiting(&muster))))?;
            let got = comparable(&muster);
            let lines = |all: &[_]| {
                all.iter()
                    .map(|p| format!("{p:#?}"))
                    .flat_map(|t| t.lines().map(str::to_owned).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            };
            law(got == wanted, || at(difference(&lines(&wanted), &lines(&got))))?;
            let charged = windows(&muster);
            law(charged == windows(&sim.muster), || at(format!("{charged:?} is charged")))?;
            if let Some(plan) = report.plan {
                let end = told(muster.plan(plan))?;
                law(end.status == PlanStatus::Applied && end.counts == report.counts, || {
                    at(format!("{:?} {:?}, should be {:?}", end.status, end.counts, report.counts))
                })?;
                let again = Sim { muster, ..sim.copy(*chunk) };
                let logged = again.effects(Some(plan));
                law(logged == effects, || at(difference(&effects, &logged)))?;
            }
        }
        Ok(())
    });
}
