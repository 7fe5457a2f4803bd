//! What no plan touches: protected people and groups, and whoever asks for it.

use muster_engine::model::Transition;
use muster_engine::plan::FindingKind;
use muster_service::edit::{Assignee, AssignmentTerms};
use muster_service::plan::{PlanReport, PlanStatus, Quiet};
use muster_service::{Door, ImportOptions, Muster, NewToken, Right};
use secrecy::ExposeSecret as _;

use crate::admin;
use crate::guards::{World, rows, world};

const OPTIONS: ImportOptions = ImportOptions { preview: false, force: false };
const FORCE: ImportOptions = ImportOptions { preview: false, force: true };
const PROTECTED: &str = "[org]\nprotected_users = [\"user7\"]\n";
const CRM: &str = "[apps.crm]\nkind = \"manual\"\n[apps.crm.provisioning]\n";

/// It is held for a protected thing, whatever is forced.
fn is_held(muster: &Muster, report: &PlanReport) -> String {
    let found: Vec<_> = report.notes.findings.iter().filter(|f| !f.waivable).collect();
    assert_eq!(report.status, PlanStatus::Held, "{:?}", report.notes);
    assert!(!found.is_empty() && found.iter().all(|f| f.kind == FindingKind::Protected), "{found:?}");
    let applied = muster.apply_plan(&admin(), report.plan.unwrap(), true, &Quiet).unwrap();
    assert_eq!(applied.status, PlanStatus::Held, "a person's yes doesn't waive it");
    found.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn guarded(more: &str) -> World {
    let world = world();
    let report = world.org(&format!("{PROTECTED}{more}"), false);
    assert_eq!(report.status, PlanStatus::Applied);
    world
}

#[test]
fn a_protected_person_is_ended_by_no_feed_and_no_admin() {
    let world = guarded("");
    let told = is_held(&world.muster, &world.import(&rows((0..7).chain(8..120)), true));
    assert_eq!(told, "user7 is protected and would become DEPROVISIONED");
    for transition in [Transition::Suspend, Transition::Deactivate] {
        let report = world.muster.user_transition(&admin(), "user7", transition, FORCE).unwrap();
        is_held(&world.muster, &report);
        let other = world.muster.user_transition(&admin(), "user8", transition, OPTIONS).unwrap();
        assert_eq!(other.status, PlanStatus::Applied);
    }
    // She may change otherwise, and others may leave.
    assert_eq!(world.import(&rows(0..110).replace("7,Lab", "7,Desk"), false).status, PlanStatus::Applied);
}

#[test]
fn nothing_is_taken_from_a_protected_person_in_a_big_plan_either() {
    let world = guarded("");
    let muster = Muster::open(world.dir.path(), false, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(5);
    let feed = rows((0..7).chain(8..120));
    let held = muster.import(&admin(), "hr", "feed.csv", feed.as_bytes(), FORCE, &Quiet).unwrap();
    is_held(&muster, &held);
}

#[test]
fn a_protected_person_keeps_her_groups_and_apps() {
    let world = guarded(CRM);
    let (muster, actor) = (&world.muster, admin());
    let config = muster.config().unwrap();
    let app = muster.find_app(&config, "crm").unwrap();
    let terms = AssignmentTerms::default;
    for login in ["user7", "user8"] {
        let user = Assignee::User(muster.find_user(login).unwrap());
        muster.group_add(&actor, "Sales", login, None, OPTIONS).unwrap();
        muster.assign(&actor, &user, app, terms(), OPTIONS).unwrap();
        let taken = [
            muster.group_remove(&actor, "Sales", login, FORCE).unwrap(),
            muster.unassign(&actor, &user, app, FORCE).unwrap(),
        ];
        for report in taken {
            if login == "user7" {
                is_held(muster, &report);
            } else {
                assert_eq!(report.status, PlanStatus::Applied);
            }
        }
    }
    let told = is_held(muster, &muster.group_delete(&actor, "Sales", FORCE).unwrap());
    assert_eq!(told, "user7 is protected and would lose the group Sales");
    is_held(muster, &world.org(PROTECTED, true));
}

#[test]
fn protection_is_taken_away_by_a_change_of_its_own() {
    let world = guarded(CRM);
    let (muster, actor) = (&world.muster, admin());
    let app = muster.find_app(&muster.config().unwrap(), "crm").unwrap();
    let user = Assignee::User(muster.find_user("user7").unwrap());
    muster.assign(&actor, &user, app, AssignmentTerms::default(), OPTIONS).unwrap();
    // The app goes together with the protection.
    is_held(muster, &world.org("", true));
    assert_eq!(world.org(CRM, false).status, PlanStatus::Applied);
    assert_eq!(world.org("", false).status, PlanStatus::Applied);
    assert!(muster.find_app(&muster.config().unwrap(), "crm").is_err());
}

#[test]
fn a_new_login_is_no_way_around_protection() {
    let world = guarded("");
    let renamed = crate::ORG.replace("'\"user\" + appuser.id'", "'\"person\" + appuser.id'");
    let text = format!("{PROTECTED}{renamed}");
    world.muster.org_apply(&admin(), "org.toml", &text, OPTIONS, &Quiet).unwrap();
    assert!(world.muster.find_user("person7").is_ok());
    let told = is_held(&world.muster, &world.import(&rows((0..7).chain(8..120)), true));
    assert!(told.contains("person7 is protected"), "{told}");
    let written = world.muster.org_export().unwrap();
    assert!(written.contains("protected_users = [\"person7\"]"), "{written}");
}

#[test]
fn people_have_to_be_known_to_be_protected() {
    let world = world();
    let text = format!("[org]\nprotected_users = [\"nobody\"]\n{}", crate::ORG);
    let told = world.muster.org_apply(&admin(), "org.toml", &text, OPTIONS, &Quiet).unwrap_err().to_string();
    assert!(told.contains("2:20: org.protected_users: nobody has the login \"nobody\""), "{told}");
}

const GROUP: &str = "[groups.Keys]\nprotected = true\n";
const RULE: &str = "[rules.r]\nwhen = 'user.department == \"Lab\"'\ngroups = [\"Keys\"]\n";

#[test]
fn a_protected_group_keeps_its_members_and_stays() {
    let world = world();
    assert_eq!(world.org(&format!("{GROUP}{RULE}"), false).status, PlanStatus::Applied);
    let told = is_held(&world.muster, &world.import(&rows(0..120).replace("\n5,Lab", "\n5,Desk"), true));
    assert_eq!(told, "the group Keys is protected and would lose 1 members");
    is_held(&world.muster, &world.muster.group_remove(&admin(), "Keys", "user5", FORCE).unwrap());
    // Also where nobody would be taken from it: it is there to stay, and so is its protection within the same step.
    let without = world.org(&RULE.replace("Keys", "Sales"), true);
    assert!(is_held(&world.muster, &without).contains("the group Keys is protected and would be deleted"));
    let at_once = format!("[groups.Keys]\n{}", RULE.replace("Lab", "Desk"));
    is_held(&world.muster, &world.org(&at_once, true));
    // Who comes is welcome; who leaves the org keeps her groups.
    assert_eq!(world.import(&rows(1..121), false).status, PlanStatus::Applied);
    assert_eq!(world.org(&format!("[groups.Keys]\n{RULE}"), false).status, PlanStatus::Applied);
    assert_eq!(world.org(&at_once, true).status, PlanStatus::Applied);
}

#[test]
fn nobody_is_locked_out_by_her_own_token() {
    let world = world();
    let door = Door::new(std::sync::Arc::new(world.muster));
    let muster = Muster::open(world.dir.path(), false, Some("2027-01-01T00:00:00Z")).unwrap();
    let token = |name: &str, user: Option<&str>| {
        let new = NewToken {
            name: name.to_owned(),
            right: Right::Admin,
            expires: None,
            user: user.map(str::to_owned),
        };
        muster.token_create(&admin(), &new).unwrap().1
    };
    let (own, program) = (token("own", Some("user7")), token("program", None));
    let session = |token: &secrecy::SecretString| door.enter(token.expose_secret()).unwrap();
    for transition in [Transition::Suspend, Transition::Deactivate] {
        let her = session(&own);
        let report = her.user_transition(&her.actor, "user7", transition, FORCE).unwrap();
        let found: Vec<_> = report.notes.findings.iter().map(|f| (f.kind, f.waivable)).collect();
        assert_eq!((report.status, &found[..]), (PlanStatus::Held, &[(FindingKind::SelfLockOut, false)][..]));
        let plan = report.plan.unwrap();
        assert_eq!(her.apply_plan(&her.actor, plan, true, &Quiet).unwrap().status, PlanStatus::Held);
        let other = her.user_transition(&her.actor, "user8", transition, OPTIONS).unwrap();
        assert_eq!(other.status, PlanStatus::Applied, "others she may end");
    }
    // A feed of hers without her is the same; a program's token belongs to nobody.
    let her = session(&own);
    let feed = rows((0..7).chain(9..120));
    let import = |session: &muster_service::Session| {
        session.import(&session.actor, "hr", "feed.csv", feed.as_bytes(), OPTIONS, &Quiet).unwrap()
    };
    assert_eq!(import(&her).notes.findings[0].kind, FindingKind::SelfLockOut);
    assert_eq!(import(&session(&program)).status, PlanStatus::Applied);
    assert!(door.enter(own.expose_secret()).is_err(), "that is what it would have been");
}
