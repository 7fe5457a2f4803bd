//! Reads feeds: delimited text files with one row a person, as HR systems export them.
//!
//! [`FeedReader`] turns bytes into typed rows, one at a time and in constant memory. [`sorted`] brings the rows into
//! the order of their keys, whatever the size of the feed, and finds keys that occur more than once. Rows that don't come
//! as a file, but one by one over an interface, are [`Entry`]s: [`EntryReader`] reads them in its place.
//!
//! Two kinds of trouble are told apart. A [`FeedError`] says that the feed as a whole can't be trusted (cut short,
//! another encoding, a column is missing): nothing of it may be imported. A [`RejectedRow`] says that one row can't
//! be read. It is never to be taken for an absence: its person is still there, only unreadable, and where not even
//! its key can be read nobody may be called absent on the strength of this feed.

mod codec;
mod convert;
mod dates;
mod delimiter;
mod encoding;
mod entries;
mod error;
mod format;
mod hash;
mod header;
mod merge;
mod reader;
mod records;
mod rows;
mod sort;
mod source;
mod tables;

pub use entries::{Entry, EntryReader};
pub use error::FeedError;
pub use format::{Column, FeedFormat, Kind};
pub use muster_engine::model::{Encoding, Marked};
pub use reader::{FeedReader, FeedRow, GoneRow, RejectedRow, ValidRow, content_hash};
pub use rows::FeedRows;
pub use sort::{FeedSummary, SortedFeed, SortedItem, sorted};
