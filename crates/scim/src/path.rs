//! Paths of attributes, as PATCH and mappings write them.

use std::{fmt, str::FromStr};

use muster_query::{AttributeName, Filter};

/// A path to an attribute of a resource (RFC 7644, section 3.5.2, figure 7): `userName`, `name.givenName`,
/// `emails[type eq "work"].value`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`, or a whole
/// extension by its URN.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The schema the attribute is of, if it is named.
    pub schema: Option<String>,
    /// The attribute; `None` means the whole extension `schema`.
    pub name: Option<String>,
    /// Which elements of a multi-valued attribute.
    pub filter: Option<Filter>,
    /// The sub-attribute.
    pub sub: Option<String>,
}

/// A text that isn't a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` isn't the path of an attribute: {reason}")]
pub struct InvalidPath {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Path {
    /// The path of an attribute at the top of a resource.
    pub fn of(name: impl Into<String>) -> Self {
        Self { schema: None, name: Some(name.into()), filter: None, sub: None }
    }

    /// The same path with a sub-attribute.
    #[must_use]
    pub fn child(mut self, sub: impl Into<String>) -> Self {
        self.sub = Some(sub.into());
        self
    }

    /// The same path for the elements which match.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// The same path in an extension.
    #[must_use]
    pub fn within(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Whether it leads to elements of a multi-valued attribute, so that only the resource itself tells to which.
    pub fn is_into_elements(&self) -> bool {
        self.filter.is_some()
            || (self.schema.as_deref().is_none_or(crate::json::is_core)
                && self.name.as_deref().is_some_and(crate::json::has_elements))
    }

    /// Whether this is the attribute `name` of the core schema, as a whole.
    pub fn is(&self, name: &str) -> bool {
        self.schema.as_deref().is_none_or(crate::json::is_core)
            && self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
            && self.filter.is_none()
            && self.sub.is_none()
    }
}

impl FromStr for Path {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let text = text.trim();
        let invalid = |reason: &str| InvalidPath { text: text.to_owned(), reason: reason.to_owned() };
        if let Some(schema) = whole_extension(text) {
            return Ok(Self { schema: Some(schema.to_owned()), name: None, filter: None, sub: None });
        }
        let (before, filter, after) = match text.split_once('[') {
            None => (text, None, ""),
            Some((before, rest)) => {
                // A `]` may also stand within a string; the one that ends the brackets is the last.
                let (inner, after) =
                    rest.rsplit_once(']').ok_or_else(|| invalid("the bracket isn't closed"))?;
                let filter = Filter::parse(inner).map_err(|error| invalid(&error.to_string()))?;
                (before, Some(filter), after)
            }
        };
        let name =
            AttributeName::parse(before).ok_or_else(|| invalid("expected the name of an attribute"))?;
        let (attribute, inner) = match name.names.as_slice() {
            [attribute] => (attribute.clone(), None),
            [attribute, inner] if filter.is_none() => (attribute.clone(), Some(inner.clone())),
            _ => return Err(invalid("there are more dots than attributes can have")),
        };
        let sub = match after.strip_prefix('.') {
            None if after.is_empty() => inner,
            Some(sub)
                if AttributeName::parse(sub).is_some_and(|n| n.names.len() == 1 && n.schema.is_none()) =>
            {
                Some(sub.to_owned())
            }
            _ => {
                return Err(invalid(
                    "behind the bracket there may only be a dot and the name of a sub-attribute",
                ));
            }
        };
        Ok(Self { schema: name.schema, name: Some(attribute), filter, sub })
    }
}

/// The text, if it is the URN of a schema and not that of an attribute: its last part but one is a version.
fn whole_extension(text: &str) -> Option<&str> {
    let (before, _) = text.rsplit_once(':')?;
    let version = before.rsplit(':').next()?;
    let is_version = !version.is_empty() && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_urn = text.get(..4)?.eq_ignore_ascii_case("urn:");
    (is_version && is_urn && !text.contains('[') && !text.rsplit(':').next()?.contains('.')).then_some(text)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.schema, &self.name) {
            (Some(schema), Some(name)) => write!(f, "{schema}:{name}")?,
            (Some(one), None) | (None, Some(one)) => f.write_str(one)?,
            (None, None) => {}
        }
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::urn::ENTERPRISE_USER;

    #[test]
    fn reads_and_writes_the_same() {
        for text in [
            "userName",
            "name.givenName",
            "emails.value",
            r#"emails[type eq "work"].value"#,
            r#"emails[type eq "w]rk" and primary eq true]"#,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            ENTERPRISE_USER,
            "$ref",
        ] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
        assert_eq!(ENTERPRISE_USER.parse::<Path>().unwrap().name, None);
        let department: Path = format!("{ENTERPRISE_USER}:department").parse().unwrap();
        assert_eq!(department.schema.as_deref(), Some(ENTERPRISE_USER));
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in [
            "",
            "a b",
            "a.b.c",
            "emails[type eq]",
            "emails[type eq \"x\"",
            "emails[a pr]x",
            "a[b pr].c.d",
            "1a",
        ] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
    }
}
