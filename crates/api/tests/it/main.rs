//! The API over real HTTP, on a store of its own each.

mod document;
mod support;
mod users;
