//! Snapshots as they leave and as they come.
//!
//! A snapshot is the base of some spaces ([`holdfast_store::BaseRecord`]) in sealed pieces. The first
//! piece says what it is and where each log stands, the next ones hold the records as one stream, and
//! the last one the maker's signature over all before it. A piece opens only in its own place, each log
//! is vouched for by its author, and nothing is kept before the last piece was found right: all of it
//! is taken in within one transaction.

use crate::{SyncError, believes};
use holdfast_model::change::SCHEMA;
use holdfast_oplog::{
    ActorId, ChangeId, DeviceId, Hash, LogId, OplogError, Space, VaultId, VersionVector, decode,
    encode, limits,
};
use holdfast_store::{Applied, BaseHead, BaseRecord, Intake, StoreError, Tx};
use holdfast_vault::{DeviceKeys, Keyring, Membership, open_piece, seal_piece, verify_change};
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};

/// Format number that this build writes, and the highest that it reads.
pub const SNAPSHOT_FORMAT: u32 = 1;
/// Context of the signature.
const CONTEXT: &str = "snapshot";
/// What else is in a piece beside its sealed content.
const OUTER: usize = 256;

const HEAD: u8 = 1;
const RECORDS: u8 = 2;
const END: u8 = 3;

/// One piece as it travels.
#[derive(Serialize, Deserialize)]
struct Piece {
    format: u32,
    vault: VaultId,
    #[serde(with = "serde_bytes")]
    snapshot: Vec<u8>,
    number: u32,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
}

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    from: DeviceId,
    made_ms: i64,
    schema: u32,
    logs: Vec<LogHead>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LogHead {
    space: Space,
    actor: ActorId,
    seq: u64,
    hash: Hash,
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct End {
    records: u64,
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
}

/// A snapshot that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingSnapshot {
    /// Which changes are in it: a receiver that holds them needs none of it, and any other gets the
    /// changes after them as batches.
    pub holds: VersionVector,
    /// How many pieces it has.
    pub pieces: u32,
    /// Items in it.
    pub records: u64,
    /// Bytes of all pieces.
    pub bytes: u64,
}

/// Seals the base of the carried spaces and hands over one piece after the other, each at most
/// [`limits::SNAPSHOT_PIECE`] bytes. Nothing of [`Space::Device`] is ever in it. For a snapshot of
/// everything that is alive now call [`Tx::fold_log`] first, in a transaction that is undone.
pub fn outgoing_snapshot<E: From<SyncError>>(
    tx: &Tx<'_>,
    keyring: &Keyring,
    keys: &DeviceKeys,
    carried: &[Space],
    made_ms: i64,
    rng: &mut dyn CryptoRngCore,
    hand_over: impl FnMut(Vec<u8>) -> Result<(), E>,
) -> Result<OutgoingSnapshot, E> {
    let spaces: Vec<Space> =
        carried.iter().copied().filter(|space| *space != Space::Device).collect();
    let mut heads = tx.base_heads().map_err(SyncError::from)?;
    heads.retain(|head| spaces.contains(&head.log.space));
    let may = tx.releasable().map_err(SyncError::from)?;
    if let Some(head) = heads.iter().find(|head| may.get(head.log) < head.seq) {
        return Err(SyncError::NotCarried(head.log.space).into());
    }
    let logs = heads.iter().map(LogHead::from).collect();
    let head = Head { from: keys.device_id(), made_ms, schema: SCHEMA, logs };
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let mut writer = Writer { keyring, rng, id, number: 0, bytes: 0, seal: sealing(), hand_over };
    writer.put(HEAD, &encode(&head).map_err(SyncError::from)?)?;
    let mut stream: Vec<u8> = Vec::new();
    let mut records: u64 = 0;
    tx.each_base_record::<Failed<E>>(&spaces, |record| {
        let bytes = encode(&record).map_err(SyncError::from).map_err(E::from).map_err(Failed)?;
        if bytes.len() > limits::SNAPSHOT_RECORD {
            return Err(Failed(too_large("an item in a snapshot", bytes.len()).into()));
        }
        stream.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        stream.extend_from_slice(&bytes);
        records += 1;
        while stream.len() >= CONTENT {
            let rest = stream.split_off(CONTENT);
            writer.put(RECORDS, &stream).map_err(Failed)?;
            stream = rest;
        }
        Ok(())
    })
    .map_err(|Failed(error)| error)?;
    if !stream.is_empty() {
        writer.put(RECORDS, &stream)?;
    }
    let signature = keys.sign(CONTEXT, &signed(&writer.seal, id, records)).to_vec();
    let end = encode(&End { records, signature }).map_err(SyncError::from)?;
    writer.put(END, &end)?;
    Ok(OutgoingSnapshot {
        holds: heads.iter().map(|head| (head.log, head.seq)).collect(),
        pieces: writer.number,
        records,
        bytes: writer.bytes,
    })
}

