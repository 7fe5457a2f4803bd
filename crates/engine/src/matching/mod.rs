//! Whether two descriptions may be of one person: what is compared, by which keys people who resemble each other are
//! found, and how much they do.

mod names;
mod score;

use std::collections::{BTreeMap, BTreeSet};

use muster_expr::Value;

use crate::facts::fold;
use names::Name;

pub use score::Score;

/// How many characters of a value an index holds. Longer ones are found by their beginning and then compared whole.
pub const KEPT: usize = 200;
/// Stands between the values of several attributes.
const BETWEEN: char = '\u{1f}';

/// What is compared of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    first: Name,
    last: Name,
    emails: BTreeSet<String>,
    phones: BTreeSet<String>,
    /// Dates, by attribute.
    dates: BTreeMap<String, jiff::civil::Date>,
    /// Numbers and other marks, by attribute.
    marks: BTreeMap<String, String>,
}

const EMAILS: [&str; 2] = ["email", "secondEmail"];
const PHONES: [&str; 2] = ["mobilePhone", "primaryPhone"];
const NUMBER: &str = "employeeNumber";

impl Traits {
    /// The attributes that are always compared.
    pub const ALWAYS: [&str; 7] =
        ["firstName", "lastName", "email", "secondEmail", "mobilePhone", "primaryPhone", "employeeNumber"];

    /// From a person's values, with further attributes that tell people apart.
    pub fn of<'a>(telling: impl Iterator<Item = &'a str>, value: impl Fn(&str) -> Value) -> Self {
        let text = |name: &str| value(name).to_text().unwrap_or_default().into_owned();
        let mut traits = Self {
            first: Name::of(&text("firstName")),
            last: Name::of(&text("lastName")),
            emails: EMAILS.iter().map(|n| fold(text(n).trim())).filter(|e| !e.is_empty()).collect(),
            phones: PHONES.iter().filter_map(|n| phone(&text(n))).collect(),
            ..Self::default()
        };
        for name in telling.chain([NUMBER]) {
            let text = text(name);
            if let Some(date) = date(&text) {
                traits.dates.insert(name.to_owned(), date);
            } else if let Some(mark) = mark(&text) {
                traits.marks.insert(name.to_owned(), mark);
            }
        }
        traits
    }

    /// Keys of which people who resemble each other share at least one. Who isn't found by them, with no date, mail, phone or
    /// number in common: whose first and last name are both written otherwise in more than vowels and the order of letters;
    /// and of whom only one name is left the same, if the other begins with another letter.
    pub fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        let (first, last) = (self.first.whole(), self.last.whole());
        if !first.is_empty() && !last.is_empty() {
            keys.insert(format!("l {last} {}", initial(&first)));
            keys.insert(format!("f {first} {}", initial(&last)));
            // Letters that changed places, also between the two names.
            let mut letters: Vec<char> = first.chars().chain(last.chars()).collect();
            letters.sort_unstable();
            keys.insert(format!("a {}", letters.into_iter().collect::<String>()));
            let mut sounds = [names::sound(&first), names::sound(&last)];
            sounds.sort_unstable();
            keys.insert(format!("s {}", sounds.join(" ")));
        }
        for (attribute, date) in &self.dates {
            keys.insert(format!("d {attribute} {date}"));
            // On a day that many share she is still found by her first name.
            keys.insert(format!("d {attribute} {date} {first}"));
        }
        for mail in &self.emails {
            let local: String =
                mail.split('@').next().unwrap_or_default().chars().filter(|c| c.is_alphanumeric()).collect();
            // A single letter or two names nobody.
            if local.chars().count() > 2 {
                keys.insert(format!("e {local}"));
            }
        }
        keys.extend(self.phones.iter().map(|p| format!("p {p}")));
        keys.extend(self.marks.iter().map(|(attribute, mark)| format!("m {attribute} {mark}")));
        keys.into_iter().map(|key| cut(&key)).collect()
    }

    /// How much two descriptions resemble each other, and in what.
    pub fn score(&self, other: &Self) -> Score {
        score::score(self, other)
    }

    /// Whether both have names, and none of one resembles any of the other.
    pub fn has_another_name(&self, other: &Self) -> bool {
        score::has_another_name(self, other)
    }
}

/// A person's entries in the index of a name, as [`crate::model::Source::match_indexes`] gives it.
pub fn entries(index: &str, value: impl Fn(&str) -> Value) -> BTreeSet<String> {
    if let Some(telling) = telling_of(index) {
        return Traits::of(telling, value).keys();
    }
    let names: Vec<&str> = index.trim_start_matches('~').split('+').collect();
    together(names.iter().map(|name| value(name))).iter().map(|all| cut(all)).collect()
}

/// The attributes that an index of people who resemble each other compares besides the usual ones; `None`: it is
/// another index.
pub fn telling_of(index: &str) -> Option<impl Iterator<Item = &str>> {
    let telling = index.strip_prefix("~alike")?;
    let telling = telling.strip_prefix(':').or_else(|| telling.is_empty().then_some(""))?;
    Some(telling.split(',').filter(|name| !name.is_empty()))
}

/// The attributes an index reads.
pub fn attributes_of(index: &str) -> Vec<&str> {
    match telling_of(index) {
        Some(telling) => Traits::ALWAYS.into_iter().chain(telling).collect(),
        None => index.trim_start_matches('~').split('+').collect(),
    }
}

/// Values together, case folded; `None` if one is missing.
pub fn together(values: impl Iterator<Item = Value>) -> Option<String> {
    let mut all = Vec::new();
    for value in values {
        let text = value.to_text().map(|t| fold(t.trim())).filter(|t| !t.is_empty())?;
        all.push(text);
    }
    Some(all.join(&BETWEEN.to_string()))
}

/// A text as far as an index holds it.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(KEPT) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text.to_owned(),
    }
}

fn initial(name: &str) -> String {
    name.chars().take(1).collect()
}

/// The last digits of a phone number: how the country is written doesn't count.
fn phone(text: &str) -> Option<String> {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let from = digits.len().saturating_sub(9);
    (digits.len() >= 6).then(|| digits.iter().skip(from).collect())
}

/// A number or another mark without what is only a way of writing it: blanks, hyphens, zeros in front.
fn mark(text: &str) -> Option<String> {
    let all: String = fold(text).chars().filter(|c| c.is_alphanumeric()).collect();
    let short = all.trim_start_matches('0');
    let kept = if short.is_empty() { &all } else { short };
    (!kept.is_empty()).then(|| kept.to_owned())
}

fn date(text: &str) -> Option<jiff::civil::Date> {
    let day = text.get(..10)?;
    (text.len() == 10 || text.get(10..11) == Some("T")).then(|| day.parse().ok()).flatten()
}
