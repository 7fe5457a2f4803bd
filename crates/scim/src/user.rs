//! The user resource (RFC 7643, section 4.1) with its common attributes at hand.

use muster_query::field;
use serde_json::{Value, json};

use crate::{
    json::{Object, boolean, entry, remove},
    urn,
};

/// A user as a JSON object. Names of attributes are found in any case (RFC 7643, section 2.1).
#[derive(Clone, Debug, PartialEq)]
pub struct User(Object);

impl Default for User {
    fn default() -> Self {
        Self::new()
    }
}

impl User {
    /// A user with nothing but the core schema.
    pub fn new() -> Self {
        Self(Object::from_iter([("schemas".to_owned(), json!([urn::USER]))]))
    }

    /// The user in a JSON value; `None` if it isn't an object.
    pub fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self(object)),
            _ => None,
        }
    }

    /// The user as a JSON value.
    pub fn into_json(self) -> Value {
        Value::Object(self.0)
    }

    /// The user as a JSON object.
    pub fn as_object(&self) -> &Object {
        &self.0
    }

    /// The user as a JSON object to change.
    pub fn as_object_mut(&mut self) -> &mut Object {
        &mut self.0
    }

    /// The server's id, which servers also write as a number.
    pub fn id(&self) -> Option<String> {
        match field(&self.0, "id")? {
            Value::String(id) if !id.is_empty() => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }

    /// The client's reference.
    pub fn external_id(&self) -> Option<&str> {
        field(&self.0, "externalId")?.as_str().filter(|id| !id.is_empty())
    }

    /// The unique name.
    pub fn user_name(&self) -> Option<&str> {
        field(&self.0, "userName")?.as_str().filter(|name| !name.is_empty())
    }

    /// Whether the user may use the service; `None` if the server doesn't say.
    pub fn active(&self) -> Option<bool> {
        boolean(field(&self.0, "active")?)
    }

    /// Sets the client's reference.
    pub fn set_external_id(&mut self, id: &str) {
        *entry(&mut self.0, "externalId") = id.into();
    }

    /// Sets the unique name.
    pub fn set_user_name(&mut self, name: &str) {
        *entry(&mut self.0, "userName") = name.into();
    }

    /// Sets whether the user may use the service.
    pub fn set_active(&mut self, active: bool) {
        *entry(&mut self.0, "active") = active.into();
    }

    /// Takes out what only the server sets (RFC 7643, section 3.1, and `groups`): a client need not send it back, and
    /// some servers refuse it.
    pub fn remove_read_only(&mut self) {
        for name in ["meta", "groups"] {
            remove(&mut self.0, name);
        }
    }
}
