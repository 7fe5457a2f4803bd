//! The schema of user profiles: attributes with their types and constraints.

use muster_expr::Value;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::NumberFormat;

/// The type of an attribute (Okta: `type`, `format` and `items` of a schema property).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeType {
    /// Text.
    #[default]
    String,
    /// True or false.
    Boolean,
    /// A 64-bit floating point number.
    Number,
    /// A 64-bit integer.
    Integer,
    /// A calendar day, ISO 8601 (`2027-03-01`).
    Date,
    /// An instant, ISO 8601 with offset.
    DateTime,
    /// An e-mail address.
    Email,
    /// A list of texts.
    StringArray,
    /// A list of numbers.
    NumberArray,
    /// A list of integers.
    IntegerArray,
}

impl AttributeType {
    /// Whether a value is a list.
    pub fn is_list(self) -> bool {
        matches!(self, Self::StringArray | Self::NumberArray | Self::IntegerArray)
    }
}

/// One attribute of the user profile (Okta: user schema property).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeDef {
    /// The name, as expressions and clients write it.
    pub name: String,
    /// A title for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// A person can't be without it.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// No two people have the same value (compared without regard to case).
    #[serde(skip_serializing_if = "is_false")]
    pub unique: bool,
    /// People are found by its values without reading everybody.
    #[serde(skip_serializing_if = "is_false")]
    pub indexed: bool,
    /// Who gives its value, first to last: sources by name, and [`ADMIN`]; empty: sources by rank, then admins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// How a number is written that whoever has no value gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate: Option<String>,
    /// The values allowed, if not all.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Value>,
    /// A regular expression the whole text must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The least length in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// The greatest length in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// What clients say of it and want back (description, titles of its values, permissions); it decides nothing.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// What admins are called among those who give an attribute's value.
pub const ADMIN: &str = "admin";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde wants")]
fn is_false(b: &bool) -> bool {
    !*b
}

/// Why a value doesn't fit an attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{attribute}: {reason}")]
pub struct ValueError {
    /// The attribute.
    pub attribute: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl AttributeType {
    /// The type as expressions see it.
    pub fn expr_type(self) -> muster_expr::Type {
        use muster_expr::{Item, Type};
        match self {
            Self::String | Self::Email => Type::Str,
            Self::Boolean => Type::Bool,
            Self::Number => Type::Num,
            Self::Integer => Type::Int,
            Self::Date | Self::DateTime => Type::Date,
            Self::StringArray => Type::List(Item::Str),
            Self::NumberArray => Type::List(Item::Num),
            Self::IntegerArray => Type::List(Item::Int),
        }
    }

    /// Turns what an expression gave into this type, where nothing is lost by it.
    ///
    /// # Errors
    /// A sentence that says what was found and what is wanted.
    pub fn convert(self, value: Value) -> Result<Value, String> {
        let wanted = |v: &Value| format!("{} is not {}", shown(v), self.described());
        Ok(match (self, value) {
            (_, Value::Null) => Value::Null,
            (Self::String | Self::Email, v @ Value::Str(_)) => v,
            (Self::String, Value::Int(i)) => Value::from(i.to_string()),
            (Self::String, Value::Num(n)) => Value::from(n.to_string()),
            (Self::String, Value::Bool(b)) => Value::from(b.to_string()),
            (Self::Boolean, v @ Value::Bool(_)) => v,
            (Self::Boolean, Value::Str(s)) => match &*s {
                "true" | "TRUE" | "True" => Value::Bool(true),
                "false" | "FALSE" | "False" => Value::Bool(false),
                _ => return Err(wanted(&Value::Str(s))),
            },
            (Self::Integer, v @ Value::Int(_)) => v,
            (Self::Integer, Value::Str(s)) => match s.trim().parse() {
                Ok(i) => Value::Int(i),
                Err(_) => return Err(wanted(&Value::Str(s))),
            },
            (Self::Number, v @ Value::Num(_)) => v,
            (Self::Number, Value::Int(i)) => Value::Num(i as f64),
            (Self::Number, Value::Str(s)) => match s.trim().parse::<f64>() {
                Ok(n) if n.is_finite() => Value::Num(n),
                _ => return Err(wanted(&Value::Str(s))),
            },
            (Self::Date, Value::Str(s)) => {
                if s.parse::<jiff::civil::Date>().is_ok() {
                    Value::Str(s)
                } else {
                    return Err(wanted(&Value::Str(s)));
                }
            }
            (Self::DateTime, Value::Str(s)) => {
                if s.parse::<jiff::Timestamp>().is_ok() {
                    Value::Str(s)
                } else {
                    return Err(wanted(&Value::Str(s)));
                }
            }
            (Self::StringArray | Self::NumberArray | Self::IntegerArray, Value::List(items)) => {
                let item = self.item_type();
                Value::List(items.into_iter().map(|v| item.convert(v)).collect::<Result<_, _>>()?)
            }
            (Self::StringArray, v @ Value::Str(_)) => Value::List(vec![v]),
            (_, v) => return Err(wanted(&v)),
        })
    }

    fn item_type(self) -> Self {
        match self {
            Self::NumberArray => Self::Number,
            Self::IntegerArray => Self::Integer,
            _ => Self::String,
        }
    }

    fn described(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Integer => "an integer",
            Self::Date => "a date (2027-03-01)",
            Self::DateTime => "an instant (2027-03-01T08:00:00Z)",
            Self::Email => "an e-mail address",
            Self::StringArray => "a list of texts",
            Self::NumberArray => "a list of numbers",
            Self::IntegerArray => "a list of integers",
        }
    }
}

