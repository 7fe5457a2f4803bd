//! The functional core of Muster: facts, derived state, plans, explanations and undo.
//!
//! Nothing here does I/O, reads a clock or draws randomness: all of these are arguments. The shell (`muster-store`,
//! `muster-service`) loads facts, calls in here, and writes what comes out.

pub mod config;
pub mod derive;
pub mod facts;
mod json;
pub mod matching;
pub mod model;
pub mod outbound;
pub mod plan;
pub mod schedule;
pub mod suggest;

pub use config::{Config, ConfigError, compile};
pub use facts::{Claim, Fact, FactState, FactValue, Facts, Record, RecordState, Said};
pub use model::*;
pub use muster_expr::Value;
pub use schedule::Schedule;
