//! What is read of the folder before the database is written: files may lie on a slow share, and nobody
//! waits for one with a transaction open.

use super::carry::Folder;
use super::index::Found;
use super::{FolderError, limits};
use holdfast_oplog::{ActorId, LogId, Range, SealedBatch, VersionVector};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What was read.
#[derive(Default)]
pub(super) struct Staged {
    /// Sealed membership records.
    pub(super) devices: Vec<Vec<u8>>,
    /// What devices say that they hold.
    pub(super) heads: Vec<Vec<u8>>,
    /// Batches, those of one log one after the other.
    pub(super) runs: Vec<Staging>,
    /// Snapshots, once it was found that one is needed.
    pub(super) snapshots: Option<Vec<StagedSnapshot>>,
    /// Paths of files that did not open when they were read before.
    pub(super) barred: BTreeSet<String>,
    /// Whether what follows the snapshot is among the runs.
    pub(super) is_after: bool,
    /// Whether what does not open now is left there, instead of looking for another file in its place.
    pub(super) is_last: bool,
    /// Files of logs of which others hold another branch, each for itself, in the order of what they hold.
    pub(super) parted: Vec<StagedBatch>,
    /// The logs whose files these are.
    pub(super) is_parted: BTreeSet<LogId>,
}

/// The batches of one range that was asked for.
pub(super) struct Staging {
    pub(super) range: Range,
    /// Whether it begins with the log.
    pub(super) whole: bool,
    pub(super) batches: Vec<StagedBatch>,
}

/// A batch that waits to be taken in.
pub(super) struct StagedBatch {
    pub(super) found: Found,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) bytes: Vec<u8>,
}

/// The pieces of a snapshot, in a file of their own: they need not fit into memory.
pub(super) struct StagedSnapshot {
    pub(super) author: ActorId,
    pieces: File,
}

/// What an exchange found that it needs beside what this device lacks.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Logs that are needed from their beginning on: they part from what is held.
    pub(super) from_the_start: BTreeSet<LogId>,
    /// Whether snapshots are needed.
    pub(super) snapshots: bool,
    /// Files that did not open, so that a snapshot may be needed in their place.
    pub(super) barred: BTreeSet<String>,
    /// Logs of which others hold another branch.
    pub(super) parted: BTreeSet<LogId>,
    /// What is held once a snapshot was taken in: what follows that is needed as well.
    pub(super) after: Option<VersionVector>,
    /// Whether what does not open now is left there.
    pub(super) is_last: bool,
}

/// What is to be read.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The ranges that this device lacks, by what the names claim.
    pub(super) ranges: Vec<Range>,
}

impl Staged {
    /// Reads what is asked for, within the bounds.
    pub(super) fn read(
        folder: &mut Folder<'_>,
        asked: &Asked,
        wanted: &Wanted,
    ) -> Result<Self, FolderError> {
        let mut staged =
            Self { is_after: wanted.after.is_some(), is_last: wanted.is_last, ..Self::default() };
        staged.barred.clone_from(&wanted.barred);
        staged.heads = folder.heads()?.into_iter().map(|(_, said)| said).collect();
        staged.devices = devices(folder)?;
        if wanted.snapshots {
            staged.snapshots = Some(snapshots(folder)?);
        }
        let mut bytes = 0;
        for range in &asked.ranges {
            staged.runs.push(run(folder, *range, wanted, &mut bytes)?);
        }
        for log in &wanted.parted {
            staged.parted.extend(all_of(folder, *log, &mut bytes)?);
            staged.is_parted.insert(*log);
        }
        Ok(staged)
    }
}

/// The membership records of every writer, those in files that were not read for nothing before first.
fn devices(folder: &mut Folder<'_>) -> Result<Vec<Vec<u8>>, FolderError> {
    let mut by_writer = std::collections::BTreeMap::<ActorId, usize>::new();
    let mut staged = Vec::new();
    let left = folder.left;
    folder.left = left.min(limits::READ_OF_DEVICES.min(left));
    let kept_back = left - folder.left;
    for (writer, found) in folder.index.devices.clone() {
        let count = by_writer.entry(writer).or_default();
        if *count < limits::DEVICES
            && let Some(content) = folder.read(&found, limits::RECORDS)?
        {
            *count += 1;
            staged.push(content);
        }
    }
    folder.left = folder.left.saturating_add(kept_back);
    Ok(staged)
}

