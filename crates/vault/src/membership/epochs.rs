//! Third step: which epochs the records began, and which of their keys nobody has who is out.
//!
//! Epochs follow each other without a gap: one that is more than one above those that count does
//! not count, whoever named it and whenever it came. A key is **clean** where whoever handed it out
//! stays, knew of everybody who was removed, and gave it to nobody who is out, be it removed or let in by
//! one that was: nothing is sealed under another.

use super::fold::Folded;
use super::record::{Body, Wrapped};
use super::verify::Checked;
use holdfast_oplog::{DeviceId, Hash};
use std::collections::{BTreeMap, BTreeSet};

/// One key of one epoch, as a record that counts handed it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    /// The record, and who made it.
    pub(super) hash: Hash,
    pub(super) by: DeviceId,
    pub(super) epoch: u32,
    /// What names the key. Records of before this was written down do not tell.
    pub(super) key: Option<[u8; 16]>,
    pub(super) wrapped: Vec<Wrapped>,
    pub(super) clean: bool,
    /// Whether anybody but its maker said that it built on the record.
    pub(super) is_built_on: bool,
    /// Devices that said that they do not hold the key.
    pub(super) lacking: BTreeSet<DeviceId>,
}

/// The vault's epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Epochs {
    /// The latest that counts.
    pub(super) counted: u32,
    pub(super) begun: Vec<Begun>,
    /// Records that name an epoch which does not count, by the hash of what is signed.
    pub(super) ahead: BTreeSet<Hash>,
}

/// Whether keys are taken up that a record hands out. Also where its maker is out, so that what others
/// sealed under them before they heard of that opens everywhere: where it is a removal in force, or
/// another member built on it.
pub(super) fn hands_out(folded: &Folded<'_>, record: Hash, maker: DeviceId) -> bool {
    folded.vouches(record, maker)
        || folded.knows(maker) && (folded.applied.contains(&record) || folded.is_paid(record))
}

/// Works out the epochs.
pub(super) fn epochs(checked: &Checked, folded: &Folded<'_>) -> Epochs {
    let mut handed: Vec<_> = checked
        .verified
        .iter()
        .filter_map(|(hash, record)| record.body.handed_out().map(|handed| (*hash, handed)))
        .filter(|(hash, handed)| hands_out(folded, *hash, handed.by))
        .collect();
    handed.sort_by_key(|(hash, handed)| (handed.epoch, *hash));
    let mut epochs = Epochs { counted: 1, begun: Vec::new(), ahead: BTreeSet::new() };
    handed.retain(|(hash, handed)| {
        // The first epoch is begun by no record.
        let counts = handed.epoch > 1 && handed.epoch <= epochs.counted.saturating_add(1);
        if counts {
            epochs.counted = epochs.counted.max(handed.epoch);
        } else {
            epochs.ahead.insert(*hash);
        }
        counts
    });
    // When each device that is out was removed, as records tell that count.
    let mut removed_in: BTreeMap<DeviceId, u32> = BTreeMap::new();
    for (hash, handed) in &handed {
        if let Some(device) = handed.removes.filter(|_| folded.applied.contains(hash)) {
            let epoch = removed_in.entry(device).or_insert(handed.epoch);
            *epoch = handed.epoch.min(*epoch);
        }
    }
    let mut lacking: BTreeMap<Hash, BTreeSet<DeviceId>> = BTreeMap::new();
    for (hash, record) in &checked.verified {
        if let Body::Lacks(lacks) = &record.body
            && folded.vouches(*hash, lacks.by)
        {
            for of in &lacks.records {
                lacking.entry(*of).or_default().insert(lacks.by);
            }
        }
    }
    // Who is out was in, or hangs on somebody who is out: then no record can name it as removed.
    let joined: BTreeSet<DeviceId> = checked
        .verified
        .values()
        .filter_map(|record| match &record.body {
            Body::Genesis(genesis) => Some(genesis.device),
            Body::Join(join) => Some(join.device),
            _ => None,
        })
        .collect();
    for (hash, handed) in handed {
        let knew = |device: &DeviceId| match handed.without {
            _ if handed.removes == Some(*device) => true,
            Some(without) => without.contains(device),
            None => removed_in.get(device).is_some_and(|epoch| *epoch < handed.epoch),
        };
        // Its maker says of somebody who is in that it is out: a record is missing here, or it is untrue.
        // Nobody seals under it, nor hands it to that one.
        let is_in =
            |device: &DeviceId| folded.knows(*device) && !folded.removed.contains_key(device);
        let is_out = |device: &DeviceId| !is_in(device) && joined.contains(device);
        let clean = !handed.without.into_iter().flatten().any(is_in)
            && is_in(&handed.by)
            && folded.removed.keys().filter(|device| folded.knows(**device)).all(knew)
            && !handed.wrapped.iter().any(|key| is_out(&key.device));
        let Handed { by, epoch, key, wrapped, .. } = handed;
        epochs.begun.push(Begun {
            hash,
            by,
            epoch,
            key,
            wrapped: wrapped.to_vec(),
            clean,
            is_built_on: folded.is_paid(hash),
            lacking: lacking.remove(&hash).unwrap_or_default(),
        });
    }
    epochs
}

/// What a record hands out.
pub(super) struct Handed<'a> {
    pub(super) by: DeviceId,
    pub(super) epoch: u32,
    pub(super) key: Option<[u8; 16]>,
    pub(super) wrapped: &'a [Wrapped],
    /// Who is out, as far as its maker knew.
    pub(super) without: Option<&'a [DeviceId]>,
    /// Whom the record removes.
    pub(super) removes: Option<DeviceId>,
}
