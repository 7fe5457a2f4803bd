//! Durable state of Muster: facts, configuration, derived rows and work in progress.
//!
//! Three layers, each usable alone:
//!
//! - [`Tx`], a small synchronous transaction trait that an engine implements (`sqlite` today). A whole operation is one
//!   closure over it, given to [`Store::read`] or [`Store::write`].
//! - Migrations: forward only, written once, with type words that each engine maps.
//! - Set-wise operations: plain functions over `&mut dyn Tx`, in modules by subject. Write-sets are data.
//!
//! The crate knows rows, keys and JSON text, and nothing of what they mean.

pub mod accounts;
pub mod app_state;
pub mod block;
pub mod cleanup;
pub mod config;
mod error;
pub mod feeds;
pub mod figures;
pub mod guard_window;
pub mod keys;
pub mod log;
pub mod lookups;
pub mod mail;
pub mod meta;
mod migrate;
pub mod pending;
pub mod people;
pub mod plans;
pub mod rederive;
pub mod runs;
pub mod schedule;
pub mod search;
pub mod secrets;
pub mod source_sessions;
mod sqlite;
mod statements;
mod store;
pub mod tasks;
pub mod tokens;
mod tx;

pub use error::{Cause, StoreError};
pub use statements::{Statement, all as statements};
pub use store::{Checkpoint, Commits, OpenOptions, Store};
pub use tx::{Param, Producer, RawRow, Row, Sink, Tx, Value};

/// What operations of this crate give back.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
