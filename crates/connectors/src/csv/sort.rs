//! Rows of a feed in the order of their keys.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::dates::Orders;
use super::merge::{Buffer, Merge, Run};
use super::rows::FeedRows;
use super::{FeedError, FeedRow, GoneRow, RejectedRow, ValidRow, codec};

/// How many rejected rows a summary keeps; all are counted.
const SAMPLE: usize = 1000;

/// How many runs are merged at once, so that open files stay few however small the memory.
const MAX_RUNS: usize = 64;

/// How many lines the message about a duplicate key names.
const LINES_SHOWN: usize = 10;

/// What a feed says about one key. Each key comes once, in ascending order of its bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum SortedItem {
    /// One valid row.
    Valid(ValidRow),
    /// One row that says that the record is gone.
    Gone(GoneRow),
    /// A row that can't be read, or several rows that contradict each other. Its person isn't absent.
    Rejected {
        /// The key.
        key: String,
        /// The line of the first row of this key.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

impl SortedItem {
    /// The key.
    pub fn key(&self) -> &str {
        match self {
            Self::Valid(row) => &row.key,
            Self::Gone(row) => &row.key,
            Self::Rejected { key, .. } => key,
        }
    }
}

/// What was in a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedSummary {
    /// All rows without the header: valid and rejected ones.
    pub rows: u64,
    /// Rows given out as valid.
    pub valid: u64,
    /// Rows rejected, among them each row of a key that occurs more than once.
    pub rejected: u64,
    /// Rejected rows whose key can't be read. Unless this is 0, nobody may be called absent.
    pub unreadable_keys: u64,
    /// The size of the file as it came.
    pub bytes: u64,
    /// The first rejections, for a person to look at: at most a thousand, one for each duplicate key.
    pub sample: Vec<RejectedRow>,
    /// What was recognised, in sentences.
    pub remarks: Vec<String>,
    /// Whether rows don't speak of all columns.
    pub partial: bool,
}

impl FeedSummary {
    fn reject(&mut self, rows: u64, example: impl FnOnce() -> RejectedRow) {
        self.rejected += rows;
        if self.sample.len() < SAMPLE {
            self.sample.push(example());
        }
    }
}

/// Reads a whole feed and sorts it by key. Rows beyond `memory_bytes` wait in unnamed files in `temp_dir`.
///
/// # Errors
/// The feed can't be trusted as a whole, or there is no room in `temp_dir`. Since all of the feed has been read when
/// this returns, it is known then that it isn't cut short.
pub fn sorted<'r>(
    reader: impl Into<FeedRows<'r>>,
    memory_bytes: usize,
    temp_dir: &Path,
) -> Result<SortedFeed, FeedError> {
    let dir = temp_dir.to_owned();
    let failed = |source| FeedError::Spill { dir: dir.clone(), source };
    let mut reader = reader.into();
    let mut summary = FeedSummary::default();
    let mut buffer = Buffer::default();
    let mut runs: Vec<Run> = Vec::new();
    for row in reader.by_ref() {
        match row? {
            FeedRow::Valid(row) => {
                summary.partial |= !row.kept.is_empty();
                buffer.push(|out| codec::encode_valid(&row, out));
            }
            FeedRow::Gone(row) => buffer.push(|out| codec::encode_gone(&row, out)),
            FeedRow::Rejected(RejectedRow { line, key: Some(key), reason }) => {
                buffer.push(|out| codec::encode_rejected(line, &key, &reason, out));
            }
            FeedRow::Rejected(row) => {
                summary.unreadable_keys += 1;
                summary.reject(1, || row);
            }
        }
        if buffer.size() >= memory_bytes {
            if runs.len() >= MAX_RUNS {
                let merged = Merge::new(std::mem::take(&mut runs)).and_then(|merge| merge.into_run(temp_dir));
                runs.push(merged.map_err(failed)?);
            }
            runs.push(buffer.spill(temp_dir).map_err(failed)?);
        }
    }
    summary.rows = reader.rows();
    summary.bytes = reader.bytes();
    summary.remarks = reader.remarks();
    let dates = reader.dates(&mut summary.remarks)?;
    let last_counts = reader.last_counts();
    buffer.sort();
    runs.push(Run::Memory { buffer, next: 0 });
    let mut merge = Merge::new(runs).map_err(failed)?;
    let mut next = Vec::new();
    let more = merge.next(&mut next).map_err(failed)?;
    Ok(SortedFeed { merge, next, more, dates, last_counts, summary, dir })
}

