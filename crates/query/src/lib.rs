//! One filter tree for every face and connector, the grammar it is written in, and matching in memory.
//!
//! The grammar is that of SCIM (RFC 7644, section 3.4.2.2). Okta's `search` and `filter` parameters are the same
//! language, with attribute names such as `profile.lastName`.
//!
//! ```
//! let filter = muster_query::Filter::parse(r#"userName eq "ada" and emails[type eq "work"]"#)?;
//! let user = serde_json::json!({ "userName": "Ada", "emails": [{ "type": "work", "value": "ada@example.org" }] });
//! assert!(user.as_object().is_some_and(|user| filter.matches(user, &|_| false)));
//! # Ok::<(), muster_query::ParseError>(())
//! ```

mod attribute;
mod filter;
mod matching;
mod parse;

pub use attribute::{AttributeName, field, field_name};
pub use filter::{Compare, Filter};
pub use parse::{MAX_DEPTH, MAX_LENGTH, ParseError};
