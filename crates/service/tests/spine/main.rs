//! The spine on real data: feed, people, rules, apps, preview, apply, undo.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deltas;
mod guards;
mod imported;
mod losses;
mod matching;
mod narrow;
mod numbers;
mod protected;
mod renamed;
mod undo;
mod windows;

use std::path::{Path, PathBuf};

use muster_engine::Millis;
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::{Actor, ImportOptions, Muster};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

fn day(text: &str) -> Millis {
    Millis(format!("{text}T00:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn admin() -> Actor {
    Actor::operator("test")
}

fn open(dir: &Path) -> Muster {
    let muster = Muster::open(dir, true, Some("1992-01-01T00:00:00Z")).unwrap();
    let secret = dir.join("token");
    std::fs::write(&secret, "secret\n").unwrap();
    let text = std::fs::read_to_string(demo().join("org.toml"))
        .unwrap()
        .replace("{{directory_url}}", "http://127.0.0.1:9/scim/v2")
        .replace("{{crm_url}}", "http://127.0.0.1:9/scim/v2")
        .replace("env:MUSTER_DEMO_TOKEN", &format!("file:{}", secret.display()));
    let applied = muster.org_apply(&admin(), "org.toml", &text, ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(applied.report.status, PlanStatus::Applied);
    let again = muster.org_apply(&admin(), "org.toml", &text, ImportOptions::default(), &Quiet).unwrap();
    assert!(again.items.is_empty(), "{:?}", again.items);
    assert_eq!(again.report.plan, None);
    muster
}

fn feed(day: &str) -> PathBuf {
    demo().join(format!("hr-employees/hr-{day}.csv.gz"))
}

/// A feed of an id and a department.
const ORG: &str = r#"
    [groups.Sales]
    [apps.hr]
    kind = "csv"
    [apps.hr.feed]
    key = "id"
    [apps.hr.feed.columns]
    id = "string"
    dept = "string"
    [apps.hr.source]
    [apps.hr.to_user]
    login = '"user" + appuser.id'
    firstName = '"A"'
    lastName = '"B"'
    email = '"user" + appuser.id + "@x.example"'
    department = 'appuser.dept'
"#;

#[test]
fn three_snapshots_of_a_real_company_come_in_and_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let muster = open(dir.path());
    let import = |day: &str, preview: bool, force: bool| {
        muster.import_file(&admin(), "hr", &feed(day), ImportOptions { preview, force }, &Quiet).unwrap()
    };
    let shown = import("1992-01-01", true, false);
    assert_eq!(shown.status, PlanStatus::Planned);
    assert_eq!(shown.counts.tally.created, 4373, "{:?}", shown.notes);
    let first = import("1992-01-01", false, false);
    assert_eq!(first.status, PlanStatus::Applied);
    assert_eq!(first.counts.tally, shown.counts.tally);
    assert_eq!(first.notes.problems, Vec::new());
    let again = import("1992-01-01", false, false);
    assert_eq!(again.counts.tally.changed, 0);

    muster.set_clock(day("1992-04-01")).unwrap();
    let second = import("1992-04-01", false, false);
    assert_eq!(second.counts.tally.created, 184);
    assert_eq!(second.counts.tally.deactivated, 14);
    let undone = muster.undo(&admin(), second.plan.unwrap(), ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(undone.status, PlanStatus::Applied, "{:?}", undone.notes);
    assert_eq!(undone.counts.tally.reactivated, 14);
    assert_eq!(undone.counts.tally.deactivated, 184);
    let held = import("1992-04-01", false, false);
    assert_eq!(held.status, PlanStatus::Held, "the same feed was undone");
    let redone = import("1992-04-01", false, true);
    assert_eq!(redone.status, PlanStatus::Applied);
    assert_eq!(redone.counts.tally.reactivated, 184);
}

#[test]
fn a_deleted_rule_leaves_its_members_and_undo_gives_them_back_to_it() {
    const RULE: &str = r#"
        [rules."In sales"]
        when = 'user.department == "Sales"'
        groups = ["Sales"]
    "#;
    let dir = tempfile::tempdir().unwrap();
    let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap();
    let apply = |text: &str| {
        muster.org_apply(&admin(), "org.toml", text, ImportOptions::default(), &Quiet).unwrap().report
    };
    let import = |text: &str| {
        let content = text.as_bytes();
        muster.import(&admin(), "hr", "feed.csv", content, ImportOptions::default(), &Quiet).unwrap()
    };
    let members = || {
        let config = muster.config().unwrap();
        let (group, _) = config.org.group_named("Sales").unwrap();
        muster.store().read(|tx| muster_store::lookups::group_size(tx, group.0)).unwrap()
    };
    apply(&format!("{ORG}{RULE}"));
    import("id,dept\n1,Sales\n2,Sales\n3,Lab\n");
    assert_eq!(members(), 2);
    let deleted = apply(ORG);
    assert_eq!(members(), 2, "who was a member stays");
    assert_eq!(deleted.counts.tally.changed, 0);
    import("id,dept\n1,Sales\n2,Lab\n3,Sales\n");
    assert_eq!(members(), 2, "nobody comes and nobody goes by a rule that isn't there");
    let undone = muster.undo(&admin(), deleted.plan.unwrap(), ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(undone.status, PlanStatus::Applied);
    let config = muster.config().unwrap();
    assert!(config.org.rule_named("In sales").is_some());
    assert_eq!(members(), 2, "the rule decides again: the second left, the third came");
    assert_eq!(undone.counts.tally.memberships_added, 1);
}
