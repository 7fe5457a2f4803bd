//! API tokens.

use aws_lc_rs::{digest, rand};
use muster_engine::Millis;
use muster_engine::model::{IdKind, UserKey, UserStatus, key_of, public_id};
use muster_store::lookups;
use muster_store::tokens::{self as stored, TokenRow};
use secrecy::SecretString;
use serde::Serialize;

use super::{Actor, Right};
use crate::error::{Result, ServiceError};
use crate::look::iso;
use crate::muster::Muster;

/// What every token begins with, as Okta's do: scanners for secrets look for it.
const PREFIX: &str = "00";
/// The letters of a token after its prefix: 6 bits each, 240 bits in all.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LENGTH: usize = 40;
/// A use is noted if the last one noted is so old.
const USE_NOTED_MS: i64 = 60_000;
/// The longest name of a token.
const NAME_LENGTH: usize = 100;

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its unique name.
    pub name: String,
    /// What it may do.
    pub right: Right,
    /// Until when it is good.
    pub expires: Option<Millis>,
    /// Whose it is, by login or id; a program's own if nobody's.
    pub user: Option<String>,
}

/// A token in a list (Okta: `ApiToken`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    /// The public id.
    pub id: String,
    /// The unique name.
    pub name: String,
    /// What it may do.
    pub rights: Right,
    /// Whose it is.
    pub user_id: Option<String>,
    /// Who made it.
    pub creator: String,
    /// When.
    pub created: String,
    /// Until when it is good.
    pub expires_at: Option<String>,
    /// When it was used last, to the minute.
    pub last_used: Option<String>,
}

fn view(row: &TokenRow) -> Result<TokenView> {
    Ok(TokenView {
        id: public_id(IdKind::Token, row.token_key),
        name: row.name.clone(),
        rights: right(row)?,
        user_id: row.user_key.map(|u| public_id(IdKind::User, u)),
        creator: row.creator.clone(),
        created: iso(row.created),
        expires_at: row.expires.map(iso),
        last_used: row.last_used.map(iso),
    })
}

fn right(row: &TokenRow) -> Result<Right> {
    Right::parse(&row.rights)
        .ok_or_else(|| ServiceError::corrupt(format!("token {}", row.token_key), &row.rights))
}

fn hash(token: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, token.as_bytes())
}

fn fresh() -> Result<String> {
    let mut bytes = [0u8; LENGTH];
    rand::fill(&mut bytes).map_err(|_| {
        ServiceError::io("making a token", std::io::Error::other("the system has no randomness"))
    })?;
    let letters = bytes.iter().filter_map(|b| LETTERS.get(usize::from(b & 63)).copied().map(char::from));
    Ok(PREFIX.chars().chain(letters).collect())
}

impl Muster {
    /// Makes a token. The text returned is the only copy there ever is: the store has its hash.
    ///
    /// # Errors
    /// If the actor may not, the name is taken or unusable, the end is past, or there is no such person.
    pub fn token_create(&self, actor: &Actor, new: &NewToken) -> Result<(TokenView, SecretString)> {
        actor.require(Right::Admin, "make tokens")?;
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > NAME_LENGTH {
            return Err(ServiceError::Invalid(format!(
                "name: a token needs a name of 1 to {NAME_LENGTH} characters, by which it can be listed and revoked"
            )));
        }
        if new.expires.is_some_and(|e| e <= self.now()) {
            return Err(ServiceError::Invalid("expires: that is in the past already".to_owned()));
        }
        let user = new.user.as_deref().map(|u| self.locate(u)).transpose()?;
        let token = fresh()?;
        let row = TokenRow {
            name: name.to_owned(),
            rights: new.right.as_str().to_owned(),
            user_key: user.map(|u| u.0),
            creator: actor.name.clone(),
            created: self.now().0,
            expires: new.expires.map(|e| e.0),
            ..TokenRow::default()
        };
        let row = self.store.try_write(|tx| {
            if stored::token_by_name(tx, name)?.is_some() {
                return Err(ServiceError::Conflict(format!(
                    "name: there is a token {name:?} already; revoke it first, or choose another name"
                )));
            }
            let token_key = stored::insert_token(tx, &row, hash(&token).as_ref())?;
            Ok(TokenRow { token_key, ..row.clone() })
        })?;
        Ok((view(&row)?, SecretString::from(token)))
    }

    /// All tokens, oldest first.
    ///
    /// # Errors
    /// If the store fails.
    pub fn tokens(&self) -> Result<Vec<TokenView>> {
        self.store.read(stored::tokens)?.iter().map(view).collect()
    }

    /// A token by name or id.
    ///
    /// # Errors
    /// If there is none.
    pub fn token(&self, name_or_id: &str) -> Result<TokenView> {
        view(&self.token_row(name_or_id)?)
    }

    /// Revokes a token: whoever has it is refused from now on.
    ///
    /// # Errors
    /// If there is none of that name or id, or the actor may not (their own they always may).
    pub fn token_revoke(&self, actor: &Actor, name_or_id: &str) -> Result<TokenView> {
        let row = self.token_row(name_or_id)?;
        if actor.token != Some(row.token_key) {
            actor.require(Right::Admin, "revoke tokens of others")?;
        }
        self.store.write(|tx| stored::delete_token(tx, row.token_key))?;
        view(&row)
    }

    fn token_row(&self, name_or_id: &str) -> Result<TokenRow> {
        let found = self.store.read(|tx| match key_of(IdKind::Token, name_or_id) {
            Some(key) => stored::token(tx, key),
            None => stored::token_by_name(tx, name_or_id),
        })?;
        found.ok_or_else(|| {
            ServiceError::NotFound(format!(
                "there is no token {name_or_id:?}; `muster token list` shows them"
            ))
        })
    }

    /// Who a token stands for.
    pub(super) fn authenticate(&self, token: &str) -> Result<Actor> {
        let refused = || ServiceError::Unauthorized("Invalid token provided".to_owned());
        if token.len() != PREFIX.len() + LENGTH {
            return Err(refused());
        }
        let hash = hash(token);
        let found = self.store.read(|tx| {
            let Some(row) = stored::token_by_hash(tx, hash.as_ref())? else { return Ok(None) };
            let owner = row.user_key.map(|user| lookups::profiles_of(tx, &[user])).transpose()?;
            let status = owner.map(|found| found.first().and_then(|u| UserStatus::parse(&u.status)));
            Ok(Some((row, status)))
        })?;
        let (row, status) = found.ok_or_else(refused)?;
        let now = self.now().0;
        // A person's token is good for as long as she may be let in.
        let may_be_let_in = |s: UserStatus| !s.has_left() && s != UserStatus::Suspended;
        if row.expires.is_some_and(|e| e <= now) || status.is_some_and(|s| !s.is_some_and(may_be_let_in)) {
            return Err(refused());
        }
        if row.last_used.is_none_or(|at| now - at >= USE_NOTED_MS)
            && let Err(error) = self.store.write(|tx| stored::token_used(tx, row.token_key, now))
        {
            // Who may read may do so while nothing can be written.
            tracing::warn!(%error, "the use of a token couldn't be noted");
        }
        Ok(Actor {
            right: right(&row)?,
            token: Some(row.token_key),
            user: row.user_key.map(UserKey),
            ..Actor::operator(row.name)
        })
    }
}
