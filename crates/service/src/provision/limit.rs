//! No more calls a minute than an app takes, from all processes together.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_connectors::{Capabilities, Connector, ConnectorError, ErrorKind, LookUp, Page};
use muster_engine::model::AppKey;
use muster_engine::outbound::{DesiredAccount, RemoteAccount};
use muster_store::Store;
use muster_store::app_state::{self, Rate};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use super::db::Db;
use crate::clock::machine_now;

/// How long calls that were taken ahead are good: longer, and they would add to those of another minute.
const GOOD: Duration = Duration::from_secs(1);
/// The least time between two takings: where calls are scarce, several are waited for and taken at once.
const PACE: Duration = Duration::from_secs(1);

/// A connector whose calls wait until the app takes another.
pub(super) struct Limited {
    inner: Box<dyn Connector>,
    gate: Gate,
}

impl Limited {
    /// Lets at most `per_minute` calls through, counted in the app's row.
    pub(super) fn new(inner: Box<dyn Connector>, store: &Arc<Store>, app: AppKey, per_minute: u32) -> Self {
        let (rate, batch) = rate_of(per_minute);
        let taken = Mutex::new(Taken { calls: 0, good_until: Instant::now(), next: Instant::now() });
        Self { inner, gate: Gate { db: Db(Arc::clone(store)), app: app.0, rate, batch, taken } }
    }
}

/// A rate that stays within the limit in any minute, whenever that begins: what may come at once after a quiet time, and
/// what was taken ahead, is taken off what comes back. And how many calls are taken at once.
fn rate_of(per_minute: u32) -> (Rate, i64) {
    let limit = i64::from(per_minute.max(1));
    let burst = (limit / 20).max(1);
    let rate = Rate { per_minute: (limit - (burst - 1) - limit / 60).max(1), burst };
    (rate, (burst / 4).max(1))
}

/// Calls taken from the row and not yet made.
struct Taken {
    calls: i64,
    good_until: Instant,
    /// When the row is asked again.
    next: Instant,
}

struct Gate {
    db: Db,
    app: i64,
    rate: Rate,
    batch: i64,
    /// Who waits for calls holds it, so that calls go through in the order in which they came.
    taken: Mutex<Taken>,
}

impl Gate {
    async fn pass(&self) -> Result<(), ConnectorError> {
        let mut taken = self.taken.lock().await;
        loop {
            if taken.calls > 0 && Instant::now() < taken.good_until {
                taken.calls -= 1;
                return Ok(());
            }
            sleep_until(taken.next).await;
            let (app, batch, rate) = (self.app, self.batch, self.rate);
            let asked = Instant::now();
            let granted =
                self.db.write(move |tx| app_state::take_calls(tx, app, batch, rate, machine_now())).await;
            let granted = granted.map_err(|error| {
                ConnectorError::new(
                    ErrorKind::Later(None),
                    format!("the rate limit can't be counted: {error}"),
                )
            })?;
            taken.calls = granted.calls;
            taken.good_until = asked + GOOD;
            // As many as were asked for: there may be more.
            let scarce = granted.calls < batch || batch == 1;
            taken.next = if scarce { asked + PACE } else { asked };
            if granted.calls == 0 {
                let until = granted.wait_until.unwrap_or_default() - machine_now();
                sleep(Duration::from_millis(u64::try_from(until).unwrap_or(0).max(1))).await;
                taken.next = Instant::now();
            }
        }
    }
}

#[async_trait]
impl Connector for Limited {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn check(&self) -> Result<(), ConnectorError> {
        self.gate.pass().await?;
        self.inner.check().await
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, ConnectorError> {
        self.gate.pass().await?;
        self.inner.list(cursor).await
    }

    async fn find(&self, by: &LookUp) -> Result<Vec<RemoteAccount>, ConnectorError> {
        self.gate.pass().await?;
        self.inner.find(by).await
    }

    async fn create(&self, desired: &DesiredAccount) -> Result<RemoteAccount, ConnectorError> {
        self.gate.pass().await?;
        self.inner.create(desired).await
    }

    async fn update(
        &self,
        id: &str,
        known: Option<&RemoteAccount>,
        desired: &DesiredAccount,
    ) -> Result<RemoteAccount, ConnectorError> {
        self.gate.pass().await?;
        self.inner.update(id, known, desired).await
    }

    async fn set_active(&self, id: &str, active: bool) -> Result<RemoteAccount, ConnectorError> {
        self.gate.pass().await?;
        self.inner.set_active(id, active).await
    }

    async fn delete(&self, id: &str) -> Result<(), ConnectorError> {
        self.gate.pass().await?;
        self.inner.delete(id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_calls_than_the_limit() {
        for limit in [1, 2, 19, 20, 60, 300, 6_000, 100_000] {
            let (rate, batch) = rate_of(limit);
            let store = Store::in_memory().unwrap();
            // Taken as fast as they come, a tenth of a second after the other, over two minutes.
            let mut made = Vec::new();
            for tick in 0..1_200_i64 {
                let now = 1_000_000 + tick * 100;
                while let Ok(granted @ 1..) =
                    store.write(|tx| Ok(app_state::take_calls(tx, 1, batch, rate, now)?.calls))
                {
                    made.push((now, granted));
                }
            }
            let most = made
                .iter()
                .map(|(from, _)| {
                    let minute = made.iter().filter(|(at, _)| (*from..from + 60_000).contains(at));
                    minute.map(|(_, calls)| calls).sum::<i64>()
                })
                .max()
                .unwrap();
            assert!(most <= i64::from(limit).max(1), "{limit}: {most}");
            assert!(most * 10 >= i64::from(limit) * 9, "{limit}: {most}");
        }
    }
}
