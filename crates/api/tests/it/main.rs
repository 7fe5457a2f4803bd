//! The API over real HTTP, on a store of its own each.

#![expect(clippy::unwrap_used, reason = "helpers of tests outside of test functions")]

mod app_groups;
mod app_users;
mod apps;
mod clients;
mod document;
mod feeds;
mod groups;
mod identity_sources;
mod linked_objects;
mod logs;
mod matches;
mod plans;
mod provisioning;
mod rules;
mod schemas;
mod strict;
mod support;
mod tokens;
mod users;
