use super::disk::Op;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a disk writes at once, or not at all.
const SECTOR: u64 = 512;

/// What becomes of writes that were not flushed when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// None of them reached the disk.
    Lost,
    /// All of them did.
    Kept,
    /// The first ones did, the last of them in part.
    Torn,
    /// Any sectors of any of them did.
    Reordered,
}

impl Power {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lost, Self::Kept, Self::Torn, Self::Reordered];
}

/// What happened to a disk, operation by operation.
#[derive(Debug)]
pub struct Past {
    ops: Vec<Op>,
    found: BTreeMap<PathBuf, Vec<u8>>,
}

/// A file as it is on the disk for certain, and what was not flushed yet.
#[derive(Debug, Default, Clone)]
struct Stored {
    /// Its content after the last flush; none when its name may not be on the disk.
    flushed: Option<Vec<u8>>,
    pending: Vec<Op>,
}

/// A disk at one moment.
#[derive(Debug)]
pub struct Moment {
    files: BTreeMap<PathBuf, Stored>,
    /// How many acknowledgements had been given.
    pub acknowledged: usize,
    next: usize,
}

impl Past {
    pub(super) fn new(ops: Vec<Op>, found: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        Self { ops, found }
    }

    /// How many moments there are: before each operation, and after the last.
    pub fn moments(&self) -> usize {
        self.ops.len() + 1
    }

    /// The disk before anything happened.
    pub fn start(&self) -> Moment {
        let files = self.found.iter().map(|(path, bytes)| {
            (path.clone(), Stored { flushed: Some(bytes.clone()), pending: Vec::new() })
        });
        Moment { files: files.collect(), acknowledged: 0, next: 0 }
    }

    /// Lets one operation happen. Whether there was one.
    pub fn advance(&self, moment: &mut Moment) -> bool {
        let Some(op) = self.ops.get(moment.next) else { return false };
        moment.next += 1;
        moment.happen(op);
        true
    }

    /// The last operations before a moment, without their bytes.
    pub fn before(&self, moment: &Moment) -> Vec<String> {
        let last = self.ops.get(moment.next.saturating_sub(40)..moment.next).unwrap_or_default();
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        last.iter()
            .map(|op| match op {
                Op::Write { path, offset, bytes } => {
                    format!("write {:?} {offset}+{}", name(path), bytes.len())
                }
                other => format!("{other:?}"),
            })
            .collect()
    }

    /// Whether an acknowledgement is what happened last.
    pub fn just_acknowledged(&self, moment: &Moment) -> bool {
        moment.next.checked_sub(1).and_then(|last| self.ops.get(last)) == Some(&Op::Acknowledge)
    }
}

impl Moment {
    fn happen(&mut self, op: &Op) {
        let Some(path) = op.path() else {
            self.acknowledged += 1;
            return;
        };
        let file = self.files.entry(path.to_owned()).or_default();
        match op {
            Op::Sync { .. } => {
                // SQLite flushes the folder with the first flush of a new file.
                let mut bytes = file.flushed.take().unwrap_or_default();
                for op in std::mem::take(&mut file.pending) {
                    carry_out(&mut bytes, &op);
                }
                file.flushed = Some(bytes);
            }
            Op::Delete { sync: true, .. } => *file = Stored::default(),
            _ => file.pending.push(op.clone()),
        }
    }

    /// Writes into `folder` what the disk could hold if the power went now. Files keep their names; those
    /// that nothing happened to are left as they are there.
    pub fn cut(&self, power: Power, seed: u64, folder: &Path) -> std::io::Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for (path, file) in &self.files {
            let Some(name) = path.file_name() else { continue };
            match file.left(power, &mut rng) {
                Some(bytes) => fs::write(folder.join(name), bytes)?,
                // What stood there before is gone.
                None => _ = fs::remove_file(folder.join(name)),
            }
        }
        Ok(())
    }
}

