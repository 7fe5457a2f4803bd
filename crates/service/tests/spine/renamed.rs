//! A person whose key in a feed is another one from now on: she is found by a unique attribute, whatever the order of
//! the keys and wherever a plan is cut.

use std::sync::Mutex;

use muster_engine::plan::Effect;
use muster_service::plan::{PlanReport, PlanStatus, Progress, Quiet};
use muster_service::{ImportOptions, Muster};
use muster_store::people::{PersonRows, load_people};
use muster_store::{lookups, runs};

use crate::admin;

/// A feed of a key, an employee number, a level and a status. The app follows from being known.
const ORG: &str = r#"
    [org]
    name = "Renamed"
    guard = { percent = 100, minimum = 100 }
    [attributes.employeeNumber]
    unique = true
    [attributes.level]
    type = "integer"
    maximum = 5
    [groups.Staff]
    [rules.Staff]
    when = 'user.employeeNumber != null'
    groups = ["Staff"]
    [apps.crm]
    kind = "manual"
    groups = ["Staff"]
    [apps.crm.provisioning]
    [apps.crm.to_app]
    userName = 'user.login'
    [apps.hr]
    kind = "csv"
    [apps.hr.feed]
    key = "id"
    terminated = { column = "state", values = ["left"] }
    [apps.hr.feed.columns]
    id = "string"
    num = "string"
    level = "integer"
    state = "string"
    [apps.hr.source]
    match_on = ["employeeNumber"]
    [apps.hr.to_user]
    login = '"user" + appuser.num + "@x.example"'
    email = '"user" + appuser.num + "@x.example"'
    firstName = '"A"'
    lastName = '"B"'
    employeeNumber = 'appuser.num'
    level = 'appuser.level'
"#;

const CHUNKS: [usize; 4] = [1, 2, 3, 2_000];

struct World {
    muster: Muster,
    dir: tempfile::TempDir,
}

fn feed(rows: &[&str]) -> String {
    format!("id,num,level,state\n{}\n", rows.join("\n"))
}

impl World {
    /// An org with three people, n1 to n3.
    fn new(chunk: usize, keys: [&str; 3]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(chunk);
        muster.org_apply(&admin(), "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
        let world = Self { muster, dir };
        let [a, b, c] = keys;
        let rows = [format!("{a},n1,1,"), format!("{b},n2,1,"), format!("{c},n3,1,")];
        world.import(&rows.each_ref().map(String::as_str), &Quiet);
        world
    }

    /// Imports, and checks that the preview showed what came of it.
    fn import(&self, rows: &[&str], progress: &dyn Progress) -> PlanReport {
        let text = feed(rows);
        let import = |preview| {
            let options = ImportOptions { preview, force: false };
            self.muster.import(&admin(), "hr", "feed.csv", text.as_bytes(), options, progress).unwrap()
        };
        let (shown, done) = (import(true), import(false));
        assert_eq!(done.status, PlanStatus::Applied, "{:?}", done.notes);
        assert_eq!(shown.counts, done.counts);
        assert_eq!(shown.notes.rejected, done.notes.rejected);
        assert_eq!(self.effects(&shown), self.effects(&done));
        done
    }

    /// Who (by login), what.
    fn effects(&self, of: &PlanReport) -> Vec<(String, Effect)> {
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let page = self.muster.plan_effects(of.plan.unwrap(), from).unwrap();
            all.extend(page.effects.into_iter().map(|(_, login, effect)| (login, effect)));
            match page.next {
                None => return all,
                next => from = next,
            }
        }
    }

    fn people(&self) -> Vec<PersonRows> {
        people(&self.muster)
    }

    fn by_number(&self, number: &str) -> PersonRows {
        let held = |p: &PersonRows| {
            p.claims.iter().any(|c| c.namespace == "user.employeeNumber" && c.value == number)
        };
        self.people().into_iter().find(held).unwrap()
    }
}

fn people(muster: &Muster) -> Vec<PersonRows> {
    muster
        .store()
        .read(|tx| {
            let keys = lookups::user_keys_after(tx, i64::MIN, 100)?;
            load_people(tx, &keys)
        })
        .unwrap()
}

fn records(person: &PersonRows) -> Vec<(&str, &str)> {
    person.records.iter().map(|r| (r.external_id.as_str(), r.state.as_str())).collect()
}

/// Notes who is out whenever a run has got on.
struct Watch<'a> {
    of: &'a Muster,
    out: Mutex<Vec<i64>>,
}

impl Progress for Watch<'_> {
    fn step(&self, phase: &str, _: u64, _: u64) {
        if phase == "applying" {
            let gone = people(self.of).into_iter().filter(|p| p.user.status == "DEPROVISIONED");
            self.out.lock().unwrap().extend(gone.map(|p| p.user.user_key));
        }
    }
}

