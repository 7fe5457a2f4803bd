//! A hash of what a row says, to tell at a glance whether it says something new.

use muster_expr::Value;

/// A hash of 64 bits over a fixed encoding of the row.
///
/// Stored beside imported records, so it must not change between releases, machines or runs: the function is written
/// here rather than taken from the standard library, which promises no stability. Each step can be undone, so rows
/// that differ in one word of 8 bytes never have the same hash; others do with a chance of one in 2^64. It isn't
/// meant to resist anyone who looks for collisions: whoever writes the feed can write what he likes into it anyway.
pub(super) fn row(terminated: bool, values: &[Value]) -> u64 {
    let mut hash = Hash(0x243f_6a88_85a3_08d3);
    hash.word(u64::from(terminated));
    for value in values {
        hash.value(value);
    }
    hash.finish()
}

struct Hash(u64);

impl Hash {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The last word is filled up with zeros; the length goes in before, so that they can't be taken for content.
    fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last));
        }
    }

    /// A tag and, where the length varies, the length go first, so that no two different rows are encoded alike.
    fn value(&mut self, value: &Value) {
        let tagged = |tag: u64, length: usize| tag | (length as u64) << 8;
        match value {
            Value::Null => self.word(0),
            Value::Bool(value) => self.word(tagged(1, usize::from(*value))),
            Value::Int(value) => {
                self.word(2);
                self.word(value.cast_unsigned());
            }
            Value::Num(value) => {
                self.word(3);
                self.word(value.to_bits());
            }
            Value::Str(value) => {
                self.word(tagged(4, value.len()));
                self.bytes(value.as_bytes());
            }
            Value::List(values) => {
                self.word(tagged(5, values.len()));
                for value in values {
                    self.value(value);
                }
            }
        }
    }

    /// Spreads the last word over all bits.
    fn finish(self) -> u64 {
        let hash = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash ^ (hash >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_the_same_for_ever() {
        // Stored hashes depend on these: a change here makes every row of every feed look changed.
        let list = Value::List(vec![Value::Str("a".into()), Value::Str("longer than eight".into())]);
        let values = [
            Value::Str("Georgi".into()),
            Value::Null,
            Value::Int(-7),
            Value::Num(0.5),
            Value::Bool(true),
            list,
        ];
        assert_eq!(row(false, &[]), 15_267_146_851_549_810_315);
        assert_eq!(row(false, &values), 18_251_795_023_232_793_969);
        assert_eq!(row(true, &values), 6_474_789_642_702_918_410);
    }

    #[test]
    fn tells_rows_apart_that_read_alike() {
        let text = |text: &str| Value::Str(text.into());
        let rows = [
            vec![text("ab"), text("c")],
            vec![text("a"), text("bc")],
            vec![text("abc"), Value::Null],
            vec![Value::Null, text("abc")],
            vec![Value::List(vec![text("ab"), text("c")])],
            vec![Value::List(vec![text("ab")]), text("c")],
            vec![Value::Int(1), Value::Null],
            vec![Value::Num(1.0), Value::Null],
            vec![Value::Bool(true), Value::Null],
            vec![text("1"), Value::Null],
        ];
        let hashes: std::collections::BTreeSet<u64> = rows.iter().map(|values| row(false, values)).collect();
        assert_eq!(hashes.len(), rows.len());
    }
}
