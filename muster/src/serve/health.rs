//! Whether the server lives, and whether it can do its work.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use muster_service::Muster;
use muster_store::meta;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::cached::Cached;
use super::supervised::Standing;

/// How long what was found out about the store holds. A probe writes, so that it isn't done all the time.
const HOLDS: Duration = Duration::from_secs(5);
/// How long a probe may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The least free space on the store's disk.
const LEAST_FREE: u64 = 64 << 20;
/// The name under which a probe is written.
const PROBE: &str = "probe";

/// How one thing stands: fine, or what is wrong with it.
type Check = Result<(), String>;

/// How the store stands.
#[derive(Clone, Debug)]
struct StoreChecks {
    read: Check,
    write: Check,
    schema: Check,
    disk: Check,
}

/// What readiness depends on.
pub(super) struct Readiness {
    store: Cached<StoreChecks>,
    behind: Vec<(&'static str, Arc<Standing>)>,
    stop: watch::Receiver<bool>,
}

impl Readiness {
    /// For a service, what works behind it by name, and the signal to stop.
    ///
    /// # Errors
    /// If the store can't be read.
    pub(super) fn new(
        muster: Arc<Muster>,
        behind: Vec<(&'static str, Arc<Standing>)>,
        stop: watch::Receiver<bool>,
    ) -> muster_store::Result<Self> {
        let schema = muster.store().read(|tx| meta::get(tx, meta::SCHEMA_VERSION))?;
        let store = Cached::new(HOLDS, PATIENCE, move || check_store(&muster, schema.as_deref()));
        Ok(Self { store, behind, stop })
    }

    async fn checks(&self) -> Vec<(&'static str, Check)> {
        let slow = || Err(format!("no answer within {} seconds", PATIENCE.as_secs()));
        let store = self.store.get().await.unwrap_or_else(|| StoreChecks {
            read: slow(),
            write: slow(),
            schema: slow(),
            disk: slow(),
        });
        let mut checks = vec![
            ("storeReadable", store.read),
            ("storeWritable", store.write),
            ("migrations", store.schema),
            ("diskSpace", store.disk),
        ];
        checks.extend(self.behind.iter().map(|(name, standing)| (*name, standing.check())));
        let stopping = *self.stop.borrow();
        checks.push(("serving", if stopping { Err("the server is stopping".to_owned()) } else { Ok(()) }));
        checks
    }
}

fn check_store(muster: &Muster, schema: Option<&str>) -> StoreChecks {
    let told = |error: muster_store::StoreError| error.to_string();
    let found = muster.store().read(|tx| meta::get(tx, meta::SCHEMA_VERSION)).map_err(told);
    let now = muster_service::clock::machine_now().to_string();
    let write = muster.store().write(|tx| meta::set(tx, PROBE, &now)).map_err(told);
    let (read, schema) = match found {
        Ok(found) if found.as_deref() == schema => (Ok(()), Ok(())),
        Ok(_) => {
            (Ok(()), Err("another version of Muster has migrated the store; restart this one".to_owned()))
        }
        Err(error) => (Err(error), Err("the store can't be read".to_owned())),
    };
    StoreChecks { read, write, schema, disk: check_disk(muster) }
}

fn check_disk(muster: &Muster) -> Check {
    let disk = rustix::fs::statvfs(muster.dir()).map_err(|error| error.to_string())?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < LEAST_FREE {
        return Err(format!("only {} MB are free", free >> 20));
    }
    Ok(())
}

/// `/healthz`: whoever answers lives.
pub(super) async fn alive() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// `/readyz`: what isn't ready, and 503 until everything is.
pub(super) async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    let checks = readiness.checks().await;
    let ready = checks.iter().all(|(_, check)| check.is_ok());
    let told: Map<String, Value> = checks
        .into_iter()
        .map(|(name, check)| (name.to_owned(), check.map_or_else(Value::from, |()| Value::from("ok"))))
        .collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "checks": told }))).into_response()
}
