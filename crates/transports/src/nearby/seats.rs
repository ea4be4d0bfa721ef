//! Places for strangers who have not proved the code yet: few, one for each address, and none that is
//! kept by doing nothing.

use super::listener::neighbourhood;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How many may try at once.
pub(super) const SEATS: usize = 4;
/// So long a device that has begun to prove the code keeps its place against others.
pub(super) const BEGUN: Duration = Duration::from_secs(1);

/// The places.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// The oldest first.
    taken: Vec<Taken>,
}

#[derive(Debug)]
struct Taken {
    number: u64,
    from: IpAddr,
    /// When it sent its element.
    begun: Option<Instant>,
    /// Dropped when another takes the place.
    _end: oneshot::Sender<()>,
}

impl Taken {
    fn may_be_replaced(&self, now: Instant) -> bool {
        self.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= BEGUN)
    }
}

/// One place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    ended: oneshot::Receiver<()>,
}

impl Seats {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a stranger from an address. Where the address has one, or all are taken, it takes the
    /// place of the oldest who sent no element, else of the oldest who began long ago; none where
    /// everybody has just begun.
    pub(super) fn take(self: &Arc<Self>, from: IpAddr) -> Option<Seat> {
        let (from, now) = (neighbourhood(from), Instant::now());
        let mut state = self.state();
        let same = state.taken.iter().position(|taken| taken.from == from);
        let goes = match same {
            Some(same) => {
                state.taken.get(same).filter(|taken| taken.may_be_replaced(now))?;
                Some(same)
            }
            None if state.taken.len() < SEATS => None,
            None => {
                let idle = state.taken.iter().position(|taken| taken.begun.is_none());
                Some(idle.or_else(|| state.taken.iter().position(|t| t.may_be_replaced(now)))?)
            }
        };
        if let Some(goes) = goes {
            state.taken.remove(goes);
        }
        state.next = state.next.wrapping_add(1);
        let number = state.next;
        let (end, ended) = oneshot::channel();
        state.taken.push(Taken { number, from, begun: None, _end: end });
        Some(Seat { seats: self.clone(), number, ended })
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.state().taken.len()
    }
}

impl Seat {
    /// The stranger sent its element.
    pub(super) fn begun(&self) -> impl FnOnce() + Send + use<> {
        let (seats, number) = (self.seats.clone(), self.number);
        move || {
            let mut state = seats.state();
            if let Some(taken) = state.taken.iter_mut().find(|taken| taken.number == number) {
                taken.begun = Some(Instant::now());
            }
        }
    }

    /// Completes when another takes the place.
    pub(super) async fn replaced(&mut self) {
        // Nothing is ever sent: the other end goes.
        let _ = (&mut self.ended).await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.state().taken.retain(|taken| taken.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::time::advance;

    fn from(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    fn is_gone(seat: &mut Seat) -> bool {
        seat.ended.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    #[tokio::test(start_paused = true)]
    async fn four_addresses_that_do_nothing_block_nobody() {
        let seats = Arc::new(Seats::default());
        let mut idle: Vec<Seat> = (0..4).map(|last| seats.take(from(last)).unwrap()).collect();
        assert_eq!(seats.taken(), SEATS);
        let fifth = seats.take(from(9)).unwrap();
        assert_eq!(seats.taken(), SEATS);
        let gone: Vec<bool> = idle.iter_mut().map(is_gone).collect();
        assert_eq!(gone, [true, false, false, false], "the oldest goes");
        // The one that went gives back nothing that is not its own.
        drop(idle.remove(0));
        assert_eq!(seats.taken(), SEATS);
        drop(fifth);
        assert_eq!(seats.taken(), SEATS - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_begun_is_left_in_peace_for_a_moment_and_not_for_longer() {
        let seats = Arc::new(Seats::default());
        let mut begun: Vec<Seat> = (0..4).map(|last| seats.take(from(last)).unwrap()).collect();
        for seat in &begun {
            seat.begun()();
        }
        assert!(seats.take(from(9)).is_none());
        advance(BEGUN).await;
        let _next = seats.take(from(9)).unwrap();
        assert!(is_gone(&mut begun[0]) && !is_gone(&mut begun[1]));
        assert_eq!(seats.taken(), SEATS);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_one_place_and_an_idle_one_does_not_keep_the_next_out() {
        let seats = Arc::new(Seats::default());
        let mut first = seats.take(from(1)).unwrap();
        let second = seats.take(from(1)).unwrap();
        assert!(is_gone(&mut first));
        assert_eq!(seats.taken(), 1);
        second.begun()();
        assert!(seats.take(from(1)).is_none(), "it is proving the code just now");
        assert!(seats.take(from(2)).is_some());
    }
}
