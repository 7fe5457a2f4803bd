//! Real programs for tests. Servers: each a child process on a free port of this machine, ended when it is dropped.
//! Clients: each a child process that walks through our API and ends.

mod api_clients;
mod process;
mod program;
mod scim2_server;
mod smtp_sink;

pub use api_clients::ApiClient;
pub use process::{ServerProcess, free_port};
pub use program::Outcome;
pub use scim2_server::Scim2Server;
pub use smtp_sink::{SinkTls, SmtpSink, SunkMail};
