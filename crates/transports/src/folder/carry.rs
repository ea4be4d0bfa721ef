use super::files::Entry;
use super::index::{Found, Index};
use super::limits;
use super::memory::PublishedSnapshot;
use super::name::{Name, is_whole, writer};
use super::{Files, FolderError, FolderMemory};
use holdfast_oplog::{ActorId, Range, SealedBatch, VersionVector};
use holdfast_sync::{ACKNOWLEDGEMENT, SyncError, Transport};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Files that are whole and do not open: somebody without the vault's keys made them.
    pub(super) refused: BTreeSet<String>,
    /// Keys of files that this device wrote or opened.
    pub(super) verified: BTreeSet<String>,
    /// Contents that are wholly in such files: how many pieces each has.
    pub(super) contents: BTreeMap<String, u32>,
    /// Bytes that may still be read.
    pub(super) left: u64,
    /// Something was not read for want of these.
    pub(super) more: bool,
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
        let index = Index::read(files)?;
        let verified = memory.verified.clone();
        let snapshot = memory.snapshot.clone();
        let snapshot = snapshot.filter(|known| index.knows_snapshot(me, known.id, &verified));
        Ok(Self {
            files,
            index,
            me,
            counter: memory.counter,
            snapshot,
            seen: BTreeSet::new(),
            unfinished: BTreeSet::new(),
            refused: BTreeSet::new(),
            verified,
            contents: memory.contents.clone(),
            left: limits::READ,
            more: false,
        })
    }

    /// What to remember of it.
    pub(super) fn remember(&self, memory: &mut FolderMemory) {
        let there = self.index.keys();
        memory.verified = self.verified.intersection(&there).cloned().collect();
        memory.contents.clone_from(&self.contents);
        memory.counter = self.counter;
        memory.snapshot.clone_from(&self.snapshot);
    }

    /// Trusts nothing that was opened before: everything is read once more.
    pub(super) fn doubt(&mut self) {
        self.verified.clear();
        self.contents.clear();
        self.snapshot = None;
        self.left = u64::MAX;
    }

    /// Who wrote anything into it.
    pub fn writers(&self) -> BTreeSet<ActorId> {
        self.index.heads.keys().copied().collect()
    }

    /// Looks again.
    pub fn refresh(&mut self) -> Result<(), FolderError> {
        self.index = Index::read(self.files)?;
        self.unfinished.clear();
        self.refused.clear();
        Ok(())
    }

    /// How far each log goes without a gap in files that this device wrote or opened, its own snapshot
    /// counted in.
    pub fn known(&self) -> VersionVector {
        let mut known = self.index.known_after(self.base(), &self.verified);
        known.join(&self.index.known_after(VersionVector::new(), &self.verified));
        known
    }

    /// The same of files that this device itself put there.
    pub(super) fn own_known(&self) -> VersionVector {
        let directory = writer(self.me);
        let mut known = self.index.known_in(&directory, self.base(), &self.verified);
        known.join(&self.index.known_in(&directory, VersionVector::new(), &self.verified));
        known
    }

    /// How far each log would go if every name told the truth.
    pub(super) fn claimed(&self) -> VersionVector {
        let mut claimed = self.index.claimed_after(self.base());
        claimed.join(&self.index.claimed_after(VersionVector::new()));
        claimed
    }

    /// What this device's own snapshot there holds.
    fn base(&self) -> VersionVector {
        self.snapshot.as_ref().map(|known| known.holds.clone()).unwrap_or_default()
    }

    /// The content of a file, if it is whole and there is something left to read. One that is not whole is
    /// not read a second time.
    pub(super) fn read(
        &mut self,
        found: &Found,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, FolderError> {
        let path = found.path();
        if self.unfinished.contains(&path) || self.refused.contains(&path) {
            return Ok(None);
        }
        // What the directory said of its size may be a lie: what is read counts as well.
        if self.left == 0 || found.size > self.left {
            self.more = true;
            return Ok(None);
        }
        let content = self.files.read(&found.writer, &found.file, limit)?;
        let size = content.as_ref().map_or(0, |content| content.len() as u64);
        self.left = self.left.saturating_sub(size.max(found.size).max(limits::AT_LEAST));
        let whole = content.filter(|content| is_whole(&found.hash, content));
        if whole.is_none() {
            self.unfinished.insert(path);
        }
        Ok(whole)
    }

    /// Writes a file of this device and keeps the index right. What this device wrote counts.
    pub(super) fn put(&mut self, name: Name, content: &[u8]) -> Result<(), FolderError> {
        let directory = writer(self.me);
        let file = name.of(content);
        self.files.put(&directory, &file, content)?;
        if let Some((_, hash)) = Name::parse(&file) {
            let size = content.len() as u64;
            let found = Found { writer: directory.clone(), file: file.clone(), hash, size };
            self.verified.insert(found.key());
        }
        let entry = Entry { name: file, size: content.len() as u64 };
        self.index.add(self.me, &directory, entry);
        Ok(())
    }

    /// Removes a file of this device's own directory.
    pub(super) fn take_away(&mut self, found: &Found) -> Result<(), FolderError> {
        self.files.remove(&writer(self.me), &found.file)?;
        self.index.forget(found);
        Ok(())
    }

    /// The files that claim to hold a number of a log, the one that goes furthest first, and that may still
    /// do so.
    pub(super) fn candidates(&self, range: Range) -> Vec<(u64, u64, Found)> {
        let gone = |found: &Found| {
            let path = found.path();
            found.size == 0 || self.unfinished.contains(&path) || self.refused.contains(&path)
        };
        let holding = self.index.holding(range.log, range.first).into_iter();
        let there = holding.filter(|(_, _, found)| !gone(found));
        there.map(|(first, last, found)| (first, last, found.clone())).collect()
    }

    /// The whole batch that goes furthest from a number on, and where it lies. Not opened yet.
    pub(super) fn batch(&mut self, range: Range) -> Result<Option<(Found, Vec<u8>)>, FolderError> {
        for (first, last, found) in self.candidates(range) {
            let Some(content) = self.read(&found, holdfast_oplog::limits::BATCH)? else { continue };
            let header = SealedBatch::decode(&content).and_then(|batch| batch.header());
            // A name that promises something else was not made by an honest device.
            if header.is_ok_and(|h| (h.log(), h.first, h.last) == (range.log, first, last)) {
                return Ok(Some((found, content)));
            }
            self.refused.insert(found.path());
        }
        Ok(None)
    }

    /// The latest heads of each writer that are whole; older ones say nothing that is untrue.
    pub(super) fn heads(&mut self) -> Result<Vec<(Found, Vec<u8>)>, FolderError> {
        let heads: Vec<Found> = self
            .index
            .heads
            .values()
            .flat_map(|heads| {
                heads.iter().rev().take(limits::HEADS).map(|(_, found)| found.clone())
            })
            .collect();
        let mut said = Vec::new();
        for found in heads {
            if let Some(content) = self.read(&found, ACKNOWLEDGEMENT)? {
                said.push((found, content));
            }
        }
        Ok(said)
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
    /// As the names claim: what is asked for is opened before it counts.
    fn holds(&mut self) -> Result<VersionVector, SyncError> {
        Ok(self.claimed())
    }

    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError> {
        Ok(self.batch(range).map_err(unreachable)?.map(|(_, content)| content))
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
        let old: Vec<(u64, Found)> = self.index.heads.get(&self.me).cloned().unwrap_or_default();
        // A number that this device did not write is anybody's claim.
        let known = old.iter().filter(|(_, found)| self.verified.contains(&found.key()));
        let last = known.map(|(counter, _)| *counter).max().unwrap_or(0);
        self.counter = self.counter.max(last).saturating_add(1);
        let name = Name::Head { counter: self.counter };
        let file = name.of(&said);
        self.put(name, &said).map_err(unreachable)?;
        let directory = writer(self.me);
        for (_, found) in &old {
            if found.file != file && found.writer.eq_ignore_ascii_case(&directory) {
                self.take_away(found).map_err(unreachable)?;
            }
        }
        Ok(())
    }

    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        let heads = self.heads().map_err(unreachable)?;
        Ok(heads.into_iter().map(|(_, said)| said).collect())
    }
}
