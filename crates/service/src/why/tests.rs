//! One small org: two sources, a rule that reads a group, an app by group, one worked by hand.

use std::path::Path;

use muster_engine::Millis;
use muster_engine::model::UserStatus;

use super::{Why, WhyAbout};
use crate::look::{AccountFilter, LogFilter, SyncState, UserFilter};
use crate::plan::{PlanStatus, Quiet};
use crate::{Actor, ImportOptions, Muster, ServiceError};

const ORG: &str = r#"
[org]
name = "Example"
admins = ["it@example.com"]

[attributes.employeeNumber]
unique = true

[attributes.costCenter]
pattern = "[0-9]+"

[links.manager]
attribute = "managerId"
matches = "employeeNumber"

[groups]
Sales = "Sellers"
Leads = "Who leads sellers"
Empty = "Nobody yet"

[rules."Sales by department"]
when = 'user.department == "Sales" AND NOT String.startsWith(user.title, "Trainee")'
groups = ["Sales"]

[rules."Leads"]
when = 'isMemberOfGroupName("Sales") AND user.title == "Lead"'
groups = ["Leads"]

[apps.hr]
kind = "csv"

[apps.hr.feed]
key = "number"
[apps.hr.feed.columns]
number = { required = true }
name = { required = true }
department = "string"
title = "string"
phone = "string"
center = "string"
manager = "string"

[apps.hr.source]
priority = 1
match_on = ["employeeNumber"]

[apps.hr.to_user]
login = { expression = 'String.toLowerCase(appuser.name) + "@example.com"', taken = "counter" }
employeeNumber = 'appuser.number'
displayName = 'appuser.name'
firstName = 'appuser.name'
lastName = 'appuser.name'
email = 'String.toLowerCase(appuser.name) + "@example.com"'
department = 'appuser.department'
title = 'appuser.title'
primaryPhone = 'appuser.phone'
managerId = 'appuser.manager'

[apps.phones]
kind = "csv"

[apps.phones.feed]
key = "id"
[apps.phones.feed.columns]
id = { required = true }
line = "string"

[apps.phones.source]
priority = 2
match_on = ["employeeNumber"]

[apps.phones.to_user]
employeeNumber = 'appuser.id'
primaryPhone = 'appuser.line'

[apps.crm]
kind = "manual"

[apps.crm.to_app]
userName = 'user.login'
boss = 'user.getLinkedObject("manager").displayName'

[apps.crm.provisioning]
owner = "crm@example.com"

[apps.crm.groups."Sales"]
priority = 3
profile = { role = "Seller" }
"#;

const HR: &str = "number,name,department,title,phone,center,manager\n\
    1,Ann,Sales,Lead,100,7,\n\
    2,Bob,Sales,Trainee,,7,1\n\
    3,Cid,Research,,300,,1\n\
    4,ann,Sales,Seller,400,,1\n";

const PHONES: &str = "id,line\n1,111\n3,\n";

fn actor() -> Actor {
    Actor::operator("boss")
}

