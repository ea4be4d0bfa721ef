use super::format::{BundleHeader, BundleReader, Counts, Section, SectionKind, hash_of_handovers};
use super::format_error::changes;
use super::pieces::Assembly;
use super::preview::{Preview, device_notices, summarize, waiting_notices};
use super::{BundleError, CARRIER, HEADER_CONTEXT, MEMBERSHIP_PLACE, export};
use holdfast_oplog::{ActorId, Range, Space};
use holdfast_store::{Applied, Arrivals, Direction, Tx, plain_file};
use holdfast_sync::devices::{HANDOVER_PLACE, HANDOVERS, SealedRecords, take_in_records};
use holdfast_sync::snapshot::{SnapshotReader, SnapshotReceiver, TakenSnapshot};
use holdfast_sync::{Fault, Refusals, Session, SyncError, Taking, membership, note_holds};
use holdfast_vault::membership::unpack;
use holdfast_vault::{DeviceKeys, Keyring, Membership, Purpose, VaultError, open_blob};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Bytes of all handovers in a bundle.
const HANDOVER_BYTES: usize = 64 * 1024 * 1024;

/// What importing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What changed.
    pub preview: Preview,
    /// Number of the recorded exchange.
    pub exchange: i64,
    /// The vault's keys, where the bundle brought new ones: to be kept in place of the old. Should
    /// that fail, [`Membership::receive_keys`] finds them again.
    pub keyring: Option<Keyring>,
}

/// What importing needs of this device.
#[derive(Clone, Copy)]
pub(super) struct Receiver<'a> {
    pub(super) keys: &'a DeviceKeys,
    pub(super) keyring: &'a Keyring,
    pub(super) wall_ms: i64,
    /// Whether the person agreed to a large deletion, or only wants to see.
    pub(super) confirmed: bool,
    /// Under which this device writes, once it does.
    pub(super) own: Option<ActorId>,
}

/// Largest bundle in bytes. It is read as a stream.
pub const LARGEST: u64 = 1 << 36;

pub(super) type FileReader = BundleReader<BufReader<File>>;

/// Opens a bundle and verifies that it is whole.
pub(super) fn open(path: &Path) -> Result<FileReader, BundleError> {
    BundleReader::open(BufReader::new(plain_file::open(path, LARGEST)?))
}

/// What importing would do. Nothing is changed.
pub fn inspect(session: &mut Session<'_>, path: &Path) -> Result<Preview, BundleError> {
    let reader = open(path)?;
    let Session { keys, keyring, wall_ms, actor, .. } = *session;
    let receiver = Receiver { keys, keyring, wall_ms, confirmed: true, own: Some(actor) };
    session.store.try_out(|tx| Ok(run(tx, receiver, reader)?.preview))
}

/// Takes a bundle in, as a whole or not at all. `confirmed` is whether the person agreed to a large
/// deletion; without it one is refused with [`BundleError::MassDeletion`].
pub fn import(
    session: &mut Session<'_>,
    path: &Path,
    confirmed: bool,
) -> Result<Imported, BundleError> {
    let reader = open(path)?;
    let Session { keys, keyring, wall_ms, actor, .. } = *session;
    let receiver = Receiver { keys, keyring, wall_ms, confirmed, own: Some(actor) };
    let removed = |tx: &Tx<'_>| -> Result<bool, BundleError> {
        let members = membership(tx)?;
        Ok(members.device(keys.device_id()).is_some_and(|device| device.removal.is_some()))
    };
    // Only where that says that this device was removed is it kept without the rest.
    if session.store.try_out(|tx| learn(tx, receiver, open(path)?).and_then(|()| removed(tx)))? {
        session.store.write(|tx| learn(tx, receiver, open(path)?))?;
        return Err(BundleError::NotAMember);
    }
    let outcome = session.store.write(|tx| run(tx, receiver, reader));
    if let Err(BundleError::Vault(VaultError::UnknownEpoch { .. })) = &outcome {
        // Who belongs to the vault is kept all the same: with it this device asks for the key that it lacks,
        // and whoever holds it hands it on.
        session.store.write(|tx| learn(tx, receiver, open(path)?))?;
    }
    outcome
}