/// Content of one piece beside its kind.
const CONTENT: usize = limits::SNAPSHOT_PLAIN - 1;

/// Carries a caller's error through the store, which knows only its own.
struct Failed<E>(E);

impl<E: From<SyncError>> From<StoreError> for Failed<E> {
    fn from(error: StoreError) -> Self {
        Self(SyncError::from(error).into())
    }
}

fn too_large(what: &'static str, size: usize) -> SyncError {
    OplogError::TooLarge { what, size, limit: limits::SNAPSHOT_RECORD }.into()
}

fn sealing() -> blake3::Hasher {
    blake3::Hasher::new_derive_key("holdfast 2026 snapshot pieces")
}

/// What the maker signs: every piece before the last, and how many records are in them.
fn signed(pieces: &blake3::Hasher, id: [u8; 16], records: u64) -> Vec<u8> {
    let mut bytes = id.to_vec();
    bytes.extend_from_slice(pieces.finalize().as_bytes());
    bytes.extend_from_slice(&records.to_be_bytes());
    bytes
}

struct Writer<'a, F> {
    keyring: &'a Keyring,
    rng: &'a mut dyn CryptoRngCore,
    id: [u8; 16],
    number: u32,
    bytes: u64,
    seal: blake3::Hasher,
    hand_over: F,
}

impl<F> Writer<'_, F> {
    fn put<E: From<SyncError>>(&mut self, kind: u8, content: &[u8]) -> Result<(), E>
    where
        F: FnMut(Vec<u8>) -> Result<(), E>,
    {
        let mut plain = Vec::with_capacity(content.len() + 1);
        plain.push(kind);
        plain.extend_from_slice(content);
        let sealed = seal_piece(self.keyring, self.id, self.number, &plain, &mut self.rng)
            .map_err(SyncError::from)?;
        let piece = Piece {
            format: SNAPSHOT_FORMAT,
            vault: self.keyring.vault(),
            snapshot: self.id.to_vec(),
            number: self.number,
            sealed,
        };
        let bytes = encode(&piece).map_err(SyncError::from)?;
        self.seal.update(&(bytes.len() as u64).to_be_bytes()).update(&bytes);
        self.number = self.number.checked_add(1).ok_or(SyncError::Unexpected)?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        (self.hand_over)(bytes)
    }
}

impl From<&BaseHead> for LogHead {
    fn from(head: &BaseHead) -> Self {
        Self {
            space: head.log.space,
            actor: head.log.actor,
            seq: head.seq,
            hash: head.hash,
            signature: head.signature.to_vec(),
        }
    }
}

/// Whether a change counts: its author is known, signed it, and was not removed before. What to prune
/// by: what cannot be verified stays in the log.
pub fn vouched(
    members: &Membership,
    vault: VaultId,
) -> impl Fn(LogId, u64, Hash, &[u8; 64]) -> bool + '_ {
    move |log, seq, hash, signature| {
        let id = ChangeId { space: log.space, actor: log.actor, seq };
        members.accepts(id)
            && members
                .public_of(log.actor)
                .is_some_and(|public| verify_change(&public, vault, id, hash, signature))
    }
}

/// Who receives a snapshot, and what it may bring.
#[derive(Clone, Copy)]
pub struct SnapshotReceiver<'a> {
    /// The vault's keys.
    pub keyring: &'a Keyring,
    /// Who belongs to the vault.
    pub members: &'a Membership,
    /// The spaces that the carrier may carry. [`Space::Device`] is refused in any case.
    pub carried: &'a [Space],
    /// What the sender says it held, where it says so: nothing beyond it is accepted.
    pub bounds: Option<&'a VersionVector>,
    /// Under which this device writes, once it does.
    pub own: Option<ActorId>,
}

