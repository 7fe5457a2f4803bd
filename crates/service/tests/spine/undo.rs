//! Undo where the world has moved on.

use muster_service::ImportOptions;
use muster_service::plan::{PlanStatus, Quiet};

use crate::admin;

const ORG: &str = r#"
    [attributes.employeeNumber]
    unique = true
    [apps.hr]
    kind = "csv"
    [apps.hr.feed]
    key = "id"
    [apps.hr.feed.columns]
    id = "string"
    num = "string"
    [apps.hr.source]
    match_on = ["employeeNumber"]
    [apps.hr.to_user]
    login = '"user" + appuser.num'
    firstName = '"A"'
    lastName = '"B"'
    email = '"user" + appuser.num + "@x.example"'
    employeeNumber = 'appuser.num'
"#;

#[test]
fn a_record_that_has_become_somebody_elses_isnt_given_back_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let muster = muster_service::Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap();
    let options = ImportOptions { preview: false, force: true };
    muster.org_apply(&admin(), "org.toml", ORG, options, &Quiet).unwrap();
    let import = |text: &str| {
        muster.import(&admin(), "hr", "f.csv", text.as_bytes(), options, &Quiet).unwrap().plan.unwrap()
    };
    let attributes =
        [("employeeNumber", "1"), ("firstName", "A"), ("lastName", "B"), ("email", "a@x.example")];
    let attributes = attributes.iter().map(|(n, v)| ((*n).to_owned(), (*v).into())).collect();
    muster.user_create(&admin(), "ann.b", &attributes, true, options).unwrap();
    let linked = import("id,num\nk1,1\n");
    let undone = muster.undo(&admin(), linked, options, &Quiet).unwrap().plan.unwrap();
    // The key is somebody else's now.
    import("id,num\nk1,2\n");
    let again = muster.undo(&admin(), undone, options, &Quiet).unwrap();
    assert_eq!((again.status, again.counts.changed_since), (PlanStatus::Applied, 1), "{:?}", again.notes);
    assert!(muster.find_user("user2").is_ok() && muster.find_user("ann.b").is_ok());
}
