//! What is out of use goes, what is needed stays.

use muster_service::look::LogFilter;
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::{ImportOptions, NewToken, Right};
use muster_store::{cleanup as stored, feeds, plans};

use crate::{World, admin, at};

const KEPT: &str = "[org.retention]\nlog = 30\nundo = 30\nplans = 30\nfeeds = 30\ntasks = 30\nmail = 30";

impl World {
    /// Cleans up at a time, and gives what came of it.
    fn clean(&self, time: &str) -> String {
        // A row of its own time is there only once somebody has looked.
        self.run();
        self.clock(time);
        let mut runs = self.run_of("cleanup");
        assert_eq!(runs.len(), 1, "{runs:?}");
        let run = runs.remove(0);
        assert!(!run.failed, "{}", run.outcome);
        run.outcome
    }

    fn chunks(&self) -> i64 {
        let db = rusqlite::Connection::open(self.muster.dir().join("muster.db")).unwrap();
        db.query_row("SELECT COUNT(*) FROM feed_chunk", [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn an_old_plan_says_that_it_can_not_be_undone_any_more() {
    let world = World::new(KEPT);
    let old = world.import(1..=150).plan.unwrap();
    world.clock("2027-01-20T00:00:00Z");
    let young = world.import(1..=149).plan.unwrap();
    let told = world.clean("2027-02-05T03:00:00Z");
    assert!(told.contains("blocks by which plans could be undone"), "{told}");
    let undo = |plan| world.muster.undo(&admin(), plan, ImportOptions::default(), &Quiet);
    let error = undo(old).unwrap_err().to_string();
    assert!(error.contains("can't be undone any more") && error.contains("now 30 days"), "{error}");
    assert_eq!(undo(young).unwrap().status, PlanStatus::Applied);
    assert_eq!(world.people(), 150);
}

#[test]
fn guards_and_held_plans_find_what_they_need() {
    let world = World::new(KEPT);
    world.import(1..=200);
    let held = world.import(1..=80);
    assert_eq!(held.status, PlanStatus::Held);
    let shown = ImportOptions { preview: true, force: false };
    let text = crate::rows(1..=201);
    let shown = world.muster.import(&admin(), "hr", "b.csv", text.as_bytes(), shown, &Quiet).unwrap();
    assert_eq!(world.chunks(), 3);
    world.clean("2027-03-01T03:00:00Z");
    // Once the plan that was shown is gone, its feed isn't needed either.
    world.clean("2027-03-02T03:00:00Z");
    assert_eq!(world.chunks(), 1, "the held plan's feed is still there");
    assert!(world.muster.plan(shown.plan.unwrap()).unwrap_err().to_string().contains("no plan"));
    // The guard still knows how long the last feed was.
    let cut = world.import(1..=90);
    let findings: Vec<String> = cut.notes.findings.iter().map(|f| f.message.clone()).collect();
    assert!(findings.iter().any(|f| f.contains("cut short")), "{findings:?}");
    let applied = world.muster.apply_plan(&admin(), cut.plan.unwrap(), false, &Quiet).unwrap();
    assert_eq!(applied.status, PlanStatus::Applied);
}

#[test]
fn a_held_plan_can_be_applied_after_its_time() {
    let world = World::new(KEPT);
    world.import(1..=200);
    let held = world.import(1..=80).plan.unwrap();
    world.clean("2027-06-01T03:00:00Z");
    let applied = world.muster.apply_plan(&admin(), held, false, &Quiet).unwrap();
    assert_eq!(applied.counts.tally.deactivated, 120);
}

#[test]
fn a_feed_that_was_undone_is_remembered_and_a_waiting_undo_keeps_its_plan() {
    let world = World::new(KEPT);
    let first = world.import(1..=200).plan.unwrap();
    let second = world.import(1..=190).plan.unwrap();
    world.muster.undo(&admin(), second, ImportOptions::default(), &Quiet).unwrap();
    // Undoing the first would deactivate everybody: that is held.
    let undo = world.muster.undo(&admin(), first, ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(undo.status, PlanStatus::Held);
    world.clean("2027-06-01T03:00:00Z");
    let gone = |plan: muster_engine::PlanKey| {
        world.muster.store().read(|tx| stored::inverse_is_gone(tx, plan.0)).unwrap()
    };
    assert!(gone(second) && !gone(first));
    let again = world.import(1..=190);
    assert!(again.notes.findings.iter().any(|f| f.message.contains("undone before")), "{:?}", again.notes);
    let applied = world.muster.apply_plan(&admin(), undo.plan.unwrap(), false, &Quiet).unwrap();
    assert_eq!(applied.counts.tally.deactivated, 200);
}

#[test]
fn hours_that_no_guard_counts_any_more_go() {
    let world = World::new(KEPT);
    world.import(1..=150);
    world.clock("2027-01-20T00:00:00Z");
    world.import(1..=145);
    world.clock("2027-01-20T09:00:00Z");
    world.import(1..=140);
    let hours = || -> i64 {
        let db = rusqlite::Connection::open(world.muster.dir().join("muster.db")).unwrap();
        db.query_row("SELECT COUNT(DISTINCT bucket) FROM guard_window", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(hours(), 2);
    let told = world.clean("2027-01-21T03:00:00Z");
    assert!(told.contains("hours of what plans took away"), "{told}");
    assert_eq!(hours(), 1, "the second hour counts still");
}

#[test]
fn logs_tasks_mails_and_tokens_go_and_the_log_goes_on() {
    let world = World::new(&format!("{KEPT}\n[org]\nadmins = [\"it@example.org\"]"));
    world.import(1..=3);
    for name in ["short", "long"] {
        let until = if name == "short" { "2027-01-02T00:00:00Z" } else { "2028-01-01T00:00:00Z" };
        let expires = Some(at(until));
        let new = NewToken { name: name.to_owned(), right: Right::Read, expires, user: None };
        world.muster.token_create(&admin(), &new).unwrap();
    }
    // A failed import is a task, and a mail to the admins.
    world.run();
    world.clock("2027-01-01T06:00:00Z");
    world.run();
    world.muster.notify().unwrap();
    world.deliver(1..=3);
    world.clock("2027-01-01T06:01:00Z");
    world.run();
    assert_eq!(world.open_tasks("job_failed"), [""; 0]);
    let position = world.muster.store().read(muster_store::log::last_position).unwrap();
    assert!(position > 5);
    let told = world.clean("2027-03-01T03:00:00Z");
    for what in ["blocks of the log", "1 done tasks", "1 mails", "1 expired tokens"] {
        assert!(told.contains(what), "{what}: {told}");
    }
    let names: Vec<String> = world.muster.tokens().unwrap().into_iter().map(|token| token.name).collect();
    assert_eq!(names, ["long"]);
    // Positions go on where they stood, so that who polls misses nothing and sees nothing twice.
    let rest = world.muster.log_after(&LogFilter::default(), 0, 1_000).unwrap().events;
    assert!(rest.iter().all(|event| event.position >= position), "{rest:?}");
    assert_eq!(world.events("muster.job.cleanup").len(), 1);
    let (feeds, plans) = world
        .muster
        .store()
        .read(|tx| Ok((feeds::last_feed(tx, 0, "")?, plans::plans_before(tx, i64::MAX, &["APPLIED"], 9)?)))
        .unwrap();
    assert!(feeds.is_none() && plans.len() >= 2, "applied plans stay to be read");
}

#[test]
fn what_is_kept_for_ever_stays() {
    let kept = KEPT.replace("30", "0");
    let world = World::new(&kept);
    let plan = world.import(1..=150).plan.unwrap();
    assert_eq!(world.clean("2037-01-01T03:00:00Z"), "nothing to clear away");
    let undone = world.muster.undo(&admin(), plan, ImportOptions { preview: true, force: false }, &Quiet);
    assert_eq!(undone.unwrap().counts.tally.deactivated, 150);
}
