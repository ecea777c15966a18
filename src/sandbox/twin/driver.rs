//! Moves a twin as wall time passes. The only place that knows of wall time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Twin;

/// How often a twin is moved: fine enough for an eye at any speed.
const BEAT: Duration = Duration::from_millis(50);
/// How long a twin is moved at once before others may look at it.
const LONGEST: Duration = Duration::from_millis(20);

/// How fast virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// So many times as fast as wall time.
    Speed(f64),
    /// Not by itself.
    Steps,
}

/// A twin that a server and a driver share.
pub(crate) type Shared = Arc<Mutex<Twin>>;

/// How fast the time really passed lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct Achieved(Arc<Mutex<f64>>);

impl Achieved {
    /// Virtual seconds for each second of wall time; less than asked for where that is more than
    /// this machine can do.
    pub(crate) fn speed(&self) -> f64 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, speed: f64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = speed;
    }
}

/// Moves `twin` at `pace` for as long as the runtime lets it. Nothing is skipped: what cannot be done
/// in time is done late.
pub(crate) async fn drive(twin: Shared, pace: Pace, achieved: Achieved) {
    let Pace::Speed(speed) = pace else {
        return std::future::pending().await;
    };
    let Some(begun) = with(&twin, |it| lock(it).now()).await else {
        return;
    };
    let mut from = (Instant::now(), begun);
    let mut is_late = false;
    loop {
        match is_late {
            true => tokio::task::yield_now().await,
            false => tokio::time::sleep(BEAT).await,
        }
        let passed = from.0.elapsed();
        let wanted = ahead(from.1, passed, speed);
        let Some(reached) = move_until(&twin, wanted).await else {
            return;
        };
        if reached > wanted {
            // Somebody else moved it: time passes on from there.
            from = (Instant::now(), reached);
            is_late = false;
            continue;
        }
        let virtual_seconds = reached.duration_since(from.1).as_secs_f64();
        let real_seconds = from.0.elapsed().as_secs_f64();
        achieved.set(virtual_seconds / real_seconds.max(f64::MIN_POSITIVE));
        is_late = reached < wanted;
        if is_late || passed > Duration::from_secs(10) {
            // Lost time is not made up for, so that a slow moment does not become a rush.
            from = (Instant::now(), reached);
        }
    }
}

/// Moves towards `to` for a while; how far it came.
async fn move_until(twin: &Shared, to: Timestamp) -> Option<Timestamp> {
    let begun = Instant::now();
    loop {
        let reached = with(twin, move |it| move_on(it, to)).await?;
        if reached >= to || begun.elapsed() >= BEAT {
            return Some(reached);
        }
        // Others may look at the twin now.
        tokio::task::yield_now().await;
    }
}

/// Does what takes its time where that holds up no other task; `None` where the runtime ends.
async fn with<T: Send + 'static>(
    twin: &Shared,
    act: impl FnOnce(&Shared) -> T + Send + 'static,
) -> Option<T> {
    let twin = Arc::clone(twin);
    tokio::task::spawn_blocking(move || act(&twin)).await.ok()
}

/// Moves towards `to` for as long as others may wait; how far it came.
pub(crate) fn move_on(twin: &Shared, to: Timestamp) -> Timestamp {
    let begun = Instant::now();
    let mut twin = lock(twin);
    loop {
        let next = twin.next().map_or(to, |it| it.min(to));
        twin.advance(next);
        let reached = twin.now();
        if reached >= to || begun.elapsed() >= LONGEST {
            return reached;
        }
    }
}

fn lock(twin: &Shared) -> MutexGuard<'_, Twin> {
    twin.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ahead(from: Timestamp, passed: Duration, speed: f64) -> Timestamp {
    let seconds = (passed.as_secs_f64() * speed).min(1e9);
    let length = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO);
    crate::sim::numbers::after(from, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::twin::Config;
    use crate::sandbox::twin::testing::{at, twin};

    #[tokio::test(start_paused = true)]
    async fn time_passes_at_the_speed_that_is_asked_for() {
        let (twin, _) = twin(&[], Config::starting_at(at(0)));
        let shared: Shared = Arc::new(Mutex::new(twin));
        let achieved = Achieved::default();
        let driver = drive(Arc::clone(&shared), Pace::Speed(100.0), achieved.clone());
        let driver = tokio::spawn(driver);
        tokio::time::sleep(Duration::from_secs(30)).await;
        driver.abort();
        let passed = lock(&shared).now().duration_since(at(-3600)).as_secs_f64();
        assert!((2_980.0..=3_000.0).contains(&passed), "{passed}");
        assert!(
            (achieved.speed() - 100.0).abs() < 1.0,
            "{}",
            achieved.speed()
        );
    }
}
