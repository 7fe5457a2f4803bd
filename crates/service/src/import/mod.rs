//! Imports: a feed comes in, is spooled, compared and planned.

mod groups;
mod keys;
mod later;
mod merge;
mod records;
mod sessions;
mod spool;
mod waits;

pub(crate) use keys::FeedKeys;

pub use merge::FeedStats;
pub(crate) use merge::{FeedWorks, Place};
pub use muster_connectors::csv::Entry;
pub(crate) use records::Records;
pub(crate) use sessions::SESSION_IDLE_MS;
pub use sessions::{Loaded, SourceSession, SourceSessionStatus};
pub use spool::{Import, ImportOptions};
pub(crate) use spool::{hex, no_app, open_feed};
