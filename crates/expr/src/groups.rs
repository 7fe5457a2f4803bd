//! The check of functions that speak of groups.

use crate::ast::{Ast, Ident, Kind};
use crate::check::{Checker, Typed};
use crate::error::CompileError;
use crate::node::{Cond, Node};
use crate::scope::{GroupSelector, GroupText, Item, Type};
use crate::suggest::did_you_mean;
use crate::value::Value;

impl Checker<'_> {
    pub(crate) fn group_function(
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
    pub(crate) fn member_of(&mut self, ast: &Ast, args: &[Ast]) -> Result<Cond, CompileError> {
        match self.criteria("user.isMemberOf", args)? {
            Some(keys) => Ok(self.groups(keys)),
            None => Err(self.error(&ast.span, "user.isMemberOf needs a criterion", None)),
        }
    }

    /// The groups that meet all criteria; none if there is no criterion.
    fn criteria(&mut self, function: &str, args: &[Ast]) -> Result<Option<Vec<i64>>, CompileError> {
        let mut chosen: Option<Vec<i64>> = None;
        for arg in args {
            let Kind::Map(entries) = &arg.kind else {
                let hint =
                    Some("for example {'group.profile.name': 'Sales', 'operator': 'EXACT'}".to_owned());
                return Err(self.error(&arg.span, format!("{function} takes criteria in braces"), hint));
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
                        "group.type" => self.kind(item, text)?,
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
        Ok(chosen)
    }

    fn kind<'t>(&self, at: &Ast, text: &'t str) -> Result<GroupSelector<'t>, CompileError> {
        const KINDS: [&str; 3] = ["BUILT_IN", "OKTA_GROUP", "APP_GROUP"];
        if KINDS.contains(&text) {
            return Ok(GroupSelector::Kind(text));
        }
        let hint = did_you_mean(text, KINDS).or_else(|| Some(format!("there are {}", KINDS.join(", "))));
        Err(self.error(&at.span, format!("there are no groups of the type `{text}`"), hint))
    }

    /// `user.getGroups({…}).![name]`
    pub(crate) fn projection(&mut self, ast: &Ast, base: &Ast, what: &Ident) -> Result<Typed, CompileError> {
        let args = match &base.kind {
            Kind::Method(root, name, args)
                if &*name.name == "getGroups" && matches!(&root.kind, Kind::Name(r) if &**r == "user") =>
            {
                args
            }
            _ => {
                let hint =
                    Some("for example user.getGroups({'group.type': \"OKTA_GROUP\"}).![name]".to_owned());
                return Err(self.error(&ast.span, "only groups can be shown with .![…]", hint));
            }
        };
        let show = self.shown(what, "")?;
        let keys = match self.criteria("user.getGroups", args)? {
            Some(keys) => keys,
            None => self.group(base, &GroupSelector::NameStartsWith(""))?,
        };
        Ok(self.listed(keys, show, usize::MAX))
    }

    /// `getFilteredGroups({"id", …}, "group.name", 10)`
    pub(crate) fn filtered_groups(&mut self, ast: &Ast, args: &[Ast]) -> Result<Typed, CompileError> {
        /// Okta's.
        const MOST: i64 = 100;
        let [ids, what, limit] = args else {
            let hint = Some("getFilteredGroups({\"00g…\"}, \"group.name\", 10)".to_owned());
            return Err(self.error(
                &ast.span,
                "getFilteredGroups takes ids, what to show, and a limit",
                hint,
            ));
        };
        let Kind::List(items) = &ids.kind else {
            return Err(self.error(&ids.span, "getFilteredGroups takes the ids of groups in braces", None));
        };
        let mut keys = Vec::new();
        for item in items {
            keys.extend(self.group(item, &GroupSelector::Id(self.constant_text(item)?))?);
        }
        let name = Ident { name: self.constant_text(what)?.into(), span: what.span.clone() };
        let show = self.shown(&name, "group.")?;
        let limit = match limit.kind {
            Kind::Int(n @ 1..=MOST) => usize::try_from(n).unwrap_or_default(),
            _ => {
                return Err(self.error(&limit.span, format!("the limit is a number from 1 to {MOST}"), None));
            }
        };
        Ok(self.listed(keys, show, limit))
    }

    /// What of a group is shown.
    fn shown(&self, what: &Ident, prefix: &str) -> Result<fn(GroupText) -> String, CompileError> {
        Ok(match what.name.strip_prefix(prefix).unwrap_or_default() {
            "name" | "profile.name" => |g| g.name,
            "id" => |g| g.id,
            "type" => |g| g.kind.to_owned(),
            "description" | "profile.description" => |g| g.description,
            "created" | "lastUpdated" | "lastMembershipUpdated" => {
                let hint = Some("when a group changed is in the log".to_owned());
                return Err(self.error(
                    &what.span,
                    format!("`{}` of a group can't be read", what.name),
                    hint,
                ));
            }
            other => {
                let hint = did_you_mean(other, ["name", "id", "type", "description"]).or_else(|| {
                    Some(format!("there are {prefix}name, {prefix}id, {prefix}type, {prefix}description"))
                });
                return Err(self.error(&what.span, format!("a group has no `{}`", what.name), hint));
            }
        })
    }

    /// An array of what these groups show, in the order of their names.
    fn listed(&mut self, mut keys: Vec<i64>, show: fn(GroupText) -> String, most: usize) -> Typed {
        keys.sort_unstable();
        keys.dedup();
        self.reads.groups.extend(&keys);
        let known = keys.into_iter().filter_map(|key| Some((key, self.scope.group(key)?)));
        let mut all: Vec<(String, i64, Value)> =
            known.map(|(key, text)| (text.name.clone(), key, Value::from(show(text)))).collect();
        all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        self.reads.group_texts.extend(all.iter().filter_map(|(.., shown)| shown.as_str()).map(Into::into));
        let node = Node::Groups(all.into_iter().map(|(_, key, shown)| (key, shown)).collect(), most);
        (node, Type::List(Item::Str))
    }
}
