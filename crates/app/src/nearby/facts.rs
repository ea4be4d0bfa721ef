//! What this device keeps about Nearby, in the private database: the mode, typed addresses, how the
//! connections stand, and notes from one process to the one that runs the network.

use crate::kept::Fact;
use crate::kept_choices::{KeptMode, KeptTriggers};
use crate::session::Open;
use crate::{AppError, view};
use holdfast_oplog::DeviceId;
use holdfast_sync::{Carrier, delivered, offered, settled_destinations};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the person chose. Never taken for something else where it cannot be read.
const MODE: Fact<KeptMode> = Fact::new("mode", "the mode", "Choose the mode again.");
const NEARBY: Fact<Facts> = Fact::new(
    "nearby",
    "Nearby",
    "Which devices are blocked and typed addresses are in it, so Nearby does not run meanwhile. Restart Holdfast, or update it.",
);

/// Notes from one process to another, which the next one replaces.
mod note {
    pub(super) const STATE: &str = "nearby_state";
    pub(super) const POKE: &str = "nearby_poke";
    pub(super) const WANTED: &str = "nearby_wanted";
    pub(super) const OFFER: &str = "nearby_offer";
    pub(super) const WITHDRAWN: &str = "nearby_withdrawn";
}

/// What the person chose, and what makes it quicker the next time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Addresses that the person typed.
    pub(crate) addresses: Vec<String>,
    /// The port that was free last time.
    pub(crate) port: u16,
    /// Keys of devices that may not pair, in hexadecimal.
    #[serde(default)]
    pub(crate) blocked: Vec<String>,
    /// Devices whose large deletion waits for the person: how many items, and since when.
    #[serde(default)]
    pub(crate) held: Vec<(DeviceId, u64, i64)>,
    /// What taking in each of these would do, as the record of an exchange says it.
    #[serde(default)]
    pub(crate) held_reports: Vec<(DeviceId, serde_json::Value)>,
    /// Devices whose large deletion the person accepted.
    #[serde(default)]
    pub(crate) confirmed: Vec<DeviceId>,
    /// When this device tells the others by itself.
    #[serde(default)]
    pub(crate) triggers: KeptTriggers,
    /// Whether Nearby goes on where the system counts what goes over the network.
    #[serde(default)]
    pub(crate) on_metered: bool,
    /// Devices whose key a typed code proved to this one, and when.
    #[serde(default)]
    pub(crate) verified: Vec<(DeviceId, i64)>,
    /// What another version keeps here, which this one does not know.
    #[serde(flatten)]
    pub(crate) rest: serde_json::Map<String, serde_json::Value>,
}

/// How the network stands, as the process that runs it wrote last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NearbyState {
    /// Where other devices can connect.
    pub(crate) addresses: Vec<String>,
    pub(crate) neighbours: Vec<NeighbourFact>,
    /// Why the network could not be begun.
    pub(crate) trouble: Option<(String, String)>,
    /// Whether it waits for another network, because this one is metered.
    #[serde(default)]
    pub(crate) metered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NeighbourFact {
    pub(crate) device: Option<DeviceId>,
    pub(crate) address: String,
    pub(crate) connected: bool,
    pub(crate) trouble: Option<(String, String)>,
    /// By how much its clock is ahead of this one's.
    #[serde(default)]
    pub(crate) ahead_ms: Option<i64>,
}

/// A code that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingOffer {
    /// To be typed on the other device: "4829 1760".
    pub code: String,
    /// Where the other device finds this one.
    pub address: String,
    /// This device's name.
    pub name: String,
    /// Until when the code is good, in milliseconds since 1970.
    pub expires: i64,
    /// Tells one offer from another.
    #[serde(default)]
    pub number: u64,
    /// The device that proved that it knows the code, while its person decides.
    #[serde(default)]
    pub met: Option<Met>,
    /// The device that was paired with it, by name.
    #[serde(default)]
    pub paired: Option<String>,
    /// Why it came to nothing: a stable name, and words.
    #[serde(default)]
    pub failed: Option<(String, String)>,
}

