//! Who asks, and what they may do.

use muster_engine::model::{ItemKind, UserKey};
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};

/// What an actor may do; each right includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Right {
    /// See everything but secrets.
    Read,
    /// Change people, groups and their members, assignments; import; do tasks.
    Write,
    /// Change the configuration (schema, rules, apps, mappings), waive guards, manage tokens.
    Admin,
}

impl Right {
    /// The name in the store and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Admin => "ADMIN",
        }
    }

    /// The right of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|r| r.as_str().eq_ignore_ascii_case(name))
    }

    /// What changing an item of configuration takes.
    pub(crate) fn to_change(kind: ItemKind) -> Self {
        match kind {
            ItemKind::Group => Self::Write,
            _ => Self::Admin,
        }
    }
}

/// Who asks. Every use case that changes something takes one, plans store it, and applying checks its rights again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who, in words (`root@host`, a token's name, `system`).
    pub name: String,
    /// What they may do.
    pub right: Right,
    /// The key of the token they came with.
    pub token: Option<i64>,
    /// The person behind them, where there is one.
    pub user: Option<UserKey>,
}

impl Actor {
    /// The system's user who runs a command: who holds the store's files holds the store.
    pub fn operator(name: impl Into<String>) -> Self {
        Self { name: name.into(), right: Right::Admin, token: None, user: None }
    }

    /// Whether they may do what takes `right`; `what` completes "may not …".
    ///
    /// # Errors
    /// [`ServiceError::Denied`] if they may not.
    pub fn require(&self, right: Right, what: &str) -> Result<()> {
        if self.right >= right {
            return Ok(());
        }
        Err(ServiceError::Denied(format!(
            "{} may not {what}: that takes the right {}, and it has {}; use a token made with `muster token create \
             --rights {}`",
            self.name,
            right.as_str(),
            self.right.as_str(),
            right.as_str().to_lowercase()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_right_includes_those_before_it() {
        let actor = |right| Actor { right, ..Actor::operator("x") };
        assert!(actor(Right::Admin).require(Right::Write, "write").is_ok());
        assert!(actor(Right::Write).require(Right::Write, "write").is_ok());
        let denied = actor(Right::Read).require(Right::Write, "create users").unwrap_err();
        assert!(matches!(&denied, ServiceError::Denied(m) if m.contains("may not create users")), "{denied}");
    }
}
