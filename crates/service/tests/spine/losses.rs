//! Guards over what people lose besides their place: groups, values, accounts.

use std::fmt::Write as _;

use muster_engine::plan::{Finding, FindingKind, Limit};
use muster_service::plan::PlanStatus;

use crate::guards::{World, rows, world};

/// A feed of ids with a department each.
fn feed(people: impl IntoIterator<Item = (u32, &'static str)>) -> String {
    let mut text = "id,dept\n".to_owned();
    for (id, department) in people {
        writeln!(text, "{id},{department}").unwrap();
    }
    text
}

/// So many people are in another department than the rest; nobody leaves.
fn moved(n: u32, department: &'static str) -> String {
    feed((0..120).map(|id| (id, if id < n { department } else { "Lab" })))
}

const LAB: &str = r#"
    [rules."In the lab"]
    when = 'user.department == "Lab"'
    groups = ["Sales"]
"#;

/// An org whose 120 people are all in a group, and of whom all have an app by it.
fn grouped(more: &str) -> World {
    let world = world();
    let crm = r#"
        [apps.crm]
        kind = "manual"
        groups = ["Sales"]
        [apps.crm.provisioning]
        on_unassign = "delete"
    "#;
    let guards = "[org.guard]\napps = { percent = 100 }\ndeletions = { percent = 100 }\n";
    assert_eq!(world.org(&format!("{guards}{more}{LAB}{crm}"), false).status, PlanStatus::Applied);
    world
}

#[test]
fn too_many_who_lose_a_group_are_held_and_one_fewer_are_not() {
    let world = grouped("");
    assert_eq!(world.finds(&moved(24, "Desk")), [], "24 of 120 are 20 %");
    let found = world.found(&moved(25, "Desk"));
    let config = world.muster.config().unwrap();
    let group = config.org.group_named("Sales").unwrap().0;
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        finding,
        &Finding {
            n: Some(25),
            of: Some(120),
            limit: Some(Limit::Percent(20)),
            group: Some(group),
            people: ["user0", "user1", "user10", "user11", "user12"].map(str::to_owned).to_vec(),
            ..Finding::new(
                FindingKind::GroupLost,
                "25 of 120 members would leave the group Sales (at most 20 % at once)".to_owned(),
                true
            )
        }
    );
    // Leavers keep their groups, and are counted as what they are.
    assert_eq!(world.finds(&rows(25..120)), [FindingKind::PeopleEnd]);
}

#[test]
fn only_those_who_have_not_left_are_a_groups_members_to_a_guard() {
    let world = grouped("");
    assert_eq!(world.import(&rows(10..120), false).status, PlanStatus::Applied);
    let left = |n: u32| feed((10..120).map(|id| (id, if id < 10 + n { "Desk" } else { "Lab" })));
    assert_eq!(world.finds(&left(22)), [], "22 of 110 are 20 %");
    assert_eq!(world.finds(&left(23)), [FindingKind::GroupLost]);
}

#[test]
fn a_group_that_goes_is_lost_to_all_its_members() {
    let world = world();
    assert_eq!(world.org(LAB, false).status, PlanStatus::Applied);
    let held = world.org("", false);
    assert_eq!(held.status, PlanStatus::Applied, "a deleted rule leaves its members");
    let options = muster_service::ImportOptions::default();
    let held = world.muster.group_delete(&crate::admin(), "Sales", options).unwrap();
    assert_eq!(held.status, PlanStatus::Held);
    assert_eq!(held.notes.findings[0].kind, FindingKind::GroupLost);
}

#[test]
fn a_group_may_have_limits_of_its_own() {
    let world = world();
    let own = LAB.replace("Sales", "Few");
    let org = format!("[groups.Few]\nguard = {{ count = 2 }}\n{own}");
    assert_eq!(world.org(&org, false).status, PlanStatus::Applied);
    assert_eq!(world.finds(&moved(2, "Desk")), []);
    assert_eq!(world.found(&moved(3, "Desk"))[0].limit, Some(Limit::Count(2)));
}

#[test]
fn too_many_who_lose_a_value_are_held_and_one_fewer_are_not() {
    let world = world();
    assert_eq!(world.finds(&moved(24, "")), []);
    let found = world.found(&moved(25, ""));
    assert_eq!((found.len(), found[0].kind), (1, FindingKind::ValueLost));
    assert_eq!(found[0].attribute.as_deref(), Some("department"));
    assert_eq!(found[0].message, "25 of 120 people would have no department any more (at most 20 % at once)");
    assert_eq!(world.finds(&moved(120, "Desk")), [], "another value is no lost one");
}

