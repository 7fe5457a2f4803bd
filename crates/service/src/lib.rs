//! Use cases: what faces and the command line ask for, each as a plan; imports, provisioning, notifications.

pub mod access;
pub mod backup;
pub mod clock;
pub mod edit;
pub mod error;
pub mod events;
pub mod import;
mod index;
mod keys;
pub mod look;
pub mod mail;
pub mod muster;
pub mod plan;
pub mod provision;
pub mod schedule;
pub mod tasks;
pub mod vault;
pub mod why;
mod world;

pub use access::{Actor, Door, NewToken, Right, Session};
pub use error::{Result, ServiceError};
pub use import::{Import, ImportOptions, Loaded, SourceSession, SourceSessionStatus};
pub use muster::Muster;
