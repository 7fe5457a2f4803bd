//! Evaluation. Conditions over attributes allocate nothing.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use crate::ast::Op;
use crate::error::EvalError;
use crate::eval_func;
use crate::eval_time;
use crate::node::{Cond, Fold, Node, Test};
use crate::scope::{InternalProperty, LinkId, Person, Slot};
use crate::val::Val;
use crate::value::Value;

/// The person and the work that is left.
pub(crate) struct Context<'a, P: ?Sized> {
    person: &'a P,
    left: Cell<u64>,
}

impl<P: ?Sized> Context<'_, P> {
    /// Take work, before it is done.
    pub(crate) fn spend(&self, work: usize) -> Result<(), EvalError> {
        let left = self.left.get().checked_sub(work as u64).ok_or(EvalError::TooCostly)?;
        self.left.set(left);
        Ok(())
    }
}

/// Does the condition hold? Null counts as false.
pub(crate) fn matches<P: Person + ?Sized>(node: &Node, person: &P, max_cost: u64) -> Result<bool, EvalError> {
    let cx = Context { person, left: Cell::new(max_cost) };
    match node {
        Node::Cond(cond) => test(cond, &cx),
        other => truth(eval(other, &cx)?),
    }
}

/// The value of an expression.
pub(crate) fn value<'a, P: Person + ?Sized>(
    node: &'a Node,
    person: &'a P,
    max_cost: u64,
) -> Result<Val<'a>, EvalError> {
    eval(node, &Context { person, left: Cell::new(max_cost) })
}

/// The value of an expression that reads nothing.
pub(crate) fn constant(node: &Node, max_cost: u64) -> Result<Value, EvalError> {
    value(node, &Nobody, max_cost).map(Val::into_value)
}

/// One condition within a bigger one.
pub(crate) fn condition<P: Person + ?Sized>(
    cond: &Cond,
    person: &P,
    max_cost: u64,
) -> Result<bool, EvalError> {
    test(cond, &Context { person, left: Cell::new(max_cost) })
}

/// Stands in where nothing is read.
struct Nobody;

impl Person for Nobody {
    fn value(&self, _: Slot) -> &Value {
        Value::NULL
    }
    fn linked(&self, _: LinkId, _: Slot) -> &Value {
        Value::NULL
    }
    fn in_group(&self, _: i64) -> bool {
        false
    }
    fn internal(&self, _: InternalProperty) -> Cow<'_, str> {
        Cow::Borrowed("")
    }
    fn now(&self) -> i64 {
        0
    }
    fn instant(&self, _: &str) -> Option<i64> {
        None
    }
}

impl<P: Person + ?Sized> Context<'_, P> {
    /// The instant of a date for this person.
    pub(crate) fn instant(&self, text: &str) -> Option<i64> {
        self.person.instant(text)
    }
}

fn truth(val: Val<'_>) -> Result<bool, EvalError> {
    match val {
        Val::Bool(b) => Ok(b),
        Val::Null => Ok(false),
        other => Err(wrong("a boolean", &other)),
    }
}

/// The error of a value that doesn't fit.
pub(crate) fn wrong(wanted: &'static str, found: &Val<'_>) -> EvalError {
    let found = match found {
        Val::Null => "null",
        Val::Bool(_) => "a boolean",
        Val::Int(_) => "an integer",
        Val::Num(_) => "a number",
        Val::Str(_) => "a string",
        Val::List(_) => "an array",
    };
    EvalError::WrongType { wanted, found }
}

type Result<T, E = EvalError> = std::result::Result<T, E>;