/// A device that is being paired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// What it is called.
    pub name: String,
    /// Its platform.
    pub platform: String,
    /// Four words that are the same on both screens.
    pub words: Vec<String>,
}

/// What Nearby does on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearby {
    /// Whether the mode is on.
    pub on: bool,
    /// Whether a process (the app, or `holdfastctl watch`) keeps the connections up.
    pub running: bool,
    /// Where other devices can connect.
    pub addresses: Vec<String>,
    /// Addresses that the person typed.
    pub typed: Vec<String>,
    /// The other devices, and addresses that led nowhere.
    pub peers: Vec<PeerView>,
    /// Why the network could not be begun.
    pub error: Option<view::CommandError>,
    /// When this device tells the others by itself.
    pub triggers: view::Triggers,
    /// Whether Nearby goes on where the system counts what goes over the network.
    pub on_metered: bool,
    /// Whether it waits for another network, because this one is metered.
    pub metered: bool,
}

/// How the connection to a device stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerView {
    /// The device, where it is known.
    pub device: Option<view::DeviceRef>,
    /// Where it is.
    pub address: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Why not.
    pub error: Option<view::CommandError>,
    /// By how many milliseconds its clock is ahead of this one's, where that is known.
    pub ahead_ms: Option<i64>,
}

/// Numbers before and after an exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) pending: u64,
    pub(super) changes: u64,
    pub(super) conflicts: u64,
}

fn error((code, message): (String, String)) -> view::CommandError {
    view::CommandError { code, message, remedy: None }
}

