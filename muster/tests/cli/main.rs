//! The command line from outside: exit statuses, JSON documents, mistakes, and the demo.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test, whether they stand in a test or beside it"
)]

mod ahead;
mod backup;
mod changes;
mod demo;
mod looking;
mod matches;
mod mistakes;
mod pages;
mod support;
mod tokens;
