//! What comes out of the folder: everything that is whole, in one transaction.

use super::carry::Folder;
use super::index::Found;
use super::snapshots;
use super::{CARRIER, FolderError, MEMBERSHIP_PLACE, Take};
use crate::bundle::preview::{Preview, device_notices, summarize, waiting_notices};
use crate::bundle::{changes, parted_notice};
use holdfast_oplog::{ActorId, Hash, Range, VersionVector, limits};
use holdfast_store::{Applied, Arrivals, Direction, StoreError, Tx};
use holdfast_sync::devices::{HANDOVER_PLACE, SealedRecords, take_in_records};
use holdfast_sync::{
    Acknowledgement, Carrier, SyncError, Transport, hear, latest, membership, open_acknowledgement,
    plan, spaces, take_in,
};
use holdfast_vault::{DeviceKeys, Keyring, Membership};
use std::collections::{BTreeMap, BTreeSet};

/// Largest file of membership records in bytes.
const DEVICES: usize = 4 * 1024 * 1024 + 4096;

/// What receiving needs of this device.
#[derive(Clone, Copy)]
pub(super) struct Receiver<'a> {
    pub(super) keys: &'a DeviceKeys,
    pub(super) keyring: &'a Keyring,
    pub(super) wall_ms: i64,
    pub(super) take: Take,
}

/// What came.
#[derive(Debug)]
pub(super) struct Came {
    /// What changed; `None` where nothing new was there.
    pub(super) preview: Option<Preview>,
    /// Number of the recorded exchange.
    pub(super) exchange: Option<i64>,
    /// The vault's keys, where new ones came.
    pub(super) keyring: Option<Keyring>,
    /// Changes of others that their heads tell of and that are not here.
    pub(super) missing: u64,
}

/// Reads and takes in everything that is whole.
pub(super) fn receive(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    folder: &mut Folder<'_>,
) -> Result<Came, FolderError> {
    let before = membership(tx)?;
    let (open_before, _) = tx.conflict_counts()?;
    let (members, keyring) = devices(tx, receiver, folder)?;
    let new_keys = keyring != *receiver.keyring;
    let mut notices = device_notices(&before, &members);
    let heard = heads(tx, receiver, folder, &keyring, &members)?;
    let carried = spaces(Carrier::Folder);
    let held = tx.held()?.within(&carried);
    let mut log = Log::default();
    let brought = snapshots::receive(tx, receiver, folder, &keyring, &members, &heard)?;
    let held = if brought.is_some() { tx.held()?.within(&carried) } else { held };
    let there = tx.settled(&folder.index.offers_after(held.clone()).within(&carried))?;
    let asked = plan(&held, &held, &there, &carried).ask;
    let begin = || tx.begin_exchange(Direction::Received, CARRIER, None, receiver.wall_ms, "");
    let mut exchange = if asked.is_empty() { None } else { Some(begin()?) };
    let mut arrivals = Arrivals::new(tx, receiver.wall_ms);
    for range in asked {
        let at = At { keyring: &keyring, members: &members, exchange };
        batches(&mut arrivals, folder, at, range, &mut log)?;
    }
    let mut applied = arrivals.finish()?;
    let from_snapshot = brought.is_some();
    if let Some(snapshot) = brought {
        log.new += snapshot.changes;
        log.authors.extend(snapshot.author);
        applied = Applied::joined(Some(snapshot.applied), applied);
    }
    let mut preview = summarize(tx, &members, applied, open_before, receiver.wall_ms)?;
    // After applying: attachments that came just now want their content.
    let held = tx.held()?.within(&carried);
    let attached = pieces(tx, folder, &keyring, &held)?;
    let missing = {
        let mut missing = 0_u64;
        for said in &heard {
            // Anybody may say any number.
            let there = tx.settled(&said.holds.within(&carried))?;
            missing = missing.saturating_add(behind(&held, &there));
        }
        missing
    };
    notices.append(&mut log.notices);
    if log.new == 0 && log.set_aside == 0 && log.parted == 0 && attached == 0 && notices.is_empty()
    {
        if let Some(empty) = exchange {
            tx.forget_exchange(empty)?;
        }
        let keyring = new_keys.then_some(keyring);
        return Ok(Came { preview: None, exchange: None, keyring, missing });
    }
    let from = log.names(&members, receiver.keys);
    let agreed = receiver.take == Take::Confirmed;
    if let Some((from, deletes)) = preview.mass_deletion(&members, &from)
        && !agreed
    {
        return Err(FolderError::MassDeletion { from, deletes });
    }
    if log.set_aside > 0 {
        notices.push(format!(
            "Set aside: {}, written by a device after it was removed.",
            changes(log.set_aside)
        ));
    }
    if log.parted > 0 {
        notices.push(parted_notice(log.parted));
    }
    if from_snapshot {
        notices.push(
            "Old changes were pruned elsewhere: what they led to came as a snapshot, which cannot be taken back."
                .into(),
        );
    }
    notices.append(&mut preview.notices);
    notices.extend(waiting_notices(tx, &members)?);
    preview.notices = notices;
    preview.made_ms = heard.iter().map(|said| said.made_ms).max().unwrap_or(receiver.wall_ms);
    preview.changes = log.new;
    preview.already = log.known;
    preview.from_name = from;
    let number = match exchange {
        Some(number) => number,
        None => *exchange.insert(begin()?),
    };
    preview.weighed.keep(tx, Some(number), agreed, receiver.wall_ms)?;
    tx.name_exchange(number, log.only(&members), &preview.from_name)?;
    tx.report_exchange(number, &preview.report())?;
    let keyring = new_keys.then_some(keyring);
    Ok(Came { preview: Some(preview), exchange, keyring, missing })
}

