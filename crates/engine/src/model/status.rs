//! A user's lifecycle status and the transitions between them.

use serde::{Deserialize, Serialize};

/// A user's lifecycle status (Okta: `UserStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    /// Known, not yet let in.
    Staged,
    /// Activated, hasn't signed in for the first time.
    Provisioned,
    /// In use.
    Active,
    /// An admin reset the password.
    Recovery,
    /// The password must be changed.
    PasswordExpired,
    /// Too many wrong passwords.
    LockedOut,
    /// Paused: everything stays, nobody gets in.
    Suspended,
    /// Left.
    Deprovisioned,
    /// Removed by an admin after she had left: nobody sees her any more. The facts stay, so that it can be undone.
    Deleted,
}

impl UserStatus {
    /// Every status that is seen, in the order of a life; [`Self::Deleted`] isn't.
    pub const ALL: [Self; 8] = [
        Self::Staged,
        Self::Provisioned,
        Self::Active,
        Self::Recovery,
        Self::PasswordExpired,
        Self::LockedOut,
        Self::Suspended,
        Self::Deprovisioned,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::Recovery => "RECOVERY",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::LockedOut => "LOCKED_OUT",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
            Self::Deleted => "DELETED",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Deleted]).find(|s| s.as_str() == name)
    }

    /// Whether a person of this status has left: no app is hers.
    pub fn has_left(self) -> bool {
        matches!(self, Self::Deprovisioned | Self::Deleted)
    }

    /// Whether a person of this status has accounts in her apps.
    pub fn has_accounts(self) -> bool {
        !matches!(self, Self::Staged) && !self.has_left()
    }
}

impl std::fmt::Display for UserStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an admin can tell a user's lifecycle to do (Okta: `/users/{id}/lifecycle/…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Transition {
    /// `activate`
    Activate,
    /// `deactivate`
    Deactivate,
    /// `suspend`
    Suspend,
    /// `unsuspend`
    Unsuspend,
    /// `unlock`
    Unlock,
    /// `reactivate`
    Reactivate,
    /// `reset_password`
    ResetPassword,
    /// `expire_password`
    ExpirePassword,
    /// `DELETE` of somebody deactivated
    Delete,
}

/// A transition that a status doesn't allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RefusedTransition {
    /// What is refused and why.
    pub reason: String,
    /// Okta's error code for it.
    pub code: &'static str,
}

impl Transition {
    /// The status that follows.
    ///
    /// # Errors
    /// If the present status doesn't allow the transition.
    pub fn from(self, status: UserStatus) -> Result<UserStatus, RefusedTransition> {
        use UserStatus as S;
        let refuse = |code: &'static str, reason: String| Err(RefusedTransition { reason, code });
        match (self, status) {
            (Self::Delete, S::Deprovisioned) => Ok(S::Deleted),
            (Self::Activate, S::Staged | S::Deprovisioned) => Ok(S::Active),
            (Self::Activate, S::Active) => {
                refuse("E0000016", "Activation failed because the user is already active".to_owned())
            }
            (Self::Deactivate, S::Deprovisioned) => {
                refuse("E0000007", "The user is deactivated already".to_owned())
            }
            (Self::Deactivate, _) => Ok(S::Deprovisioned),
            (Self::Suspend, S::Active) => Ok(S::Suspended),
            (Self::Suspend, s) => {
                refuse("E0000001", format!("Cannot suspend a user that is not active: she is {s}"))
            }
            (Self::Unsuspend, S::Suspended) => Ok(S::Active),
            (Self::Unsuspend, s) => {
                refuse("E0000001", format!("Cannot unsuspend a user that is not suspended: she is {s}"))
            }
            (Self::Unlock, S::LockedOut) | (Self::ExpirePassword, S::PasswordExpired) => Ok(match self {
                Self::Unlock => S::Active,
                _ => S::PasswordExpired,
            }),
            (Self::Unlock, _) => refuse("E0000032", "The user is not locked out.".to_owned()),
            (Self::Reactivate, S::Provisioned | S::Recovery) => Ok(S::Provisioned),
            (
                Self::ResetPassword,
                S::Active | S::Provisioned | S::LockedOut | S::PasswordExpired | S::Recovery,
            ) => Ok(S::Recovery),
            (Self::ExpirePassword, S::Active) => Ok(S::PasswordExpired),
            (t, s) => refuse(
                "E0000038",
                format!(
                    "This operation is not allowed in the user's current status: {t:?} of a user who is {s}"
                ),
            ),
        }
    }
}
