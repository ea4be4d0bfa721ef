use super::name::writer;
use super::publish::{Publisher, Went, publish, record};
use super::receive::{Came, Needs, Receiver, Stop, asked, receive};
use super::stage::{Asked, Staged, Wanted};
use super::{CARRIER, Files, Folder, FolderError, FolderMemory, limits, verify};
use crate::bundle::pieces;
use crate::bundle::preview::Preview;
use holdfast_oplog::{ActorId, Range, VersionVector};
use holdfast_store::{Direction, Store, StoreError, Tx};
use holdfast_sync::devices::ready_keys;
use holdfast_sync::{Carrier, Session, membership, offer, spaces};
use holdfast_vault::{Keyring, Membership};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Whose files stay damaged: they come whole when they are published again.
    pub damaged: BTreeSet<ActorId>,
    /// Whether something was left to be read in the next exchange.
    pub more: bool,
    /// The vault's keys, where new ones came: to be kept in place of the old.
    pub keyring: Option<Keyring>,
    /// What to remember until the next time.
    pub memory: FolderMemory,
    /// Why nothing was taken in: a large deletion that waits for the person.
    pub waits: Option<FolderError>,
}

/// Takes in what others put into the folder and puts there what it lacks: as much as one exchange may
/// read. `again` is whether the person said to publish again into a folder that was emptied, replaced or
/// damaged: then everything there is read once more, and what this device put there and is damaged is
/// replaced.
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
        state: FolderState::Ready,
        sent: 0,
        preview: None,
        exchange: None,
        missing: 0,
        unfinished: 0,
        damaged: BTreeSet::new(),
        more: false,
        keyring: None,
        memory: memory.clone(),
        waits: None,
    };
    if again {
        folder.doubt();
    }
    // A ring that was just read does not know yet which of its keys seals.
    let members = session.store.read(membership)?;
    members.receive_keys(session.keys, &mut keyring)?;
    folder.look_with(&keyring, &members);
    if take != Take::Not {
        match take_in(session, &mut folder, take) {
            Ok(came) => {
                if let Some(new) = &came.keyring {
                    keyring = new.clone();
                }
                folder.note_members(&keyring, &session.store.read(membership)?);
                // What may not reach everybody is opened again, to see whether it does.
                if !folder.lacks_any() {
                    folder.verified.extend(came.opened);
                }
                folder.compared.extend(came.compared);
                contents(session, &keyring, &mut folder)?;
                report.preview = came.preview;
                report.exchange = came.exchange;
                report.missing = came.missing;
                report.keyring = came.keyring;
            }
            Err(waits @ FolderError::MassDeletion { .. }) => report.waits = Some(waits),
            Err(error) => return Err(error),
        }
    }
    let members = if report.keyring.is_none() {
        // What was heard by another way may have ended the epoch under which this device seals.
        let keys = session.keys;
        let members = session.store.write(|tx| ready_keys(tx, keys, &mut keyring))?;
        report.keyring = (keyring != *session.keyring).then(|| keyring.clone());
        members
    } else {
        session.store.read(membership)?
    };
    folder.note_members(&keyring, &members);
    let claims = folder.claimed();
    verify::verify_claims(&mut folder, &keyring, &members, &claims)?;
    if !again {
        report.state = state(&folder, memory);
    }
    if report.state == FolderState::Ready {
        folder.files.sweep(&writer(session.actor));
        let went = put(session, &keyring, &mut folder)?;
        report.sent = went.changes;
        report.memory.published = folder.own_known();
        if again {
            verify::clear_damaged(&mut folder, &writer(session.actor))?;
        }
    }
    folder.remember(&mut report.memory);
    report.unfinished = folder.unfinished.len() as u64 + folder.index.unusable();
    report.damaged = report.memory.useless.damaged();
    report.more = folder.more;
    Ok(report)
}

/// Opens what is in the folder and this device did not open yet, as far as one look may read: only that is
/// counted by [`Folder::known`] and [`waiting`].
pub fn check(
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    members: &Membership,
) -> Result<(), FolderError> {
    let claims = folder.claimed();
    verify::verify_claims(folder, keyring, members, &claims)
}

/// What taking in would do. Nothing is changed.
pub fn look(
    session: &mut Session<'_>,
    files: &mut dyn Files,
) -> Result<Option<Preview>, FolderError> {
    let mut folder = Folder::open(files, session.actor, &FolderMemory::default())?;
    let (keys, keyring, wall_ms) = (session.keys, session.keyring, session.wall_ms);
    let receiver = Receiver { keys, keyring, wall_ms, take: Take::Confirmed };
    let came = rounds(
        &mut folder,
        session.store,
        keyring,
        |store, folder, wanted| store.read(|tx| asked(tx, folder, wanted)),
        |store, folder, staged| store.try_out(|tx| receive(tx, receiver, folder, staged)),
    )?;
    Ok(came.preview)
}

