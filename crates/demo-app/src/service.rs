//! What the application does with a request, without HTTP.

use jiff::Timestamp;
use muster_query::{Filter, field};
use muster_scim::{ListResponse, PatchOp, ScimError, ScimType, User, discovery, urn};
use serde_json::{Value, json};

use crate::{Config, users::Users};

/// The kinds of requests, as they are counted and as faults name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `GET /Users` without filter.
    List,
    /// `GET /Users` with a filter.
    Find,
    /// `GET /Users/{id}`.
    Get,
    /// `POST /Users`.
    Create,
    /// `PUT /Users/{id}`.
    Replace,
    /// `PATCH /Users/{id}`.
    Patch,
    /// `DELETE /Users/{id}`.
    Delete,
    /// `GET` of `/ServiceProviderConfig`, `/ResourceTypes` or `/Schemas`.
    Discovery,
    /// Any request without the right token.
    Unauthorized,
    /// Anything else.
    Other,
}

impl Kind {
    /// Whether requests of this kind change users.
    pub fn is_write(self) -> bool {
        matches!(self, Self::Create | Self::Replace | Self::Patch | Self::Delete)
    }
}

/// A request, read.
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// The parts of the path behind `/scim/v2/`.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Value,
    /// Faults: answer the first page, or everybody, whatever was asked for.
    pub(crate) ignore_paging: bool,
    pub(crate) ignore_filter: bool,
}

/// An answer, and what it changed.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// The user that was changed, and how it was before.
    pub(crate) changed: Option<(String, Option<User>)>,
}

impl Answer {
    pub(crate) fn read(body: Value) -> Self {
        Self { status: 200, body: Some(body), changed: None }
    }

    pub(crate) fn error(error: &ScimError) -> Self {
        Self { status: error.status, body: Some(error.to_json()), changed: None }
    }
}

/// Carries a request out.
pub(crate) fn serve(users: &mut Users, config: &Config, base_url: &str, request: &Request) -> Answer {
    let id = request.path.get(1).map(String::as_str).unwrap_or_default();
    let done = match request.kind {
        Kind::List | Kind::Find => list(users, config, request),
        Kind::Get => {
            users.get(id).map(|user| Answer::read(user.clone().into_json())).ok_or_else(|| unknown(id))
        }
        Kind::Create => write(users, config, base_url, None, |_| resource(&request.body)),
        Kind::Replace => write(users, config, base_url, Some(id), |_| resource(&request.body)),
        Kind::Patch => write(users, config, base_url, Some(id), |user| {
            let mut user = user.cloned().unwrap_or_default();
            PatchOp::from_json(&request.body)?.apply(user.as_object_mut())?;
            Ok(user)
        }),
        Kind::Delete => match users.put(id, None) {
            None => Err(unknown(id)),
            before => Ok(Answer { status: 204, body: None, changed: Some((id.to_owned(), before)) }),
        },
        Kind::Discovery => discover(config, base_url, &request.path),
        Kind::Unauthorized => Err(ScimError::new(401, "the bearer token is missing or wrong")),
        Kind::Other => Err(ScimError::new(404, "there is nothing here")),
    };
    done.unwrap_or_else(|error| Answer::error(&error))
}

fn unknown(id: &str) -> ScimError {
    ScimError::new(404, format!("there is no user `{id}`"))
}

