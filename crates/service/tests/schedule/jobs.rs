//! Times, leases, failures.

use std::sync::Barrier;

use muster_service::ImportOptions;
use muster_service::edit::{Assignee, AssignmentTerms};
use muster_service::plan::PlanStatus;
use muster_service::schedule::{Lane, Stop};
use muster_store::schedule as stored;

use crate::{World, admin, at, machine};

const IMPORT: &str = "import:hr";

#[test]
fn missed_imports_are_caught_up_once() {
    let world = World::new("");
    world.deliver(1..=3);
    assert_eq!(world.run_of(IMPORT), [], "it isn't six yet");
    assert_eq!(world.job(IMPORT).next.as_deref(), Some("2027-01-01T06:00:00.000Z"));
    world.clock("2027-01-01T06:00:00Z");
    let runs = world.run_of(IMPORT);
    assert_eq!(runs.len(), 1);
    assert!(!runs[0].failed && runs[0].outcome.contains("3 created"), "{runs:?}");
    assert_eq!(world.people(), 3);
    assert_eq!(world.run_of(IMPORT), [], "done for today");
    // Ten days without a server.
    world.deliver(1..=4);
    world.clock("2027-01-11T12:00:00Z");
    assert_eq!(world.run_of(IMPORT).len(), 1);
    assert_eq!(world.run_of(IMPORT), []);
    let job = world.job(IMPORT);
    assert_eq!(job.next.as_deref(), Some("2027-01-12T06:00:00.000Z"));
    assert_eq!(job.last.as_deref(), Some("2027-01-11T12:00:00.000Z"));
    assert!(job.outcome.unwrap().contains("1 created"));
    let events = world.events("system.import.schedule");
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].outcome.result, "SUCCESS");
    assert_eq!(world.people(), 4);
}

#[test]
fn another_schedule_is_planned_anew_and_none_is_none() {
    let world = World::new("");
    world.run();
    world.org("0 7 * * *", "");
    world.clock("2027-01-01T06:30:00Z");
    assert_eq!(world.run_of(IMPORT), []);
    assert_eq!(world.job(IMPORT).next.as_deref(), Some("2027-01-01T07:00:00.000Z"));
    world.org("", "");
    world.clock("2027-01-02T00:00:00Z");
    assert_eq!(world.run_of(IMPORT), []);
    assert!(world.muster.jobs().unwrap().iter().all(|job| job.name != IMPORT));
    assert_eq!(world.muster.store().read(|tx| stored::schedule(tx, IMPORT)).unwrap(), None);
}

