//! The order of a list, and places in it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};
use crate::import::hex;

/// By what a list is sorted; ties by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// The attribute, as filters name it (`profile.lastName`, `lastUpdated`).
    pub by: String,
    /// From the last to the first. Who has no value comes at the end all the same.
    pub descending: bool,
}

/// What an item is sorted by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Key {
    /// A number, or an instant in milliseconds.
    #[serde(rename = "n")]
    Number(f64),
    /// A text, case folded.
    #[serde(rename = "t")]
    Text(String),
    /// It has no value.
    #[serde(rename = "0")]
    Nothing,
}

impl Key {
    pub(super) fn instant(at: Option<i64>) -> Self {
        // Milliseconds of ten thousand years have 48 bits: nothing is lost.
        at.map_or(Self::Nothing, |at| Self::Number(at as f64))
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), _) | (Self::Text(_), Self::Nothing) => Ordering::Less,
            (_, Self::Number(_)) | (Self::Nothing, Self::Text(_)) => Ordering::Greater,
            (Self::Nothing, Self::Nothing) => Ordering::Equal,
        }
    }
}

/// An item's place in a sorted list.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) key: Key,
    pub(super) id: i64,
    pub(super) descending: bool,
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.key, &other.key) {
            (Key::Nothing, Key::Nothing) => self.id.cmp(&other.id),
            (Key::Nothing, _) => Ordering::Greater,
            (_, Key::Nothing) => Ordering::Less,
            (a, b) => {
                let order = a.cmp(b).then(self.id.cmp(&other.id));
                if self.descending { order.reverse() } else { order }
            }
        }
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Place {}

/// A cursor: the place of the last item of the page before, and the order it is a place in.
#[derive(Serialize, Deserialize)]
struct Cursor(String, bool, Key, i64);

impl Place {
    /// The place as a text that says nothing to clients.
    pub(super) fn cursor(&self, sort: &Sort) -> String {
        let cursor = Cursor(sort.by.clone(), sort.descending, self.key.clone(), self.id);
        hex(serde_json::to_string(&cursor).unwrap_or_default().as_bytes())
    }

    /// Reads a cursor.
    pub(super) fn read(text: &str, sort: &Sort) -> Result<Self> {
        let cursor = unhex(text).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match cursor {
            Some(Cursor(by, descending, key, id)) if by == sort.by && descending == sort.descending => {
                Ok(Self { key, id, descending })
            }
            _ => Err(no_place(text)),
        }
    }
}

/// The error about a cursor that is none, or belongs to another list.
pub(super) fn no_place(text: &str) -> ServiceError {
    let shown: String = text.chars().take(80).collect();
    ServiceError::Cursor(format!(
        "{shown:?} is no place in this list; take the one that came with the page before"
    ))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some((digit(*high)? * 16 + digit(*low)?) as u8)).collect()
}
