//! What carries changes between the devices of a history, and what goes wrong on the way.
//!
//! Everything goes through the engine's own path: sealed, carried as bytes, opened, verified, taken
//! in and applied in one transaction. What is carried is looked at here, as an eavesdropper with all
//! keys would.

mod bundles;
mod folder;
mod link;
mod network;
mod post;
mod wire;

use super::tally::Group;
use super::world::{ASK_NEEDLE, DEVICE_NEEDLE, NEARBY_NEEDLE, World};
use crate::oracle::Past;
use holdfast_oplog::{LogId, SealedBatch, Space, VersionVector};
use holdfast_sync::{Carrier, Mailbox};
use holdfast_vault::open_batch;
use std::path::Path;
use tempfile::TempDir;

/// Everything that is on its way.
#[derive(Default)]
pub(crate) struct Carried {
    /// Sealed batches, to whom. They arrive in any order, some of them twice.
    letters: Vec<(usize, Vec<u8>)>,
    relay: Mailbox,
    bundles: Vec<bundles::Bundle>,
    /// Where bundles lie.
    bundle_folder: Option<TempDir>,
    exchange: Option<folder::Exchange>,
    network: network::Network,
}

/// A folder for what a history writes: in memory where the system has such a place.
pub(crate) fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = TempDir::with_prefix_in("holdfast-sim-", memory)
    {
        return folder;
    }
    TempDir::with_prefix("holdfast-sim-").unwrap()
}

/// Whether a space may travel by a carrier: the table of the design, written apart from the engine. Of
/// the space that asks, only what was approved.
pub(crate) const fn may_travel(space: Space, carrier: Carrier) -> bool {
    matches!(
        (space, carrier),
        (Space::Everywhere | Space::Ask, _)
            | (Space::Nearby, Carrier::Lan | Carrier::Bundle { nearby_ticked: true })
    )
}

/// Everything that either holds.
fn union(a: &Past, b: &Past) -> Past {
    let mut all = a.clone();
    for (log, seq) in b {
        let held = all.entry(*log).or_insert(0);
        *held = (*held).max(*seq);
    }
    all
}

/// Whether all of `part` is in `whole`.
fn includes(whole: &Past, part: &Past) -> bool {
    part.iter().all(|(log, seq)| whole.get(log).is_some_and(|held| held >= seq))
}

impl World {
    /// Up to which change a log may travel by a carrier.
    fn most(&self, log: LogId, carrier: Carrier) -> u64 {
        match log.space {
            space if !may_travel(space, carrier) => 0,
            Space::Ask => self.approved.get(&log).copied().unwrap_or(0),
            _ => u64::MAX,
        }
    }

    /// The part of what someone holds that may travel by a carrier.
    pub(super) fn travels(&self, holds: &Past, carrier: Carrier) -> Past {
        let logs = holds.iter().map(|(log, seq)| (*log, (*seq).min(self.most(*log, carrier))));
        logs.filter(|(_, seq)| *seq > 0).collect()
    }

    /// What is said about logs says nothing of what may not travel by this carrier.
    fn inspect_named(&self, logs: &VersionVector, carrier: Carrier) {
        for (log, seq) in logs.iter() {
            let may = seq <= self.most(log, carrier);
            assert!(may, "change {seq} of a log of '{}' was named by {carrier:?}", log.space);
        }
    }

    /// Nothing of what must not travel by this carrier is in a batch that does: neither in its header
    /// nor in what it holds.
    fn inspect(&mut self, batch: &[u8], carrier: Carrier) {
        let batch = SealedBatch::decode(batch).expect("a batch on its way is one");
        let members = &self.founded.members;
        let opened = open_batch(&self.founded.keyring, &batch, |actor| members.public_of(actor))
            .expect("a batch on its way opens");
        let space = opened.header.space;
        let may = opened.header.last <= self.most(opened.header.log(), carrier);
        assert!(may, "changes of '{space}' went by {carrier:?}");
        for change in &opened.changes {
            assert!(!contains(change, DEVICE_NEEDLE), "what must not leave the device went along");
            let asks = contains(change, ASK_NEEDLE);
            assert!(!asks || space == Space::Ask, "what waits for a yes went along with '{space}'");
            if !may_travel(Space::Nearby, carrier) {
                assert!(!contains(change, NEARBY_NEEDLE), "what is Nearby went by {carrier:?}");
            }
        }
        self.tally.count(Group::Checks, "carried batches opened and searched");
    }

    /// Something happened on a device: it is checked again, and tells those that it is connected to.
    pub(super) fn touch(&mut self, device: usize) {
        self.touched.insert(device);
        self.carried.network.changed(device);
    }

    /// What a device holds after something came, against what it may and what it must hold. Tells
    /// the oracle.
    fn came(&mut self, device: usize, before: &Past, sent: &Past, whole: bool) {
        let after = self.devices[device].holds();
        let most = union(before, sent);
        assert!(includes(&after, before), "device {device} lost what it held");
        assert!(includes(&most, &after), "device {device} claims what nobody sent");
        assert!(!whole || after == most, "device {device} did not get what was sent");
        self.oracle.received_up_to(device, &after);
        self.oracle.apply(device);
        self.touch(device);
    }

    /// Starts the devices again that crashed.
    fn restart_crashed(&mut self) -> bool {
        let mut any = false;
        for device in 0..self.devices.len() {
            if self.devices[device].crashed() {
                self.restart(device);
                any = true;
            }
        }
        any
    }

    /// Changes that wait are counted where people look, and those of a newer app are named.
    pub(super) fn waiting_is_said(&mut self, device: usize) {
        let told = self.devices[device].read(|tx| tx.unapplied());
        let told = told.into_iter().map(|(actor, parked, count)| (actor, (parked, count)));
        let told: std::collections::BTreeMap<_, _> = told.collect();
        let waiting = self.oracle.unapplied(device);
        assert_eq!(told, waiting, "device {device} is silent about changes that wait");
        if waiting.values().any(|(parked, _)| *parked) {
            self.tally.count(Group::Faults, "change of a newer app parked");
        }
        if waiting.values().any(|(parked, _)| !*parked) {
            self.tally.count(Group::Faults, "change before what it depends on");
        }
    }
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    let (first, rest) = needle.as_bytes().split_first().unwrap_or((&0, &[]));
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        from += at + 1;
        if bytes[from..].starts_with(rest) {
            return true;
        }
    }
    false
}