fn org(dir: &Path) -> Muster {
    let muster = Muster::open(dir, true, Some("1992-01-01T00:00:00Z")).unwrap();
    let applied = muster.org_apply(&actor(), "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(applied.report.status, PlanStatus::Applied);
    for (app, text) in [("hr", HR), ("phones", PHONES)] {
        let file = dir.join(format!("{app}.csv"));
        std::fs::write(&file, text).unwrap();
        let report = muster.import_file(&actor(), app, &file, ImportOptions::default(), &Quiet).unwrap();
        assert_eq!(report.status, PlanStatus::Applied, "{:?}", report.notes);
        muster.set_clock(Millis(muster.now().0 + 86_400_000)).unwrap();
    }
    muster
}

fn about(kind: &str, name: &str) -> WhyAbout {
    let name = Some(name.to_owned());
    match kind {
        "group" => WhyAbout { group: name, ..WhyAbout::default() },
        "app" => WhyAbout { app: name, ..WhyAbout::default() },
        _ => WhyAbout { attribute: name, ..WhyAbout::default() },
    }
}

fn has(why: &Why, part: &str) {
    let text = why.to_string();
    assert!(text.contains(part), "{part:?} isn't in\n{text}");
}

#[test]
fn everything_is_told_down_to_source_rule_and_time() {
    let dir = tempfile::tempdir().unwrap();
    let muster = org(dir.path());
    let why = muster.why("ann@example.com", &WhyAbout::default()).unwrap();
    has(&why, "hr says so: record 1, living, on 1992-01-01 with plan 2");
    has(
        &why,
        "department = \"Sales\"\n    from department = \"Sales\" of hr record 1, imported on 1992-01-01",
    );
    has(&why, "not \"111\" (phones, record 1): hr comes first");
    has(&why, "rule \"Sales by department\" holds");
    has(&why, "member of Everyone since 1992-01-01");
    has(&why, "as a member of Sales (priority 3)");
    has(&why, "role = \"Seller\": given by Sales");
    let json = serde_json::to_value(&why).unwrap();
    assert_eq!(json["apps"][0]["scope"], "GROUP");
    assert_eq!(json["attributes"][0]["since"]["at"], "1992-01-01T00:00:00.000Z");
    let second = muster.why("ann2@example.com", &WhyAbout::default()).unwrap();
    has(&second, "\"ann@example.com\" was somebody else's already, so a counter was added");
    has(
        &second,
        "boss = \"Ann\": from manager (who is looked up by) = \"1\", manager's displayName = \"Ann\"",
    );
}

#[test]
fn what_somebody_has_not_is_told_too() {
    let dir = tempfile::tempdir().unwrap();
    let muster = org(dir.path());
    let bob = muster.why("bob", &about("group", "Sales")).unwrap();
    has(&bob, "not a member of Sales\n    rule \"Sales by department\" doesn't hold");
    has(&bob, "NOT String.startsWith(user.title, \"Trainee\") doesn't hold");
    has(&bob, "user.title = \"Trainee\"");
    assert!(!bob.to_string().contains("user.department = "), "what holds doesn't decide\n{bob}");
    has(&muster.why("bob", &about("group", "Empty")).unwrap(), "no rule fills it");
    let app = muster.why("cid", &about("app", "crm")).unwrap();
    has(&app, "Sales gives it, and the person isn't a member");
    has(&app, "department = \"Research\"");
    has(&muster.why("cid", &about("app", "hr")).unwrap(), "hr is a source only");
    has(&muster.why("cid", &about("attribute", "title")).unwrap(), "title is empty there");
    has(&muster.why("cid", &about("attribute", "nickName")).unwrap(), "no source maps it");
    let phone = muster.why("bob", &about("attribute", "primaryPhone")).unwrap();
    has(&phone, "phones maps it (from appuser.line), but has no record of this person");
}

#[test]
fn words_by_hand_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let muster = org(dir.path());
    let options = ImportOptions::default();
    muster.group_add(&actor(), "Empty", "cid@example.com", None, options).unwrap();
    has(&muster.why("cid", &about("group", "Empty")).unwrap(), "added by hand on 1992-01-03, with plan");
    muster.group_remove(&actor(), "Sales", "ann@example.com", options).unwrap();
    has(&muster.why("ann", &about("group", "Sales")).unwrap(), "taken out by hand on 1992-01-03");
    let app = muster.why("ann", &about("app", "crm")).unwrap();
    assert!(!app.apps[0].assigned);
    has(&app, "hasn't crm");
    muster
        .user_transition(&actor(), "cid@example.com", muster_engine::model::Transition::Deactivate, options)
        .unwrap();
    has(&muster.why("cid", &about("app", "crm")).unwrap(), "who has left has no apps");
    has(&muster.why("cid", &WhyAbout::default()).unwrap(), "an admin said so on 1992-01-03");
}

#[test]
fn unknown_names_are_met_with_near_ones() {
    let dir = tempfile::tempdir().unwrap();
    let muster = org(dir.path());
    let told = |login: &str, about: &WhyAbout| match muster.why(login, about) {
        Err(ServiceError::NotFound(told)) => told,
        other => panic!("{other:?}"),
    };
    assert!(told("bobb", &WhyAbout::default()).contains("did you mean \"bob\"?"));
    assert!(told("bob", &about("group", "Sale")).contains("did you mean \"Sales\"?"));
    assert!(told("bob", &about("app", "crn")).contains("did you mean \"crm\"?"));
    assert!(told("bob", &about("attribute", "departmnt")).contains("did you mean \"department\"?"));
    assert!(muster.why("BOB@EXAMPLE.COM", &WhyAbout::default()).is_ok());
}