/// The second person's key becomes another one; the others change too, so that there are several chunks.
fn renamed(keys: [&str; 3], to: &str) {
    for chunk in CHUNKS {
        let world = World::new(chunk, keys);
        let before = world.by_number("n2");
        let watch = Watch { of: &world.muster, out: Mutex::default() };
        let [a, b, c] = keys;
        let rows = [format!("{a},n1,2,"), format!("{to},n2,2,"), format!("{c},n3,2,")];
        let done = world.import(&rows.each_ref().map(String::as_str), &watch);
        assert_eq!((done.counts.tally.created, done.counts.tally.deactivated), (0, 0), "chunks of {chunk}");
        assert_eq!(watch.out.into_inner().unwrap(), [0; 0], "chunks of {chunk}");
        let after = world.by_number("n2");
        assert_eq!(after.user.user_key, before.user.user_key);
        assert_eq!(
            (after.user.status.as_str(), after.user.login.as_deref()),
            ("ACTIVE", Some("usern2@x.example"))
        );
        let account =
            |p: &PersonRows| p.accounts.iter().map(|a| (a.account_key, a.wanted_rev)).collect::<Vec<_>>();
        assert_eq!(account(&after), account(&before), "nothing happens to her account");
        let mut is = records(&after);
        is.sort_by_key(|(key, _)| *key != to);
        assert_eq!(is, [(to, "LIVING"), (b, "ENDED")]);
        assert_eq!(world.people().len(), 3);
        let undone =
            world.muster.undo(&admin(), done.plan.unwrap(), ImportOptions::default(), &Quiet).unwrap();
        assert_eq!((undone.status, undone.counts.changed_since), (PlanStatus::Applied, 0));
        let undone = world.by_number("n2");
        assert_eq!(
            (undone.user.user_key, &undone.user.profile),
            (before.user.user_key, &before.user.profile)
        );
        assert_eq!(records(&undone), [(b, "LIVING")]);
    }
}

#[test]
fn a_key_that_is_a_later_one_from_now_on() {
    renamed(["k1", "k2", "k3"], "k9");
}

#[test]
fn a_key_that_is_an_earlier_one_from_now_on() {
    renamed(["k4", "k5", "k6"], "k1");
}

#[test]
fn a_new_row_that_is_left_out_leaves_her_to_her_former_key() {
    for chunk in CHUNKS {
        for to in ["k0", "k9"] {
            let world = World::new(chunk, ["k1", "k2", "k3"]);
            let row = format!("{to},n2,9,");
            for _ in 0..2 {
                let done = world.import(&["k1,n1,1,", &row, "k3,n3,1,"], &Quiet);
                assert_eq!(done.notes.rejected.len(), 1);
                assert_eq!(done.counts.tally.changed, 0, "a row that is left out is no absence");
            }
            let her = world.by_number("n2");
            assert_eq!((her.user.status.as_str(), records(&her)), ("ACTIVE", vec![("k2", "LIVING")]));
        }
    }
}

#[test]
fn of_two_new_rows_the_first_that_fits_finds_her() {
    for chunk in CHUNKS {
        for (rows, found) in [(["k4,n2,9,", "k5,n2,2,"], "k5"), (["k4,n2,2,", "k5,n2,3,"], "k4")] {
            let world = World::new(chunk, ["k1", "k2", "k3"]);
            let before = world.by_number("n2").user.user_key;
            let [one, two] = rows;
            let done = world.import(&["k1,n1,1,", "k3,n3,1,", one, two], &Quiet);
            assert_eq!(done.notes.rejected.len(), 1, "chunks of {chunk}");
            let her = world.by_number("n2");
            assert_eq!((her.user.user_key, her.user.status.as_str()), (before, "ACTIVE"));
            assert_eq!(records(&her), [("k2", "ENDED"), (found, "LIVING")], "chunks of {chunk}");
            assert_eq!(world.people().len(), 3);
        }
    }
}

#[test]
fn a_former_key_that_is_marked_as_left_ends_with_the_new_one() {
    for chunk in CHUNKS {
        for to in ["k0", "k9"] {
            let world = World::new(chunk, ["k1", "k2", "k3"]);
            let before = world.by_number("n2").user.user_key;
            let done =
                world.import(&["k1,n1,1,", "k2,n2,1,left", &format!("{to},n2,1,"), "k3,n3,1,"], &Quiet);
            assert_eq!((done.counts.tally.created, done.counts.tally.deactivated), (0, 0));
            let her = world.by_number("n2");
            assert_eq!((her.user.user_key, her.user.status.as_str()), (before, "ACTIVE"));
        }
    }
}

#[test]
fn a_former_key_that_is_still_there_stays_and_the_new_row_is_left_out() {
    for chunk in CHUNKS {
        for to in ["k0", "k9"] {
            let world = World::new(chunk, ["k1", "k2", "k3"]);
            let row = format!("{to},n2,1,");
            let done = world.import(&["k1,n1,1,", "k2,n2,2,", &row, "k3,n3,1,"], &Quiet);
            assert_eq!(done.notes.rejected.len(), 1, "two living records are two people");
            assert_eq!(records(&world.by_number("n2")), [("k2", "LIVING")]);
        }
    }
}

#[test]
fn a_run_that_is_taken_up_again_knows_whom_it_spared() {
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
    let world = World::new(1, ["k1", "k2", "k3"]);
    let pictures = Pictures { of: &world, taken: Mutex::default() };
    // The second goes by a key whose row doesn't fit, the third is gone, somebody is new.
    world.import(&["k0,n2,9,", "k1,n1,2,", "k4,n4,1,"], &pictures);
    let states = |muster: &Muster| {
        let state = |p: &PersonRows| (p.user.user_key, p.user.status.clone());
        people(muster).iter().map(state).collect::<Vec<_>>()
    };
    let wanted = states(&world.muster);
    assert_eq!(world.by_number("n2").user.status, "ACTIVE");
    assert_eq!(world.by_number("n3").user.status, "DEPROVISIONED");
    let taken = pictures.taken.into_inner().unwrap();
    assert!(taken.len() > 4, "{}", taken.len());
    for dir in taken {
        let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(1);
        for run in muster.store().read(runs::unfinished_runs).unwrap() {
            let end = |tx: &mut dyn muster_store::Tx| {
                runs::end_run(tx, run.plan_key, run.lease_token, &run.phase, 0)
            };
            muster.store().write(end).unwrap();
        }
        muster.resume_runs(&Quiet).unwrap();
        assert_eq!(states(&muster), wanted);
    }
}
