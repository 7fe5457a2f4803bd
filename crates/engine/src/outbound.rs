//! What an application should hold for one person, what it is known to hold, and the calls that make the one the
//! other.

use std::collections::BTreeMap;

use muster_expr::Value;
use serde::{Deserialize, Serialize};

/// Attributes of an account by their name in the application (for SCIM a path such as `name.givenName` or
/// `urn:…:User:department`). [`Value::Null`] means "owned by us and empty".
pub type AccountAttributes = BTreeMap<String, Value>;

/// The state an account is in, or should be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountState {
    /// Exists and can be used.
    Active,
    /// Exists and can't be used.
    Inactive,
    /// Doesn't exist.
    Absent,
}

/// What an application should hold for one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesiredAccount {
    /// Our own stable reference to the account; SCIM's `externalId` (RFC 7643, section 3.1).
    pub external_id: String,
    /// The unique user name in the application.
    pub user_name: String,
    /// The state wanted.
    pub state: AccountState,
    /// The attributes we own there; others are never touched.
    pub attributes: AccountAttributes,
}

/// An account as an application has shown it to us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteAccount {
    /// The application's own id.
    pub id: String,
    /// Our reference, if the application keeps one.
    pub external_id: Option<String>,
    /// The unique user name.
    pub user_name: String,
    /// Whether the account can be used.
    pub active: bool,
    /// All attributes the application showed, by the same names as [`DesiredAccount::attributes`].
    pub attributes: AccountAttributes,
}

/// What may be done to accounts of an app, by its settings and the application's abilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Accounts may be created.
    pub create: bool,
    /// Attributes may be written.
    pub update: bool,
    /// Accounts can be made unusable.
    pub deactivate: bool,
    /// Accounts can be deleted.
    pub delete: bool,
}

/// One call to an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Create the account.
    Create,
    /// Make attributes, user name and state those desired.
    Update,
    /// Make it usable or unusable.
    SetActive(bool),
    /// Delete it.
    Delete,
}

/// The calls that make what is known what is desired; none if they agree, or if what it would take isn't allowed.
pub fn bring_into_line(
    desired: &DesiredAccount,
    known: Option<&RemoteAccount>,
    allowed: Allowed,
) -> Vec<Call> {
    let off = |known: &RemoteAccount| {
        if known.active && allowed.deactivate { vec![Call::SetActive(false)] } else { Vec::new() }
    };
    match (desired.state, known) {
        (AccountState::Absent, Some(_)) if allowed.delete => vec![Call::Delete],
        (AccountState::Absent | AccountState::Inactive, Some(known)) => off(known),
        (AccountState::Active, None) if allowed.create => vec![Call::Create],
        (_, None) => Vec::new(),
        (AccountState::Active, Some(known)) => {
            if allowed.update && differs(desired, known) {
                vec![Call::Update]
            } else if !known.active {
                vec![Call::SetActive(true)]
            } else {
                Vec::new()
            }
        }
    }
}

/// Whether anything we own there is other than desired.
pub fn differs(desired: &DesiredAccount, known: &RemoteAccount) -> bool {
    desired.user_name != known.user_name
        || desired
            .attributes
            .iter()
            .any(|(name, value)| known.attributes.get(name).unwrap_or(Value::NULL) != value)
}