#[test]
fn lists_are_paged_and_named_as_okta_names_them() {
    let dir = tempfile::tempdir().unwrap();
    let muster = org(dir.path());
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = muster.users(&UserFilter::default(), after.as_deref(), 3).unwrap();
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 4);
    let json = serde_json::to_value(&all[0]).unwrap();
    assert_eq!(json["profile"]["login"], "ann@example.com");
    assert_eq!(json["statusChanged"], "1992-01-01T00:00:00.000Z");
    let filter = UserFilter { status: Some(UserStatus::Active), search: Some("res".into()) };
    assert_eq!(muster.users(&filter, None, 10).unwrap().items.len(), 1);
    let detail = muster.user("ann").unwrap();
    assert_eq!(
        detail.groups.iter().map(|g| g.profile.name.as_str()).collect::<Vec<_>>(),
        ["Everyone", "Leads", "Sales"]
    );
    assert_eq!(detail.records.len(), 2);
    let groups = muster.groups().unwrap();
    let sizes: Vec<_> = groups.iter().filter_map(|g| g.embedded).map(|e| e.stats.users_count).collect();
    assert_eq!(sizes, [0, 4, 1, 2], "Empty, Everyone, Leads, Sales");
    assert_eq!(muster.rules().unwrap().len(), 2);
    let apps = muster.apps().unwrap();
    let crm = apps.iter().find(|a| a.name == "crm").unwrap();
    assert_eq!((crm.accounts.assigned, crm.accounts.dirty), (2, 2));
    let of_crm = AccountFilter { app: Some("crm".into()), ..AccountFilter::default() };
    let first = muster.accounts(&of_crm, None, 1).unwrap();
    let second = muster.accounts(&of_crm, first.next.as_deref(), 1).unwrap();
    assert_ne!(first.items[0].account_id, second.items[0].account_id);
    let every = muster.accounts(&AccountFilter::default(), None, 1).unwrap();
    assert_eq!(every.items, first.items);
    let in_line = AccountFilter { state: Some(SyncState::InLine), ..AccountFilter::default() };
    assert_eq!(muster.accounts(&in_line, None, 10).unwrap().items, []);
    let status = muster.status().unwrap();
    assert_eq!((status.users, status.accounts().assigned, status.rules), (4, 2, 2));
}

#[test]
fn the_log_reads_the_same_in_both_directions() {
    let dir = tempfile::tempdir().unwrap();
    let muster = org(dir.path());
    let filter = LogFilter::default();
    let mut forwards = Vec::new();
    let mut after = 0;
    loop {
        let page = muster.log_after(&filter, after, 5).unwrap();
        after = page.next.unwrap();
        if page.events.is_empty() {
            break;
        }
        forwards.extend(page.events);
    }
    let mut backwards = Vec::new();
    let mut before = None;
    loop {
        let page = muster.log_newest(&filter, before, 4).unwrap();
        backwards.extend(page.events);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    backwards.reverse();
    assert_eq!(forwards, backwards);
    assert_eq!(
        forwards.iter().map(|e| e.position).collect::<Vec<_>>(),
        (1..=forwards.len() as i64).collect::<Vec<_>>()
    );
    let of_bob = LogFilter { user: Some("bob".into()), ..LogFilter::default() };
    let bob = muster.log_newest(&of_bob, None, 100).unwrap().events;
    assert!(bob.iter().any(|e| e.event_type == "user.lifecycle.create"));
    assert!(bob.iter().all(|e| e.target[0].alternate_id.as_deref() == Some("bob@example.com")));
    assert_eq!(muster.log_after(&of_bob, 0, 100).unwrap().events.len(), bob.len());
    let joined = LogFilter { event_type: Some("group.user_membership.*".into()), ..LogFilter::default() };
    let joined = muster.log_newest(&joined, None, 100).unwrap().events;
    assert_eq!(joined.len(), 3 + 2, "three memberships, two rules");
    let json = serde_json::to_value(&joined[0]).unwrap();
    assert_eq!(json["target"][1]["type"], "UserGroup");
    assert_eq!(json["debugContext"]["debugData"]["plan"], 2);
}

#[test]
fn sources_that_could_give_a_value_and_do_not_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let muster = org(dir.path());
    // Both sources map the phone: hr gives Ann's, phones gives another, and Bob has none from either.
    let ann = muster.why("ann@example.com", &about("attribute", "primaryPhone")).unwrap();
    has(&ann, "not \"111\" (phones, record 1): hr comes first");
    let cid = muster.why("cid@example.com", &about("attribute", "primaryPhone")).unwrap();
    has(&cid, "phones record 3 maps it from appuser.line, and line is empty there");
    let file = dir.path().join("phones.csv");
    std::fs::write(&file, "id,line\n3,\n").unwrap();
    let options = ImportOptions { preview: false, force: true };
    muster.import_file(&actor(), "phones", &file, options, &Quiet).unwrap();
    let ann = muster.why("ann@example.com", &about("attribute", "primaryPhone")).unwrap();
    has(&ann, "phones maps it (from appuser.line), but its record has ended");
    let status = WhyAbout { status: true, ..WhyAbout::default() };
    let told = muster.why("ann@example.com", &status).unwrap();
    assert!(told.status.is_some() && told.attributes.is_empty() && told.groups.is_empty());
    has(&told, "besides: phones had a record that ended, 1");
}
