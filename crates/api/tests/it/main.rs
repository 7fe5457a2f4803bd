//! The API over real HTTP, on a store of its own each.

mod document;
mod groups;
mod logs;
mod plans;
mod rules;
mod support;
mod tokens;
mod users;
