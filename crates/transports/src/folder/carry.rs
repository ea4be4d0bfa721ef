use super::files::Entry;
use super::index::{Found, Index};
use super::limits;
use super::memory::PublishedSnapshot;
use super::name::{Name, is_whole, writer};
use super::{Files, FolderError, FolderMemory, Useless};
use holdfast_oplog::{ActorId, DeviceId, Hash, LogId, Range, SealedBatch, VersionVector};
use holdfast_sync::{ACKNOWLEDGEMENT, SyncError, Transport};
use holdfast_vault::{Keyring, Membership};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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
    /// Files that are whole and cannot be used: somebody without the vault's keys made them.
    pub(super) refused: BTreeSet<String>,
    /// What is remembered of such files.
    useless: Useless,
    /// What counts of removed devices, by the identities under which they wrote.
    removed: BTreeMap<ActorId, Rc<VersionVector>>,
    /// Files whose reading was counted. What is read again in one look, because another file turned out to
    /// be forged, costs nothing more.
    counted: BTreeSet<String>,
    /// Keys of files that this device wrote or opened.
    pub(super) verified: BTreeSet<String>,
    /// Keys of files that were looked at because others hold another branch of their log.
    pub(super) compared: BTreeSet<String>,
    /// Contents that are wholly in such files: how many pieces each has.
    pub(super) contents: BTreeMap<String, u32>,
    /// Keys of files that this device wrote, under the key that it sealed with then.
    written: BTreeSet<String>,
    /// Keys that some member lacks.
    lacked: BTreeSet<(u32, [u8; 16])>,
    /// All keys but these, where there are any.
    reaching: Option<Keyring>,
    /// Names these.
    lacked_name: Option<String>,
    /// Keys of files that are sealed under one of these.
    closed: BTreeSet<String>,
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
        let index = Index::read(files, me)?;
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
            useless: memory.useless.clone(),
            removed: BTreeMap::new(),
            counted: BTreeSet::new(),
            verified,
            compared: memory.compared.clone(),
            contents: memory.contents.clone(),
            written: memory.written.clone(),
            lacked: BTreeSet::new(),
            reaching: None,
            lacked_name: memory.lacked.clone(),
            closed: memory.closed.clone(),
            left: limits::READ,
            more: false,
        })
    }

    /// What to remember of it.
    pub(super) fn remember(&self, memory: &mut FolderMemory) {
        let there = self.index.keys();
        memory.verified = self.verified.intersection(&there).cloned().collect();
        memory.compared = self.compared.intersection(&there).cloned().collect();
        memory.contents.clone_from(&self.contents);
        memory.counter = self.counter;
        memory.snapshot.clone_from(&self.snapshot);
        memory.useless.clone_from(&self.useless);
        memory.useless.keep(&self.index.places());
        memory.written = self.written.intersection(&there).cloned().collect();
        memory.lacked.clone_from(&self.lacked_name);
        memory.closed = self.closed.intersection(&there).cloned().collect();
    }

    /// Looks with these keys and members: what did not open with others may open now.
    pub(super) fn look_with(&mut self, keyring: &Keyring, members: &Membership) {
        self.useless.begin(tried_with(keyring, members));
        self.note_members(keyring, members);
    }

    /// Notes what counts of removed devices, and under which keys a file does not reach everybody: what this
    /// device opened of others with such keys is opened again, to see whether it counts.
    pub(super) fn note_members(&mut self, keyring: &Keyring, members: &Membership) {
        self.note_removed(members);
        let me = members.device_of(self.me).map_or(DeviceId([0; 16]), |device| device.id);
        self.lacked = members.lacked_keys(me, keyring);
        self.reaching = (!self.lacked.is_empty()).then(|| keyring.without(&self.lacked));
        let name = (!self.lacked.is_empty()).then(|| {
            let mut hasher = blake3::Hasher::new();
            for (epoch, id) in &self.lacked {
                hasher.update(&epoch.to_be_bytes()).update(id);
            }
            hasher.finalize().to_hex().to_string()
        });
        if self.lacked_name != name {
            self.lacked_name = name;
            self.closed.clear();
            self.verified.retain(|key| self.written.contains(key));
        }
    }

    /// The keys with which everybody opens what is sealed under them, as far as they tell.
    pub(super) fn reaching<'k>(&'k self, keyring: &'k Keyring) -> &'k Keyring {
        self.reaching.as_ref().unwrap_or(keyring)
    }

    /// Whether some member lacks a key of an epoch.
    pub(super) fn is_lacked(&self, epoch: u32) -> bool {
        self.lacked.iter().any(|of| of.0 == epoch)
    }

    /// Whether anything is lacked by anybody.
    pub(super) fn lacks_any(&self) -> bool {
        !self.lacked.is_empty()
    }

    /// Whether a file was found to open with a key alone that some member lacks.
    pub(super) fn is_closed(&self, found: &Found) -> bool {
        self.closed.contains(&found.key())
    }

    /// A file opens with a key alone that some member lacks.
    pub(super) fn is_closed_to_some(&mut self, found: &Found) {
        self.closed.insert(found.key());
    }

    /// Notes what counts of removed devices.
    fn note_removed(&mut self, members: &Membership) {
        self.removed.clear();
        for device in members.devices() {
            if let Some(removal) = &device.removal {
                let accepted = Rc::new(removal.accepted.clone());
                let of = device.actors.iter().map(|actor| (*actor, Rc::clone(&accepted)));
                self.removed.extend(of);
            }
        }
    }

    /// Whether what ends in a change can be taken in: of a removed device's changes, what counts is taken from a
    /// file only where nothing is signed along with it that does not.
    pub(super) fn counts(&self, log: LogId, last: u64) -> bool {
        last <= self.counts_to(log)
    }

    /// Up to where a log counts, as far as removals say.
    pub(super) fn counts_to(&self, log: LogId) -> u64 {
        self.removed.get(&log.actor).map_or(u64::MAX, |accepted| accepted.get(log))
    }

    /// Trusts nothing that was opened before: everything is read once more.
    pub(super) fn doubt(&mut self) {
        self.verified.clear();
        self.compared.clear();
        self.contents.clear();
        self.closed.clear();
        self.snapshot = None;
        self.useless = Useless::default();
        self.left = u64::MAX;
    }

    /// Who wrote anything into it.
    pub fn writers(&self) -> BTreeSet<ActorId> {
        self.index.heads.keys().copied().collect()
    }

    /// Looks again.
    pub fn refresh(&mut self) -> Result<(), FolderError> {
        self.index = Index::read(self.files, self.me)?;
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

    /// The same of files that end in a change which counts.
    pub(super) fn known_to_count(&self) -> VersionVector {
        let counts = |log: LogId, last: u64| self.counts(log, last);
        let mut known = self.index.counting_after(self.base(), &self.verified, counts);
        known.join(&self.index.counting_after(VersionVector::new(), &self.verified, counts));
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

    /// How far each log may go on from what is held: not by files at `barred` paths, nor by those of which it was
    /// found that they are not whole or do not open. A name leads nowhere.
    pub(super) fn led_to(&self, held: VersionVector, barred: &BTreeSet<String>) -> VersionVector {
        let leads = |found: &Found| !barred.contains(&found.path()) && !self.is_useless(found);
        self.index.led_to(held, leads)
    }

    /// How far each log goes in files that this device wrote or opened, also those that do not reach everybody.
    pub(super) fn opened(&self) -> VersionVector {
        let opened = |found: &Found| self.verified.contains(&found.key()) || self.is_closed(found);
        let mut there = self.index.led_to(self.base(), opened);
        there.join(&self.index.led_to(VersionVector::new(), opened));
        there
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
        if self.is_useless(found) {
            return Ok(None);
        }
        if self.useless.passes_over(&found.place()) {
            self.unfinished.insert(path);
            return Ok(None);
        }
        let again = self.counted.contains(&path);
        // What the directory said of its size may be a lie: what is read counts as well.
        if !again && (self.left == 0 || found.size > self.left) {
            self.more = true;
            return Ok(None);
        }
        let content = self.files.read(&found.writer, &found.file, limit)?;
        if !again {
            let size = content.as_ref().map_or(0, |content| content.len() as u64);
            self.left = self.left.saturating_sub(size.max(found.size).max(limits::AT_LEAST));
            self.counted.insert(path.clone());
        }
        let whole = content.filter(|content| is_whole(&found.hash, content));
        if whole.is_none() {
            self.useless.not_whole(found.place());
            self.unfinished.insert(path);
        }
        Ok(whole)
    }

    /// Whether a file was found to be not whole or not to open, now or with the same keys before.
    pub(super) fn is_useless(&self, found: &Found) -> bool {
        let path = found.path();
        self.unfinished.contains(&path)
            || self.refused.contains(&path)
            || self.useless.refused.contains(&found.place())
    }

    /// A file is whole and does not open: with the same keys it is not read again.
    pub(super) fn does_not_open(&mut self, found: &Found) {
        self.refused.insert(found.path());
        self.useless.does_not_open(found.place());
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
            self.written.insert(found.key());
        }
        let entry = Entry { name: file, size: content.len() as u64 };
        self.index.add(self.me, &directory, entry);
        Ok(())
    }

    /// Removes files of this device's own directory, each from where it was found: there may be another
    /// directory whose name differs in case alone.
    pub(super) fn take_away(&mut self, gone: &[Found]) -> Result<(), FolderError> {
        for found in gone {
            self.files.remove(&found.writer, &found.file)?;
        }
        self.index.forget(gone);
        Ok(())
    }

    /// The files that claim to hold a number of a log, and that may still do so: those first of which all counts,
    /// then the one that goes furthest.
    pub(super) fn candidates(&self, range: Range) -> Vec<(u64, u64, Found)> {
        let gone = |found: &Found| found.size == 0 || self.is_useless(found);
        let holding = self.index.holding(range.log, range.first).into_iter();
        let there = holding.filter(|(_, _, found)| !gone(found));
        let mut there: Vec<(u64, u64, Found)> =
            there.map(|(first, last, found)| (first, last, found.clone())).collect();
        there.sort_by_key(|(_, last, _)| !self.counts(range.log, *last));
        there
    }

    /// Whether a log has files that were not looked at yet for another branch of it.
    pub(super) fn may_have_another(&self, log: LogId) -> bool {
        let files = self.index.of_log(log);
        files.iter().any(|(_, _, found)| found.size > 0 && !self.compared.contains(&found.key()))
    }

    /// The whole batch that goes furthest from a number on, and where it lies. Not opened yet.
    pub(super) fn batch(&mut self, range: Range) -> Result<Option<(Found, Vec<u8>)>, FolderError> {
        for candidate in self.candidates(range) {
            if let Some(content) = self.batch_in(range, &candidate)? {
                return Ok(Some((candidate.2, content)));
            }
        }
        Ok(None)
    }

    /// The batch in one of the candidates for a range, where it is what the name promises.
    pub(super) fn batch_in(
        &mut self,
        range: Range,
        (first, last, found): &(u64, u64, Found),
    ) -> Result<Option<Vec<u8>>, FolderError> {
        let Some(content) = self.read(found, holdfast_oplog::limits::BATCH)? else {
            return Ok(None);
        };
        let header = SealedBatch::decode(&content).and_then(|batch| batch.header());
        // A name that promises something else was not made by an honest device.
        if header.is_ok_and(|h| (h.log(), h.first, h.last) == (range.log, *first, *last)) {
            return Ok(Some(content));
        }
        self.does_not_open(found);
        Ok(None)
    }

    /// The latest heads of each writer that are whole; older ones say nothing that is untrue.
    pub(super) fn heads(&mut self) -> Result<Vec<(Found, Vec<u8>)>, FolderError> {
        let heads: Vec<Found> = self
            .index
            .heads
            .values()
            .flat_map(|heads| {
                let there = heads.iter().rev().filter(|(_, found)| !self.is_useless(found));
                there.take(limits::HEADS).map(|(_, found)| found.clone())
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

/// Names keys and members.
fn tried_with(keyring: &Keyring, members: &Membership) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for (epoch, key) in keyring.iter() {
        hasher.update(&epoch.to_be_bytes()).update(&key.id());
    }
    for record in members.records() {
        hasher.update(&Hash::of(record).0);
    }
    hasher.finalize().to_hex().to_string()
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
        let old = old.into_iter().map(|(_, found)| found);
        let old: Vec<Found> = old
            .filter(|found| {
                let is_new = found.file == file && found.writer == directory;
                !is_new && found.writer.eq_ignore_ascii_case(&directory)
            })
            .collect();
        self.take_away(&old).map_err(unreachable)
    }

    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        let heads = self.heads().map_err(unreachable)?;
        Ok(heads.into_iter().map(|(_, said)| said).collect())
    }
}
