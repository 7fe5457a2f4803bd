//! A task on the wire.

use muster_engine::Config;
use muster_engine::model::{IdKind, public_id};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Task {
    /// The public id.
    id: String,
    /// What is to be done, in one word.
    kind: String,
    /// What is to be done.
    title: String,
    /// How, in words.
    what: String,
    /// The app it is about.
    app_id: Option<String>,
    /// The app's name.
    app_name: Option<String>,
    /// The user it is about.
    user_id: Option<String>,
    /// The plan it is about.
    plan_id: Option<String>,
    /// Whose it is; the org's admins' if nobody is named.
    owner: Option<String>,
    created: String,
    due: Option<String>,
    done: Option<String>,
    done_by: Option<String>,
}

impl Task {
    /// A task as the caller sees it.
    pub(crate) fn of(config: &Config, task: &muster_service::tasks::Task) -> Self {
        Self {
            id: task.id(),
            kind: task.kind.clone(),
            title: task.title.clone(),
            what: task.what().to_owned(),
            app_id: task.app.map(|a| public_id(IdKind::App, a.0)),
            app_name: task.app.map(|a| config.app_name(a)),
            user_id: task.user.map(|u| public_id(IdKind::User, u.0)),
            plan_id: task.plan.map(|p| public_id(IdKind::Plan, p.0)),
            owner: task.owner.clone(),
            created: task.created.to_string(),
            due: task.due.map(|at| at.to_string()),
            done: task.done.map(|at| at.to_string()),
            done_by: task.done_by.clone(),
        }
    }
}
