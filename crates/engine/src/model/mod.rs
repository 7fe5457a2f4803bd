//! The nouns: keys, ids, statuses, schema, configuration items.

pub mod app;
pub mod feed;
pub mod guard;
pub mod ids;
pub mod keys;
pub mod matching;
pub mod numbers;
pub mod org;
pub mod schema;
pub mod settings;
pub mod status;

pub use app::{
    App, AppGroup, AppKind, Direction, LeaveAt, LeaverAction, Mapping, OnReturn, OnUnassign, Provisioning,
    PushWhen, Source, WARN_DAYS, WhenTaken,
};
pub use feed::{Column, Encoding, Feed, FeedMode, Marked};
pub use guard::{GuardLimits, GuardSettings, Limits};
pub use ids::{IdKind, key_of, public_id};
pub use keys::{AccountKey, AppKey, GroupKey, ItemKey, Millis, PlanKey, UserKey};
pub use matching::{Confirm, MatchKind, MatchTier, WhenExact, WhenNew, WhenPartial};
pub use numbers::NumberFormat;
pub use org::{
    Group, GroupKind, GroupRule, Item, ItemChange, ItemKind, LinkDef, LinkKeys, Org, OrgSettings, RuleStatus,
};
pub use schema::{AttributeDef, AttributeType, ValueError};
pub use settings::{MailSettings, MailTls, Retention, SmtpServer};
pub use status::{RefusedTransition, Transition, UserStatus};
