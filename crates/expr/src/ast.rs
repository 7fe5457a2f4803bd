//! The syntax tree and its uniform spelling.

use std::fmt::{self, Write as _};
use std::ops::Range;

/// A node of the syntax tree. Equality looks past the places.
#[derive(Clone, Debug)]
pub(crate) struct Ast {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
    /// Height of the tree under it, bounded by the parser so that whoever walks it may recurse.
    pub(crate) height: usize,
}

impl PartialEq for Ast {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A name and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Ident {
    pub(crate) name: Box<str>,
    pub(crate) span: Range<usize>,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Operators of two operands, apart from AND and OR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Matches,
    In,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl Op {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Op::Eq => "==",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::Matches => "matches",
            Op::In => "in",
            Op::Add => "+",
            Op::Sub => "-",
            Op::Mul => "*",
            Op::Div => "/",
            Op::Rem => "%",
        }
    }

    /// The operator with its operands exchanged.
    pub(crate) fn flipped(self) -> Op {
        match self {
            Op::Lt => Op::Gt,
            Op::Le => Op::Ge,
            Op::Gt => Op::Lt,
            Op::Ge => Op::Le,
            same => same,
        }
    }
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Num(f64),
    Str(Box<str>),
    List(Vec<Ast>),
    Map(Vec<(Ident, Ast)>),
    Name(Box<str>),
    Call(Ident, Vec<Ast>),
    /// `a.name`
    Member(Box<Ast>, Ident),
    /// `a.name(args)`
    Method(Box<Ast>, Ident, Vec<Ast>),
    Index(Box<Ast>, Box<Ast>),
    /// `a.![name]`
    Project(Box<Ast>, Ident),
    Not(Box<Ast>),
    Neg(Box<Ast>),
    Binary(Op, Box<Ast>, Box<Ast>),
    /// Two operands or more.
    And(Vec<Ast>),
    /// Two operands or more.
    Or(Vec<Ast>),
    Ternary(Box<Ast>, Box<Ast>, Box<Ast>),
    Elvis(Box<Ast>, Box<Ast>),
}

impl Ast {
    /// The height of a node, one more than that of its highest child.
    pub(crate) fn height_of(kind: &Kind) -> usize {
        let all = |items: &[Ast]| items.iter().map(|a| a.height).max().unwrap_or(0);
        1 + match kind {
            Kind::List(items) | Kind::And(items) | Kind::Or(items) | Kind::Call(_, items) => all(items),
            Kind::Map(entries) => entries.iter().map(|(_, a)| a.height).max().unwrap_or(0),
            Kind::Member(a, _) | Kind::Project(a, _) | Kind::Not(a) | Kind::Neg(a) => a.height,
            Kind::Method(a, _, args) => a.height.max(all(args)),
            Kind::Index(a, b) | Kind::Binary(_, a, b) | Kind::Elvis(a, b) => a.height.max(b.height),
            Kind::Ternary(a, b, c) => a.height.max(b.height).max(c.height),
            _ => 0,
        }
    }
}

/// How tightly an operator binds; an operand that binds less tightly than its place asks is put in parentheses.
fn binding(kind: &Kind) -> u8 {
    match kind {
        Kind::Ternary(..) | Kind::Elvis(..) => 0,
        Kind::Or(_) => 1,
        Kind::And(_) => 2,
        Kind::Not(_) => 3,
        Kind::Binary(op, ..) => match op {
            Op::Add | Op::Sub => 5,
            Op::Mul | Op::Div | Op::Rem => 6,
            _ => 4,
        },
        Kind::Neg(_) => 7,
        _ => 8,
    }
}

impl fmt::Display for Ast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = binding(&self.kind);
        match &self.kind {
            Kind::Null => f.write_str("null"),
            Kind::Bool(b) => write!(f, "{b}"),
            Kind::Int(i) => write!(f, "{i}"),
            Kind::Num(n) => {
                let text = n.to_string();
                f.write_str(&text)?;
                if text.contains('.') { Ok(()) } else { f.write_str(".0") }
            }
            Kind::Str(s) => quote(f, s),
            Kind::List(items) => {
                f.write_char('{')?;
                list(f, items)?;
                f.write_char('}')
            }
            Kind::Map(entries) => {
                f.write_char('{')?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    quote(f, &key.name)?;
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
            Kind::Name(name) => f.write_str(name),
            Kind::Call(name, args) => {
                write!(f, "{}(", name.name)?;
                list(f, args)?;
                f.write_char(')')
            }
            Kind::Member(a, name) => {
                operand(f, a, own)?;
                write!(f, ".{}", name.name)
            }
            Kind::Method(a, name, args) => {
                operand(f, a, own)?;
                write!(f, ".{}(", name.name)?;
                list(f, args)?;
                f.write_char(')')
            }
            Kind::Index(a, i) => {
                operand(f, a, own)?;
                write!(f, "[{i}]")
            }
            Kind::Project(a, name) => {
                operand(f, a, own)?;
                write!(f, ".![{}]", name.name)
            }
            Kind::Not(a) => {
                f.write_str("NOT ")?;
                operand(f, a, own)
            }
            Kind::Neg(a) => {
                f.write_char('-')?;
                operand(f, a, own + 1)
            }
            Kind::Binary(op, a, b) => {
                // Relations don't chain; arithmetic is grouped from the left.
                operand(f, a, if own == 4 { 5 } else { own })?;
                write!(f, " {} ", op.symbol())?;
                operand(f, b, own + 1)
            }
            Kind::And(items) => joined(f, items, " AND ", own + 1),
            Kind::Or(items) => joined(f, items, " OR ", own + 1),
            Kind::Ternary(a, b, c) => {
                operand(f, a, 1)?;
                write!(f, " ? {b} : {c}")
            }
            Kind::Elvis(a, b) => {
                operand(f, a, 1)?;
                write!(f, " ?: {b}")
            }
        }
    }
}

fn operand(f: &mut fmt::Formatter<'_>, a: &Ast, least: u8) -> fmt::Result {
    if binding(&a.kind) < least { write!(f, "({a})") } else { write!(f, "{a}") }
}

fn joined(f: &mut fmt::Formatter<'_>, items: &[Ast], by: &str, least: u8) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        f.write_str(if i > 0 { by } else { "" })?;
        operand(f, item, least)?;
    }
    Ok(())
}

fn list(f: &mut fmt::Formatter<'_>, items: &[Ast]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
    }
    Ok(())
}

fn quote(f: &mut fmt::Formatter<'_>, s: &str) -> fmt::Result {
    write!(f, "\"{}\"", s.replace('"', "\"\""))
}
