//! What a plan does to a person, in a form that preview, log, `plan ID` and the digest share.

use muster_expr::Value;
use serde::{Deserialize, Serialize};

use crate::model::{AppKey, GroupKey, ItemKey, Millis, UserKey, UserStatus};
use crate::outbound::AccountState;

/// An attribute that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Its name.
    pub attribute: String,
    /// Before.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub from: Value,
    /// After.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub to: Value,
}

/// One effect on one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields say what they hold")]
pub enum Effect {
    /// She comes to be known.
    UserCreated { status: UserStatus, profile: serde_json::Value },
    /// Her status changes.
    StatusChanged { from: UserStatus, to: UserStatus },
    /// Attributes of her profile change.
    ProfileChanged { changes: Vec<Changed> },
    /// A link that is said by hand leads to somebody else, or to nobody.
    LinkChanged {
        link: ItemKey,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UserKey>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserKey>,
    },
    /// She joins a group.
    GroupAdded { group: GroupKey },
    /// She leaves a group.
    GroupRemoved { group: GroupKey },
    /// She gets an app.
    AppAssigned { app: AppKey, by: Option<GroupKey> },
    /// She loses an app.
    AppUnassigned { app: AppKey },
    /// She would lose an app and keeps it until then.
    AppKept {
        app: AppKey,
        #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
        until: Option<Millis>,
    },
    /// She has an app again that she only kept for a while.
    AppRegained { app: AppKey, by: Option<GroupKey> },
    /// The time is over for which she kept an app.
    GraceEnded { app: AppKey },
    /// Her account in an app is to be brought into line.
    AccountChanged { app: AppKey, from: AccountState, to: AccountState, changes: Vec<Changed> },
}

impl Effect {
    /// The system log's event types for it (Okta's names).
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::UserCreated { .. } => "user.lifecycle.create",
            Self::StatusChanged { to: UserStatus::Deprovisioned, .. } => "user.lifecycle.deactivate",
            Self::StatusChanged { to: UserStatus::Deleted, .. } => "user.lifecycle.delete.initiated",
            Self::StatusChanged { to: UserStatus::Suspended, .. } => "user.lifecycle.suspend",
            Self::StatusChanged { from: UserStatus::Suspended, .. } => "user.lifecycle.unsuspend",
            Self::StatusChanged { from: UserStatus::Deprovisioned, .. } => "user.lifecycle.reactivate",
            Self::StatusChanged { to: UserStatus::LockedOut, .. } => "user.account.lock",
            Self::StatusChanged { from: UserStatus::LockedOut, .. } => "user.account.unlock",
            Self::StatusChanged { to: UserStatus::PasswordExpired, .. } => "user.account.expire_password",
            Self::StatusChanged { to: UserStatus::Recovery, .. } => "user.account.reset_password",
            Self::StatusChanged { .. } => "user.lifecycle.activate",
            Self::ProfileChanged { .. } => "user.account.update_profile",
            Self::LinkChanged { .. } => "user.linked_object.update",
            Self::GroupAdded { .. } => "group.user_membership.add",
            Self::GroupRemoved { .. } => "group.user_membership.remove",
            Self::AppAssigned { .. } | Self::AppRegained { .. } => "application.user_membership.add",
            Self::AppUnassigned { .. } | Self::GraceEnded { .. } => "application.user_membership.remove",
            Self::AppKept { .. } => "application.user_membership.update",
            Self::AccountChanged { .. } => "application.user_membership.update",
        }
    }
}

/// An instant as everything that is shown writes it.
mod instant {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::model::Millis;

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(at: &Option<Millis>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.collect_str(at),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Millis>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Some(Millis(at.as_millisecond())))
    }
}

/// The effects on one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserEffects {
    /// Who.
    pub user: UserKey,
    /// Her login after (before, if she has none after).
    pub login: String,
    /// What happens, in the order of the strata.
    pub effects: Vec<Effect>,
}
