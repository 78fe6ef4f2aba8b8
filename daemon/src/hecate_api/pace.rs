//! How often something may happen: so many times at once, and so many more every second.

use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// A bucket of permits that fills up again by itself.
pub(super) struct Pace {
    per_second_max: u32,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    permits: f64,
    filled: Instant,
}

impl Pace {
    /// At most so many in any one second, and as many again in the next.
    pub(super) fn new(per_second_max: u32) -> Pace {
        Pace {
            per_second_max,
            bucket: Mutex::new(Bucket { permits: per_second_max.into(), filled: Instant::now() }),
        }
    }

    /// Takes a permit, or says how many milliseconds the next one is away.
    pub(super) fn take(&self) -> Result<(), u64> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, most) = (Instant::now(), f64::from(self.per_second_max));
        let grown = now.duration_since(bucket.filled).as_secs_f64() * most;
        *bucket = Bucket { permits: (bucket.permits + grown).min(most), filled: now };
        if bucket.permits < 1.0 {
            return Err(((1.0 - bucket.permits) / most * 1_000.0).ceil() as u64);
        }
        bucket.permits -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_second_holds_no_more_than_its_bound() {
        let pace = Pace::new(4);
        assert_eq!((0..4).filter(|_| pace.take().is_ok()).count(), 4);
        assert_eq!(pace.take(), Err(250));
        tokio::time::advance(Duration::from_millis(250)).await;
        assert_eq!((pace.take(), pace.take()), (Ok(()), Err(250)));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((0..9).filter(|_| pace.take().is_ok()).count(), 4);
    }
}
