use super::files::Entry;
use super::index::{Found, Index};
use super::memory::PublishedSnapshot;
use super::name::{Name, is_whole, writer};
use super::{Files, FolderError, FolderMemory};
use holdfast_oplog::{ActorId, Range, SealedBatch, VersionVector, limits};
use holdfast_sync::{ACKNOWLEDGEMENT, SyncError, Transport};
use std::collections::BTreeSet;

/// An exchange folder as a transport: keeps sealed batches for whoever looks, in no order but that
/// of their numbers.
pub struct Folder<'a> {
    pub(super) files: &'a mut dyn Files,
    pub(super) index: Index,
    pub(super) me: ActorId,
    pub(super) counter: u64,
    /// This device's own snapshot there, if all of it is.
    pub(super) snapshot: Option<PublishedSnapshot>,
    /// What was there when it was last asked.
    seen: BTreeSet<String>,
    /// Files that are not whole now.
    pub(super) unfinished: BTreeSet<String>,
}

impl std::fmt::Debug for Folder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder").field("me", &self.me).finish_non_exhaustive()
    }
}

impl<'a> Folder<'a> {
    /// Looks at a folder as the device that writes as `me` and made its last head with the number
    /// `counter`.
    pub fn open(
        files: &'a mut dyn Files,
        me: ActorId,
        memory: &FolderMemory,
    ) -> Result<Self, FolderError> {
        let index = Index::read(files, me)?;
        let snapshot = memory.snapshot.clone().filter(|known| index.has_snapshot(me, known.id));
        let (counter, seen, unfinished) = (memory.counter, BTreeSet::new(), BTreeSet::new());
        Ok(Self { files, index, me, counter, snapshot, seen, unfinished })
    }

    /// Who wrote anything into it.
    pub fn writers(&self) -> BTreeSet<ActorId> {
        self.index.heads.keys().copied().collect()
    }

    /// Looks again.
    pub fn refresh(&mut self) -> Result<(), FolderError> {
        self.index = Index::read(self.files, self.me)?;
        Ok(())
    }

    /// How far each log goes without a gap, this device's own snapshot counted in.
    pub(super) fn offers(&self) -> VersionVector {
        let base = self.snapshot.as_ref().map(|known| known.holds.clone()).unwrap_or_default();
        let mut offers = self.index.offers_after(base);
        offers.join(&self.index.offers());
        offers
    }

    /// What this device itself put there.
    pub(super) fn own_offers(&self) -> VersionVector {
        let base = self.snapshot.as_ref().map(|known| known.holds.clone()).unwrap_or_default();
        let mut offers = self.index.own_offers_after(base);
        offers.join(&self.index.own_offers_after(VersionVector::new()));
        offers
    }

    /// The content of a file, if it is whole.
    pub(super) fn read(
        &mut self,
        found: &Found,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, FolderError> {
        let content = self.files.read(&found.writer, &found.file, limit)?;
        let whole = content.filter(|content| is_whole(&found.hash, content));
        if whole.is_none() {
            self.unfinished.insert(format!("{}/{}", found.writer, found.file));
        }
        Ok(whole)
    }

    /// Writes a file of this device and keeps the index right.
    pub(super) fn put(&mut self, name: Name, content: &[u8]) -> Result<(), FolderError> {
        let directory = writer(self.me);
        let file = name.of(content);
        self.files.put(&directory, &file, content)?;
        let entry = Entry { name: file, size: content.len() as u64 };
        self.index.add(self.me, self.me, &directory, entry);
        Ok(())
    }

    /// The whole batch that goes furthest from a number on.
    pub(super) fn batch(&mut self, range: Range) -> Result<Option<Vec<u8>>, FolderError> {
        let found: Vec<(u64, u64, Found)> = self
            .index
            .holding(range.log, range.first)
            .into_iter()
            .map(|(first, last, found)| (first, last, found.clone()))
            .collect();
        for (first, last, found) in found {
            let Some(content) = self.read(&found, limits::BATCH)? else { continue };
            let header = SealedBatch::decode(&content).and_then(|batch| batch.header());
            // A name that promises something else was not made by an honest device.
            if header.is_ok_and(|h| (h.log(), h.first, h.last) == (range.log, first, last)) {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }
}

fn unreachable(error: FolderError) -> SyncError {
    match error {
        FolderError::Store(error) => SyncError::Store(error),
        FolderError::Vault(error) => SyncError::Vault(error),
        FolderError::Sync(error) => error,
        other => SyncError::Unreachable(other.to_string()),
    }
}

impl Transport for Folder<'_> {
    fn holds(&mut self) -> Result<VersionVector, SyncError> {
        Ok(self.offers())
    }

    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError> {
        self.batch(range).map_err(unreachable)
    }

    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError> {
        let header = SealedBatch::decode(&batch)?.header()?;
        let name = Name::Batch { log: header.log(), first: header.first, last: header.last };
        self.put(name, &batch).map_err(unreachable)
    }

    fn notified(&mut self) -> Result<bool, SyncError> {
        self.refresh().map_err(unreachable)?;
        let now: BTreeSet<String> = self
            .index
            .batches
            .values()
            .flatten()
            .map(|(_, found)| format!("{}/{}/{}", found.writer, found.file, found.size))
            .collect();
        let news = now.iter().any(|file| !self.seen.contains(file));
        self.seen = now;
        Ok(news)
    }

    fn acknowledge(&mut self, said: Vec<u8>) -> Result<(), SyncError> {
        let directory = writer(self.me);
        let old: Vec<(u64, Found)> = self.index.heads.remove(&self.me).unwrap_or_default();
        let last = old.iter().map(|(counter, _)| *counter).max().unwrap_or(0);
        self.counter = self.counter.max(last).saturating_add(1);
        self.put(Name::Head { counter: self.counter }, &said).map_err(unreachable)?;
        for (_, found) in old.iter().filter(|(counter, _)| *counter < self.counter) {
            self.files.remove(&directory, &found.file).map_err(unreachable)?;
        }
        Ok(())
    }

    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        let mut said = Vec::new();
        let heads: Vec<Found> = self
            .index
            .heads
            .values()
            // The latest that is whole counts; an older one says nothing that is untrue.
            .flat_map(|heads| heads.iter().rev().take(2).map(|(_, found)| found.clone()))
            .collect();
        for found in heads {
            said.extend(self.read(&found, ACKNOWLEDGEMENT).map_err(unreachable)?);
        }
        Ok(said)
    }
}
