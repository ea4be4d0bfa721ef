//! What lies in the folder, as its names claim. Anybody who can write there can claim anything: what
//! counts is a claim that this device wrote itself or has opened ([`Found::key`] is among those).

use super::files::Entry;
use super::name::{Name, parse_writer};
use super::{Files, FolderError};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{ActorId, Hash, LogId, VersionVector};
use std::collections::{BTreeMap, BTreeSet};

/// Files that are looked at in one directory at most; more are not ours.
const MANY: usize = 200_000;

/// A file that may hold what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The directory, as it is written there.
    pub(super) writer: String,
    /// The file, as it is written there.
    pub(super) file: String,
    /// The beginning of the hash that its content has once it is whole.
    pub(super) hash: String,
    /// Its size now.
    pub(super) size: u64,
}

impl Found {
    /// Tells a file of this name, with its hash, and of this size, in whosever directory it lies. The same content
    /// under another name is another file: what was opened proves what its own name promised and no more.
    pub(super) fn key(&self) -> String {
        format!("{}-{}", self.file.to_ascii_lowercase(), self.size)
    }

    /// Tells a file at this place and of this size: one that was looked at.
    pub(super) fn place(&self) -> String {
        format!("{}-{}", self.path(), self.size)
    }

    /// Where it lies.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.writer, self.file)
    }
}

/// Snapshots by writer and name, and by how many pieces they claim to have.
type Snapshots = BTreeMap<(ActorId, u64, u32), BTreeMap<u32, Vec<Found>>>;

/// What the folder claims to offer.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By log and first number: the last number and the files that say they hold that run.
    pub(super) batches: BTreeMap<(LogId, u64), Vec<(u64, Found)>>,
    /// By writer: the heads, the latest last.
    pub(super) heads: BTreeMap<ActorId, Vec<(u64, Found)>>,
    /// Membership records.
    pub(super) devices: Vec<(ActorId, Found)>,
    /// Pieces of attachments, by content and number.
    pub(super) pieces: BTreeMap<(Hash, u32), Vec<Found>>,
    pub(super) snapshots: Snapshots,
    /// How many files have a name of ours and more bytes than any of ours.
    too_large: u64,
    /// How many directories cannot be listed.
    unreadable: u64,
}

