//! Groups that feeds bring.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use muster_engine::GroupKey;
use muster_engine::model::FeedMode;
use muster_service::plan::{PlanReport, PlanStatus, Quiet};
use muster_service::{Import, ImportOptions, Muster};
use muster_store::people::load_people;
use muster_store::{Tx, lookups};

use crate::admin;

const ORG: &str = r#"
    [org]
    guard = { minimum = 5 }
    [groups.Sales]
    [attributes.employeeNumber]
    unique = true
    [apps.crm]
    kind = "manual"
    [apps.crm.provisioning]
    [apps.crm.to_app]
    userName = 'user.login'
"#;

fn source(name: &str, priority: u32, groups: bool) -> String {
    let groups = if groups { "groups = \"teams\"" } else { "" };
    format!(
        r#"
        [apps.{name}]
        kind = "csv"
        [apps.{name}.feed]
        key = "id"
        list_separator = "|"
        {groups}
        [apps.{name}.feed.columns]
        id = "string"
        teams = "string-array"
        [apps.{name}.source]
        priority = {priority}
        match_on = ["employeeNumber"]
        [apps.{name}.to_user]
        login = '"user" + appuser.id'
        firstName = '"A"'
        lastName = '"B"'
        email = '"user" + appuser.id + "@x.example"'
        employeeNumber = 'appuser.id'
        "#
    )
}

/// With one a transaction holds less than the works of a feed; with the other all of them.
const CHUNKS: [usize; 2] = [1, 2_000];

struct World {
    muster: Muster,
    _dir: tempfile::TempDir,
}

impl World {
    fn new(chunk: usize, groups: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(chunk);
        let world = Self { muster, _dir: dir };
        world.apply(groups, "");
        world
    }

    fn apply(&self, groups: bool, more: &str) {
        let text = format!("{ORG}{}{}{more}", source("hr", 1, groups), source("agency", 2, true));
        let options = ImportOptions::default();
        let applied = self.muster.org_apply(&admin(), "org.toml", &text, options, &Quiet).unwrap();
        assert_eq!(applied.report.status, PlanStatus::Applied);
    }

    fn import(&self, app: &str, mode: FeedMode, rows: &str) -> PlanReport {
        let text = format!("id,teams\n{rows}");
        let made = |preview| {
            let options = ImportOptions { preview, force: true };
            let what = Import::new(app, Some(mode));
            self.muster.import(&admin(), what, "feed.csv", text.as_bytes(), options, &Quiet).unwrap()
        };
        let (shown, done) = (made(true), made(false));
        assert_eq!((&shown.counts, &shown.notes), (&done.counts, &done.notes), "{rows}");
        done
    }

    fn hr(&self, rows: &str) -> PlanReport {
        self.import("hr", FeedMode::Full, rows)
    }

    fn undo(&self, plan: &PlanReport) -> PlanReport {
        let options = ImportOptions { preview: false, force: true };
        self.muster.undo(&admin(), plan.plan.unwrap(), options, &Quiet).unwrap()
    }

    /// The imported groups, with the logins of their members; what is stored is what follows from scratch.
    fn members(&self) -> BTreeMap<String, BTreeSet<String>> {
        let verified = self.muster.verify(&admin(), &Quiet).unwrap();
        assert_eq!(verified.counts.tally.changed, 0, "{:?}", verified.sample);
        let config = self.muster.config().unwrap();
        let imported = config.org.groups.values().filter_map(|g| config.org.whole_name(g));
        let mut all: BTreeMap<String, BTreeSet<String>> =
            imported.map(|name| (name, BTreeSet::new())).collect();
        let load = |tx: &mut dyn Tx| {
            let keys = lookups::user_keys_after(tx, i64::MIN, 10_000)?;
            load_people(tx, &keys)
        };
        for person in self.muster.store().read(load).unwrap() {
            for membership in person.memberships {
                let group = config.org.groups.get(&GroupKey(membership.group_key)).unwrap();
                if let Some(name) = config.org.whole_name(group) {
                    all.get_mut(&name).unwrap().insert(person.user.login.clone().unwrap());
                }
            }
        }
        all
    }