/// Takes a snapshot in, piece after piece in order, within one transaction. An error means that the
/// transaction has to be undone.
pub struct SnapshotReader<'a> {
    receiver: SnapshotReceiver<'a>,
    id: Option<[u8; 16]>,
    number: u32,
    seal: blake3::Hasher,
    from: Option<DeviceId>,
    intake: Option<Intake>,
    holds: VersionVector,
    stream: Vec<u8>,
    records: u64,
    ended: bool,
}

/// What a snapshot brought.
#[derive(Debug)]
pub struct TakenSnapshot {
    /// Who made it.
    pub from: DeviceId,
    /// Which changes are in it.
    pub holds: VersionVector,
    /// Whether everything in it was here already, and nothing was done.
    pub known: bool,
    /// What changed here.
    pub applied: Applied,
}

impl<'a> SnapshotReader<'a> {
    /// Begins.
    pub fn new(receiver: SnapshotReceiver<'a>) -> Self {
        Self {
            receiver,
            id: None,
            number: 0,
            seal: sealing(),
            from: None,
            intake: None,
            holds: VersionVector::new(),
            stream: Vec::new(),
            records: 0,
            ended: false,
        }
    }

    /// Takes the next piece. Whether it was the last.
    pub fn piece(&mut self, tx: &Tx<'_>, bytes: &[u8]) -> Result<bool, SyncError> {
        let keyring = self.receiver.keyring;
        let piece: Piece = decode(bytes, limits::SNAPSHOT_PIECE + OUTER, "a piece of a snapshot")?;
        if piece.format > SNAPSHOT_FORMAT {
            let (found, known) = (piece.format, SNAPSHOT_FORMAT);
            return Err(OplogError::NewerFormat { found, known }.into());
        }
        if piece.vault != keyring.vault() {
            return Err(holdfast_vault::VaultError::ForeignVault { found: piece.vault }.into());
        }
        let id: [u8; 16] = piece.snapshot.try_into().map_err(|_| SyncError::Unexpected)?;
        if self.ended || piece.number != self.number || self.id.is_some_and(|known| known != id) {
            return Err(SyncError::Unexpected);
        }
        let plain = open_piece(keyring, id, piece.number, &piece.sealed)?;
        self.id = Some(id);
        self.number = self.number.checked_add(1).ok_or(SyncError::Unexpected)?;
        match (plain.split_first(), self.from) {
            (Some((&HEAD, head)), None) => self.begin(tx, head)?,
            (Some((&RECORDS, content)), Some(_)) => {
                self.stream.extend_from_slice(content);
                self.records(tx)?;
            }
            (Some((&END, end)), Some(from)) => self.end(id, from, end)?,
            _ => return Err(SyncError::Unexpected),
        }
        self.seal.update(&(bytes.len() as u64).to_be_bytes()).update(bytes);
        Ok(self.ended)
    }

