//! A change of the configuration looks only at people it can touch.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use muster_engine::Value;
use muster_engine::model::{RuleStatus, Transition};
use muster_service::edit::{Assignee, AssignmentTerms};
use muster_service::plan::{PlanReport, PlanStatus, Progress, Quiet};
use muster_service::{ImportOptions, Muster};

use crate::{ORG, admin};

const PEOPLE: u64 = 3_000;
const DEPARTMENTS: u64 = 30;
const EACH: u64 = PEOPLE / DEPARTMENTS;

fn open(dir: &Path) -> Muster {
    Muster::open(dir, true, Some("2027-01-01T00:00:00Z")).unwrap()
}

/// How much a change takes away isn't the matter here.
fn apply(muster: &Muster, text: &str) -> PlanReport {
    let options = ImportOptions { preview: false, force: true };
    muster.org_apply(&admin(), "org.toml", text, options, &Quiet).unwrap().report
}

/// So many people in departments of equal size.
fn peopled(dir: &Path, people: u64) -> Muster {
    let muster = open(dir);
    apply(&muster, ORG);
    let mut feed = String::from("id,dept\n");
    for n in 0..people {
        writeln!(feed, "{n},D{}", n % DEPARTMENTS).unwrap();
    }
    let done =
        muster.import(&admin(), "hr", "feed.csv", feed.as_bytes(), ImportOptions::default(), &Quiet).unwrap();
    assert_eq!((done.status, done.counts.tally.created), (PlanStatus::Applied, people));
    muster
}

fn rule(when: &str) -> String {
    format!("[rules.\"In sales\"]\nwhen = '{when}'\ngroups = [\"Sales\"]\n")
}

fn members(muster: &Muster) -> u64 {
    let (group, _) = muster.config().unwrap().org.group_named("Sales").map(|(k, g)| (k, g.clone())).unwrap();
    muster.store().read(|tx| muster_store::lookups::group_size(tx, group.0)).unwrap() as u64
}

/// How many people a plan derived, and how many of them it changed.
fn looked(report: &PlanReport) -> (u64, u64) {
    assert_eq!(report.status, PlanStatus::Applied, "{:?}", report.notes);
    (report.counts.tally.people, report.counts.tally.changed)
}

#[test]
fn only_those_a_change_can_touch_are_derived() {
    let dir = tempfile::tempdir().unwrap();
    let muster = peopled(dir.path(), PEOPLE);
    let org = |more: &str| looked(&apply(&muster, &format!("{ORG}{more}")));
    let seven = rule("user.department == \"D7\"");
    assert_eq!(org(&seven), (EACH, EACH), "who comes to match");
    assert_eq!(members(&muster), EACH);
    let eight = rule("user.department == \"D8\"");
    assert_eq!(org(&eight), (2 * EACH, 2 * EACH), "who matched before, and who does now");
    let more = rule("user.department == \"D8\" OR user.department == \"D9\"");
    assert_eq!(org(&more), (EACH, EACH), "who matches either way is left alone");
    let one = rule("user.login == \"user12\"");
    assert_eq!(org(&one), (2 * EACH + 1, 2 * EACH + 1));
    let other = rule("user.login == \"user13\"");
    assert_eq!(org(&other), (2, 2), "known by a unique attribute");
    assert_eq!(org(&seven), (EACH + 1, EACH + 1));

    let target = |more: &str| {
        format!(
            "{seven}[apps.crm]\nkind = \"manual\"\n[apps.crm.provisioning]\n\
             [apps.crm.groups.Sales]\n[apps.crm.to_app]\ndept = 'user.department'\n{more}"
        )
    };
    assert_eq!(org(&target("")), (EACH, EACH), "members of the group it is assigned to");
    assert_eq!(org(&target("login = 'user.login'\n")), (EACH, EACH), "who has an account there");
    assert_eq!(org(&target("")), (EACH, EACH));
    let named =
        target("").replace("[apps.crm]", "[attributes.badge]\ntitle = \"Badge\"\n[groups.New]\n[apps.crm]");
    assert_eq!(org(&named), (0, 0), "an attribute and a group nobody has");

    let off =
        muster.rule_status(&admin(), "In sales", RuleStatus::Inactive, ImportOptions::default()).unwrap();
    assert_eq!(looked(&off), (EACH, 0), "its members, who stay");
    let undone = muster.undo(&admin(), off.plan.unwrap(), ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(looked(&undone), (EACH, 0));
    assert_eq!(members(&muster), EACH);

    let everybody = ORG.replacen("[groups.Sales]", "[org]\ntimezone = \"Europe/Vienna\"\n[groups.Sales]", 1);
    let moved = apply(&muster, &format!("{everybody}{named}"));
    assert_eq!(looked(&moved), (PEOPLE, 0), "a zone is everybody's");
}

/// Does something once, at the first step of a phase.
pub(crate) struct Meanwhile<'a> {
    phase: &'static str,
    done: AtomicBool,
    what: Box<dyn Fn() + Sync + 'a>,
}

