//! `muster serve`: the always-on server. Same store, same plans, same guards as the command line, which works beside it.

mod cached;
mod config;
mod health;
mod http;
mod listener;
mod logging;
mod metrics;
mod scheduler;
mod server;
mod stop;
mod supervised;
mod tls;
mod workers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{ArgMatches, Args};
use serde_json::json;

use self::config::{Flags, Settings, Shown};
use crate::context::{Context, Exit};
use crate::output;

/// The most threads that wait for the store at once; requests beyond queue up.
const BLOCKING_THREADS: usize = 128;
/// Threads that serve connections: the work itself is done on others.
const SERVING_THREADS: usize = 4;
/// How long threads that still wait for the store are waited for at the end.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Runs the server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster serve
  muster serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem
  muster serve --log-format json --public-url https://muster.example.org
  muster serve --print-config                what holds, and where each setting comes from

Every setting is also an environment variable (MUSTER_LISTEN) and a key of muster.toml (listen = \"…\"). A flag counts
before the environment, that before the file. SIGTERM stops the server when what is under way is done, a second one at
once; SIGHUP reads the certificate again. Make the first token by `muster token create --name NAME`.")]
pub(crate) struct Serve {
    /// The file with settings [default: muster.toml in the data directory, if there is one]
    #[arg(long, env = "MUSTER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the settings that hold and where each comes from, and end
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    flags: Flags,
}

impl Serve {
    /// Runs it until it is told to stop. `matches` are those of this command.
    pub(crate) fn run(self, context: &mut Context, matches: &ArgMatches) -> Result<Exit> {
        let (settings, shown) =
            Settings::resolve(self.flags, matches, self.config.as_deref(), context.given_data_dir())?;
        if self.print_config {
            print_config(context, &shown)?;
            return Ok(Exit::Done);
        }
        logging::start(&settings);
        if let Some(data_dir) = &settings.data_dir {
            context.set_data_dir(data_dir.clone());
        }
        let muster = Arc::new(context.open_or_create()?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(1, usize::from).min(SERVING_THREADS))
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("serving")
            .enable_all()
            .build()
            .context("starting the server")?;
        let served = runtime.block_on(server::run(Arc::clone(&muster), settings));
        // What was given up may still wait for the store; whatever isn't committed by then is taken back by the store.
        runtime.shutdown_timeout(LAST_WAIT);
        served?;
        let checkpoint = muster.store().checkpoint()?;
        tracing::info!(complete = checkpoint.complete, "stopped");
        Ok(Exit::Done)
    }
}

fn print_config(context: &mut Context, shown: &[Shown]) -> Result<()> {
    if context.json {
        let settings: serde_json::Map<_, _> = shown
            .iter()
            .map(|one| (one.name.to_owned(), json!({ "value": one.value, "from": one.from })))
            .collect();
        return context.print_json(&settings);
    }
    let mut table = output::table(&["Setting", "Value", "From"]);
    for one in shown {
        table.add_row([one.name, one.value.as_deref().unwrap_or(""), &one.from]);
    }
    context.out.table(&table)
}
