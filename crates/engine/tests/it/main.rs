//! The engine from outside: configuration compiled, people derived, plans judged.

mod accounts;
mod config;
mod guards;
mod lifecycle;
mod support;
