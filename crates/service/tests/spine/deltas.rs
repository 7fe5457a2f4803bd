//! Feeds that tell changes alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use muster_engine::model::FeedMode;
use muster_engine::plan::FindingKind;
use muster_service::plan::{PlanReport, PlanStatus, Progress, Quiet};
use muster_service::tasks::TaskFilter;
use muster_service::{Import, ImportOptions, Muster};
use muster_store::people::{PersonRows, load_people};
use muster_store::{lookups, plans, runs};
use proptest::prelude::*;

use crate::admin;

/// A feed of a key, a department, a level and a number by which people are found. Who is in sales has the app.
const ORG: &str = r#"
    [attributes.employeeNumber]
    unique = true
    [attributes.level]
    type = "number"
    [groups.Sales]
    [rules.Sales]
    when = 'user.department == "Sales"'
    groups = ["Sales"]
    [apps.crm]
    kind = "manual"
    groups = ["Sales"]
    [apps.crm.provisioning]
    [apps.crm.to_app]
    userName = 'user.login'
    [apps.hr]
    kind = "csv"
    [apps.hr.feed]
    key = "id"
    deleted = { column = "op", values = ["D"] }
    [apps.hr.feed.columns]
    id = "string"
    num = { required = true }
    dept = "string"
    level = "number"
    [apps.hr.source]
    match_on = ["employeeNumber"]
    [apps.hr.to_user]
    login = '"user" + appuser.num + "@x.example"'
    email = '"user" + appuser.num + "@x.example"'
    firstName = '"A"'
    lastName = '"B"'
    employeeNumber = 'appuser.num'
    department = 'appuser.dept'
    level = 'appuser.level'
"#;

const CHUNKS: [usize; 4] = [1, 2, 3, 2_000];

struct World {
    muster: Muster,
    dir: tempfile::TempDir,
}

