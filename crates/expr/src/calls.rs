//! The check of functions and methods, and of those that speak of groups.

use crate::ast::{Ast, Ident, Kind, Op};
use crate::check::{Checker, Typed};
use crate::error::CompileError;
use crate::funcs::{Func, METHODS, OTHERS, Param, STATIC, Signature, missing};
use crate::node::{Cond, Node, Test};
use crate::scope::{GroupSelector, Item, Type};
use crate::suggest::did_you_mean;
use crate::value::Value;

/// First parts of function names with a dot.
const NAMESPACES: [&str; 7] = ["String", "Arrays", "Convert", "Iso3166Convert", "Time", "DateTime", "Groups"];

impl Checker<'_> {
    /// `name(args)`
    pub(crate) fn call(&mut self, ast: &Ast, name: &Ident, args: &[Ast]) -> Result<Typed, CompileError> {
        if let Some(cond) = self.group_function(ast, name, args)? {
            return Ok((cond.into(), Type::Bool));
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
                return Err(self.unknown_function(name, &whole));
            }
            match &*whole {
                "user.getInternalProperty" => return self.internal_property(ast, args),
                "user.isMemberOf" => return Ok((self.member_of(ast, args)?.into(), Type::Bool)),
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
            let message = format!("{whole} is not supported yet");
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

    fn group_function(
        &mut self,
        ast: &Ast,
        name: &Ident,
        args: &[Ast],
    ) -> Result<Option<Cond>, CompileError> {
        let pattern;
        let mut keys = Vec::new();
        match &*name.name {
            "isMemberOfAnyGroup" if !args.is_empty() => {
                for arg in args {
                    keys.extend(self.group(arg, &GroupSelector::Id(self.constant_text(arg)?))?);
                }
            }
            "isMemberOfGroup"
            | "isMemberOfGroupName"
            | "isMemberOfGroupNameStartsWith"
            | "isMemberOfGroupNameContains"
            | "isMemberOfGroupNameRegex" => {
                let [arg] = args else {
                    let message = format!("{} takes one string", name.name);
                    return Err(self.error(&ast.span, message, None));
                };
                let text = self.constant_text(arg)?;
                let selector = match &*name.name {
                    "isMemberOfGroup" => GroupSelector::Id(text),
                    "isMemberOfGroupName" => GroupSelector::Name(text),
                    "isMemberOfGroupNameStartsWith" => GroupSelector::NameStartsWith(text),
                    "isMemberOfGroupNameContains" => GroupSelector::NameContains(text),
                    _ => {
                        pattern = self.compile_pattern(arg)?;
                        GroupSelector::NameMatches(&pattern)
                    }
                };
                keys = self.group(arg, &selector)?;
            }
            "isMemberOfAnyGroup" => {
                return Err(self.error(&ast.span, "isMemberOfAnyGroup takes ids of groups", None));
            }
            _ => return Ok(None),
        }
        Ok(Some(self.groups(keys)))
    }

    fn groups(&mut self, mut keys: Vec<i64>) -> Cond {
        keys.sort_unstable();
        keys.dedup();
        self.reads.groups.extend(&keys);
        if keys.is_empty() { Cond::Const(false) } else { Cond::Groups(keys.into()) }
    }

    /// The groups a selector names; an unknown id or name is an error.
    fn group(&mut self, arg: &Ast, selector: &GroupSelector<'_>) -> Result<Vec<i64>, CompileError> {
        self.reads.group_patterns |= !matches!(selector, GroupSelector::Id(_));
        if let Some(keys) = self.scope.groups(selector) {
            return Ok(keys);
        }
        let names = self.scope.group_names();
        let near = |text: &str| did_you_mean(text, names.iter().map(String::as_str));
        match selector {
            GroupSelector::Id(id) => {
                let hint = if names.iter().any(|n| n == id) {
                    Some("that is a name: use isMemberOfGroupName".to_owned())
                } else {
                    near(id)
                };
                Err(self.error(&arg.span, format!("there is no group with the id `{id}`"), hint))
            }
            GroupSelector::Name(name) => {
                Err(self.error(&arg.span, format!("there is no group named `{name}`"), near(name)))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// `user.isMemberOf({…}, {…})`: a group that meets all criteria; of the values of one key, any will do.
    fn member_of(&mut self, ast: &Ast, args: &[Ast]) -> Result<Cond, CompileError> {
        let mut chosen: Option<Vec<i64>> = None;
        for arg in args {
            let Kind::Map(entries) = &arg.kind else {
                let hint =
                    Some("for example {'group.profile.name': 'Sales', 'operator': 'EXACT'}".to_owned());
                return Err(self.error(&arg.span, "user.isMemberOf takes criteria in braces", hint));
            };
            let mut exact = false;
            for (key, value) in entries.iter().filter(|(k, _)| &*k.name == "operator") {
                exact = match self.constant_text(value)? {
                    "EXACT" => true,
                    "STARTS_WITH" => false,
                    other => {
                        let hint = Some("there are EXACT and STARTS_WITH".to_owned());
                        return Err(self.error(&key.span, format!("unknown operator `{other}`"), hint));
                    }
                };
            }
            for (key, value) in entries.iter().filter(|(k, _)| &*k.name != "operator") {
                let values = if let Kind::List(items) = &value.kind {
                    items.as_slice()
                } else {
                    std::slice::from_ref(value)
                };
                let mut keys = Vec::new();
                for item in values {
                    let text = self.constant_text(item)?;
                    let selector = match &*key.name {
                        "group.id" => GroupSelector::Id(text),
                        "group.source.id" => GroupSelector::Source(text),
                        "group.type" => GroupSelector::Kind(text),
                        "group.profile.name" if exact => GroupSelector::Name(text),
                        "group.profile.name" => GroupSelector::NameStartsWith(text),
                        other => {
                            let known = [
                                "group.id",
                                "group.source.id",
                                "group.type",
                                "group.profile.name",
                                "operator",
                            ];
                            let hint = did_you_mean(other, known);
                            return Err(self.error(&key.span, format!("unknown criterion `{other}`"), hint));
                        }
                    };
                    keys.extend(self.group(item, &selector)?);
                }
                chosen = Some(match chosen {
                    None => keys,
                    Some(before) => before.into_iter().filter(|k| keys.contains(k)).collect(),
                });
            }
        }
        match chosen {
            Some(keys) => Ok(self.groups(keys)),
            None => Err(self.error(&ast.span, "user.isMemberOf needs a criterion", None)),
        }
    }
}

/// `Time.now()` or something called on it.
fn has_now(ast: &Ast) -> bool {
    match &ast.kind {
        Kind::Method(base, name, _) => match &base.kind {
            Kind::Name(root) => matches!(&**root, "Time" | "DateTime") && &*name.name == "now",
            _ => has_now(base),
        },
        _ => false,
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
