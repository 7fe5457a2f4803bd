//! Keys and instants: 64-bit integers with a type of their own.

use serde::{Deserialize, Serialize};

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

key!(
    /// A user.
    UserKey
);
key!(
    /// A group: the key of its configuration item.
    GroupKey
);
key!(
    /// An app, be it a source or a target: the key of its configuration item.
    AppKey
);
key!(
    /// Any configuration item (rule, mapping, attribute, …).
    ItemKey
);
key!(
    /// A plan.
    PlanKey
);
key!(
    /// An account: a person's place in an app.
    AccountKey
);

/// An instant in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl std::fmt::Display for Millis {
    /// ISO 8601 with milliseconds and `Z`, as Okta prints it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}
