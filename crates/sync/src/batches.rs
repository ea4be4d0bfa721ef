//! Changes as they leave and as they come: sealed for the way, and taken in again.

use crate::SyncError;
use holdfast_oplog::{
    ActorId, BATCH_FORMAT, BatchHeader, ChangeId, OplogError, Range, SealedBatch, Space,
    VersionVector,
};
use holdfast_store::set_aside::AsideWhy;
use holdfast_store::{Arrivals, Received, Run, StoreError, Tx};
use holdfast_vault::membership::Removal;
use holdfast_vault::{Keyring, Membership, VaultError, open_batch, seal_batch};
use rand_core::CryptoRngCore;

/// Bytes of changes that fit into a batch however badly they are compressed.
const PASSED_ON: usize = 768 * 1024;

/// What became of a batch that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Changes that were new here.
    pub new: u64,
    /// Changes that were here already.
    pub known: u64,
    /// Changes that were set aside: their author wrote them after it was removed.
    pub set_aside: u64,
    /// Changes of a branch of their log whose beginning is not here: it is needed first.
    pub apart: u64,
    /// Changes that were set aside: they go on a branch that began before what was pruned here.
    pub parted_in_base: u64,
    /// Changes that were refused, or left because something before them in their log was: see
    /// [`crate::Refusals`].
    pub refused: u64,
}

