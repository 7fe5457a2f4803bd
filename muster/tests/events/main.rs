//! The events of a person's life, from wherever they come, seen in the applications themselves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod came_back;
mod changed_groups;
mod hired;
mod identity;
mod left;
mod moved;
mod sessions;
mod support;
mod suspended;
mod tools;