impl Index {
    /// Lists everything. A directory of another writer that cannot be listed is as if it were not there.
    /// Cost: one listing of each directory.
    pub(super) fn read(files: &dyn Files, me: ActorId) -> Result<Self, FolderError> {
        let mut index = Self::default();
        for directory in files.writers()? {
            let Some(writer) = parse_writer(&directory) else { continue };
            let entries = match files.list(&directory) {
                Err(_) if writer != me => {
                    index.unreadable = index.unreadable.saturating_add(1);
                    continue;
                }
                entries => entries?,
            };
            for entry in entries.into_iter().take(MANY) {
                index.add(writer, &directory, entry);
            }
        }
        for heads in index.heads.values_mut() {
            heads.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.file.cmp(&b.1.file)));
        }
        Ok(index)
    }

    pub(super) fn add(&mut self, writer: ActorId, directory: &str, entry: Entry) {
        let Some((name, hash)) = Name::parse(&entry.name) else { return };
        if entry.size > name.limit() as u64 {
            self.too_large = self.too_large.saturating_add(1);
            return;
        }
        let found =
            Found { writer: directory.to_owned(), file: entry.name, hash, size: entry.size };
        match name {
            Name::Batch { log, first, last } => {
                self.batches.entry((log, first)).or_default().push((last, found));
            }
            Name::Head { counter } => self.heads.entry(writer).or_default().push((counter, found)),
            Name::Devices => self.devices.push((writer, found)),
            Name::Piece { content, number } => {
                self.pieces.entry((content, number)).or_default().push(found);
            }
            Name::Snapshot { id, number, of } => {
                let snapshot = self.snapshots.entry((writer, id, of)).or_default();
                snapshot.entry(number).or_default().push(found);
            }
        }
    }

    /// How far each log goes without a gap after `held`, if every name told the truth: what may be worth
    /// reading.
    pub(super) fn claimed_after(&self, held: VersionVector) -> VersionVector {
        self.reach(held, |_, _, _| true)
    }

    /// The same by some of the files alone.
    pub(super) fn led_to(
        &self,
        held: VersionVector,
        leads: impl Fn(&Found) -> bool,
    ) -> VersionVector {
        self.reach(held, |_, _, found| leads(found))
    }

    /// The same by files that were opened alone.
    pub(super) fn known_after(
        &self,
        held: VersionVector,
        verified: &BTreeSet<String>,
    ) -> VersionVector {
        self.reach(held, |_, _, found| verified.contains(&found.key()))
    }

    /// The same, of files that end in a change which counts.
    pub(super) fn counting_after(
        &self,
        held: VersionVector,
        verified: &BTreeSet<String>,
        counts: impl Fn(LogId, u64) -> bool,
    ) -> VersionVector {
        self.reach(held, |log, last, found| verified.contains(&found.key()) && counts(log, last))
    }

    /// The same of files in one directory.
    pub(super) fn known_in(
        &self,
        directory: &str,
        held: VersionVector,
        verified: &BTreeSet<String>,
    ) -> VersionVector {
        self.reach(held, |_, _, found| {
            found.writer.eq_ignore_ascii_case(directory) && verified.contains(&found.key())
        })
    }

    fn reach(
        &self,
        held: VersionVector,
        counts: impl Fn(LogId, u64, &Found) -> bool,
    ) -> VersionVector {
        #[cfg(feature = "planted")]
        let counts = |log: LogId, last: u64, found: &Found| {
            planted::is(planted::Bug::FileNamesTrusted) || counts(log, last, found)
        };
        let runs = self.batches.iter().filter_map(|((log, first), files)| {
            let good = files.iter().filter(|(last, found)| counts(*log, *last, found));
            let last = good.map(|(last, _)| *last).max();
            last.map(|last| (*log, *first, last))
        });
        reach(held, runs)
    }

    /// Whether all pieces of a snapshot are there, in files that were opened.
    pub(super) fn knows_snapshot(
        &self,
        writer: ActorId,
        id: u64,
        verified: &BTreeSet<String>,
    ) -> bool {
        let known = |files: &Vec<Found>| files.iter().any(|file| verified.contains(&file.key()));
        self.snapshots_of(writer, id).any(|(of, pieces)| {
            u32::try_from(pieces.values().filter(|files| known(files)).count()) == Ok(of)
        })
    }

    fn snapshots_of(
        &self,
        writer: ActorId,
        id: u64,
    ) -> impl Iterator<Item = (u32, &BTreeMap<u32, Vec<Found>>)> {
        let range = (writer, id, 0)..=(writer, id, u32::MAX);
        self.snapshots.range(range).map(|((_, _, of), pieces)| (*of, pieces))
    }

    /// The keys of everything that is there.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        let batches = self.batches.values().flatten().map(|(_, found)| found);
        let heads = self.heads.values().flatten().map(|(_, found)| found);
        let pieces = self.pieces.values().flatten();
        let snapshots = self.snapshots.values().flat_map(BTreeMap::values).flatten();
        batches.chain(heads).chain(pieces).chain(snapshots).map(Found::key).collect()
    }

    /// The places of everything that is there.
    pub(super) fn places(&self) -> BTreeSet<String> {
        let batches = self.batches.values().flatten().map(|(_, found)| found);
        let heads = self.heads.values().flatten().map(|(_, found)| found);
        let devices = self.devices.iter().map(|(_, found)| found);
        let pieces = self.pieces.values().flatten();
        let snapshots = self.snapshots.values().flat_map(BTreeMap::values).flatten();
        let all = batches.chain(heads).chain(devices).chain(pieces).chain(snapshots);
        all.map(Found::place).collect()
    }

    /// Files of one directory that claim to be batches, heads, or pieces of contents and snapshots.
    pub(super) fn in_directory(&self, directory: &str) -> Vec<Found> {
        let batches = self.batches.values().flatten().map(|(_, found)| found);
        let heads = self.heads.values().flatten().map(|(_, found)| found);
        let pieces = self.pieces.values().flatten();
        let snapshots = self.snapshots.values().flat_map(BTreeMap::values).flatten();
        let all = batches.chain(heads).chain(pieces).chain(snapshots);
        all.filter(|found| found.writer.eq_ignore_ascii_case(directory)).cloned().collect()
    }

    /// How many files claim to be batches and are empty, or claim anything and are larger than that can be,
    /// and how many directories cannot be listed.
    pub(super) fn unusable(&self) -> u64 {
        let empty = self.batches.values().flatten().filter(|(_, found)| found.size == 0).count();
        self.too_large.saturating_add(self.unreadable).saturating_add(empty as u64)
    }

    /// Files are gone.
    pub(super) fn forget(&mut self, gone: &[Found]) {
        let gone: BTreeSet<String> = gone.iter().map(Found::path).collect();
        if gone.is_empty() {
            return;
        }
        let stays = |found: &Found| !gone.contains(&found.path());
        for files in self.batches.values_mut() {
            files.retain(|(_, found)| stays(found));
        }
        for heads in self.heads.values_mut() {
            heads.retain(|(_, found)| stays(found));
        }
        for files in self.pieces.values_mut() {
            files.retain(stays);
        }
        for files in self.snapshots.values_mut().flat_map(BTreeMap::values_mut) {
            files.retain(stays);
        }
        self.batches.retain(|_, files| !files.is_empty());
        self.heads.retain(|_, files| !files.is_empty());
        self.pieces.retain(|_, files| !files.is_empty());
        for pieces in self.snapshots.values_mut() {
            pieces.retain(|_, files| !files.is_empty());
        }
        self.snapshots.retain(|_, pieces| !pieces.is_empty());
    }

    /// All files of a log, in the order of what they hold.
    pub(super) fn of_log(&self, log: LogId) -> Vec<(u64, u64, &Found)> {
        let files = self.batches.range((log, 0)..=(log, u64::MAX));
        files.flat_map(|((_, first), files)| files.iter().map(|(l, f)| (*first, *l, f))).collect()
    }

    /// The files that hold a number of a log and begin at or before it, the one that goes furthest
    /// first.
    pub(super) fn holding(&self, log: LogId, seq: u64) -> Vec<(u64, u64, &Found)> {
        let mut found: Vec<(u64, u64, &Found)> = self
            .batches
            .range((log, 0)..=(log, seq))
            .flat_map(|((_, first), files)| files.iter().map(move |(l, f)| (*first, *l, f)))
            .filter(|(_, last, _)| *last >= seq)
            .collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.2.file.cmp(&b.2.file)));
        found
    }
}

