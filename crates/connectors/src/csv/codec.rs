//! Rows as bytes, while they are being sorted: in memory and in temporary files, never beyond one run of the program.
//!
//! ```text
//! line: u64 | length of key: u32 | key | tag: u8 | values or reason, to the end
//! ```

use std::cmp::Ordering;
use std::io;

use muster_expr::Value;

use super::{FeedRow, GoneRow, RejectedRow, ValidRow};

const VALID: u8 = 0;
const TERMINATED: u8 = 1;
const REJECTED: u8 = 2;
const GONE: u8 = 3;

/// In the place of a value: the row doesn't speak of it.
const KEPT: u8 = 6;

/// Where the key starts.
const KEY: usize = 12;

/// Appends a valid row.
pub(super) fn encode_valid(row: &ValidRow, out: &mut Vec<u8>) {
    start(row.line, &row.key, if row.terminated { TERMINATED } else { VALID }, out);
    for (at, value) in row.values.iter().enumerate() {
        if row.kept.binary_search(&at).is_ok() {
            out.push(KEPT);
        } else {
            encode_value(value, out);
        }
    }
}

/// Appends a rejected row whose key is known.
pub(super) fn encode_rejected(line: u64, key: &str, reason: &str, out: &mut Vec<u8>) {
    start(line, key, REJECTED, out);
    out.extend_from_slice(reason.as_bytes());
}

/// Appends a row that says that a record is gone.
pub(super) fn encode_gone(row: &GoneRow, out: &mut Vec<u8>) {
    start(row.line, &row.key, GONE, out);
}

/// The order of rows: by the bytes of the key, then by line.
pub(super) fn order(one: &[u8], other: &[u8]) -> Ordering {
    key(one).cmp(key(other)).then_with(|| line(one).cmp(&line(other)))
}

/// The bytes of the key of an encoded row.
pub(super) fn key(row: &[u8]) -> &[u8] {
    let length = row.get(8..KEY).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    row.get(KEY..KEY + length as usize).unwrap_or_default()
}

/// The line of an encoded row.
pub(super) fn line(row: &[u8]) -> u64 {
    row.get(..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// The first bytes of a key as a number that sorts like them.
pub(super) fn prefix(row: &[u8]) -> u64 {
    let key = key(row);
    let mut start = [0; 8];
    let length = key.len().min(8);
    start[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(start)
}

/// The row of its bytes; fails only where a temporary file was tampered with or has gone bad.
pub(super) fn decode(row: &[u8]) -> io::Result<FeedRow> {
    let key = key(row);
    let line = line(row);
    let mut rest = Bytes(row.get(KEY + key.len()..).unwrap_or_default());
    let key = text(key)?.to_owned();
    match rest.byte()? {
        REJECTED => {
            let reason = text(rest.0)?.to_owned();
            Ok(FeedRow::Rejected(RejectedRow { line, key: Some(key), reason }))
        }
        GONE => Ok(FeedRow::Gone(GoneRow { line, key })),
        tag @ (VALID | TERMINATED) => {
            let (mut values, mut kept) = (Vec::new(), Vec::new());
            while let Some(first) = rest.0.first() {
                if *first == KEPT {
                    rest.byte()?;
                    kept.push(values.len());
                    values.push(Value::Null);
                } else {
                    values.push(rest.value()?);
                }
            }
            Ok(FeedRow::Valid(ValidRow { line, key, terminated: tag == TERMINATED, values, kept }))
        }
        _ => Err(damaged()),
    }
}

fn start(line: u64, key: &str, tag: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&line.to_le_bytes());
    length(key.len(), out);
    out.extend_from_slice(key.as_bytes());
    out.push(tag);
}

fn length(length: usize, out: &mut Vec<u8>) {
    // No field is longer than a row, and rows are bounded far below this.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn encode_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(value) => out.extend_from_slice(&[1, u8::from(*value)]),
        Value::Int(value) => {
            out.push(2);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Num(value) => {
            out.push(3);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Value::Str(value) => {
            out.push(4);
            length(value.len(), out);
            out.extend_from_slice(value.as_bytes());
        }
        Value::List(values) => {
            out.push(5);
            length(values.len(), out);
            for value in values {
                encode_value(value, out);
            }
        }
    }
}

/// What is still to be decoded.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| damaged())
    }

    fn byte(&mut self) -> io::Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn length(&mut self) -> io::Result<usize> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    fn value(&mut self) -> io::Result<Value> {
        Ok(match self.byte()? {
            0 => Value::Null,
            1 => Value::Bool(self.byte()? != 0),
            2 => Value::Int(i64::from_le_bytes(self.array()?)),
            3 => Value::Num(f64::from_bits(u64::from_le_bytes(self.array()?))),
            4 => {
                let length = self.length()?;
                Value::Str(text(self.take(length)?)?.into())
            }
            5 => {
                let length = self.length()?;
                Value::List((0..length).map(|_| self.value()).collect::<io::Result<_>>()?)
            }
            _ => return Err(damaged()),
        })
    }
}

fn text(bytes: &[u8]) -> io::Result<&str> {
    str::from_utf8(bytes).map_err(|_| damaged())
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a temporary file has been damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_put_in() {
        let values = vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(-5),
            Value::Num(2.5),
            Value::Str("Zürich".into()),
            Value::List(vec![Value::Str("a".into()), Value::Str(String::new().into())]),
        ];
        for terminated in [false, true] {
            let row =
                ValidRow { line: 7, key: "10001".into(), terminated, values: values.clone(), kept: vec![0] };
            let mut bytes = Vec::new();
            encode_valid(&row, &mut bytes);
            assert_eq!(decode(&bytes).unwrap(), FeedRow::Valid(row));
            for cut in 0..KEY + 6 {
                assert!(decode(&bytes[..cut]).is_err(), "cut at {cut}");
            }
        }
        let mut bytes = Vec::new();
        let gone = GoneRow { line: 8, key: "k".into() };
        encode_gone(&gone, &mut bytes);
        assert_eq!(decode(&bytes).unwrap(), FeedRow::Gone(gone));
        let mut bytes = Vec::new();
        encode_rejected(9, "k", "why", &mut bytes);
        let expected = RejectedRow { line: 9, key: Some("k".into()), reason: "why".into() };
        assert_eq!(decode(&bytes).unwrap(), FeedRow::Rejected(expected));
    }
}
