//! What comes out of the folder: everything that was read of it, in one transaction. Reads no file.

use super::carry::Folder;
use super::index::Found;
use super::snapshots;
use super::stage::{Asked, Staged, StagedBatch, Staging, Wanted};
use super::{CARRIER, FolderError, MEMBERSHIP_PLACE, Take};
use crate::bundle::preview::{Preview, device_notices, summarize, waiting_notices};
use crate::bundle::{changes, parted_notice};
use crate::untold::untold;
use holdfast_oplog::{ActorId, LogId, Range, Space, VersionVector};
use holdfast_store::{Applied, Arrivals, Direction, StoreError, Tx, With};
use holdfast_sync::devices::{HANDOVER_PLACE, SealedRecords, take_in_records};
use holdfast_sync::{
    Acknowledgement, Carrier, Fault, hear, latest, membership, open_acknowledgement, plan, spaces,
    take_in,
};
use holdfast_vault::{DeviceKeys, Keyring, Membership};
use std::collections::BTreeSet;

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
    /// Keys of the files whose batches were opened.
    pub(super) opened: Vec<String>,
    /// Keys of the files that were looked at because others hold another branch of their log.
    pub(super) compared: Vec<String>,
}

/// Why what was read could not be taken in as it is; nothing was changed.
pub(super) enum Stop {
    /// Something else is needed of the folder.
    Needs(Needs),
    /// It cannot be taken in.
    Failed(FolderError),
}

/// What else is needed.
pub(super) enum Needs {
    /// The snapshots, since files at these paths do not open.
    Snapshots(BTreeSet<String>),
    /// All files of logs of which others hold another branch.
    Parted(BTreeSet<LogId>),
    /// What follows the snapshot, with which this is held.
    After(VersionVector),
    /// Other files of some logs.
    Others(Others),
}

/// Which other files are needed.
#[derive(Default)]
pub(super) struct Others {
    /// Logs from their beginning on.
    pub(super) from_the_start: BTreeSet<LogId>,
    /// In place of these, which do not open or cannot be taken in.
    pub(super) in_place_of: Vec<(Range, Found)>,
}

impl<E: Into<FolderError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What this device lacks, by what the names claim.
pub(super) fn asked(
    tx: &Tx<'_>,
    folder: &Folder<'_>,
    wanted: &Wanted,
) -> Result<Asked, StoreError> {
    let carried = spaces(Carrier::Folder);
    let mut held = tx.held()?.within(&carried);
    if let Some(after) = &wanted.after {
        held.join(after);
    }
    let there = tx.settled(&folder.index.claimed_after(held.clone()).within(&carried))?;
    let mut ranges = plan(&held, &held, &there, &carried).ask;
    for range in &mut ranges {
        if wanted.from_the_start.contains(&range.log) {
            range.first = tx.first_in_log(range.log)?;
        }
    }
    Ok(Asked { ranges })
}

