//! The tree of a filter, and how it is written.

use std::fmt;

use serde_json::Value;

use crate::attribute::AttributeName;

/// How an attribute is compared (RFC 7644, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `eq`: equal.
    Equal,
    /// `ne`: not equal, which includes "has no value".
    NotEqual,
    /// `co`: contains.
    Contains,
    /// `sw`: starts with.
    StartsWith,
    /// `ew`: ends with.
    EndsWith,
    /// `gt`: greater, or later.
    Greater,
    /// `ge`: greater or equal.
    GreaterOrEqual,
    /// `lt`: less, or earlier.
    Less,
    /// `le`: less or equal.
    LessOrEqual,
}

impl Compare {
    /// All operators with the word each is written as.
    pub const ALL: [(&'static str, Self); 9] = [
        ("eq", Self::Equal),
        ("ne", Self::NotEqual),
        ("co", Self::Contains),
        ("sw", Self::StartsWith),
        ("ew", Self::EndsWith),
        ("gt", Self::Greater),
        ("ge", Self::GreaterOrEqual),
        ("lt", Self::Less),
        ("le", Self::LessOrEqual),
    ];

    /// The word it is written as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }
}

/// A filter over resources. [`fmt::Display`] writes what [`Filter::parse`] reads, with values quoted as they must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them, two or more.
    And(Vec<Filter>),
    /// Any of them, two or more.
    Or(Vec<Filter>),
    /// Not this one.
    Not(Box<Filter>),
    /// `attribute eq "value"` and its like; the value is a string, number, boolean or null.
    Compare(AttributeName, Compare, Value),
    /// `attribute pr`: has a value.
    Present(AttributeName),
    /// `attribute[filter]`: one and the same element of a multi-valued attribute matches.
    Element(AttributeName, Box<Filter>),
}

impl Filter {
    /// `attribute eq "value"`.
    pub fn equal(attribute: AttributeName, value: impl Into<Value>) -> Self {
        Self::Compare(attribute, Compare::Equal, value.into())
    }

    /// The comparisons, if this filter is nothing but `eq` joined by `and`.
    pub fn equalities(&self) -> Option<Vec<(&AttributeName, &Value)>> {
        match self {
            Self::Compare(attribute, Compare::Equal, value) => Some(vec![(attribute, value)]),
            Self::And(all) => {
                all.iter().map(Self::equalities).collect::<Option<Vec<_>>>().map(|all| all.concat())
            }
            _ => None,
        }
    }

    fn write_in(&self, f: &mut fmt::Formatter<'_>, joined: bool) -> fmt::Result {
        let (word, parts) = match self {
            Self::And(parts) => (" and ", parts),
            Self::Or(parts) => (" or ", parts),
            other => return write!(f, "{other}"),
        };
        if joined {
            f.write_str("(")?;
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            part.write_in(f, true)?;
        }
        if joined { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => self.write_in(f, false),
            Self::Not(inner) => {
                f.write_str("not (")?;
                inner.write_in(f, false)?;
                f.write_str(")")
            }
            Self::Compare(attribute, compare, value) => write!(f, "{attribute} {} {value}", compare.word()),
            Self::Present(attribute) => write!(f, "{attribute} pr"),
            Self::Element(attribute, inner) => {
                write!(f, "{attribute}[")?;
                inner.write_in(f, false)?;
                f.write_str("]")
            }
        }
    }
}
