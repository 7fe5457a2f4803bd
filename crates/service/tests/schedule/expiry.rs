//! The last day of an app.

use muster_service::ImportOptions;
use muster_service::edit::{Assignee, AssignmentTerms};
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::tasks::TaskFilter;

use crate::{World, admin};

const JOB: &str = "expiry:survey";
const WARNING: &str = "app_expires";

/// An app for everybody in the lab, with what is said of its last day.
fn survey(expiry: &str) -> String {
    format!(
        r#"
        [groups.Lab]
        [rules.Lab]
        when = 'user.department == "Lab"'
        groups = ["Lab"]
        [apps.survey]
        kind = "manual"
        groups = ["Lab"]
        {expiry}
        [apps.survey.provisioning]
        grace_days = 5
        "#
    )
}

const LAST: &str = "expires = 2027-03-31\nwarn_days = 10";

impl World {
    /// How many people have the survey.
    fn holders(&self) -> usize {
        self.muster.app_users("survey", None, None, 1000).unwrap().items.len()
    }

    fn warnings(&self) -> Vec<String> {
        self.run();
        self.open_tasks(WARNING)
    }
}

#[test]
fn the_owner_is_warned_once_and_when_the_day_is_over_nobody_has_the_app() {
    let world = World::new(&survey(LAST));
    world.import(1..=3);
    assert_eq!((world.warnings(), world.holders()), (vec![], 3));
    assert_eq!(world.job(JOB).next.as_deref(), Some("2027-03-21T00:00:00.000Z"));
    world.clock("2027-03-21T00:00:00Z");
    assert_eq!(world.warnings(), ["2027-03-31 is the last day of survey"]);
    let task =
        world.muster.tasks(&TaskFilter::default()).unwrap().into_iter().find(|t| t.kind == WARNING).unwrap();
    world.muster.task_done(&admin(), &[task.key]).unwrap();
    world.clock("2027-03-31T23:59:59Z");
    assert_eq!((world.warnings(), world.holders()), (vec![], 3), "she has said that she knows");
    world.clock("2027-04-01T00:00:00Z");
    let runs = world.run_of(JOB);
    assert!(!runs[0].failed && runs[0].outcome.contains("2027-03-31 is over: plan"), "{runs:?}");
    assert_eq!(world.holders(), 0, "no grace keeps it");
    assert_eq!(world.run_of(JOB), []);
    world.import(1..=4);
    assert_eq!(world.holders(), 0, "nor does anybody new have it");
    // The same file says nothing new; a later day does.
    world.org("0 6 * * *", &survey(LAST));
    assert_eq!(world.holders(), 0);
    world.org("0 6 * * *", &survey("expires = 2027-12-31"));
    assert_eq!((world.warnings(), world.holders()), (vec![], 4));
}

#[test]
fn a_day_that_is_moved_or_taken_away_ends_the_warning() {
    let world = World::new(&survey(LAST));
    for later in [survey("expires = 2027-12-31"), survey("")] {
        world.org("0 6 * * *", &survey(LAST));
        world.clock("2027-03-25T00:00:00Z");
        assert_eq!(world.warnings().len(), 1);
        world.org("0 6 * * *", &later);
        assert_eq!(world.warnings(), Vec::<String>::new());
    }
}

#[test]
fn guards_hold_the_end_of_an_app_and_nothing_else_waits_for_it() {
    let world = World::new(&survey(LAST));
    world.import(1..=200);
    let user = Assignee::User(world.muster.find_user("user7").unwrap());
    let until = AssignmentTerms { until: Some(crate::at("2027-04-02T00:00:00Z")), ..Default::default() };
    let config = world.muster.config().unwrap();
    let door = world.muster.find_app(&config, "door").unwrap();
    world.muster.assign(&admin(), &user, door, until, ImportOptions::default()).unwrap();
    world.clock("2027-04-01T00:00:00Z");
    let runs = world.run_of(JOB);
    assert!(runs[0].outcome.contains("is held"), "{runs:?}");
    assert_eq!(world.holders(), 200);
    world.clock("2027-04-03T00:00:00Z");
    world.run();
    assert_eq!(world.muster.app_users("door", None, None, 10).unwrap().items.len(), 0, "her own date came");
    let held = world.muster.status().unwrap().held_plans[0];
    let applied = world.muster.apply_plan(&admin(), held, false, &Quiet).unwrap();
    assert_eq!((applied.status, world.holders()), (PlanStatus::Applied, 0));
    let undone = world.muster.undo(&admin(), held, ImportOptions::default(), &Quiet).unwrap();
    assert_eq!((undone.status, world.holders()), (PlanStatus::Applied, 200));
    world.run();
    assert_eq!(world.holders(), 200, "what was undone isn't done again by itself");
}
