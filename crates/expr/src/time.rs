//! The check of dates: `Time.now()`, other spellings, what lies near now.

use crate::ast::{Ast, Ident, Kind, Op};
use crate::check::{Checker, Typed, is_iso_date};
use crate::error::CompileError;
use crate::funcs::unit;
use crate::joda::{Format, Mistake, Use};
use crate::node::{Cond, Node, Spelling};
use crate::scope::Type;
use crate::value::Value;

/// Most milliseconds that can be added to `Time.now()`: a hundred thousand days of 24 hours.
const FARTHEST: i64 = 100_000 * 86_400_000;

impl Checker<'_> {
    /// The milliseconds added, if this is `Time.now()`, perhaps with something added or taken away.
    pub(crate) fn time(&self, ast: &Ast) -> Result<Option<i64>, CompileError> {
        let Kind::Method(base, name, args) = &ast.kind else { return Ok(None) };
        if let Kind::Name(root) = &base.kind {
            if !matches!(&**root, "Time" | "DateTime") || &*name.name != "now" {
                return Ok(None);
            }
            if !args.is_empty() {
                let hint = Some("dates count in the person's time zone by themselves".to_owned());
                return Err(self.error(&ast.span, "Time.now takes no zone or format here", hint));
            }
            return Ok(Some(0));
        }
        let Some(before) = self.time(base)? else { return Ok(None) };
        let sign = match &*name.name {
            plus if plus.starts_with("plus") => 1,
            minus if minus.starts_with("minus") => -1,
            _ => 0,
        };
        let Some(unit) = unit(&name.name).filter(|_| sign != 0) else {
            let hint = Some(
                "there are plusDays and minusDays, and the same of Hours, Minutes and Seconds".to_owned(),
            );
            return Err(self.error(&name.span, format!("Time.now() has no `{}` here", name.name), hint));
        };
        let count = self.written_out(ast, name, args)?;
        let sum = count.checked_mul(sign * unit).and_then(|n| n.checked_add(before));
        let fits = sum.filter(|n| n.abs() <= FARTHEST);
        fits.map(Some).ok_or_else(|| self.error(&ast.span, "more than 100000 days from now", None))
    }

    /// The one argument of a method that takes a number as it stands there.
    fn written_out(&self, ast: &Ast, name: &Ident, args: &[Ast]) -> Result<i64, CompileError> {
        match args {
            [Ast { kind: Kind::Int(n), .. }] => Ok(*n),
            [Ast { kind: Kind::Neg(inner), .. }] if matches!(inner.kind, Kind::Int(_)) => {
                if let Kind::Int(n) = inner.kind { Ok(-n) } else { Ok(0) }
            }
            _ => {
                let message = format!("{} takes a whole number, written out", name.name);
                Err(self.error(&ast.span, message, None))
            }
        }
    }

    /// A part that must be a date.
    fn date(&mut self, ast: &Ast, what: &str) -> Result<Node, CompileError> {
        let (node, ty) = self.value(ast)?;
        let literal = matches!(&node, Node::Const(Value::Str(s)) if is_iso_date(s));
        if literal || matches!(ty, Type::Date | Type::Any) {
            return Ok(node);
        }
        let hint = (ty == Type::Str).then(|| "give the attribute the format date or date-time".to_owned());
        Err(self.error(&ast.span, format!("only a date {what}, not {ty}"), hint))
    }

    /// Methods of dates that need more than their values: a format, a zone, now.
    pub(crate) fn time_method(
        &mut self,
        ast: &Ast,
        base: &Ast,
        name: &Ident,
        args: &[Ast],
    ) -> Result<Option<Typed>, CompileError> {
        let spelling = match (&*name.name, args) {
            ("withinDays" | "withinHours" | "withinMinutes" | "withinSeconds", _) => {
                return self.within(ast, base, name, args).map(|cond| Some((cond.into(), Type::Bool)));
            }
            ("parseStringTime" | "toString", []) => Spelling::Instant,
            ("parseStringTime", [format]) => Spelling::Read(self.format(format, Use::Read)?),
            ("toString", [format]) => Spelling::Write(self.format(format, Use::Write)?),
            ("toZone", [zone]) => {
                let id = self.constant_text(zone)?;
                let known = jiff::tz::TimeZone::get(id).map_err(|_| {
                    let hint = Some("for example \"Europe/Berlin\"".to_owned());
                    self.error(&zone.span, format!("there is no time zone `{id}`"), hint)
                })?;
                Spelling::Zone(known, Format::iso())
            }
            ("toZone" | "parseStringTime" | "toString", _) => {
                let wanted = if &*name.name == "toZone" { "a time zone" } else { "a format or nothing" };
                return Err(self.error(&ast.span, format!("{} takes {wanted}", name.name), None));
            }
            _ => return Ok(None),
        };
        self.respelled(ast, base, spelling).map(Some)
    }

    /// `Time.fromStringToIso8601(text, format)` and `Time.fromIso8601ToString(date, format)`
    pub(crate) fn spelled(&mut self, ast: &Ast, name: &Ident, args: &[Ast]) -> Result<Typed, CompileError> {
        let [text, format] = args else {
            return Err(self.error(&ast.span, format!("Time.{} takes a text and a format", name.name), None));
        };
        let spelling = if &*name.name == "fromStringToIso8601" {
            Spelling::Read(self.format(format, Use::Read)?)
        } else {
            Spelling::Write(self.format(format, Use::Write)?)
        };
        self.respelled(ast, text, spelling)
    }

    fn respelled(&mut self, ast: &Ast, text: &Ast, spelling: Spelling) -> Result<Typed, CompileError> {
        let (node, ty) = self.value(text)?;
        if matches!(ty, Type::List(_) | Type::Bool) {
            return Err(self.error(&text.span, format!("a date is needed here, not {ty}"), None));
        }
        let result = if matches!(spelling, Spelling::Write(_)) { Type::Str } else { Type::Date };
        let zoned = matches!(spelling, Spelling::Zone(..) | Spelling::Instant);
        let node = Node::Spell(Box::new((spelling, node)));
        // The instant of a date depends on the person's zone.
        Ok((if zoned { node } else { self.folded(ast, node)? }, result))
    }

    /// A format that stands there as it is.
    fn format(&self, ast: &Ast, purpose: Use) -> Result<Format, CompileError> {
        let text = self.constant_text(ast)?;
        Format::new(text, purpose).map_err(|Mistake { span, message, hint }| {
            let at = |n| self.place_in(ast, n);
            self.error(&(at(span.start)..at(span.end)), message, hint)
        })
    }

    /// Where a byte of a string's text stands in the expression; quotes are written twice there.
    fn place_in(&self, ast: &Ast, at: usize) -> usize {
        let Some(written) = self.text.get(ast.span.clone()) else { return ast.span.start };
        let Some(start) = written.find(['"', '\'']) else { return ast.span.start };
        let quote = if written[start..].starts_with('"') { '"' } else { '\'' };
        let (mut place, mut seen) = (ast.span.start + start + 1, 0);
        let mut letters = written[start + 1..].chars();
        while seen < at {
            let Some(letter) = letters.next() else { break };
            if letter == quote {
                letters.next();
                place += 1;
            }
            place += letter.len_utf8();
            seen += letter.len_utf8();
        }
        place
    }

    /// `date.withinDays(n)`: not more than so many days before or after now.
    fn within(&mut self, ast: &Ast, base: &Ast, name: &Ident, args: &[Ast]) -> Result<Cond, CompileError> {
        let date = self.date(base, "can be near now")?;
        let count = self.written_out(ast, name, args)?;
        let unit = unit(&name.name).unwrap_or(1);
        let Some(reach) = count.checked_mul(unit).filter(|n| (0..=FARTHEST).contains(n)) else {
            let message = "the number lies between 0 and what 100000 days are";
            return Err(self.error(&ast.span, message, None));
        };
        self.reads.now = true;
        Ok(Cond::all([
            Cond::Time { op: Op::Ge, date: date.clone(), offset: -reach },
            Cond::Time { op: Op::Le, date, offset: reach },
        ]))
    }

    /// `Time.now()` where it isn't compared with a date.
    pub(crate) fn misplaced_time(&self, ast: &Ast) -> CompileError {
        let hint = "for example user.startDate <= Time.now().plusDays(7)";
        let message =
            "Time.now() can only be compared with a date attribute, since rules are evaluated when due";
        self.error(&ast.span, message, Some(hint.to_owned()))
    }

    pub(crate) fn against_now(
        &mut self,
        ast: &Ast,
        op: Op,
        date: &Ast,
        offset: i64,
    ) -> Result<Cond, CompileError> {
        let node = self.date(date, "can be compared with Time.now()")?;
        if matches!(op, Op::Eq | Op::Ne) {
            let hint = Some("use <= and >=; a day lies between two of them".to_owned());
            return Err(self.error(
                &ast.span,
                "a date hardly ever equals Time.now() to the millisecond",
                hint,
            ));
        }
        self.reads.now = true;
        Ok(Cond::Time { op, date: node, offset })
    }
}

/// `Time.now()` or something called on it.
pub(crate) fn has_now(ast: &Ast) -> bool {
    match &ast.kind {
        Kind::Method(base, name, _) => match &base.kind {
            Kind::Name(root) => matches!(&**root, "Time" | "DateTime") && &*name.name == "now",
            _ => has_now(base),
        },
        _ => false,
    }
}
