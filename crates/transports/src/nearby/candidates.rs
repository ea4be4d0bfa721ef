//! Where devices may be reached, and when to try next. Knows no clock: instants are passed in.

use super::pace::{Pace, Rate};
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
    /// When it was dialled last.
    tried: Option<Instant>,
    /// Who answered there last.
    device: Option<DeviceId>,
    dialling: bool,
}

/// Addresses at which paired devices may be.
#[derive(Debug)]
pub struct Candidates {
    backoff: Backoff,
    known: BTreeMap<SocketAddr, Candidate>,
    pace: Pace,
}

/// Addresses that are kept at most: a flood of announcements fills no memory.
const MOST: usize = 256;
/// How often addresses that were announced are dialled, all together: anybody can announce them.
const DIALS: Rate = Rate { burst: 16, every: Duration::from_millis(250) };
/// Of these, so many are on their way at once.
const ON_THEIR_WAY: usize = 16;
/// So long after a try one more announcement gives no reason for the next.
const REPEATED: Duration = Duration::from_secs(1);

impl Candidates {
    /// None yet.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, known: BTreeMap::new(), pace: Pace::default() }
    }

    /// The person typed these addresses, in place of those typed before.
    pub fn typed(&mut self, addresses: &[SocketAddr], now: Instant) {
        self.known
            .retain(|address, known| known.source != Source::Typed || addresses.contains(address));
        for address in addresses {
            self.add(*address, Source::Typed, now);
        }
    }

    /// A device of this vault announced itself, or somebody who repeats its tag: it is tried at once, whatever
    /// failed before, but for what was tried a moment ago.
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
            let moment = known.tried.map_or(now, |tried| now.max(tried + REPEATED));
            known.not_before = known.not_before.min(moment);
            if known.source != Source::Typed {
                known.source = source;
            }
        } else if source == Source::Typed || self.has_room() {
            let candidate = Candidate {
                source,
                failures: 0,
                not_before: now,
                tried: None,
                device: None,
                dialling: false,
            };
            self.known.insert(address, candidate);
        }
    }

    /// Whether one more is kept; one that was announced and led nowhere makes room.
    fn has_room(&mut self) -> bool {
        if self.known.len() < MOST {
            return true;
        }
        let led_nowhere = |known: &Candidate| {
            known.source != Source::Typed && known.device.is_none() && !known.dialling
        };
        let goes = self
            .known
            .iter()
            .filter(|(_, known)| known.failures > 0 && led_nowhere(known))
            .max_by_key(|(_, known)| known.failures)
            .map(|(address, _)| *address);
        goes.is_some_and(|address| self.known.remove(&address).is_some())
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

    /// What to dial now, where no connection leads to yet: first where a device answered before, then what
    /// failed least. The caller says how each ends.
    pub fn due(&mut self, now: Instant, connected: &[DeviceId]) -> Vec<SocketAddr> {
        let announced = |known: &Candidate| known.source != Source::Typed;
        let dialling = |known: &&Candidate| known.dialling && announced(known);
        let mut on_their_way = self.known.values().filter(dialling).count();
        let mut waiting: Vec<(SocketAddr, &mut Candidate)> = self
            .known
            .iter_mut()
            .filter(|(_, known)| {
                let there = known.device.is_some_and(|device| connected.contains(&device));
                !there && !known.dialling && known.not_before <= now
            })
            .map(|(address, known)| (*address, known))
            .collect();
        waiting.sort_by_key(|(address, known)| {
            (known.device.is_none(), known.failures, known.not_before, *address)
        });
        let mut due = Vec::new();
        for (address, known) in waiting {
            if announced(known) {
                if on_their_way >= ON_THEIR_WAY || !self.pace.take(DIALS, now) {
                    continue;
                }
                on_their_way += 1;
            }
            (known.dialling, known.tried) = (true, Some(now));
            due.push(address);
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

    /// Whether an address is one of them.
    pub fn knows(&self, address: &SocketAddr) -> bool {
        self.known.contains_key(address)
    }

    /// Which device answered at an address last.
    pub fn device_at(&self, address: &SocketAddr) -> Option<DeviceId> {
        self.known.get(address)?.device
    }

    /// The name under which an address was announced.
    pub fn name_of(&self, address: &SocketAddr) -> Option<String> {
        match &self.known.get(address)?.source {
            Source::Announced(name) => Some(name.clone()),
            Source::Typed => None,
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
        assert!(candidates.due(now, &[]).is_empty(), "it was tried a moment ago");
        assert_eq!(candidates.due(now + REPEATED, &[]), [at(1)]);
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
    fn whoever_repeats_a_tag_makes_this_device_dial_no_faster() {
        let start = Instant::now();
        let mut candidates = Candidates::new(Backoff::default());
        candidates.typed(&[at(9)], start);
        let mut dialled = 0;
        for tick in 0..40_u32 {
            let now = start + Duration::from_millis(250) * tick;
            for port in 1_000..1_100 {
                let name = format!("{tick}-{port}");
                candidates.announced(&name, &[at(port)], now);
            }
            for address in candidates.due(now, &[]) {
                dialled += usize::from(address != at(9));
                candidates.failed(address, now);
            }
        }
        // Ten seconds: what is there at once, and four a second.
        assert!((40..=16 + 40).contains(&dialled), "{dialled}");
        // What the person typed, and where a device answered, does not wait behind them.
        let now = start + Duration::from_secs(100);
        candidates.reached(at(1_050), LAPTOP);
        let due = candidates.due(now, &[]);
        assert_eq!(due[0], at(1_050));
        assert!(due.contains(&at(9)));
    }

    #[test]
    fn only_so_many_announced_addresses_are_on_their_way_at_once() {
        let start = Instant::now();
        let mut candidates = Candidates::new(Backoff::default());
        let all: Vec<SocketAddr> = (1..=100).map(at).collect();
        candidates.announced("a", &all, start);
        let mut on_their_way = 0;
        for second in 0..60 {
            on_their_way += candidates.due(start + Duration::from_secs(second), &[]).len();
        }
        assert_eq!(on_their_way, ON_THEIR_WAY);
    }

    #[test]
    fn what_led_nowhere_makes_room_for_what_was_not_tried() {
        let now = Instant::now();
        let mut candidates = Candidates::new(Backoff::default());
        for port in 0..u16::try_from(MOST).unwrap() {
            candidates.announced(&port.to_string(), &[at(port)], now);
        }
        candidates.announced("late", &[at(9_999)], now);
        assert!(!candidates.known.contains_key(&at(9_999)), "nothing was tried yet");
        let tried = candidates.due(now, &[]);
        candidates.failed(tried[0], now);
        candidates.announced("late", &[at(9_999)], now);
        assert!(candidates.known.contains_key(&at(9_999)));
        assert_eq!(candidates.len(), MOST);
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

    #[test]
    fn who_answered_at_an_address_is_known_after_it_failed() {
        let (mut candidates, now) = (Candidates::new(Backoff::default()), Instant::now());
        candidates.typed(&[at(1)], now);
        assert_eq!(candidates.device_at(&at(1)), None);
        candidates.reached(at(1), DeviceId([1; 16]));
        candidates.failed(at(1), now);
        assert_eq!(candidates.device_at(&at(1)), Some(DeviceId([1; 16])));
    }
}