#[test]
fn a_column_that_is_empty_throughout_is_held_also_where_few_had_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let muster = muster_service::Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap();
    let world = World { muster, dir };
    world.org("", false);
    let some = |n: u32| feed((0..900).map(|id| (id, if id < n { "Lab" } else { "" })));
    assert_eq!(world.import(&some(100), false).status, PlanStatus::Applied);
    let found = world.found(&some(0));
    assert_eq!((found.len(), found[0].n, found[0].of), (1, Some(100), Some(100)), "{found:?}");
    assert_eq!(world.finds(&some(80)), [], "20 of the 100 who have a value");
    // The whole column is missing from the file.
    let mut without = "id\n".to_owned();
    (0..900).for_each(|id| writeln!(without, "{id}").unwrap());
    let read = world.muster.import(
        &crate::admin(),
        "hr",
        "feed.csv",
        without.as_bytes(),
        muster_service::ImportOptions::default(),
        &muster_service::plan::Quiet,
    );
    assert!(read.unwrap_err().to_string().contains("dept"));
}

#[test]
fn values_and_groups_that_go_with_a_leaver_are_not_counted() {
    let world = world();
    let limits = "[org.guard]\ngroups = { count = 0 }\nattributes = { count = 0 }\n";
    assert_eq!(world.org(&format!("{limits}{LAB}"), false).status, PlanStatus::Applied);
    assert_eq!(world.finds(&rows(20..120)), []);
    assert_eq!(world.finds(&moved(1, "")), [FindingKind::GroupLost, FindingKind::ValueLost]);
}

#[test]
fn a_link_that_leads_to_nobody_is_no_lost_value() {
    let world = world();
    let org = r#"
        [org.guard]
        attributes = { count = 0 }
        [attributes.employeeNumber]
        unique = true
        [links.manager]
        attribute = "managerId"
        matches = "employeeNumber"
    "#;
    let mapped = crate::ORG
        .replace("department = 'appuser.dept'", "employeeNumber = 'appuser.id'\nmanagerId = 'appuser.dept'");
    let force = muster_service::ImportOptions { preview: false, force: true };
    let quiet = &muster_service::plan::Quiet;
    world.muster.org_apply(&crate::admin(), "org.toml", &format!("{org}{mapped}"), force, quiet).unwrap();
    let all = feed((0..120).map(|id| (id, "119")));
    assert_eq!(world.import(&all, true).status, PlanStatus::Applied);
    assert_eq!(world.finds(&feed((0..119).map(|id| (id, "119")))), [], "whom they link to has left");
    assert_eq!(world.finds(&feed((0..120).map(|id| (id, "999")))), [], "nobody has that number");
    assert_eq!(world.finds(&feed((0..120).map(|id| (id, "")))), [FindingKind::ValueLost]);
}

#[test]
fn too_many_deleted_accounts_are_held_before_too_many_lost_apps_are() {
    let world = grouped("");
    let looser = LAB.to_owned()
        + r#"
        [apps.crm]
        kind = "manual"
        groups = ["Sales"]
        [apps.crm.provisioning]
        on_unassign = "delete"
    "#;
    assert_eq!(world.org(&looser, false).status, PlanStatus::Applied);
    assert_eq!(world.finds(&moved(6, "Desk")), [], "6 of 120 accounts are 5 %");
    let found = world.found(&moved(7, "Desk"));
    let app = world.muster.config().unwrap().org.app_named("crm").unwrap().0;
    assert_eq!(
        found.iter().map(|f| (f.kind, f.app, f.n, f.of)).collect::<Vec<_>>(),
        [
            (FindingKind::AccountsDeleted, None, Some(7), Some(120)),
            (FindingKind::AccountsDeleted, Some(app), Some(7), Some(120)),
        ]
    );
    assert_eq!(found[1].message, "7 of 120 accounts would be deleted in crm (at most 5 % at once)");
    // Disabled ones come back.
    assert_eq!(world.org(&looser.replace("\"delete\"", "\"deactivate\""), false).status, PlanStatus::Applied);
    assert_eq!(world.finds(&moved(7, "Desk")), []);
}

#[test]
fn too_many_who_lose_an_app_are_held_and_one_fewer_are_not() {
    let world = world();
    let org = format!(
        "[org.guard]\ngroups = {{ percent = 100 }}\n{LAB}[apps.crm]\nkind = \"manual\"\ngroups = [\"Sales\"]\n[apps.crm.provisioning]\n"
    );
    assert_eq!(world.org(&org, false).status, PlanStatus::Applied);
    assert_eq!(world.finds(&moved(24, "Desk")), []);
    let found = world.found(&moved(25, "Desk"));
    assert_eq!((found.len(), found[0].kind), (1, FindingKind::AppLost), "{found:?}");
    assert!(found[0].app.is_some());
}