impl Stored {
    fn left(&self, power: Power, rng: &mut ChaCha8Rng) -> Option<Vec<u8>> {
        let mut left = self.flushed.clone();
        let until = rng.next_u64() as usize % (self.pending.len() + 1);
        for (index, op) in self.pending.iter().enumerate() {
            let share = match power {
                Power::Kept => Share::All,
                Power::Torn if index < until => Share::All,
                Power::Torn if index == until => Share::Sectors,
                Power::Lost | Power::Torn => Share::Nothing,
                Power::Reordered => Share::Sectors,
            };
            match (op, share) {
                (_, Share::Nothing) => {}
                (Op::Delete { .. }, Share::All) => left = None,
                (Op::Delete { .. }, Share::Sectors) => {
                    if rng.next_u32().is_multiple_of(2) {
                        left = None;
                    }
                }
                (op, Share::All) => carry_out(left.get_or_insert_default(), op),
                (Op::Write { offset, bytes, .. }, Share::Sectors) => {
                    for (at, piece) in sectors(*offset, bytes) {
                        if rng.next_u32().is_multiple_of(2) {
                            put(left.get_or_insert_default(), at, piece);
                        }
                    }
                }
                (op, Share::Sectors) => {
                    if rng.next_u32().is_multiple_of(2) {
                        carry_out(left.get_or_insert_default(), op);
                    }
                }
            }
        }
        left
    }
}

enum Share {
    Nothing,
    All,
    Sectors,
}

fn carry_out(file: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write { offset, bytes, .. } => put(file, *offset, bytes),
        Op::Truncate { size, .. } => file.resize(*size as usize, 0),
        Op::Create { .. } | Op::Sync { .. } | Op::Acknowledge => {}
        Op::Delete { .. } => file.clear(),
    }
}

fn put(file: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let (start, end) = (offset as usize, offset as usize + bytes.len());
    if file.len() < end {
        file.resize(end, 0);
    }
    file[start..end].copy_from_slice(bytes);
}

/// The parts of a write that lie in different sectors.
fn sectors(offset: u64, bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut pieces = Vec::new();
    let (mut at, mut rest) = (offset, bytes);
    while !rest.is_empty() {
        let room = (SECTOR - at % SECTOR) as usize;
        let (piece, after) = rest.split_at(room.min(rest.len()));
        pieces.push((at, piece));
        at += piece.len() as u64;
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(offset: u64, bytes: &[u8]) -> Op {
        Op::Write { path: "f".into(), offset, bytes: bytes.to_vec() }
    }

    #[test]
    fn what_was_flushed_stays_and_what_was_not_may_go() {
        let ops = vec![
            write(0, &[1; 1024]),
            Op::Sync { path: "f".into() },
            Op::Acknowledge,
            write(512, &[2; 1024]),
        ];
        let past = Past::new(ops, BTreeMap::new());
        let mut moment = past.start();
        let left = |moment: &Moment, power, seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            moment.files.get(Path::new("f")).and_then(|file| file.left(power, &mut rng))
        };
        assert_eq!(left(&moment, Power::Kept, 0), None);
        past.advance(&mut moment);
        assert_eq!(left(&moment, Power::Lost, 0), None);
        assert_eq!(left(&moment, Power::Kept, 0), Some(vec![1; 1024]));
        past.advance(&mut moment);
        assert_eq!(left(&moment, Power::Lost, 0), Some(vec![1; 1024]));
        past.advance(&mut moment);
        past.advance(&mut moment);
        assert_eq!(moment.acknowledged, 1);
        assert_eq!(left(&moment, Power::Lost, 0), Some(vec![1; 1024]));
        let kept = left(&moment, Power::Kept, 0).unwrap();
        assert_eq!((kept.len(), kept[511], kept[512]), (1536, 1, 2));
        let seen: std::collections::BTreeSet<Vec<u8>> =
            (0..50).filter_map(|seed| left(&moment, Power::Reordered, seed)).collect();
        // Either sector, both or none; the first flushed half always.
        assert_eq!(seen.len(), 4);
        assert!(seen.iter().all(|file| file[..512] == [1; 512]));
    }
}