/// What the batches brought.
#[derive(Default)]
struct Log {
    new: u64,
    known: u64,
    set_aside: u64,
    parted: u64,
    authors: BTreeSet<ActorId>,
    notices: Vec<String>,
}

impl Log {
    /// Who wrote what came, by name.
    fn names(&self, members: &Membership, keys: &DeviceKeys) -> String {
        let me = keys.device_id();
        let mut names: Vec<&str> = self
            .authors
            .iter()
            .filter_map(|actor| members.device_of(*actor))
            .filter(|device| device.id != me)
            .map(|device| device.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        match names.as_slice() {
            [] => "the exchange folder".to_owned(),
            [one] => (*one).to_owned(),
            [all @ .., last] => format!("{} and {last}", all.join(", ")),
        }
    }

    /// The device, where all of it is of one.
    fn only(&self, members: &Membership) -> Option<holdfast_oplog::DeviceId> {
        let mut devices: Vec<_> = self
            .authors
            .iter()
            .filter_map(|actor| members.device_of(*actor))
            .map(|d| d.id)
            .collect();
        devices.dedup();
        if let [one] = devices.as_slice() { Some(*one) } else { None }
    }
}

#[derive(Clone, Copy)]
struct At<'a> {
    keyring: &'a Keyring,
    members: &'a Membership,
    exchange: Option<i64>,
}

/// Takes one log's batches in as far as they are whole and join. What is wrong with one of them is
/// said and holds up nothing but what follows it in its own log.
fn batches(
    arrivals: &mut Arrivals<'_, '_>,
    folder: &mut Folder<'_>,
    at: At<'_>,
    range: Range,
    log: &mut Log,
) -> Result<(), FolderError> {
    let tx = arrivals.tx();
    let mut first = range.first;
    let mut whole = false;
    while first <= range.last {
        let Some(bytes) = folder.batch(Range { first, ..range })? else { return Ok(()) };
        let last = holdfast_oplog::SealedBatch::decode(&bytes)
            .and_then(|batch| batch.header())
            .map_err(SyncError::from)?
            .last;
        match take_in(arrivals, at.keyring, at.members, &bytes, None, at.exchange) {
            Ok(taken) => {
                log.new += taken.new;
                log.known += taken.known;
                log.set_aside += taken.set_aside;
                log.parted += taken.parted_in_base;
                log.authors
                    .insert(tx.branch_of(range.log)?.map_or(range.log.actor, |of| of.author));
                // The log parts somewhere before: from its beginning on, the other branch joins.
                if taken.apart > 0 && !whole {
                    (first, whole) = (tx.first_in_log(range.log)?, true);
                    continue;
                }
            }
            // The disk or the database: nothing of this can go on.
            Err(SyncError::Store(error)) if !is_about_the_batch(&error) => return Err(error.into()),
            Err(error) => {
                let name = at.members.device_of(range.log.actor).map_or("a device", |d| &d.name);
                log.notices
                    .push(format!("Changes of {name} in the folder were left there: {error}."));
                return Ok(());
            }
        }
        first = last.saturating_add(1);
    }
    Ok(())
}

