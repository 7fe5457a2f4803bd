//! The checked form that is evaluated: values and conditions, with common shapes as nodes of their own.

use crate::ast::Op;
use crate::funcs::Func;
use crate::joda::Format;
use crate::pattern::Pattern;
use crate::scope::{InternalProperty, LinkId, Slot};
use crate::value::Value;

/// An expression that has a value.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Const(Value),
    Slot(Slot),
    Linked(LinkId, Slot),
    Internal(InternalProperty),
    Cond(Box<Cond>),
    List(Box<[Node]>),
    Concat(Box<[Node]>),
    Arith(Op, Box<[Node; 2]>),
    Neg(Box<Node>),
    Index(Box<[Node; 2]>),
    Choose(Box<(Cond, Node, Node)>),
    Elvis(Box<[Node; 2]>),
    Call(Func, Box<[Node]>),
    /// What those of these groups show that the person is in, the first so many of them.
    Groups(Box<[(i64, Value)]>, usize),
    /// A date from one spelling into another.
    Spell(Box<(Spelling, Node)>),
}

/// Between which spellings of a date.
#[derive(Clone, Debug)]
pub(crate) enum Spelling {
    /// From a format to ISO 8601.
    Read(Format),
    /// From ISO 8601 to a format.
    Write(Format),
    /// To an instant of UTC in ISO 8601.
    Instant,
    /// To the time of a zone, in this format.
    Zone(jiff::tz::TimeZone, Format),
}

/// An expression that is true or false; null has become false on the way.
#[derive(Clone, Debug)]
pub(crate) enum Cond {
    Const(bool),
    Truth(Node),
    Not(Box<Cond>),
    All(Box<[Cond]>),
    Any(Box<[Cond]>),
    /// A text against constants.
    Text {
        subject: Node,
        fold: Fold,
        test: Test,
    },
    IsNull(Node),
    /// Relations between values that are known only when evaluated.
    Compare(Op, Box<[Node; 2]>),
    /// Relations between dates.
    Dates(Op, Box<[Node; 2]>),
    /// A date against `Time.now()` plus an offset in milliseconds.
    Time {
        op: Op,
        date: Node,
        offset: i64,
    },
    In(Box<[Node; 2]>),
    Groups(Box<[i64]>),
    Call(Func, Box<[Node]>),
}

/// Change of case before a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    Exact,
    Lower,
    Upper,
}

/// What a text is tested for.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Is(Box<str>),
    /// Sorted.
    OneOf(Box<[Box<str>]>),
    StartsWith(Box<str>),
    Contains(Box<str>),
    Matches(Pattern),
}

impl Node {
    /// The expression as a condition: null is false.
    pub(crate) fn into_cond(self) -> Cond {
        match self {
            Node::Cond(cond) => *cond,
            Node::Const(Value::Bool(b)) => Cond::Const(b),
            Node::Const(Value::Null) => Cond::Const(false),
            other => Cond::Truth(other),
        }
    }

    pub(crate) fn is_const(&self) -> bool {
        matches!(self, Node::Const(_))
    }

    /// Visits the nodes and conditions directly under this one.
    pub(crate) fn children<'n>(&'n self, node: &mut dyn FnMut(&'n Node), cond: &mut dyn FnMut(&'n Cond)) {
        match self {
            Node::Const(_) | Node::Slot(_) | Node::Linked(..) | Node::Internal(_) | Node::Groups(..) => {}
            Node::Spell(parts) => node(&parts.1),
            Node::Cond(c) => cond(c),
            Node::List(items) | Node::Concat(items) | Node::Call(_, items) => items.iter().for_each(node),
            Node::Arith(_, pair) | Node::Index(pair) | Node::Elvis(pair) => pair.iter().for_each(node),
            Node::Neg(inner) => node(inner),
            Node::Choose(parts) => {
                cond(&parts.0);
                node(&parts.1);
                node(&parts.2);
            }
        }
    }
}

