//! Why a person has what she has, and why she hasn't what she hasn't. Causes aren't stored: she is derived once more,
//! with the instant she was last derived with, and what comes out is told with where it comes from.

mod answer;
mod apps;
mod attributes;
mod groups;
mod links;
mod reads;
mod status;
mod steps;
mod subject;
#[cfg(test)]
mod tests;
mod text;

pub use answer::{
    AccountReason, At, LinkReason, Loser, Mapped, MemberReason, PlanRef, Read, RuleAnswer, Since,
    StatusReason, ValueReason, Why, WhyAccount, WhyAccountValue, WhyApp, WhyAttribute, WhyGroup, WhyLink,
    WhyStatus, WhyStep,
};

use muster_engine::Config;
use muster_engine::suggest::did_you_mean;

use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use subject::Subject;

/// What to explain; everything, if nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhyAbout {
    /// This group, by name or id: why she is in it, or why not.
    pub group: Option<String>,
    /// This app, by name or id: why she has it, or why not.
    pub app: Option<String>,
    /// This attribute: why it has its value, or none.
    pub attribute: Option<String>,
    /// The lifecycle status.
    pub status: bool,
}

impl WhyAbout {
    fn everything(&self) -> bool {
        self.group.is_none() && self.app.is_none() && self.attribute.is_none() && !self.status
    }
}

impl Muster {
    /// Explains a person.
    ///
    /// # Errors
    /// If the person, the group, the app or the attribute isn't there: the message names what comes nearest.
    pub fn why(&self, login_or_id: &str, about: &WhyAbout) -> Result<Why> {
        let user = self.locate(login_or_id)?;
        let subject = Subject::load(self, user)?;
        let config = &subject.config;
        let mut why = subject.head();
        if let Some(name) = &about.attribute {
            why.attributes.push(attributes::explain(&subject, slot(config, name)?));
        }
        if let Some(name) = &about.group {
            why.groups.push(groups::explain(&subject, self.find_group(config, name)?));
        }
        if let Some(name) = &about.app {
            why.apps.push(apps::explain(&subject, self.find_app(config, name)?));
        }
        if about.status || about.everything() {
            why.status = Some(status::explain(&subject));
        }
        if about.everything() {
            let valued = (0..config.attributes.len()).filter(|&s| !subject.value(s).is_null());
            why.attributes = valued.map(|s| attributes::explain(&subject, s)).collect();
            why.links.clone_from(&subject.links);
            why.groups = subject.groups().into_iter().map(|g| groups::explain(&subject, g)).collect();
            why.apps = subject.apps().into_iter().map(|a| apps::explain(&subject, a)).collect();
        }
        Ok(why)
    }
}

fn slot(config: &Config, name: &str) -> Result<usize> {
    let name = name.strip_prefix("user.").unwrap_or(name);
    config.slot(name).ok_or_else(|| {
        let hint = did_you_mean(name, config.attributes.iter().map(|a| a.def.name.as_str()));
        ServiceError::NotFound(format!("there is no attribute {name:?}{hint}"))
    })
}