/// A value as messages show it, cut to a readable length.
pub fn shown(value: &Value) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// An attribute with what checking its values needs, compiled once.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The definition.
    pub def: AttributeDef,
    /// How generated numbers are written, if it has such.
    pub numbers: Option<NumberFormat>,
    pattern: Option<Regex>,
}

impl Attribute {
    /// Compiles a definition.
    ///
    /// # Errors
    /// If the definition contradicts itself or its pattern isn't a regular expression.
    pub fn compile(def: AttributeDef) -> Result<Self, String> {
        if !def.name.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
            || !def.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            return Err(format!(
                "the attribute name {:?} must be a letter followed by letters, digits or _",
                def.name
            ));
        }
        let pattern = match &def.pattern {
            None => None,
            Some(p) => Some(
                Regex::new(&format!("^(?:{p})$"))
                    .map_err(|e| format!("the pattern of {} can't be read: {e}", def.name))?,
            ),
        };
        for value in &def.allowed {
            def.kind.convert(value.clone()).map_err(|e| format!("enum of {}: {e}", def.name))?;
        }
        let numbers = match &def.generate {
            None => None,
            Some(_) if !def.unique || def.kind != AttributeType::String => {
                return Err(format!(
                    "{}: generate is for unique attributes of type string; say `unique = true`",
                    def.name
                ));
            }
            Some(text) => {
                Some(NumberFormat::parse(text).map_err(|reason| format!("{}: {reason}", def.name))?)
            }
        };
        let attribute = Self { def, numbers, pattern };
        if let Some(first) = attribute.numbers.as_ref().map(|n| n.show(1)) {
            attribute.check(Value::from(first)).map_err(|e| format!("{e}, and generate begins with it"))?;
        }
        Ok(attribute)
    }

    /// Converts a value to the attribute's type and checks it.
    ///
    /// # Errors
    /// Which constraint it breaks.
    pub fn check(&self, value: Value) -> Result<Value, ValueError> {
        let fail = |reason: String| ValueError { attribute: self.def.name.clone(), reason };
        let value = self.def.kind.convert(value).map_err(fail)?;
        let value = if value == Value::from("") { Value::Null } else { value };
        if value.is_null() {
            return if self.def.required {
                Err(fail("is required and has no value".to_owned()))
            } else {
                Ok(value)
            };
        }
        let items: &[Value] = match &value {
            Value::List(items) => items,
            one => std::slice::from_ref(one),
        };
        for item in items {
            self.check_one(item).map_err(fail)?;
        }
        Ok(value)
    }

    fn check_one(&self, value: &Value) -> Result<(), String> {
        if !self.def.allowed.is_empty() && !self.def.allowed.contains(value) {
            let allowed: Vec<String> = self.def.allowed.iter().map(shown).collect();
            return Err(format!("{} is not one of {}", shown(value), allowed.join(", ")));
        }
        match value {
            Value::Str(s) => {
                if s.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                    return Err("control characters can't be part of it".to_owned());
                }
                let length = s.chars().count();
                if let Some(min) = self.def.min_length.filter(|&m| length < m as usize) {
                    return Err(format!("{} is shorter than {min} characters", shown(value)));
                }
                if let Some(max) = self.def.max_length.filter(|&m| length > m as usize) {
                    return Err(format!("{} is longer than {max} characters", shown(value)));
                }
                if self.def.kind == AttributeType::Email && !looks_like_email(s) {
                    return Err(format!("{} is not an e-mail address", shown(value)));
                }
                if let Some(p) = self.pattern.as_ref().filter(|p| !p.is_match(s)) {
                    let _ = p;
                    return Err(format!(
                        "{} does not match the pattern {}",
                        shown(value),
                        self.def.pattern.as_deref().unwrap_or_default()
                    ));
                }
            }
            Value::Int(i) => self.check_range(*i as f64, value)?,
            Value::Num(n) => self.check_range(*n, value)?,
            _ => {}
        }
        Ok(())
    }

    fn check_range(&self, n: f64, value: &Value) -> Result<(), String> {
        if let Some(min) = self.def.minimum.filter(|&m| n < m) {
            return Err(format!("{} is less than {min}", shown(value)));
        }
        if let Some(max) = self.def.maximum.filter(|&m| n > m) {
            return Err(format!("{} is more than {max}", shown(value)));
        }
        Ok(())
    }
}

