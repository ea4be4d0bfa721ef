//! Who belongs to the vault, on its way: membership records and the keys that they hand over.
//!
//! Records travel sealed under the current epoch's key. A device that was away while another was
//! removed does not have that key; so whoever removes a device also seals, under the epoch that
//! ends, exactly the records known at that moment. Everyone keeps and passes these handovers on:
//! whoever missed an epoch opens its handover, finds the wrapped key in it, and so comes through any
//! number of epochs. The removed device can open its own handover too, and learns from it nothing but
//! that it was removed.
//!
//! Whoever has old keys can seal a list under them for ever, a removed device as well. From such a list
//! what members signed that stay is taken, and what leads to a removal or to keys; and a handover is kept
//! only where it does that: how much is kept at all is bounded by [`Membership::from_records`].

use crate::vouching::{vouch, written_by};
use crate::{Session, SyncError, handovers, membership};
use holdfast_oplog::{DeviceId, Hash};
use holdfast_store::{StoreError, Tx};
use holdfast_vault::membership::{Removing, pack, remove, sealed_under, unpack};
use holdfast_vault::{
    DeviceKeys, Keyring, Membership, Purpose, VaultKey, limits, open_blob_telling, seal_blob_in,
};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What a handover belongs to.
pub const HANDOVER_PLACE: &[u8] = b"handover";
/// Handovers that are kept and passed on; there is one for each removal.
pub const HANDOVERS: usize = 256;
/// Lists that are remembered as having brought nothing.
const LOOKED: usize = 4096;
/// A sealed list of records as it came, and what it says that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct SealedRecords<'a> {
    /// What it belongs to: a carrier's own place, or [`HANDOVER_PLACE`].
    pub place: &'a [u8],
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Removes a device from the vault: its membership ends, a new epoch begins whose key it does not
/// get, and what of its changes is known here is what counts. The vault's keys with the new one: to
/// be kept in place of the old. Should that fail, [`Membership::receive_keys`] finds it again.
pub fn remove_device(session: &mut Session<'_>, device: DeviceId) -> Result<Keyring, SyncError> {
    let Session { store, keys, keyring, wall_ms, rng, .. } = session;
    let me = keys.device_id();
    let mut rng = &mut **rng;
    store.write(|tx| {
        let members = membership(tx)?;
        if !members.is_active(me) {
            return Err(SyncError::NotAMember);
        }
        if device == me || !members.is_active(device) {
            return Err(SyncError::NoSuchDevice(device));
        }
        let (epoch, key) = (members.next_epoch()?, VaultKey::generate(&mut rng));
        let wrapped = members.wrap_for_active(epoch, &key, Some(device), &mut rng)?;
        let removing = Removing {
            device,
            accepted: written_by(tx, &members, device)?,
            records: members.records_by(device),
            epoch,
            wrapped,
            key: Some(key.id()),
            without: Some(members.removed().chain([device]).collect()),
            time: wall_ms.cast_unsigned(),
        };
        let record = remove(tx.vault(), keys, removing)?;
        end_epoch(tx, keyring, &members, &record, &mut rng)?;
        let name = members.name(device).unwrap_or_default();
        tx.add_notice(*wall_ms, "removed", &json!({ "name": name }))?;
        // The record hands the key to this device too.
        let mut keyring = (*keyring).clone();
        membership(tx)?.receive_keys(keys, &mut keyring)?;
        Ok(keyring)
    })
}

/// Keeps a record that ends the epoch that stands, and its handover.
fn end_epoch(
    tx: &Tx<'_>,
    keyring: &Keyring,
    members: &Membership,
    record: &[u8],
    mut rng: &mut dyn rand_core::CryptoRngCore,
) -> Result<(), SyncError> {
    let mut records = members.records().to_vec();
    records.push(record.to_vec());
    // Whoever stays has the latest that counts, or comes to it by its own handover.
    let ending = match keyring.current() {
        0 => (1..=members.epoch()).rev().find(|epoch| keyring.has(*epoch)).unwrap_or(1),
        epoch => epoch,
    };
    let packed = pack(&records)?;
    let handover =
        seal_blob_in(keyring, ending, Purpose::Membership, HANDOVER_PLACE, &packed, &mut rng)?;
    tx.add_membership(record)?;
    tx.add_handover(&handover)?;
    Ok(())
}

