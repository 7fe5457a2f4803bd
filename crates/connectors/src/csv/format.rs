//! How a feed is laid out: set by an administrator, stored with the app.

use muster_engine::model::{Encoding, Marked};
use serde::{Deserialize, Serialize};

/// How a feed is laid out, and the limits it is read under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedFormat {
    /// The column that holds the stable key of a person. Blanks around a key don't count.
    pub key: String,
    /// How the text is encoded.
    #[serde(default)]
    pub encoding: Encoding,
    /// What stands between two fields: one ASCII character; recognised by the header unless set.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "delimiter")]
    pub delimiter: Option<u8>,
    /// How dates are written, as a pattern such as `%d.%m.%Y`; recognised unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// How a row says that its person has left; unless set, only absence says so. Case of ASCII letters and blanks
    /// around the values don't count: it is worse to miss a leaver than to read `TERMINATED` for `terminated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminated: Option<Marked>,
    /// How a row says that the record is gone. Its values are compared in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Marked>,
    /// The columns to read, in the order in which [`ValidRow::values`](super::ValidRow::values) gives them. Each of
    /// them has to be in the file, unless it is partial: a column that silently went missing would empty an attribute
    /// of everyone.
    pub columns: Vec<Column>,
    /// The file tells changes: it has to have the key and what marks rows, and other columns may be missing.
    #[serde(default)]
    pub partial: bool,
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
    /// A format with the given key and columns, in which everything else is recognised, and default limits.
    pub fn new(key: impl Into<String>, columns: Vec<Column>) -> Self {
        Self {
            key: key.into(),
            encoding: Encoding::Auto,
            delimiter: None,
            date_format: None,
            terminated: None,
            deleted: None,
            columns,
            partial: false,
            ignore_unknown_columns: true,
            max_field_bytes: default_max_field_bytes(),
            max_row_bytes: default_max_row_bytes(),
            max_rows: default_max_rows(),
        }
    }
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
    /// What the header may call it as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How its dates are written; as the format says unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
}

impl Column {
    /// A column that may be empty.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), required: false, kind, names: Vec::new(), date_format: None }
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
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        clippy::ref_option,
        reason = "serde passes fields by reference"
    )]
    pub(super) fn serialize<S: Serializer>(byte: &Option<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        byte.map(char::from).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
        let Some(character) = Option::<char>::deserialize(deserializer)? else { return Ok(None) };
        match u8::try_from(character) {
            Ok(byte) if super::can_delimit(byte) => Ok(Some(byte)),
            _ => Err(D::Error::custom(format!(
                "the delimiter {character:?} can't be used; give one ASCII character such as \",\", \";\" or a tab"
            ))),
        }
    }
}
