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
    /// The place of the column that tells which records are gone.
    pub(super) deleted: Option<usize>,
    /// The places of the columns to read, in the format's order; `None`: a partial file doesn't have it.
    pub(super) columns: Vec<Option<usize>>,
}

impl Layout {
    /// Reads the header; everything the format speaks of has to be there, once, as far as it isn't partial.
    pub(super) fn new(header: &Row, format: &FeedFormat, delimiter: u8) -> Result<Self, FeedError> {
        let names = names(header)?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
            return Err(FeedError::DuplicateColumn(twice.clone()));
        }
        let wanted = wanted(format);
        let places = places(&names, &wanted)?;
        let unknown: Vec<&String> =
            (0..).zip(&names).filter(|(at, _)| !places.contains(&Some(*at))).map(|(_, name)| name).collect();
        let missing =
            wanted.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(wanted, _)| wanted);
        let alone = missing.clone().filter(|wanted| wanted.is_needed).count() == 1;
        for wanted in missing {
            let near = nearest(wanted.name, &unknown);
            // One that a partial file has under another name would be passed over with all that it says.
            if wanted.is_needed || near.is_some() && !wanted.is_mark {
                let advice = one_field(&names, delimiter).or_else(|| renamed(wanted, near, alone, &unknown));
                return Err(FeedError::MissingColumn {
                    column: wanted.name.to_owned(),
                    advice,
                    found: names.clone(),
                });
            }
        }
        if !format.ignore_unknown_columns && !unknown.is_empty() {
            return Err(FeedError::UnknownColumns(unknown.into_iter().cloned().collect()));
        }
        let place = |wanted_name: &str| {
            let at = wanted.iter().position(|wanted| wanted.name == wanted_name)?;
            places.get(at).copied().flatten()
        };
        let missing = || FeedError::Format(format!("the key {:?} isn't among the columns", format.key));
        Ok(Self {
            key: place(&format.key).ok_or_else(missing)?,
            terminated: format.terminated.as_ref().and_then(|mark| place(&mark.column)),
            deleted: format.deleted.as_ref().and_then(|mark| place(&mark.column)),
            columns: format.columns.iter().map(|column| place(&column.name)).collect(),
            names,
        })
    }
}

/// How well a header fits a format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Whether all columns are there that have to be.
    pub(super) whole: bool,
    /// How many of the format's columns are there.
    pub(super) found: usize,
    /// How many columns the header has.
    pub(super) fields: usize,
}

/// How well a header fits a format.
pub(super) fn fit(header: &Row, format: &FeedFormat) -> Fit {
    let wanted = wanted(format);
    let names = names(header).unwrap_or_default();
    match places(&names, &wanted) {
        Ok(places) => Fit {
            whole: wanted.iter().zip(&places).all(|(wanted, place)| place.is_some() || !wanted.is_needed),
            found: places.iter().flatten().count(),
            fields: names.len(),
        },
        // Which one is meant is told when the columns are looked for.
        Err(_) => Fit { whole: false, found: 1, fields: names.len() },
    }
}

/// A column of a format, by all its names.
struct Wanted<'f> {
    name: &'f str,
    others: &'f [String],
    /// The file has to have it.
    is_needed: bool,
    /// It only marks rows.
    is_mark: bool,
}

impl Wanted<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name).chain(self.others.iter().map(String::as_str))
    }
}

fn wanted(format: &FeedFormat) -> Vec<Wanted<'_>> {
    let terminated = format.terminated.as_ref().map(|mark| mark.column.as_str());
    let deleted = format.deleted.as_ref().map(|mark| mark.column.as_str());
    let read = |name: &str| format.columns.iter().any(|column| column.name == name);
    let mut all: Vec<Wanted<'_>> = Vec::with_capacity(format.columns.len() + 3);
    for column in &format.columns {
        let marks = [Some(format.key.as_str()), terminated].contains(&Some(&column.name));
        let is_needed = !format.partial || marks;
        all.push(Wanted { name: &column.name, others: &column.names, is_needed, is_mark: false });
    }
    // A full file may lack what tells changes apart.
    let others = [(Some(format.key.as_str()), true), (terminated, true), (deleted, format.partial)];
    for (name, is_needed) in others {
        if let Some(name) = name.filter(|name| !read(name) && !all.iter().any(|w| w.name == *name)) {
            all.push(Wanted { name, others: &[], is_needed, is_mark: true });
        }
    }
    all
}

