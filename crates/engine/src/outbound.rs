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
