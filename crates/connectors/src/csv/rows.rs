//! Rows, whichever way they are written.

use super::dates::Orders;
use super::{EntryReader, FeedError, FeedReader, FeedRow};

/// The rows of a feed.
#[derive(Debug)]
pub enum FeedRows<'r> {
    /// Of a file.
    File(Box<FeedReader<'r>>),
    /// Told one by one.
    Entries(Box<EntryReader<'r>>),
}

impl<'r> From<FeedReader<'r>> for FeedRows<'r> {
    fn from(reader: FeedReader<'r>) -> Self {
        Self::File(Box::new(reader))
    }
}

impl<'r> From<EntryReader<'r>> for FeedRows<'r> {
    fn from(reader: EntryReader<'r>) -> Self {
        Self::Entries(Box::new(reader))
    }
}

impl FeedRows<'_> {
    /// How many rows have been read.
    pub(super) fn rows(&self) -> u64 {
        match self {
            Self::File(reader) => reader.rows(),
            Self::Entries(reader) => reader.rows(),
        }
    }

    /// How many bytes have been read, before unpacking.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::File(reader) => reader.bytes(),
            Self::Entries(reader) => reader.bytes(),
        }
    }

    /// Whether of several rows of one key the later ones count. A file isn't told in any order: there none of them does.
    pub(super) fn last_counts(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Entries(reader) => reader.is_partial(),
        }
    }

    pub(super) fn remarks(&self) -> Vec<String> {
        match self {
            Self::File(reader) => reader.remarks(),
            Self::Entries(_) => Vec::new(),
        }
    }

    pub(super) fn dates(&self, remarks: &mut Vec<String>) -> Result<Vec<(usize, Orders)>, FeedError> {
        match self {
            Self::File(reader) => reader.dates(remarks),
            Self::Entries(_) => Ok(Vec::new()),
        }
    }
}

impl Iterator for FeedRows<'_> {
    type Item = Result<FeedRow, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::File(reader) => reader.next(),
            Self::Entries(reader) => reader.next(),
        }
    }
}
