use super::publish::{Publisher, Went, publish, record};
use super::receive::{Came, Receiver, receive};
use super::{CARRIER, Files, Folder, FolderError, FolderMemory};
use crate::bundle::preview::Preview;
use holdfast_oplog::{ActorId, VersionVector};
use holdfast_store::{Direction, StoreError, Tx};
use holdfast_sync::{Carrier, Session, Transport, membership, offer, spaces};
use holdfast_vault::Keyring;
use serde_json::json;
use std::collections::BTreeMap;

/// What happens with what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It is taken in; a large deletion waits for the person.
    AtOnce,
    /// The person looked at it and said yes.
    Confirmed,
    /// It stays in the folder until the person has looked.
    Not,
}

/// How the folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderState {
    /// It holds what this device put there.
    Ready,
    /// What this device put there is gone: somebody emptied the folder or put another in its place.
    /// Nothing is deleted here and nothing is put there until the person says so.
    Emptied {
        /// How many changes of those that this device had put there are missing.
        missing: u64,
    },
}

/// What an exchange through the folder did.
#[derive(Debug)]
pub struct FolderReport {
    /// How the folder is.
    pub state: FolderState,
    /// Changes that were put there.
    pub sent: u64,
    /// What changed here; `None` where nothing new was there.
    pub preview: Option<Preview>,
    /// Number of the record of what came.
    pub exchange: Option<i64>,
    /// Changes that other devices hold, by their own word, and that are not in the folder yet.
    pub missing: u64,
    /// Files that are not whole yet: they are looked at again.
    pub unfinished: u64,
    /// The vault's keys, where new ones came: to be kept in place of the old.
    pub keyring: Option<Keyring>,
    /// What to remember until the next time.
    pub memory: FolderMemory,
    /// Why nothing was taken in: a large deletion that waits for the person.
    pub waits: Option<FolderError>,
}

/// Takes in what others put into the folder and puts there what it lacks. `again` is whether the
/// person said to publish again into a folder that was emptied or replaced.
pub fn exchange(
    session: &mut Session<'_>,
    files: &mut dyn Files,
    memory: &FolderMemory,
    take: Take,
    again: bool,
) -> Result<FolderReport, FolderError> {
    let mut folder = Folder::open(files, session.actor, memory)?;
    let mut keyring = session.keyring.clone();
    let mut report = FolderReport {
        state: state(&folder, memory),
        sent: 0,
        preview: None,
        exchange: None,
        missing: 0,
        unfinished: 0,
        keyring: None,
        memory: memory.clone(),
        waits: None,
    };
    if take != Take::Not {
        match take_in(session, &mut folder, take) {
            Ok(came) => {
                if let Some(new) = &came.keyring {
                    keyring = new.clone();
                }
                report.preview = came.preview;
                report.exchange = came.exchange;
                report.missing = came.missing;
                report.keyring = came.keyring;
            }
            Err(waits @ FolderError::MassDeletion { .. }) => report.waits = Some(waits),
            Err(error) => return Err(error),
        }
    }
    if again {
        report.state = FolderState::Ready;
    }
    if report.state == FolderState::Ready {
        let went = put(session, &keyring, &mut folder)?;
        report.sent = went.changes;
        report.memory.published = folder.own_offers();
        report.memory.snapshot.clone_from(&folder.snapshot);
    }
    report.memory.counter = folder.counter;
    report.unfinished = folder.unfinished.len() as u64;
    Ok(report)
}

/// What taking in would do. Nothing is changed.
pub fn look(
    session: &mut Session<'_>,
    files: &mut dyn Files,
) -> Result<Option<Preview>, FolderError> {
    let mut folder = Folder::open(files, session.actor, &FolderMemory::default())?;
    let (keys, keyring, wall_ms) = (session.keys, session.keyring, session.wall_ms);
    let receiver = Receiver { keys, keyring, wall_ms, take: Take::Confirmed };
    session.store.try_out(|tx| Ok(receive(tx, receiver, &mut folder)?.preview))
}

/// How many changes are in the folder and not here, by who wrote them, read from names alone.
pub fn waiting(tx: &Tx<'_>, folder: &Folder<'_>) -> Result<Vec<(ActorId, u64)>, StoreError> {
    let carried = spaces(Carrier::Folder);
    let held = tx.held()?.within(&carried);
    let mut waiting: BTreeMap<ActorId, u64> = BTreeMap::new();
    for range in folder.index.offers_after(held.clone()).within(&carried).missing_in(&held) {
        let count = waiting.entry(range.log.actor).or_insert(0);
        *count = count.saturating_add(range.last.saturating_sub(range.first) + 1);
    }
    Ok(waiting.into_iter().collect())
}

/// Whether what this device put there is still there.
fn state(folder: &Folder<'_>, memory: &FolderMemory) -> FolderState {
    // Wherever it is in the folder: another device may have written it again.
    let mut there = folder.offers();
    there.join(&folder.own_offers());
    let gone = memory.published.missing_in(&there);
    if gone.is_empty() {
        return FolderState::Ready;
    }
    let missing = gone
        .iter()
        .fold(0, |sum: u64, range| sum.saturating_add(range.last.saturating_sub(range.first) + 1));
    FolderState::Emptied { missing }
}

fn take_in(
    session: &mut Session<'_>,
    folder: &mut Folder<'_>,
    take: Take,
) -> Result<Came, FolderError> {
    let (keys, keyring, wall_ms) = (session.keys, session.keyring, session.wall_ms);
    let receiver = Receiver { keys, keyring, wall_ms, take };
    session.store.write(|tx| receive(tx, receiver, folder))
}

fn put(
    session: &mut Session<'_>,
    keyring: &Keyring,
    folder: &mut Folder<'_>,
) -> Result<Went, FolderError> {
    let Session { store, keys, actor, wall_ms, rng, .. } = session;
    let offered = store.write(|tx| offer(tx, Carrier::Folder))?;
    let (went, offered): (Went, VersionVector) = store.read(|tx| {
        if !membership(tx)?.is_active(keys.device_id()) {
            return Err(FolderError::NotAMember);
        }
        let publisher =
            Publisher { keys, keyring, actor: *actor, wall_ms: *wall_ms, rng: &mut **rng };
        let went = publish(tx, publisher, folder, &offered)?;
        Ok((went, folder.holds()?.within(&spaces(Carrier::Folder))))
    })?;
    store.write(|tx| {
        record(tx, &offered, *wall_ms)?;
        if went.changes > 0 {
            let number = tx.begin_exchange(Direction::Sent, CARRIER, None, *wall_ms, "")?;
            let report = json!({ "changes": went.changes, "chunks": went.pieces });
            tx.report_exchange(number, &report)?;
        }
        Ok::<_, FolderError>(())
    })?;
    Ok(went)
}
