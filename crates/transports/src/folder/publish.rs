//! What goes into the folder: what it lacks and may be there, in files of this device's own.

use super::carry::Folder;
use super::name::{Name, writer};
use super::snapshots;
use super::{FolderError, MEMBERSHIP_PLACE, limits, verify};
use crate::bundle::pieces;
use holdfast_oplog::{ActorId, DeviceId, Range, VersionVector};
use holdfast_store::{Destination, Tx};
use holdfast_sync::{
    Carrier, FOLDER, Transport, membership, open_acknowledgement, outgoing, say_holds, spaces,
};
use holdfast_vault::membership::{pack, unpack};
use holdfast_vault::{DeviceKeys, Keyring, Membership, Purpose, open_blob, seal_blob};
use rand_core::CryptoRngCore;

/// What publishing needs of this device.
pub(super) struct Publisher<'a> {
    pub(super) keys: &'a DeviceKeys,
    pub(super) keyring: &'a Keyring,
    pub(super) actor: ActorId,
    pub(super) wall_ms: i64,
    pub(super) rng: &'a mut dyn CryptoRngCore,
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Went {
    /// Changes.
    pub(super) changes: u64,
    /// Pieces of attachments.
    pub(super) pieces: u64,
}

/// Small files of one log from which on they are written again as one.
const SMALL_FILES: usize = 64;
/// A file below this many bytes is small.
const SMALL: u64 = 64 * 1024;

/// Writes what the folder lacks, then the devices, then what this device holds: a head never tells of
/// what was not written before it.
pub(super) fn publish(
    tx: &Tx<'_>,
    mut publisher: Publisher<'_>,
    folder: &mut Folder<'_>,
    offered: &VersionVector,
) -> Result<Went, FolderError> {
    let carried = spaces(Carrier::Folder);
    let members = membership(tx)?;
    let mut went = Went::default();
    snapshots::publish(tx, &mut publisher, folder, offered, &carried)?;
    let mut there = folder.known_to_count().within(&carried);
    if folder.more {
        // What there was no time to read may hold it: that is seen the next time. What this device wrote
        // itself it publishes whatever anybody claims.
        let claimed = folder.claimed().within(&carried);
        there.join(&claimed.iter().filter(|(log, _)| log.actor != folder.me).collect());
    }
    // What is beyond what counts of a removed device nobody takes in, and it would be put there again each time.
    let counting: VersionVector =
        offered.iter().map(|(log, seq)| (log, seq.min(folder.counts_to(log)))).collect();
    for range in tx.parents_first(counting.missing_in(&there))? {
        went.changes += write(tx, &mut publisher, folder, range)?;
    }
    for content in pieces::contents(tx, offered, &VersionVector::new())? {
        if verify::knows_content(folder, content) {
            continue;
        }
        // Another device may have put it there.
        if folder.index.pieces.contains_key(&(content, 0))
            && (verify::content_of(folder, &folder.reaching(publisher.keyring).clone(), content)?
                .is_some()
                || folder.more)
        {
            continue;
        }
        let mut number = 0_u32;
        pieces::seal(tx, publisher.keyring, content, publisher.rng, |piece| {
            let name = Name::Piece { content, number };
            number = number.saturating_add(1);
            went.pieces += 1;
            folder.put(name, piece).map_err(|error| match error {
                FolderError::Io { error, .. } => error.into(),
                other => std::io::Error::other(other.to_string()).into(),
            })
        })?;
        folder.contents.insert(content.to_hex(), number);
    }
    devices(&mut publisher, folder, &members, &tx.handovers()?)?;
    tidy(tx, &mut publisher, folder)?;
    head(tx, &mut publisher, folder, &members, offered)?;
    Ok(went)
}

fn write(
    tx: &Tx<'_>,
    publisher: &mut Publisher<'_>,
    folder: &mut Folder<'_>,
    range: Range,
) -> Result<u64, FolderError> {
    let mut changes = 0;
    outgoing(tx, publisher.keyring, range, publisher.rng, |header, batch| {
        changes += header.last.saturating_sub(header.first).saturating_add(1);
        let name = Name::Batch { log: header.log(), first: header.first, last: header.last };
        folder.put(name, &batch)
    })?;
    Ok(changes)
}