/// How many changes are in the folder and not here, by who wrote them: of those that were opened.
pub fn waiting(tx: &Tx<'_>, folder: &Folder<'_>) -> Result<Vec<(ActorId, u64)>, StoreError> {
    let carried = spaces(Carrier::Folder);
    let held = tx.held()?.within(&carried);
    let mut waiting: BTreeMap<ActorId, u64> = BTreeMap::new();
    let there = folder.index.known_after(held.clone(), &folder.verified).within(&carried);
    for range in there.missing_in(&held) {
        let count = waiting.entry(range.log.actor).or_insert(0);
        *count = count.saturating_add(range.last.saturating_sub(range.first) + 1);
    }
    Ok(waiting.into_iter().collect())
}

/// Whether what this device put there is still there.
fn state(folder: &Folder<'_>, memory: &FolderMemory) -> FolderState {
    // Wherever it is in the folder: another device may have written it again.
    let mut there = folder.known();
    // What does not reach everybody is there all the same.
    there.join(&folder.opened());
    if folder.more {
        // What there was no time to read is no reason to worry anybody.
        there.join(&folder.claimed());
    }
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
    rounds(
        folder,
        session.store,
        keyring,
        |store, folder, wanted| store.read(|tx| asked(tx, folder, wanted)),
        |store, folder, staged| store.write(|tx| receive(tx, receiver, folder, staged)),
    )
}

/// Reads, then takes in; begins anew where taking in needs something else of the folder. No transaction
/// is open while a file is read.
fn rounds(
    folder: &mut Folder<'_>,
    store: &mut Store,
    keyring: &Keyring,
    ask: impl Fn(&mut Store, &Folder<'_>, &Wanted) -> Result<Asked, StoreError>,
    take: impl Fn(&mut Store, &Folder<'_>, &Staged) -> Result<Came, Stop>,
) -> Result<Came, FolderError> {
    let mut wanted = Wanted::default();
    let mut rounds = 0;
    // Ends: snapshots are asked for once, what follows one once, and others a bounded number of times.
    loop {
        let asked = ask(store, folder, &wanted)?;
        let staged = Staged::read(folder, &asked, &wanted)?;
        match take(store, folder, &staged) {
            Ok(came) => return Ok(came),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Needs(Needs::Snapshots(barred))) => {
                wanted.snapshots = true;
                wanted.barred = barred;
            }
            Err(Stop::Needs(Needs::Parted(logs))) => wanted.parted.extend(logs),
            Err(Stop::Needs(Needs::After(held))) => wanted.after = Some(held),
            Err(Stop::Needs(Needs::Others(others))) => {
                wanted.from_the_start.extend(others.from_the_start);
                folder.refused.extend(others.in_place_of.iter().map(|(_, found)| found.path()));
                // All that somebody without the keys put beside one goes at once.
                let members = store.read(membership)?;
                let ranges: Vec<Range> = others.in_place_of.iter().map(|(at, _)| *at).collect();
                verify::verify(folder, keyring, &members, &ranges)?;
                rounds += 1;
                wanted.is_last = rounds >= limits::ROUNDS;
            }
        }
    }
}

/// Takes in contents that attachments name, that are not here, and all of whose pieces are whole. Each is
/// put together before anything is written.
fn contents(
    session: &mut Session<'_>,
    keyring: &Keyring,
    folder: &mut Folder<'_>,
) -> Result<(), FolderError> {
    if folder.index.pieces.is_empty() {
        return Ok(());
    }
    let carried = spaces(Carrier::Folder);
    let wanted = session.store.read(|tx| {
        let held = tx.held()?.within(&carried);
        let mut wanted = Vec::new();
        for content in pieces::named(tx, &held, &VersionVector::new())? {
            if folder.index.pieces.contains_key(&(content, 0)) && !tx.has_blob(content)? {
                wanted.push(content);
            }
        }
        Ok::<_, FolderError>(wanted)
    })?;
    for content in wanted {
        if let Some(bytes) = verify::content_of(folder, keyring, content)? {
            session.store.write(|tx| tx.add_blob(&bytes).map(drop))?;
            if folder.lacks_any() {
                folder.contents.remove(&content.to_hex());
            }
        }
    }
    Ok(())
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
        Ok((went, folder.known().within(&spaces(Carrier::Folder))))
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