/// Runs in order of their first number, joined where they touch.
fn reach(
    mut reached: VersionVector,
    runs: impl Iterator<Item = (LogId, u64, u64)>,
) -> VersionVector {
    for (log, first, last) in runs {
        if first <= reached.get(log).saturating_add(1) {
            reached.advance(log, last);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_oplog::Space;

    #[test]
    fn a_log_reaches_as_far_as_it_has_no_gap_and_only_what_was_opened_counts() {
        let me = ActorId([9; 16]);
        let (a, b) = (
            LogId { space: Space::Everywhere, actor: ActorId([1; 16]) },
            LogId { space: Space::Everywhere, actor: ActorId([2; 16]) },
        );
        let mut index = Index::default();
        let mut put = |writer, directory, log, first, last| {
            let name = Name::Batch { log, first, last }.of(&[first as u8, last as u8]);
            index.add(writer, directory, Entry { name, size: 1 });
        };
        put(ActorId([1; 16]), "w", a, 1, 5);
        put(me, "me", a, 4, 9);
        put(ActorId([1; 16]), "w", a, 11, 12);
        put(me, "me", b, 2, 3);
        let none = VersionVector::new;
        assert_eq!(index.claimed_after(none()).get(a), 9);
        assert_eq!(index.claimed_after(none()).get(b), 0);
        let holding: Vec<(u64, u64)> =
            index.holding(a, 4).into_iter().map(|(first, last, _)| (first, last)).collect();
        assert_eq!(holding, [(4, 9), (1, 5)]);
        assert!(index.holding(a, 10).is_empty());
        let mut verified = BTreeSet::new();
        assert_eq!(index.known_after(none(), &verified), none());
        let own = index.batches[&(a, 4)][0].1.clone();
        verified.insert(own.key());
        assert_eq!(index.known_after(none(), &verified).get(a), 0, "there is a gap before");
        verified.insert(index.batches[&(a, 1)][0].1.key());
        assert_eq!(index.known_after(none(), &verified).get(a), 9);
        assert_eq!(index.known_in("me", none(), &verified), none());
        index.forget(std::slice::from_ref(&own));
        assert_eq!(index.known_after(none(), &verified).get(a), 5);
        // The same name with another size is another file.
        let name = Name::Batch { log: a, first: 1, last: 5 }.of(&[1, 5]);
        let mut other = Index::default();
        other.add(me, "me", Entry { name, size: 0 });
        assert_eq!(other.known_after(none(), &verified), none());
    }
}