/// Sees to it that this device has a key to seal under which nobody has who is out: takes up those
/// that were handed to it, and begins an epoch where none is such. Says of those that it lacks that it
/// does, and hands the one under which it seals to members that lack it. Leads others to what it knows.
pub fn ready_keys(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &mut Keyring,
) -> Result<Membership, SyncError> {
    let members = membership(tx)?;
    members.receive_keys(keys, keyring)?;
    if !members.is_active(keys.device_id()) {
        return Ok(members);
    }
    if !keyring.can_seal() {
        let begins = members.begin_epoch(keys)?;
        let mut rng = begins.rng(keys);
        end_epoch(tx, keyring, &members, &begins.record, &mut rng)?;
    }
    let mut members = membership(tx)?;
    members.receive_keys(keys, keyring)?;
    if let Some(said) = members.say_lacking(keys, keyring)?
        && tx.add_membership(&said)?
    {
        members = membership(tx)?;
    }
    if let Some((record, under)) = members.hand_on(keys, keyring)?
        && tx.add_membership(&record)?
    {
        members = membership(tx)?;
        members.receive_keys(keys, keyring)?;
        // Whoever lacks the key does not open what is sealed under it.
        if let Some(under) = under {
            let all = members.records();
            let handover = sealed_under(keys, keyring, under, HANDOVER_PLACE, all)?;
            handovers::keep(tx, keyring, &members, &[&handover])?;
        }
    }
    handovers::lead(tx, keys, keyring, &members)?;
    Ok(members)
}

thread_local! {
    /// Lists that brought nothing, by what was known then: where, and the hash of their bytes.
    static LOOKED_AT: RefCell<Option<(Hash, BTreeSet<Hash>)>> = const { RefCell::new(None) };
}

/// All that decides what a list can bring.
fn state(
    tx: &Tx<'_>,
    me: DeviceId,
    members: &Membership,
    keyring: &Keyring,
) -> Result<Hash, StoreError> {
    let mut all = [members.vault().0, me.0].concat();
    for handover in tx.handover_names()? {
        all.extend_from_slice(&handover);
    }
    for (epoch, key) in keyring.iter() {
        all.extend_from_slice(&epoch.to_be_bytes());
        all.extend_from_slice(&key.id());
    }
    for record in members.records() {
        all.extend_from_slice(&Hash::of(record).0);
    }
    Ok(Hash::of(&all))
}

fn name(list: &SealedRecords<'_>) -> Hash {
    let parts = [Hash::of(list.place), Hash::of(list.bytes)];
    Hash::of(&parts.iter().flat_map(|part| part.0).collect::<Vec<u8>>())
}

