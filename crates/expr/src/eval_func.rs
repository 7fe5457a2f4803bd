//! What the functions do.

use std::borrow::Cow;

use crate::ast::Op;
use crate::error::EvalError;
use crate::eval::{Context, compare, contains, eval, owned, wrong};
use crate::eval_time;
use crate::funcs::Func;
use crate::iso3166;
use crate::node::Node;
use crate::scope::Person;
use crate::val::Val;
use crate::value::{Value, csv};

type Result<T, E = EvalError> = std::result::Result<T, E>;
type Text<'a> = Option<Cow<'a, str>>;

/// An argument as text; scalars give theirs.
fn text<'a, P: Person + ?Sized>(args: &'a [Node], i: usize, cx: &Context<'a, P>) -> Result<Text<'a>> {
    let Some(node) = args.get(i) else { return Ok(None) };
    match eval(node, cx)? {
        list @ Val::List(_) => Err(wrong("a string", &list)),
        scalar => {
            let text = scalar.into_text();
            cx.spend(text.as_ref().map_or(0, |t| t.len()))?;
            Ok(text)
        }
    }
}

/// An argument as an array; a string is split at commas.
fn list<'a, P: Person + ?Sized>(
    args: &'a [Node],
    i: usize,
    cx: &Context<'a, P>,
) -> Result<Option<Cow<'a, [Value]>>> {
    let Some(node) = args.get(i) else { return Ok(None) };
    to_list(eval(node, cx)?, cx)
}

fn to_list<'a, P: ?Sized>(val: Val<'a>, cx: &Context<'a, P>) -> Result<Option<Cow<'a, [Value]>>> {
    Ok(Some(match val {
        Val::Null => return Ok(None),
        Val::List(items) => items,
        Val::Str(s) if s.trim().is_empty() => Cow::Borrowed(&[]),
        Val::Str(s) => {
            cx.spend(s.len() + (s.bytes().filter(|b| *b == b',').count() + 1) * size_of::<Value>())?;
            Cow::Owned(s.split(',').map(|part| Value::from(part.trim())).collect())
        }
        scalar => Cow::Owned(vec![scalar.into_value()]),
    }))
}

fn integer<'a, P: Person + ?Sized>(args: &'a [Node], i: usize, cx: &Context<'a, P>) -> Result<Option<i64>> {
    let Some(node) = args.get(i) else { return Ok(None) };
    match eval(node, cx)? {
        Val::Null => Ok(None),
        Val::Int(i) => Ok(Some(i)),
        other => Err(wrong("an integer", &other)),
    }
}

/// An element of an array; null beyond its ends.
pub(crate) fn element<'a>(list: Val<'a>, at: &Val<'_>) -> Result<Val<'a>> {
    let at = match at {
        Val::Null => return Ok(Val::Null),
        Val::Int(i) => usize::try_from(*i).unwrap_or(usize::MAX),
        other => return Err(wrong("an integer", other)),
    };
    Ok(match list {
        Val::List(Cow::Borrowed(items)) => items.get(at).map_or(Val::Null, Val::from),
        Val::List(Cow::Owned(mut items)) if at < items.len() => own(items.swap_remove(at)),
        _ => Val::Null,
    })
}

fn own<'a>(value: Value) -> Val<'a> {
    match value {
        Value::Null => Val::Null,
        Value::Bool(b) => Val::Bool(b),
        Value::Int(i) => Val::Int(i),
        Value::Num(n) => Val::Num(n),
        Value::Str(s) => Val::Str(Cow::Owned(s.into())),
        Value::List(items) => Val::List(Cow::Owned(items)),
    }
}

/// A function whose result is true or false.
pub(crate) fn test<'a, P: Person + ?Sized>(
    func: Func,
    args: &'a [Node],
    cx: &Context<'a, P>,
) -> Result<bool> {
    Ok(match func {
        Func::StartsWith | Func::Contains => match (text(args, 0, cx)?, text(args, 1, cx)?) {
            (Some(s), Some(part)) if func == Func::Contains => s.contains(&*part),
            (Some(s), Some(part)) => s.starts_with(&*part),
            _ => false,
        },
        Func::ListContains => {
            let Some(items) = list(args, 0, cx)? else { return Ok(false) };
            args.get(1).map_or(Ok(false), |wanted| contains(&items, &eval(wanted, cx)?, cx))?
        }
        Func::EitherContains => match args.first().map(|first| eval(first, cx)).transpose()? {
            Some(Val::List(_)) => test(Func::ListContains, args, cx)?,
            _ => test(Func::Contains, args, cx)?,
        },
        Func::ListIsEmpty => list(args, 0, cx)?.is_none_or(|items| items.is_empty()),
        _ => false,
    })
}

