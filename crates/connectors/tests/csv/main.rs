//! The feed reader against malformed files, random files and a real company's rosters.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod dates;
mod encodings;
mod header;
mod malformed;
mod real;
mod round_trip;
mod sorting;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use muster_connectors::csv::{Column, FeedError, FeedFormat, FeedReader, FeedRow, Kind, Marked};
use muster_expr::Value;

/// Key, name and hire date, and a column that tells leavers.
fn format() -> FeedFormat {
    let columns = vec![Column::new("name", Kind::Text), Column::new("hired", Kind::Date).required()];
    let terminated = Some(Marked { column: "status".into(), values: vec!["terminated".into()] });
    FeedFormat { terminated, ..FeedFormat::new("id", columns) }
}

fn read_all(bytes: &[u8], format: &FeedFormat) -> Result<Vec<FeedRow>, FeedError> {
    FeedReader::open(bytes, format)?.collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn text(text: &str) -> Value {
    Value::Str(text.into())
}
