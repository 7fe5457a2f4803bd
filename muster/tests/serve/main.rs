//! The server from outside: the real binary on a free port.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test, whether they stand in a test or beside it"
)]

mod config;
mod health;
mod http;
mod metrics;
mod packaging;
mod provisioning;
mod stopping;
mod support;
mod tls;
mod trouble;
