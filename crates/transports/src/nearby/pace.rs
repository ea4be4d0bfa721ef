//! How often something may happen: so many at once, and from then on one in every so long a time.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// A number at once, and a time for each further one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many at once. At least one.
    pub burst: u32,
    /// One more in each of these.
    pub every: Duration,
}

/// Keeps to a [`Rate`]. Knows no clock: instants are passed in.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When all of the burst will be there again.
    full: Option<Instant>,
}

impl Pace {
    /// Whether it may happen now; counts it where it may.
    pub(super) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let full = self.full.map_or(now, |full| full.max(now));
        let ahead = full.saturating_duration_since(now);
        if ahead > rate.every.saturating_mul(rate.burst.saturating_sub(1)) {
            return false;
        }
        self.full = full.checked_add(rate.every).or(self.full);
        true
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full.is_none_or(|full| full <= now)
    }
}

/// Who is kept apart at most; all others share one pace.
const APART: usize = 1024;

/// A pace for each of many.
#[derive(Debug)]
pub(super) struct Paces<K> {
    rate: Rate,
    apart: HashMap<K, Pace>,
    others: Pace,
}

impl<K: Hash + Eq> Paces<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, apart: HashMap::new(), others: Pace::default() }
    }

    pub(super) fn take(&mut self, of: K, now: Instant) -> bool {
        if self.apart.len() >= APART && !self.apart.contains_key(&of) {
            self.apart.retain(|_, pace| !pace.is_full(now));
            if self.apart.len() >= APART {
                return self.others.take(self.rate, now);
            }
        }
        self.apart.entry(of).or_default().take(self.rate, now)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.apart.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, every: Duration::from_millis(100) };

    #[test]
    fn so_many_at_once_and_then_one_in_each_time() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let taken = (0..1_000).filter(|_| pace.take(RATE, start)).count();
        assert_eq!(taken, 3);
        let mut taken = 0;
        for ms in 1..=1_000 {
            taken += usize::from(pace.take(RATE, start + Duration::from_millis(ms)));
        }
        assert_eq!(taken, 10);
        let later = start + Duration::from_secs(60);
        assert_eq!((0..1_000).filter(|_| pace.take(RATE, later)).count(), 3);
    }

    #[test]
    fn each_has_its_own_and_a_crowd_shares_one() {
        let start = Instant::now();
        let mut paces = Paces::new(RATE);
        for of in 0..APART {
            assert!(paces.take(of, start));
        }
        let shared = (APART..100_000).filter(|of| paces.take(*of, start)).count();
        assert_eq!((shared, paces.len()), (3, APART));
        assert!(paces.take(0, start), "whoever was there before has its own");
        // Those that are full again make room.
        assert!(paces.take(999_999, start + Duration::from_secs(60)));
        assert_eq!(paces.len(), 1);
    }
}