/// Verifies and takes in everything, in the transaction at hand.
pub(super) fn run(
    tx: &Tx<'_>,
    receiver: Receiver<'_>,
    mut file: FileReader,
) -> Result<Imported, BundleError> {
    let header = file.header().clone();
    if header.vault != tx.vault() {
        return Err(BundleError::ForeignVault { found: header.vault });
    }
    let before = membership(tx)?;
    let (open_before, _) = tx.conflict_counts()?;
    let (opening, mut next) = opening(&mut file)?;
    let (members, keyring) = opening.take_in(tx, receiver.keys, receiver.keyring)?;
    let new_keys = keyring != *receiver.keyring;
    let me = receiver.keys.device_id();
    // One that is about to join is not known yet.
    if members.device(me).is_some_and(|device| device.removal.is_some()) {
        return Err(BundleError::NotAMember);
    }
    let from = verify_sender(&members, &header, file.header_bytes(), &opening.signature)?;
    let held = tx.held()?;
    let missing = missing(&tx.settled(&header.since)?.missing_in(&held));
    if missing > 0 {
        return Err(BundleError::EarlierMissing { from, missing });
    }
    let exchange = tx.begin_exchange(
        Direction::Received,
        CARRIER,
        Some(header.from),
        receiver.wall_ms,
        &from,
    )?;
    let mut counts = Counts::default();
    let (mut new, mut known, mut set_aside) = (0_u64, 0_u64, 0_u64);
    let (mut apart, mut parted, mut refused) = (0_u64, 0_u64, 0_u64);
    let mut refusals = Refusals::default();
    let taking = Taking {
        keyring: &keyring,
        members: &members,
        bounds: Some(&header.holds),
        exchange: Some(exchange),
    };
    let mut assembly = Assembly::default();
    let spaces: Vec<Space> = Space::ALL.into_iter().filter(|s| *s != Space::Device).collect();
    let to = SnapshotReceiver {
        keyring: &keyring,
        members: &members,
        carried: &spaces,
        bounds: Some(&header.holds),
        own: receiver.own,
    };
    let mut refused_snapshot = None;
    let taken = match snapshot(tx, to, receiver.wall_ms, &mut file, &mut next, &mut counts)? {
        // Whoever made it may be honest, and this device know better; what comes as changes comes all the
        // same. Who has nothing yet would begin with a part.
        Err(error) if error.fault() == Fault::Log && !held.is_empty() => {
            refused_snapshot = Some(format!("A snapshot was not taken in: {error}."));
            None
        }
        other => other?,
    };
    let brought = taken.as_ref().map_or(0, |taken| taken.holds.total());
    let snapshot = taken.filter(|taken| !taken.known).map(|taken| taken.applied);
    let mut arrivals = Arrivals::new(tx, receiver.wall_ms);
    while let Some(section) = next {
        match section.kind {
            SectionKind::Batch => {
                let taken = refusals.take_in(&mut arrivals, taking, &section.bytes)?;
                if refusals.has_gap() && refused_snapshot.is_none() {
                    return Err(BundleError::EarlierMissing { from, missing: 1 });
                }
                refused += taken.refused;
                new += taken.new;
                known += taken.known;
                set_aside += taken.set_aside;
                apart += taken.apart;
                parted += taken.parted_in_base;
                counts.batches += 1;
            }
            SectionKind::Chunk => {
                if let Some(content) = assembly.take(&keyring, &section.bytes)? {
                    tx.add_blob(&content)?;
                }
                counts.chunks += 1;
            }
            _ => return Err(BundleError::Corrupted("order of parts")),
        }
        next = file.next_section()?;
    }
    assembly.finish()?;
    counts.changes =
        [new, known, set_aside, apart, parted, refused].into_iter().fold(0, u64::saturating_add);
    // The header is signed: a part that someone took out shows here.
    if counts != header.counts {
        return Err(BundleError::Corrupted("number of parts"));
    }
    let applied = arrivals.finish()?;
    let with_snapshot = snapshot.is_some();
    let came = Applied::joined(snapshot, applied);
    let mut preview = summarize(tx, &members, came, open_before, receiver.wall_ms)?;
    if let Some((from, deletes)) = preview.mass_deletion(&members, &from)
        && !receiver.confirmed
    {
        return Err(BundleError::MassDeletion { from, deletes });
    }
    preview.weighed.keep(tx, Some(exchange), receiver.confirmed, receiver.wall_ms)?;
    let mut notices = device_notices(&before, &members);
    notices.extend(refused_snapshot);
    notices.append(&mut refusals.notices(&members));
    if set_aside > 0 {
        notices.push(format!(
            "Set aside: {}, written by a device after it was removed.",
            changes(set_aside)
        ));
    }
    if apart > 0 {
        notices.push(format!(
            "A device's data was used twice: {} go on a version that is not here yet. Export everything on {from} and import that.",
            changes(apart)
        ));
    }
    if parted > 0 {
        notices.push(parted_notice(parted));
    }
    if with_snapshot {
        notices.push(format!(
            "{from} has pruned old changes: {} came as a snapshot, which cannot be taken back.",
            changes(brought)
        ));
    }
    notices.append(&mut preview.notices);
    notices.extend(waiting_notices(tx, &members)?);
    preview.notices = notices;
    preview.made_ms = i64::try_from(header.made).unwrap_or(i64::MAX);
    preview.changes = new;
    preview.already = known;
    preview.from_name = from;
    heard(tx, &header, preview.made_ms.min(receiver.wall_ms))?;
    tx.report_exchange(exchange, &preview.report())?;
    Ok(Imported { preview, exchange, keyring: new_keys.then_some(keyring) })
}

