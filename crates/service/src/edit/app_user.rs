//! App users: a person's own assignment to an app.

use muster_engine::Value;
use muster_engine::derive::USER_NAME;
use muster_engine::model::AppKey;

use super::{Assignee, AssignmentTerms, Attributes};
use crate::access::Actor;
use crate::error::Result;
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::PlanReport;

impl Muster {
    /// Assigns an app to a person herself, or changes what her own assignment says (Okta: assignUserToApplication,
    /// updateApplicationUser): values named are set for her account, [`Value::Null`] leaves one to groups and mappings
    /// again. The name `userName` is the account's user name.
    ///
    /// # Errors
    /// If there is no such app or person, the app takes no assignments, or the person is DEPROVISIONED.
    pub fn app_user_set(
        &self,
        actor: &Actor,
        app: &str,
        user: &str,
        values: &Attributes,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let app = self.find_app(&config, app)?;
        let user = self.locate(user)?;
        let person = self.person(&config, user)?;
        let now = self.now();
        let known = person.facts.assignments().find(|(a, ..)| *a == app);
        let known = known.filter(|(.., until)| until.is_none_or(|u| u > now));
        let mut terms = AssignmentTerms::default();
        if let Some((_, profile, until)) = known {
            terms.profile.clone_from(profile);
            terms.until = until;
        }
        for (name, value) in values {
            if value.is_null() || (name == USER_NAME && value.as_str() == Some("")) {
                terms.profile.remove(name);
            } else {
                terms.profile.insert(name.clone(), value.clone());
            }
        }
        if known.is_some_and(|(_, profile, _)| *profile == terms.profile) {
            return Ok(PlanReport::nothing());
        }
        self.assign(actor, &Assignee::User(user), app, terms, options)
    }

    /// Takes a person's own assignment to an app back.
    ///
    /// # Errors
    /// If she has none; what a group gives can only be taken from the group.
    pub fn app_user_remove(
        &self,
        actor: &Actor,
        app: &str,
        user: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let app: AppKey = self.find_app(&config, app)?;
        let user = self.locate(user)?;
        self.unassign(actor, &Assignee::User(user), app, options)
    }
}

/// The values as a person's assignment has them, with the user name among them.
pub fn with_user_name(mut values: Attributes, user_name: Option<String>) -> Attributes {
    if let Some(name) = user_name {
        values.insert(USER_NAME.to_owned(), Value::from(name));
    }
    values
}
