//! What this device answers. It hands out what it lets go by such a connection and nothing else.

use super::protocol::{Answer, Ask, MESSAGE, News, Records};
use super::{PeerError, attachments, records};
use crate::bundle::worth_compacting;
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{DeviceId, Hash, Range, Space, VersionVector};
use holdfast_store::Tx;
use holdfast_sync::snapshot::{outgoing_snapshot, vouched};
use holdfast_sync::{
    Carrier, Session, SyncError, membership, offer, outgoing, say_holds, seal_acknowledgement,
    seal_words, spaces, words_hash,
};
use holdfast_vault::Keyring;
use serde_bytes::ByteBuf;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// What this device says of itself to `to` whenever it holds something else than before.
pub fn news(session: &mut Session<'_>, to: DeviceId) -> Result<News, PeerError> {
    let Session { store, keys, keyring, actor, wall_ms, rng } = session;
    store.write(|tx| {
        let members = membership(tx)?;
        let mut fresh = (*keyring).clone();
        members.receive_keys(keys, &mut fresh)?;
        let keyring = &fresh;
        let removed = members.device(to).is_some_and(|device| device.removal.is_some());
        #[cfg(feature = "planted")]
        let removed = removed && !planted::is(planted::Bug::LinkAfterRemoval);
        if removed {
            // All that it is told any more is that there is a record which it does not have.
            let nothing = VersionVector::new();
            let said = seal_acknowledgement(keys, keyring, *actor, *wall_ms, &nothing, *rng)?;
            let (offers, base) = (nothing.clone(), nothing);
            let records = records::hash(tx)?;
            return Ok(News { base, offers, records, said: said.into(), words: None });
        }
        let offers = offer(tx, Carrier::Lan)?;
        let said = say_holds(tx, (keys, keyring, *actor), *wall_ms, &offers, *rng)?;
        Ok(News {
            base: tx.base_vector()?.within(&spaces(Carrier::Lan)),
            offers,
            records: records::hash(tx)?,
            said: said.into(),
            words: Some(words_hash(tx, &members, keys.device_id(), to)?),
        })
    })
}

/// Answers the questions of one connection.
#[derive(Debug)]
pub struct Answering {
    /// Where temporary files may lie.
    folder: PathBuf,
    snapshot: Option<Spooled>,
    content: attachments::Served,
    /// The vault's keys, where the other side brought new ones: to be kept in place of the old.
    keyring: Option<Keyring>,
}

impl Answering {
    /// Begins; temporary files lie in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, snapshot: None, content: attachments::Served::default(), keyring: None }
    }

    /// New keys of the vault that a question brought, once.
    pub fn new_keyring(&mut self) -> Option<Keyring> {
        self.keyring.take()
    }

    /// Answers a question. What goes wrong is an answer too.
    pub fn answer(&mut self, session: &mut Session<'_>, ask: Ask) -> Answer {
        self.try_answer(session, ask).unwrap_or_else(|error| Answer::Failed {
            code: error.code().to_owned(),
            text: error.to_string(),
        })
    }

    fn try_answer(&mut self, session: &mut Session<'_>, ask: Ask) -> Result<Answer, PeerError> {
        match ask {
            Ask::Records(theirs) => self.records(session, &theirs).map(Answer::Records),
            Ask::Batch(range) => Ok(Answer::Batch(batch(session, range)?.map(ByteBuf::from))),
            Ask::Words => words(session).map(Answer::Words),
            Ask::Snapshot(held) => self.snapshot(session, &held).map(Answer::Snapshot),
            Ask::SnapshotPiece(number) => {
                let piece = self.snapshot.as_mut().map(|spooled| spooled.piece(number));
                Ok(Answer::Piece(piece.transpose()?.flatten().map(ByteBuf::from)))
            }
            Ask::Piece { content, number } => self.piece(session, content, number),
        }
    }

    fn records(
        &mut self,
        session: &mut Session<'_>,
        theirs: &Records,
    ) -> Result<Records, PeerError> {
        let Session { store, keys, keyring, rng, .. } = session;
        let (ours, known) = store.write(|tx| {
            let (_, known) = records::take_in(tx, keys, keyring, theirs)?;
            Ok::<_, PeerError>((records::seal(tx, &known, *rng)?, known))
        })?;
        if known != **keyring {
            self.keyring = Some(known);
        }
        Ok(ours)
    }

    fn snapshot(
        &mut self,
        session: &mut Session<'_>,
        held: &VersionVector,
    ) -> Result<u32, PeerError> {
        self.snapshot = None;
        let carried = spaces(Carrier::Lan);
        let held = held.within(&carried);
        let Session { store, keys, keyring, wall_ms, rng, .. } = session;
        let offered = store.write(|tx| offer(tx, Carrier::Lan))?;
        let newcomer = held.is_empty() && !offered.is_empty();
        let compact = newcomer && store.read(|tx| worth_compacting(tx, &carried))?;
        let mut spooled = Spooled::new(&self.folder)?;
        let seal = |tx: &Tx<'_>| {
            if compact {
                let members = membership(tx)?;
                tx.fold_log(&vouched(&members, tx.vault()))?;
            }
            let pruned = tx.pruned_after(&held, &carried)?;
            if pruned.is_empty() {
                return Ok(0);
            }
            let sent =
                outgoing_snapshot(tx, keyring, keys, &pruned, *wall_ms, *rng, |piece: Vec<u8>| {
                    spooled.put(&piece)
                })?;
            Ok::<_, PeerError>(sent.pieces)
        };
        // What is folded for this one device alone is undone.
        let pieces = if compact { store.try_out(seal) } else { store.read(seal) }?;
        if pieces > 0 {
            self.snapshot = Some(spooled);
        }
        Ok(pieces)
    }

    fn piece(
        &mut self,
        session: &mut Session<'_>,
        content: Hash,
        number: u32,
    ) -> Result<Answer, PeerError> {
        let Session { store, keyring, rng, .. } = session;
        let piece =
            store.read(|tx| self.content.piece(tx, keyring, content, number, &mut **rng))?;
        Ok(Answer::Piece(piece.map(ByteBuf::from)))
    }
}

