//! The server's log, on standard error.

use std::io;

use super::config::{LogFormat, Settings};

/// Starts the log of this process.
pub(super) fn start(settings: &Settings) {
    let log = tracing_subscriber::fmt().with_max_level(settings.log_level).with_writer(io::stderr);
    let started = match settings.log_format {
        LogFormat::Text => {
            log.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).with_target(false).try_init()
        }
        LogFormat::Json => {
            log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    };
    // A log that runs already is as good.
    let _ = started;
    // So that every line is one of the log, also in JSON.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(%panic, "a mistake in Muster; please report it");
    }));
}
