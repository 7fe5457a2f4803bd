//! `muster token`: API tokens for programs that talk to the server.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use muster_service::{NewToken, Right};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::commands::assign::Until;
use crate::context::{Context, Exit};
use crate::output::{self, instant};

/// API tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it, this once
    Create(Create),
    /// List tokens: names and rights, never the tokens themselves
    List(List),
    /// Take a token away: whoever has it is refused from now on
    Revoke(Revoke),
}

/// Makes a token and prints it, this once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster token create --name terraform
  muster token create --name reports --rights read --expires 2027-12-31
  TOKEN=$(muster token create --name ci --rights write)
  curl -H \"Authorization: SSWS $TOKEN\" http://127.0.0.1:8080/api/v1/users/me

The token alone is printed on standard output. Only its hash is kept: a token that is lost is revoked and made anew.")]
pub(crate) struct Create {
    /// Its unique name, by which it is listed and revoked
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do; each includes those before it
    #[arg(long, value_enum, default_value_t = Rights::Admin)]
    rights: Rights,
    /// The last day it is good, or an instant (2027-05-31T12:00:00Z); for ever if not given
    #[arg(long, value_name = "DATE")]
    expires: Option<Until>,
    /// The person it stands for, by login or id: the API's `me`
    #[arg(long, value_name = "LOGIN")]
    user: Option<String>,
}

/// Lists tokens.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster token list\n  muster token list --json")]
pub(crate) struct List {}

/// Takes a token away.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster token revoke terraform\n  muster token revoke 00T0a1B2c3D4e5F6g7H8"
)]
pub(crate) struct Revoke {
    /// The token's name or id, as `muster token list` shows them
    #[arg(value_name = "NAME_OR_ID")]
    token: String,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Rights {
    /// See everything but secrets
    Read,
    /// Change people, groups, assignments; import; do tasks
    Write,
    /// Change the configuration, waive guards, manage tokens
    Admin,
}

impl From<Rights> for Right {
    fn from(rights: Rights) -> Self {
        match rights {
            Rights::Read => Self::Read,
            Rights::Write => Self::Write,
            Rights::Admin => Self::Admin,
        }
    }
}

impl Token {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        match self {
            Self::Create(create) => create.run(context),
            Self::List(list) => list.run(context),
            Self::Revoke(revoke) => revoke.run(context),
        }
    }
}

impl Create {
    fn run(self, context: &mut Context) -> Result<Exit> {
        // The first token may be made before anything else.
        let muster = context.open_or_create()?;
        let zone = muster.config()?.org.settings.timezone.clone();
        let expires = self.expires.map(|until| until.millis(&zone)).transpose()?;
        let new = NewToken { name: self.name, right: self.rights.into(), expires, user: self.user };
        let (view, token) = muster.token_create(&context.actor, &new)?;
        if context.json {
            let mut document = serde_json::to_value(&view)?;
            if let Some(fields) = document.as_object_mut() {
                fields.insert("token".to_owned(), json!(token.expose_secret()));
            }
            context.print_json(&document)?;
        } else {
            context.out.line(token.expose_secret())?;
        }
        Ok(Exit::Done)
    }
}

impl List {
    #[expect(clippy::unused_self, reason = "commands are alike")]
    fn run(self, context: &mut Context) -> Result<Exit> {
        let tokens = context.open()?.tokens()?;
        if context.json {
            context.print_json(&tokens)?;
            return Ok(Exit::Done);
        }
        let mut table =
            output::table(&["Token", "Name", "Rights", "Person", "Made by", "Made", "Until", "Last used"]);
        for token in &tokens {
            let time = |at: Option<&String>| at.map(|at| instant(at)).unwrap_or_default();
            table.add_row([
                token.id.clone(),
                token.name.clone(),
                token.rights.as_str().to_lowercase(),
                token.user_id.clone().unwrap_or_default(),
                token.creator.clone(),
                instant(&token.created),
                time(token.expires_at.as_ref()),
                time(token.last_used.as_ref()),
            ]);
        }
        context.out.table(&table)?;
        context.out.line(output::count(tokens.len() as u64, "token", "tokens"))?;
        Ok(Exit::Done)
    }
}

impl Revoke {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let revoked = muster.token_revoke(&context.actor, &self.token)?;
        if context.json {
            context.print_json(&revoked)?;
        } else {
            context.out.line(format!("{} ({}) is revoked", revoked.name, revoked.id))?;
        }
        Ok(Exit::Done)
    }
}