impl From<Cond> for Node {
    fn from(cond: Cond) -> Self {
        if let Cond::Const(b) = cond { Node::Const(Value::Bool(b)) } else { Node::Cond(Box::new(cond)) }
    }
}

impl Cond {
    pub(crate) fn negated(self) -> Cond {
        match self {
            Cond::Const(b) => Cond::Const(!b),
            Cond::Not(inner) => *inner,
            other => Cond::Not(Box::new(other)),
        }
    }

    /// All must hold.
    pub(crate) fn all(parts: impl IntoIterator<Item = Cond>) -> Cond {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Cond::Const(true) => {}
                Cond::Const(false) => return Cond::Const(false),
                Cond::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Cond::Const(true),
            1 => flat.swap_remove(0),
            _ => Cond::All(flat.into()),
        }
    }

    /// One must hold. Equalities of one attribute become one look-up.
    pub(crate) fn any(parts: impl IntoIterator<Item = Cond>) -> Cond {
        let mut flat: Vec<Cond> = Vec::new();
        let mut pending: Vec<Cond> = Vec::new();
        for part in parts {
            match part {
                Cond::Const(false) => {}
                Cond::Const(true) => return Cond::Const(true),
                Cond::Any(inner) => pending.extend(inner),
                other => pending.push(other),
            }
        }
        for part in pending {
            match part.equality() {
                Some((slot, values)) => {
                    let same = flat.iter_mut().find(|c| c.equality().is_some_and(|(s, _)| s == slot));
                    if let Some(same) = same {
                        let known = same.equality().map_or(&[][..], |(_, v)| v);
                        *same = Cond::one_of(Node::Slot(slot), known.iter().chain(values).cloned().collect());
                    } else {
                        flat.push(part);
                    }
                }
                None => flat.push(part),
            }
        }
        match flat.len() {
            0 => Cond::Const(false),
            1 => flat.swap_remove(0),
            _ => Cond::Any(flat.into()),
        }
    }

    /// A text is one of these.
    pub(crate) fn one_of(subject: Node, mut values: Vec<Box<str>>) -> Cond {
        values.sort_unstable();
        values.dedup();
        let test = match <[Box<str>; 1]>::try_from(values) {
            Ok([single]) => Test::Is(single),
            Err(values) => Test::OneOf(values.into()),
        };
        Cond::text(subject, test)
    }

    /// A test of a text; a change of case of the whole subject becomes part of the test.
    pub(crate) fn text(subject: Node, test: Test) -> Cond {
        match subject {
            Node::Call(func @ (Func::Lower | Func::Upper), args) if !matches!(test, Test::Matches(_)) => {
                let fold = if func == Func::Lower { Fold::Lower } else { Fold::Upper };
                let inner = args.into_iter().next().unwrap_or(Node::Const(Value::Null));
                Cond::Text { subject: inner, fold, test }
            }
            subject => Cond::Text { subject, fold: Fold::Exact, test },
        }
    }

    /// The attribute and the values, if this says that an attribute equals one of them.
    pub(crate) fn equality(&self) -> Option<(Slot, &[Box<str>])> {
        let Cond::Text { subject: Node::Slot(slot), fold: Fold::Exact, test } = self else { return None };
        match test {
            Test::Is(value) => Some((*slot, std::slice::from_ref(value))),
            Test::OneOf(values) => Some((*slot, values)),
            _ => None,
        }
    }

    /// Visits the nodes and conditions directly under this one.
    pub(crate) fn children<'n>(&'n self, node: &mut dyn FnMut(&'n Node), cond: &mut dyn FnMut(&'n Cond)) {
        match self {
            Cond::Const(_) | Cond::Groups(_) => {}
            Cond::Truth(inner) | Cond::IsNull(inner) => node(inner),
            Cond::Not(inner) => cond(inner),
            Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(cond),
            Cond::Text { subject, .. } => node(subject),
            Cond::Time { date, .. } => node(date),
            Cond::Compare(_, pair) | Cond::Dates(_, pair) | Cond::In(pair) => pair.iter().for_each(node),
            Cond::Call(_, args) => args.iter().for_each(node),
        }
    }
}
