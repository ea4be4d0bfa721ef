//! Opening what others put into the folder, so that it counts: a name is a claim of whoever can write
//! there.

use super::carry::Folder;
use super::index::Found;
use super::{FolderError, limits};
use crate::bundle::pieces;
use holdfast_oplog::limits::{ATTACHMENT, ATTACHMENT_CHUNK};
use holdfast_oplog::{Hash, Range, SealedBatch, VersionVector};
use holdfast_vault::{Keyring, Membership, open_batch};

/// Opens the files of some ranges that were not opened yet, each log as far as it has no gap and as long
/// as there is something left to read. What does not open is left out: it counts for nothing.
pub(super) fn verify(
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    members: &Membership,
    ranges: &[Range],
) -> Result<(), FolderError> {
    for range in ranges {
        let mut first = range.first;
        while first <= range.last {
            let Some(last) = opens(folder, keyring, members, Range { first, ..*range })? else {
                break;
            };
            let Some(next) = last.checked_add(1) else { break };
            first = next;
        }
    }
    Ok(())
}

/// The last number of the batch that goes furthest from a number on and opens; of those first of which all counts.
fn opens(
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    members: &Membership,
    range: Range,
) -> Result<Option<u64>, FolderError> {
    let all = folder.candidates(range);
    let (counting, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, last, _)| folder.counts(range.log, *last));
    for candidates in [counting, others] {
        if let Some(last) = opens_of(folder, keyring, members, range, candidates)? {
            return Ok(Some(last));
        }
    }
    Ok(None)
}

/// The same of some files, the furthest first.
fn opens_of(
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    members: &Membership,
    range: Range,
    candidates: Vec<(u64, u64, Found)>,
) -> Result<Option<u64>, FolderError> {
    let known = candidates.iter();
    let known = known.filter(|(_, _, found)| folder.verified.contains(&found.key()));
    if let Some(last) = known.map(|(_, last, _)| *last).max() {
        return Ok(Some(last));
    }
    for candidate in candidates {
        if folder.is_closed(&candidate.2) {
            continue;
        }
        let Some(bytes) = folder.batch_in(range, &candidate)? else { continue };
        let found = &candidate.2;
        let batch = SealedBatch::decode(&bytes);
        let opened = batch.map_err(holdfast_vault::VaultError::from).and_then(|batch| {
            let opened = open_batch(keyring, &batch, |actor| members.public_of(actor))?;
            let reaching = || {
                let ring = folder.reaching(keyring);
                open_batch(ring, &batch, |actor| members.public_of(actor)).is_ok()
            };
            let reaches = !folder.is_lacked(opened.header.epoch) || reaching();
            Ok((opened, reaches))
        });
        match opened {
            Ok((_, false)) => folder.is_closed_to_some(found),
            Ok((opened, true)) => {
                folder.verified.insert(found.key());
                return Ok(Some(opened.header.last));
            }
            Err(_) => folder.does_not_open(found),
        }
    }
    Ok(None)
}

/// Reads what the names claim and this device did not open yet, as far as it may.
pub(super) fn verify_claims(
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    members: &Membership,
    of: &VersionVector,
) -> Result<(), FolderError> {
    let lacks = of.missing_in(&folder.known());
    verify(folder, keyring, members, &lacks)
}

/// Whether a content is wholly in files that this device wrote or opened.
pub(super) fn knows_content(folder: &Folder<'_>, content: Hash) -> bool {
    let Some(count) = folder.contents.get(&content.to_hex()) else { return false };
    (0..*count).all(|number| {
        let files = folder.index.pieces.get(&(content, number));
        files.is_some_and(|files| files.iter().any(|file| folder.verified.contains(&file.key())))
    })
}

/// Puts a content together from its pieces; none where one of them is missing or is not what it says. Its
/// files count from then on.
pub(super) fn content_of(
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    content: Hash,
) -> Result<Option<Vec<u8>>, FolderError> {
    let (mut whole, mut size, mut keys) = (Vec::new(), None, Vec::new());
    let mut number = 0_u32;
    loop {
        let files = folder.index.pieces.get(&(content, number)).cloned().unwrap_or_default();
        let Some((found, piece, of)) = piece_of(folder, keyring, content, number, &files, size)?
        else {
            return Ok(None);
        };
        size = Some(of);
        keys.push(found.key());
        whole.extend_from_slice(&piece);
        let held = whole.len() as u64;
        if held == of && Hash::of(&whole) == content {
            break;
        }
        let goes_on = held < of && of <= ATTACHMENT && piece.len() == ATTACHMENT_CHUNK;
        match number.checked_add(1).filter(|_| goes_on) {
            Some(next) => number = next,
            None => return Ok(None),
        }
    }
    folder.verified.extend(keys);
    folder.contents.insert(content.to_hex(), number.saturating_add(1));
    Ok(Some(whole))
}

/// The first of some files that is the piece of that number: where it lies, its bytes, and the size of the
/// whole.
fn piece_of(
    folder: &mut Folder<'_>,
    keyring: &Keyring,
    content: Hash,
    number: u32,
    files: &[Found],
    size: Option<u64>,
) -> Result<Option<(Found, Vec<u8>, u64)>, FolderError> {
    for found in files {
        let Some(bytes) = folder.read(found, limits::PIECE)? else { continue };
        match pieces::open_one(keyring, content, number, &bytes) {
            Ok((piece, of)) if size.is_none_or(|size| size == of) => {
                return Ok(Some((found.clone(), piece, of)));
            }
            // With all keys it may open.
            _ if folder.lacks_any() => {}
            _ => folder.does_not_open(found),
        }
    }
    Ok(None)
}

/// Removes what lies in this device's own directory and does not hold what its name says.
pub(super) fn clear_damaged(folder: &mut Folder<'_>, directory: &str) -> Result<(), FolderError> {
    let mut damaged = Vec::new();
    for found in folder.index.in_directory(directory) {
        // Whatever was just written, opened or found whole stays.
        if folder.verified.contains(&found.key()) {
            continue;
        }
        let unread = !folder.is_useless(&found);
        let is_damaged = if unread {
            folder.read(&found, limits::LARGEST)?.is_none() && !folder.more
        } else {
            true
        };
        if is_damaged {
            damaged.push(found);
        }
    }
    folder.take_away(&damaged)
}