/// A function whose result is a value.
pub(crate) fn call<'a, P: Person + ?Sized>(
    func: Func,
    args: &'a [Node],
    cx: &Context<'a, P>,
) -> Result<Val<'a>> {
    match func {
        Func::ListAdd
        | Func::ListRemove
        | Func::ListClear
        | Func::ListGet
        | Func::ListFlatten
        | Func::ListSize
        | Func::ListCsv => on_list(func, args, cx),
        Func::StartsWith | Func::Contains | Func::ListContains | Func::ListIsEmpty | Func::EitherContains => {
            test(func, args, cx).map(Val::Bool)
        }
        Func::Append => {
            let (a, b) = (text(args, 0, cx)?, text(args, 1, cx)?);
            Ok(match (a, b) {
                (None, None) => Val::Null,
                (Some(a), None) => Val::Str(a),
                (None, Some(b)) => Val::Str(b),
                (Some(a), Some(b)) => made(a.into_owned() + &b, cx)?,
            })
        }
        Func::Join => {
            let separator = text(args, 0, cx)?.unwrap_or_default();
            let mut out = String::new();
            let mut first = true;
            for i in 1..args.len() {
                let Some(part) = text(args, i, cx)? else { continue };
                cx.spend(part.len() + separator.len())?;
                if !first {
                    out.push_str(&separator);
                }
                out.push_str(&part);
                first = false;
            }
            Ok(Val::Str(Cow::Owned(out)))
        }
        Func::Len => {
            let len = text(args, 0, cx)?.map_or(0, |s| s.chars().count());
            Ok(Val::Int(i64::try_from(len).unwrap_or(i64::MAX)))
        }
        Func::Switch => switch(args, cx),
        _ => {
            let Some(s) = text(args, 0, cx)? else { return Ok(Val::Null) };
            on_text(func, s, args, cx)
        }
    }
}

/// A string just made; its length is work done.
pub(crate) fn made<'a, P: ?Sized>(s: String, cx: &Context<'a, P>) -> Result<Val<'a>> {
    cx.spend(s.len())?;
    Ok(Val::Str(Cow::Owned(s)))
}

/// The value of the first key that occurs in the text.
fn switch<'a, P: Person + ?Sized>(args: &'a [Node], cx: &Context<'a, P>) -> Result<Val<'a>> {
    if let Some(s) = text(args, 0, cx)? {
        for pair in args.get(2..).unwrap_or_default().chunks_exact(2) {
            let Some(key) = text(pair, 0, cx)? else { continue };
            cx.spend(s.len())?;
            if s.contains(&*key) {
                return Ok(text(pair, 1, cx)?.map_or(Val::Null, Val::Str));
            }
        }
    }
    Ok(text(args, 1, cx)?.map_or(Val::Null, Val::Str))
}

/// Functions of a text that is there.
fn on_text<'a, P: Person + ?Sized>(
    func: Func,
    s: Cow<'a, str>,
    args: &'a [Node],
    cx: &Context<'a, P>,
) -> Result<Val<'a>> {
    let ready = |text: Option<&'static str>| text.map_or(Val::Null, |t| Val::Str(Cow::Borrowed(t)));
    Ok(match func {
        Func::Upper => made(s.to_uppercase(), cx)?,
        Func::Lower => made(s.to_lowercase(), cx)?,
        Func::RemoveSpaces => {
            if s.contains(char::is_whitespace) {
                made(s.chars().filter(|c| !c.is_whitespace()).collect(), cx)?
            } else {
                Val::Str(s)
            }
        }
        Func::Replace | Func::ReplaceFirst => {
            let (Some(from), Some(to)) = (text(args, 1, cx)?, text(args, 2, cx)?) else {
                return Ok(Val::Str(s));
            };
            if from.is_empty() || !s.contains(&*from) {
                return Ok(Val::Str(s));
            }
            if func == Func::ReplaceFirst {
                return made(s.replacen(&*from, &to, 1), cx);
            }
            // The length of the outcome is known, and paid for, before it is made.
            cx.spend(s.len().saturating_add(s.matches(&*from).count().saturating_mul(to.len())))?;
            Val::Str(Cow::Owned(s.replace(&*from, &to)))
        }
        Func::Substring => {
            let Some(start) = integer(args, 1, cx)? else { return Ok(Val::Null) };
            let end = if args.len() > 2 { integer(args, 2, cx)? } else { Some(i64::MAX) };
            let Some(end) = end else { return Ok(Val::Null) };
            let start = usize::try_from(start.max(0)).unwrap_or(usize::MAX);
            let end = usize::try_from(end.max(0)).unwrap_or(usize::MAX);
            let place = |n: usize| s.char_indices().nth(n).map_or(s.len(), |(at, _)| at);
            let (from, to) = (place(start), place(end.max(start)));
            slice(s, from, to)
        }
        Func::SubstringBefore => match text(args, 1, cx)?.and_then(|separator| s.find(&*separator)) {
            Some(at) => slice(s, 0, at),
            None => Val::Str(s),
        },
        Func::SubstringAfter => match text(args, 1, cx)? {
            None => Val::Str(Cow::Borrowed("")),
            Some(separator) => match s.find(&*separator) {
                Some(at) => {
                    let end = s.len();
                    slice(s, at + separator.len(), end)
                }
                None => Val::Str(Cow::Borrowed("")),
            },
        },
        Func::ToInt => Val::Int(to_int(s.trim())?),
        Func::ToNum => Val::Num(to_num(s.trim())?),
        Func::TimeFromWindows | Func::TimeFromUnix | Func::TimeToWindows | Func::TimeToUnix => {
            eval_time::convert(func, s.trim(), cx)?
        }
        Func::TimeShift(unit) => match integer(args, 1, cx)? {
            Some(count) => eval_time::shift(unit, s.trim(), count, cx)?,
            None => Val::Null,
        },
        Func::Alpha2 => ready(iso3166::find(&s).map(|c| c.alpha2)),
        Func::Alpha3 => ready(iso3166::find(&s).map(|c| c.alpha3)),
        Func::Numeric => ready(iso3166::find(&s).map(|c| c.numeric)),
        Func::CountryName => ready(iso3166::find(&s).map(|c| c.name)),
        _ => Val::Str(s),
    })
}

