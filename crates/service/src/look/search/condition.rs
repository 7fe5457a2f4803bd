//! What people must fulfil, and the comparison with what is stored of them.

use std::collections::HashSet;

use muster_engine::facts::fold;
use muster_engine::model::{IdKind, public_id};
use muster_query::{AttributeName, Compare, Filter};
use muster_store::search::FoundRow;
use serde_json::{Map, Value as Json, json};

use super::USER_TYPE;
use crate::edit::DELETED;
use crate::error::Result;
use crate::look::people::{UserView, found_view};

/// What people must fulfil, all of it.
#[derive(Debug, Default)]
pub(in crate::look) struct Condition {
    /// Filters, and whether their values are compared with their case.
    filters: Vec<(Filter, bool)>,
    /// Some value of the profile begins so, whatever its case.
    begins: Option<String>,
    /// The status that nobody has.
    but: Option<&'static str>,
    /// The attributes beside the profile that filters ask for.
    asked: HashSet<String>,
}

/// Attributes whose values have their case.
fn has_case(name: &AttributeName) -> bool {
    matches!(name.names.last().map(String::as_str), Some("id"))
}

impl Condition {
    /// Adds a filter.
    pub(in crate::look) fn and(mut self, filter: Filter, exact: bool) -> Self {
        note(&filter, &mut self.asked);
        self.filters.push((filter, exact));
        self
    }

    /// Adds that some value of the profile begins with a text.
    pub(in crate::look) fn and_begins(mut self, text: &str) -> Self {
        self.begins = Some(fold(text));
        self
    }

    /// Adds that one of the values that name a person begins with a text.
    pub(super) fn and_named(self, text: &str) -> Self {
        let begins = |name| {
            let name = AttributeName::new(["profile", name]);
            Filter::Compare(name, Compare::StartsWith, Json::from(text))
        };
        self.and(Filter::Or(["firstName", "lastName", "email"].map(begins).into()), false)
    }

    /// Adds that the status is another one.
    pub(super) fn but(mut self, status: &'static str) -> Self {
        self.but = Some(status);
        self
    }

    pub(super) fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.iter().map(|(filter, _)| filter)
    }

    /// The status that nobody has, for the store; none is the empty text.
    pub(super) fn status_left_out(&self) -> &'static str {
        self.but.unwrap_or_default()
    }

    /// Whether everybody fulfils it.
    pub(super) fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.begins.is_none()
    }

    /// The person as shown, if she fulfils it.
    pub(super) fn view(&self, found: &FoundRow) -> Result<Option<UserView>> {
        // Nobody sees who is deleted.
        if found.status == DELETED || self.but == Some(found.status.as_str()) {
            return Ok(None);
        }
        let mut view = found_view(found)?;
        if let Some(text) = &self.begins
            && !view.profile.values().any(|value| begins(value, text))
        {
            return Ok(None);
        }
        if self.filters.is_empty() {
            return Ok(Some(view));
        }
        let mut resource = self.resource(&mut view);
        let fits = self.filters.iter().all(|(filter, exact)| {
            filter.matches(&resource, &|name| *exact || (name.schema.is_none() && is_id(name)))
        });
        if let Some(Json::Object(profile)) = resource.remove("profile") {
            view.profile = profile;
        }
        Ok(fits.then_some(view))
    }

    /// What filters compare: the profile, which is lent, and whatever else they ask for.
    fn resource(&self, view: &mut UserView) -> Map<String, Json> {
        let mut resource = Map::new();
        let mut add = |name: &str, value: &dyn Fn() -> Json| {
            if self.asked.contains(name) {
                resource.insert(name.to_owned(), value());
            }
        };
        let text = |value: &Option<String>| value.as_deref().map_or(Json::Null, Json::from);
        add("id", &|| Json::from(view.id.as_str()));
        add("status", &|| Json::from(view.status.as_str()));
        add("created", &|| Json::from(view.created.as_str()));
        add("activated", &|| text(&view.activated));
        add("statusChanged", &|| text(&view.status_changed));
        add("lastUpdated", &|| Json::from(view.last_updated.as_str()));
        add("type", &|| json!({ "id": public_id(IdKind::UserType, USER_TYPE) }));
        resource.insert("profile".to_owned(), Json::Object(std::mem::take(&mut view.profile)));
        resource
    }
}

/// Whether it is an id, whose letters differ by their case; an attribute of a profile may bear the name too.
pub(super) fn is_id(name: &AttributeName) -> bool {
    has_case(name) && name.names.first().is_none_or(|first| first != "profile")
}

fn note(filter: &Filter, asked: &mut HashSet<String>) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| note(part, asked)),
        Filter::Not(inner) => note(inner, asked),
        Filter::Compare(name, ..) | Filter::Present(name) | Filter::Element(name, _) => {
            asked.extend(name.names.first().cloned());
        }
    }
}

fn begins(value: &Json, text: &str) -> bool {
    match value {
        Json::String(value) => fold(value).starts_with(text),
        Json::Array(values) => values.iter().any(|value| begins(value, text)),
        Json::Number(number) => number.to_string().starts_with(text),
        Json::Bool(_) | Json::Null | Json::Object(_) => false,
    }
}
