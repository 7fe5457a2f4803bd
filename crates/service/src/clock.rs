//! The one place that reads the time.
//!
//! The org's clock says what `as_of` and recorded dates are. `MUSTER_CLOCK=1992-01-01T00:00:00Z` makes it stand still
//! there, with a trailing `+` it ticks from there; only a store created under such a clock accepts it, so that no real
//! org can run on a false one. Leases, back-off and limits use the machine's time in any case.

use std::sync::Mutex;
use std::time::Instant;

use muster_engine::Millis;
use muster_store::{Store, meta};

use crate::error::{Result, ServiceError};

/// The machine's time in milliseconds since 1970 UTC.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn machine_now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[derive(Debug)]
enum Source {
    Machine,
    Still(i64),
    Ticking { from: i64, started: Instant },
}

/// The org's clock.
#[derive(Debug)]
pub struct Clock(Mutex<Source>);

const KIND: &str = "clock";
const LAST: &str = "clock_last";

impl Clock {
    /// The clock of a store: `given` is the text of `MUSTER_CLOCK`, if it is set. A store made under a given clock
    /// keeps its last instant for commands without the variable.
    ///
    /// # Errors
    /// If the text can't be read, or the store runs on the machine's clock.
    pub fn open(store: &Store, given: Option<&str>) -> Result<Self> {
        let given = given.filter(|g| !g.is_empty()).map(parse).transpose()?;
        let kind = store.read(|tx| meta::get(tx, KIND))?;
        let simulated = match kind {
            Some(kind) => kind == "given",
            // A store whose first opening failed half way has none yet, and is as new.
            None => {
                let kind = if given.is_some() { "given" } else { "machine" };
                store.write(|tx| meta::set(tx, KIND, kind))?;
                given.is_some()
            }
        };
        let source = match given {
            Some(_) if !simulated => {
                return Err(ServiceError::Invalid(
                    "MUSTER_CLOCK is set, but this store runs on the machine's clock: a false clock is accepted only \
                     by a store created under it. Unset the variable, or name another --data-dir"
                        .to_owned(),
                ));
            }
            Some(source) => source,
            None if simulated => {
                let last =
                    store.read(|tx| meta::get(tx, LAST))?.and_then(|t| t.parse().ok()).unwrap_or_default();
                Source::Still(last)
            }
            None => Source::Machine,
        };
        let clock = Self(Mutex::new(source));
        if simulated {
            clock.remember(store)?;
        }
        Ok(clock)
    }

    /// The machine's clock.
    pub fn machine() -> Self {
        Self(Mutex::new(Source::Machine))
    }

    /// The org's present instant.
    pub fn now(&self) -> Millis {
        let source = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Millis(match &*source {
            Source::Machine => machine_now(),
            Source::Still(at) => *at,
            Source::Ticking { from, started } => {
                from + i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX)
            }
        })
    }

    /// Sets a given clock to another instant, and remembers it.
    ///
    /// # Errors
    /// If the store runs on the machine's clock.
    pub fn set(&self, store: &Store, at: Millis) -> Result<()> {
        {
            let mut source = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if matches!(*source, Source::Machine) {
                return Err(ServiceError::Invalid("this store runs on the machine's clock".to_owned()));
            }
            *source = Source::Still(at.0);
        }
        self.remember(store)
    }

    fn remember(&self, store: &Store) -> Result<()> {
        let now = self.now().0.to_string();
        Ok(store.write(|tx| meta::set(tx, LAST, &now))?)
    }
}

fn parse(text: &str) -> Result<Source> {
    let (instant, ticks) = text.strip_suffix('+').map_or((text, false), |t| (t, true));
    let at = instant.parse::<jiff::Timestamp>().map_err(|e| {
        ServiceError::Invalid(format!(
            "MUSTER_CLOCK={text:?} can't be read: {e}; write an instant such as 1992-01-01T00:00:00Z, with a trailing + to let it tick"
        ))
    })?;
    let from = at.as_millisecond();
    Ok(if ticks { Source::Ticking { from, started: Instant::now() } } else { Source::Still(from) })
}
