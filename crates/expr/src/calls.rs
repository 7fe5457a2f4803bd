//! The check of functions and methods.

use crate::ast::{Ast, Ident, Kind, Op};
use crate::check::{Checker, Typed};
use crate::error::CompileError;
use crate::funcs::{Func, METHODS, OTHERS, Param, STATIC, Signature, missing};
use crate::node::{Cond, Node, Test};
use crate::scope::{Item, Type};
use crate::suggest::did_you_mean;
use crate::time::has_now;
use crate::value::Value;

/// First parts of function names with a dot.
const NAMESPACES: [&str; 7] = ["String", "Arrays", "Convert", "Iso3166Convert", "Time", "DateTime", "Groups"];

impl Checker<'_> {
    /// `name(args)`
    pub(crate) fn call(&mut self, ast: &Ast, name: &Ident, args: &[Ast]) -> Result<Typed, CompileError> {
        if let Some(cond) = self.group_function(ast, name, args)? {
            return Ok((cond.into(), Type::Bool));
        }
        match &*name.name {
            "getFilteredGroups" => return self.filtered_groups(ast, args),
            "hasDirectoryUser" | "hasWorkdayUser" => return self.found(ast, name, args),
            "findDirectoryUser" | "findWorkdayUser" | "getManagerUser" | "getAssistantUser" => {
                return Err(self.not_a_person(ast, name, args));
            }
            _ => {}
        }
        if let Some(signature) = STATIC.iter().find(|s| s.name == &*name.name) {
            let args: Vec<&Ast> = args.iter().collect();
            return self.apply(ast, signature, &args);
        }
        Err(self.unknown_function(name, &name.name))
    }

    /// `base.name(args)`
    pub(crate) fn method(
        &mut self,
        ast: &Ast,
        base: &Ast,
        name: &Ident,
        args: &[Ast],
    ) -> Result<Typed, CompileError> {
        if let Kind::Name(root) = &base.kind {
            let whole = format!("{root}.{}", name.name);
            if NAMESPACES.contains(&&**root) {
                if matches!(&*whole, "Time.now" | "DateTime.now") {
                    return Err(self.misplaced_time(ast));
                }
                if let Some(signature) = STATIC.iter().find(|s| s.name == whole) {
                    let args: Vec<&Ast> = args.iter().collect();
                    return self.apply(ast, signature, &args);
                }
                if matches!(&*whole, "Time.fromStringToIso8601" | "Time.fromIso8601ToString") {
                    return self.spelled(ast, name, args);
                }
                return Err(self.unknown_function(name, &whole));
            }
            match &*whole {
                "user.getInternalProperty" => return self.internal_property(ast, args),
                "user.isMemberOf" => return Ok((self.member_of(ast, args)?.into(), Type::Bool)),
                "user.getGroups" => {
                    let hint = Some("say what of them: user.getGroups({…}).![name]".to_owned());
                    return Err(self.error(&ast.span, "a group is not a value", hint));
                }
                "user.getLinkedObject" => {
                    let hint =
                        Some("choose an attribute: user.getLinkedObject(\"manager\").email".to_owned());
                    return Err(self.error(&ast.span, "a linked person is not a value", hint));
                }
                _ if self.scope.roots().iter().any(|r| r == &**root) => {
                    return Err(self.unknown_function(name, &whole));
                }
                _ => {}
            }
        }
        if has_now(base) {
            return Err(self.misplaced_time(ast));
        }
        if let Some(typed) = self.time_method(ast, base, name, args)? {
            return Ok(typed);
        }
        let Some(signature) = METHODS.iter().find(|s| s.name == &*name.name) else {
            return Err(self.unknown_function(name, &name.name));
        };
        let all: Vec<&Ast> = std::iter::once(base).chain(args).collect();
        if signature.func == Func::Substring && all.len() == 2 {
            // Without an end it goes to the end of the text.
            let (node, ty) = self.apply(ast, signature, &all)?;
            return Ok((node, ty));
        }
        self.apply(ast, signature, &all)
    }

    fn unknown_function(&self, name: &Ident, whole: &str) -> CompileError {
        if let Some(hint) = missing(whole) {
            let message = format!("{whole} can't be used here");
            return self.error(&name.span, message, Some(hint.to_owned()));
        }
        let known = STATIC.iter().chain(METHODS).map(|s| s.name).chain(OTHERS.iter().copied());
        // The same part after the dot, or one that contains it, says more than letters in common.
        let (space, wanted) = whole.rsplit_once('.').unwrap_or(("", whole));
        let wanted = wanted.to_ascii_lowercase();
        let fits = |k: &&str, loose: bool| {
            let (other, last) = k.rsplit_once('.').unwrap_or(("", k));
            let last = last.to_ascii_lowercase();
            if loose { other == space && !space.is_empty() && last.contains(&wanted) } else { last == wanted }
        };
        let hint = known
            .clone()
            .find(|k| fits(k, true))
            .or_else(|| known.clone().find(|k| fits(k, false)))
            .map(|k| format!("did you mean `{k}`?"))
            .or_else(|| did_you_mean(whole, known));
        self.error(&name.span, format!("unknown function `{whole}`"), hint)
    }

    fn apply(&mut self, ast: &Ast, signature: &Signature, args: &[&Ast]) -> Result<Typed, CompileError> {
        let most = signature.params.len();
        if args.len() < signature.least || (args.len() > most && !signature.open) {
            let wanted = match (signature.least, most) {
                (least, _) if signature.open => format!("{least} arguments or more"),
                (1, 1) => "1 argument".to_owned(),
                (least, most) if least == most => format!("{least} arguments"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            let message = format!("{} takes {wanted}, not {}", signature.name, args.len());
            return Err(self.error(&ast.span, message, None));
        }
        if signature.func == Func::Switch && args.len() % 2 == 1 {
            return Err(self.error(
                &ast.span,
                "String.stringSwitch takes pairs of key and value at its end",
                None,
            ));
        }
        let mut nodes = Vec::with_capacity(args.len());
        let mut types = Vec::with_capacity(args.len());
        for (i, arg) in args.iter().enumerate() {
            let param = signature.params.get(i).or(signature.params.last()).copied().unwrap_or(Param::Any);
            let (node, ty) = self.value(arg)?;
            self.argument(arg, param, ty, signature.name)?;
            nodes.push(node);
            types.push(ty);
        }
        let first = types.first().copied().unwrap_or(Type::Any);
        let item = match first {
            Type::List(item) => item,
            Type::Str | Type::Date => Item::Str,
            _ => Item::Any,
        };
        let mut func = signature.func;
        let result = match func {
            Func::ListGet => item.scalar(),
            Func::ListRemove | Func::ListClear => Type::List(item),
            Func::EitherContains => {
                func = match first {
                    Type::List(_) => Func::ListContains,
                    Type::Any | Type::Null => func,
                    _ => Func::Contains,
                };
                if func == Func::Contains {
                    self.argument(args[1], Param::Text, types[1], signature.name)?;
                }
                Type::Bool
            }
            _ => signature.result,
        };
        if result == Type::Bool {
            let cond = text_test(func, nodes);
            return Ok((self.folded_cond(ast, cond)?.into(), result));
        }
        Ok((self.folded(ast, Node::Call(func, nodes.into()))?, result))
    }

    fn argument(&self, arg: &Ast, param: Param, ty: Type, name: &str) -> Result<(), CompileError> {
        let (fine, wanted) = match param {
            Param::Text => (!matches!(ty, Type::List(_)), "a string"),
            Param::List => (matches!(ty, Type::List(_) | Type::Str | Type::Any | Type::Null), "an array"),
            Param::Int => (matches!(ty, Type::Int | Type::Any), "an integer"),
            Param::Any => (true, "a value"),
        };
        if fine {
            return Ok(());
        }
        let hint = match (param, ty) {
            (Param::Text, Type::List(_)) => Some("turn it into text with Arrays.toCsvString".to_owned()),
            (Param::Int, Type::Str | Type::Num) => Some("convert it with Convert.toInt".to_owned()),
            _ => None,
        };
        Err(self.error(&arg.span, format!("{name} needs {wanted} here, not {ty}"), hint))
    }
}

/// A boolean function; with a constant to look for it is a test of a text.
fn text_test(func: Func, nodes: Vec<Node>) -> Cond {
    let pair = match (func, <[Node; 2]>::try_from(nodes)) {
        (Func::StartsWith, Ok([subject, Node::Const(Value::Str(s))])) => {
            return Cond::text(subject, Test::StartsWith(s));
        }
        (Func::Contains, Ok([subject, Node::Const(Value::Str(s))])) => {
            return Cond::text(subject, Test::Contains(s));
        }
        (_, Ok(pair)) => Vec::from(pair),
        (_, Err(nodes)) => nodes,
    };
    Cond::Call(func, pair.into())
}

impl Op {
    /// Does an ordering satisfy this relation?
    pub(crate) fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Op::Eq => ordering.is_eq(),
            Op::Ne => ordering.is_ne(),
            Op::Lt => ordering.is_lt(),
            Op::Le => ordering.is_le(),
            Op::Gt => ordering.is_gt(),
            Op::Ge => ordering.is_ge(),
            _ => false,
        }
    }
}
