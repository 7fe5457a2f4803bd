//! Whether what is stored is what follows.

use super::edit;
use crate::access::{Actor, Right};
use crate::error::Result;
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::stream::Source;
use crate::plan::{PlanReport, Progress, Proposal};

impl Muster {
    /// Derives everybody anew from facts and configuration and compares that with what is stored. Nothing is changed; if
    /// anything differs, the plan that would mend it is left as a previewed one.
    ///
    /// # Errors
    /// If the actor may not, or the store fails.
    pub fn verify(&self, actor: &Actor, progress: &dyn Progress) -> Result<PlanReport> {
        actor.require(Right::Admin, "verify the directory")?;
        let options = ImportOptions { preview: true, force: false };
        let proposal =
            Proposal { source: Source::Everyone, ..edit("verify".to_owned(), Vec::new(), options) };
        let report = self.propose(actor, &proposal, progress)?;
        if let (Some(plan), 0) = (report.plan, report.counts.tally.changed) {
            self.discard_plan(actor, plan)?;
        }
        Ok(report)
    }
}
