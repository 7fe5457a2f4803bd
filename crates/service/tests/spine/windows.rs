//! Many small changes that add up.

use muster_engine::Millis;
use muster_engine::model::{PlanKey, Transition};
use muster_engine::plan::{FindingKind, Limit, Window};
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::{ImportOptions, Muster};

use crate::guards::{World, rows, world};
use crate::narrow::Meanwhile;
use crate::{admin, day};

const OPTIONS: ImportOptions = ImportOptions { preview: false, force: false };
const HOUR: i64 = 3_600_000;

impl World {
    /// The feed without the first so many people, as it is imported for good.
    fn without(&self, n: u32) -> PlanStatus {
        self.import(&rows(n..120), false).status
    }

    /// So many hours after the world began.
    fn at(&self, hours: i64) {
        self.muster.set_clock(Millis(day("2027-01-01").0 + hours * HOUR)).unwrap();
    }

    fn undo(&self, plan: Option<PlanKey>) -> Option<PlanKey> {
        let report = self.muster.undo(&admin(), plan.unwrap(), OPTIONS, &Quiet).unwrap();
        assert_eq!(report.status, PlanStatus::Applied, "{:?}", report.notes);
        report.plan
    }

    /// What is charged, hour by hour.
    fn charged(&self) -> Vec<(String, i64, i64)> {
        let db = rusqlite::Connection::open(self.muster.dir().join("muster.db")).unwrap();
        let text = "SELECT what, bucket, SUM(taken) FROM guard_window GROUP BY what, bucket ORDER BY 1, 2";
        let mut all = db.prepare(text).unwrap();
        let first = day("2027-01-01").0 / HOUR;
        let rows =
            all.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? - first, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

#[test]
fn many_small_feeds_add_up() {
    let world = world();
    for gone in [8, 16, 24] {
        assert_eq!(world.without(gone), PlanStatus::Applied, "{gone} of 120 within the day");
        world.at(i64::from(gone) / 8);
    }
    let found = world.found(&rows(25..120));
    assert_eq!((found.len(), found[0].kind), (1, FindingKind::PeopleEnd));
    assert_eq!((found[0].n, found[0].of), (Some(25), Some(120)), "of those there were at its start");
    assert_eq!(found[0].window, Some(Window { hours: 24, before: 24 }));
    assert_eq!(found[0].people, ["user24"], "this plan's");
    assert_eq!(
        found[0].message,
        "25 of 120 people would be deactivated or suspended, 24 of them before this plan (at most 20 % within 24 hours)"
    );
    assert_eq!(world.without(25), PlanStatus::Held);
    // Who takes nothing away isn't held for what others took.
    assert_eq!(world.import(&rows(24..130), false).status, PlanStatus::Applied);
}

#[test]
fn a_window_passes() {
    let world = world();
    assert_eq!(world.without(24), PlanStatus::Applied);
    world.at(23);
    assert_eq!(world.finds(&rows(25..120)), [FindingKind::PeopleEnd]);
    world.at(24);
    assert_eq!(world.finds(&rows(25..120)), []);
}

#[test]
fn a_window_may_be_another_or_none() {
    let world = world();
    assert_eq!(world.without(24), PlanStatus::Applied);
    world.org("[org.guard]\nwindow_hours = 2\n", false);
    world.at(1);
    assert_eq!(world.finds(&rows(25..120)), [FindingKind::PeopleEnd]);
    world.at(2);
    assert_eq!(world.finds(&rows(25..120)), []);
    world.at(1);
    world.org("[org.guard]\nminimum = 50\nwindow_hours = 0\n", false);
    assert_eq!(world.finds(&rows(25..120)), []);
    assert_eq!(world.finds(&rows(48..120)), [FindingKind::PeopleEnd], "a plan alone is judged in any case");
}

#[test]
fn an_admins_word_about_one_person_is_never_too_much_but_counts() {
    let world = world();
    for n in 0..30 {
        let transition = if n % 2 == 0 { Transition::Suspend } else { Transition::Deactivate };
        let report =
            world.muster.user_transition(&admin(), &format!("user{n}"), transition, OPTIONS).unwrap();
        assert_eq!((report.status, report.notes.findings), (PlanStatus::Applied, vec![]), "person {n}");
    }
    assert_eq!(world.charged(), [("people".to_owned(), 0, 30)]);
    let found = world.found(&rows(31..120).replace("id,dept\n", "id,dept\n0,Lab\n1,Lab\n"));
    // Fifteen of those taken are suspended, and there still.
    assert_eq!((found[0].kind, found[0].of), (FindingKind::PeopleEnd, Some(120)), "{found:?}");
}

#[test]
fn changes_of_one_person_at_a_time_add_up_for_a_group() {
    let world = world();
    world.org(
        "[groups.Sales]\nguard = { count = 3 }\n".replace("[groups.Sales]", "[groups.Few]").as_str(),
        false,
    );
    for n in 0..9 {
        world.muster.group_add(&admin(), "Few", &format!("user{n}"), None, OPTIONS).unwrap();
    }
    let remove = |n: u32| world.muster.group_remove(&admin(), "Few", &format!("user{n}"), OPTIONS).unwrap();
    for n in 0..3 {
        assert_eq!(remove(n).status, PlanStatus::Applied);
    }
    let held = remove(3);
    assert_eq!(held.status, PlanStatus::Held);
    assert_eq!(held.notes.findings[0].kind, FindingKind::GroupLost);
    assert_eq!(held.notes.findings[0].limit, Some(Limit::Count(3)));
}

#[test]
fn values_and_accounts_that_go_bit_by_bit_add_up() {
    let world = world();
    let org = r#"
        [rules."In the lab"]
        when = 'user.department == "Lab" OR user.department == "Desk"'
        groups = ["Sales"]
        [apps.crm]
        kind = "manual"
        groups = ["Sales"]
        [apps.crm.provisioning]
        on_unassign = "delete"
    "#;
    assert_eq!(world.org(org, false).status, PlanStatus::Applied);
    let gone = |n: u32| {
        (0..n).fold(rows(0..120), |feed, id| feed.replace(&format!("\n{id},Lab"), &format!("\n{id},")))
    };
    for n in [2, 4, 6] {
        assert_eq!(world.import(&gone(n), false).status, PlanStatus::Applied);
    }
    let kinds = |n| -> Vec<_> { world.found(&gone(n)).into_iter().map(|f| (f.kind, f.n, f.of)).collect() };
    // Who has no department any more is out of the group, and her account goes.
    let deleted = (FindingKind::AccountsDeleted, Some(7), Some(120));
    assert_eq!(kinds(7), [deleted, deleted], "of the app, and of all apps");
    assert_eq!(world.import(&gone(24), true).status, PlanStatus::Applied, "what was deleted is let through");
    let found = kinds(25);
    for kind in [FindingKind::AppLost, FindingKind::GroupLost, FindingKind::ValueLost] {
        assert!(found.contains(&(kind, Some(25), Some(120))), "{kind:?}: {found:?}");
    }
}

#[test]
fn an_undo_gives_back_what_its_plan_took() {
    let world = world();
    let first = world.import(&rows(24..120), false).plan;
    assert_eq!(world.finds(&rows(25..120)), [FindingKind::PeopleEnd]);
    world.at(5);
    let undone = world.undo(first);
    assert_eq!(world.charged(), [("people".to_owned(), 0, 0)]);
    assert_eq!(world.finds(&rows(25..120)), [FindingKind::PeopleEnd], "25 of 120 at once");
    assert_eq!(world.finds(&rows(24..121)), []);
    // Undoing the undo takes them away anew.
    world.undo(undone);
    assert_eq!(world.charged(), [("people".to_owned(), 0, 0), ("people".to_owned(), 5, 24)]);
    assert_eq!(world.finds(&rows(25..120)), [FindingKind::PeopleEnd]);
}

#[test]
fn what_a_person_has_let_through_holds_nothing_after_it() {
    let world = world();
    assert_eq!(world.without(10), PlanStatus::Applied);
    let held = world.import(&rows(60..120), false);
    assert_eq!((held.status, held.notes.findings[0].n), (PlanStatus::Held, Some(60)));
    let plan = held.plan.unwrap();
    let applied = world.muster.apply_plan(&admin(), plan, false, &Quiet).unwrap();
    assert_eq!(applied.status, PlanStatus::Applied);
    assert_eq!(world.charged(), [("people".to_owned(), 0, 10)], "the first one's");
    assert_eq!(world.import(&rows(61..130), false).status, PlanStatus::Applied);
    // What was never charged isn't given back.
    world.undo(Some(plan));
    assert_eq!(world.charged(), [("people".to_owned(), 0, 11)]);
    // A forced plan that no guard would have held is charged as any other.
    assert_eq!(world.import(&rows(62..130), true).status, PlanStatus::Applied);
}

#[test]
fn a_plan_that_is_shown_held_or_takes_nothing_away_is_charged_nothing() {
    let world = world();
    world.finds(&rows(10..120));
    assert_eq!(world.without(30), PlanStatus::Held);
    assert_eq!(world.import(&rows(0..130), false).status, PlanStatus::Applied);
    assert_eq!(world.charged(), []);
}

#[test]
fn a_plan_in_chunks_is_charged_and_judged_as_one_at_once() {
    let world = world();
    let at = "2027-01-01T00:00:00Z";
    let small = Muster::open(world.dir.path(), false, Some(at)).unwrap().with_chunk(5);
    let import =
        |feed: &str| small.import(&admin(), "hr", "feed.csv", feed.as_bytes(), OPTIONS, &Quiet).unwrap();
    let first = import(&rows(20..120));
    assert_eq!(first.status, PlanStatus::Applied);
    assert_eq!(world.charged(), [("people".to_owned(), 0, 20)]);
    assert_eq!(import(&rows(25..120)).notes.findings[0].window, Some(Window { hours: 24, before: 20 }));
    world.undo(first.plan);
    assert_eq!(world.charged(), [("people".to_owned(), 0, 0)]);
    let second = import(&rows(20..121));
    assert_eq!(second.status, PlanStatus::Applied);
    small.undo(&admin(), second.plan.unwrap(), OPTIONS, &Quiet).unwrap();
    // Person 120 came by it and ends by its undo.
    assert_eq!(world.charged(), [("people".to_owned(), 0, 1)]);
}

#[test]
fn of_two_plans_at_once_the_later_counts_the_earlier() {
    let world = world();
    let at = "2027-01-01T00:00:00Z";
    let big = Muster::open(world.dir.path(), false, Some(at)).unwrap().with_chunk(5);
    // While the big plan is judged, which has just been worked out, single people are ended.
    let meanwhile = Meanwhile::at("judging", || {
        for n in 100..115 {
            let login = format!("user{n}");
            let report = world.muster.user_transition(&admin(), &login, Transition::Deactivate, OPTIONS);
            assert_eq!(report.unwrap().status, PlanStatus::Applied);
        }
    });
    let feed = rows(15..120);
    let held = big.import(&admin(), "hr", "feed.csv", feed.as_bytes(), OPTIONS, &meanwhile).unwrap();
    assert_eq!(held.status, PlanStatus::Held, "{:?}", held.notes);
    assert_eq!((held.notes.findings[0].n, held.notes.findings[0].of), (Some(30), Some(120)));
    assert_eq!(world.charged(), [("people".to_owned(), 0, 15)]);
    // Without these it would have been let through.
    let alone = crate::guards::world();
    assert_eq!(alone.without(15), PlanStatus::Applied);
}
