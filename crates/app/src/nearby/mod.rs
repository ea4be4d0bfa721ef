//! Nearby: the mode in which paired devices on one network stay in step.
//!
//! Owns the mode, what this device keeps about it, and what the person sees of it. The network runs in
//! one process at a time ([`keeper`]); others leave it a note in the private database.

mod facts;
mod held;
mod joining;
mod keeper;
mod looking;
mod metered;
mod neighbourhood;
mod pairing;
mod showing;
mod standing;
mod switch;
mod trouble;
mod way;

#[cfg(test)]
mod window_tests;

pub(crate) use facts::Facts;
pub use facts::{Met, Nearby, PairingOffer, PeerView};
pub(crate) use held::HELD;
pub(crate) use joining::Joining;
pub(crate) use keeper::NearbyKeeper;
pub(crate) use looking::Looking;
pub use pairing::{Agreement, Offering, PairingPreview};
pub use switch::ModePreview;
pub(crate) use trouble::told;

use crate::folder::Synced;
use crate::session::Open;
use crate::{App, AppError, view};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one exchange may take where nobody keeps the connections up.
const ONCE: Duration = Duration::from_secs(20);
/// Nothing came for so long: the exchange is over.
const QUIET: Duration = Duration::from_millis(500);
/// How long it is waited for devices to be found.
const FIND: Duration = Duration::from_secs(5);

impl App {
    /// What Nearby does on this device.
    pub fn nearby(&self) -> Result<Nearby, AppError> {
        let running = self.nearby_runs();
        self.with(|open| open.nearby(running))
    }

    /// Turns Nearby on or off. Pairings, addresses and everything else stay as they are.
    pub(crate) fn keep_mode(&self, mode: view::Mode) -> Result<(), AppError> {
        self.with(|open| open.keep_mode(mode))?;
        self.tell(view::Changed::anything(0));
        Ok(())
    }

    /// When this device tells the others by itself, and whether it does so where the system counts what goes
    /// over the network.
    pub fn set_nearby(
        &self,
        triggers: view::Triggers,
        on_metered: bool,
    ) -> Result<Nearby, AppError> {
        self.with(|open| {
            open.change_nearby_facts(|facts| {
                facts.triggers = triggers.into();
                facts.on_metered = on_metered;
            })
        })?;
        self.tell(view::Changed::anything(0));
        self.nearby()
    }

    /// Where a device may be reached that cannot be found by itself: `192.168.1.5:4829`.
    pub fn add_address(&self, address: &str) -> Result<Nearby, AppError> {
        let address = pairing::parse_address(address)?.to_string();
        self.with(|open| {
            open.change_nearby_facts(|facts| {
                if !facts.addresses.contains(&address) {
                    facts.addresses.push(address);
                }
            })
        })?;
        self.tell(view::Changed::anything(0));
        self.nearby()
    }

    /// Forgets an address.
    pub fn remove_address(&self, address: &str) -> Result<Nearby, AppError> {
        self.with(|open| {
            open.change_nearby_facts(|facts| facts.addresses.retain(|known| known != address))
        })?;
        self.tell(view::Changed::anything(0));
        self.nearby()
    }

    /// One exchange with the devices that can be reached now.
    pub fn sync_nearby(self: &Arc<Self>) -> Result<Synced, AppError> {
        let before = self.with(Open::counts)?;
        let keeper = if self.nearby_runs() {
            self.with(|open| open.poke_nearby())?;
            None
        } else {
            Some(NearbyKeeper::start(Arc::clone(self), true))
        };
        let start = Instant::now();
        let mut met = false;
        let mut quiet_since: Option<Instant> = None;
        loop {
            std::thread::park_timeout(Duration::from_millis(100));
            let nearby = self.nearby()?;
            met |= nearby.peers.iter().any(|peer| peer.connected);
            let (pending, missing) = self.with(Open::open_ends)?;
            // Whoever is connected has said what it holds, and nothing more came for a moment.
            let heard = self.with(Open::heard_of)?;
            let all_heard =
                nearby.peers.iter().filter(|peer| peer.connected).all(|peer| {
                    peer.device.as_ref().is_some_and(|device| heard.contains(&device.id))
                });
            if met && all_heard && pending == 0 && missing == 0 {
                quiet_since.get_or_insert_with(Instant::now);
            } else {
                quiet_since = None;
            }
            let done = quiet_since.is_some_and(|since| since.elapsed() >= QUIET);
            let waited = start.elapsed();
            if done || waited >= ONCE || (!met && waited >= FIND) {
                break;
            }
        }
        drop(keeper);
        if !met {
            return Err(AppError::NobodyNearby);
        }
        self.bring_along_when_settled()?;
        let after = self.with(Open::counts)?;
        Ok(Synced {
            sent: before.pending.saturating_sub(after.pending),
            exchange: None,
            received: after.changes.saturating_sub(before.changes),
            conflicts: after.conflicts.saturating_sub(before.conflicts),
            missing: 0,
            unfinished: 0,
            damaged: Vec::new(),
            notices: Vec::new(),
        })
    }
}