    /// The same as text.
    fn told(&self) -> String {
        self.members().iter().fold(String::new(), |mut out, (group, who)| {
            let who: Vec<&str> = who.iter().map(|w| w.trim_start_matches("user")).collect();
            let _ = write!(out, "{group}={} ", who.join(","));
            out
        })
    }
}

#[test]
fn a_feed_brings_groups_and_who_is_in_them() {
    for chunk in CHUNKS {
        let world = World::new(chunk, true);
        let first = world.hr("1,Red|Blue\n2,Red\n3,\n");
        assert_eq!((first.counts.items, first.counts.tally.changed), ((2, 0, 0), 3));
        assert_eq!(world.told(), "hr/Blue=1 hr/Red=1,2 ");
        assert_eq!(world.hr("1,Red|Blue\n2,Red\n3,\n").counts.items, (0, 0, 0));
        world.hr("1,Blue\n2,Green\n3,Green\n");
        assert_eq!(
            world.told(),
            "hr/Blue=1 hr/Green=2,3 hr/Red= ",
            "who is in no group leaves it, the group stays"
        );
        // A delta's rows speak for themselves, one without the column says nothing of groups.
        world.import("hr", FeedMode::Delta, "3,Red\n");
        assert_eq!(world.told(), "hr/Blue=1 hr/Green=2 hr/Red=3 ");
        let what = Import::new("hr", Some(FeedMode::Delta));
        let options = ImportOptions::default();
        world.muster.import(&admin(), what, "d.csv", &b"id\n3\n"[..], options, &Quiet).unwrap();
        assert_eq!(world.told(), "hr/Blue=1 hr/Green=2 hr/Red=3 ");
        world.hr("1,Blue\n3,Red\n");
        assert_eq!(world.told(), "hr/Blue=1 hr/Green= hr/Red=3 ", "a record that has ended is in no group");
    }
}

#[test]
fn two_sources_have_groups_of_one_name_each_its_own_and_so_has_the_org() {
    for chunk in CHUNKS {
        let world = World::new(chunk, true);
        world.hr("1,Sales\n2,Sales\n");
        world.import("agency", FeedMode::Full, "2,Sales\n3,Sales\n");
        assert_eq!(world.told(), "agency/Sales=2,3 hr/Sales=1,2 ");
        let config = world.muster.config().unwrap();
        let named = |name: &str| config.org.group_named(name).and_then(|(_, g)| config.org.whole_name(g));
        assert_eq!((named("Sales"), named("hr/Sales")), (None, Some("hr/Sales".to_owned())));
        world.import("agency", FeedMode::Full, "3,\n");
        assert_eq!(world.told(), "agency/Sales= hr/Sales=1,2 ");
    }
}

#[test]
fn records_that_named_groups_before_anybody_asked_are_in_them_with_the_next_feed_that_names_them() {
    for (chunk, mode) in CHUNKS.into_iter().flat_map(|c| [(c, FeedMode::Full), (c, FeedMode::Delta)]) {
        let world = World::new(chunk, false);
        world.hr("1,Red\n2,Red\n3,Blue\n");
        assert_eq!(world.told(), "");
        world.apply(true, "");
        assert_eq!(world.told(), "");
        // No row says anything new, and a delta has but one of them.
        let rows = if mode == FeedMode::Full { "1,Red\n2,Red\n3,Blue\n" } else { "1,Red\n" };
        world.import("hr", mode, rows);
        let blue = if mode == FeedMode::Full { "hr/Blue=3 " } else { "" };
        assert_eq!(world.told(), format!("{blue}hr/Red=1,2 "));
        world.apply(false, "");
        assert!(world.members().values().all(BTreeSet::is_empty), "nobody asks any more");
    }
}