/// Is the condition met?
pub(crate) fn test<P: Person + ?Sized>(cond: &Cond, cx: &Context<'_, P>) -> Result<bool> {
    Ok(match cond {
        Cond::Text { subject: Node::Slot(slot), fold, test } => match cx.person.value(*slot) {
            Value::Str(text) => test_text(text, *fold, test, cx)?,
            Value::Null => false,
            other => test_other(Val::from(other), *fold, test, cx)?,
        },
        Cond::Text { subject, fold, test } => match eval(subject, cx)? {
            Val::Str(text) => test_text(&text, *fold, test, cx)?,
            Val::Null => false,
            other => test_other(other, *fold, test, cx)?,
        },
        Cond::All(parts) => decide(parts, false, cx)?,
        Cond::Any(parts) => decide(parts, true, cx)?,
        Cond::Not(inner) => !self::test(inner, cx)?,
        Cond::Groups(keys) => keys.iter().any(|key| cx.person.in_group(*key)),
        Cond::Const(b) => *b,
        Cond::Truth(Node::Slot(slot)) => match cx.person.value(*slot) {
            Value::Bool(b) => *b,
            other => truth(Val::from(other))?,
        },
        Cond::Truth(node) => truth(eval(node, cx)?)?,
        Cond::IsNull(node) => eval(node, cx)?.is_null(),
        Cond::Compare(op, pair) => compare(*op, &eval(&pair[0], cx)?, &eval(&pair[1], cx)?),
        Cond::Dates(op, pair) => {
            let (a, b) = (eval(&pair[0], cx)?, eval(&pair[1], cx)?);
            dates(*op, &a, &b, cx.person)
        }
        Cond::Time { op, date, offset } => match eval(date, cx)? {
            Val::Null => false,
            Val::Str(text) => cx
                .person
                .instant(&text)
                .is_some_and(|at| op.holds(at.cmp(&cx.person.now().saturating_add(*offset)))),
            other => return Err(wrong("a date", &other)),
        },
        Cond::In(pair) => {
            let wanted = eval(&pair[0], cx)?;
            match eval(&pair[1], cx)? {
                Val::Null => false,
                Val::List(items) => contains(&items, &wanted, cx)?,
                other => return Err(wrong("an array", &other)),
            }
        }
        Cond::Call(func, args) => eval_func::test(*func, args, cx)?,
    })
}

