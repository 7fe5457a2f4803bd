//! Finding the person somebody means.

use muster_engine::facts::fold;
use muster_engine::model::UserKey;
use muster_engine::suggest::did_you_mean;
use muster_store::people::ClaimRow;
use muster_store::{Tx, lookups};

use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::world::{HELD, namespace};

/// How many logins are compared with one that isn't there.
const CANDIDATES: usize = 2_000;

impl Muster {
    /// The person of a public id or login, in whatever case, or of the part of a login before the `@` if only one
    /// person's begins so.
    ///
    /// # Errors
    /// If there is nobody; the message names the login that comes nearest.
    pub(crate) fn locate(&self, login_or_id: &str) -> Result<UserKey> {
        match self.find_user(login_or_id) {
            Err(ServiceError::NotFound(told)) => {
                let wanted = fold(login_or_id);
                if let Some(user) = self.store.read(|tx| by_login(tx, &wanted))? {
                    return Ok(user);
                }
                let near = self.store.read(|tx| near(tx, &wanted))?;
                if near.is_empty() {
                    Err(ServiceError::NotFound(told))
                } else {
                    Err(missing(login_or_id, &near))
                }
            }
            found => found,
        }
    }
}

fn missing(login: &str, near: &str) -> ServiceError {
    ServiceError::NotFound(format!("there is no user {login:?}{near}"))
}

fn held(claims: Vec<ClaimRow>) -> Vec<ClaimRow> {
    claims.into_iter().filter(|c| c.state == HELD).collect()
}

fn by_login(tx: &mut dyn Tx, wanted: &str) -> muster_store::Result<Option<UserKey>> {
    let logins = namespace("login");
    if let [one] = held(lookups::claims_by_value(tx, &logins, &[wanted])?).as_slice() {
        return Ok(Some(UserKey(one.user_key)));
    }
    if wanted.is_empty() || wanted.contains('@') {
        return Ok(None);
    }
    match held(lookups::claims_by_prefix(tx, &logins, &format!("{wanted}@"), 10)?).as_slice() {
        [one] => Ok(Some(UserKey(one.user_key))),
        _ => Ok(None),
    }
}

/// A hint with the nearest login, looked for among those that begin alike.
fn near(tx: &mut dyn Tx, wanted: &str) -> muster_store::Result<String> {
    let logins = namespace("login");
    for letters in [3, 1] {
        let prefix: String = wanted.chars().take(letters).collect();
        if prefix.is_empty() {
            break;
        }
        let claims = held(lookups::claims_by_prefix(tx, &logins, &prefix, CANDIDATES)?);
        let whole = claims.iter().map(|c| c.shown.as_str());
        let hint = if wanted.contains('@') {
            did_you_mean(wanted, whole)
        } else {
            did_you_mean(wanted, whole.filter_map(|l| l.split('@').next()))
        };
        if !hint.is_empty() {
            return Ok(hint);
        }
    }
    Ok(String::new())
}
