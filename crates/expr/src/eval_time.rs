//! Dates in other spellings.

use crate::error::EvalError;
use crate::eval::{Context, wrong};
use crate::eval_func::{made, shown, to_int};
use crate::funcs::Func;
use crate::joda::Written;
use crate::node::Spelling;
use crate::scope::Person;
use crate::val::Val;

type Result<T, E = EvalError> = std::result::Result<T, E>;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Milliseconds from 1601, where Windows begins to count, to 1970.
const WINDOWS_EPOCH: i64 = 11_644_473_600_000;
/// Steps of 100 nanoseconds, in which Windows counts, in a millisecond.
const TICKS: i64 = 10_000;

fn windows_ticks(millis: i64) -> Option<i64> {
    millis.checked_add(WINDOWS_EPOCH)?.checked_mul(TICKS)
}

/// The ISO 8601 text of a count of Windows or of Unix (milliseconds).
fn iso_instant(func: Func, count: i64) -> Result<String> {
    let millis = if func == Func::TimeFromUnix { count } else { count.div_euclid(TICKS) - WINDOWS_EPOCH };
    let instant = jiff::Timestamp::from_millisecond(millis).map_err(|_| EvalError::OutOfRange)?;
    Ok(format!("{instant:.3}"))
}

/// A count of Windows or Unix from a date or to one; nothing of nothing.
pub(crate) fn convert<'a, P: Person + ?Sized>(
    func: Func,
    text: &str,
    cx: &Context<'a, P>,
) -> Result<Val<'a>> {
    if text.is_empty() {
        return Ok(Val::Null);
    }
    if matches!(func, Func::TimeFromWindows | Func::TimeFromUnix) {
        return made(iso_instant(func, to_int(text)?)?, cx);
    }
    let millis = cx.instant(text).ok_or_else(|| EvalError::NotADate(shown(text)))?;
    let number = if func == Func::TimeToUnix { Some(millis) } else { windows_ticks(millis) };
    made(number.ok_or(EvalError::OutOfRange)?.to_string(), cx)
}

/// A date so many units later. A date without a time stays one if whole days are added.
pub(crate) fn shift<'a, P: Person + ?Sized>(
    unit: i64,
    text: &str,
    count: i64,
    cx: &Context<'a, P>,
) -> Result<Val<'a>> {
    if text.is_empty() {
        return Ok(Val::Null);
    }
    let far = EvalError::OutOfRange;
    let by = unit.checked_mul(count).ok_or(EvalError::OutOfRange)?;
    if by % DAY == 0
        && let Ok(day) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        let days = jiff::Span::new().try_days(by / DAY).map_err(|_| far.clone())?;
        return made(day.checked_add(days).map_err(|_| far)?.to_string(), cx);
    }
    let at = cx.instant(text).ok_or_else(|| EvalError::NotADate(shown(text)))?;
    let at = at.checked_add(by).and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).ok_or(far)?;
    made(format!("{at:.3}"), cx)
}

/// A date in another spelling; nothing of nothing.
pub(crate) fn spell<'a, P: Person + ?Sized>(
    spelling: &Spelling,
    val: Val<'_>,
    cx: &Context<'a, P>,
) -> Result<Val<'a>> {
    if matches!(val, Val::List(_)) {
        return Err(wrong("a string", &val));
    }
    let Some(text) = val.into_text() else { return Ok(Val::Null) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Val::Null);
    }
    cx.spend(text.len())?;
    let told = match spelling {
        Spelling::Read(format) => format.read(text),
        Spelling::Write(format) => Written::iso(text).map(|written| format.write(written)),
        Spelling::Instant => cx
            .instant(text)
            .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
            .map(|at| format!("{at:.3}")),
        Spelling::Zone(zone, format) => cx
            .instant(text)
            .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
            .map(|at| format.write(Written::at(at, zone))),
    };
    made(told.ok_or_else(|| EvalError::NotADate(shown(text)))?, cx)
}