impl Open {
    /// A note as JSON; one that is missing or cannot be read is none.
    fn note_of<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let bytes = self.private.get(name).ok().flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn keep_note<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), AppError> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| AppError::Invalid(format!("This cannot be kept: {error}.")))?;
        Ok(self.private.set(name, &bytes)?)
    }

    /// Raises the number of a wish by one, whichever processes do so at once. The new number.
    fn count_up(&mut self, name: &str) -> Result<u64, AppError> {
        self.private.update(name, |before| {
            let before = before.and_then(|bytes| serde_json::from_slice::<u64>(&bytes).ok());
            let now = before.unwrap_or(0).wrapping_add(1);
            Ok((Some(now.to_string().into_bytes()), now))
        })
    }

    /// How changes travel.
    pub(crate) fn mode(&self) -> Result<view::Mode, AppError> {
        Ok(MODE.read(&self.private)?.map_or(view::Mode::Manual, Into::into))
    }

    pub(crate) fn keep_mode(&mut self, mode: view::Mode) -> Result<(), AppError> {
        MODE.keep(&mut self.private, &mode.into())
    }

    /// What the person chose about Nearby.
    pub(crate) fn nearby_facts(&self) -> Result<Facts, AppError> {
        Ok(NEARBY.read(&self.private)?.unwrap_or_default())
    }

    /// Changes that, in one transaction: what another process or connection changes meanwhile stays.
    pub(crate) fn change_nearby_facts<T>(
        &mut self,
        change: impl FnOnce(&mut Facts) -> T,
    ) -> Result<T, AppError> {
        NEARBY.update(&mut self.private, change)
    }

    pub(crate) fn nearby_state(&self) -> NearbyState {
        self.note_of(note::STATE).unwrap_or_default()
    }

    pub(crate) fn keep_nearby_state(&mut self, state: &NearbyState) -> Result<(), AppError> {
        self.keep_note(note::STATE, state)
    }

    /// Asks the process that runs the network to try everything at once.
    pub(crate) fn poke_nearby(&mut self) -> Result<(), AppError> {
        self.count_up(note::POKE).map(drop)
    }

    pub(super) fn poked_nearby(&self) -> u64 {
        self.note_of(note::POKE).unwrap_or(0)
    }

    /// Asks the process that runs the network for a new code. The number of the wish.
    pub(super) fn want_offer(&mut self) -> Result<u64, AppError> {
        self.count_up(note::WANTED)
    }

    pub(super) fn wanted_offer(&self) -> u64 {
        self.note_of(note::WANTED).unwrap_or(0)
    }

    pub(super) fn offer(&self) -> Option<PairingOffer> {
        self.note_of(note::OFFER)
    }

    pub(super) fn keep_offer(&mut self, offer: Option<&PairingOffer>) -> Result<(), AppError> {
        self.keep_note(note::OFFER, &offer)
    }

    /// Asks the process that runs the network to take back the code of that number.
    pub(super) fn withdraw_offer(&mut self, number: u64) -> Result<(), AppError> {
        self.keep_note(note::WITHDRAWN, &number)
    }

    pub(super) fn withdrawn_offer(&self) -> u64 {
        self.note_of(note::WITHDRAWN).unwrap_or(0)
    }

    /// Remembers that a typed code proved a device's key now.
    pub(super) fn note_verified(&mut self, device: DeviceId) -> Result<(), AppError> {
        let now = self.now_ms();
        self.change_nearby_facts(|facts| {
            facts.verified.retain(|(known, _)| *known != device);
            facts.verified.push((device, now));
        })
    }

    pub(super) fn nearby(&mut self, running: bool) -> Result<Nearby, AppError> {
        let (facts, people) = (self.nearby_facts()?, self.people()?);
        let kept = self.nearby_state();
        // Of a network that does not run, only why it is not begun is true still.
        let state = if running {
            kept
        } else {
            let NearbyState { trouble, metered, .. } = kept;
            NearbyState { trouble, metered, ..Default::default() }
        };
        // One of several addresses of a device that led nowhere is nothing that anybody has to see.
        let is_shown = |known: &NeighbourFact| {
            known.connected || known.device.is_some() || facts.addresses.contains(&known.address)
        };
        let mut peers: Vec<PeerView> = state
            .neighbours
            .into_iter()
            .filter(is_shown)
            .map(|known| PeerView {
                device: known.device.map(|device| people.device(device)),
                address: known.address,
                connected: known.connected,
                error: known.trouble.map(error),
                ahead_ms: known.ahead_ms,
            })
            .collect();
        peers.sort_by_key(|peer| !peer.connected);
        // By whatever way it learned that, and whether it is connected or not.
        let removed = (!people.here_belongs()).then(|| super::trouble::told("nearby_removed", ""));
        Ok(Nearby {
            on: self.mode()? == view::Mode::Nearby,
            running,
            addresses: state.addresses,
            typed: facts.addresses,
            peers,
            error: removed.or_else(|| state.trouble.map(error)),
            triggers: facts.triggers.into(),
            on_metered: facts.on_metered,
            metered: state.metered,
        })
    }

    /// Changes that other devices lack, and changes that others hold and this one lacks.
    pub(crate) fn open_ends(&mut self) -> Result<(u64, u64), AppError> {
        let others: Vec<DeviceId> = self.others()?.into_iter().map(|(id, _)| id).collect();
        self.store.read(|tx| {
            let known = settled_destinations(tx)?;
            let count = |ranges: Vec<holdfast_oplog::Range>| {
                ranges.iter().fold(0_u64, |sum, range| {
                    sum.saturating_add(range.last.saturating_sub(range.first).saturating_add(1))
                })
            };
            let offers = offered(tx, Carrier::Lan)?;
            let held = tx.held()?;
            let pending = count(offers.missing_in(&delivered(&others, &known)));
            let missing =
                known.iter().map(|to| count(to.holds.missing_in(&held))).max().unwrap_or(0);
            Ok((pending, missing))
        })
    }

    /// The devices that ever said what they hold, by id.
    pub(crate) fn heard_of(&mut self) -> Result<BTreeSet<String>, AppError> {
        let known = self.store.read(|tx| tx.destinations())?;
        let heard = known.iter().filter(|to| to.last_seen_ms.is_some());
        Ok(heard.map(|to| to.device.to_string()).collect())
    }

    pub(super) fn counts(&mut self) -> Result<Counts, AppError> {
        let (pending, _) = self.open_ends()?;
        self.store.read(|tx| {
            let changes = tx.held()?.iter().map(|(_, seq)| seq).sum();
            Ok(Counts { pending, changes, conflicts: tx.conflict_counts()?.0 })
        })
    }
}