/// RFC 7644, section 3.4.2.
fn list(users: &Users, config: &Config, request: &Request) -> Result<Answer, ScimError> {
    let parameter = |name: &str| {
        request.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let number = |name: &str, default: i64| match parameter(name) {
        None => Ok(default),
        Some(text) => text.parse::<i64>().map_err(|_| {
            ScimError::bad_request(ScimType::InvalidValue, format!("`{name}` must be a number, not `{text}`"))
        }),
    };
    let start = if request.ignore_paging { 1 } else { number("startIndex", 1)?.max(1) } as usize;
    let count = (number("count", config.max_page as i64)?.max(0) as usize).min(config.max_page);
    let filter = match parameter("filter").filter(|_| !request.ignore_filter) {
        None => None,
        Some(text) => Some(Filter::parse(text).map_err(|error| {
            ScimError::bad_request(ScimType::InvalidFilter, format!("the filter can't be read: {error}"))
        })?),
    };
    let (resources, total) = users.find(filter.as_ref(), start - 1, count);
    let page = ListResponse { total_results: Some(total as u64), start_index: Some(start as u64), resources };
    Ok(Answer::read(page.into_json()))
}

/// The user in the body of a request.
fn resource(body: &Value) -> Result<User, ScimError> {
    let invalid = |detail: &str| ScimError::bad_request(ScimType::InvalidSyntax, detail);
    let mut user = User::from_json(body.clone()).ok_or_else(|| invalid("the body must be a JSON object"))?;
    let names_schema = field(user.as_object(), "schemas")
        .and_then(Value::as_array)
        .is_some_and(|schemas| schemas.iter().any(|schema| schema == urn::USER));
    if !names_schema {
        return Err(invalid("`schemas` must name the schema of users"));
    }
    // RFC 7643, section 2.5: null and "not there" are the same.
    user.as_object_mut().retain(|_, value| !value.is_null());
    Ok(user)
}

/// Creates a user (`id` is none) or changes one.
fn write(
    users: &mut Users,
    config: &Config,
    base_url: &str,
    id: Option<&str>,
    change: impl FnOnce(Option<&User>) -> Result<User, ScimError>,
) -> Result<Answer, ScimError> {
    let before = match id {
        Some(id) => Some(users.get(id).ok_or_else(|| unknown(id))?),
        None => None,
    };
    let created = before.and_then(|user| user.as_object().get("meta")?.get("created").cloned());
    let mut user = change(before)?;
    check(&mut user)?;
    let user_name = user.user_name().unwrap_or_default();
    if config.enforce_unique_user_names && users.is_taken(user_name, id) {
        let detail = format!("the user name `{user_name}` is taken");
        return Err(ScimError { status: 409, scim_type: Some(ScimType::Uniqueness), detail });
    }
    let is_new = id.is_none();
    let id = id.map_or_else(|| users.new_id(), str::to_owned);
    let now = now();
    let object = user.as_object_mut();
    object.insert("id".to_owned(), id.clone().into());
    let meta = json!({
        "resourceType": "User",
        "created": created.unwrap_or_else(|| now.clone().into()),
        "lastModified": now,
        "location": format!("{base_url}/Users/{id}")
    });
    object.insert("meta".to_owned(), meta);
    let body = Some(user.clone().into_json());
    let before = users.put(&id, Some(user));
    Ok(Answer { status: if is_new { 201 } else { 200 }, body, changed: Some((id, before)) })
}

/// What every user must be.
fn check(user: &mut User) -> Result<(), ScimError> {
    let invalid = |detail: &str| ScimError::bad_request(ScimType::InvalidValue, detail);
    if user.user_name().is_none() {
        return Err(invalid("`userName` is required"));
    }
    let object = user.as_object_mut();
    // Never shown (RFC 7643, section 4.1.1), and of no use here.
    object.remove("password");
    if !object.entry("active").or_insert(true.into()).is_boolean() {
        return Err(invalid("`active` must be true or false"));
    }
    for name in ["emails", "phoneNumbers", "addresses"] {
        let is_right = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_object));
        if field(object, name).is_some_and(|value| !is_right(value)) {
            return Err(invalid(&format!("`{name}` must be an array of objects")));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an application of its own, with its own clock")]
fn now() -> String {
    Timestamp::now().to_string()
}

/// RFC 7644, section 4.
fn discover(config: &Config, base_url: &str, path: &[String]) -> Result<Answer, ScimError> {
    let part = |index: usize| path.get(index).map(String::as_str);
    let resources = match part(0) {
        Some("ServiceProviderConfig") => {
            return Ok(Answer::read(discovery::service_provider_config(base_url, config.max_page)));
        }
        Some("ResourceTypes") => discovery::resource_types(base_url),
        _ => discovery::schemas(base_url),
    };
    match part(1) {
        None => Ok(Answer::read(ListResponse { resources, ..ListResponse::default() }.into_json())),
        Some(id) => resources
            .into_iter()
            .find(|document| document.get("id").and_then(Value::as_str) == Some(id))
            .map(Answer::read)
            .ok_or_else(|| ScimError::new(404, format!("there is no `{id}`"))),
    }
}
