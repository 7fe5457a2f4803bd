//! Finds the columns of a format in the header of a feed.

use std::collections::BTreeSet;

use super::records::Row;
use super::{FeedError, FeedFormat};

/// Where in a row the columns of a format stand.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The columns of the file.
    pub(super) names: Vec<String>,
    /// The place of the key.
    pub(super) key: usize,
    /// The place of the column that tells leavers.
    pub(super) terminated: Option<usize>,
    /// The places of the columns to read, in the format's order.
    pub(super) columns: Vec<usize>,
}

impl Layout {
    /// Reads the header; everything the format speaks of has to be there, once.
    pub(super) fn new(header: &Row, format: &FeedFormat) -> Result<Self, FeedError> {
        let names = names(header)?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
            return Err(FeedError::DuplicateColumn(twice.clone()));
        }
        let place = |wanted: &str| {
            names.iter().position(|name| name == wanted).ok_or_else(|| FeedError::MissingColumn {
                column: wanted.to_owned(),
                advice: advice(wanted, &names, format.delimiter),
                found: names.clone(),
            })
        };
        let key = place(&format.key)?;
        let terminated =
            format.terminated.as_ref().map(|terminated| place(&terminated.column)).transpose()?;
        let columns =
            format.columns.iter().map(|column| place(&column.name)).collect::<Result<Vec<_>, _>>()?;
        if !format.ignore_unknown_columns {
            let known =
                |index: &usize| *index == key || Some(*index) == terminated || columns.contains(index);
            let unknown: Vec<String> =
                (0..names.len()).filter(|index| !known(index)).map(|index| names[index].clone()).collect();
            if !unknown.is_empty() {
                return Err(FeedError::UnknownColumns(unknown));
            }
        }
        Ok(Self { names, key, terminated, columns })
    }
}

fn names(header: &Row) -> Result<Vec<String>, FeedError> {
    if header.too_long {
        return Err(FeedError::Encoding {
            found: "one endless line where the header should be",
            advice: "see that the right file was sent",
        });
    }
    (0..header.len())
        .map(|index| match str::from_utf8(header.field(index)) {
            Ok(name) => Ok(name.trim().to_owned()),
            Err(_) => Err(FeedError::Encoding {
                found: "in another encoding (its header has bytes that don't occur in UTF-8)",
                advice: "export it again with the encoding UTF-8",
            }),
        })
        .collect()
}

/// What may be behind a missing column.
fn advice(wanted: &str, names: &[String], delimiter: u8) -> Option<String> {
    if let [only] = names
        && let Some(other) = [',', ';', '\t', '|'].into_iter().find(|other| only.contains(*other))
    {
        return Some(format!(
            "the header is one field; is the delimiter {other:?} rather than {:?}?",
            char::from(delimiter)
        ));
    }
    let wanted = wanted.to_lowercase();
    let best = names
        .iter()
        .map(|name| (distance(&wanted, &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance)?;
    (best.0 <= wanted.chars().count() / 3).then(|| format!("did you mean {:?}?", best.1))
}

/// How many letters have to be added, removed or replaced to make one name the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, candidate) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *candidate);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("hire_date", "hire_date"), 0);
        assert_eq!(distance("hiredate", "hire_date"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
