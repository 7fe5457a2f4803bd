//! Guards over a feed as a whole: each with a feed that trips it and one that just doesn't.

use std::fmt::Write as _;

use muster_engine::plan::{Finding, FindingKind};
use muster_service::plan::{PlanReport, PlanStatus, Quiet};
use muster_service::{ImportOptions, Muster};

use crate::{ORG, admin};

pub(crate) fn rows(ids: impl IntoIterator<Item = u32>) -> String {
    let mut text = "id,dept\n".to_owned();
    for id in ids {
        writeln!(text, "{id},Lab").unwrap();
    }
    text
}

pub(crate) struct World {
    pub(crate) muster: Muster,
    pub(crate) dir: tempfile::TempDir,
}

/// An org with 120 people.
pub(crate) fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap();
    muster.org_apply(&admin(), "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    let world = World { muster, dir };
    assert_eq!(world.import(&rows(0..120), false).status, PlanStatus::Applied);
    world
}

impl World {
    pub(crate) fn import(&self, text: &str, force: bool) -> PlanReport {
        let options = ImportOptions { preview: false, force };
        self.muster.import(&admin(), "hr", "feed.csv", text.as_bytes(), options, &Quiet).unwrap()
    }

    /// Makes the org what the usual file and more says.
    pub(crate) fn org(&self, more: &str, force: bool) -> PlanReport {
        let options = ImportOptions { preview: false, force };
        let text = format!("{more}{ORG}");
        self.muster.org_apply(&admin(), "org.toml", &text, options, &Quiet).unwrap().report
    }

    /// What guards find in a feed, in a preview.
    pub(crate) fn finds(&self, text: &str) -> Vec<FindingKind> {
        self.found(text).into_iter().map(|f| f.kind).collect()
    }

    /// The same, as it is told.
    pub(crate) fn found(&self, text: &str) -> Vec<Finding> {
        let options = ImportOptions { preview: true, force: false };
        let report =
            self.muster.import(&admin(), "hr", "feed.csv", text.as_bytes(), options, &Quiet).unwrap();
        report.notes.findings
    }
}

#[test]
fn a_feed_with_other_keys_is_held() {
    let world = world();
    assert!(
        world.finds(&rows((61..120).chain(200..300))).contains(&FindingKind::FeedKeys),
        "59 of 120 are found"
    );
    assert!(
        !world.finds(&rows((60..120).chain(200..300))).contains(&FindingKind::FeedKeys),
        "60 of 120 are found"
    );
}

#[test]
fn a_feed_cut_short_is_held() {
    let world = world();
    assert!(world.finds(&rows(0..59)).contains(&FindingKind::FeedCut), "59 rows after 120");
    assert!(!world.finds(&rows(0..60)).contains(&FindingKind::FeedCut), "60 rows after 120");
}

#[test]
fn too_many_leavers_are_held_and_one_fewer_are_not() {
    let world = world();
    assert_eq!(world.finds(&rows(25..120)), [FindingKind::PeopleEnd], "25 of 120 are more than 20 %");
    assert_eq!(world.finds(&rows(24..120)), [], "24 of 120 are 20 %");
}

#[test]
fn a_feed_that_can_hardly_be_read_is_held_and_not_even_force_waives_it() {
    let world = world();
    let feed = |unreadable: usize| format!("{}{}", rows(0..60), ",Lab\n".repeat(unreadable));
    assert_eq!(world.finds(&feed(60)), [], "60 of 120 rows can be read");
    assert_eq!(world.finds(&feed(61)), [FindingKind::FeedUnreadable], "60 of 121");
    assert_eq!(world.import(&feed(61), true).status, PlanStatus::Held);
    let read = world.import(&feed(60), false);
    assert_eq!(
        (read.status, read.counts.tally.deactivated),
        (PlanStatus::Applied, 0),
        "nobody is called gone"
    );
}

#[test]
fn an_empty_feed_is_held_and_not_even_force_waives_it() {
    let world = world();
    let held = world.import(&rows([]), true);
    assert_eq!(held.status, PlanStatus::Held);
    let plan = held.plan.unwrap();
    let applied = world.muster.apply_plan(&admin(), plan, true, &Quiet).unwrap();
    assert_eq!(applied.status, PlanStatus::Held);
    assert_eq!(world.import(&rows(24..120), true).status, PlanStatus::Applied, "one with rows comes in");
    assert!(
        world.muster.import(&admin(), "hr", "feed.csv", &b""[..], ImportOptions::default(), &Quiet).is_err()
    );
}

#[test]
fn a_feed_that_was_undone_is_held_until_the_undo_is_undone() {
    let world = world();
    let feed = rows(0..121);
    let applied = world.import(&feed, false);
    let undo = |plan| world.muster.undo(&admin(), plan, ImportOptions::default(), &Quiet).unwrap();
    let undone = undo(applied.plan.unwrap());
    assert_eq!(world.finds(&feed), [FindingKind::FeedUndone]);
    undo(undone.plan.unwrap());
    assert_eq!(world.finds(&feed), []);
}