impl World {
    /// An org whose source has said `feed`.
    fn new(chunk: usize, feed: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(chunk);
        muster.org_apply(&admin(), "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
        let world = Self { muster, dir };
        assert_eq!(world.full(feed).status, PlanStatus::Applied);
        world
    }

    fn import(&self, mode: FeedMode, text: &str, preview: bool, force: bool) -> PlanReport {
        let (what, options) = (Import::new("hr", Some(mode)), ImportOptions { preview, force });
        self.muster.import(&admin(), what, "feed.csv", text.as_bytes(), options, &Quiet).unwrap()
    }

    fn full(&self, text: &str) -> PlanReport {
        self.import(FeedMode::Full, text, false, false)
    }

    /// Imports a delta, and checks that the preview showed what came of it.
    fn delta(&self, text: &str) -> PlanReport {
        let (shown, done) = (
            self.import(FeedMode::Delta, text, true, false),
            self.import(FeedMode::Delta, text, false, false),
        );
        assert_eq!((&shown.counts, &shown.notes), (&done.counts, &done.notes));
        done
    }

    fn undo(&self, plan: &PlanReport) -> PlanReport {
        self.muster.undo(&admin(), plan.plan.unwrap(), ImportOptions::default(), &Quiet).unwrap()
    }

    fn status(&self, plan: &PlanReport) -> String {
        let plan = plan.plan.unwrap();
        self.muster.store().read(|tx| plans::plan(tx, plan.0)).unwrap().unwrap().status
    }

    /// Everything that is known of everybody, by number.
    fn state(&self) -> BTreeMap<String, String> {
        state(&self.muster)
    }

    /// Status, department and level of a person.
    fn person(&self, number: &str) -> String {
        let all = people(&self.muster);
        let her = all.iter().find(|p| p.user.login == Some(format!("user{number}@x.example"))).unwrap();
        let profile: serde_json::Value = serde_json::from_str(&her.user.profile).unwrap();
        let groups = her.memberships.len();
        format!("{} {} {} {groups}", her.user.status, profile["department"], profile["level"])
    }
}

fn people(muster: &Muster) -> Vec<PersonRows> {
    let load = |tx: &mut dyn muster_store::Tx| {
        let keys = lookups::user_keys_after(tx, i64::MIN, 10_000)?;
        load_people(tx, &keys)
    };
    muster.store().read(load).unwrap()
}

fn state(muster: &Muster) -> BTreeMap<String, String> {
    let show = |p: PersonRows| {
        let record = |r: &muster_store::people::RecordRow| {
            (r.external_id.clone(), r.state.clone(), r.values.clone(), r.hash)
        };
        let account = |a: &muster_store::people::AccountRow| (a.scope.clone(), a.wanted.clone());
        let records: Vec<_> = p.records.iter().map(record).collect();
        // What an account is that nobody has any more is told by what it was.
        let accounts: Vec<_> = p.accounts.iter().filter(|a| a.scope.is_some()).map(account).collect();
        let said =
            format!("{} {} {records:?} {} {accounts:?}", p.user.status, p.user.profile, p.memberships.len());
        (p.user.login.unwrap_or_default(), said)
    };
    people(muster).into_iter().map(show).collect()
}

const FEED: &str = "id,num,dept,level\n1,n1,Sales,1\n2,n2,Sales,2\n3,n3,Lab,3\n4,n4,Lab,4\n";
const CHANGES: &str = "id;op;num;dept;level\n2;U;n2;Lab;2\n3;d;;;\n4;U;n4;Lab;4\n5;I;n5;Sales;5\n9;D;;;\n";

#[test]
fn somebody_is_hired_moved_and_gone_and_nobody_else_is_touched() {
    for chunk in CHUNKS {
        let world = World::new(chunk, FEED);
        let before = world.state();
        let done = world.delta(CHANGES);
        assert_eq!(done.status, PlanStatus::Applied, "{:?}", done.notes);
        let (t, feed) = (&done.counts.tally, done.counts.feed.as_ref().unwrap());
        assert_eq!((t.created, t.updated, t.deactivated), (1, 1, 1), "chunks of {chunk}");
        assert!(feed.delta);
        assert_eq!((feed.rows, feed.new, feed.changed, feed.gone, feed.unchanged), (5, 1, 1, 1, 2));
        assert_eq!(world.person("n1"), "ACTIVE \"Sales\" 1.0 1", "who has no row stays");
        assert_eq!(world.person("n2"), "ACTIVE \"Lab\" 2.0 0");
        assert!(world.person("n3").starts_with("DEPROVISIONED"));
        assert_eq!(world.person("n5"), "ACTIVE \"Sales\" 5.0 1");

        // The same again says nothing new; a full feed that says the same finds everything as it is.
        let again = world.delta(CHANGES);
        assert_eq!(again.counts.tally.changed, 0);
        let full = world.full("id,num,dept,level\n1,n1,Sales,1\n2,n2,Lab,2\n4,n4,Lab,4\n5,n5,Sales,5\n");
        assert_eq!(full.counts.feed.unwrap().unchanged, 4);

        let undone = world.undo(&done);
        assert_eq!((undone.status, undone.counts.changed_since), (PlanStatus::Applied, 0));
        let mut after = world.state();
        assert!(after.remove("usern5@x.example").unwrap().starts_with("DEPROVISIONED"));
        assert_eq!(after, before, "chunks of {chunk}");
        let held = world.import(FeedMode::Delta, CHANGES, true, false).notes.findings;
        assert!(held.iter().any(|f| f.kind == FindingKind::FeedUndone), "{held:?}");
    }
}

#[test]
fn columns_that_a_delta_lacks_stay_as_they_were() {
    for chunk in CHUNKS {
        let world = World::new(chunk, FEED);
        let done = world.delta("op,id,dept\n,1,Lab\n,2,\n,7,Lab\n");
        assert_eq!(world.person("n1"), "ACTIVE \"Lab\" 1.0 0");
        assert_eq!(world.person("n2"), "ACTIVE null 2.0 0", "an empty field is no value");
        assert!(
            done.notes.remarks.contains(&"what isn't in the feed stays as it was: num, level".to_owned())
        );
        // Nobody can be made of what is there.
        let [left_out] = done.notes.rejected.as_slice() else { panic!("{:?}", done.notes) };
        assert_eq!((left_out.line, left_out.key.as_deref()), (4, Some("7")));
        assert!(
            left_out.reason.ends_with("the feed lacks column num, which is required"),
            "{}",
            left_out.reason
        );
        // The record is the one that a full feed would have made.
        let full = world.full("id,num,dept,level\n1,n1,Lab,1\n2,n2,,2\n3,n3,Lab,3\n4,n4,Lab,4\n");
        assert_eq!(full.counts.feed.unwrap().unchanged, 4);
    }
}

#[test]
fn two_deltas_of_different_columns_that_were_seen_at_once_both_count() {
    let world = World::new(2_000, FEED);
    let shown = world.import(FeedMode::Delta, "id,op,level\n1,,9\n", true, false);
    world.delta("id,op,dept\n1,,Lab\n");
    let done = world.muster.apply_plan(&admin(), shown.plan.unwrap(), false, &Quiet).unwrap();
    assert_eq!(done.status, PlanStatus::Applied);
    assert_eq!(world.person("n1"), "ACTIVE \"Lab\" 9.0 0");
}

#[test]
fn a_person_who_goes_by_another_key_is_found_if_the_delta_ends_her_former_one() {
    for chunk in CHUNKS {
        for to in ["0", "9"] {
            let world = World::new(chunk, FEED);
            // Her former key may live on: who has no row in a delta isn't gone.
            let left_out = world.delta(&format!("id,op,num,dept,level\n{to},,n2,Lab,2\n"));
            assert_eq!((left_out.notes.rejected.len(), left_out.counts.tally.changed), (1, 0));
            let done = world.delta(&format!("id,op,num,dept,level\n{to},,n2,Lab,2\n2,D,,,\n"));
            assert_eq!((done.counts.tally.created, done.counts.tally.deactivated), (0, 0));
            assert_eq!(world.person("n2"), "ACTIVE \"Lab\" 2.0 0", "chunks of {chunk}");
            assert_eq!(people(&world.muster).len(), 4);
        }
    }
}

/// A feed of people in a department.
fn many(ids: impl IntoIterator<Item = u32>, dept: &str) -> String {
    lines("id,num,dept,level", ids.into_iter().map(|id| format!("{id},n{id},{dept},1")))
}

fn gone(ids: std::ops::Range<u32>) -> String {
    lines("id,op", ids.map(|id| format!("{id},D")))
}

/// The same rows as a delta.
fn changes(full: &str) -> String {
    let (header, rows) = full.split_once('\n').unwrap();
    lines(&format!("{header},op"), rows.lines().map(|row| format!("{row},U")))
}

fn lines(header: &str, rows: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = std::iter::once(header.to_owned()).chain(rows).collect();
    all.join("\n") + "\n"
}

#[test]
fn guards_that_compare_feeds_pass_deltas_over_and_those_that_count_people_do_not() {
    let world = World::new(2_000, &many(0..120, "Lab"));
    let finds = |mode, text: &str| -> Vec<FindingKind> {
        world.import(mode, text, true, false).notes.findings.into_iter().map(|f| f.kind).collect()
    };
    assert_eq!(finds(FeedMode::Delta, "id,op\n"), [], "nothing has changed");
    assert_eq!(finds(FeedMode::Delta, &changes(&many(500..900, "Lab"))), [], "new keys only");
    assert_eq!(finds(FeedMode::Delta, &gone(0..24)), []);
    assert_eq!(
        finds(FeedMode::Delta, &gone(0..25)),
        [FindingKind::PeopleEnd],
        "25 of 120 are more than 20 %"
    );
    // A full feed is compared with the last full one.
    world.delta(&changes(&many([200], "Lab")));
    assert!(finds(FeedMode::Full, &many(0..59, "Lab")).contains(&FindingKind::FeedCut));
}

#[test]
fn a_delta_behind_one_that_is_held_waits_for_it() {
    let world = World::new(2_000, &many(0..120, "Lab"));
    let first = world.import(FeedMode::Delta, &gone(0..30), false, false);
    let second = world.import(FeedMode::Delta, &changes(&many([119], "Sales")), false, false);
    assert_eq!((first.status, second.status), (PlanStatus::Held, PlanStatus::Held));
    let kinds: Vec<FindingKind> = second.notes.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FindingKind::FeedOrder]);
    assert!(second.notes.findings[0].message.contains(&format!("plan {}", first.plan.unwrap())));
    assert_eq!(world.status(&first), "HELD", "no delta stands for another one");
    let apply = |plan: &PlanReport| {
        world.muster.apply_plan(&admin(), plan.plan.unwrap(), true, &Quiet).unwrap().status
    };
    assert_eq!((apply(&first), apply(&second)), (PlanStatus::Applied, PlanStatus::Applied));
    assert!(world.person("n1").starts_with("DEPROVISIONED"));
    assert_eq!(world.person("n119"), "ACTIVE \"Sales\" 1.0 1");
    let third = world.import(FeedMode::Delta, &changes(&many([118], "Sales")), false, false);
    assert_eq!(third.status, PlanStatus::Applied, "nothing waits any more");
}