/// Takes in the snapshot, which stands before what comes after it; none where there is none. What is wrong with
/// it is told within, once all of it is read, and nothing of it is kept then.
fn snapshot(
    tx: &Tx<'_>,
    to: SnapshotReceiver<'_>,
    wall_ms: i64,
    file: &mut FileReader,
    next: &mut Option<Section>,
    counts: &mut Counts,
) -> Result<Result<Option<TakenSnapshot>, SyncError>, BundleError> {
    let is_piece = |section: &mut Section| section.kind == SectionKind::Snapshot;
    let mut broken = None;
    let taken = tx.attempt(|| {
        let mut reader = SnapshotReader::new(to);
        while let Some(section) = next.take_if(is_piece) {
            let read = reader.piece(tx, &section.bytes);
            counts.pieces += 1;
            match file.next_section() {
                Ok(after) => *next = after,
                Err(error) => {
                    broken = Some(error);
                    return Err(SyncError::Unexpected);
                }
            }
            read?;
        }
        if counts.pieces == 0 {
            return Ok(None);
        }
        reader.finish(tx, wall_ms).map(Some)
    })?;
    if let Some(error) = broken {
        return Err(error);
    }
    while next.take_if(is_piece).is_some() {
        counts.pieces += 1;
        *next = file.next_section()?;
    }
    Ok(taken)
}

/// What is said of changes that go on a version from before what was pruned here.
pub(crate) fn parted_notice(count: u64) -> String {
    format!(
        "A device's data was used twice, and {} go on a version that began before what was pruned here. They were set aside, nothing of them is shown. Join the vault anew with the device that wrote them, and enter there what is missing.",
        changes(count)
    )
}

/// What stands before the changes.
struct Opening {
    signature: [u8; 64],
    /// Sealed records, as the sender knows them.
    membership: Vec<u8>,
    handovers: Vec<Vec<u8>>,
}