/// Writes the membership records where this device's last file says less. Older files of its own go.
fn devices(
    publisher: &mut Publisher<'_>,
    folder: &mut Folder<'_>,
    members: &Membership,
    handovers: &[Vec<u8>],
) -> Result<(), FolderError> {
    let own: Vec<_> = folder
        .index
        .devices
        .iter()
        .filter(|(by, _)| *by == folder.me)
        .map(|(_, found)| found.clone())
        .collect();
    let mut known = members.records().to_vec();
    known.sort();
    let mut current = None;
    let mut kept: Vec<String> = Vec::new();
    let mut there: Vec<Vec<u8>> = Vec::new();
    for found in &own {
        let Some(sealed) = folder.read(found, limits::RECORDS)? else { continue };
        if handovers.contains(&sealed) {
            kept.push(found.file.clone());
            there.push(sealed);
            continue;
        }
        let under_current = sealed.get(1..5) == Some(&publisher.keyring.current().to_be_bytes());
        let opened = open_blob(publisher.keyring, Purpose::Membership, MEMBERSHIP_PLACE, &sealed)
            .and_then(|packed| unpack(&packed));
        if let Ok(mut records) = opened {
            records.sort();
            if under_current && records == known {
                current = Some(found.file.clone());
            }
        }
    }
    if current.is_none() {
        let packed = pack(members.records())?;
        let sealed = seal_blob(
            publisher.keyring,
            Purpose::Membership,
            MEMBERSHIP_PLACE,
            &packed,
            &mut publisher.rng,
        )?;
        folder.put(Name::Devices, &sealed)?;
    }
    for handover in handovers.iter().filter(|handover| !there.contains(handover)) {
        folder.put(Name::Devices, handover)?;
    }
    kept.extend(current);
    let old: Vec<_> = own.into_iter().filter(|found| !kept.contains(&found.file)).collect();
    for found in &old {
        folder.files.remove(&found.writer, &found.file)?;
    }
    folder.index.devices.retain(|(_, found)| !old.contains(found));
    Ok(())
}

/// Says what this device holds, where its last word was another.
fn head(
    tx: &Tx<'_>,
    publisher: &mut Publisher<'_>,
    folder: &mut Folder<'_>,
    members: &Membership,
    holds: &VersionVector,
) -> Result<(), FolderError> {
    let me = publisher.keys.device_id();
    let heads = tx.heads_of(holds)?;
    let mut same = false;
    for (found, bytes) in folder.heads()? {
        let said = open_acknowledgement(publisher.keyring, members, &bytes);
        if said.is_err() {
            // The next look reads others of that writer in its place.
            folder.does_not_open(&found);
        }
        let own = said.ok().filter(|said| said.device == me && said.actor == publisher.actor);
        if let Some(said) = own {
            folder.verified.insert(found.key());
            same |= said.holds == *holds && said.heads == heads;
        }
    }
    if !same {
        let who = (publisher.keys, publisher.keyring, publisher.actor);
        let said = say_holds(tx, who, publisher.wall_ms, holds, publisher.rng)?;
        folder.acknowledge(said)?;
    }
    Ok(())
}

/// Writes many small files of one log again as few, and removes those that the new ones cover. Only
/// files of this device's own directory are touched, and never one whose changes are not elsewhere
/// in the folder by then.
fn tidy(
    tx: &Tx<'_>,
    publisher: &mut Publisher<'_>,
    folder: &mut Folder<'_>,
) -> Result<(), FolderError> {
    let directory = writer(folder.me);
    let mut small: std::collections::BTreeMap<_, Vec<(u64, u64, String)>> =
        std::collections::BTreeMap::new();
    for ((log, first), files) in &folder.index.batches {
        for (last, found) in files {
            let own = found.writer == directory && folder.verified.contains(&found.key());
            if own && found.size < SMALL {
                small.entry(*log).or_default().push((*first, *last, found.file.clone()));
            }
        }
    }
    for (log, files) in small.into_iter().filter(|(_, files)| files.len() >= SMALL_FILES) {
        let first = files.iter().map(|(first, ..)| *first).min().unwrap_or(1);
        let last = files.iter().map(|(_, last, _)| *last).max().unwrap_or(0);
        // What was pruned here cannot be written again: the small files stay.
        let first = first.max(tx.base_vector()?.get(log).saturating_add(1));
        if first > last {
            continue;
        }
        let mut covered: Vec<(u64, u64)> = Vec::new();
        outgoing(
            tx,
            publisher.keyring,
            Range { log, first, last },
            publisher.rng,
            |header, batch| {
                let name = Name::Batch { log, first: header.first, last: header.last };
                covered.push((header.first, header.last));
                folder.put(name, &batch)
            },
        )?;
        for (first, last, file) in files {
            let inside = |(from, to): &(u64, u64)| *from <= first && last <= *to;
            if covered.iter().any(inside) {
                folder.files.remove(&directory, &file)?;
                if let Some(kept) = folder.index.batches.get_mut(&(log, first)) {
                    kept.retain(|(_, found)| found.file != file || found.writer != directory);
                }
            }
        }
    }
    Ok(())
}

/// Records what was put there, for the status.
pub(super) fn record(
    tx: &Tx<'_>,
    offered: &VersionVector,
    wall_ms: i64,
) -> Result<(), FolderError> {
    let known = tx.destination(FOLDER)?;
    let mut folder = known.unwrap_or_else(|| unknown(FOLDER));
    if !folder.holds.includes(offered) {
        folder.holds.join(offered);
        folder.last_export_ms = Some(wall_ms);
        tx.keep_destination(&folder)?;
    }
    Ok(())
}

fn unknown(device: DeviceId) -> Destination {
    Destination { device, holds: VersionVector::new(), last_seen_ms: None, last_export_ms: None }
}
