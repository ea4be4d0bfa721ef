//! Where devices may be reached, and when to try next. Knows no clock: instants are passed in.

use holdfast_oplog::DeviceId;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Pauses after failures.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// After the first.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(30) }
    }
}

impl Backoff {
    fn after(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// How an address came to be known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// The person typed it.
    Typed,
    /// An announcement of that name on the network.
    Announced(String),
}

#[derive(Debug)]
struct Candidate {
    source: Source,
    failures: u32,
    not_before: Instant,
    /// Who answered there last.
    device: Option<DeviceId>,
    dialling: bool,
}

/// Addresses at which paired devices may be.
#[derive(Debug)]
pub struct Candidates {
    backoff: Backoff,
    known: BTreeMap<SocketAddr, Candidate>,
}

/// Addresses that are kept at most: a flood of announcements fills no memory.
const MOST: usize = 256;

impl Candidates {
    /// None yet.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, known: BTreeMap::new() }
    }

    /// The person typed these addresses, in place of those typed before.
    pub fn typed(&mut self, addresses: &[SocketAddr], now: Instant) {
        self.known
            .retain(|address, known| known.source != Source::Typed || addresses.contains(address));
        for address in addresses {
            self.add(*address, Source::Typed, now);
        }
    }

    /// A device of this vault announced itself: it is tried at once, whatever failed before.
    pub fn announced(&mut self, name: &str, addresses: &[SocketAddr], now: Instant) {
        let source = Source::Announced(name.to_owned());
        self.known.retain(|address, known| known.source != source || addresses.contains(address));
        for address in addresses {
            self.add(*address, source.clone(), now);
        }
    }

    fn add(&mut self, address: SocketAddr, source: Source, now: Instant) {
        if let Some(known) = self.known.get_mut(&address) {
            known.failures = 0;
            known.not_before = known.not_before.min(now);
            if known.source != Source::Typed {
                known.source = source;
            }
        } else if self.known.len() < MOST {
            let candidate =
                Candidate { source, failures: 0, not_before: now, device: None, dialling: false };
            self.known.insert(address, candidate);
        }
    }

    /// An announcement was taken back or ran out.
    pub fn gone(&mut self, name: &str) {
        let source = Source::Announced(name.to_owned());
        self.known.retain(|_, known| known.source != source);
    }

    /// Something about the network changed: everything is tried again at once.
    pub fn anew(&mut self, now: Instant) {
        for known in self.known.values_mut() {
            (known.failures, known.not_before) = (0, now);
        }
    }

    /// What to dial now, where no connection leads to yet. The caller says how each ends.
    pub fn due(&mut self, now: Instant, connected: &[DeviceId]) -> Vec<SocketAddr> {
        let mut due = Vec::new();
        for (address, known) in &mut self.known {
            let there = known.device.is_some_and(|device| connected.contains(&device));
            if !there && !known.dialling && known.not_before <= now {
                known.dialling = true;
                due.push(*address);
            }
        }
        due
    }

    /// A device answered at an address.
    pub fn reached(&mut self, address: SocketAddr, device: DeviceId) {
        if let Some(known) = self.known.get_mut(&address) {
            (known.device, known.dialling, known.failures) = (Some(device), false, 0);
        }
    }

    /// Dialling failed, or the connection ended.
    pub fn failed(&mut self, address: SocketAddr, now: Instant) {
        if let Some(known) = self.known.get_mut(&address) {
            known.dialling = false;
            known.failures = known.failures.saturating_add(1);
            known.not_before = now + self.backoff.after(known.failures);
        }
    }

    /// How many addresses are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAPTOP: DeviceId = DeviceId([1; 16]);

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn pauses_grow_to_a_bound_and_an_announcement_ends_them() {
        let start = Instant::now();
        let mut candidates = Candidates::new(Backoff::default());
        candidates.typed(&[at(1)], start);
        let mut now = start;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            assert_eq!(candidates.due(now, &[]), [at(1)]);
            assert!(candidates.due(now, &[]).is_empty(), "it is dialled already");
            candidates.failed(at(1), now);
            let before = now;
            while candidates.known[&at(1)].not_before > now {
                now += Duration::from_secs(1);
            }
            pauses.push((now - before).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        candidates.due(now, &[]);
        candidates.failed(at(1), now);
        candidates.announced("a", &[at(1)], now);
        assert_eq!(candidates.due(now, &[]), [at(1)]);
        // What was typed stays when the announcement goes.
        candidates.gone("a");
        assert_eq!(candidates.len(), 1);
        candidates.typed(&[], now);
        assert!(candidates.is_empty());
    }

    #[test]
    fn nobody_is_dialled_who_is_connected() {
        let now = Instant::now();
        let mut candidates = Candidates::new(Backoff::default());
        candidates.announced("a", &[at(1), at(2)], now);
        for address in candidates.due(now, &[]) {
            candidates.reached(address, LAPTOP);
        }
        assert!(candidates.due(now, &[LAPTOP]).is_empty());
        assert_eq!(candidates.due(now, &[]).len(), 2);
    }

    #[test]
    fn an_address_that_changed_replaces_the_old_one_and_a_flood_is_bounded() {
        let now = Instant::now();
        let mut candidates = Candidates::new(Backoff::default());
        candidates.announced("a", &[at(1)], now);
        candidates.announced("a", &[at(2)], now);
        assert_eq!(candidates.due(now, &[]), [at(2)]);
        for number in 0..10_000 {
            candidates.announced(&number.to_string(), &[at(number)], now);
        }
        assert_eq!(candidates.len(), MOST);
    }
}