/// Reads the signature and the sealed membership records, and the first section after them.
fn opening(reader: &mut FileReader) -> Result<(Opening, Option<Section>), BundleError> {
    let (mut signature, mut membership, mut handovers) = (None, None, Vec::new());
    let mut room = HANDOVER_BYTES;
    loop {
        match reader.next_section()? {
            Some(Section { kind: SectionKind::Signature, bytes }) if signature.is_none() => {
                let bytes = bytes.try_into().map_err(|_| BundleError::Corrupted("signature"))?;
                signature = Some(bytes);
            }
            Some(Section { kind: SectionKind::Membership, bytes }) if membership.is_none() => {
                membership = Some(bytes);
            }
            Some(Section { kind: SectionKind::Handover, bytes })
                if handovers.len() < HANDOVERS && bytes.len() <= room =>
            {
                room = room.saturating_sub(bytes.len());
                handovers.push(bytes);
            }
            Some(Section { kind: SectionKind::Invitation, .. }) => {}
            next => {
                let signature = signature.ok_or(BundleError::Corrupted("signature"))?;
                let membership = membership.ok_or(BundleError::Corrupted("list of devices"))?;
                if hash_of_handovers(&handovers) != reader.header().handovers {
                    return Err(BundleError::Corrupted("earlier lists of devices"));
                }
                return Ok((Opening { signature, membership, handovers }, next));
            }
        }
    }
}

impl Opening {
    /// Opens the membership records and keeps those that are worth keeping. Where nothing opens, the
    /// sender's own list says why.
    fn take_in(
        &self,
        tx: &Tx<'_>,
        keys: &DeviceKeys,
        keyring: &Keyring,
    ) -> Result<(Membership, Keyring), BundleError> {
        let (members, keyring) = self.hear(tx, keys, keyring)?;
        let removed = members.device(keys.device_id()).is_some_and(|d| d.removal.is_some());
        if !removed {
            let place = MEMBERSHIP_PLACE;
            unpack(&open_blob(&keyring, Purpose::Membership, place, &self.membership)?)?;
        }
        Ok((members, keyring))
    }

    /// Keeps of the membership records what opens.
    fn hear(
        &self,
        tx: &Tx<'_>,
        keys: &DeviceKeys,
        keyring: &Keyring,
    ) -> Result<(Membership, Keyring), BundleError> {
        let mut sealed = vec![SealedRecords { place: MEMBERSHIP_PLACE, bytes: &self.membership }];
        let handovers = self.handovers.iter();
        sealed.extend(handovers.map(|bytes| SealedRecords { place: HANDOVER_PLACE, bytes }));
        Ok(take_in_records(tx, keys, keyring, &sealed)?)
    }
}

/// Takes in who belongs to the vault before anything else: records are signed one by one, and a
/// device that was removed meanwhile has to learn that although it cannot read the rest.
fn learn(tx: &Tx<'_>, receiver: Receiver<'_>, mut reader: FileReader) -> Result<(), BundleError> {
    if reader.header().vault != tx.vault() {
        return Ok(());
    }
    let (opening, _) = opening(&mut reader)?;
    opening.hear(tx, receiver.keys, receiver.keyring).map(|_| ())
}

/// Checks that a member made the bundle. Its name.
fn verify_sender(
    members: &Membership,
    header: &BundleHeader,
    bytes: &[u8],
    signature: &[u8; 64],
) -> Result<String, BundleError> {
    let device = members.device(header.from).ok_or(BundleError::UnknownSender(header.from))?;
    device.public.verify(HEADER_CONTEXT, bytes, signature)?;
    if device.removal.is_some() {
        return Err(BundleError::RemovedSender(device.name.clone()));
    }
    Ok(device.name.clone())
}

/// Keeps what the bundle says about the device that made it: what it held, and when that was.
fn heard(tx: &Tx<'_>, header: &BundleHeader, seen_ms: i64) -> Result<(), BundleError> {
    let known = tx.destination(header.from)?;
    let mut destination = known.unwrap_or_else(|| export::unknown(header.from));
    let alike = tx.held_alike(&header.holds, &header.heads)?;
    note_holds(&mut destination, &alike, seen_ms);
    destination.last_seen_ms = destination.last_seen_ms.max(Some(seen_ms));
    tx.keep_destination(&destination)?;
    Ok(())
}

fn missing(ranges: &[Range]) -> u64 {
    ranges.iter().fold(0, |sum: u64, range| {
        sum.saturating_add(range.last.saturating_sub(range.first).saturating_add(1))
    })
}
