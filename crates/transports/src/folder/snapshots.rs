//! Snapshots in the folder: what stands for changes that were pruned.
//!
//! A device that pruned what the folder lacks puts a snapshot there, and one that finds a gap before
//! what others hold takes one. Old batches are never removed for it: they serve whoever can use them.

use super::carry::Folder;
use super::memory::PublishedSnapshot;
use super::name::{Name, writer};
use super::publish::Publisher;
use super::receive::Receiver;
use super::stage::StagedSnapshot;
use super::{FolderError, Take};
use holdfast_oplog::{ActorId, Space, VersionVector};
use holdfast_store::{Applied, Tx};
use holdfast_sync::snapshot::{SnapshotReader, SnapshotReceiver, outgoing_snapshot};
use holdfast_sync::{Acknowledgement, Carrier, SyncError, spaces};
use holdfast_vault::{Keyring, Membership};
use std::collections::BTreeSet;
use std::path::Path;

/// Puts a snapshot there, if what the folder lacks of what is offered was pruned here.
pub(super) fn publish(
    tx: &Tx<'_>,
    publisher: &mut Publisher<'_>,
    folder: &mut Folder<'_>,
    offered: &VersionVector,
    carried: &[Space],
) -> Result<(), FolderError> {
    let there = folder.known().within(carried);
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
    folder.snapshot = Some(PublishedSnapshot { id, holds: snapshot.holds });
    // The new one holds all that older ones do.
    let is_old = |name: Name| matches!(name, Name::Snapshot { id: other, .. } if other != id);
    for found in folder.index.in_directory(&writer(folder.me)) {
        if Name::parse(&found.file).is_some_and(|(name, _)| is_old(name)) {
            folder.take_away(std::slice::from_ref(&found))?;
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

/// Whether others hold what no batch in the folder leads to from what is held here, but for files at these
/// `barred` paths, which do not open.
pub(super) fn are_needed(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    folder: &Folder<'_>,
    members: &Membership,
    heard: &[Acknowledgement],
    barred: &BTreeSet<String>,
) -> Result<bool, FolderError> {
    if folder.index.snapshots.is_empty() || receiver.take == Take::Not {
        return Ok(false);
    }
    let carried = spaces(Carrier::Folder);
    let held = tx.held()?.within(&carried);
    let reached = folder.led_to(held, barred).within(&carried);
    Ok(heard.iter().any(|said| {
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
    }))
}

/// Takes the first of the snapshots that brings something.
pub(super) fn receive(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    snapshots: &[StagedSnapshot],
    keyring: &Keyring,
    members: &Membership,
) -> Result<Option<Brought>, FolderError> {
    let carried = spaces(Carrier::Folder);
    let held = tx.held()?.within(&carried);
    for snapshot in snapshots {
        let own = members.device(receiver.keys.device_id()).and_then(|d| d.actors.last().copied());
        let to = SnapshotReceiver { keyring, members, carried: &carried, bounds: None, own };
        let failed = |error| FolderError::io(Path::new("temporary file"))(error);
        let pieces = snapshot.pieces().map_err(failed)?;
        let mut broken = None;
        let taken = tx.attempt(|| {
            let mut reader = SnapshotReader::new(to);
            for piece in pieces {
                match piece {
                    Ok(piece) => drop(reader.piece(tx, &piece)?),
                    Err(error) => {
                        broken = Some(error);
                        return Err(SyncError::Unexpected);
                    }
                }
            }
            reader.finish(tx, receiver.wall_ms)
        })?;
        if let Some(error) = broken {
            return Err(failed(error));
        }
        // One that is wrong, or of a newer app, holds up nothing else.
        let Ok(taken) = taken else { continue };
        if taken.known {
            continue;
        }
        let new = taken.holds.missing_in(&held);
        let changes = new.iter().fold(0, |sum: u64, range| {
            sum.saturating_add(range.last.saturating_sub(range.first) + 1)
        });
        let author = Some(snapshot.author);
        return Ok(Some(Brought { applied: taken.applied, changes, author }));
    }
    Ok(None)
}
