//! The laws, over random orgs and random lives, through service and store, against a naive oracle.
//!
//! `PROPTEST_CASES=500 cargo test -p muster-service --test laws` looks longer and elsewhere: without it the cases are
//! always the same ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod between;
mod identity;
mod laws;
mod net;
mod oracle;
mod settings;
mod sim;
mod stored;
mod windows;
mod world;
