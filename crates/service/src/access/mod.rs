//! The way in for faces: nobody gets at the service without a token, and what a token may do is checked within.

mod actor;
mod tokens;

use std::ops::Deref;
use std::sync::Arc;

pub use actor::{Actor, Right};
pub use tokens::{NewToken, TokenView};

use crate::error::Result;
use crate::muster::Muster;

/// What faces are given instead of the service itself.
#[derive(Clone, Debug)]
pub struct Door {
    muster: Arc<Muster>,
}

impl Door {
    /// The door to a service.
    pub fn new(muster: Arc<Muster>) -> Self {
        Self { muster }
    }

    /// Lets in who shows a good token.
    ///
    /// # Errors
    /// [`ServiceError::Unauthorized`](crate::ServiceError::Unauthorized) if it is none, revoked or expired, or the store
    /// fails.
    pub fn enter(&self, token: &str) -> Result<Session> {
        let actor = self.muster.authenticate(token)?;
        Ok(Session { muster: self.muster.clone(), actor })
    }

    /// Lets in who shows a good token that may change something: also what turns out to change nothing takes that right.
    ///
    /// # Errors
    /// As [`Door::enter`]; [`ServiceError::Denied`](crate::ServiceError::Denied) if the token may only read.
    pub fn enter_to_change(&self, token: &str) -> Result<Session> {
        let session = self.enter(token)?;
        session.actor.require(Right::Write, "change anything")?;
        Ok(session)
    }

    /// The org's name and id, which anybody may know.
    ///
    /// # Errors
    /// If the store fails.
    pub fn org_name(&self) -> Result<String> {
        Ok(self.muster.config()?.org.settings.name.clone())
    }
}

/// The service, for one actor.
#[derive(Clone, Debug)]
pub struct Session {
    muster: Arc<Muster>,
    /// Who came in.
    pub actor: Actor,
}

impl Deref for Session {
    type Target = Muster;

    fn deref(&self) -> &Muster {
        &self.muster
    }
}
