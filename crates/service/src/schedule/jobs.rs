//! Which jobs there are, and when each of them runs.

use muster_engine::model::{AppKey, Millis};
use muster_engine::{Config, Schedule};
use muster_store::schedule::ScheduleRow;

/// What the names of imports begin with.
pub(super) const IMPORT: &str = "import:";
/// What the names of jobs about an app's last day begin with.
pub(super) const EXPIRY: &str = "expiry:";

/// When what is out of use is cleared away, in the org's zone.
const CLEANUP: &str = "0 3 * * *";
const MINUTE: i64 = 60_000;
/// How long people wait whom a run left due.
const DUE_AGAIN: i64 = MINUTE;
/// The first and the longest wait after a failure.
const BACK_OFF: (i64, i64) = (MINUTE, 60 * MINUTE);

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobKind {
    /// Derives people again whose dates have come.
    Due,
    /// Tells owners of their new tasks, and sends what mail waits.
    Digest,
    /// Takes away what nothing depends on any more.
    Cleanup,
    /// Imports an app's feed from where it lies.
    Import(AppKey),
    /// Warns of an app's last day, and takes the app from everybody when it is over.
    Expiry(AppKey),
}

#[derive(Clone, Debug)]
enum Timing {
    /// When the next date of a person comes.
    Dates,
    Every(i64),
    Cron(Box<Schedule>),
    /// At once, and again at these instants.
    Moments([Millis; 2]),
}

#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) kind: JobKind,
    /// What its times follow from: another text, and the next time is worked out anew.
    pub(super) spec: String,
    timing: Timing,
}

/// The jobs of an org.
pub(super) fn all(config: &Config) -> Vec<Job> {
    let settings = &config.org.settings;
    let job = |name: &str, kind, spec: String, timing| Job { name: name.to_owned(), kind, spec, timing };
    let minutes = settings.mail.digest_minutes.max(1);
    let mut jobs = vec![
        job("due", JobKind::Due, "when a date comes".to_owned(), Timing::Dates),
        job(
            "digest",
            JobKind::Digest,
            format!("every {minutes} min"),
            Timing::Every(i64::from(minutes) * MINUTE),
        ),
    ];
    let cron = |name: &str, kind, expression: &str, zone: &str| {
        // What is compiled has been read before.
        let schedule = Schedule::parse(expression, zone).ok()?;
        Some(job(name, kind, format!("{expression} {zone}"), Timing::Cron(Box::new(schedule))))
    };
    jobs.extend(cron("cleanup", JobKind::Cleanup, CLEANUP, &settings.timezone));
    for (key, app) in config.org.apps.iter().filter(|(_, app)| !app.inactive) {
        if let (Some(last), Some((warned, over))) = (&app.expires, app.expiry(&config.zone)) {
            let name = format!("{EXPIRY}{}", app.name);
            let spec = format!("warned at {warned}, {last} is over at {over}");
            jobs.push(job(&name, JobKind::Expiry(*key), spec, Timing::Moments([warned, over])));
        }
        let Some(source) = &app.source else { continue };
        let Some(expression) = &source.schedule else { continue };
        let zone = source.timezone.as_ref().unwrap_or(&settings.timezone);
        jobs.extend(cron(&format!("{IMPORT}{}", app.name), JobKind::Import(*key), expression, zone));
    }
    jobs
}

impl Job {
    /// When it runs for the first time.
    pub(super) fn first(&self, now: Millis) -> i64 {
        match &self.timing {
            Timing::Dates | Timing::Every(_) | Timing::Moments(_) => now.0,
            Timing::Cron(schedule) => schedule.after(now).map_or(i64::MAX, |at| at.0),
        }
    }

    /// When it runs next, by its row and the next date of a person; `None`: nothing is to come.
    pub(super) fn next(&self, row: &ScheduleRow, due: Option<i64>) -> Option<i64> {
        let next = match self.timing {
            Timing::Dates => row.next_run.max(due?),
            Timing::Every(_) | Timing::Cron(_) | Timing::Moments(_) => row.next_run,
        };
        (next < i64::MAX).then_some(next)
    }

    /// What its row says after a run that ended well at `now`.
    pub(super) fn after_success(&self, now: i64, due: Option<i64>) -> i64 {
        match &self.timing {
            // A plan that is held, or people that can't be worked out, aren't tried again at once.
            Timing::Dates if due.is_some_and(|due| due <= now) => now + DUE_AGAIN,
            Timing::Dates => now,
            Timing::Every(interval) => now + interval,
            Timing::Cron(schedule) => schedule.after(Millis(now)).map_or(i64::MAX, |at| at.0),
            Timing::Moments(moments) => {
                moments.iter().map(|at| at.0).find(|at| *at > now).unwrap_or(i64::MAX)
            }
        }
    }

    /// And after one that failed, for the `failures`th time in a row.
    pub(super) fn after_failure(&self, now: i64, failures: i64) -> i64 {
        let wait = (BACK_OFF.0 << (failures - 1).clamp(0, 20)).min(BACK_OFF.1);
        let again = now + wait;
        match &self.timing {
            Timing::Dates => again,
            Timing::Every(_) | Timing::Cron(_) | Timing::Moments(_) => {
                again.min(self.after_success(now, None))
            }
        }
    }
}