/// Whether an error of the database is about what came, not about the database itself.
fn is_about_the_batch(error: &StoreError) -> bool {
    matches!(error, StoreError::Forked { .. } | StoreError::WriterTaken(_) | StoreError::Model(_))
}

/// Reads the membership records until nothing new opens: a key that one file hands over may open the
/// next.
fn devices(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    folder: &mut Folder<'_>,
) -> Result<(Membership, Keyring), FolderError> {
    let files: Vec<Found> = folder.index.devices.iter().map(|(_, found)| found.clone()).collect();
    let mut contents: Vec<Vec<u8>> = Vec::new();
    for found in files {
        contents.extend(folder.read(&found, DEVICES)?);
    }
    // A file does not say whether it is a handover: it opens in one of the two places only.
    let sealed: Vec<SealedRecords<'_>> = contents
        .iter()
        .flat_map(|bytes| {
            [MEMBERSHIP_PLACE, HANDOVER_PLACE].map(|place| SealedRecords { place, bytes })
        })
        .collect();
    Ok(take_in_records(tx, receiver.keys, receiver.keyring, &sealed)?)
}

/// Hears what the other devices say that they hold.
fn heads(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    members: &Membership,
) -> Result<Vec<Acknowledgement>, FolderError> {
    let me = receiver.keys.device_id();
    let said = folder.acknowledged()?;
    let said = said.iter().filter_map(|bytes| open_acknowledgement(keyring, members, bytes).ok());
    let heard = latest(said.filter(|said| said.device != me).collect());
    for said in &heard {
        hear(tx, said, receiver.wall_ms)?;
    }
    Ok(heard)
}

fn behind(held: &VersionVector, said: &VersionVector) -> u64 {
    let missing = said.missing_in(held).into_iter();
    missing.fold(0, |sum, range| {
        sum.saturating_add(range.last.saturating_sub(range.first).saturating_add(1))
    })
}

/// Takes in contents that attachments name, that are not here, and all of whose pieces are whole.
fn pieces(
    tx: &Tx<'_>,
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    held: &VersionVector,
) -> Result<u64, FolderError> {
    if folder.index.pieces.is_empty() {
        return Ok(0);
    }
    let mut there: BTreeMap<Hash, u32> = BTreeMap::new();
    for (content, number) in folder.index.pieces.keys() {
        let count = there.entry(*content).or_insert(0);
        *count = (*count).max(number.saturating_add(1));
    }
    let mut taken = 0;
    for content in crate::bundle::pieces::named(tx, held, &VersionVector::new())? {
        let Some(count) = there.get(&content) else { continue };
        if !tx.has_blob(content)? && content_of(tx, folder, keyring, content, *count)? {
            taken += 1;
        }
    }
    Ok(taken)
}

fn content_of(
    tx: &Tx<'_>,
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    content: Hash,
    count: u32,
) -> Result<bool, FolderError> {
    let mut assembly = crate::bundle::pieces::Assembly::default();
    for number in 0..count {
        let found = folder.index.pieces.get(&(content, number)).cloned().unwrap_or_default();
        let mut piece = None;
        for found in found {
            piece = folder.read(&found, limits::ATTACHMENT_CHUNK + 4096)?;
            if piece.is_some() {
                break;
            }
        }
        let Some(piece) = piece else { return Ok(false) };
        match assembly.take(keyring, &piece) {
            Ok(Some(bytes)) => {
                tx.add_blob(&bytes)?;
                return Ok(true);
            }
            Ok(None) => {}
            // Not what it says: looked at again when another is there.
            Err(_) => return Ok(false),
        }
    }
    Ok(false)
}
