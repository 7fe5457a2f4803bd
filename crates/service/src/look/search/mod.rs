//! People and groups found by filters, in an order, in pages.

mod candidates;
mod condition;
mod groups;
mod order;
mod rules;
mod users;

pub use groups::GroupSearch;
pub use order::Sort;
pub use rules::{Language, parse_filter};
pub use users::UserSearch;

pub(super) use condition::Condition;
pub(super) use groups::GroupTimes;

/// The user type that everybody has, until an org has more of them.
pub const USER_TYPE: i64 = 1;
