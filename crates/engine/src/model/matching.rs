//! How a source's new rows find the people they are about.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::app::Source;
use crate::matching::Traits;

/// Attributes that name the same person: if all of them are equal, case folded, a new row is hers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchTier {
    /// The attributes.
    pub on: Vec<String>,
}

/// What becomes of a row that names exactly one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenExact {
    /// It is hers.
    #[default]
    Link,
    /// Somebody is asked.
    Ask,
}

/// What becomes of a row that resembles people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenPartial {
    /// Nobody looks for those it resembles.
    #[default]
    New,
    /// Somebody is asked.
    Ask,
}

/// What becomes of a row that nobody is found for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenNew {
    /// Somebody new is created.
    #[default]
    Create,
    /// Somebody is asked.
    Ask,
}

/// When a source asks before it links or creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Confirm {
    /// What becomes of a row that names exactly one person.
    pub exact: WhenExact,
    /// What becomes of a row that resembles people.
    pub partial: WhenPartial,
    /// What becomes of a row that nobody is found for.
    pub new: WhenNew,
    /// From which score on, up to 100, somebody counts as resembled.
    pub partial_score: u32,
    /// A row that names somebody of quite another name is asked about.
    pub check_names: bool,
}

impl Default for Confirm {
    fn default() -> Self {
        Self {
            exact: WhenExact::default(),
            partial: WhenPartial::default(),
            new: WhenNew::default(),
            partial_score: 80,
            check_names: true,
        }
    }
}

/// Why a row waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MatchKind {
    /// It names somebody, and may not be linked by itself.
    Exact,
    /// It resembles somebody.
    Partial,
    /// Nobody is found, and nobody is created unasked.
    New,
}

impl MatchKind {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "EXACT",
            Self::Partial => "PARTIAL",
            Self::New => "NEW",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Exact, Self::Partial, Self::New].into_iter().find(|k| k.as_str() == name)
    }
}

/// Attributes by which people are found whatever the org says.
pub(crate) const ALWAYS_INDEXED: [&str; 3] = ["email", "firstName", "lastName"];

impl MatchTier {
    /// The name of the index that holds people by these attributes together.
    pub fn index(&self) -> String {
        match self.on.as_slice() {
            [one] if ALWAYS_INDEXED.contains(&one.as_str()) => one.clone(),
            all => format!("~{}", all.join("+")),
        }
    }
}

impl Source {
    /// The attributes that tell people apart besides those that resemblance always looks at.
    pub fn telling(&self) -> Vec<String> {
        let named = self.match_on.iter().chain(self.tiers.iter().flat_map(|t| &t.on));
        let telling: BTreeSet<&String> =
            named.filter(|name| !Traits::ALWAYS.contains(&name.as_str())).collect();
        telling.into_iter().cloned().collect()
    }

    /// The name of the index by which it finds those whom a row resembles, if it looks for them.
    pub fn alike(&self) -> Option<String> {
        let telling = self.telling();
        (self.confirm.partial == WhenPartial::Ask).then(|| match telling.as_slice() {
            [] => "~alike".to_owned(),
            all => format!("~alike:{}", all.join(",")),
        })
    }

    /// The names of the indexes that only this source's matching needs.
    pub fn match_indexes(&self) -> BTreeSet<String> {
        let own = |name: &String| name.starts_with('~');
        self.tiers.iter().map(MatchTier::index).chain(self.alike()).filter(own).collect()
    }
}
