//! A look at a day in the future.

use muster_engine::model::Millis;

use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::plan::stream::Source;
use crate::plan::{PlanReport, Progress, Proposal, Trigger};

impl Muster {
    /// Shows what time alone will have brought by an instant: everybody for whom a date comes until then is derived as
    /// of that instant, whatever comes in between. The plan can be looked at, but not applied.
    ///
    /// `at` is an instant (`2027-03-01T09:00+01:00`), or a day, which stands for its beginning in the org's time zone.
    ///
    /// # Errors
    /// If it can't be read or lies behind, or the store fails.
    pub fn ahead(&self, actor: &Actor, at: &str, progress: &dyn Progress) -> Result<PlanReport> {
        let at = self.instant_of(at)?;
        if at <= self.now() {
            return Err(ServiceError::Invalid(format!(
                "at: {at} isn't ahead; what has happened is in the log, and what is due by now is the plan of dates \
                 that have come"
            )));
        }
        let proposal = Proposal {
            trigger: Trigger::Ahead { at: at.0 },
            source: Source::Due { until: at.0 },
            items: Vec::new(),
            secrets: Vec::new(),
            undo_of: None,
            preview: true,
            force: false,
        };
        self.propose(actor, &proposal, progress)
    }

    fn instant_of(&self, text: &str) -> Result<Millis> {
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Millis(at.as_millisecond()));
        }
        // A civil date reads the beginning of longer texts, too.
        let day = if text.len() == 10 { text.parse::<jiff::civil::Date>().ok() } else { None };
        let config = self.config()?;
        let begins = day.and_then(|day| config.zone.to_timestamp(day.at(0, 0, 0, 0)).ok());
        begins.map(|at| Millis(at.as_millisecond())).ok_or_else(|| {
            ServiceError::Invalid(format!(
                "at: {text:?} can't be read; write a day such as 2027-03-01 or an instant such as \
                 2027-03-01T09:00+01:00"
            ))
        })
    }
}
