//! Hybrid logical time (Kulkarni et al. 2014, "Logical Physical Clocks"). For display and for ties;
//! never decides whether two edits conflict.

use serde::{Deserialize, Serialize};

/// A point in hybrid time. Orders by wall time, then by counter.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
pub struct Hlc {
    /// Milliseconds since 1970, UTC.
    pub ms: i64,
    /// Distinguishes events within one millisecond.
    pub counter: u32,
}

/// How far ahead of this device's clock another device's time may be and still carry ours along.
/// Beyond it the other clock is wrong, and following it would spread the error.
pub const TOLERANCE_MS: i64 = 60_000;

/// Gives out strictly increasing times.
#[derive(Debug, Clone, Copy, Default)]
pub struct HybridClock {
    last: Hlc,
}

impl HybridClock {
    /// Goes on after the last time that was given out (persisted by the store).
    pub const fn after(last: Hlc) -> Self {
        Self { last }
    }

    /// The next time, given the wall clock in milliseconds. Monotonic even when the wall clock jumps
    /// back or the counter is exhausted.
    pub fn tick(&mut self, wall_ms: i64) -> Hlc {
        self.last = if wall_ms > self.last.ms {
            Hlc { ms: wall_ms, counter: 0 }
        } else if let Some(counter) = self.last.counter.checked_add(1) {
            Hlc { ms: self.last.ms, counter }
        } else {
            Hlc { ms: self.last.ms.saturating_add(1), counter: 0 }
        };
        self.last
    }

    /// Takes note of another device's time, unless it is absurdly ahead.
    pub fn observe(&mut self, other: Hlc, wall_ms: i64) {
        if other > self.last && other.ms <= wall_ms.saturating_add(TOLERANCE_MS) {
            self.last = other;
        }
    }

    /// The last time given out or observed.
    pub const fn last(&self) -> Hlc {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_monotonic_when_the_wall_clock_jumps_back() {
        let mut clock = HybridClock::default();
        let first = clock.tick(1_000);
        let second = clock.tick(10);
        assert!(second > first);
    }

    #[test]
    fn a_device_a_year_ahead_does_not_drag_others() {
        let mut clock = HybridClock::default();
        clock.observe(Hlc { ms: 31_536_000_000, counter: 0 }, 1_000);
        assert_eq!(clock.tick(1_001).ms, 1_001);
    }

    #[test]
    fn an_exhausted_counter_moves_on() {
        let mut clock = HybridClock::after(Hlc { ms: i64::MAX - 1, counter: u32::MAX });
        assert_eq!(clock.tick(0), Hlc { ms: i64::MAX, counter: 0 });
        assert_eq!(clock.tick(0), Hlc { ms: i64::MAX, counter: 1 });
    }
}
