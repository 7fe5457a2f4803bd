//! The grammar of filters (RFC 7644, figure 1), read by recursive descent.

use serde_json::Value;

use crate::{
    attribute::AttributeName,
    filter::{Compare, Filter},
};

/// How deep parentheses, `not` and brackets may be nested.
pub const MAX_DEPTH: usize = 40;
/// How many bytes a filter may have.
pub const MAX_LENGTH: usize = 16 * 1024;

/// Why a text isn't a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {position}")]
pub struct ParseError {
    /// What was expected or found.
    pub message: String,
    /// Where, counted in characters from 1.
    pub position: usize,
}

impl Filter {
    /// Reads a filter. Words and operators may be in any case; `not` binds closer than `and`, `and` closer than `or`.
    ///
    /// Besides the RFC's grammar it reads `emails[type eq "work"].value eq "x"`, which clients send, as the condition
    /// on one element that it means.
    ///
    /// # Errors
    /// [`ParseError`] if it isn't a filter, is longer than [`MAX_LENGTH`] or nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        if text.len() > MAX_LENGTH {
            return Err(parser.error(format!("the filter has more than {MAX_LENGTH} bytes")));
        }
        let filter = parser.any(false)?;
        parser.skip_space();
        match parser.rest().chars().next() {
            None => Ok(filter),
            Some(found) => Err(parser.error(format!("expected `and`, `or` or the end, found `{found}`"))),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        ParseError { message: message.into(), position: before.chars().count() + 1 }
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// The word here, up to a space, parenthesis, bracket or quote; not consumed.
    fn word(&mut self) -> &'a str {
        self.skip_space();
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.word().eq_ignore_ascii_case(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn take(&mut self, c: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<(), ParseError> {
        if self.take(c) { Ok(()) } else { Err(self.error(format!("expected `{c}`"))) }
    }

    /// `FILTER *("or" FILTER)`; `in_element` is inside the brackets of a value path, where no other may stand.
    fn any(&mut self, in_element: bool) -> Result<Filter, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        let first = self.all(in_element)?;
        let mut parts = vec![first];
        while self.take_word("or") {
            parts.push(self.all(in_element)?);
        }
        self.depth -= 1;
        Ok(join(parts, Filter::Or))
    }

    fn all(&mut self, in_element: bool) -> Result<Filter, ParseError> {
        let mut parts = vec![self.one(in_element)?];
        while self.take_word("and") {
            parts.push(self.one(in_element)?);
        }
        Ok(join(parts, Filter::And))
    }

    fn one(&mut self, in_element: bool) -> Result<Filter, ParseError> {
        if self.take('(') {
            let inner = self.any(in_element)?;
            self.expect(')')?;
            return Ok(inner);
        }
        let start = self.at;
        if self.take_word("not") {
            if self.take('(') {
                let inner = self.any(in_element)?;
                self.expect(')')?;
                return Ok(Filter::Not(Box::new(inner)));
            }
            // An attribute may be called "not".
            self.at = start;
        }
        let attribute = self.attribute()?;
        if !self.rest().starts_with('[') {
            return self.comparison(attribute);
        }
        if in_element {
            return Err(self.error("a `[` inside brackets isn't allowed"));
        }
        self.expect('[')?;
        let mut inner = self.any(true)?;
        self.expect(']')?;
        if self.rest().starts_with('.') {
            self.at += 1;
            let sub = self.attribute()?;
            let condition = self.comparison(sub)?;
            inner = match inner {
                Filter::And(mut parts) => {
                    parts.push(condition);
                    Filter::And(parts)
                }
                other => Filter::And(vec![other, condition]),
            };
        }
        Ok(Filter::Element(attribute, Box::new(inner)))
    }

    fn attribute(&mut self) -> Result<AttributeName, ParseError> {
        let word = self.word();
        if word.is_empty() {
            return Err(self.error("expected the name of an attribute"));
        }
        let Some(name) = AttributeName::parse(word) else {
            return Err(self.error(format!("`{word}` isn't the name of an attribute")));
        };
        self.at += word.len();
        Ok(name)
    }

    fn comparison(&mut self, attribute: AttributeName) -> Result<Filter, ParseError> {
        if self.take_word("pr") {
            return Ok(Filter::Present(attribute));
        }
        let word = self.word();
        let found = Compare::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let Some(&(_, compare)) = found else {
            let names = Compare::ALL.map(|(name, _)| name).join(", ");
            return Err(self.error(format!("expected an operator ({names}, pr), found `{word}`")));
        };
        self.at += word.len();
        let value = self.value()?;
        let ordered = !matches!(compare, Compare::Equal | Compare::NotEqual);
        if ordered && (value.is_boolean() || value.is_null()) {
            return Err(self.error(format!("`{}` can't compare with {value}", compare.word())));
        }
        Ok(Filter::Compare(attribute, compare, value))
    }

    /// A JSON string, number, boolean or null.
    fn value(&mut self) -> Result<Value, ParseError> {
        self.skip_space();
        let rest = self.rest();
        if rest.starts_with('"') {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|&(_, c)| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            });
            let Some((end, _)) = end else { return Err(self.error("the string has no closing quote")) };
            let literal = rest.get(..=end).unwrap_or_default();
            let text: String = serde_json::from_str(literal)
                .map_err(|_| self.error("the string isn't written as JSON asks, see its backslashes"))?;
            self.at += literal.len();
            return Ok(Value::String(text));
        }
        let word = self.word();
        // Some clients write `True`.
        let value = match word.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            number => match serde_json::from_str::<serde_json::Number>(number) {
                Ok(number) => Value::Number(number),
                Err(_) => return Err(self.error("expected a quoted string, a number, true, false or null")),
            },
        };
        self.at += word.len();
        Ok(value)
    }
}