/// Opens lists of records until nothing more opens, since a key that one hands over may open the
/// next. Keeps the records that are worth keeping, and the handovers. Who is in the vault then, and
/// the vault's keys.
///
/// What all lists bring is looked at together, and a list that brought nothing is not looked at again
/// before something else did: so the cost is that of what is new.
pub fn take_in_records(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &Keyring,
    sealed: &[SealedRecords<'_>],
) -> Result<(Membership, Keyring), SyncError> {
    let mut keyring = keyring.clone();
    let mut before = membership(tx)?;
    before.receive_keys(keys, &mut keyring)?;
    // What was built on is said before anybody else is heard.
    before = vouch(tx, keys, &keyring, &before.clone(), before)?;
    before.receive_keys(keys, &mut keyring)?;
    let me = keys.device_id();
    let (used, then) = (keyring.in_use(), state(tx, me, &before, &keyring)?);
    let mut members = before.clone();
    let known = |list: &SealedRecords<'_>| {
        let name = name(list);
        LOOKED_AT.with_borrow(|looked| {
            looked.as_ref().is_some_and(|(at, lists)| *at == then && lists.contains(&name))
        })
    };
    let mut closed: Vec<SealedRecords<'_>> =
        sealed.iter().copied().filter(|list| !known(list)).collect();
    let looked: Vec<Hash> = closed.iter().map(name).collect();
    let mut handed = Vec::new();
    loop {
        let mut gathered = Gathered::new(&members);
        let mut left = Vec::new();
        let mut opened = false;
        for list in closed {
            let open = open_blob_telling(&keyring, Purpose::Membership, list.place, list.bytes);
            let Ok((packed, seals)) = open else {
                left.push(list);
                continue;
            };
            opened = true;
            let Ok(records) = unpack(&packed) else { continue };
            if list.place == HANDOVER_PLACE {
                handed.push(list.bytes);
            }
            let over = !seals || list.place == HANDOVER_PLACE;
            gathered.add(records, over, &mut members);
        }
        gathered.fold(&mut members);
        members.receive_keys(keys, &mut keyring)?;
        closed = left;
        if !opened || closed.is_empty() {
            break;
        }
    }
    // Also where nothing came: an older app kept what is too much.
    let changed = tx.keep_membership(members.records())?;
    if changed {
        members = membership(tx)?;
    }
    handovers::keep(tx, &keyring, &members, &handed)?;
    members = vouch(tx, keys, &keyring, &before, members)?;
    if members.is_active(me) {
        members = ready_keys(tx, keys, &mut keyring)?;
        hand_along(tx, keys, &keyring, &members, used)?;
    }
    if state(tx, me, &members, &keyring)? == then {
        LOOKED_AT.with_borrow_mut(|at| match at {
            Some((of, lists)) if *of == then && lists.len() < LOOKED => lists.extend(looked),
            _ => *at = Some((then, looked.into_iter().collect())),
        });
    }
    Ok((members, keyring))
}

/// Where this device seals under another key than before, and the one before is good still, those who have
/// that one and not the other are led to it.
fn hand_along(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &Keyring,
    members: &Membership,
    used: Option<(u32, [u8; 16])>,
) -> Result<(), SyncError> {
    let Some(used) = used.filter(|used| keyring.in_use() != Some(*used)) else { return Ok(()) };
    if keyring.may_seal_under(used) {
        let all = members.records();
        let handover = sealed_under(keys, keyring, used, HANDOVER_PLACE, all)?;
        handovers::keep(tx, keyring, members, &[&handover])?;
    }
    Ok(())
}

/// Records of lists that are looked at together.
struct Gathered {
    /// Those that are known or gathered already.
    seen: BTreeSet<Hash>,
    new: Vec<Vec<u8>>,
    /// Of an epoch that is over: see [`Membership::led_by`].
    over: Vec<Vec<u8>>,
}

impl Gathered {
    fn new(members: &Membership) -> Self {
        let seen = members.records().iter().map(|record| Hash::of(record)).collect();
        Self { seen, new: Vec::new(), over: Vec::new() }
    }

    /// Adds what a list brings; what is too much to be looked at together is looked at in parts.
    fn add(&mut self, records: Vec<Vec<u8>>, over: bool, members: &mut Membership) {
        for record in records {
            let hash = Hash::of(&record);
            if over {
                // It may be in a list of those who stay as well.
                if !self.seen.contains(&hash) {
                    self.over.push(record);
                }
            } else if self.seen.insert(hash) {
                self.new.push(record);
            }
        }
        if self.new.len().saturating_add(self.over.len()) >= limits::RECORDS {
            self.fold(members);
        }
    }

    fn fold(&mut self, members: &mut Membership) {
        let new = std::mem::take(&mut self.new);
        if !new.is_empty() {
            let all: Vec<Vec<u8>> = members.records().iter().cloned().chain(new).collect();
            *members = Membership::from_records(members.vault(), &all);
        }
        let mut over = std::mem::take(&mut self.over);
        over.sort_unstable();
        over.dedup();
        if let Some(led) = Some(over).filter(|over| !over.is_empty())
            && let Some(with) = members.led_by(led)
        {
            *members = with;
        }
    }
}
