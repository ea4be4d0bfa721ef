//! Hybrid logical time (Kulkarni et al. 2014, "Logical Physical Clocks"), and what the writer's own
//! clock showed. Hybrid time orders and settles ties, the clock is what people read; neither decides
//! whether two edits conflict.
//!
//! Hybrid time never goes back, so a clock that was a year ahead once leaves it a year ahead. That must
//! not be what people read: a time for display comes from [`Hlc::shown_ms`] and from nowhere else.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// A point in hybrid time. Orders by time, then by counter, and by nothing else: two that differ only in
/// what a clock showed are the same point.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Default)]
pub struct Hlc {
    /// Milliseconds since 1970, UTC.
    pub(crate) ms: i64,
    /// Distinguishes events within one millisecond.
    pub(crate) counter: u32,
    /// What the writer's clock showed, where that is not `ms`. The first apps do not write it.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    wall: Option<i64>,
}

impl Hlc {
    /// All that orders.
    const fn point(&self) -> (i64, u32) {
        (self.ms, self.counter)
    }

    /// A point in hybrid time at which the writer's clock showed the same.
    pub const fn new(ms: i64, counter: u32) -> Self {
        Self { ms, counter, wall: None }
    }

    /// What the writer's clock showed, in milliseconds since 1970: for people to read. Orders nothing.
    pub const fn shown_ms(&self) -> i64 {
        match self.wall {
            Some(wall) => wall,
            None => self.ms,
        }
    }

    /// The part that orders, in milliseconds since 1970. Nobody reads it: see [`Self::shown_ms`].
    pub const fn order_ms(&self) -> i64 {
        self.ms
    }

    fn read_at(ms: i64, counter: u32, wall_ms: i64) -> Self {
        Self { ms, counter, wall: (ms != wall_ms).then_some(wall_ms) }
    }
}

impl Ord for Hlc {
    fn cmp(&self, other: &Self) -> Ordering {
        self.point().cmp(&other.point())
    }
}

impl PartialOrd for Hlc {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hlc {
    fn eq(&self, other: &Self) -> bool {
        self.point() == other.point()
    }
}

impl Eq for Hlc {}

impl Hash for Hlc {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.point().hash(state);
    }
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
            Hlc::new(wall_ms, 0)
        } else if let Some(counter) = self.last.counter.checked_add(1) {
            Hlc::read_at(self.last.ms, counter, wall_ms)
        } else {
            Hlc::read_at(self.last.ms.saturating_add(1), 0, wall_ms)
        };
        self.last
    }

    /// Takes note of another device's time, unless it is absurdly ahead.
    pub fn observe(&mut self, other: Hlc, wall_ms: i64) {
        if other > self.last && other.ms <= wall_ms.saturating_add(TOLERANCE_MS) {
            self.last = Hlc::read_at(other.ms, other.counter, wall_ms);
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
    fn what_is_shown_is_right_at_once_after_a_clock_was_wrong_once() {
        let mut clock = HybridClock::default();
        let before = clock.tick(1_000);
        let wrong = clock.tick(34_560_001_000);
        let after = clock.tick(2_000);
        let later = clock.tick(3_000);
        assert!(before < wrong && wrong < after && after < later, "the order is that of the edits");
        let shown = [before, wrong, after, later].map(|time| time.shown_ms());
        assert_eq!(shown, [1_000, 34_560_001_000, 2_000, 3_000]);
    }

    #[test]
    fn a_device_a_moment_ahead_changes_nobodys_shown_time() {
        let mut clock = HybridClock::default();
        clock.observe(Hlc::new(40_000, 7), 1_000);
        let next = clock.tick(1_001);
        assert_eq!((next.shown_ms(), next > Hlc::new(40_000, 7)), (1_001, true));
    }

    #[test]
    fn what_the_first_apps_wrote_is_read_and_what_is_the_same_is_written_alike() {
        #[derive(Serialize)]
        struct First {
            ms: i64,
            counter: u32,
        }
        let first = holdfast_oplog::encode(&First { ms: 1_000, counter: 2 }).unwrap();
        assert_eq!(holdfast_oplog::encode(&Hlc::new(1_000, 2)).unwrap(), first);
        let read: Hlc = holdfast_oplog::decode(&first, 64, "time").unwrap();
        assert_eq!(read, Hlc::new(1_000, 2));
        let told = Hlc::read_at(2_000, 1, 1_500);
        let bytes = holdfast_oplog::encode(&told).unwrap();
        let read: Hlc = holdfast_oplog::decode(&bytes, 64, "time").unwrap();
        assert_eq!((read, read.shown_ms()), (told, 1_500));
    }

    #[test]
    fn what_a_clock_showed_orders_nothing() {
        let [early, late] = [1_500, 1_900].map(|wall| Hlc::read_at(2_000, 1, wall));
        assert_eq!(early, late);
        assert_eq!(early.cmp(&late), Ordering::Equal);
        assert!(early < Hlc::new(2_000, 2) && Hlc::new(2_000, 0) < late);
    }

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
        clock.observe(Hlc::new(31_536_000_000, 0), 1_000);
        assert_eq!(clock.tick(1_001).ms, 1_001);
    }

    #[test]
    fn an_exhausted_counter_moves_on() {
        let mut clock = HybridClock::after(Hlc::new(i64::MAX - 1, u32::MAX));
        assert_eq!(clock.tick(0), Hlc::read_at(i64::MAX, 0, 0));
        assert_eq!(clock.tick(0), Hlc::read_at(i64::MAX, 1, 0));
    }
}
