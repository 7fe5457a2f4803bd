//! Starts real servers for tests: each a child process on a free port of this machine, ended when it is dropped.

mod process;
mod scim2_server;
mod smtp_sink;

pub use process::{ServerProcess, free_port};
pub use scim2_server::Scim2Server;
pub use smtp_sink::{SinkTls, SmtpSink, SunkMail};
