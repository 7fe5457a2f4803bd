//! Work on threads of its own that begins again whatever happens to it, and says so meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// The first and the longest pause after a failure of the work as a whole.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// What is said of work that panicked.
const PANICKED: &str = "a mistake in Muster ended it, which the log tells of; it begins again shortly";

/// How such work stands: what is wrong, if anything.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<Option<String>>);

impl Standing {
    /// What keeps the work as a whole from being done.
    pub(super) fn check(&self) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    fn set(&self, problem: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

/// Does work until it has ended by itself or the server is told to stop. After a failure, a panic included, it begins again
/// when a pause is over.
pub(super) fn keep_on(
    name: &str,
    stop: &watch::Receiver<bool>,
    standing: &Standing,
    work: impl Fn() -> Result<(), String>,
) {
    let mut pause = PAUSE.0;
    while !*stop.borrow() {
        let began = Instant::now();
        standing.set(None);
        // What it shares is behind locks and in the store, whose transactions take back what wasn't finished.
        let problem = match catch_unwind(AssertUnwindSafe(&work)) {
            Ok(Ok(())) => return,
            Ok(Err(problem)) => problem,
            Err(_) => PANICKED.to_owned(),
        };
        tracing::error!(problem, "{name} failed as a whole; it begins again shortly");
        standing.set(Some(problem));
        pause = if began.elapsed() > PAUSE.1 { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
        wait(stop, pause);
    }
}

/// Waits so long, or until it is time to stop.
pub(super) fn wait(stop: &watch::Receiver<bool>, time: Duration) {
    const STEP: Duration = Duration::from_millis(100);
    let until = Instant::now() + time;
    while !*stop.borrow() && Instant::now() < until {
        std::thread::sleep(STEP);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn work_that_fails_or_panics_says_so_and_begins_again() {
        let (_stopping, stop) = watch::channel(false);
        let (standing, seen) = (Arc::new(Standing::default()), Mutex::new(Vec::new()));
        let times = AtomicU32::new(0);
        let watched = Arc::clone(&standing);
        std::thread::scope(|scope| {
            let working = scope.spawn(|| {
                keep_on("work", &stop, &standing, || match times.fetch_add(1, Ordering::SeqCst) {
                    0 => Err("the store is full".to_owned()),
                    1 => panic!("a mistake"),
                    _ => Ok(()),
                });
            });
            while !working.is_finished() {
                let mut seen = seen.lock().unwrap();
                if let Err(problem) = watched.check()
                    && !seen.contains(&problem)
                {
                    seen.push(problem);
                }
            }
        });
        assert_eq!(*seen.lock().unwrap(), ["the store is full", PANICKED]);
        assert_eq!((times.load(Ordering::SeqCst), standing.check()), (3, Ok(())));
    }

    #[test]
    fn work_that_fails_is_left_when_it_is_time_to_stop() {
        let (stopping, stop) = watch::channel(false);
        keep_on("work", &stop, &Standing::default(), || {
            stopping.send_replace(true);
            Err("no".to_owned())
        });
    }
}
