//! `/metrics`: figures in Prometheus' text format. Counters are kept as things happen; figures of the store are found out
//! when they are asked for, now and then; docs/operations.md lists them all.

mod process;
mod store;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use anyhow::{Context as _, Result};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;
use muster_service::Muster;
use muster_service::provision::AppProgress;

use self::store::{Figures, Series};
use super::cached::Cached;

const REQUESTS: &str = "muster_http_requests_total";
const DURATION: &str = "muster_http_request_duration_seconds";
const IN_FLIGHT: &str = "muster_http_requests_in_flight";
const CALLS: &str = "muster_provisioning_calls_total";
const BUILD: &str = "muster_build_info";

/// Bounds of the latency histogram, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// How long figures of the store hold at least.
const HOLDS: Duration = Duration::from_secs(5);
/// How long they are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a figure is shown that nobody sets any more.
const FORGET: Duration = Duration::from_secs(60);
/// How often what histograms have gathered is summed up.
const UPKEEP: Duration = Duration::from_secs(5);

/// The figures of this server.
pub(super) struct Metrics {
    rendered: PrometheusHandle,
    figures: Cached<Option<Arc<Figures>>>,
    muster: Arc<Muster>,
    /// The figures that were shown last.
    shown: Mutex<BTreeMap<Series, f64>>,
    node: String,
    started: Instant,
}

impl Metrics {
    /// Begins to count. Once a process.
    ///
    /// # Errors
    /// If somebody counts already.
    pub(super) fn start(muster: Arc<Muster>, node: &str) -> Result<Self> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS)
            .context("setting metrics up")?
            // An app that was removed, a run that is over: gone from here, too.
            .idle_timeout(MetricKindMask::GAUGE, Some(FORGET))
            .build_recorder();
        let rendered = recorder.handle();
        ::metrics::set_global_recorder(recorder).context("setting metrics up")?;
        describe();
        let upkeep = rendered.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkeep.run_upkeep();
            }
        });
        let seen = Mutex::new(store::Seen::begin(&muster)?);
        let asked = Arc::clone(&muster);
        let figures = Cached::new(HOLDS, PATIENCE, move || {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            match store::find(&asked, &mut seen) {
                Ok(figures) => Some(Arc::new(figures)),
                Err(error) => {
                    tracing::warn!(%error, "figures of the store couldn't be found out");
                    None
                }
            }
        })
        .rarely();
        let shown = Mutex::default();
        Ok(Self { rendered, figures, muster, shown, node: node.to_owned(), started: Instant::now() })
    }

    /// Shows figures instead of those before: what there is no longer goes to zero, and is gone a while later.
    fn show_figures(&self, figures: &Figures) {
        let gauges = figures.gauges();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, labels) in shown.keys().filter(|series| !gauges.contains_key(*series)) {
            gauge!(*name, labels).set(0.0);
        }
        for ((name, labels), value) in &gauges {
            gauge!(*name, labels).set(*value);
        }
        *shown = gauges;
    }
}

fn describe() {
    describe_counter!(REQUESTS, "Requests by method, route and status");
    describe_histogram!(DURATION, "How long requests took, in seconds");
    describe_gauge!(IN_FLIGHT, "Requests under way");
    describe_counter!(CALLS, "What was done to accounts, by app and outcome");
    describe_gauge!(BUILD, "The version that runs; always 1");
    store::describe();
    process::describe();
}

/// Notes an answered request.
pub(super) fn request(method: &'static str, route: &str, status: u16, took: Duration) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    counter!(REQUESTS, &labels).increment(1);
    histogram!(DURATION, "method" => method, "route" => route.to_owned()).record(took.as_secs_f64());
}

/// Requests under way.
static UNDER_WAY: AtomicI64 = AtomicI64::new(0);

/// Counts a request for as long as it is kept.
pub(super) struct InFlight;

impl InFlight {
    pub(super) fn begin() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Notes what was done in an app: the sums before, and those now.
pub(super) fn provisioned(app: &str, before: &AppProgress, now: &AppProgress) {
    let outcomes = [
        ("created", now.created - before.created),
        ("updated", now.updated - before.updated),
        ("deactivated", now.deactivated - before.deactivated),
        ("reactivated", now.reactivated - before.reactivated),
        ("deleted", now.deleted - before.deleted),
        ("linked", now.linked - before.linked),
        ("retried", now.retries - before.retries),
        ("failed", now.failed - before.failed),
    ];
    for (outcome, count) in outcomes {
        counter!(CALLS, "app" => app.to_owned(), "outcome" => outcome).increment(count);
    }
}

/// `/metrics`
pub(super) async fn show(State(metrics): State<Arc<Metrics>>) -> Response {
    if let Some(figures) = metrics.figures.get().await.flatten() {
        metrics.show_figures(&figures);
    }
    gauge!(IN_FLIGHT).set(UNDER_WAY.load(Ordering::Relaxed) as f64);
    store::set_sizes(&metrics.muster);
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION"), "node" => metrics.node.clone()).set(1.0);
    process::set(metrics.started);
    let text = metrics.rendered.render();
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
        .into_response()
}
