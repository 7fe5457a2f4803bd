//! `/metrics`, read as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{ORG, Place, Server, eventually, feed};

/// Samples by name and labels, and the types of families.
#[derive(Default)]
struct Metrics {
    samples: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
}

impl Metrics {
    /// Reads the text format, strictly.
    fn parse(text: &str) -> Self {
        let mut metrics = Self::default();
        let mut helped = BTreeSet::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                assert!(helped.insert(rest.split(' ').next().unwrap().to_owned()), "{line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(metrics.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let name = series.split('{').next().unwrap();
                assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':'), "{line}");
                if let Some((_, labels)) = series.split_once('{') {
                    for label in labels.strip_suffix('}').unwrap().split("\",") {
                        let (key, value) = label.split_once("=\"").unwrap();
                        assert!(!key.is_empty() && !value.trim_end_matches('"').contains('"'), "{line}");
                    }
                }
                let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
                let typed = metrics.types.contains_key(name)
                    || family
                        .is_some_and(|family| metrics.types.get(family).is_some_and(|t| t == "histogram"));
                assert!(typed, "{line} has no type");
                let value = value.parse().unwrap();
                assert!(metrics.samples.insert(series.to_owned(), value).is_none(), "{line} is there twice");
            }
        }
        for name in metrics.types.keys() {
            assert!(helped.contains(name), "{name} says nothing of itself");
        }
        metrics
    }

    fn of(server: &Server) -> Self {
        let answer = server.get("/metrics");
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{answer:?}");
        Self::parse(&answer.body)
    }

    fn value(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or(0.0)
    }
}

#[test]
fn requests_are_counted_by_route_and_timed() {
    let place = Place::new();
    let server = place.serve(&["--node", "one"]);
    for _ in 0..3 {
        server.get("/healthz");
    }
    server.get("/nowhere/jane.doe");
    server.request("BREW", "/healthz", &[], None);
    let metrics = Metrics::of(&server);
    let requests = |method: &str, route: &str, status: u16| {
        metrics.value(&format!(
            "muster_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"
        ))
    };
    assert!((requests("GET", "/healthz", 200) - 3.0).abs() < 0.1);
    assert!((requests("GET", "none", 404) - 1.0).abs() < 0.1, "what isn't there has no label of its own");
    assert!((requests("OTHER", "/healthz", 405) - 1.0).abs() < 0.1, "nor has a method somebody made up");
    let bucket = |le: &str| {
        metrics.value(&format!(
            "muster_http_request_duration_seconds_bucket{{method=\"GET\",route=\"/healthz\",le=\"{le}\"}}"
        ))
    };
    assert!(bucket("0.001") <= bucket("30") && (bucket("+Inf") - 3.0).abs() < 0.1);
    let build = format!("muster_build_info{{version=\"{}\",node=\"one\"}}", env!("CARGO_PKG_VERSION"));
    assert!((metrics.value(&build) - 1.0).abs() < 0.1);
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "muster_uptime_seconds",
        "muster_store_size_bytes",
        "muster_store_data_version",
        "muster_http_requests_in_flight",
    ] {
        assert!(metrics.value(name) > 0.0, "{name}");
    }
    assert!(metrics.types.contains_key("muster_store_wal_bytes"));
    assert!(metrics.types.contains_key("process_cpu_seconds_total"));
}

#[test]
fn what_other_processes_do_is_counted() {
    let place = Place::new();
    place.write("org.toml", ORG);
    place.write("feed.csv", &feed(4));
    let server = place.serve(&[]);
    Metrics::of(&server);
    place.run(&["org", "apply", "org.toml"], 0);
    place.run(&["import", "--app", "hr", "feed.csv"], 0);
    place.run(&["group", "create", "Previewed", "--preview"], 0);
    eventually("the figures are there", || {
        let metrics = Metrics::of(&server);
        let by_hand = metrics.value("muster_accounts_not_in_line{app=\"keys\",state=\"by_hand\"}");
        let imports = metrics.value("muster_plans_total{trigger=\"import\",status=\"applied\"}");
        let org_files = metrics.value("muster_plans_total{trigger=\"org_file\",status=\"applied\"}");
        let previews = metrics.value("muster_plans_open{trigger=\"edit\",status=\"planned\"}");
        let tasks: f64 = metrics
            .samples
            .iter()
            .filter(|(name, _)| name.starts_with("muster_tasks_open{"))
            .map(|(_, n)| n)
            .sum();
        let found = [by_hand, imports, org_files, previews, tasks].map(|n| n as i64);
        (found == [4, 1, 1, 1, 4]).then_some(())
    });
    let metrics = Metrics::of(&server);
    assert!(metrics.samples.contains_key("muster_accounts_not_in_line_oldest_seconds{app=\"keys\"}"));
    assert!(metrics.samples.contains_key("muster_app_paused{app=\"keys\"}"));
    assert!(metrics.samples.contains_key("muster_runs_unfinished"));
    // Whoever sets alarms reads of each of them.
    let described = include_str!("../../../docs/operations.md");
    for name in metrics.types.keys() {
        assert!(described.contains(&format!("`{name}`")), "docs/operations.md doesn't have {name}");
    }
}
