//! The check of relations, of dates among them.

use crate::ast::{Ast, Kind, Op};
use crate::check::{Checker, is_iso_date};
use crate::error::CompileError;
use crate::node::{Cond, Node, Test};
use crate::pattern::Pattern;
use crate::scope::Type;
use crate::value::Value;

impl Checker<'_> {
    /// `a == b` and its kin.
    pub(crate) fn relation(&mut self, ast: &Ast, op: Op, a: &Ast, b: &Ast) -> Result<Cond, CompileError> {
        match op {
            Op::Matches => return self.pattern(ast, a, b),
            Op::In => return self.membership(ast, a, b),
            _ => {}
        }
        match (self.time(a)?, self.time(b)?) {
            (None, None) => {}
            (None, Some(days)) => return self.against_now(ast, op, a, days),
            (Some(days), None) => return self.against_now(ast, op.flipped(), b, days),
            (Some(_), Some(_)) => return Err(self.misplaced_time(a)),
        }
        let (left, ta) = self.value(a)?;
        let (right, tb) = self.value(b)?;
        self.comparable(ast, op, (a, ta), (b, tb))?;
        let cond = match (ta, tb) {
            (Type::Date, _) | (_, Type::Date) => self.dates(op, (a, left, ta), (b, right, tb))?,
            _ => plain(op, left, right),
        };
        self.folded_cond(ast, cond)
    }

    /// Types that are never equal, or have no order, are a mistake.
    fn comparable(&self, ast: &Ast, op: Op, a: (&Ast, Type), b: (&Ast, Type)) -> Result<(), CompileError> {
        let ordered = !matches!(op, Op::Eq | Op::Ne);
        let fine = match (a.1, b.1) {
            (Type::User | Type::Time, _) | (_, Type::User | Type::Time) => false,
            (Type::Any | Type::Null, _)
            | (_, Type::Any | Type::Null)
            | (Type::Int | Type::Num, Type::Int | Type::Num)
            | (Type::Str | Type::Date, Type::Str | Type::Date) => true,
            (Type::Bool, Type::Bool) | (Type::List(_), Type::List(_)) => !ordered,
            _ => false,
        };
        if fine {
            return Ok(());
        }
        let hint = match ((a.0, a.1), (b.0, b.1)) {
            ((_, Type::Str), (literal, Type::Int | Type::Num | Type::Bool))
            | ((literal, Type::Int | Type::Num | Type::Bool), (_, Type::Str))
                if matches!(literal.kind, Kind::Int(_) | Kind::Num(_) | Kind::Bool(_)) =>
            {
                Some(format!("write it in quotes: \"{literal}\""))
            }
            ((_, Type::Int | Type::Num), (literal, Type::Str))
            | ((literal, Type::Str), (_, Type::Int | Type::Num))
                if matches!(&literal.kind, Kind::Str(s) if s.parse::<f64>().is_ok()) =>
            {
                Some("write the number without quotes".to_owned())
            }
            ((_, Type::List(_)), _) | (_, (_, Type::List(_))) => {
                Some("to look for an element, use Arrays.contains".to_owned())
            }
            ((_, Type::Bool), (literal, Type::Str)) | ((literal, Type::Str), (_, Type::Bool)) if matches!(&literal.kind, Kind::Str(s) if &**s == "true" || &**s == "false") => {
                Some("write true or false without quotes".to_owned())
            }
            _ => None,
        };
        let message = format!("{} and {} can't be compared with `{}`", a.1, b.1, op.symbol());
        Err(self.error(&ast.span, message, hint))
    }

    fn dates(&self, op: Op, a: (&Ast, Node, Type), b: (&Ast, Node, Type)) -> Result<Cond, CompileError> {
        let equality = matches!(op, Op::Eq | Op::Ne);
        let mut as_text = false;
        for (ast, node, ty) in [(a.0, &a.1, a.2), (b.0, &b.1, b.2)] {
            if ty == Type::Date {
                continue;
            }
            match node {
                // A date that was cleared is the empty string.
                Node::Const(Value::Str(s)) if equality && s.is_empty() => as_text = true,
                Node::Const(Value::Null) => as_text = true,
                Node::Const(Value::Str(s)) if !is_iso_date(s) => {
                    let hint =
                        Some("a date is written \"2026-03-01\" or \"2026-03-01T08:00:00Z\"".to_owned());
                    return Err(self.error(&ast.span, format!("`{s}` is not a date"), hint));
                }
                _ => {}
            }
        }
        if as_text {
            return Ok(plain(op, a.1, b.1));
        }
        let pair = Box::new([a.1, b.1]);
        Ok(if op == Op::Ne { Cond::Dates(Op::Eq, pair).negated() } else { Cond::Dates(op, pair) })
    }

    fn pattern(&mut self, ast: &Ast, a: &Ast, b: &Ast) -> Result<Cond, CompileError> {
        let (subject, ty) = self.value(a)?;
        if matches!(ty, Type::List(_) | Type::User | Type::Time) {
            return Err(self.error(&a.span, format!("`matches` needs a string, not {ty}"), None));
        }
        let pattern = self.compile_pattern(b)?;
        self.folded_cond(ast, Cond::text(subject, Test::Matches(pattern)))
    }

    /// A pattern that stands there as it is.
    pub(crate) fn compile_pattern(&mut self, ast: &Ast) -> Result<Pattern, CompileError> {
        let (node, _) = self.value(ast)?;
        let Node::Const(Value::Str(text)) = node else {
            return Err(self.error(
                &ast.span,
                "the pattern must be a string that doesn't depend on the person",
                None,
            ));
        };
        Pattern::new(&text).map_err(|message| self.error(&ast.span, message, None))
    }

    fn membership(&mut self, ast: &Ast, a: &Ast, b: &Ast) -> Result<Cond, CompileError> {
        let (subject, ta) = self.value(a)?;
        let (list, tb) = if let Kind::List(items) = &b.kind {
            let mut typed = Vec::with_capacity(items.len());
            for item in items {
                let (node, ty) = self.value(item)?;
                self.comparable(item, Op::Eq, (a, ta), (item, ty))?;
                match &node {
                    Node::Const(Value::Str(s)) if ta == Type::Date && !s.is_empty() && !is_iso_date(s) => {
                        return Err(self.error(&item.span, format!("`{s}` is not a date"), None));
                    }
                    _ => typed.push((node, ty)),
                }
            }
            self.list_of(b, items, typed)?
        } else {
            self.value(b)?
        };
        if !matches!(tb, Type::List(_) | Type::Any | Type::Null) {
            let hint = Some("for example user.department in {\"Sales\", \"Marketing\"}".to_owned());
            return Err(self.error(&b.span, format!("`in` needs an array, not {tb}"), hint));
        }
        if let Node::Const(Value::List(values)) = &list
            && values.iter().all(|v| v.as_str().is_some())
            && !values.is_empty()
            && ta != Type::Date
        {
            let values = values.iter().filter_map(Value::as_str).map(Into::into).collect();
            return self.folded_cond(ast, Cond::one_of(subject, values));
        }
        if ta == Type::Date
            && let Node::Const(Value::List(values)) = list
        {
            let equal = |v| Cond::Dates(Op::Eq, Box::new([subject.clone(), Node::Const(v)]));
            return Ok(Cond::any(values.into_iter().map(equal)));
        }
        self.folded_cond(ast, Cond::In(Box::new([subject, list])))
    }
}

/// A comparison of anything but dates.
fn plain(op: Op, left: Node, right: Node) -> Cond {
    match op {
        Op::Ne => equal(left, right).negated(),
        Op::Eq => equal(left, right),
        _ => Cond::Compare(op, Box::new([left, right])),
    }
}

fn equal(left: Node, right: Node) -> Cond {
    match (left, right) {
        (Node::Const(Value::Null), node) | (node, Node::Const(Value::Null)) => Cond::IsNull(node),
        (Node::Const(Value::Str(s)), node) | (node, Node::Const(Value::Str(s))) => {
            Cond::text(node, Test::Is(s))
        }
        (left, right) => Cond::Compare(Op::Eq, Box::new([left, right])),
    }
}
