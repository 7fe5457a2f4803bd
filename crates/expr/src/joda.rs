//! Formats of dates as Joda-Time writes them (`dd.MM.yyyy HH:mm`), translated once, when an expression is compiled.

use std::fmt::Write as _;
use std::ops::Range;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// Longest format.
const MAX_LENGTH: usize = 200;
/// Years of two digits below this are of the 2000s, the others of the 1900s.
const PIVOT: i64 = 70;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A part of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    /// A letter and how often it stands there.
    Field(char, usize),
}

/// What a format is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Reading texts.
    Read,
    /// Writing them.
    Write,
}

/// What is wrong with a format, and where in it, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// A compiled format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format(Box<[Part]>);

/// A date and time as it is written: its own fields, and its offset if it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    at: DateTime,
    offset: Option<Offset>,
}

impl Written {
    /// An ISO 8601 date, date-time or instant; the fields stay as they are written there.
    pub(crate) fn iso(text: &str) -> Option<Self> {
        if let Ok(pieces) = jiff::fmt::temporal::Pieces::parse(text)
            && text.len() >= 10
        {
            let time = pieces.time().unwrap_or(Time::midnight());
            return Some(Self { at: pieces.date().to_datetime(time), offset: pieces.to_numeric_offset() });
        }
        None
    }
}

impl Written {
    /// An instant as it is written in a zone.
    pub(crate) fn at(instant: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> Self {
        Self { at: zone.to_datetime(instant), offset: Some(zone.to_offset(instant)) }
    }
}

impl Format {
    /// ISO 8601 with milliseconds and the offset.
    pub(crate) fn iso() -> Self {
        let part = |c: char, n: usize, after: &str| [Part::Field(c, n), Part::Literal(after.into())];
        let head =
            [part('y', 4, "-"), part('M', 2, "-"), part('d', 2, "T"), part('H', 2, ":"), part('m', 2, ":")];
        let tail = [Part::Field('s', 2), Part::Literal(".".into()), Part::Field('S', 3), Part::Field('Z', 2)];
        Self(head.into_iter().flatten().chain(tail).collect())
    }

    /// Translates a format.
    pub(crate) fn new(text: &str, purpose: Use) -> Result<Self, Mistake> {
        let mistake = |span: Range<usize>, message: String| Mistake { span, message, hint: None };
        if text.len() > MAX_LENGTH {
            return Err(mistake(0..text.len(), format!("the format is longer than {MAX_LENGTH} bytes")));
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut letters = text.char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            if c == '\'' {
                if letters.next_if(|(_, next)| *next == '\'').is_some() {
                    literal.push('\'');
                    continue;
                }
                loop {
                    match letters.next() {
                        Some((_, '\'')) if letters.next_if(|(_, next)| *next == '\'').is_some() => {
                            literal.push('\'');
                        }
                        Some((_, '\'')) => break,
                        Some((_, other)) => literal.push(other),
                        None => {
                            let message = "the text in the format has no closing quote".to_owned();
                            return Err(mistake(at..text.len(), message));
                        }
                    }
                }
            } else if c.is_ascii_alphabetic() {
                let mut count = 1;
                while letters.next_if(|(_, next)| *next == c).is_some() {
                    count += 1;
                }
                field(c, count, purpose).map_err(|(message, hint)| Mistake {
                    span: at..at + count,
                    message,
                    hint: hint.map(str::to_owned),
                })?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal).into()));
                }
                parts.push(Part::Field(c, count));
            } else {
                literal.push(c);
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.into()));
        }
        let format = Self(parts.into());
        match purpose {
            Use::Read => format
                .names_a_day()
                .map_err(|message| mistake(0..text.len(), message.to_owned()))
                .map(|()| format),
            Use::Write => Ok(format),
        }
    }

    fn has(&self, letters: &[char]) -> bool {
        self.0.iter().any(|p| matches!(p, Part::Field(c, _) if letters.contains(c)))
    }

    /// Whether what is read with it is a day.
    fn names_a_day(&self) -> Result<(), &'static str> {
        if !self.has(&['y', 'Y']) || !(self.has(&['D']) || self.has(&['M']) && self.has(&['d'])) {
            return Err("to read a date, the format must have its year, month and day");
        }
        if self.has(&['h', 'K']) && !self.has(&['a']) {
            return Err("hours of half a day need `a`, which tells morning from afternoon");
        }
        Ok(())
    }

    /// Writes the fields.
    pub(crate) fn write(&self, written: Written) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Field(letter, count) => write_field(&mut out, *letter, *count, written),
            }
        }
        out
    }

    /// Reads a text into ISO 8601: a date if the format has no time of day, else an instant; without an offset the
    /// time is UTC's.
    pub(crate) fn read(&self, text: &str) -> Option<String> {
        let mut found = Found::default();
        let mut rest = text;
        for (i, part) in self.0.iter().enumerate() {
            match part {
                Part::Literal(wanted) => rest = rest.strip_prefix(&**wanted)?,
                Part::Field(letter, count) => {
                    // Digits that run into the next number are as many as the letters.
                    let runs_on = matches!(self.0.get(i + 1), Some(Part::Field(c, n)) if numeric(*c, *n));
                    rest = found.read(*letter, *count, runs_on, rest)?;
                }
            }
        }
        if rest.is_empty() { found.iso(self.has(&['H', 'k', 'h', 'K', 'm', 's', 'S'])) } else { None }
    }
}

