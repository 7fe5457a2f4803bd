//! The server put together: what listens, what answers, what works behind, and the order in which it stops.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::routing::get;
use muster_api::ApiOptions;
use muster_service::{Door, Muster};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::config::{LogFormat, Settings};
use super::health::{self, Readiness};
use super::http::{self, Limits};
use super::listener::Listener;
use super::metrics::Metrics;
use super::scheduler::Scheduler;
use super::stop::{Signals, stopped};
use super::workers::{Workers, resume_runs};
use super::{metrics, tls};
use crate::output;

/// Serves until told to stop.
///
/// # Errors
/// If it can't begin to.
pub(super) async fn run(muster: Arc<Muster>, settings: Settings) -> Result<()> {
    let Signals { stop, reload } = Signals::listen()?;
    let tls = match &settings.tls {
        Some(files) => {
            let (current, serving) = watch::channel(tls::load(files)?);
            tokio::spawn(tls::keep_current(files.clone(), current, reload));
            Some(serving)
        }
        None => None,
    };
    let tcp = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listening on {}", settings.listen))?;
    let metrics = Metrics::start(Arc::clone(&muster), &settings.node)?;
    let workers = if settings.workers {
        Some(Workers::start(Arc::clone(&muster), stop.clone(), settings.stop_timeout)?)
    } else {
        None
    };
    let scheduler = if settings.scheduler {
        Some(Scheduler::start(Arc::clone(&muster), stop.clone(), settings.stop_timeout)?)
    } else {
        None
    };
    let runs = resume_runs(Arc::clone(&muster), stop.clone())?;
    let mut behind = vec![("runs", runs)];
    behind.extend(workers.iter().map(|workers| ("workers", Arc::clone(&workers.standing))));
    behind.extend(scheduler.iter().flat_map(|scheduler| scheduler.standings.clone()));
    let readiness = Readiness::new(Arc::clone(&muster), behind, stop.clone())?;
    tell_address(&tcp, &settings)?;
    let limits =
        Limits { body: settings.body_limit, time: settings.request_timeout, tls: settings.tls.is_some() };
    let listener = Listener {
        tcp,
        tls,
        router: http::layered(router(&muster, &settings, readiness, metrics), limits),
        header_timeout: settings.header_timeout,
        max_connections: settings.max_connections,
    };
    // All of them stop at once, so that it takes no longer than the slowest.
    tokio::join!(
        listener.serve(stop.clone(), settings.stop_timeout),
        async {
            stopped(stop.clone()).await;
            if let Some(workers) = workers {
                workers.stopped().await;
            }
        },
        async {
            stopped(stop.clone()).await;
            if let Some(scheduler) = scheduler {
                scheduler.stopped().await;
            }
        },
    );
    Ok(())
}

/// Everything that answers.
fn router(muster: &Arc<Muster>, settings: &Settings, readiness: Readiness, metrics: Metrics) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state(Arc::new(readiness)))
        .route("/metrics", get(metrics::show).with_state(Arc::new(metrics)))
        .merge(api(Door::new(Arc::clone(muster)), settings))
}

/// The Management API; it answers whatever nothing else does.
fn api(door: Door, settings: &Settings) -> Router {
    muster_api::router(ApiOptions {
        door,
        public_url: settings.public_url.clone(),
        rate_limit: settings.api_rate_limit,
        body_limit: settings.body_limit,
    })
}

fn tell_address(tcp: &TcpListener, settings: &Settings) -> Result<()> {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", tcp.local_addr().context("listening")?);
    match settings.log_format {
        // Whoever started it by hand wants to know, however little is logged.
        LogFormat::Text => output::note(&format!("listening on {address}")),
        LogFormat::Json => {
            tracing::info!(address, node = settings.node, version = env!("CARGO_PKG_VERSION"), "listening");
        }
    }
    Ok(())
}