/// The shape Okta asks of e-mail addresses: something, an @, a domain; no blanks or control characters.
fn looks_like_email(s: &str) -> bool {
    let Some((local, domain)) = s.rsplit_once('@') else { return false };
    !local.is_empty()
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && s.chars().all(|c| !c.is_whitespace() && !c.is_control())
}

/// The base attributes of Okta's default user schema, in its order.
pub fn base_attributes() -> Vec<AttributeDef> {
    let text = |name: &str, max: u32| AttributeDef {
        name: name.to_owned(),
        max_length: (max > 0).then_some(max),
        ..AttributeDef::default()
    };
    let required = |mut def: AttributeDef, min: u32| {
        def.required = true;
        def.min_length = Some(min);
        def
    };
    let email = |name: &str| AttributeDef { kind: AttributeType::Email, ..text(name, 100) };
    vec![
        AttributeDef { unique: true, ..required(text("login", 100), 5) },
        required(text("firstName", 50), 1),
        required(text("lastName", 50), 1),
        text("middleName", 0),
        text("honorificPrefix", 0),
        text("honorificSuffix", 0),
        AttributeDef { required: true, ..email("email") },
        text("title", 0),
        text("displayName", 0),
        text("nickName", 0),
        text("profileUrl", 0),
        email("secondEmail"),
        text("mobilePhone", 100),
        text("primaryPhone", 100),
        text("streetAddress", 1024),
        text("city", 128),
        text("state", 128),
        text("zipCode", 50),
        text("countryCode", 2),
        text("postalAddress", 4096),
        text("preferredLanguage", 0),
        text("locale", 0),
        text("timezone", 0),
        text("userType", 0),
        text("employeeNumber", 0),
        text("costCenter", 0),
        text("organization", 0),
        text("division", 0),
        text("department", 0),
        text("managerId", 0),
        text("manager", 0),
    ]
}
