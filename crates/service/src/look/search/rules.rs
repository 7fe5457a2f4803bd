//! What may be asked where. Each of Okta's parameters allows its own attributes and operators.

use muster_engine::Config;
use muster_engine::suggest::did_you_mean;
use muster_query::{AttributeName, Compare, Filter};
use serde_json::Value as Json;

use crate::error::{Result, ServiceError};

/// The parameter that a filter came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `filter=`: few attributes, `eq` (and ranges of dates), values compared with their case.
    Filter,
    /// `search=`: every attribute, values compared without their case.
    #[default]
    Search,
    /// Not Okta's: all that the grammar knows, values compared without their case.
    Full,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Search => "search",
            Self::Full => "a filter",
        }
    }
}

/// Reads the text of a filter.
///
/// # Errors
/// Where it went wrong.
pub fn parse_filter(text: &str) -> Result<Filter> {
    Filter::parse(text).map_err(|e| ServiceError::Criteria(e.to_string()))
}

/// What a thing that is searched for has.
pub(super) struct Rules<'a> {
    /// Attributes beside the profile that are no dates.
    pub(super) plain: &'a [&'a str],
    /// Attributes that are instants.
    pub(super) dates: &'a [&'a str],
    /// What `filter=` may ask for.
    pub(super) in_filter: &'a [&'a str],
    /// Of what `search=` may ask `co`.
    pub(super) contains: &'a [&'a str],
    /// The names of the profile's attributes.
    pub(super) profile: Vec<&'a str>,
}

/// The rules of people.
pub(super) fn of_people(config: &Config) -> Rules<'_> {
    Rules {
        plain: &["id", "status", "type.id"],
        dates: &["created", "activated", "statusChanged", "lastUpdated"],
        in_filter: &[
            "status",
            "lastUpdated",
            "id",
            "profile.login",
            "profile.email",
            "profile.firstName",
            "profile.lastName",
        ],
        contains: &["profile.firstName", "profile.lastName", "profile.email", "profile.login"],
        profile: config.attributes.iter().map(|a| a.def.name.as_str()).collect(),
    }
}

/// The rules of groups.
pub(super) fn of_groups() -> Rules<'static> {
    Rules {
        plain: &["id", "type", "source.id"],
        dates: &["created", "lastUpdated", "lastMembershipUpdated"],
        in_filter: &["id", "type", "lastUpdated", "lastMembershipUpdated"],
        contains: &["profile.name", "profile.description"],
        profile: vec!["name", "description"],
    }
}

fn refused(message: String) -> ServiceError {
    ServiceError::Criteria(message)
}

/// Whether a text names an instant, as filters compare them.
pub(super) fn is_instant(text: &str) -> bool {
    matches!(text.as_bytes().get(10), Some(b'T' | b't')) && text.parse::<jiff::Timestamp>().is_ok()
}

impl Rules<'_> {
    /// Whether there is such an attribute.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.plain.contains(&name)
            || self.dates.contains(&name)
            || name.strip_prefix("profile.").is_some_and(|own| self.profile.contains(&own))
    }

    /// Refuses an attribute that isn't there.
    pub(super) fn require(&self, name: &str) -> Result<()> {
        if self.knows(name) {
            return Ok(());
        }
        let own: Vec<String> = self.profile.iter().map(|own| format!("profile.{own}")).collect();
        let all = self.plain.iter().chain(self.dates).copied().chain(own.iter().map(String::as_str));
        Err(refused(format!("there is no attribute {name:?}{}", did_you_mean(name, all))))
    }

    /// Whether a filter asks only what it may.
    pub(super) fn check(&self, filter: &Filter, language: Language) -> Result<()> {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().try_for_each(|part| self.check(part, language))
            }
            Filter::Not(inner) if language == Language::Full => self.check(inner, language),
            Filter::Not(_) => Err(refused(format!(
                "`not` can't be used in {}; turn the comparisons round, as in `lt \"x\" or … gt \"x\"`",
                language.name()
            ))),
            Filter::Element(name, _) => Err(refused(format!(
                "`{name}[…]` can't be used in {}: nothing here has parts",
                language.name()
            ))),
            Filter::Present(name) => {
                self.named(name, language)?;
                if language == Language::Filter {
                    return Err(refused("`pr` can't be used in filter; use search".to_owned()));
                }
                Ok(())
            }
            Filter::Compare(name, compare, value) => {
                let name = self.named(name, language)?;
                self.operator(&name, *compare, language)?;
                self.value(&name, *compare, value)
            }
        }
    }

    fn named(&self, name: &AttributeName, language: Language) -> Result<String> {
        let name = name.to_string();
        self.require(&name)?;
        if language == Language::Filter && !self.in_filter.contains(&name.as_str()) {
            return Err(refused(format!(
                "{name} can't be used in filter, only {}; use search",
                self.in_filter.join(", ")
            )));
        }
        Ok(name)
    }

    fn operator(&self, name: &str, compare: Compare, language: Language) -> Result<()> {
        use Compare as C;
        let word = compare.word();
        let ordered = matches!(compare, C::Greater | C::GreaterOrEqual | C::Less | C::LessOrEqual);
        match (language, compare) {
            (Language::Full, _) | (_, C::Equal) => Ok(()),
            (Language::Filter, _) if ordered && self.dates.contains(&name) => Ok(()),
            (Language::Filter, _) => {
                Err(refused(format!("`{word}` can't be used with {name} in filter, only `eq`; use search")))
            }
            (_, C::NotEqual) => Err(refused(format!(
                "`ne` can't be used in search; write `{name} lt … or {name} gt …` instead"
            ))),
            (_, C::EndsWith) => {
                Err(refused(format!("`ew` can't be used in search with {name}; `sw` and `eq` can")))
            }
            (_, C::Contains) if !self.contains.contains(&name) => Err(refused(format!(
                "`co` can't be used with {name}, only with {}",
                self.contains.join(", ")
            ))),
            _ => Ok(()),
        }
    }

    fn value(&self, name: &str, compare: Compare, value: &Json) -> Result<()> {
        use Compare as C;
        let whole = !matches!(compare, C::StartsWith | C::EndsWith | C::Contains);
        if self.dates.contains(&name) && whole && !value.is_null() && !value.as_str().is_some_and(is_instant)
        {
            return Err(refused(format!(
                "{name} is compared with an instant such as \"2027-03-01T08:00:00.000Z\", not with {value}"
            )));
        }
        Ok(())
    }
}