/// Whether a field of this letter can be used so.
fn field(letter: char, count: usize, purpose: Use) -> Result<(), (String, Option<&'static str>)> {
    let most = match letter {
        'y' | 'Y' | 'x' => 4,
        'D' => 3,
        'S' => 9,
        'M' | 'E' | 'a' | 'G' => 9,
        'Z' => 2,
        'C' | 'w' | 'd' | 'H' | 'k' | 'K' | 'h' | 'm' | 's' => 2,
        'e' => 1,
        'z' => {
            return Err((
                "names of time zones are ambiguous".to_owned(),
                Some("write Z or ZZ for the offset"),
            ));
        }
        other => {
            let hint = match other {
                'u' => Some("the day of the week is `e`"),
                'A' => Some("morning and afternoon are `a`"),
                'L' => Some("the month is `M`"),
                'T' => Some("text stands in single quotes: 'T'"),
                _ => Some("letters that stand for themselves go into single quotes"),
            };
            return Err((format!("`{other}` means nothing in a format of dates"), hint));
        }
    };
    if count > most {
        return Err((format!("`{letter}` can stand {most} times at most"), None));
    }
    if purpose == Use::Read && matches!(letter, 'G' | 'C' | 'x' | 'w' | 'e') {
        return Err((
            format!("`{letter}` can be written, but not read"),
            Some("name the day by year, month and day"),
        ));
    }
    Ok(())
}

/// Whether a field is made of digits.
fn numeric(letter: char, count: usize) -> bool {
    !matches!((letter, count), ('M', 3..) | ('E' | 'a' | 'G' | 'Z', _))
}

fn write_field(out: &mut String, letter: char, count: usize, Written { at, offset }: Written) {
    let week = at.date().iso_week_date();
    let half = at.hour() % 12;
    let year = |n: i16| if count == 2 { n.rem_euclid(100) } else { n };
    let number = match letter {
        'y' | 'Y' => year(at.year()),
        'x' => year(week.year()),
        'C' => at.year().div_euclid(100),
        'w' => i16::from(week.week()),
        'e' => i16::from(at.weekday().to_monday_one_offset()),
        'D' => at.day_of_year(),
        'M' if count < 3 => i16::from(at.month()),
        'd' => i16::from(at.day()),
        'H' => i16::from(at.hour()),
        'k' => i16::from(if at.hour() == 0 { 24 } else { at.hour() }),
        'K' => i16::from(half),
        'h' => i16::from(if half == 0 { 12 } else { half }),
        'm' => i16::from(at.minute()),
        's' => i16::from(at.second()),
        _ => {
            write_text(out, letter, count, at, offset);
            return;
        }
    };
    let _ = write!(out, "{number:0count$}");
}

fn write_text(out: &mut String, letter: char, count: usize, at: DateTime, offset: Option<Offset>) {
    let name = |out: &mut String, names: &[&str], index: i8| {
        let name = usize::try_from(index).ok().and_then(|i| names.get(i)).copied().unwrap_or_default();
        out.push_str(if count > 3 { name } else { name.get(..3).unwrap_or(name) });
    };
    match letter {
        'M' => name(out, &MONTHS, at.month() - 1),
        'E' => name(out, &DAYS, at.weekday().to_monday_zero_offset()),
        'a' => out.push_str(if at.hour() < 12 { "AM" } else { "PM" }),
        'G' => out.push_str("AD"),
        'S' => {
            let digits = format!("{:09}", at.subsec_nanosecond());
            out.push_str(digits.get(..count).unwrap_or(&digits));
        }
        'Z' => {
            let seconds = offset.map_or(0, Offset::seconds);
            let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
            let colon = if count > 1 { ":" } else { "" };
            let _ = write!(out, "{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60);
        }
        _ => {}
    }
}

/// What a text has said so far.
#[derive(Default)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    afternoon: Option<bool>,
    offset: Option<i64>,
}