/// Part of a text, borrowed if the text is.
fn slice(s: Cow<'_, str>, from: usize, to: usize) -> Val<'_> {
    Val::Str(match s {
        Cow::Borrowed(s) => Cow::Borrowed(s.get(from..to).unwrap_or_default()),
        Cow::Owned(s) => Cow::Owned(s.get(from..to).unwrap_or_default().to_owned()),
    })
}

/// As much of a text as an error shows.
pub(crate) fn shown(s: &str) -> String {
    s.chars().take(40).collect()
}

fn to_num(s: &str) -> Result<f64> {
    let plain = s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match s.parse::<f64>() {
        Ok(n) if plain && n.is_finite() => Ok(n),
        Ok(_) if plain => Err(EvalError::OutOfRange),
        _ => Err(EvalError::NotANumber(shown(s))),
    }
}

pub(crate) fn to_int(s: &str) -> Result<i64> {
    /// The first number too large: 2^63.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if let Ok(i) = s.parse() {
        return Ok(i);
    }
    let n = to_num(s)?.round();
    if (-BOUND..BOUND).contains(&n) { Ok(n as i64) } else { Err(EvalError::OutOfRange) }
}

fn on_list<'a, P: Person + ?Sized>(func: Func, args: &'a [Node], cx: &Context<'a, P>) -> Result<Val<'a>> {
    if func == Func::ListFlatten {
        let mut out = Vec::new();
        for arg in args {
            if let Some(items) = to_list(eval(arg, cx)?, cx)? {
                copy(&items, &mut out, cx)?;
            }
        }
        return Ok(Val::List(Cow::Owned(out)));
    }
    let items = list(args, 0, cx)?;
    Ok(match func {
        Func::ListAdd | Func::ListRemove => {
            let value = args.get(1).map_or(Ok(Val::Null), |v| eval(v, cx))?;
            if matches!(value, Val::List(_)) {
                return Err(wrong("a scalar", &value));
            }
            let mut out = Vec::new();
            match (items, func) {
                (None, Func::ListRemove) => return Ok(Val::Null),
                (Some(items), _) => copy(&items, &mut out, cx)?,
                (None, _) => {}
            }
            if func == Func::ListAdd {
                out.push(owned(value, cx)?);
            } else {
                out.retain(|item| !compare(Op::Eq, &Val::from(item), &value));
            }
            Val::List(Cow::Owned(out))
        }
        Func::ListClear => Val::List(Cow::Borrowed(&[])),
        Func::ListGet => {
            let at = args.get(1).map_or(Ok(Val::Null), |v| eval(v, cx))?;
            items.map_or(Ok(Val::Null), |items| element(Val::List(items), &at))?
        }
        Func::ListSize => Val::Int(items.map_or(0, |items| i64::try_from(items.len()).unwrap_or(i64::MAX))),
        _ => {
            let items = items.unwrap_or_default();
            cx.spend(weight(&items))?;
            made(csv(&items), cx)?
        }
    })
}

/// Roughly the memory of an array.
fn weight(items: &[Value]) -> usize {
    items.iter().map(|item| size_of::<Value>() + item.as_str().map_or(0, str::len)).sum()
}

fn copy<P: ?Sized>(items: &[Value], out: &mut Vec<Value>, cx: &Context<'_, P>) -> Result<()> {
    cx.spend(weight(items))?;
    out.extend(items.iter().cloned());
    Ok(())
}
