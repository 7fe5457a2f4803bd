//! Keys, values and tables as TOML text.

use std::fmt::Write as _;

use muster_engine::Value;

/// The longest line a list is put on.
const LINE: usize = 100;

/// A key: bare where TOML allows it, else quoted.
pub(crate) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) {
        return name.to_owned();
    }
    if name.contains(['"', '\\']) { literal(name).unwrap_or_else(|| basic(name)) } else { basic(name) }
}

/// A path with one more key.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { key(name) } else { format!("{path}.{}", key(name)) }
}

/// A text.
pub(crate) fn text(text: &str) -> String {
    if text.contains(['"', '\\']) { literal(text).unwrap_or_else(|| basic(text)) } else { basic(text) }
}

/// An expression: in single quotes, so that it stands as it is; over several lines if it has several.
pub(crate) fn expression(text: &str) -> String {
    if text.contains('\n') && !text.contains("'''") && !text.ends_with('\'') && plain(text, &['\n', '\t']) {
        return format!("'''\n{text}'''");
    }
    literal(text).unwrap_or_else(|| basic(text))
}

fn plain(text: &str, but: &[char]) -> bool {
    text.chars().all(|c| !c.is_control() || but.contains(&c))
}

fn literal(text: &str) -> Option<String> {
    (!text.contains('\'') && plain(text, &['\t'])).then(|| format!("'{text}'"))
}

fn basic(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a string can't fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A list on one line, or on several if it is long.
pub(crate) fn list(items: &[String]) -> String {
    let one = format!("[{}]", items.join(", "));
    if one.chars().count() <= LINE {
        return one;
    }
    let lines: Vec<String> = items.iter().map(|item| format!("    {item},")).collect();
    format!("[\n{}\n]", lines.join("\n"))
}

/// A list of texts.
pub(crate) fn texts<S: AsRef<str>>(items: &[S]) -> String {
    list(&items.iter().map(|item| text(item.as_ref())).collect::<Vec<_>>())
}

/// A number, as an integer where it is one.
pub(crate) fn number(n: f64) -> String {
    // Up to here every integer is a number of its own, so that nothing is lost.
    if n.fract() == 0.0 && n.abs() < 9e15 && n.to_bits() != (-0.0f64).to_bits() {
        format!("{}", n as i64)
    } else {
        format!("{n:?}")
    }
}

/// A value; `{}` is no value.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Num(n) if n.is_finite() => format!("{n:?}"),
        // Of numbers only what JSON has, in which the store keeps them.
        Value::Null | Value::Num(_) => "{}".to_owned(),
        Value::Str(s) => text(s),
        Value::List(items) => list(&items.iter().map(self::value).collect::<Vec<_>>()),
    }
}

/// The keys and values of a table, in the order in which they are given.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<(String, String)>);

impl Rows {
    /// A row whose value is TOML already.
    pub(crate) fn put(&mut self, name: &str, value: String) {
        self.0.push((key(name), value));
    }

    /// A row that is left out if it says nothing new.
    pub(crate) fn unless(&mut self, default: bool, name: &str, value: impl FnOnce() -> String) {
        if !default {
            self.put(name, value());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// On one line, in braces.
    pub(crate) fn inline(&self) -> String {
        if self.0.is_empty() {
            return "{}".to_owned();
        }
        let rows: Vec<String> = self.0.iter().map(|(k, v)| format!("{k} = {v}")).collect();
        format!("{{ {} }}", rows.join(", "))
    }

    /// As a table of its own.
    pub(crate) fn table(&self, out: &mut String, path: &str) {
        let _ = writeln!(out, "\n[{path}]");
        for (key, value) in &self.0 {
            let _ = writeln!(out, "{key} = {value}");
        }
    }
}