impl Found {
    /// Reads one field; what is left of the text, if it is there.
    fn read<'t>(&mut self, letter: char, count: usize, runs_on: bool, text: &'t str) -> Option<&'t str> {
        match letter {
            'M' if count > 2 => {
                let (month, rest) = named(&MONTHS, text)?;
                self.month = Some(month + 1);
                return Some(rest);
            }
            'E' => return named(&DAYS, text).map(|(_, rest)| rest),
            'a' => {
                let (which, rest) = named(&["AM", "PM"], text)?;
                self.afternoon = Some(which == 1);
                return Some(rest);
            }
            'Z' => {
                let (seconds, rest) = offset(text)?;
                self.offset = Some(seconds);
                return Some(rest);
            }
            _ => {}
        }
        let most = match letter {
            'y' | 'Y' if count != 2 && !runs_on => 4,
            'D' if !runs_on => 3,
            'S' => count,
            _ if runs_on => count,
            _ => count.max(2),
        };
        let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let number: i64 = text.get(..digits)?.parse().ok()?;
        match letter {
            'y' | 'Y' if count == 2 && digits == 2 => {
                self.year = Some(if number < PIVOT { 2000 + number } else { 1900 + number });
            }
            'y' | 'Y' => self.year = Some(number),
            'M' => self.month = Some(number),
            'd' => self.day = Some(number),
            'D' => self.day_of_year = Some(number),
            'H' => self.hour = number,
            'k' if (1..=24).contains(&number) => self.hour = number % 24,
            'h' if (1..=12).contains(&number) => self.hour = number % 12,
            'K' if number < 12 => self.hour = number,
            'm' => self.minute = number,
            's' => self.second = number,
            'S' => self.nanos = number * 10_i64.pow(u32::try_from(9 - digits).ok()?),
            _ => return None,
        }
        text.get(digits..)
    }

    fn iso(&self, timed: bool) -> Option<String> {
        let year = i16::try_from(self.year?).ok()?;
        let small = |n: i64| i8::try_from(n).ok();
        let date = match self.day_of_year {
            Some(day) => {
                let day = i16::try_from(day).ok()?;
                let first = Date::new(year, 1, 1).ok()?;
                (1..=first.days_in_year()).contains(&day).then_some(())?;
                first.checked_add(jiff::Span::new().days(day - 1)).ok()?
            }
            None => Date::new(year, small(self.month?)?, small(self.day?)?).ok()?,
        };
        if !timed {
            return Some(date.to_string());
        }
        let hour = if self.afternoon == Some(true) && self.hour < 12 { self.hour + 12 } else { self.hour };
        let nanos = i32::try_from(self.nanos).ok()?;
        let time = Time::new(small(hour)?, small(self.minute)?, small(self.second)?, nanos).ok()?;
        let offset = Offset::from_seconds(i32::try_from(self.offset.unwrap_or(0)).ok()?).ok()?;
        let instant = offset.to_timestamp(date.to_datetime(time)).ok()?;
        Some(format!("{instant:.3}"))
    }
}

/// The longest or the short form of a name the text begins with, in any case, and what is left.
fn named<'t>(names: &[&str], text: &'t str) -> Option<(i64, &'t str)> {
    let after = |name: &str| {
        let begins = text.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
        if begins { text.get(name.len()..) } else { None }
    };
    let mut all = names.iter().enumerate();
    let (at, rest) = all.find_map(|(i, name)| {
        after(name).or_else(|| after(name.get(..3).unwrap_or(name))).map(|rest| (i, rest))
    })?;
    Some((i64::try_from(at).ok()?, rest))
}

/// An offset, `Z`, `+01`, `+0100` or `+01:00`, in seconds.
fn offset(text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((0, rest));
    }
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = two_digits(text.get(1..)?)?;
    let (minutes, rest) = two_digits(rest.strip_prefix(':').unwrap_or(rest)).unwrap_or((0, rest));
    (hours <= 25 && minutes < 60).then_some((sign * (hours * 3600 + minutes * 60), rest))
}

fn two_digits(text: &str) -> Option<(i64, &str)> {
    let digits = text.get(..2).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    Some((digits.parse().ok()?, text.get(2..)?))
}
