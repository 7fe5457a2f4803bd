//! Why a feed as a whole can't be read.

use std::io;
use std::path::PathBuf;

/// The feed as a whole can't be trusted; nothing of it may be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The settings of the feed contradict themselves.
    #[error("the format of the feed is wrong: {0}; correct the app's feed settings")]
    Format(String),
    /// The bytes aren't text.
    #[error("the feed is {found}, not text; {advice}")]
    Encoding {
        /// What the bytes look like.
        found: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The byte order mark is that of another encoding.
    #[error(
        "the feed begins with the byte order mark of {found}, but the encoding in the app's feed settings is {set}; \
         leave the setting out"
    )]
    Mark {
        /// The encoding whose mark it is.
        found: &'static str,
        /// The encoding that is set.
        set: &'static str,
    },
    /// Bytes that aren't text in the feed's encoding.
    #[error(
        "line {line}, byte {offset}: {bytes} isn't valid in {encoding}; say in the app's feed settings which encoding the \
         feed has (such as encoding = {advice:?}), or have it exported as UTF-8; nothing of it has been used"
    )]
    Undecodable {
        /// The line, from 1.
        line: u64,
        /// Where in the unpacked feed, from 0.
        offset: u64,
        /// The bytes, as hexadecimal numbers.
        bytes: String,
        /// The encoding it was read in.
        encoding: &'static str,
        /// An encoding it may have instead.
        advice: &'static str,
    },
    /// There is no header.
    #[error("the feed is empty: not even a header is there; ask its sender for a complete export")]
    Empty,
    /// The header names a column twice.
    #[error(
        "the header names column {0:?} twice; remove or rename one of them, so that it is clear which one counts"
    )]
    DuplicateColumn(String),
    /// It isn't clear which column of the header is meant.
    #[error("line 1: {0}; correct the header, or the columns and their names in the app's feed settings")]
    AmbiguousColumn(String),
    /// It isn't clear what stands between fields.
    #[error("line 1: {what}; give the delimiter in the app's feed settings; the header is {header}")]
    Delimiter {
        /// What isn't clear.
        what: String,
        /// The start of the header.
        header: String,
    },
    /// It isn't clear which number of a column's dates is the day.
    #[error(
        "column {column}: {what}; say in the app's feed settings how its dates are written \
         (such as date_format = \"%d/%m/%Y\")"
    )]
    Dates {
        /// The column.
        column: String,
        /// What isn't clear.
        what: String,
    },
    /// A column the format speaks of isn't in the header.
    #[error("line 1: column {column:?} is missing{}; the columns found are: {}", hint(.advice.as_deref()), list(.found))]
    MissingColumn {
        /// The column.
        column: String,
        /// What may have happened.
        advice: Option<String>,
        /// The columns of the header.
        found: Vec<String>,
    },
    /// The header has columns the format doesn't know, and unknown ones are to be refused.
    #[error("line 1: unknown columns: {}; add them to the app's feed settings or let it ignore unknown columns", list(.0))]
    UnknownColumns(Vec<String>),
    /// The feed ends too early.
    #[error("the feed is cut short: {what}; fetch the file again, nothing of it has been used")]
    CutShort {
        /// How that shows.
        what: String,
    },
    /// The feed can't be unpacked.
    #[error(
        "the gzip stream of the feed is damaged after line {line} ({source}); fetch the file again, nothing of it has been used"
    )]
    Damaged {
        /// The line of the last row that was read.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// There are more rows than allowed.
    #[error(
        "the feed has more than {limit} rows; raise max_rows in the app's feed settings if that is right"
    )]
    TooManyRows {
        /// The limit.
        limit: u64,
    },
    /// Reading failed.
    #[error("reading the feed failed after line {line}: {source}; nothing of it has been used, try again")]
    Io {
        /// The line of the last row that was read.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// Sorting needs room on disk and didn't get it.
    #[error("sorting the feed in {} failed: {source}; see that the folder can be written and has room", .dir.display())]
    Spill {
        /// The folder for temporary files.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn hint(advice: Option<&str>) -> String {
    advice.map(|advice| format!(" ({advice})")).unwrap_or_default()
}

fn list(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let mut text = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(", …");
    }
    text
}
