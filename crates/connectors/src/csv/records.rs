//! Splits text into rows and fields, within bounds.

use std::io::BufRead;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::FeedError;
use super::source::{Text, classify};

/// More fields in one row than any export has; a longer row is not split any further.
const MAX_FIELDS: usize = 16 * 1024;

/// The fields of one row, in buffers that are used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// The line the row starts on, from 1.
    pub(super) line: u64,
    /// The row is longer than allowed; its fields are not there.
    pub(super) too_long: bool,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
}

impl Row {
    /// The number of fields.
    pub(super) fn len(&self) -> usize {
        self.fields
    }

    /// The bytes of a field; none if there is no such field.
    pub(super) fn field(&self, index: usize) -> &[u8] {
        if index >= self.fields {
            return &[];
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// Whether a quoted field runs over the end of a line.
    pub(super) fn spans_lines(&self) -> bool {
        let end = if self.fields == 0 { 0 } else { self.ends[self.fields - 1] };
        self.bytes[..end].contains(&b'\n')
    }
}

/// Splits text into rows.
///
/// Drives the tokenizer of the `csv` crate directly. Its reader would let an unclosed quote swallow the rest of the
/// file into one row in memory, wouldn't notice that a file ends inside a quote, and counts lines one too low where
/// they end in CR LF.
pub(super) struct Rows<'r> {
    text: Text<'r>,
    tokens: Reader,
    max_bytes: usize,
    line: u64,
    /// The line the last complete row started on.
    last: u64,
}

impl<'r> Rows<'r> {
    pub(super) fn new(text: Text<'r>, delimiter: u8, max_bytes: usize) -> Self {
        Self { text, tokens: ReaderBuilder::new().delimiter(delimiter).build(), max_bytes, line: 1, last: 0 }
    }

    /// The line the last complete row started on; 0 before there is one.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Reads the next row; `false` at the end of the file.
    pub(super) fn next(&mut self, row: &mut Row) -> Result<bool, FeedError> {
        row.fields = 0;
        row.too_long = false;
        if !self.skip_line_ends()? {
            return Ok(false);
        }
        row.line = self.line;
        self.tokens.set_line(self.line);
        if row.bytes.is_empty() {
            row.bytes.resize(1024.min(self.max_bytes.max(1)), 0);
            row.ends.resize(64, 0);
        }
        let (mut bytes, mut fields) = (0, 0);
        loop {
            let input = self.text.fill_buf().map_err(|error| classify(error, self.last))?;
            // A last line may lack its end. Given one, the row is complete, unless the file ends inside a quote.
            let at_end = input.is_empty();
            let (result, taken, written, ended) = self.tokens.read_record(
                if at_end { b"\n" } else { input },
                &mut row.bytes[bytes..],
                &mut row.ends[fields..],
            );
            if !at_end {
                self.text.consume(taken);
            }
            bytes += written;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty if at_end => {
                    let what = format!("the quote opened in the row of line {} is never closed", row.line);
                    return Err(FeedError::CutShort { what });
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if !row.too_long && row.bytes.len() < self.max_bytes => {
                    row.bytes.resize((row.bytes.len() * 2).min(self.max_bytes), 0);
                }
                ReadRecordResult::OutputEndsFull if !row.too_long && row.ends.len() < MAX_FIELDS => {
                    row.ends.resize(row.ends.len() * 2, 0);
                }
                // Too long: goes on to the end of the row and forgets what it reads.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    row.too_long = true;
                    (bytes, fields) = (0, 0);
                }
                ReadRecordResult::Record => {
                    self.line = self.tokens.line();
                    self.last = row.line;
                    row.fields = if row.too_long { 0 } else { fields };
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// Passes over the ends of lines before a row, counting them; `false` at the end of the file.
    fn skip_line_ends(&mut self) -> Result<bool, FeedError> {
        loop {
            let input = self.text.fill_buf().map_err(|error| classify(error, self.last))?;
            if input.is_empty() {
                return Ok(false);
            }
            let mut skipped = 0;
            for byte in input {
                match byte {
                    b'\n' => self.line += 1,
                    b'\r' => {}
                    _ => break,
                }
                skipped += 1;
            }
            let found = skipped < input.len();
            self.text.consume(skipped);
            if found {
                return Ok(true);
            }
        }
    }
}