/// Takes in what was read.
pub(super) fn receive(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    folder: &Folder<'_>,
    staged: &Staged,
) -> Result<Came, Stop> {
    let before = membership(tx)?;
    let (open_before, _) = tx.conflict_counts()?;
    let (members, keyring) = devices(tx, receiver, staged)?;
    let new_keys = keyring != *receiver.keyring;
    let mut notices = device_notices(&before, &members);
    let heard = heads(tx, receiver, staged, &keyring, &members)?;
    let carried = spaces(Carrier::Folder);
    let parted = parted(tx, folder, &heard, &carried)?;
    if !parted.is_subset(&staged.is_parted) {
        return Err(Stop::Needs(Needs::Parted(parted)));
    }
    let mut log = Log::default();
    let needed = |barred: &BTreeSet<String>| {
        snapshots::are_needed(tx, receiver, folder, &members, &heard, barred)
    };
    let brought = if needed(&staged.barred)? {
        let none = || Stop::Needs(Needs::Snapshots(staged.barred.clone()));
        let snapshots = staged.snapshots.as_deref().ok_or_else(none)?;
        snapshots::receive(tx, receiver, snapshots, &keyring, &members)?
    } else {
        None
    };
    if brought.is_some() && !staged.is_after {
        // What was read goes on from what was held before it.
        let held = tx.held()?.within(&carried);
        let goes_on = folder.index.claimed_after(held.clone()).within(&carried);
        if !goes_on.missing_in(&held).is_empty() {
            return Err(Stop::Needs(Needs::After(held)));
        }
    }
    let begin = || tx.begin_exchange(Direction::Received, CARRIER, None, receiver.wall_ms, "");
    let is_any = staged.runs.iter().any(|run| !run.batches.is_empty()) || !staged.parted.is_empty();
    let mut exchange = if is_any { Some(begin()?) } else { None };
    let mut arrivals = Arrivals::new(tx, receiver.wall_ms);
    let mut others = Others::default();
    for run in &staged.runs {
        let at = At { keyring: &keyring, members: &members, exchange, is_last: staged.is_last };
        batches(&mut arrivals, folder, at, run, (&mut log, &mut others))?;
    }
    if !others.from_the_start.is_empty() || !others.in_place_of.is_empty() {
        return Err(Stop::Needs(Needs::Others(others)));
    }
    // What did not open may be told by a snapshot.
    if staged.snapshots.is_none() && !log.closed.is_empty() && needed(&log.closed)? {
        return Err(Stop::Needs(Needs::Snapshots(log.closed)));
    }
    let at = At { keyring: &keyring, members: &members, exchange, is_last: staged.is_last };
    branches(&mut arrivals, at, &staged.parted, &mut log)?;
    let mut applied = arrivals.finish()?;
    let from_snapshot = brought.is_some();
    if let Some(snapshot) = brought {
        log.new += snapshot.changes;
        log.authors.extend(snapshot.author);
        applied = Applied::joined(Some(snapshot.applied), applied);
    }
    let mut preview = summarize(tx, &members, applied, open_before, receiver.wall_ms)?;
    let held = tx.held()?.within(&carried);
    let missing = {
        let mut missing = 0_u64;
        for said in &heard {
            // Anybody may say any number.
            let there = tx.settled(&said.holds.within(&carried))?;
            missing = missing.saturating_add(behind(&held, &there));
        }
        missing
    };
    let with = With::Carrier(CARRIER);
    notices.append(&mut untold(tx, with, std::mem::take(&mut log.notices))?);
    let opened = std::mem::take(&mut log.opened);
    let compared = staged.parted.iter().map(|batch| batch.found.key()).collect();
    if log.new == 0 && log.set_aside == 0 && log.parted == 0 && notices.is_empty() {
        if let Some(empty) = exchange {
            tx.forget_exchange(empty)?;
        }
        let keyring = new_keys.then_some(keyring);
        return Ok(Came { preview: None, exchange: None, keyring, missing, opened, compared });
    }
    let from = log.names(&members, receiver.keys);
    let agreed = receiver.take == Take::Confirmed;
    if let Some((from, deletes)) = preview.mass_deletion(&members, &from)
        && !agreed
    {
        return Err(FolderError::MassDeletion { from, deletes }.into());
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
    Ok(Came { preview: Some(preview), exchange, keyring, missing, opened, compared })
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
    opened: Vec<String>,
    /// Paths of files that did not open.
    closed: BTreeSet<String>,
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
    is_last: bool,
}

/// Takes one log's batches in as far as they join. What is wrong with one of them is said, where no other
/// file holds the same, and holds up nothing but what follows it in its own log. Whoever writes forged files
/// into the folder costs some looks at the logs that they claim to be of, and nothing of the others.
fn batches(
    arrivals: &mut Arrivals<'_, '_>,
    folder: &Folder<'_>,
    at: At<'_>,
    run: &Staging,
    (log, others): (&mut Log, &mut Others),
) -> Result<(), Stop> {
    let tx = arrivals.tx();
    let of = run.range.log;
    for batch in &run.batches {
        match take_in(arrivals, at.keyring, at.members, &batch.bytes, None, at.exchange) {
            Ok(taken) => {
                log.new += taken.new;
                log.known += taken.known;
                log.set_aside += taken.set_aside;
                log.parted += taken.parted_in_base;
                log.opened.push(batch.found.key());
                log.authors.insert(tx.branch_of(of)?.map_or(of.actor, |of| of.author));
                // The log parts somewhere before: from its beginning on, the other branch joins.
                if taken.apart > 0 && !run.whole && !at.is_last {
                    others.from_the_start.insert(of);
                    return Ok(());
                }
            }
            // The disk or the database: nothing of this can go on.
            Err(error) if error.fault() == Fault::Here => return Err(error.into()),
            Err(error) => {
                let here = Range { log: of, first: batch.first, last: batch.last };
                let there = folder.candidates(here);
                if !at.is_last && there.iter().any(|(_, _, found)| *found != batch.found) {
                    others.in_place_of.push((here, batch.found.clone()));
                    return Ok(());
                }
                log.closed.insert(batch.found.path());
                let name = at.members.device_of(of.actor).map_or("a device", |d| &d.name);
                log.notices
                    .push(format!("Changes of {name} in the folder were left there: {error}."));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The logs of which others say that they hold another branch than this device, as far as there may be files of
/// it here that were not looked at.
fn parted(
    tx: &Tx<'_>,
    folder: &Folder<'_>,
    heard: &[Acknowledgement],
    carried: &[Space],
) -> Result<BTreeSet<LogId>, StoreError> {
    let mut parted = BTreeSet::new();
    for said in heard {
        let of = tx.parted_from(&said.holds, &said.heads)?.into_iter().map(|(log, _)| log);
        let of = of.filter(|log| carried.contains(&log.space) && folder.may_have_another(*log));
        parted.extend(of);
    }
    Ok(parted)
}

/// Takes in each of some files for itself: most of it is known, and what does not join waits for another one.
fn branches(
    arrivals: &mut Arrivals<'_, '_>,
    at: At<'_>,
    batches: &[StagedBatch],
    log: &mut Log,
) -> Result<(), Stop> {
    for batch in batches {
        match take_in(arrivals, at.keyring, at.members, &batch.bytes, None, at.exchange) {
            Ok(taken) => {
                log.new += taken.new;
                log.known += taken.known;
                log.set_aside += taken.set_aside;
                log.parted += taken.parted_in_base;
                log.opened.push(batch.found.key());
            }
            Err(error) if error.fault() == Fault::Here => return Err(error.into()),
            Err(_) => {}
        }
    }
    Ok(())
}

/// Takes in the membership records until nothing new opens: a key that one file hands over may open the
/// next.
fn devices(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    staged: &Staged,
) -> Result<(Membership, Keyring), FolderError> {
    // A file does not say whether it is a handover: it opens in one of the two places only.
    let sealed: Vec<SealedRecords<'_>> = staged
        .devices
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
    staged: &Staged,
    keyring: &Keyring,
    members: &Membership,
) -> Result<Vec<Acknowledgement>, FolderError> {
    let me = receiver.keys.device_id();
    let said = staged.heads.iter();
    let said = said.filter_map(|bytes| open_acknowledgement(keyring, members, bytes).ok());
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
