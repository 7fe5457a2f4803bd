//! Feeds: how files with one row a person are read, and what a missing row means.

use serde::{Deserialize, Serialize};

use super::schema::AttributeType;

/// How the text of a feed is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Encoding {
    /// By its byte order mark or its zero bytes; UTF-8 if it has neither.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    #[serde(rename = "windows-1250")]
    Windows1250,
    #[serde(rename = "windows-1251")]
    Windows1251,
    #[serde(rename = "windows-1252")]
    Windows1252,
    #[serde(rename = "windows-1253")]
    Windows1253,
    #[serde(rename = "windows-1254")]
    Windows1254,
    #[serde(rename = "windows-1257")]
    Windows1257,
    #[serde(rename = "iso-8859-1")]
    Iso8859_1,
    #[serde(rename = "iso-8859-2")]
    Iso8859_2,
    #[serde(rename = "iso-8859-5")]
    Iso8859_5,
    #[serde(rename = "iso-8859-7")]
    Iso8859_7,
    #[serde(rename = "iso-8859-9")]
    Iso8859_9,
    #[serde(rename = "iso-8859-15")]
    Iso8859_15,
    #[serde(rename = "ibm850")]
    Ibm850,
}

impl Encoding {
    /// All of them by name.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("utf-8", Self::Utf8),
        ("utf-16le", Self::Utf16Le),
        ("utf-16be", Self::Utf16Be),
        ("windows-1250", Self::Windows1250),
        ("windows-1251", Self::Windows1251),
        ("windows-1252", Self::Windows1252),
        ("windows-1253", Self::Windows1253),
        ("windows-1254", Self::Windows1254),
        ("windows-1257", Self::Windows1257),
        ("iso-8859-1", Self::Iso8859_1),
        ("iso-8859-2", Self::Iso8859_2),
        ("iso-8859-5", Self::Iso8859_5),
        ("iso-8859-7", Self::Iso8859_7),
        ("iso-8859-9", Self::Iso8859_9),
        ("iso-8859-15", Self::Iso8859_15),
        ("ibm850", Self::Ibm850),
    ];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, encoding)| *encoding == self).map_or("", |(name, _)| name)
    }
}

/// What a missing row means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedMode {
    /// The feed tells everybody: whoever has no row is gone.
    #[default]
    Full,
    /// The feed tells changes: a missing row means nothing.
    Delta,
}

/// A column of a feed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The header.
    pub name: String,
    /// How its text is read.
    #[serde(default)]
    pub kind: AttributeType,
    /// A row without a value here is rejected.
    #[serde(default)]
    pub required: bool,
    /// What the header may call it as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How its dates are written; as the feed says if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
}

/// A column that says something of a row as a whole by certain values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// The column.
    pub column: String,
    /// The values that say so.
    pub values: Vec<String>,
}

/// How a feed is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// The column with the key that stays the same for a person's whole life in the source.
    pub key: String,
    /// What a missing row means, unless an import says otherwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: FeedMode,
    /// How its text is encoded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub encoding: Encoding,
    /// The character between fields; recognised by the header if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// How dates are written, in strptime's words; recognised if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// The character between the items of a list column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_separator: Option<char>,
    /// What says "left"; without it only a missing row does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminated: Option<Marked>,
    /// What says that the record is gone, as a missing row of a full feed does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Marked>,
    /// The column that names the groups of the source in which the row's person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// The columns, in the order of a record's values.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Columns the file has and this list hasn't are passed over; else they are refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_unknown_columns: bool,
    /// Where the feed lies, for imports that nobody hands a file; a `*` in the last part of the path stands for any
    /// text, and the newest file that fits is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