/// AND and OR: `decisive` is the outcome of a part that settles the whole, also if another part fails. So the order of
/// the parts doesn't matter, and a condition that is false for good stays so.
fn decide<P: Person + ?Sized>(parts: &[Cond], decisive: bool, cx: &Context<'_, P>) -> Result<bool> {
    let mut failed = None;
    for part in parts {
        match test(part, cx) {
            Ok(outcome) if outcome == decisive => return Ok(decisive),
            Ok(_) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(!decisive), Err)
}

/// Is the value among the items?
pub(crate) fn contains<P: ?Sized>(items: &[Value], wanted: &Val<'_>, cx: &Context<'_, P>) -> Result<bool> {
    cx.spend(items.len())?;
    Ok(items.iter().any(|item| compare(Op::Eq, &Val::from(item), wanted)))
}

fn test_text<P: ?Sized>(text: &str, fold: Fold, test: &Test, cx: &Context<'_, P>) -> Result<bool> {
    if fold != Fold::Exact {
        if text.is_ascii() {
            return test_folded(text.as_bytes(), fold, test, cx);
        }
        cx.spend(text.len())?;
        let folded = if fold == Fold::Lower { text.to_lowercase() } else { text.to_uppercase() };
        return test_text(&folded, Fold::Exact, test, cx);
    }
    Ok(match test {
        Test::Is(value) => text == &**value,
        Test::OneOf(values) => among(values, |value| value.cmp(text)),
        Test::StartsWith(value) => text.starts_with(&**value),
        Test::Contains(value) => {
            cx.spend(text.len())?;
            text.contains(&**value)
        }
        Test::Matches(pattern) => {
            cx.spend(text.len())?;
            pattern.is_match(text)
        }
    })
}

fn among(values: &[Box<str>], mut order: impl FnMut(&str) -> Ordering) -> bool {
    values.binary_search_by(|value| order(value)).is_ok()
}

/// As [`test_text`], for a text that is ASCII and compared as if its case were changed.
fn test_folded<P: ?Sized>(text: &[u8], fold: Fold, test: &Test, cx: &Context<'_, P>) -> Result<bool> {
    let change = |b: &u8| if fold == Fold::Lower { b.to_ascii_lowercase() } else { b.to_ascii_uppercase() };
    let same = |a: &[u8], value: &str| a.len() == value.len() && a.iter().map(change).eq(value.bytes());
    Ok(match test {
        Test::Is(value) => same(text, value),
        Test::OneOf(values) => among(values, |value| value.bytes().cmp(text.iter().map(change))),
        Test::StartsWith(value) => text.get(..value.len()).is_some_and(|start| same(start, value)),
        Test::Contains(value) => {
            cx.spend(text.len())?;
            let Some(first) = value.bytes().next() else { return Ok(true) };
            cx.spend(text.iter().filter(|b| change(b) == first).count().saturating_mul(value.len()))?;
            text.windows(value.len()).any(|window| same(window, value))
        }
        Test::Matches(pattern) => {
            cx.spend(text.len())?;
            let folded: Vec<u8> = text.iter().map(change).collect();
            std::str::from_utf8(&folded).is_ok_and(|text| pattern.is_match(text))
        }
    })
}

/// A value that is no string: equality fails, the others look at its text.
fn test_other<P: ?Sized>(val: Val<'_>, fold: Fold, test: &Test, cx: &Context<'_, P>) -> Result<bool> {
    // After a change of case it is a string, whatever it was before.
    if fold == Fold::Exact && matches!(test, Test::Is(_) | Test::OneOf(_)) {
        return Ok(false);
    }
    if matches!(val, Val::List(_)) {
        return Err(wrong("a string", &val));
    }
    val.into_text().map_or(Ok(false), |text| test_text(&text, fold, test, cx))
}

/// Relations of values; those of different kinds are unequal and have no order.
pub(crate) fn compare(op: Op, a: &Val<'_>, b: &Val<'_>) -> bool {
    let ordering = match (a, b) {
        (Val::Null, Val::Null) => return op == Op::Eq,
        (Val::Str(a), Val::Str(b)) => Some(a.cmp(b)),
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
        (Val::Bool(a), Val::Bool(b)) => return op == Op::Eq && a == b,
        (Val::List(a), Val::List(b)) => {
            let same = |(a, b)| compare(Op::Eq, &Val::from(a), &Val::from(b));
            return op == Op::Eq && a.len() == b.len() && a.iter().zip(b.iter()).all(same);
        }
        _ => a.as_num().zip(b.as_num()).and_then(|(a, b)| a.partial_cmp(&b)),
    };
    ordering.is_some_and(|o| op.holds(o))
}

fn dates<P: Person + ?Sized>(op: Op, a: &Val<'_>, b: &Val<'_>, person: &P) -> bool {
    let (Some(a), Some(b)) = (a.as_str(), b.as_str()) else {
        return op == Op::Eq && a.is_null() && b.is_null();
    };
    // Two plain dates in the same zone are in the order of their text.
    let plain = |s: &str| {
        s.len() == 10
            && s.bytes()
                .enumerate()
                .all(|(i, c)| if i == 4 || i == 7 { c == b'-' } else { c.is_ascii_digit() })
    };
    if plain(a) && plain(b) {
        return op.holds(a.cmp(b));
    }
    match (person.instant(a), person.instant(b)) {
        (Some(a), Some(b)) => op.holds(a.cmp(&b)),
        _ => op == Op::Eq && a == b,
    }
}

/// The value of a node.
pub(crate) fn eval<'a, P: Person + ?Sized>(node: &'a Node, cx: &Context<'a, P>) -> Result<Val<'a>> {
    Ok(match node {
        Node::Slot(slot) => Val::from(cx.person.value(*slot)),
        Node::Const(value) => Val::from(value),
        Node::Linked(link, slot) => Val::from(cx.person.linked(*link, *slot)),
        Node::Internal(property) => Val::Str(cx.person.internal(*property)),
        Node::Cond(cond) => Val::Bool(test(cond, cx)?),
        Node::List(items) => {
            cx.spend(items.len().saturating_mul(size_of::<Value>()))?;
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                match eval(item, cx)? {
                    list @ Val::List(_) => return Err(wrong("a scalar", &list)),
                    scalar => out.push(owned(scalar, cx)?),
                }
            }
            Val::List(Cow::Owned(out))
        }
        Node::Concat(parts) => {
            let mut out = String::new();
            let mut some = false;
            for part in parts {
                let val = eval(part, cx)?;
                if matches!(val, Val::List(_)) {
                    return Err(wrong("a string", &val));
                }
                if let Some(text) = val.into_text() {
                    cx.spend(text.len())?;
                    out.push_str(&text);
                    some = true;
                }
            }
            if some { Val::Str(Cow::Owned(out)) } else { Val::Null }
        }
        Node::Arith(op, pair) => arithmetic(*op, eval(&pair[0], cx)?, eval(&pair[1], cx)?, cx)?,
        Node::Neg(inner) => match eval(inner, cx)? {
            Val::Null => Val::Null,
            Val::Int(i) => Val::Int(i.checked_neg().ok_or(EvalError::OutOfRange)?),
            Val::Num(n) => Val::Num(-n),
            other => return Err(wrong("a number", &other)),
        },
        Node::Index(pair) => {
            let list = eval(&pair[0], cx)?;
            let at = eval(&pair[1], cx)?;
            if let Val::Str(_) | Val::Bool(_) | Val::Int(_) | Val::Num(_) = list {
                return Err(wrong("an array", &list));
            }
            eval_func::element(list, &at)?
        }
        Node::Choose(parts) => {
            let taken = if test(&parts.0, cx)? { &parts.1 } else { &parts.2 };
            eval(taken, cx)?
        }
        Node::Elvis(pair) => match eval(&pair[0], cx)? {
            Val::Null => eval(&pair[1], cx)?,
            Val::Str(s) if s.is_empty() => eval(&pair[1], cx)?,
            some => some,
        },
        Node::Call(func, args) => eval_func::call(*func, args, cx)?,
        Node::Groups(groups, most) => {
            let mut out = Vec::new();
            cx.spend(groups.len())?;
            for (_, shown) in groups.iter().filter(|(key, _)| cx.person.in_group(*key)).take(*most) {
                cx.spend(size_of::<Value>() + shown.as_str().map_or(0, str::len))?;
                out.push(shown.clone());
            }
            Val::List(Cow::Owned(out))
        }
        Node::Spell(parts) => {
            let (spelling, inner) = &**parts;
            eval_time::spell(spelling, eval(inner, cx)?, cx)?
        }
    })
}

