//! `muster user`: people, by hand.

use anyhow::Result;
use clap::{Args, Subcommand};
use muster_engine::Value;
use muster_engine::config::Config;
use muster_engine::model::{AttributeType, Transition};
use muster_service::edit::Attributes;

use super::finish;
use crate::cli::{Change, Preview};
use crate::context::{Context, Exit, Usage};

/// People, by hand.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Create a person
    Create(Create),
    /// Change a person's attributes
    Update(Update),
    /// Make a STAGED or DEPROVISIONED person ACTIVE
    Activate(Move),
    /// Suspend an ACTIVE person: nothing is lost
    Suspend(Move),
    /// Make a SUSPENDED person ACTIVE again
    Unsuspend(Move),
    /// Deactivate a person: she loses her apps
    Deactivate(Move),
    /// Make one person of two who are the same
    Merge(Merge),
    /// Make two people of one: some of her records are somebody else's
    Split(Split),
    /// Link a person to another, such as to her mentor
    Link(Link),
    /// Take a person's link away
    Unlink(Unlink),
}

/// Makes one person of two.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster user merge jo.smith@example.org --into jsmith@example.org --preview

The first is deleted; her records, unique values, memberships and assignments go over, and the accounts that the second
hasn't got. Like every plan it can be taken back as a whole.")]
pub(crate) struct Merge {
    /// Who goes up in the other: her login or id
    login: String,
    /// Who stays: her login or id
    #[arg(long, value_name = "LOGIN")]
    into: String,
    #[command(flatten)]
    change: Change,
}

/// Makes two people of one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster user split jsmith@example.org --record agency:b7 --preview
  muster user split jsmith@example.org --record agency:b7 --account crm     her account there is the other one's

`muster why LOGIN` names her records.")]
pub(crate) struct Split {
    /// Her login or id
    login: String,
    /// A record that is somebody else's, as source:key; may be given several times
    #[arg(long = "record", value_name = "SOURCE:KEY", required = true, value_parser = record)]
    records: Vec<(String, String)>,
    /// An app whose account is somebody else's; may be given several times
    #[arg(long = "account", value_name = "APP")]
    accounts: Vec<String>,
    #[command(flatten)]
    change: Change,
}

fn record(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((source, key)) if !source.is_empty() && !key.is_empty() => {
            Ok((source.to_owned(), key.to_owned()))
        }
        _ => Err("write SOURCE:KEY, such as hr:4711".to_owned()),
    }
}

/// Creates a person.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster user create jsmith@example.org --attr firstName=Jo --attr lastName=Smith --attr email=jsmith@example.org
  muster user create jsmith@example.org --attr firstName=Jo --attr lastName=Smith --attr email=js@example.org --staged
  muster user create … --attr 'languages=[\"en\",\"de\"]'         a list, as JSON")]
pub(crate) struct Create {
    /// Her login, unique
    login: String,
    /// A value of an attribute; may be given several times
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = pair)]
    attributes: Vec<(String, String)>,
    /// STAGED: she has no accounts until she is activated
    #[arg(long)]
    staged: bool,
    #[command(flatten)]
    change: Change,
}

/// Changes a person's attributes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster user update jsmith@example.org --attr title=Engineer
  muster user update jsmith@example.org --attr title=             the attribute is emptied")]
pub(crate) struct Update {
    /// Her login or id
    login: String,
    /// A value of an attribute; nothing behind the = empties it; may be given several times
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = pair, required = true)]
    attributes: Vec<(String, String)>,
    #[command(flatten)]
    change: Change,
}

/// Moves a person through her lifecycle.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster user suspend jsmith@example.org
  muster user deactivate jsmith@example.org --preview")]
pub(crate) struct Move {
    /// Her login or id
    login: String,
    #[command(flatten)]
    change: Preview,
}

/// Links a person to another.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster user link jsmith@example.org eva@example.org --as mentor
  muster user link jsmith@example.org eva@example.org --as mentor --preview

