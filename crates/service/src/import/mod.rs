//! Imports: a feed comes in, is spooled, compared and planned.

mod keys;
mod later;
mod merge;
mod spool;

pub(crate) use keys::FeedKeys;

pub use merge::FeedStats;
pub(crate) use merge::{FeedWorks, Place};
pub use spool::ImportOptions;
pub(crate) use spool::{hex, no_app, open_feed};
