//! Feeds and applications: what Muster reads people from and writes accounts to.
//!
//! One folder a kind of system. An application implements [`Connector`]; every implementation passes the suite in
//! [`conformance`].

pub mod connector;

pub use connector::{Capabilities, Connector, ConnectorError, ErrorKind, LookUp, Page};
