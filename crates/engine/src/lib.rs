//! The functional core of Muster: facts, derived state, plans, explanations and undo.
//!
//! Nothing here does I/O, reads a clock or draws randomness: all of these are arguments. The shell (`muster-store`,
//! `muster-service`) loads facts, calls in here, and writes what comes out.

pub mod outbound;

pub use muster_expr::Value;
