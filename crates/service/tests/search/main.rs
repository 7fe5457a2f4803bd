//! People and groups found by filters, and the index that finds them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod groups;
mod index;
mod people;
