//! The check: names are resolved, types compared, and the tree becomes nodes.

use std::ops::Range;

use crate::ast::{Ast, Ident, Kind, Op};
use crate::error::{CompileError, EvalError};
use crate::eval;
use crate::funcs::Func;
use crate::node::{Cond, Node};
use crate::outline::{Outline, Shape};
use crate::program::Limits;
use crate::scope::{InternalProperty, Item, Reads, Scope, Type};
use crate::suggest::did_you_mean;
use crate::value::Value;

/// Functions that find a person, of whom an attribute is read.
const PEOPLE: [&str; 4] = ["getManagerUser", "getAssistantUser", "findDirectoryUser", "findWorkdayUser"];

/// A checked part and its type.
pub(crate) type Typed = (Node, Type);

/// Turns syntax into nodes; collects what they read.
pub(crate) struct Checker<'s> {
    pub(crate) text: &'s str,
    pub(crate) scope: &'s dyn Scope,
    pub(crate) reads: Reads,
    pub(crate) max_cost: u64,
    /// Attributes met so far and where, for `explain`.
    operands: Vec<(Range<usize>, Node)>,
}

impl<'s> Checker<'s> {
    pub(crate) fn new(text: &'s str, scope: &'s dyn Scope, limits: &Limits) -> Self {
        Self { text, scope, reads: Reads::default(), max_cost: limits.max_cost, operands: Vec::new() }
    }

