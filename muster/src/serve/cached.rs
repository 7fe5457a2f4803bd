//! What costs something to find out, found out now and then however often it is asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How finding out ended, and what it took.
type Found<T> = (T, Duration);

struct State<T> {
    last: Option<(Instant, Duration, T)>,
    running: Option<JoinHandle<Found<T>>>,
}

/// An answer that is kept for a while. One thread at a time looks for a new one.
pub(super) struct Cached<T> {
    holds: Duration,
    /// An answer holds at least so many times as long as it took to find.
    times: u32,
    patience: Duration,
    find: Arc<dyn Fn() -> T + Send + Sync>,
    state: Mutex<State<T>>,
}

impl<T: Clone + Send + 'static> Cached<T> {
    /// An answer that holds for so long, or longer if it takes long to find; whoever asks waits for a new one only as long
    /// as `patience`.
    pub(super) fn new(
        holds: Duration,
        patience: Duration,
        find: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        let state = Mutex::new(State { last: None, running: None });
        Self { holds, times: 1, patience, find: Arc::new(find), state }
    }

    /// The same, but an answer that takes long to find holds longer, so that finding it takes a small part of the time.
    pub(super) fn rarely(self) -> Self {
        Self { times: 20, ..self }
    }

    /// The answer; nothing if it doesn't come in time.
    pub(super) async fn get(&self) -> Option<T> {
        tokio::time::timeout(self.patience, self.wait()).await.ok().flatten()
    }

    async fn wait(&self) -> Option<T> {
        let mut state = self.state.lock().await;
        if let Some((found, took, answer)) = &state.last
            && found.elapsed() < self.holds.max(*took * self.times)
        {
            return Some(answer.clone());
        }
        let running = state.running.get_or_insert_with(|| {
            let find = Arc::clone(&self.find);
            tokio::task::spawn_blocking(move || {
                let started = Instant::now();
                (find(), started.elapsed())
            })
        });
        // Whoever loses patience leaves it running for the next.
        let found = running.await;
        state.running = None;
        let (answer, took) = found.ok()?;
        state.last = Some((Instant::now(), took, answer.clone()));
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_found_once_and_kept() {
        let times = Arc::new(AtomicU32::new(0));
        let counting = Arc::clone(&times);
        let cached = Cached::new(Duration::from_secs(3600), Duration::from_secs(10), move || {
            counting.fetch_add(1, Ordering::SeqCst)
        });
        assert_eq!((cached.get().await, cached.get().await), (Some(0), Some(0)));
        assert_eq!(times.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_and_one_looks_at_a_time() {
        let (go, waiting) = mpsc::channel::<u32>();
        let waiting = std::sync::Mutex::new(waiting);
        let cached = Cached::new(Duration::from_secs(3600), Duration::from_millis(20), move || {
            waiting.lock().unwrap().recv().unwrap()
        });
        assert_eq!(cached.get().await, None);
        assert_eq!(cached.get().await, None);
        go.send(7).unwrap();
        // The one that was left running answers; a second one would wait for ever.
        let answer = loop {
            if let Some(answer) = cached.get().await {
                break answer;
            }
        };
        assert_eq!(answer, 7);
    }
}
