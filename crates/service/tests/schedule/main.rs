//! What runs by itself: when, by whom, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests outside of test functions")]

mod cleanup;
mod expiry;
mod jobs;

use std::fmt::Write as _;

use muster_engine::Millis;
use muster_service::look::{EventView, LogFilter};
use muster_service::plan::{PlanReport, Quiet};
use muster_service::schedule::{JobRun, JobView};
use muster_service::{Actor, ImportOptions, Muster};

const BEGIN: &str = "2027-01-01T00:00:00Z";

fn admin() -> Actor {
    Actor::operator("test")
}

fn at(text: &str) -> Millis {
    Millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// An org with a feed that is imported at six in the morning, on a clock that stands.
struct World {
    dir: tempfile::TempDir,
    muster: Muster,
}

impl World {
    /// `more` is added to the org file.
    fn new(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let muster = Muster::open(&dir.path().join("data"), true, Some(BEGIN)).unwrap();
        let world = Self { dir, muster };
        world.org("0 6 * * *", more);
        world
    }

    /// Another process on the same store.
    fn node(&self) -> Muster {
        Muster::open(self.muster.dir(), false, Some(&self.muster.now().to_string())).unwrap()
    }

    fn org(&self, schedule: &str, more: &str) {
        let path = self.feed_path().display().to_string();
        let scheduled =
            if schedule.is_empty() { String::new() } else { format!("schedule = \"{schedule}\"") };
        let text = format!(
            r#"
            [groups.Sales]
            [apps.hr]
            kind = "csv"
            [apps.hr.feed]
            key = "id"
            path = "{path}"
            [apps.hr.feed.columns]
            id = "string"
            dept = "string"
            [apps.hr.source]
            {scheduled}
            [apps.hr.to_user]
            login = '"user" + appuser.id'
            firstName = '"A"'
            lastName = '"B"'
            email = '"user" + appuser.id + "@x.example"'
            department = 'appuser.dept'
            [apps.door]
            kind = "manual"
            [apps.door.provisioning]
            {more}
            "#
        );
        self.muster.org_apply(&admin(), "org.toml", &text, ImportOptions::default(), &Quiet).unwrap();
    }

    fn feed_path(&self) -> std::path::PathBuf {
        self.dir.path().join("people.csv")
    }

    fn deliver(&self, ids: impl IntoIterator<Item = u32>) {
        std::fs::write(self.feed_path(), rows(ids)).unwrap();
    }

    fn clock(&self, text: &str) {
        self.muster.set_clock(at(text)).unwrap();
    }

    fn run(&self) -> Vec<JobRun> {
        self.muster.run_due_jobs(&admin()).unwrap()
    }

    /// The runs of one job.
    fn run_of(&self, name: &str) -> Vec<JobRun> {
        self.run().into_iter().filter(|run| run.name == name).collect()
    }

    fn job(&self, name: &str) -> JobView {
        self.muster.jobs().unwrap().into_iter().find(|job| job.name == name).unwrap()
    }

    fn import(&self, ids: impl IntoIterator<Item = u32>) -> PlanReport {
        let text = rows(ids);
        let options = ImportOptions::default();
        self.muster.import(&admin(), "hr", "people.csv", text.as_bytes(), options, &Quiet).unwrap()
    }

    fn events(&self, event_type: &str) -> Vec<EventView> {
        let filter = LogFilter { event_type: Some(event_type.to_owned()), user: None };
        self.muster.log_after(&filter, 0, 1_000).unwrap().events
    }

    fn open_tasks(&self, kind: &str) -> Vec<String> {
        let filter = muster_service::tasks::TaskFilter { kind: Some(kind.to_owned()), ..Default::default() };
        self.muster.tasks(&filter).unwrap().into_iter().map(|task| task.title).collect()
    }

    fn people(&self) -> i64 {
        self.muster.status().unwrap().users
    }
}

fn rows(ids: impl IntoIterator<Item = u32>) -> String {
    let mut text = "id,dept\n".to_owned();
    for id in ids {
        writeln!(text, "{id},Lab").unwrap();
    }
    text
}

/// Times by the machine's clock, by which leases count.
fn machine(ms_from_now: i64) -> i64 {
    muster_service::clock::machine_now() + ms_from_now
}
