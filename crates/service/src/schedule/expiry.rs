//! Apps with a last day: their owners are warned of it, and when it is over nobody has them.

use muster_engine::model::AppKey;
use muster_store::tasks;

use super::jobs::{EXPIRY, JobKind};
use super::{ACTOR, JobRun};
use crate::access::Actor;
use crate::error::Result;
use crate::muster::Muster;
use crate::plan::PlanReport;
use crate::tasks::words;

impl Muster {
    /// Does what last days of apps ask for by now; [`Muster::run_due_jobs`] does so too.
    ///
    /// # Errors
    /// If the store fails. That it fails for an app is told by the job's outcome and by a task.
    pub fn expire_apps(&self, actor: &Actor) -> Result<Vec<JobRun>> {
        let mut jobs = self.planned_jobs()?;
        jobs.retain(|job| matches!(job.kind, JobKind::Expiry(_)));
        self.run_ready(actor, &jobs)
    }

    /// Does what an app's last day asks for now: nothing, a warning, or the plan by which everybody loses it.
    pub(super) fn expiry(&self, actor: &Actor, key: AppKey) -> Result<(String, Option<PlanReport>)> {
        let config = self.config()?;
        let now = self.now();
        let found =
            config.app(key).and_then(|app| Some((app, app.expiry(&config.zone)?, app.expires.as_ref()?)));
        let Some((app, (warned, over), last)) = found else {
            return Ok(("the app has no last day".to_owned(), None));
        };
        // What the name of the job is, the task goes by.
        let dedupe = format!("{EXPIRY}{}", app.name);
        if app.expired || now >= over {
            self.store.write(|tx| tasks::finish_by_dedupe(tx, &[&dedupe], now.0, ACTOR))?;
            let report = self.app_expire(actor, key)?;
            return Ok((format!("{last} is over"), Some(report)));
        }
        if now < warned {
            self.store.write(|tx| tasks::finish_by_dedupe(tx, &[&dedupe], now.0, ACTOR))?;
            return Ok((format!("people have it until {last}"), None));
        }
        let owner = app.provisioning.as_ref().map(|p| p.owner.as_str()).unwrap_or_default();
        let task = words::expires(&dedupe, &app.name, key, owner, last, over, now);
        self.store.write(|tx| tasks::open_tasks(tx, std::slice::from_ref(&task)))?;
        Ok((format!("warned that {last} is the last day"), None))
    }
}