/// What this device heard of the others.
fn words(session: &mut Session<'_>) -> Result<Vec<ByteBuf>, PeerError> {
    let Session { store, keyring, rng, .. } = session;
    let sealed = store.read(|tx| seal_words(tx, keyring, &membership(tx)?, *rng))?;
    // What does not fit into one message comes with the next device that is met.
    let mut room = MESSAGE / 2;
    let fits = |word: &Vec<u8>| {
        room = room.saturating_sub(word.len());
        room > 0
    };
    Ok(sealed.into_iter().take_while(fits).map(ByteBuf::from).collect())
}

/// The batch that begins with the first change of a range, of what this device lets go.
fn batch(session: &mut Session<'_>, range: Range) -> Result<Option<Vec<u8>>, PeerError> {
    if range.log.space == Space::Device || range.first > range.last || range.first == 0 {
        return Err(PeerError::Unexpected);
    }
    let Session { store, keyring, rng, .. } = session;
    let found =
        store.read(|tx| outgoing(tx, keyring, range, *rng, |_, bytes| Err(Sealed::First(bytes))));
    match found {
        Ok(()) => Ok(None),
        Err(Sealed::First(bytes)) => Ok(Some(bytes)),
        Err(Sealed::Failed(error)) => Err(error.into()),
    }
}

/// Sealing stops at the first batch.
enum Sealed {
    First(Vec<u8>),
    Failed(SyncError),
}

impl From<SyncError> for Sealed {
    fn from(error: SyncError) -> Self {
        Self::Failed(error)
    }
}

impl From<holdfast_store::StoreError> for Sealed {
    fn from(error: holdfast_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Pieces of a snapshot in an unnamed temporary file, so that a large vault need not fit into memory.
#[derive(Debug)]
struct Spooled {
    file: File,
    /// Where each piece ends.
    ends: Vec<u64>,
}

impl Spooled {
    fn new(folder: &std::path::Path) -> Result<Self, PeerError> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, ends: Vec::new() })
    }

    fn put(&mut self, piece: &[u8]) -> Result<(), PeerError> {
        self.file.write_all(piece)?;
        let before = self.ends.last().copied().unwrap_or(0);
        self.ends.push(before.saturating_add(piece.len() as u64));
        Ok(())
    }

    fn piece(&mut self, number: u32) -> Result<Option<Vec<u8>>, PeerError> {
        let place = number as usize;
        let Some(end) = self.ends.get(place).copied() else { return Ok(None) };
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let start = start.unwrap_or(0);
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(start))?;
        (&mut self.file).take(end.saturating_sub(start)).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}