#[test]
fn a_full_feed_that_is_applied_stands_for_the_deltas_before_it() {
    let world = World::new(2_000, &many(0..120, "Lab"));
    let held = world.import(FeedMode::Delta, &gone(0..30), false, false);
    let full = world.import(FeedMode::Full, &many(0..10, "Lab"), false, false);
    assert_eq!((full.status, world.status(&held).as_str()), (PlanStatus::Held, "HELD"), "a held one doesn't");
    let done = world.full(&many(1..121, "Lab"));
    assert_eq!(done.status, PlanStatus::Applied);
    assert_eq!((world.status(&held).as_str(), world.status(&full).as_str()), ("SUPERSEDED", "SUPERSEDED"));
    assert!(world.muster.tasks(&TaskFilter::default()).unwrap().iter().all(|t| t.kind != "plan_held"));
}

#[test]
fn the_settings_of_a_source_say_what_a_missing_row_means_unless_the_import_does() {
    let world = World::new(2_000, FEED);
    let org = ORG.replace("key = \"id\"", "key = \"id\"\nmode = \"delta\"");
    world.muster.org_apply(&admin(), "org.toml", &org, ImportOptions::default(), &Quiet).unwrap();
    let import = |what: Import<'_>| {
        let content = &b"id,num,dept,level,op\n1,n1,Sales,1,\n"[..];
        let options = ImportOptions { preview: true, force: false };
        world
            .muster
            .import(&admin(), what, "feed.csv", content, options, &Quiet)
            .unwrap()
            .counts
            .feed
            .unwrap()
            .gone
    };
    assert_eq!(import(Import::from("hr")), 0);
    assert_eq!(import(Import::new("hr", Some(FeedMode::Full))), 3);
}

