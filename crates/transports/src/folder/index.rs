//! What lies in the folder, read from names alone.

use super::files::Entry;
use super::name::{Name, parse_writer};
use super::{Files, FolderError};
use holdfast_oplog::{ActorId, Hash, LogId, VersionVector};
use std::collections::BTreeMap;

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

/// What the folder offers.
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
    /// Snapshots by writer and name: how many pieces each has, and those that are there.
    pub(super) snapshots: BTreeMap<(ActorId, u64), (u32, BTreeMap<u32, Found>)>,
    /// What this device itself wrote, by log and first number.
    pub(super) own: BTreeMap<(LogId, u64), u64>,
}

impl Index {
    /// Lists everything. Cost: one listing of each directory.
    pub(super) fn read(files: &dyn Files, me: ActorId) -> Result<Self, FolderError> {
        let mut index = Self::default();
        for directory in files.writers()? {
            let Some(writer) = parse_writer(&directory) else { continue };
            for entry in files.list(&directory)?.into_iter().take(MANY) {
                index.add(writer, me, &directory, entry);
            }
        }
        for heads in index.heads.values_mut() {
            heads.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.file.cmp(&b.1.file)));
        }
        Ok(index)
    }

    pub(super) fn add(&mut self, writer: ActorId, me: ActorId, directory: &str, entry: Entry) {
        let Some((name, hash)) = Name::parse(&entry.name) else { return };
        let found =
            Found { writer: directory.to_owned(), file: entry.name, hash, size: entry.size };
        match name {
            Name::Batch { log, first, last } => {
                if writer == me {
                    let reach = self.own.entry((log, first)).or_insert(last);
                    *reach = (*reach).max(last);
                }
                self.batches.entry((log, first)).or_default().push((last, found));
            }
            Name::Head { counter } => self.heads.entry(writer).or_default().push((counter, found)),
            Name::Devices => self.devices.push((writer, found)),
            Name::Piece { content, number } => {
                self.pieces.entry((content, number)).or_default().push(found);
            }
            Name::Snapshot { id, number, of } => {
                let snapshot = self.snapshots.entry((writer, id)).or_default();
                snapshot.0 = of;
                snapshot.1.insert(number, found);
            }
        }
    }

    /// How far each log goes without a gap, if everything named there is whole.
    pub(super) fn offers(&self) -> VersionVector {
        self.offers_after(VersionVector::new())
    }

    /// The same for who holds `held` already.
    pub(super) fn offers_after(&self, held: VersionVector) -> VersionVector {
        let runs = self.batches.iter().map(|((log, first), files)| {
            (*log, *first, files.iter().map(|(last, _)| *last).max().unwrap_or(0))
        });
        reach(held, runs)
    }

    /// The same of what this device itself wrote.
    pub(super) fn own_offers_after(&self, held: VersionVector) -> VersionVector {
        reach(held, self.own.iter().map(|((log, first), last)| (*log, *first, *last)))
    }

    /// Whether all pieces of a snapshot are there, if everything named there is whole.
    pub(super) fn has_snapshot(&self, writer: ActorId, id: u64) -> bool {
        self.snapshots
            .get(&(writer, id))
            .is_some_and(|(of, pieces)| u32::try_from(pieces.len()) == Ok(*of))
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
    fn a_log_reaches_as_far_as_it_has_no_gap() {
        let me = ActorId([9; 16]);
        let (a, b) = (
            LogId { space: Space::Everywhere, actor: ActorId([1; 16]) },
            LogId { space: Space::Everywhere, actor: ActorId([2; 16]) },
        );
        let mut index = Index::default();
        let mut put = |writer, log, first, last| {
            let name = Name::Batch { log, first, last }.of(b"x");
            index.add(writer, me, "w", Entry { name, size: 1 });
        };
        put(ActorId([1; 16]), a, 1, 5);
        put(me, a, 4, 9);
        put(ActorId([1; 16]), a, 11, 12);
        put(me, b, 2, 3);
        assert_eq!(index.offers().get(a), 9);
        assert_eq!(index.offers().get(b), 0);
        assert_eq!(index.own_offers_after(VersionVector::new()), VersionVector::new());
        let holding: Vec<(u64, u64)> =
            index.holding(a, 4).into_iter().map(|(first, last, _)| (first, last)).collect();
        assert_eq!(holding, [(4, 9), (1, 5)]);
        assert!(index.holding(a, 10).is_empty());
    }
}