#[test]
fn undoing_a_feed_takes_its_groups_back_unless_something_needs_them() {
    for chunk in CHUNKS {
        let world = World::new(chunk, true);
        world.hr("1,Red\n2,Red\n");
        let before = world.told();
        let second = world.hr("1,Red|Typo\n2,Typo\n3,Typo\n");
        assert_eq!(world.told(), "hr/Red=1 hr/Typo=1,2,3 ");
        let undone = world.undo(&second);
        assert_eq!((world.told(), undone.counts.items), (before.clone(), (0, 0, 1)));
        world.undo(&undone);
        assert_eq!(world.told(), "hr/Red=1 hr/Typo=1,2,3 ", "the undo is undone");
        let third = world.hr("1,Red\n2,Red|New\n");
        let rule = "[rules.New]\nwhen = 'isMemberOfGroupName(\"New\")'\ngroups = [\"Sales\"]\n";
        world.apply(true, rule);
        let undone = world.undo(&third);
        assert_eq!(world.told(), "hr/New= hr/Red=1 hr/Typo=1,2,3 ", "the rule reads it");
        assert!(undone.notes.remarks.iter().any(|r| r.contains("groups it brought stay")));
        let fourth = world.hr("1,Last\n2,\n3,\n");
        world.hr("1,\n2,Last\n3,\n");
        world.undo(&fourth);
        assert_eq!(world.members()["hr/Last"].len(), 1, "a later feed says so");
    }
}

#[test]
fn a_feed_that_is_held_brings_its_groups_when_it_is_applied() {
    for chunk in CHUNKS {
        let world = World::new(chunk, true);
        let rows = |team: &str| {
            (1..=30).fold(String::new(), |mut out, n| {
                let _ = writeln!(out, "{n},{team}");
                out
            })
        };
        world.hr(&rows("Red"));
        let import = |text: &str, name: &str| {
            let text = format!("id,teams\n{text}");
            let options = ImportOptions::default();
            world.muster.import(&admin(), "hr", name, text.as_bytes(), options, &Quiet).unwrap()
        };
        let held = import(&rows("Blue"), "held.csv");
        assert_eq!(held.status, PlanStatus::Held, "thirty people would leave a group");
        assert_eq!(world.members().keys().collect::<Vec<_>>(), ["hr/Red"]);
        // Another source has nothing to do with it, and its plan changes the configuration meanwhile.
        world.import("agency", FeedMode::Full, "1,Blue\n");
        let applied = world.muster.apply_plan(&admin(), held.plan.unwrap(), true, &Quiet).unwrap();
        assert_eq!((applied.status, applied.counts.items), (PlanStatus::Applied, (1, 0, 0)));
        let members = world.members();
        assert_eq!((members["hr/Blue"].len(), members["hr/Red"].len()), (30, 0));
    }
}

#[test]
fn a_column_that_holds_no_groups_is_told_before_anything_is_made() {
    let world = World::new(2_000, true);
    let import = |rows: String| {
        let (text, options) = (format!("id,teams\n{rows}"), ImportOptions::default());
        world
            .muster
            .import(&admin(), "hr", "f.csv", text.as_bytes(), options, &Quiet)
            .unwrap_err()
            .to_string()
    };
    let long = import(format!("1,{}\n", "x".repeat(256)));
    assert!(long.contains("line 2") && long.contains("255 characters"), "{long}");
    let many = import((0..=20_000).fold(String::new(), |mut out, n| {
        let _ = writeln!(out, "{n},team {n}");
        out
    }));
    assert!(many.contains("line 20002") && many.contains("more than 20000 groups"), "{many}");
    assert_eq!(world.told(), "");
}

#[test]
fn an_app_takes_its_groups_with_it() {
    let world = World::new(2_000, true);
    world.hr("1,Red\n");
    world.import("agency", FeedMode::Full, "1,Red\n");
    let options = ImportOptions { preview: false, force: true };
    world.muster.app_activate(&admin(), "agency", false, options).unwrap();
    world.muster.app_delete(&admin(), "agency", options).unwrap();
    assert_eq!(world.told(), "hr/Red=1 ");
}
