//! What tells two outcomes of one proposal apart.

use std::borrow::Cow;

use aws_lc_rs::digest;
use muster_engine::plan::Effect;

use super::process::Outcome;
use super::record::json;
use crate::error::Result;
use crate::import::hex;

/// Until when something is kept follows from when the plan is applied: that a held plan waits doesn't make it another.
fn undated(effects: &[Effect]) -> Cow<'_, [Effect]> {
    if !effects.iter().any(|e| matches!(e, Effect::AppKept { .. })) {
        return Cow::Borrowed(effects);
    }
    let undated = |effect: &Effect| match effect {
        Effect::AppKept { app, .. } => Effect::AppKept { app: *app, until: None },
        other => other.clone(),
    };
    effects.iter().map(undated).collect()
}

/// What tells two effects of the same proposal apart: the keys of new people don't count.
pub(super) struct Digest(digest::Context);

impl Default for Digest {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Digest {
    pub(super) fn add(&mut self, outcome: &Outcome) -> Result<()> {
        for user in &outcome.effects {
            self.0.update(user.login.as_bytes());
            self.0.update(json("effects", &undated(&user.effects))?.as_bytes());
        }
        for asked in &outcome.asked {
            self.0.update(json("asked", asked)?.as_bytes());
        }
        if !outcome.matches.is_nothing() {
            self.0.update(json("matches", &outcome.matches)?.as_bytes());
        }
        Ok(())
    }

    pub(super) fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}
