//! Imports: a feed comes in, is spooled, compared and planned.

mod merge;
mod spool;

pub use merge::FeedStats;
pub(crate) use merge::FeedWorks;
pub use spool::ImportOptions;
pub(crate) use spool::{hex, no_app, open_feed};
