//! Accounts as Muster sees them, and users as SCIM writes them.

use muster_engine::{
    Value,
    outbound::{AccountAttributes, AccountState, DesiredAccount, RemoteAccount},
};
use muster_scim::{PatchOp, Path, User, flat};
use serde_json::Value as Json;

use crate::connector::{ConnectorError, ErrorKind};

/// Attributes of an account that have a place of their own; among the mapped ones they are passed over.
const OWN_PLACE: [&str; 3] = ["userName", "externalId", "active"];
/// Attributes only the application sets.
const READ_ONLY: [&str; 4] = ["id", "meta", "schemas", "groups"];

/// What we own of an account, and what it should be. The default is nothing.
#[derive(Default)]
pub(super) struct Owned {
    account: Option<(String, String, bool)>,
    attributes: Vec<(String, Path, Json)>,
}

impl Owned {
    /// What `desired` speaks of.
    pub(super) fn new(desired: &DesiredAccount) -> Result<Self, ConnectorError> {
        let rejected = |message: String| ConnectorError::new(ErrorKind::Rejected, message);
        let active = match desired.state {
            AccountState::Active => true,
            AccountState::Inactive => false,
            AccountState::Absent => {
                return Err(rejected("an account that shouldn't be can't be written".to_owned()));
            }
        };
        let mut attributes = Vec::with_capacity(desired.attributes.len());
        for (name, value) in &desired.attributes {
            let path: Path =
                name.parse().map_err(|error: muster_scim::InvalidPath| rejected(error.to_string()))?;
            if path.name.is_none() || READ_ONLY.iter().any(|own| path.is(own)) {
                return Err(rejected(format!("`{name}` can't be written: only the application sets it")));
            }
            if !OWN_PLACE.iter().any(|own| path.is(own)) {
                attributes.push((name.clone(), path, to_json(value)));
            }
        }
        let account = Some((desired.external_id.clone(), desired.user_name.clone(), active));
        Ok(Self { account, attributes })
    }

    /// Writes it into a user and touches nothing else.
    pub(super) fn write(&self, user: &mut User) {
        if let Some((external_id, user_name, active)) = &self.account {
            user.set_external_id(external_id);
            user.set_user_name(user_name);
            user.set_active(*active);
        }
        for (_, path, value) in &self.attributes {
            flat::set(user.as_object_mut(), path, value);
        }
    }

    /// The change against what is known of the account; `None` if that doesn't tell it: which element of a
    /// multi-valued attribute is meant can only be seen in the resource.
    pub(super) fn patch(&self, known: &RemoteAccount) -> Option<PatchOp> {
        let (external_id, user_name, active) = self.account.as_ref()?;
        let (mut before, mut after) = (User::new(), User::new());
        if let Some(external_id) = &known.external_id {
            before.set_external_id(external_id);
        }
        before.set_user_name(&known.user_name);
        before.set_active(known.active);
        after.set_external_id(external_id);
        after.set_user_name(user_name);
        after.set_active(*active);
        for (name, path, value) in &self.attributes {
            let held = known.attributes.get(name).or_else(|| {
                known
                    .attributes
                    .iter()
                    .find(|(other, _)| other.eq_ignore_ascii_case(name))
                    .map(|(_, held)| held)
            });
            let held = held.map_or(Json::Null, to_json);
            if held == *value {
                continue;
            }
            if path.is_into_elements() {
                return None;
            }
            flat::set(before.as_object_mut(), path, &held);
            flat::set(after.as_object_mut(), path, value);
        }
        Some(PatchOp::between(before.as_object(), after.as_object()))
    }

    /// Whether the application shows a value wherever we want one; the value itself is for the caller to compare.
    pub(super) fn is_shown(&self, user: &User, with_external_id: bool) -> bool {
        let has_account = user.user_name().is_some()
            && user.active().is_some()
            && (user.external_id().is_some() || !with_external_id);
        has_account
            && self
                .attributes
                .iter()
                .all(|(_, path, value)| value.is_null() || flat::get(user.as_object(), path).is_some())
    }

    /// The account a user is, with our attributes by the names we use; `None` if it has no id.
    pub(super) fn remote(&self, user: &User) -> Option<RemoteAccount> {
        let mut attributes: AccountAttributes = flat::flatten(user.as_object())
            .into_iter()
            .map(|(name, value)| (name, from_json(value)))
            .collect();
        for (name, path, _) in &self.attributes {
            if let Some(value) = flat::get(user.as_object(), path) {
                attributes.insert(name.clone(), from_json(value));
            }
        }
        Some(RemoteAccount {
            id: user.id()?,
            external_id: user.external_id().map(str::to_owned),
            user_name: user.user_name().unwrap_or_default().to_owned(),
            // RFC 7643, section 4.1.1, leaves the meaning to the service; those that don't say so have no inactive
            // accounts.
            active: user.active().unwrap_or(true),
            attributes,
        })
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Num(value) => (*value).into(),
        Value::Str(value) => value.as_ref().into(),
        Value::List(list) if list.is_empty() => Json::Null,
        Value::List(list) => list.iter().map(to_json).collect(),
    }
}

fn from_json(value: Json) -> Value {
    match value {
        Json::Null | Json::Object(_) => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Num(number.as_f64().unwrap_or_default()), Value::Int)
        }
        Json::String(text) => Value::Str(text.into()),
        Json::Array(list) => Value::List(list.into_iter().map(from_json).collect()),
    }
}
