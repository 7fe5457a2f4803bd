//! Connectors against real applications over real connections.

#![expect(clippy::unwrap_used, reason = "what fails here is to fail the test")]

mod conformance;
mod registry;
mod scim;