#[test]
fn a_run_that_is_taken_up_again_is_still_a_delta() {
    struct Pictures<'a> {
        of: &'a World,
        taken: Mutex<Vec<tempfile::TempDir>>,
    }
    impl Progress for Pictures<'_> {
        fn step(&self, phase: &str, _: u64, _: u64) {
            if phase == "applying" {
                let dir = tempfile::tempdir().unwrap();
                for entry in std::fs::read_dir(self.of.dir.path()).unwrap() {
                    let entry = entry.unwrap();
                    if entry.file_type().unwrap().is_file() {
                        std::fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
                    }
                }
                self.taken.lock().unwrap().push(dir);
            }
        }
    }
    let world = World::new(1, FEED);
    let pictures = Pictures { of: &world, taken: Mutex::default() };
    let what = Import::new("hr", Some(FeedMode::Delta));
    let text = "id,op,dept\n2,,Lab\n3,D,\n1,,Lab\n";
    world
        .muster
        .import(&admin(), what, "d.csv", text.as_bytes(), ImportOptions::default(), &pictures)
        .unwrap();
    let wanted = world.state();
    assert!(world.person("n4").starts_with("ACTIVE"));
    let taken = pictures.taken.into_inner().unwrap();
    assert!(taken.len() > 3, "{}", taken.len());
    for dir in taken {
        let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(1);
        for run in muster.store().read(runs::unfinished_runs).unwrap() {
            let end = |tx: &mut dyn muster_store::Tx| {
                runs::end_run(tx, run.plan_key, run.lease_token, &run.phase, 0)
            };
            muster.store().write(end).unwrap();
        }
        muster.resume_runs(&Quiet).unwrap();
        assert_eq!(state(&muster), wanted);
    }
}

/// What a source says of its people: department and level by key.
type Snapshot = BTreeMap<u8, (Option<u8>, u8)>;

fn snapshot() -> impl Strategy<Value = Snapshot> {
    prop::collection::btree_map(0_u8..9, (prop::option::of(0_u8..2), 0_u8..3), 0..9)
}

fn dept(of: Option<u8>) -> &'static str {
    match of {
        None => "",
        Some(0) => "Sales",
        Some(_) => "Lab",
    }
}

fn text(of: &Snapshot) -> String {
    let row = |(id, (d, level)): (&u8, &(Option<u8>, u8))| format!("{id},n{id},{},{level}", dept(*d));
    lines("id,num,dept,level", of.iter().map(row))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn deltas_lead_where_the_full_feed_does(
        (from, to) in (snapshot(), snapshot()),
        repeated in prop::collection::btree_set(0_u8..9, 0..4),
        chunk in prop::sample::select(CHUNKS.to_vec()),
    ) {
        let (one, other) = (World::new(chunk, &text(&from)), World::new(chunk, &text(&from)));
        let before = one.state();
        let mut first = "op,id,num,dept\n".to_owned();
        let mut second = "id,level,op\n".to_owned();
        for id in 0..9 {
            let (was, is) = (from.get(&id), to.get(&id));
            match is {
                None if was.is_some() || repeated.contains(&id) => writeln!(first, "D,{id},,").unwrap(),
                Some((d, level)) if was != is || repeated.contains(&id) => {
                    writeln!(first, "U,{id},n{id},{}", dept(*d)).unwrap();
                    writeln!(second, "{id},{level},").unwrap();
                }
                _ => {}
            }
        }
        let import = |world: &World, mode, text: &str| {
            let report = world.import(mode, text, false, true);
            assert_eq!(report.status, PlanStatus::Applied, "{:?}", report.notes);
            report
        };
        let deltas = [import(&one, FeedMode::Delta, &first), import(&one, FeedMode::Delta, &second)];
        if !to.is_empty() {
            import(&other, FeedMode::Full, &text(&to));
            prop_assert_eq!(one.state(), other.state());
            let again = one.import(FeedMode::Full, &text(&to), true, true);
            prop_assert_eq!(again.counts.feed.unwrap().unchanged, to.len() as u64);
        }
        for plan in deltas.iter().rev() {
            one.undo(plan);
        }
        let mut after = one.state();
        after.retain(|login, _| before.contains_key(login));
        prop_assert_eq!(after, before);
    }
}