#[test]
fn of_many_nodes_one_does_it() {
    let world = World::new("");
    world.deliver(1..=3);
    world.run();
    world.clock("2027-01-01T06:00:00Z");
    let nodes: Vec<_> = (0..6).map(|_| world.node()).collect();
    let barrier = Barrier::new(nodes.len());
    let runs: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = nodes
            .iter()
            .map(|node| {
                scope.spawn(|| {
                    barrier.wait();
                    let runs = node.run_due_jobs(&admin()).unwrap();
                    runs.iter().filter(|run| run.name == IMPORT).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(runs, 1);
    assert_eq!(world.events("system.import.schedule").len(), 1);
    assert_eq!(world.events("system.import.complete").len(), 1);
}

#[test]
fn a_dead_nodes_job_is_taken_over_and_its_late_word_counts_for_nothing() {
    let world = World::new("");
    world.deliver(1..=3);
    world.run();
    world.clock("2027-01-01T06:00:00Z");
    let now = at("2027-01-01T06:00:00Z").0;
    let store = world.muster.store();
    let take = |until| store.write(|tx| stored::claim(tx, IMPORT, "other", now, machine(0), until)).unwrap();
    let other = take(machine(60_000)).unwrap();
    assert!(world.job(IMPORT).running);
    assert_eq!(world.run_of(IMPORT), [], "somebody is at it");
    // It dies: nobody renews its lease.
    store.write(|tx| stored::renew(tx, IMPORT, other.lease_token, machine(-1))).unwrap();
    assert_eq!(world.run_of(IMPORT).len(), 1);
    let late = stored::Ended { outcome: "late".to_owned(), ..stored::Ended::default() };
    assert!(!store.write(|tx| stored::end(tx, IMPORT, other.lease_token, &late)).unwrap());
    assert!(!store.write(|tx| stored::renew(tx, IMPORT, other.lease_token, machine(60_000))).unwrap());
    assert_eq!(world.job(IMPORT).next.as_deref(), Some("2027-01-02T06:00:00.000Z"));
}

#[test]
fn a_failure_is_told_by_a_task_and_tried_again_less_and_less_often() {
    let world = World::new("");
    world.run();
    let failed = |time: &str| {
        world.clock(time);
        let runs = world.run_of(IMPORT);
        assert!(runs.iter().all(|run| run.failed && run.outcome.contains("people.csv")), "{runs:?}");
        runs.len()
    };
    assert_eq!(failed("2027-01-01T06:00:00Z"), 1);
    assert_eq!(world.open_tasks("job_failed"), ["The scheduled job import:hr failed"]);
    assert_eq!(failed("2027-01-01T06:00:59Z"), 0);
    assert_eq!(failed("2027-01-01T06:01:00Z"), 1);
    assert_eq!(failed("2027-01-01T06:02:59Z"), 0);
    assert_eq!(failed("2027-01-01T06:03:00Z"), 1);
    assert_eq!(world.job(IMPORT).failures, 3);
    assert_eq!(world.open_tasks("job_failed"), ["The scheduled job import:hr failed 3 times in a row"]);
    assert_eq!(world.events("system.import.schedule").len(), 3);
    world.deliver(1..=3);
    world.clock("2027-01-01T06:07:00Z");
    assert_eq!(world.run_of(IMPORT).len(), 1);
    assert_eq!((world.job(IMPORT).failures, world.people()), (0, 3));
    assert_eq!(world.open_tasks("job_failed"), [""; 0]);
    assert_eq!(world.job(IMPORT).next.as_deref(), Some("2027-01-02T06:00:00.000Z"));
}

#[test]
fn a_held_import_is_no_failure() {
    let world = World::new("");
    world.import(1..=200);
    world.run();
    world.deliver(1..=5);
    world.clock("2027-01-01T06:00:00Z");
    let runs = world.run_of(IMPORT);
    assert!(!runs[0].failed && runs[0].outcome.contains("is held"), "{runs:?}");
    assert_eq!(world.job(IMPORT).next.as_deref(), Some("2027-01-02T06:00:00.000Z"));
    let held = world.muster.plans(None, 1).unwrap();
    assert_eq!(held[0].status, PlanStatus::Held);
}

#[test]
fn people_change_when_their_date_comes() {
    let world = World::new("");
    world.import(1..=2);
    let terms = AssignmentTerms { until: Some(at("2027-01-05T00:00:00Z")), ..AssignmentTerms::default() };
    let config = world.muster.config().unwrap();
    let user = Assignee::User(world.muster.find_user("user1").unwrap());
    let door = world.muster.find_app(&config, "door").unwrap();
    world.muster.assign(&admin(), &user, door, terms, ImportOptions::default()).unwrap();
    assert_eq!(world.run_of("due"), [], "nothing is due, nothing is written");
    assert_eq!(world.job("due").next.as_deref(), Some("2027-01-05T00:00:00.000Z"));
    world.clock("2027-01-05T00:00:00Z");
    let runs = world.run_of("due");
    assert!(runs.len() == 1 && runs[0].outcome.contains("1 people changed"), "{runs:?}");
    assert_eq!(world.run_of("due"), []);
    assert_eq!(world.job("due").next, None);
}

#[test]
fn the_scheduler_works_until_it_is_told_to_stop() {
    let world = World::new("");
    world.deliver(1..=3);
    world.run();
    world.clock("2027-01-01T06:00:00Z");
    let stop = Stop::new();
    std::thread::scope(|scope| {
        let lanes = [Lane::Imports, Lane::Others];
        let lanes = lanes.map(|lane| {
            scope.spawn({
                let (muster, stop) = (&world.muster, &stop);
                move || muster.scheduler(stop, lane)
            })
        });
        while world.job(IMPORT).last.is_none() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        // What another process changes wakes it: a feed that is due from now on.
        let node = world.node();
        node.store()
            .write(|tx| {
                let row = stored::schedule(tx, IMPORT)?.unwrap();
                stored::plan(tx, IMPORT, row.spec.as_deref().unwrap(), 0)
            })
            .unwrap();
        while world.events("system.import.schedule").len() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        stop.set();
        for lane in lanes {
            lane.join().unwrap();
        }
    });
    assert_eq!(world.people(), 3);
}
