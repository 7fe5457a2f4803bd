//! Whatever another program writes is read as it was meant.

use std::io::{self, Read};

use muster_connectors::csv::{Column, Encoding, FeedFormat, FeedReader, FeedRow, Kind};
use muster_expr::Value;
use proptest::prelude::*;

use super::{gzip, read_all, text};

/// Gives few bytes at a time, as a slow network does.
pub(super) struct Trickle<'a>(pub(super) &'a [u8], pub(super) usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len()).min(self.0.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-zA-Z ,;\"'\r\n\t\u{e9}\u{df}\u{4e2d}\u{1f600}]{0,12}",
        "[a-z]{100,300}",
    ]
}

fn rows() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    prop::collection::vec(("[0-9a-zA-Z,\"\u{e9}]{1,8}", prop::collection::vec(field(), 4)), 0..30)
}

proptest! {
    #[test]
    fn what_csv_writes_is_read(
        rows in rows(),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf: bool,
        quote_all: bool,
        packed: bool,
        mark: bool,
        given: bool,
        trickle in 1_usize..50,
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(if quote_all { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .from_writer(if mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() });
        writer.write_record(["id", "a", "b", "unread", "c"]).unwrap();
        for (key, fields) in &rows {
            let record = [key, &fields[0], &fields[1], &fields[2], &fields[3]];
            writer.write_record(record).unwrap();
        }
        let mut bytes = writer.into_inner().unwrap();
        if packed {
            bytes = gzip(&bytes);
        }

        // In another order than in the file, on purpose.
        let columns = ["c", "a", "b"].map(|name| Column::new(name, Kind::Text)).to_vec();
        // Recognised or given, it is the same.
        let delimiter = given.then_some(delimiter);
        let format = FeedFormat { delimiter, ..FeedFormat::new("id", columns) };
        let found = read_all(&bytes, &format).unwrap();
        let value = |field: &str| if field.trim().is_empty() { Value::Null } else { text(field) };
        prop_assert_eq!(found.len(), rows.len());
        for (row, (key, fields)) in found.iter().zip(&rows) {
            let FeedRow::Valid(row) = row else { panic!("rejected: {row:?}") };
            prop_assert_eq!(&row.key, key);
            prop_assert_eq!(&row.values, &[value(&fields[3]), value(&fields[0]), value(&fields[1])]);
        }
        let slowly: Vec<FeedRow> =
            FeedReader::open(Trickle(&bytes, trickle), &format).unwrap().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(slowly, found);
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(prop::sample::select(b"ab1,\"\n\r\xe9\0 ".to_vec()), 0..200)) {
        let bytes = [b"id,a\n", &bytes[..]].concat();
        let format = FeedFormat {
            max_row_bytes: 40,
            encoding: Encoding::Windows1252,
            ..FeedFormat::new("id", vec![Column::new("a", Kind::Text)])
        };
        let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
        let mut last = 1;
        for row in FeedReader::open(&bytes[..], &format).unwrap() {
            let Ok(row) = row else { break };
            let line = match row {
                FeedRow::Valid(row) => row.line,
                FeedRow::Gone(row) => row.line,
                FeedRow::Rejected(row) => row.line,
            };
            prop_assert!(line >= last && line <= lines);
            last = line;
        }
    }
}
