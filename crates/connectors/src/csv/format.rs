//! How a feed is laid out: set by an administrator, stored with the app.

use serde::{Deserialize, Serialize};

/// How a feed is laid out, and the limits it is read under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedFormat {
    /// The column that holds the stable key of a person. Blanks around a key don't count.
    pub key: String,
    /// What stands between two fields: one ASCII character, `,` unless set.
    #[serde(default = "comma", with = "delimiter")]
    pub delimiter: u8,
    /// How dates are written, as a pattern such as `%d.%m.%Y`; ISO 8601 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// How a row says that its person has left; unless set, only absence says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminated: Option<Terminated>,
    /// The columns to read, in the order in which [`ValidRow::values`](super::ValidRow::values) gives them. Each of
    /// them has to be in the file: a column that silently went missing would empty an attribute of everyone.
    pub columns: Vec<Column>,
    /// Columns of the file that aren't listed are passed over (the default) rather than refused.
    #[serde(default = "yes")]
    pub ignore_unknown_columns: bool,
    /// A row with a longer field is rejected.
    #[serde(default = "default_max_field_bytes")]
    pub max_field_bytes: usize,
    /// A longer row is rejected; it bounds the memory a reader takes.
    #[serde(default = "default_max_row_bytes")]
    pub max_row_bytes: usize,
    /// A feed with more rows is refused.
    #[serde(default = "default_max_rows")]
    pub max_rows: u64,
}

impl FeedFormat {
    /// A format with the given key and columns, comma separated, ISO dates and default limits.
    pub fn new(key: impl Into<String>, columns: Vec<Column>) -> Self {
        Self {
            key: key.into(),
            delimiter: comma(),
            date_format: None,
            terminated: None,
            columns,
            ignore_unknown_columns: true,
            max_field_bytes: default_max_field_bytes(),
            max_row_bytes: default_max_row_bytes(),
            max_rows: default_max_rows(),
        }
    }
}

/// How a row says that its person has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminated {
    /// The column to look at.
    pub column: String,
    /// The values that mean "has left". Case of ASCII letters and blanks around them don't count: it is worse to miss
    /// a leaver than to read `TERMINATED` for `terminated`.
    pub values: Vec<String>,
}

/// A column to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name in the header.
    pub name: String,
    /// A row with nothing in this column is rejected.
    #[serde(default)]
    pub required: bool,
    /// What it holds.
    #[serde(default)]
    pub kind: Kind,
}

impl Column {
    /// A column that may be empty.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), required: false, kind }
    }

    /// The same column, to be filled in every row.
    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// What a column holds. A field that is empty or blank is no value, whatever the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text, taken as it stands.
    #[default]
    Text,
    /// A date, or a date with a time; kept as ISO 8601 text.
    Date,
    /// A whole number of 64 bits.
    Integer,
    /// A number.
    Number,
    /// `true`, `yes`, `y`, `1` or `false`, `no`, `n`, `0`.
    Boolean,
    /// Several texts in one field; blanks around them and empty ones don't count.
    List {
        /// What stands between two of them.
        separator: String,
    },
}

const fn comma() -> u8 {
    b','
}

const fn yes() -> bool {
    true
}

const fn default_max_field_bytes() -> usize {
    64 * 1024
}

const fn default_max_row_bytes() -> usize {
    1024 * 1024
}

const fn default_max_rows() -> u64 {
    20_000_000
}

/// Whether a character can stand between fields.
pub(super) fn can_delimit(byte: u8) -> bool {
    byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | 0)
}

/// The delimiter is written as a character, not as its number.
mod delimiter {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    pub(super) fn serialize<S: Serializer>(byte: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(char::from(*byte))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        let character = char::deserialize(deserializer)?;
        match u8::try_from(character) {
            Ok(byte) if super::can_delimit(byte) => Ok(byte),
            _ => Err(D::Error::custom(format!(
                "the delimiter {character:?} can't be used; give one ASCII character such as \",\", \";\" or a tab"
            ))),
        }
    }
}