/// One filter out of one or more.
fn join(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            many(parts)
        }
        (None, _) => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_examples_of_the_rfc() {
        // RFC 7644, figure 2.
        for text in [
            r#"userName eq "bjensen""#,
            r#"name.familyName co "O'Malley""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
            "title pr",
            r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
            r#"title pr and userType eq "Employee""#,
            r#"title pr or userType eq "Intern""#,
            r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
            r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
            r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
            r#"userType eq "Employee" and (emails.type eq "work")"#,
            r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
            r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
            r#"profile.department eq "Sales" and status eq "ACTIVE""#,
            "n gt -1.5e3 and b eq true and x ne null and not (y pr)",
        ] {
            let filter = Filter::parse(text).unwrap();
            assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter, "{text}");
        }
    }

    #[test]
    fn binds_not_and_or_in_this_order() {
        let filter = Filter::parse("a pr or NOT (b pr) AND c pr").unwrap();
        assert_eq!(filter.to_string(), "a pr or (not (b pr) and c pr)");
    }

    #[test]
    fn quotes_and_escapes_survive() {
        let odd = "a\"b\\c\u{1F600}+ é\n";
        let filter = Filter::equal(AttributeName::new(["userName"]), odd);
        assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
    }

    #[test]
    fn reads_a_comparison_behind_brackets() {
        let filter = Filter::parse(r#"emails[type eq "work"].value eq "x""#).unwrap();
        assert_eq!(filter.to_string(), r#"emails[type eq "work" and value eq "x"]"#);
    }

    #[test]
    fn tells_where_it_went_wrong() {
        for (text, position) in [
            ("", 1),
            ("userName", 9),
            ("userName xx \"a\"", 10),
            ("userName eq \"a", 13),
            ("é eq 1", 1),
            ("a eq \"é\" b", 10),
            ("(a pr", 6),
            ("a[b[c pr]]", 4),
            ("a eq 'x'", 6),
            ("a gt true", 10),
        ] {
            assert_eq!(Filter::parse(text).map_err(|e| e.position), Err(position), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_too_deep_or_too_long() {
        let deep = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
        assert!(Filter::parse(&deep(MAX_DEPTH - 1)).is_ok());
        assert!(Filter::parse(&deep(MAX_DEPTH)).unwrap_err().message.contains("deeper"));
        assert!(Filter::parse(&" ".repeat(MAX_LENGTH + 1)).is_err());
        let long = vec!["a pr"; 1000].join(" or ");
        assert!(Filter::parse(&long).is_ok());
    }
}
