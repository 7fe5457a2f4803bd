//! Feeds and applications: what Muster reads people from and writes accounts to.
//!
//! One folder a kind of system. An application implements [`Connector`]; every implementation passes the suite in
//! [`conformance`].

pub mod conformance;
pub mod connector;
pub mod csv;
mod http;
pub mod manual;
mod registry;
pub mod scim;
mod settings;

pub use connector::{Capabilities, Connector, ConnectorError, ErrorKind, LookUp, Page};
pub use registry::{connect, kinds};
pub use settings::ConfigError;