/// The rows of a feed in ascending order of their keys.
///
/// The iterator ends after the first error.
#[derive(Debug)]
pub struct SortedFeed {
    merge: Merge,
    /// The row to go on with, if there are more.
    next: Vec<u8>,
    more: bool,
    /// How dates are to be read that stand as they were written, by column.
    dates: Vec<(usize, Orders)>,
    /// Of several rows of one key the later ones count.
    last_counts: bool,
    summary: FeedSummary,
    dir: PathBuf,
}

impl SortedFeed {
    /// What was in the feed. How many rows are valid or rejected is known after the last item only, all else from the
    /// start.
    pub fn summary(&self) -> &FeedSummary {
        &self.summary
    }

    /// The same, to keep.
    pub fn into_summary(self) -> FeedSummary {
        self.summary
    }

    fn advance(&mut self) -> io::Result<Option<SortedItem>> {
        if !self.more {
            return Ok(None);
        }
        let first = std::mem::take(&mut self.next);
        self.more = self.merge.next(&mut self.next)?;
        let row = if !self.more || codec::key(&self.next) != codec::key(&first) {
            codec::decode(&first)?
        } else if self.last_counts {
            self.last_word(&first)?
        } else {
            return self.duplicate(&first).map(Some);
        };
        Ok(Some(match row {
            FeedRow::Valid(mut row) => {
                self.summary.valid += 1;
                for (column, orders) in &self.dates {
                    if let Some(value) = row.values.get_mut(*column) {
                        orders.apply(value);
                    }
                }
                SortedItem::Valid(row)
            }
            FeedRow::Gone(row) => {
                self.summary.valid += 1;
                SortedItem::Gone(row)
            }
            FeedRow::Rejected(row) => {
                self.summary.reject(1, || row.clone());
                SortedItem::Rejected { key: row.key.unwrap_or_default(), line: row.line, reason: row.reason }
            }
        }))
    }

    /// What rows of one key say together: what the last one doesn't speak of is as the one before it said. If the last one
    /// can't be read, none of them counts.
    fn last_word(&mut self, first: &[u8]) -> io::Result<FeedRow> {
        let mut said = None;
        let mut refused;
        let mut row = first.to_vec();
        loop {
            match (codec::decode(&row)?, said.take()) {
                (FeedRow::Rejected(rejected), before) => (said, refused) = (before, Some(rejected)),
                (FeedRow::Valid(mut row), Some(FeedRow::Valid(before))) => {
                    row.take_over(before);
                    (said, refused) = (Some(FeedRow::Valid(row)), None);
                }
                (row, _) => (said, refused) = (Some(row), None),
            }
            if !self.more || codec::key(&self.next) != codec::key(first) {
                break;
            }
            row = std::mem::take(&mut self.next);
            self.more = self.merge.next(&mut self.next)?;
        }
        match (refused, said) {
            (None, Some(said)) => Ok(said),
            (Some(refused), _) => Ok(FeedRow::Rejected(refused)),
            (None, None) => codec::decode(first),
        }
    }

    /// Nobody knows which row of a duplicate key is meant, so none of them counts.
    fn duplicate(&mut self, first: &[u8]) -> io::Result<SortedItem> {
        let key = String::from_utf8_lossy(codec::key(first)).into_owned();
        let line = codec::line(first);
        let mut lines = vec![line];
        let mut rows: u64 = 1;
        let mut others = String::new();
        note(&mut others, first)?;
        while self.more && codec::key(&self.next) == key.as_bytes() {
            rows += 1;
            if lines.len() < LINES_SHOWN {
                lines.push(codec::line(&self.next));
                note(&mut others, &self.next)?;
            }
            self.more = self.merge.next(&mut self.next)?;
        }
        let reason = format!("duplicate key {key} on lines {}{others}", name_lines(&lines, rows));
        self.summary.reject(rows, || RejectedRow { line, key: Some(key.clone()), reason: reason.clone() });
        Ok(SortedItem::Rejected { key, line, reason })
    }
}

impl Iterator for SortedFeed {
    type Item = Result<SortedItem, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(item) => item.map(Ok),
            Err(source) => {
                self.more = false;
                Some(Err(FeedError::Spill { dir: self.dir.clone(), source }))
            }
        }
    }
}

/// Adds what else is wrong with a row of a duplicate key.
fn note(others: &mut String, row: &[u8]) -> io::Result<()> {
    if let FeedRow::Rejected(row) = codec::decode(row)? {
        // Writing to a string can't fail.
        let _ = write!(others, "; line {}: {}", row.line, row.reason);
    }
    Ok(())
}

fn name_lines(lines: &[u64], rows: u64) -> String {
    let mut names: Vec<String> = lines.iter().map(u64::to_string).collect();
    let more = rows - lines.len() as u64;
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let last = names.pop().unwrap_or_default();
    format!("{} and {last}", names.join(", "))
}
