//! `GET /api/v1/apps` (Okta: listApplications).

use std::collections::{BTreeSet, HashMap};

use muster_engine::model::{App, IdKind, key_of};
use muster_query::{Compare, Filter};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use utoipa::IntoParams;

use super::wire::{Application, catalogue_name, label, missing, status};
use crate::app_users::wire::AppUser;
use crate::base::call::Cx;
use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Query, ReadErrors, Result};

/// The most applications a page has, and how many it has unless said otherwise.
const LIMITS: (usize, usize) = (20, 200);

/// Which applications.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListApplicationsParams {
    /// Only those whose name or label begins so.
    q: Option<String>,
    /// Only those that it is true of: `id`, `name`, `status`, `user.id`, `group.id`, with `eq`, `and`, `or`.
    filter: Option<String>,
    /// `user/{userId}`: that person's place in each comes along.
    expand: Option<String>,
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200; -1: as many as usual.
    #[param(default = 20, minimum = -1, maximum = 200)]
    limit: Option<i64>,
}

/// Lists applications.
#[utoipa::path(
    get,
    path = "/api/v1/apps",
    operation_id = "listApplications",
    tag = "Application",
    params(ListApplicationsParams),
    responses((status = 200, body = Vec<Application>), ReadErrors)
)]
pub(crate) async fn list_applications(
    call: Call,
    Query(params): Query<ListApplicationsParams>,
) -> Result<Paged<Application>> {
    let limit = limit_of(params.limit.filter(|n| *n != -1), LIMITS)?;
    if params.after.as_deref().is_some_and(|a| key_of(IdKind::App, a).is_none()) {
        return Err(ApiError::cursor());
    }
    let filter = params.filter.as_deref().filter(|f| !f.trim().is_empty());
    let filter = filter.map(Filter::parse).transpose().map_err(|e| ApiError::search(e.to_string()))?;
    call.read(move |cx| {
        let others = filter.as_ref().map(|f| Others::of(cx, f)).transpose()?.unwrap_or_default();
        let begins = params.q.as_deref().unwrap_or_default().to_lowercase();
        let fits = |id: &str, app: &App| {
            let named =
                [catalogue_name(app), label(app)].iter().any(|n| n.to_lowercase().starts_with(&begins));
            named && filter.as_ref().is_none_or(|f| f.matches(&others.resource(id, app), &|_| true))
        };
        let page = cx.session.apps_page(&fits, params.after.as_deref(), limit)?;
        let mut found: Vec<Application> = page.items.into_iter().map(|e| Application::of(cx, e)).collect();
        embed_user(cx, params.expand.as_deref(), &mut found)?;
        let mut query = vec![("limit", limit.to_string())];
        let given =
            [("q", params.q), ("filter", params.filter), ("expand", params.expand), ("after", params.after)];
        query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Ok(Paged::new(found, &cx.url("/apps"), &query, page.next.as_deref()))
    })
    .await
}

/// Puts a person's place in each application into it, where `expand` asks for it.
pub(super) fn embed_user(cx: &Cx<'_>, expand: Option<&str>, apps: &mut [Application]) -> Result<()> {
    let Some(user) = expand.and_then(|e| e.strip_prefix("user/")) else { return Ok(()) };
    let accounts = cx.session.apps_of_user(user).map_err(missing(user, "User"))?;
    let mut by_app: HashMap<String, Json> = accounts
        .into_iter()
        .map(|a| (a.app.id.clone(), serde_json::to_value(AppUser::of(cx, a)).unwrap_or_default()))
        .collect();
    for app in apps {
        app.embedded = by_app.remove(&app.id).map(|user| json!({ "user": user }));
    }
    Ok(())
}

/// People and groups that a filter names, with the apps they have.
#[derive(Debug, Default)]
struct Others {
    users: Vec<(String, BTreeSet<String>)>,
    groups: Vec<(String, BTreeSet<String>)>,
}

impl Others {
    fn of(cx: &Cx<'_>, filter: &Filter) -> Result<Self> {
        let mut others = Self::default();
        others.look(cx, filter)?;
        Ok(others)
    }

    fn look(&mut self, cx: &Cx<'_>, filter: &Filter) -> Result<()> {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().try_for_each(|p| self.look(cx, p)),
            Filter::Compare(name, Compare::Equal, Json::String(value)) => {
                match name.to_string().as_str() {
                    "id" | "name" | "status" => {}
                    "user.id" => {
                        let apps = match cx.session.apps_of_user(value) {
                            Ok(accounts) => accounts.into_iter().map(|a| a.app.id).collect(),
                            Err(muster_service::ServiceError::NotFound(_)) => BTreeSet::new(),
                            Err(e) => return Err(e.into()),
                        };
                        self.users.push((value.clone(), apps));
                    }
                    "group.id" => {
                        let apps = match cx.session.apps_of_group(value) {
                            Ok(apps) => apps,
                            Err(muster_service::ServiceError::NotFound(_)) => BTreeSet::new(),
                            Err(e) => return Err(e.into()),
                        };
                        self.groups.push((value.clone(), apps));
                    }
                    other => {
                        return Err(ApiError::search(format!(
                            "{other}: applications are filtered by id, name, status, user.id and group.id"
                        )));
                    }
                }
                Ok(())
            }
            other => Err(ApiError::search(format!(
                "{other}: only `eq` with a text, `and` and `or` are known here"
            ))),
        }
    }

    /// What a filter looks at.
    fn resource(&self, id: &str, app: &App) -> Map<String, Json> {
        let who = |all: &[(String, BTreeSet<String>)]| -> Vec<Json> {
            let having = all.iter().filter(|(_, apps)| apps.contains(id));
            having.map(|(name, _)| json!({ "id": name })).collect()
        };
        let mut resource = Map::new();
        resource.insert("id".to_owned(), id.into());
        resource.insert("name".to_owned(), catalogue_name(app).into());
        resource.insert("status".to_owned(), status(app).into());
        resource.insert("user".to_owned(), who(&self.users).into());
        resource.insert("group".to_owned(), who(&self.groups).into());
        resource
    }
}