    pub(crate) fn error(
        &self,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> CompileError {
        CompileError { message: message.into(), span: span.clone(), hint, text: self.text.into() }
    }

    /// The parts that `explain` shows, down to those that are not joined by AND, OR, NOT or `? :`.
    pub(crate) fn outline(&mut self, ast: &Ast) -> Result<(Outline, Type), CompileError> {
        let span = ast.span.clone();
        let (shape, ty) = match &ast.kind {
            Kind::And(parts) => (Shape::All(self.conditions(parts)?), Type::Bool),
            Kind::Or(parts) => (Shape::Any(self.conditions(parts)?), Type::Bool),
            Kind::Not(inner) => (Shape::Not(Box::new(self.condition(inner)?)), Type::Bool),
            Kind::Ternary(test, yes, no) => {
                let test = self.condition(test)?;
                let (yes, a) = self.outline(yes)?;
                let (no, b) = self.outline(no)?;
                let ty = Self::either(&yes.to_node(), a, &no.to_node(), b);
                (Shape::Choose(Box::new([test, yes, no])), ty)
            }
            _ => {
                let before = self.operands.len();
                let (node, ty) = self.leaf(ast)?;
                (Shape::Leaf(node, self.operands[before..].into()), ty)
            }
        };
        Ok((Outline { span, shape }, ty))
    }

    fn conditions(&mut self, parts: &[Ast]) -> Result<Vec<Outline>, CompileError> {
        parts.iter().map(|p| self.condition(p)).collect()
    }

    /// A part that must be boolean.
    pub(crate) fn condition(&mut self, ast: &Ast) -> Result<Outline, CompileError> {
        let (outline, ty) = self.outline(ast)?;
        if matches!(ty, Type::Bool | Type::Any | Type::Null) {
            return Ok(outline);
        }
        let hint = match ty {
            Type::Str | Type::Date => Some("compare it with something, such as == \"value\" or != null"),
            Type::List(_) => Some("test it with Arrays.contains or Arrays.isEmpty"),
            Type::Int | Type::Num => Some("compare it with a number"),
            _ => None,
        };
        Err(self.error(&ast.span, format!("a condition is needed here, not {ty}"), hint.map(str::to_owned)))
    }

    /// A part as a value.
    pub(crate) fn value(&mut self, ast: &Ast) -> Result<Typed, CompileError> {
        match &ast.kind {
            Kind::And(_) | Kind::Or(_) | Kind::Not(_) | Kind::Ternary(..) => {
                self.outline(ast).map(|(outline, ty)| (outline.to_node(), ty))
            }
            _ => self.leaf(ast),
        }
    }

    fn leaf(&mut self, ast: &Ast) -> Result<Typed, CompileError> {
        Ok(match &ast.kind {
            Kind::Null => (Node::Const(Value::Null), Type::Null),
            Kind::Bool(b) => (Node::Const(Value::Bool(*b)), Type::Bool),
            Kind::Int(i) => (Node::Const(Value::Int(*i)), Type::Int),
            Kind::Num(n) => (Node::Const(Value::Num(*n)), Type::Num),
            Kind::Str(s) => (Node::Const(Value::Str(s.clone())), Type::Str),
            Kind::List(items) => self.list(ast, items)?,
            Kind::Map(_) => {
                return Err(self.error(&ast.span, "a map can only be an argument of user.isMemberOf", None));
            }
            Kind::Name(name) => return Err(self.bare_name(name, &ast.span)),
            Kind::Member(base, name) => self.member(base, name)?,
            Kind::Call(name, args) => self.call(ast, name, args)?,
            Kind::Method(base, name, args) => self.method(ast, base, name, args)?,
            Kind::Index(base, index) => self.index(ast, base, index)?,
            Kind::Project(base, what) => self.projection(ast, base, what)?,
            Kind::Neg(inner) => {
                let (node, ty) = self.value(inner)?;
                if !matches!(ty, Type::Int | Type::Num | Type::Any | Type::Null) {
                    return Err(self.error(&inner.span, format!("a number is needed here, not {ty}"), None));
                }
                (self.folded(ast, Node::Neg(Box::new(node)))?, ty)
            }
            Kind::Binary(op @ (Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem), a, b) => {
                self.arithmetic(ast, *op, a, b)?
            }
            Kind::Binary(op, a, b) => {
                let cond = self.relation(ast, *op, a, b)?;
                (cond.into(), Type::Bool)
            }
            Kind::Elvis(a, b) => {
                let (a, ta) = self.value(a)?;
                let (b, tb) = self.value(b)?;
                let ty = Self::either(&a, ta, &b, tb);
                (self.folded(ast, Node::Elvis(Box::new([a, b])))?, ty)
            }
            Kind::And(_) | Kind::Or(_) | Kind::Not(_) | Kind::Ternary(..) => return self.value(ast),
        })
    }

    /// The type of what is one or the other.
    fn either(a: &Node, ta: Type, b: &Node, tb: Type) -> Type {
        let iso = |n: &Node| matches!(n, Node::Const(Value::Str(s)) if is_iso_date(s));
        match (ta, tb) {
            (x, y) if x == y => x,
            (Type::Null, x) | (x, Type::Null) => x,
            (Type::Int, Type::Num) | (Type::Num, Type::Int) => Type::Num,
            (Type::Date, Type::Str) if iso(b) => Type::Date,
            (Type::Str, Type::Date) if iso(a) => Type::Date,
            (Type::Date, Type::Str) | (Type::Str, Type::Date) => Type::Str,
            (Type::List(_), Type::List(_)) => Type::List(Item::Any),
            _ => Type::Any,
        }
    }

    /// Nodes over constants are evaluated at once, so that what always fails is refused when it is saved.
    pub(crate) fn folded(&self, ast: &Ast, node: Node) -> Result<Node, CompileError> {
        let mut all = true;
        let mut some_cond = false;
        node.children(&mut |n| all &= n.is_const(), &mut |_| some_cond = true);
        // The instant of a date depends on the person's zone.
        let zoned =
            matches!(node, Node::Call(Func::TimeToUnix | Func::TimeToWindows | Func::TimeShift(_), _));
        if !all || some_cond || zoned {
            return Ok(node);
        }
        eval::constant(&node, self.max_cost).map(Node::Const).map_err(|error| self.always_fails(ast, &error))
    }

    fn always_fails(&self, ast: &Ast, error: &EvalError) -> CompileError {
        self.error(&ast.span, format!("this always fails: {error}"), None)
    }

    fn list(&mut self, ast: &Ast, items: &[Ast]) -> Result<Typed, CompileError> {
        let typed = items.iter().map(|part| self.value(part)).collect::<Result<_, _>>()?;
        self.list_of(ast, items, typed)
    }

    /// An array of parts that are checked already.
    pub(crate) fn list_of(&self, ast: &Ast, items: &[Ast], typed: Vec<Typed>) -> Result<Typed, CompileError> {
        let mut nodes = Vec::with_capacity(items.len());
        let mut item: Option<Item> = None;
        for (part, (node, ty)) in items.iter().zip(typed) {
            let this = match ty {
                Type::Str | Type::Date => Item::Str,
                Type::Int => Item::Int,
                Type::Num => Item::Num,
                Type::Bool => Item::Bool,
                Type::Any | Type::Null => Item::Any,
                Type::List(_) | Type::User | Type::Time => {
                    return Err(self.error(
                        &part.span,
                        format!("an element of an array can't be {ty}"),
                        None,
                    ));
                }
            };
            item = Some(match item {
                None => this,
                Some(before) if before == this => this,
                Some(_) => Item::Any,
            });
            nodes.push(node);
        }
        let node = self.folded(ast, Node::List(nodes.into()))?;
        Ok((node, Type::List(item.unwrap_or(Item::Any))))
    }

    fn index(&mut self, ast: &Ast, base: &Ast, index: &Ast) -> Result<Typed, CompileError> {
        let (list, ty) = self.value(base)?;
        let item = match ty {
            Type::List(item) => item.scalar(),
            Type::Any | Type::Null => Type::Any,
            _ => return Err(self.error(&base.span, format!("only an array has elements, not {ty}"), None)),
        };
        let (at, ty) = self.value(index)?;
        if !matches!(ty, Type::Int | Type::Any) {
            return Err(self.error(&index.span, format!("an index must be an integer, not {ty}"), None));
        }
        Ok((self.folded(ast, Node::Index(Box::new([list, at])))?, item))
    }

    fn arithmetic(&mut self, ast: &Ast, op: Op, a: &Ast, b: &Ast) -> Result<Typed, CompileError> {
        let (left, ta) = self.value(a)?;
        let (right, tb) = self.value(b)?;
        for (part, ty) in [(a, ta), (b, tb)] {
            if let Type::List(_) | Type::User | Type::Time = ty {
                let hint = matches!(ty, Type::List(_)).then(|| "join it with Arrays.toCsvString".to_owned());
                return Err(self.error(&part.span, format!("`{}` does not take {ty}", op.symbol()), hint));
            }
        }
        let text = |t: Type| matches!(t, Type::Str | Type::Date);
        if op == Op::Add && (text(ta) || text(tb)) {
            let mut parts = match left {
                Node::Concat(parts) => parts.into_vec(),
                left => vec![left],
            };
            parts.push(right);
            return Ok((self.folded(ast, Node::Concat(parts.into()))?, Type::Str));
        }
        for (part, ty) in [(a, ta), (b, tb)] {
            if text(ty) || ty == Type::Bool {
                let message = format!("`{}` needs numbers, not {ty}", op.symbol());
                return Err(self.error(&part.span, message, None));
            }
        }
        let ty = match (ta, tb) {
            (Type::Any, _) | (_, Type::Any) => Type::Any,
            (Type::Null, t) | (t, Type::Null) => t,
            (Type::Int, Type::Int) => Type::Int,
            _ => Type::Num,
        };
        Ok((self.folded(ast, Node::Arith(op, Box::new([left, right])))?, ty))
    }

    fn bare_name(&self, name: &str, span: &Range<usize>) -> CompileError {
        let roots = self.scope.roots();
        let hint = if roots.iter().any(|r| r == name) {
            Some(format!("choose one of its attributes: {name}.…"))
        } else if let Some(root) = roots.iter().find(|r| self.scope.attribute(r, name).is_some()) {
            Some(format!("did you mean `{root}.{name}`?"))
        } else {
            did_you_mean(name, roots.iter().map(String::as_str))
                .or_else(|| Some("text stands in quotes".to_owned()))
        };
        self.error(span, format!("`{name}` is not a value"), hint)
    }

    fn member(&mut self, base: &Ast, name: &Ident) -> Result<Typed, CompileError> {
        match &base.kind {
            Kind::Name(root) => self.attribute(root, base, name),
            // The identity engine's spelling: `user.profile.department`.
            Kind::Member(root, profile)
                if &*profile.name == "profile"
                    && match &root.kind {
                        Kind::Name(r) => self.scope.attribute(r, "profile").is_none(),
                        other => matches!(other, Kind::Method(..) | Kind::Call(..)),
                    } =>
            {
                self.member(root, name)
            }
            Kind::Method(root, method, args)
                if &*method.name == "getLinkedObject"
                    && matches!(&root.kind, Kind::Name(r) if &**r == "user") =>
            {
                let [arg] = args.as_slice() else {
                    return Err(self.error(&base.span, "getLinkedObject takes one name of a relation", None));
                };
                let relation = self.constant_text(arg)?;
                self.linked(base, &arg.span, relation, name)
            }
            Kind::Call(function, args) if PEOPLE.contains(&&*function.name) => {
                self.of_somebody(base, function, args, name)
            }
            _ => {
                let (_, ty) = self.value(base)?;
                let hint = (ty == Type::Any).then(|| "links are followed over one step only".to_owned());
                Err(self.error(&name.span, format!("`{}`: {ty} has no attributes", name.name), hint))
            }
        }
    }

    fn attribute(&mut self, root: &str, base: &Ast, name: &Ident) -> Result<Typed, CompileError> {
        if let Some((slot, ty)) = self.scope.attribute(root, &name.name) {
            self.reads.slots.push(slot);
            self.operands.push((base.span.start..name.span.end, Node::Slot(slot)));
            return Ok((Node::Slot(slot), ty));
        }
        let roots = self.scope.roots();
        if !roots.iter().any(|r| r == root) {
            let hint = did_you_mean(root, roots.iter().map(String::as_str))
                .or_else(|| (!roots.is_empty()).then(|| format!("there are: {}", roots.join(", "))));
            return Err(self.error(&base.span, format!("unknown profile `{root}`"), hint));
        }
        Err(self.unknown_attribute(root, name))
    }

    fn unknown_attribute(&self, root: &str, name: &Ident) -> CompileError {
        let hint = match (root, &*name.name) {
            ("user", property @ ("status" | "id")) => {
                Some(format!("did you mean `user.getInternalProperty(\"{property}\")`?"))
            }
            _ => did_you_mean(&name.name, self.scope.attributes(root).iter().map(String::as_str)),
        };
        self.error(&name.span, format!("unknown attribute `{}` of `{root}`", name.name), hint)
    }

    fn linked(
        &mut self,
        base: &Ast,
        at: &Range<usize>,
        relation: &str,
        name: &Ident,
    ) -> Result<Typed, CompileError> {
        let Some(link) = self.scope.link(relation) else {
            let hint = did_you_mean(relation, self.scope.links().iter().map(String::as_str));
            return Err(self.error(at, format!("unknown relation `{relation}`"), hint));
        };
        let Some((slot, ty)) = self.scope.attribute("user", &name.name) else {
            return Err(self.unknown_attribute("user", name));
        };
        self.reads.links.push((link, slot));
        self.operands.push((base.span.start..name.span.end, Node::Linked(link, slot)));
        Ok((Node::Linked(link, slot), ty))
    }

    /// An attribute of the person a function finds: along the link `manager` or `assistant`, or in a source.
    fn of_somebody(
        &mut self,
        base: &Ast,
        function: &Ident,
        args: &[Ast],
        name: &Ident,
    ) -> Result<Typed, CompileError> {
        let relation = match &*function.name {
            "getManagerUser" => "manager",
            "getAssistantUser" => "assistant",
            root => {
                let Node::Slot(_) = self.found(base, function, args)?.0 else {
                    return Err(self.unknown_attribute(root, name));
                };
                let (slot, ty) = self
                    .scope
                    .attribute(root, &name.name)
                    .ok_or_else(|| self.unknown_attribute(root, name))?;
                self.reads.slots.push(slot);
                self.operands.push((base.span.start..name.span.end, Node::Slot(slot)));
                return Ok((Node::Slot(slot), ty));
            }
        };
        let [source] = args else {
            let message = format!("{} takes the name of a source, \"active_directory\"", function.name);
            return Err(self.error(&base.span, message, None));
        };
        let text = self.constant_text(source)?;
        if text != "active_directory" {
            let hint = Some("write \"active_directory\": the link of the org is followed".to_owned());
            return Err(self.error(&source.span, format!("{} of `{text}`", function.name), hint));
        }
        self.linked(base, &function.span, relation, name)
    }

    /// `hasDirectoryUser()` and `hasWorkdayUser()`: whether she is in exactly one such source.
    pub(crate) fn found(&mut self, ast: &Ast, name: &Ident, args: &[Ast]) -> Result<Typed, CompileError> {
        if !args.is_empty() {
            return Err(self.error(&ast.span, format!("{} takes nothing", name.name), None));
        }
        let (root, source) = match &*name.name {
            "hasDirectoryUser" | "findDirectoryUser" => ("findDirectoryUser", "active_directory"),
            _ => ("findWorkdayUser", "workday"),
        };
        let Some(slot) = self.scope.found(root) else {
            let hint = format!("it reads a source named `{source}` or `{source}_…`, in mappings to apps");
            let message = format!("{} has nothing to read here", name.name);
            return Err(self.error(&ast.span, message, Some(hint)));
        };
        self.reads.slots.push(slot);
        self.operands.push((ast.span.clone(), Node::Slot(slot)));
        Ok((Node::Slot(slot), Type::Bool))
    }

    /// A person where a value is needed.
    pub(crate) fn not_a_person(&self, ast: &Ast, name: &Ident, args: &[Ast]) -> CompileError {
        let call = if args.is_empty() { "" } else { "\"active_directory\"" };
        let hint = Some(format!("choose an attribute: {}({call}).email", name.name));
        self.error(&ast.span, "a linked person is not a value", hint)
    }

    /// A string that must stand there as it is.
    pub(crate) fn constant_text<'a>(&self, ast: &'a Ast) -> Result<&'a str, CompileError> {
        if let Kind::Str(s) = &ast.kind {
            Ok(s)
        } else {
            Err(self.error(&ast.span, "a string in quotes is needed here", None))
        }
    }

    pub(crate) fn internal_property(&mut self, ast: &Ast, args: &[Ast]) -> Result<Typed, CompileError> {
        let [arg] = args else {
            return Err(self.error(&ast.span, "getInternalProperty takes one name of a property", None));
        };
        let property = match self.constant_text(arg)? {
            "id" => InternalProperty::Id,
            "status" => {
                self.reads.status = true;
                InternalProperty::Status
            }
            other => {
                let hint = Some("there are \"id\" and \"status\"".to_owned());
                return Err(self.error(&arg.span, format!("unknown property `{other}`"), hint));
            }
        };
        self.operands.push((ast.span.clone(), Node::Internal(property)));
        Ok((Node::Internal(property), Type::Str))
    }

    /// What the nodes read, in order and without repetition.
    pub(crate) fn into_reads(mut self) -> Reads {
        let reads = &mut self.reads;
        reads.slots.sort_unstable();
        reads.slots.dedup();
        reads.links.sort_unstable();
        reads.links.dedup();
        reads.groups.sort_unstable();
        reads.groups.dedup();
        reads.group_texts.sort_unstable();
        reads.group_texts.dedup();
        self.reads
    }

    /// A condition over constants only is evaluated at once.
    pub(crate) fn folded_cond(&self, ast: &Ast, cond: Cond) -> Result<Cond, CompileError> {
        let mut all = true;
        let mut some_cond = false;
        cond.children(&mut |n| all &= n.is_const(), &mut |_| some_cond = true);
        if !all || some_cond || matches!(cond, Cond::Time { .. } | Cond::Dates(..) | Cond::Groups(_)) {
            return Ok(cond);
        }
        eval::constant(&cond.into(), self.max_cost)
            .map(|value| Node::Const(value).into_cond())
            .map_err(|error| self.always_fails(ast, &error))
    }
}

/// Is this a date, a date-time or an instant in ISO 8601?
pub(crate) fn is_iso_date(text: &str) -> bool {
    text.len() >= 10
        && (text.parse::<jiff::civil::Date>().is_ok()
            || text.parse::<jiff::Timestamp>().is_ok()
            || text.parse::<jiff::civil::DateTime>().is_ok())
}