impl<'a> Meanwhile<'a> {
    pub(crate) fn at(phase: &'static str, what: impl Fn() + Sync + 'a) -> Self {
        Self { phase, done: AtomicBool::new(false), what: Box::new(what) }
    }
}

impl Progress for Meanwhile<'_> {
    fn step(&self, phase: &str, _: u64, _: u64) {
        if phase == self.phase && !self.done.swap(true, Ordering::Relaxed) {
            (self.what)();
        }
    }
}

#[test]
fn who_comes_to_match_after_people_were_selected_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    let muster = peopled(dir.path(), 60);
    let other = open(dir.path());
    let meanwhile = Meanwhile::at("working out", || {
        let row = [("department".to_owned(), Value::from("D7"))];
        let names = [("firstName", "A"), ("lastName", "B"), ("email", "eve@x.example")];
        let all = row.into_iter().chain(names.map(|(n, v)| (n.to_owned(), Value::from(v)))).collect();
        other.user_create(&admin(), "evelyn", &all, true, ImportOptions::default()).unwrap();
    });
    let text = format!("{ORG}{}", rule("user.department == \"D7\""));
    let applied =
        muster.org_apply(&admin(), "org.toml", &text, ImportOptions::default(), &meanwhile).unwrap().report;
    assert_eq!(applied.status, PlanStatus::Applied);
    assert_eq!(members(&muster), 3);
}

#[test]
fn nobody_keeps_a_membership_that_the_rule_did_not_give() {
    let dir = tempfile::tempdir().unwrap();
    let muster = peopled(dir.path(), 60);
    apply(&muster, &format!("{ORG}{}", rule("user.department == \"D7\"")));
    let options = ImportOptions::default();
    muster.group_add(&admin(), "Sales", "user1", None, options).unwrap();
    assert_eq!(members(&muster), 3);
    let off = muster.rule_status(&admin(), "In sales", RuleStatus::Inactive, options).unwrap();
    assert_eq!(looked(&off), (3, 0));
    // Written long after, under a version that came long after.
    apply(&muster, &format!("{ORG}[groups.New]\n{}active = false\n", rule("user.department == \"D7\"")));
    muster.group_remove(&admin(), "Sales", "user1", options).unwrap();
    assert_eq!(members(&muster), 2, "she was a member by hand");
    muster.user_transition(&admin(), "user7", Transition::Suspend, options).unwrap();
    assert_eq!(members(&muster), 2, "who was one by the rule still is");
}

#[test]
fn a_version_that_comes_between_a_run_and_its_end_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let muster = peopled(dir.path(), 120).with_chunk(2);
    let other = open(dir.path());
    let options = ImportOptions::default();
    // While the run walks, the rule it brings is deactivated, and an app is given to its group.
    let meanwhile = Meanwhile::at("applying", || {
        other.rule_status(&admin(), "In sales", RuleStatus::Inactive, options).unwrap();
        let config = other.config().unwrap();
        let (group, _) = config.org.group_named("Sales").unwrap();
        let app = other.find_app(&config, "crm").unwrap();
        other.assign(&admin(), &Assignee::Group(group), app, AssignmentTerms::default(), options).unwrap();
    });
    let crm = "[apps.crm]\nkind = \"manual\"\n[apps.crm.provisioning]\n";
    let text = format!("{ORG}{crm}{}", rule("user.department == \"D7\" OR user.department == \"D8\""));
    let applied = muster.org_apply(&admin(), "org.toml", &text, options, &meanwhile).unwrap().report;
    assert_eq!(applied.status, PlanStatus::Applied);
    assert_eq!(members(&muster), 0, "whom the run came to later finds the rule inactive");
    let on = muster.rule_status(&admin(), "In sales", RuleStatus::Active, options).unwrap();
    assert_eq!(looked(&on), (8, 8));
    let accounts = muster.store().read(muster_store::lookups::account_counts).unwrap();
    assert_eq!(accounts.iter().map(|c| c.assigned).sum::<i64>(), 8);
}
