//! The engine from outside: configuration compiled, people derived, plans judged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod accounts;
mod config;
mod dates;
mod guards;
mod lifecycle;
mod matching;
mod support;
mod touched;
mod voices;