Links are defined in the org file, under [links]. One that takes its values from an attribute is changed there.")]
pub(crate) struct Link {
    /// Her login or id
    login: String,
    /// The other's login or id
    other: String,
    /// What the other is to her: the link's name
    #[arg(long = "as", value_name = "LINK")]
    relation: String,
    #[command(flatten)]
    change: Change,
}

/// Takes a person's link away.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster user unlink jsmith@example.org --as mentor")]
pub(crate) struct Unlink {
    /// Her login or id
    login: String,
    /// What the other is to her: the link's name
    #[arg(long = "as", value_name = "LINK")]
    relation: String,
    #[command(flatten)]
    change: Change,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, such as title=Engineer".to_owned()),
    }
}

impl User {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        match self {
            Self::Create(c) => c.run(context),
            Self::Update(c) => c.run(context),
            Self::Activate(c) => c.run(context, Transition::Activate),
            Self::Suspend(c) => c.run(context, Transition::Suspend),
            Self::Unsuspend(c) => c.run(context, Transition::Unsuspend),
            Self::Deactivate(c) => c.run(context, Transition::Deactivate),
            Self::Merge(c) => c.run(context),
            Self::Split(c) => c.run(context),
            Self::Link(c) => c.run(context),
            Self::Unlink(c) => c.run(context),
        }
    }
}

/// Values as their attributes' types want them. What doesn't read stays text, which the schema then refuses by name.
fn attributes(config: &Config, pairs: &[(String, String)]) -> Result<Attributes> {
    let mut all = Attributes::new();
    for (name, text) in pairs {
        let kind = config.slot(name).and_then(|s| config.attribute(s)).map(|a| a.def.kind);
        let value = match kind {
            _ if text.is_empty() => Value::Null,
            Some(AttributeType::Boolean | AttributeType::Number | AttributeType::Integer) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))
            }
            Some(AttributeType::StringArray | AttributeType::NumberArray | AttributeType::IntegerArray) => {
                serde_json::from_str(text).map_err(|_| {
                    Usage(format!(
                        "--attr {name}: it is a list; write it as JSON, such as {name}=[\"a\",\"b\"]"
                    ))
                })?
            }
            _ => Value::from(text.as_str()),
        };
        if all.insert(name.clone(), value).is_some() {
            return Err(Usage(format!("--attr {name} is given twice")).into());
        }
    }
    Ok(all)
}

impl Create {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let attributes = attributes(&*muster.config()?, &self.attributes)?;
        let report =
            muster.user_create(&context.actor, &self.login, &attributes, !self.staged, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}

impl Update {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let attributes = attributes(&*muster.config()?, &self.attributes)?;
        let report = muster.user_update(&context.actor, &self.login, &attributes, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}

impl Merge {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let report = muster.user_merge(&context.actor, &self.into, &self.login, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}

impl Split {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let config = muster.config()?;
        let find = |(source, key): &(String, String)| Ok((muster.find_app(&config, source)?, key.clone()));
        let records = self.records.iter().map(find).collect::<Result<Vec<_>>>()?;
        let accounts =
            self.accounts.iter().map(|app| Ok(muster.find_app(&config, app)?)).collect::<Result<Vec<_>>>()?;
        let report =
            muster.user_split(&context.actor, &self.login, &records, &accounts, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}

impl Move {
    fn run(self, context: &mut Context, transition: Transition) -> Result<Exit> {
        let muster = context.open()?;
        let report = muster.user_transition(&context.actor, &self.login, transition, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}

impl Link {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let (actor, change) = (&context.actor, self.change.into());
        let report = muster.user_link(actor, &self.login, &self.relation, &self.other, change)?;
        finish(context, &muster, &report, &[])
    }
}

impl Unlink {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let report = muster.user_unlink(&context.actor, &self.login, &self.relation, self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}