/// Seals a range, batch by batch in order, and hands each one over encoded, with its header. What
/// does not fit into one batch is cut where a change carries a signature. A range that
/// [`crate::offer`] did not name is refused.
pub fn outgoing<E: From<SyncError>>(
    tx: &Tx<'_>,
    keyring: &Keyring,
    range: Range,
    mut rng: &mut dyn CryptoRngCore,
    mut hand_over: impl FnMut(BatchHeader, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    // Whatever led here: what must not leave is not sealed, nor what was not marked as leaving.
    let may = tx.releasable().map_err(SyncError::from)?.get(range.log);
    let marked = tx.departed().map_err(SyncError::from)?.get(range.log);
    if may.min(marked) < range.last {
        return Err(SyncError::NotReleased(range.log.space).into());
    }
    let branch = tx.branch_of(range.log).map_err(SyncError::from)?;
    let mut first = range.first;
    let mut last = range.last;
    let mut too_large = None;
    while first <= range.last {
        let run = tx.run(Range { log: range.log, first, last }).map_err(SyncError::from)?;
        let Some(run) = run else {
            if range.log.space == Space::Ask && tx.parts(range.log).map_err(SyncError::from)? {
                return Ok(());
            }
            // A run that came signed as one cannot be cut smaller.
            return Err(too_large.unwrap_or_else(|| missing(range, first)).into());
        };
        let header = BatchHeader {
            format: BATCH_FORMAT,
            vault: tx.vault(),
            space: run.log.space,
            actor: range.log.actor,
            first,
            last: first.saturating_add(run.changes.len() as u64).saturating_sub(1),
            prev_hash: run.prev_hash,
            last_hash: run.last_hash,
            epoch: keyring.current(),
            branch,
        };
        let sealed = seal_batch(keyring, header.clone(), &run.changes, run.signature, &mut rng);
        let batch = match sealed {
            Ok(batch) => batch,
            Err(error @ VaultError::TooLarge { .. }) if run.changes.len() > 1 => {
                too_large = Some(error.into());
                last = first.saturating_add(run.changes.len() as u64 / 2).saturating_sub(1);
                continue;
            }
            Err(error) => return Err(SyncError::from(error).into()),
        };
        let bytes = batch.encode().map_err(SyncError::from)?;
        first = header.last.saturating_add(1);
        (last, too_large) = (range.last, None);
        hand_over(header, bytes)?;
    }
    Ok(())
}

fn missing(range: Range, first: u64) -> SyncError {
    let log = range.log;
    let text = format!("change {first} of {} in '{}' cannot be read", log.actor, log.space);
    SyncError::Store(StoreError::Damaged(text))
}

/// Opens and verifies an encoded batch and takes its changes in; all are applied by
/// [`Arrivals::finish`]. `bounds`, where given, is what the sender says it held: nothing beyond it is
/// accepted. A batch of [`Space::Device`] never is.
pub fn take_in(
    arrivals: &mut Arrivals<'_, '_>,
    keyring: &Keyring,
    membership: &Membership,
    bytes: &[u8],
    bounds: Option<&VersionVector>,
    exchange: Option<i64>,
) -> Result<Taken, SyncError> {
    let tx = arrivals.tx();
    let batch = SealedBatch::decode(bytes)?;
    let opened = open_batch(keyring, &batch, |actor| membership.public_of(actor))?;
    let header = opened.header;
    let log = header.log();
    let count = opened.changes.len() as u64;
    refuse_heavy(&opened.changes).map_err(StoreError::from)?;
    if log.space == Space::Device {
        return Err(SyncError::NotCarried(log.space));
    }
    // What branches have in common may travel with a part of one of them.
    let parts = |held: &VersionVector| {
        held.iter().any(|(held, _)| held.space == log.space && held.actor.branch_number().is_some())
    };
    if bounds.is_some_and(|held| held.get(log) < header.last && !parts(held)) {
        return Err(SyncError::Unexpected);
    }
    let id = header.place(header.last);
    let run = Run {
        log: id.log(),
        first: header.place(header.first).seq,
        prev_hash: header.prev_hash,
        changes: opened.changes,
        last_hash: header.last_hash,
        signature: opened.signature,
    };
    // Who removed a device may have known what it wrote as a branch.
    let removal = members_removal(membership, id);
    let accepted = removal.map_or(0, |removal| removal.accepted.get(log));
    if !membership.accepts(id) && accepted < header.last {
        // What counts of it comes from those who have it signed on its own.
        let counts = accepted.saturating_add(1).saturating_sub(header.first).min(count);
        tx.set_aside(&run, counts, identities(membership, id), AsideWhy::Removed)?;
        return Ok(Taken {
            known: counts,
            set_aside: count.saturating_sub(counts),
            ..Taken::default()
        });
    }
    match arrivals.receive(&run, exchange)? {
        Received::New(new) => {
            // Some of it may have been set aside before a member vouched for it.
            if removal.is_some() {
                tx.release_aside(&run)?;
            }
            Ok(Taken { new, known: count.saturating_sub(new), ..Taken::default() })
        }
        Received::Known => Ok(Taken { known: count, ..Taken::default() }),
        Received::Branch { .. } => Ok(Taken { apart: count, ..Taken::default() }),
        Received::PartsInBase { .. } => {
            tx.set_aside(&run, 0, identities(membership, id), AsideWhy::PartsInBase)?;
            Ok(Taken { parted_in_base: count, ..Taken::default() })
        }
        Received::Gap { missing } => Err(SyncError::Gap { log, missing }),
    }
}

/// Refuses what cannot be passed on. A run stays in one batch with whoever holds it, since its one signature is
/// on its last change; who packs it worse than its author may find no room for it, and could then hand on
/// nothing at all. What honest devices sign together is smaller: see [`Tx::run`].
fn refuse_heavy(changes: &[Vec<u8>]) -> Result<(), OplogError> {
    let size = changes.iter().fold(0_usize, |sum, change| sum.saturating_add(change.len() + 8));
    if size > PASSED_ON {
        let what = "a batch that could not be passed on";
        return Err(OplogError::TooLarge { what, size, limit: PASSED_ON });
    }
    Ok(())
}

fn identities(members: &Membership, id: ChangeId) -> &[ActorId] {
    members.device_of(id.actor).map_or(&[], |device| &device.actors)
}

fn members_removal(members: &Membership, id: ChangeId) -> Option<&Removal> {
    members.device_of(id.actor).and_then(|device| device.removal.as_ref())
}
