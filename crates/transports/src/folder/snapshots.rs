//! Snapshots in the folder: what stands for changes that were pruned.
//!
//! A device that pruned what the folder lacks puts a snapshot there, and one that finds a gap before
//! what others hold takes one. Old batches are never removed for it: they serve whoever can use them.

use super::carry::Folder;
use super::memory::PublishedSnapshot;
use super::name::{Name, writer};
use super::publish::Publisher;
use super::receive::Receiver;
use super::{FolderError, Take};
use holdfast_oplog::{ActorId, Space, VersionVector, limits};
use holdfast_store::{Applied, Tx};
use holdfast_sync::snapshot::{SnapshotReceiver, outgoing_snapshot, take_in_snapshot};
use holdfast_sync::{Acknowledgement, Carrier, spaces};
use holdfast_vault::{Keyring, Membership};

/// Bytes around a piece.
const OUTER: usize = 1024;

/// Puts a snapshot there, if what the folder lacks of what is offered was pruned here.
pub(super) fn publish(
    tx: &Tx<'_>,
    publisher: &mut Publisher<'_>,
    folder: &mut Folder<'_>,
    offered: &VersionVector,
    carried: &[Space],
) -> Result<(), FolderError> {
    let there = folder.offers().within(carried);
    let lacks: Vec<Space> = tx
        .pruned_after(&there, carried)?
        .into_iter()
        .filter(|space| !offered.within(&[*space]).missing_in(&there).is_empty())
        .collect();
    if lacks.is_empty() {
        return Ok(());
    }
    let mut pieces = Vec::new();
    let snapshot = outgoing_snapshot(
        tx,
        publisher.keyring,
        publisher.keys,
        &lacks,
        publisher.wall_ms,
        publisher.rng,
        |piece| {
            pieces.push(piece);
            Ok::<_, FolderError>(())
        },
    )?;
    let id = publisher.rng.next_u64();
    let of = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    for (number, piece) in (0_u32..).zip(&pieces) {
        folder.put(Name::Snapshot { id, number, of }, piece)?;
    }
    let old = folder.snapshot.replace(PublishedSnapshot { id, holds: snapshot.holds });
    if let Some(old) = old {
        // The new one holds all that the old one does.
        let directory = writer(folder.me);
        let key = (folder.me, old.id);
        for found in folder.index.snapshots.remove(&key).into_iter().flat_map(|(_, files)| files) {
            folder.files.remove(&directory, &found.1.file)?;
        }
    }
    Ok(())
}

/// What a snapshot brought.
pub(super) struct Brought {
    pub(super) applied: Applied,
    /// How many changes are in it that were not here.
    pub(super) changes: u64,
    /// Who put it there.
    pub(super) author: Option<ActorId>,
}

/// Takes a snapshot, if others hold what no batch in the folder leads to from what is held here.
pub(super) fn receive(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    members: &Membership,
    heard: &[Acknowledgement],
) -> Result<Option<Brought>, FolderError> {
    if folder.index.snapshots.is_empty() || receiver.take == Take::Not {
        return Ok(None);
    }
    let carried = spaces(Carrier::Folder);
    let held = tx.held()?.within(&carried);
    let reached = folder.index.offers_after(held.clone()).within(&carried);
    let gap = heard.iter().any(|said| {
        let missing = said.holds.within(&carried).missing_in(&reached);
        // What its author has not written into the folder yet is no gap: the next number is missing,
        // and later ones are not there either.
        missing.iter().any(|range| {
            // Nobody can vouch for what a stranger is said to have written.
            if members.public_of(range.log.actor).is_none() {
                return false;
            }
            let later = folder.index.batches.range((range.log, range.first)..);
            range.first == 1 || later.take_while(|((log, _), _)| *log == range.log).next().is_some()
        })
    });
    if !gap {
        return Ok(None);
    }
    let known: Vec<(ActorId, u64)> = folder
        .index
        .snapshots
        .keys()
        .filter(|(by, id)| *by != folder.me && folder.index.has_snapshot(*by, *id))
        .copied()
        .collect();
    for (author, id) in known {
        let Some((_, files)) = folder.index.snapshots.get(&(author, id)).cloned() else { continue };
        let mut pieces = Vec::new();
        for found in files.values() {
            let piece = folder.read(found, limits::SNAPSHOT_PIECE + OUTER)?;
            pieces.extend(piece);
        }
        if pieces.len() != files.len() {
            continue;
        }
        let own = members.device(receiver.keys.device_id()).and_then(|d| d.actors.last().copied());
        let to = SnapshotReceiver { keyring, members, carried: &carried, bounds: None, own };
        let taken = tx.attempt(|| {
            take_in_snapshot(tx, to, pieces.iter().map(Vec::as_slice), receiver.wall_ms)
        })?;
        // One that is wrong, or of a newer app, holds up nothing else.
        let Ok(taken) = taken else { continue };
        if taken.known {
            continue;
        }
        let new = taken.holds.missing_in(&held);
        let changes = new.iter().fold(0, |sum: u64, range| {
            sum.saturating_add(range.last.saturating_sub(range.first) + 1)
        });
        return Ok(Some(Brought { applied: taken.applied, changes, author: Some(author) }));
    }
    Ok(None)
}
