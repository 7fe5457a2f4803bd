//! Makes values of fields.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use muster_expr::Value;

use super::format::can_delimit;
use super::{Column, FeedError, FeedFormat, Kind, dates};

/// The most a row may be allowed to take; sorting keeps lengths in 32 bits.
const MAX_ROW_BYTES: usize = 256 * 1024 * 1024;

/// Refuses settings under which no row could be read.
pub(super) fn check(format: &FeedFormat) -> Result<(), FeedError> {
    let wrong = |what: String| Err(FeedError::Format(what));
    if let Some(delimiter) = format.delimiter.filter(|byte| !can_delimit(*byte)) {
        return wrong(format!("{:?} can't be the delimiter", char::from(delimiter)));
    }
    if format.max_row_bytes == 0 || format.max_row_bytes > MAX_ROW_BYTES {
        return wrong(format!(
            "max_row_bytes is {}, it must be from 1 to {MAX_ROW_BYTES}",
            format.max_row_bytes
        ));
    }
    for pattern in format.columns.iter().filter_map(|c| c.date_format.as_ref()).chain(&format.date_format) {
        // Formatting any date finds unknown directives, which parsing reports only with matching input.
        let sample = Timestamp::UNIX_EPOCH.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        if let Err(error) = strtime::format(pattern, &sample) {
            return wrong(format!("date_format {pattern:?} can't be understood ({error})"));
        }
    }
    for column in &format.columns {
        if matches!(&column.kind, Kind::List { separator } if separator.is_empty()) {
            return wrong(format!("the separator of list column {:?} is empty", column.name));
        }
    }
    Ok(())
}

/// The value of a field, or why it has none, told so that it can follow "column NAME".
pub(super) fn value(field: &[u8], column: &Column, format: &FeedFormat) -> Result<Value, String> {
    let text = text(field, format)?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return if column.required { Err("is empty but required".to_owned()) } else { Ok(Value::Null) };
    }
    // No database keeps it in text, and nobody means it.
    if text.contains('\0') {
        return Err("contains a NUL character".to_owned());
    }
    let unreadable = |expected: &str| format!("is {} but should be {expected}", excerpt(trimmed));
    match &column.kind {
        Kind::Text => Ok(Value::Str(text.into())),
        Kind::Date => match pattern(column, format) {
            Some(pattern) => match with_pattern(trimmed, pattern) {
                Some(text) => Ok(Value::Str(text)),
                None => Err(unreadable(&format!("a date written as {pattern}"))),
            },
            // Which number is the day isn't known before the whole column is.
            None if dates::is_written(trimmed) => Ok(Value::Str(trimmed.into())),
            None => iso(trimmed).map(Value::Str).ok_or_else(|| unreadable("a date such as 1992-12-31")),
        },
        Kind::Integer => trimmed.parse().map(Value::Int).map_err(|_| unreadable("a whole number")),
        Kind::Number => match trimmed.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Num(number)),
            _ => Err(unreadable("a number such as 12.5")),
        },
        Kind::Boolean => boolean(trimmed).map(Value::Bool).ok_or_else(|| unreadable("true or false")),
        Kind::List { separator } => {
            let texts = trimmed.split(separator.as_str()).map(str::trim).filter(|text| !text.is_empty());
            let values: Vec<Value> = texts.map(|text| Value::Str(text.into())).collect();
            match values.is_empty() {
                true if column.required => Err("is empty but required".to_owned()),
                true => Ok(Value::Null),
                false => Ok(Value::List(values)),
            }
        }
    }
}

/// The value of a date that is told by itself, in the same way: by the pattern, else in ISO 8601.
pub(super) fn told_date(told: &str, column: &Column, format: &FeedFormat) -> Result<Value, String> {
    let trimmed = text(told.as_bytes(), format)?.trim();
    if trimmed.is_empty() {
        return value(b"", column, format);
    }
    let by_pattern = pattern(column, format).and_then(|pattern| with_pattern(trimmed, pattern));
    let date = by_pattern.or_else(|| iso(trimmed));
    date.map(Value::Str)
        .ok_or_else(|| format!("is {} but should be a date such as 1992-12-31", excerpt(trimmed)))
}

/// How the dates of a column are written; `None`: that is to be recognised.
pub(super) fn pattern<'f>(column: &'f Column, format: &'f FeedFormat) -> Option<&'f str> {
    column.date_format.as_deref().or(format.date_format.as_deref())
}

/// The text of a field, or why it has none, told in the same way.
pub(super) fn text<'f>(field: &'f [u8], format: &FeedFormat) -> Result<&'f str, String> {
    if field.len() > format.max_field_bytes {
        return Err(format!("is {} bytes long, the limit is {}", field.len(), format.max_field_bytes));
    }
    str::from_utf8(field).map_err(|_| format!("isn't text: {}", excerpt(&String::from_utf8_lossy(field))))
}

/// The start of a text, quoted, fit to be shown.
pub(super) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(["true", "yes", "y", "1"]) {
        Some(true)
    } else if is(["false", "no", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// A date in ISO 8601, or with its time if it has one.
fn iso(text: &str) -> Option<Box<str>> {
    if let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() {
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_i16, |sum, digit| {
                digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0'))
            })
        };
        let year = number(&[*y1, *y2, *y3, *y4])?;
        let month = i8::try_from(number(&[*m1, *m2])?).ok()?;
        let day = i8::try_from(number(&[*d1, *d2])?).ok()?;
        return Date::new(year, month, day).is_ok().then(|| text.into());
    }
    // A date with a time is kept as it was written, so that its offset isn't lost.
    let has_time = text.contains(['T', 't', ' ']);
    (has_time && (text.parse::<Timestamp>().is_ok() || text.parse::<DateTime>().is_ok())).then(|| text.into())
}

/// The ISO 8601 text of a date written by a pattern.
fn with_pattern(text: &str, pattern: &str) -> Option<Box<str>> {
    let parts = BrokenDownTime::parse(pattern, text).ok()?;
    let text = if parts.hour().is_none() {
        parts.to_date().ok()?.to_string()
    } else if parts.offset().is_some() {
        parts.to_timestamp().ok()?.to_string()
    } else {
        parts.to_datetime().ok()?.to_string()
    };
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_iso_dates() {
        for good in [
            "1992-01-01",
            "2000-02-29",
            "1992-01-01T08:30:00Z",
            "1992-01-01T08:30:00",
            "1992-01-01T08:30+02:00",
        ] {
            assert_eq!(iso(good).as_deref(), Some(good));
        }
        for bad in [
            "1992-1-1",
            "01.01.1992",
            "1900-02-29",
            "1992-13-01",
            "0000-00-00",
            "19920101",
            "+992-01-01",
            "today",
        ] {
            assert_eq!(iso(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_dates_by_pattern() {
        for (pattern, text, iso) in [
            ("%d.%m.%Y", "31.12.1992", Some("1992-12-31")),
            ("%m/%d/%Y", "1/2/1992", Some("1992-01-02")),
            ("%d %b %Y", "2 Jan 1992", Some("1992-01-02")),
            ("%Y-%m-%d %H:%M", "1992-01-02 03:04", Some("1992-01-02T03:04:00")),
            ("%Y-%m-%d %H:%M %z", "1992-01-02 03:04 +0200", Some("1992-01-02T01:04:00Z")),
            ("%d.%m.%Y", "31.02.1992", None),
            ("%d.%m.%Y", "1992-12-31", None),
            ("%d.%m.%Y", "31.12.1992 ", None),
        ] {
            assert_eq!(with_pattern(text, pattern).as_deref(), iso, "{text} by {pattern}");
        }
    }
}
