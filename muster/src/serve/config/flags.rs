//! What can be set: as a flag, in the environment, in the file. One struct is read from all three.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser};
use serde::Deserialize;

use super::values::{LogFormat, LogLevel, Seconds, Size, Switch};

/// The settings as far as one place gives them.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Flags {
    /// Where to listen; port 0 takes a free one, which the log names [default: 127.0.0.1:8080]
    #[arg(long, env = "MUSTER_LISTEN", value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// The certificate with its chain, as PEM: HTTPS instead of HTTP. Read again when it changes
    #[arg(long, env = "MUSTER_TLS_CERT", value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, env = "MUSTER_TLS_KEY", value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// The address by which clients reach the server, for links; as they name it themselves if not given
    #[arg(long, env = "MUSTER_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// How the log looks, on standard error [default: text]
    #[arg(
        long,
        env = "MUSTER_LOG_FORMAT",
        value_enum,
        hide_possible_values = true,
        value_name = "text|json"
    )]
    pub(super) log_format: Option<LogFormat>,
    /// How much is logged [default: info]
    #[arg(
        long,
        env = "MUSTER_LOG_LEVEL",
        value_enum,
        hide_possible_values = true,
        value_name = "error|warn|info|debug|trace"
    )]
    pub(super) log_level: Option<LogLevel>,
    /// The largest body of a request [default: 10m]
    #[arg(long, env = "MUSTER_BODY_LIMIT", value_name = "BYTES")]
    pub(super) body_limit: Option<Size>,
    /// How long a request may take [default: 60]
    #[arg(long, env = "MUSTER_REQUEST_TIMEOUT", value_name = "SECONDS")]
    pub(super) request_timeout: Option<Seconds>,
    /// How long a client may take to send the head of a request, and to send the next one [default: 10]
    #[arg(long, env = "MUSTER_HEADER_TIMEOUT", value_name = "SECONDS")]
    pub(super) header_timeout: Option<Seconds>,
    /// How many connections are served at once; others wait [default: 1024]
    #[arg(long, env = "MUSTER_MAX_CONNECTIONS", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_connections: Option<u32>,
    /// How long requests and calls under way may take to end when the server is stopped [default: 10]
    #[arg(long, env = "MUSTER_STOP_TIMEOUT", value_name = "SECONDS")]
    pub(super) stop_timeout: Option<Seconds>,
    /// How many API requests a token may make a minute [default: 60000]
    #[arg(long, env = "MUSTER_API_RATE_LIMIT", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) api_rate_limit: Option<u32>,
    /// Whether accounts in the applications are brought into line by this server [default: on]
    #[arg(long, env = "MUSTER_WORKERS", value_enum, hide_possible_values = true, value_name = "on|off")]
    pub(super) workers: Option<Switch>,
    /// Whether this server does what is due by time: dates, imports, digests, cleaning up [default: on]
    #[arg(long, env = "MUSTER_SCHEDULER", value_enum, hide_possible_values = true, value_name = "on|off")]
    pub(super) scheduler: Option<Switch>,
    /// What this server is called in its log and metrics [default: the host's name]
    #[arg(long, env = "MUSTER_NODE", value_name = "NAME")]
    pub(super) node: Option<String>,
}

/// The names of all settings, in the order they are declared.
pub(super) fn names() -> Vec<String> {
    /// The settings alone.
    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        _flags: Flags,
    }
    let command = Alone::command();
    command
        .get_arguments()
        .filter_map(|arg| arg.get_long())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