/// Where each column stands: by its very name, else by one that differs in case alone.
fn places(names: &[String], wanted: &[Wanted<'_>]) -> Result<Vec<Option<usize>>, FeedError> {
    let mut places = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        places.push(one_place(names, wanted, |name, own| name == own, &[])?);
    }
    let exact = places.clone();
    for (at, wanted) in wanted.iter().enumerate() {
        if exact.get(at).copied().flatten().is_some() {
            continue;
        }
        let place = one_place(names, wanted, |name, own| fold(name) == fold(own), &exact)?;
        if place.is_some() && places.contains(&place) {
            let name = place.and_then(|place| names.get(place)).map_or("", String::as_str);
            return Err(FeedError::AmbiguousColumn(format!(
                "{name:?} may be several of the columns expected"
            )));
        }
        if let Some(slot) = places.get_mut(at) {
            *slot = place;
        }
    }
    Ok(places)
}

/// The one place at which a column stands under any of its names.
fn one_place(
    names: &[String],
    wanted: &Wanted<'_>,
    same: impl Fn(&String, &str) -> bool,
    taken: &[Option<usize>],
) -> Result<Option<usize>, FeedError> {
    let mut found = (0..)
        .zip(names)
        .filter(|(at, name)| !taken.contains(&Some(*at)) && wanted.names().any(|own| same(name, own)));
    match (found.next(), found.next()) {
        (Some((_, one)), Some((_, other))) => Err(FeedError::AmbiguousColumn(format!(
            "both {one:?} and {other:?} may be the column {:?}",
            wanted.name
        ))),
        (first, _) => Ok(first.map(|(at, _)| at)),
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

fn names(header: &Row) -> Result<Vec<String>, FeedError> {
    let unreadable = |found| FeedError::Encoding { found, advice: "see that the right file was sent" };
    if header.too_long {
        return Err(unreadable("one endless line where the header should be"));
    }
    (0..header.len())
        .map(|index| match str::from_utf8(header.field(index)) {
            Ok(name) => Ok(name.trim().to_owned()),
            Err(_) => Err(unreadable("cut within a character of the header")),
        })
        .collect()
}

/// A hint that a header wasn't split at all.
fn one_field(names: &[String], delimiter: u8) -> Option<String> {
    let [only] = names else { return None };
    let other = [',', ';', '\t', '|'].into_iter().find(|other| only.contains(*other))?;
    let delimiter = char::from(delimiter);
    Some(format!("the header is one field; is the delimiter {other:?} rather than {delimiter:?}?"))
}

/// What may be behind a missing column: an unknown one that is called nearly so, or the only one there is.
fn renamed(wanted: &Wanted<'_>, near: Option<&str>, alone: bool, unknown: &[&String]) -> Option<String> {
    let now = |name: &str| format!("give the column names = [{name:?}] if it is called so now");
    match (near, unknown) {
        (Some(name), _) if wanted.is_mark => Some(format!("did you mean {name:?}?")),
        (Some(name), _) => Some(format!("did you mean {name:?}? {}", now(name))),
        (None, [only]) if alone && !wanted.is_mark && !only.is_empty() => {
            Some(format!("and {only:?} is unknown: {}", now(only)))
        }
        _ => None,
    }
}

/// The unknown column that is called nearly as the one wanted.
fn nearest<'n>(wanted: &str, unknown: &[&'n String]) -> Option<&'n str> {
    let wanted = fold(wanted);
    let best = unknown.iter().map(|name| (distance(&wanted, &fold(name)), *name)).min_by_key(|(d, _)| *d)?;
    (best.0 <= wanted.chars().count() / 3).then_some(best.1)
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
