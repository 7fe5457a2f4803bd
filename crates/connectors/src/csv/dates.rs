//! Dates whose form nobody has set: ISO 8601, or what a whole column proves to be day or month first.

use jiff::civil::Date;
use muster_expr::Value;

use super::FeedError;

/// A date in which the year comes last; which of the other two is the day the column has to tell.
struct Written {
    form: usize,
    first: i8,
    second: i8,
    year: i16,
}

/// What may stand between the numbers; each is a form of its own.
const SEPARATORS: [u8; 3] = [b'.', b'/', b'-'];

fn written(text: &str) -> Option<Written> {
    let form = SEPARATORS.iter().position(|separator| text.as_bytes().contains(separator))?;
    let mut parts = text.split(char::from(*SEPARATORS.get(form)?));
    let mut number = |lengths: std::ops::RangeInclusive<usize>| {
        let part = parts.next().filter(|part| lengths.contains(&part.len()))?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i16>().ok()).flatten()
    };
    let (first, second, year) = (number(1..=2)?, number(1..=2)?, number(4..=4)?);
    let whole = parts.next().is_none();
    whole.then_some(Written { form, first: first as i8, second: second as i8, year })
}

impl Written {
    fn date(&self, order: Order) -> Option<Date> {
        let (day, month) = match order {
            Order::DayFirst => (self.first, self.second),
            Order::MonthFirst => (self.second, self.first),
        };
        Date::new(self.year, month, day).ok()
    }
}

/// Which number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    DayFirst,
    MonthFirst,
}

/// Whether a text is a date in one order or the other.
pub(super) fn is_written(text: &str) -> bool {
    written(text).is_some_and(|w| [Order::DayFirst, Order::MonthFirst].iter().any(|o| w.date(*o).is_some()))
}

/// A date and the line it stands on.
#[derive(Clone, Debug)]
struct Example(String, u64);

impl std::fmt::Display for Example {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} on line {}", self.0, self.1)
    }
}

/// What the dates of a column have shown so far, by form.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence([Seen; SEPARATORS.len()]);

#[derive(Clone, Debug, Default)]
struct Seen {
    /// A date that may be read in both orders, as different days.
    unclear: Option<Example>,
    day_first: Option<Example>,
    month_first: Option<Example>,
}

impl Evidence {
    /// Looks at one more date of the column.
    pub(super) fn note(&mut self, text: &str, line: u64) {
        let Some(date) = written(text) else { return };
        let Some(seen) = self.0.get_mut(date.form) else { return };
        let place = match (date.date(Order::DayFirst), date.date(Order::MonthFirst)) {
            (Some(one), Some(other)) if one != other => &mut seen.unclear,
            (Some(_), None) => &mut seen.day_first,
            (None, Some(_)) => &mut seen.month_first,
            _ => return,
        };
        if place.is_none() {
            *place = Some(Example(text.to_owned(), line));
        }
    }

    /// How the column's dates are to be read, and what is to be said of it.
    pub(super) fn decide(&self, column: &str, remarks: &mut Vec<String>) -> Result<Orders, FeedError> {
        let unclear = |what: String| FeedError::Dates { column: column.to_owned(), what };
        let mut orders = Orders::default();
        for ((seen, order), separator) in self.0.iter().zip(&mut orders.0).zip(SEPARATORS.map(char::from)) {
            let (found, shown, because) = match (&seen.day_first, &seen.month_first, &seen.unclear) {
                (Some(day), Some(month), _) => {
                    return Err(unclear(format!(
                        "its dates are written in two ways, the day first in {day}, the month first in {month}"
                    )));
                }
                (Some(day), None, _) => (Order::DayFirst, "day, month, year", day),
                (None, Some(month), _) => (Order::MonthFirst, "month, day, year", month),
                // Nobody writes the month first with dots.
                (None, None, Some(date)) if separator == '.' => (Order::DayFirst, "day, month, year", date),
                (None, None, Some(date)) => {
                    return Err(unclear(format!(
                        "nothing tells whether the day or the month comes first in its dates, such as {date}"
                    )));
                }
                (None, None, None) => continue,
            };
            *order = Some(found);
            remarks.push(format!(
                "column {column}: dates with {separator:?} are read as {shown}, going by {because}"
            ));
        }
        Ok(orders)
    }
}

/// How the dates of a column are to be read, by form.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Orders([Option<Order>; SEPARATORS.len()]);

impl Orders {
    /// Makes an ISO date of a value as it was written; others stay.
    pub(super) fn apply(self, value: &mut Value) {
        let Some(date) = value.as_str().and_then(written) else { return };
        let order = self.0.get(date.form).copied().flatten().unwrap_or(Order::DayFirst);
        if let Some(date) = date.date(order) {
            *value = Value::Str(date.to_string().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_written;

    #[test]
    fn knows_dates_with_the_year_last() {
        for good in ["31.12.1992", "1/2/1992", "12/31/1992", "29-02-2000", "2-29-2000"] {
            assert!(is_written(good), "{good}");
        }
        for bad in [
            "31.02.1992",
            "13/13/1992",
            "1992-12-31",
            "1.2.92",
            "1.2/1992",
            "1.2.1992.",
            "+1.2.1992",
            "1.2.0000x",
        ] {
            assert!(!is_written(bad), "{bad}");
        }
    }
}