    fn begin(&mut self, tx: &Tx<'_>, head: &[u8]) -> Result<(), SyncError> {
        let head: Head = decode(head, limits::SNAPSHOT_PLAIN, "a snapshot")?;
        if head.schema > SCHEMA {
            return Err(OplogError::NewerFormat { found: head.schema, known: SCHEMA }.into());
        }
        let SnapshotReceiver { keyring, members, carried, bounds, own } = self.receiver;
        if !members.is_active(head.from) {
            return Err(SyncError::Unexpected);
        }
        if head.logs.len() > limits::LOGS {
            return Err(SyncError::Unexpected);
        }
        let mut heads = Vec::with_capacity(head.logs.len());
        for log in head.logs {
            let id = ChangeId { space: log.space, actor: log.actor, seq: log.seq };
            if log.space == Space::Device || !carried.contains(&log.space) {
                return Err(SyncError::NotCarried(log.space));
            }
            if log.seq == 0
                || log.seq > limits::SEQ
                || bounds.is_some_and(|held| held.get(id.log()) < log.seq)
            {
                return Err(SyncError::Unexpected);
            }
            if !members.accepts(id) {
                return Err(SyncError::Unexpected);
            }
            // Each author vouches for its own log: a member cannot claim changes of another.
            let signature: [u8; 64] =
                log.signature.try_into().map_err(|_| SyncError::Unexpected)?;
            let public = members
                .public_of(log.actor)
                .ok_or(holdfast_vault::VaultError::UnknownActor(log.actor))?;
            if !verify_change(&public, keyring.vault(), id, log.hash, &signature) {
                return Err(holdfast_vault::VaultError::BadSignature.into());
            }
            let log_id = LogId { space: log.space, actor: log.actor };
            if self.holds.get(log_id) > 0 {
                return Err(SyncError::Unexpected);
            }
            self.holds.advance(log_id, log.seq);
            heads.push(BaseHead { log: log_id, seq: log.seq, hash: log.hash, signature });
        }
        let held = tx.held()?;
        let news = !held.includes(&self.holds);
        // Whose own log went on elsewhere is told that it was copied, whoever says so: the log is signed.
        let goes_on = |(log, seq): (LogId, u64)| Some(log.actor) == own && seq > held.get(log);
        if news && !self.holds.iter().any(goes_on) && !believes(tx, members, own, head.from)? {
            return Err(SyncError::NotBelieved);
        }
        self.intake = Some(tx.begin_intake(heads, own, head.from)?);
        self.from = Some(head.from);
        Ok(())
    }

    /// Takes in every record that is whole. Memory grows as bytes arrive, not as they are announced.
    fn records(&mut self, tx: &Tx<'_>) -> Result<(), SyncError> {
        let mut at = 0;
        while let Some((length, rest)) =
            self.stream.get(at..).and_then(|bytes| bytes.split_first_chunk::<4>())
        {
            let length = u32::from_be_bytes(*length) as usize;
            if length > limits::SNAPSHOT_RECORD {
                return Err(too_large("an item in a snapshot", length));
            }
            let Some(bytes) = rest.get(..length) else { break };
            let record: BaseRecord = decode(bytes, limits::SNAPSHOT_RECORD, "a snapshot")?;
            let intake = self.intake.as_mut().ok_or(SyncError::Unexpected)?;
            intake.take(tx, &record)?;
            self.records += 1;
            at += 4 + length;
        }
        self.stream.drain(..at);
        Ok(())
    }

    fn end(&mut self, id: [u8; 16], from: DeviceId, end: &[u8]) -> Result<(), SyncError> {
        let end: End = decode(end, limits::SNAPSHOT_PLAIN, "a snapshot")?;
        let signature: [u8; 64] = end.signature.try_into().map_err(|_| SyncError::Unexpected)?;
        if end.records != self.records || !self.stream.is_empty() {
            return Err(SyncError::Unexpected);
        }
        let device = self.receiver.members.device(from).ok_or(SyncError::Unexpected)?;
        device.public.verify(CONTEXT, &signed(&self.seal, id, end.records), &signature)?;
        self.ended = true;
        Ok(())
    }

    /// Puts the snapshot under what is held here, once the last piece was taken.
    pub fn finish(self, tx: &Tx<'_>, wall_ms: i64) -> Result<TakenSnapshot, SyncError> {
        let (Some(intake), Some(from), true) = (self.intake, self.from, self.ended) else {
            return Err(SyncError::Unexpected);
        };
        let known = intake.is_known();
        let mut applied = intake.finish(tx, wall_ms)?;
        // Whoever told it answers for what vanishes by it, whomever it names.
        let teller = self.receiver.members.device(from).and_then(|of| of.actors.last().copied());
        for item in &mut applied.items {
            item.by = teller;
        }
        Ok(TakenSnapshot { from, holds: self.holds, known, applied })
    }
}

/// Takes a whole snapshot in, in the transaction at hand.
pub fn take_in_snapshot<'p>(
    tx: &Tx<'_>,
    receiver: SnapshotReceiver<'_>,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    wall_ms: i64,
) -> Result<TakenSnapshot, SyncError> {
    let mut reader = SnapshotReader::new(receiver);
    for piece in pieces {
        reader.piece(tx, piece)?;
    }
    reader.finish(tx, wall_ms)
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