/// A value to keep in an array, paid for if it must be copied.
pub(crate) fn owned<P: ?Sized>(val: Val<'_>, cx: &Context<'_, P>) -> Result<Value> {
    if let Val::Str(s) = &val {
        cx.spend(s.len())?;
    }
    Ok(val.into_value())
}

fn arithmetic<'a, P: ?Sized>(op: Op, a: Val<'a>, b: Val<'a>, cx: &Context<'a, P>) -> Result<Val<'a>> {
    if op == Op::Add && (matches!(a, Val::Str(_)) || matches!(b, Val::Str(_))) {
        let mut out = String::new();
        for part in [a, b] {
            if matches!(part, Val::List(_)) {
                return Err(wrong("a string", &part));
            }
            let text = part.into_text().unwrap_or_default();
            cx.spend(text.len())?;
            out.push_str(&text);
        }
        return Ok(Val::Str(Cow::Owned(out)));
    }
    if a.is_null() && b.is_null() {
        return Ok(Val::Null);
    }
    for side in [&a, &b] {
        if !matches!(side, Val::Int(_) | Val::Num(_) | Val::Null) {
            return Err(wrong("a number", side));
        }
    }
    if let (Val::Int(a), Val::Int(b)) = (&a, &b) {
        let divides = matches!(op, Op::Div | Op::Rem);
        if divides && *b == 0 {
            return Err(EvalError::DivisionByZero);
        }
        let result = match op {
            Op::Add => a.checked_add(*b),
            Op::Sub => a.checked_sub(*b),
            Op::Mul => a.checked_mul(*b),
            Op::Div => a.checked_div(*b),
            _ => a.checked_rem(*b),
        };
        return result.map(Val::Int).ok_or(EvalError::OutOfRange);
    }
    let (Some(a), Some(b)) = (a.as_num(), b.as_num()) else { return Ok(Val::Null) };
    if matches!(op, Op::Div | Op::Rem) && b == 0.0 {
        return Err(EvalError::DivisionByZero);
    }
    let result = match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Div => a / b,
        _ => a % b,
    };
    if result.is_finite() { Ok(Val::Num(result)) } else { Err(EvalError::OutOfRange) }
}
