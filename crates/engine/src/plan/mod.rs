//! Plans: what changes for whom, whether that is too much, and how it is taken back.

mod diff;
mod effect;
mod guard;
mod loss;
mod tally;
mod touched;

pub use diff::{AccountWrite, Diff, Stored, StoredApp, diff};
pub use effect::{Changed, Effect, UserEffects};
pub use guard::{Finding, FindingKind, Limit, Taking, Window, judge, protection, suspects};
pub use loss::{Losers, Loss, Losses, Watch};
pub use tally::Tally;
pub use touched::{Selection, Touched, says_otherwise, touched};