fn run(
    folder: &mut Folder<'_>,
    range: Range,
    wanted: &Wanted,
    bytes: &mut usize,
) -> Result<Staging, FolderError> {
    let whole = wanted.from_the_start.contains(&range.log);
    let mut batches = Vec::new();
    let mut first = range.first;
    while first <= range.last {
        if *bytes >= limits::STAGED {
            folder.more = true;
            break;
        }
        let Some((found, content)) = folder.batch(Range { first, ..range })? else { break };
        let header = SealedBatch::decode(&content).and_then(|batch| batch.header());
        let Ok(header) = header else { break };
        *bytes = bytes.saturating_add(content.len());
        let (begins, last) = (header.first, header.last);
        batches.push(StagedBatch { found, first: begins, last, bytes: content });
        first = last.saturating_add(1);
        if last == u64::MAX {
            break;
        }
    }
    Ok(Staging { range, whole, batches })
}

/// All files of a log that were not looked at yet, whoever wrote them.
fn all_of(
    folder: &mut Folder<'_>,
    log: LogId,
    bytes: &mut usize,
) -> Result<Vec<StagedBatch>, FolderError> {
    let files = folder.index.of_log(log).into_iter();
    let files: Vec<(u64, u64, Found)> =
        files.map(|(first, last, found)| (first, last, found.clone())).collect();
    let mut batches = Vec::new();
    for (first, last, found) in files {
        if found.size == 0 || folder.compared.contains(&found.key()) {
            continue;
        }
        if *bytes >= limits::STAGED {
            folder.more = true;
            break;
        }
        let read = folder.read(&found, holdfast_oplog::limits::BATCH)?;
        let Some(content) = read else { continue };
        *bytes = bytes.saturating_add(content.len());
        batches.push(StagedBatch { found, first, last, bytes: content });
    }
    Ok(batches)
}

/// All snapshots of others whose pieces are all there.
fn snapshots(folder: &mut Folder<'_>) -> Result<Vec<StagedSnapshot>, FolderError> {
    let all: Vec<(ActorId, u32, Vec<Vec<Found>>)> = folder
        .index
        .snapshots
        .iter()
        .filter(|((by, ..), _)| *by != folder.me)
        .map(|((by, _, of), pieces)| (*by, *of, pieces.values().cloned().collect()))
        .collect();
    let mut staged = Vec::new();
    for (author, of, pieces) in all {
        if u32::try_from(pieces.len()) == Ok(of)
            && let Some(pieces) = spool(folder, &pieces)?
        {
            staged.push(StagedSnapshot { author, pieces });
        }
    }
    Ok(staged)
}

/// Copies pieces into a file without a name; none where one of them is not whole.
fn spool(folder: &mut Folder<'_>, pieces: &[Vec<Found>]) -> Result<Option<File>, FolderError> {
    let failed = |error| FolderError::io(Path::new("temporary file"))(error);
    let mut out = BufWriter::new(tempfile::tempfile().map_err(failed)?);
    for files in pieces {
        let mut content = None;
        for found in files {
            content = folder.read(found, limits::SNAPSHOT_PIECE)?;
            if content.is_some() {
                break;
            }
        }
        let Some(content) = content else { return Ok(None) };
        let length = (content.len() as u64).to_be_bytes();
        out.write_all(&length).and_then(|()| out.write_all(&content)).map_err(failed)?;
    }
    let mut file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(Some(file))
}

impl StagedSnapshot {
    /// The pieces in their order. Works once for each call, from the first on.
    pub(super) fn pieces(&self) -> std::io::Result<impl Iterator<Item = std::io::Result<Vec<u8>>>> {
        let mut file = &self.pieces;
        file.seek(SeekFrom::Start(0))?;
        let mut from = BufReader::new(file);
        Ok(std::iter::from_fn(move || {
            let mut length = [0; 8];
            match from.read_exact(&mut length) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return None,
                Err(error) => return Some(Err(error)),
            }
            let mut piece = Vec::new();
            let read = from.by_ref().take(u64::from_be_bytes(length)).read_to_end(&mut piece);
            Some(read.map(|_| piece))
        }))
    }
}
