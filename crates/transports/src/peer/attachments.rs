//! Contents of attachments, piece by piece. What arrived of one is kept on the disk, so that a
//! connection that is cut, or a device that is switched off, goes on where it stopped.

use super::{Answer, Ask, Call, PeerError};
use crate::bundle::pieces;
use holdfast_oplog::{Hash, VersionVector, limits};
use holdfast_store::{Tx, plain_file, private_file};
use holdfast_sync::{Carrier, Session, offered, spaces};
use holdfast_vault::Keyring;
use rand_core::CryptoRngCore;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What files are called that hold the beginning of a content.
const PART: &str = "part";

/// The content that is handed out at the moment, so that it is read once.
#[derive(Debug, Default)]
pub(super) struct Served(Option<(Hash, Vec<u8>)>);

impl Served {
    /// Seals a piece of a content that an attachment names which may go by such a connection.
    pub(super) fn piece(
        &mut self,
        tx: &Tx<'_>,
        keyring: &Keyring,
        content: Hash,
        number: u32,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Option<Vec<u8>>, PeerError> {
        if self.0.as_ref().is_none_or(|(known, _)| *known != content) {
            let may = offered(tx, Carrier::Lan)?;
            if !pieces::contents(tx, &may, &VersionVector::new())?.contains(&content) {
                return Ok(None);
            }
            let Some(bytes) = tx.blob(content)? else { return Ok(None) };
            self.0 = Some((content, bytes));
        }
        let Some((_, bytes)) = &self.0 else { return Ok(None) };
        Ok(pieces::seal_one(keyring, content, bytes, number, rng)?)
    }
}

/// Asks for the contents that attachments name and that are not here. `came` is called after each.
pub(super) fn fetch(
    session: &mut Session<'_>,
    call: &mut dyn Call,
    folder: &Path,
    came: &mut dyn FnMut(),
) -> Result<(), PeerError> {
    let missing = session.store.read(|tx| {
        let held = tx.held()?.within(&spaces(Carrier::Lan));
        let mut missing = Vec::new();
        for content in pieces::named(tx, &held, &VersionVector::new())? {
            if !tx.has_blob(content)? {
                missing.push(content);
            }
        }
        Ok::<_, PeerError>(missing)
    })?;
    remove_stale(folder, &missing);
    for content in missing {
        if let Some(bytes) = one(session.keyring, call, folder, content)? {
            session.store.write(|tx| tx.add_blob(&bytes).map(|_| ()))?;
            let _ = fs::remove_file(part(folder, content));
            came();
        }
    }
    Ok(())
}

/// Removes what was kept of contents that nothing names any more, or that came by another way.
fn remove_stale(folder: &Path, missing: &[Hash]) {
    let Ok(found) = fs::read_dir(folder) else { return };
    let waited: Vec<PathBuf> = missing.iter().map(|content| part(folder, *content)).collect();
    for path in found.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|ending| ending == PART) && !waited.contains(&path) {
            // Where it cannot be removed now, it is at the next exchange.
            let _ = fs::remove_file(path);
        }
    }
}

fn part(folder: &Path, content: Hash) -> PathBuf {
    folder.join(content.to_hex()).with_extension(PART)
}

/// Asks for one content, from where the last attempt stopped. None where the other side has not got it.
fn one(
    keyring: &Keyring,
    call: &mut dyn Call,
    folder: &Path,
    content: Hash,
) -> Result<Option<Vec<u8>>, PeerError> {
    let path = part(folder, content);
    let chunk = limits::ATTACHMENT_CHUNK as u64;
    let mut held = fs::metadata(&path).map_or(0, |file| file.len());
    if !held.is_multiple_of(chunk) {
        // Cut within a piece: that piece comes again.
        held -= held % chunk;
        OpenOptions::new().write(true).open(&path)?.set_len(held)?;
    }
    let mut file: Option<File> = None;
    loop {
        let number = u32::try_from(held / chunk).map_err(|_| PeerError::Unexpected)?;
        let Answer::Piece(piece) = call.ask(Ask::Piece { content, number })? else {
            return Err(PeerError::Unexpected);
        };
        let Some(piece) = piece else { return Ok(None) };
        let (bytes, size) = pieces::open_one(keyring, content, number, &piece)?;
        if size > limits::ATTACHMENT {
            // Whoever sealed it is of the vault; the disk is the person's all the same. Nothing else waits
            // for it.
            let _ = fs::remove_file(&path);
            return Ok(None);
        }
        let file = if let Some(file) = &mut file {
            file
        } else {
            private_file::create_folder(folder)?;
            file.insert(private_file::append(&path)?)
        };
        file.write_all(&bytes)?;
        held = held.saturating_add(bytes.len() as u64);
        if held < size && bytes.len() as u64 == chunk {
            continue;
        }
        let whole = plain_file::read_unlinked(&path, limits::ATTACHMENT)?;
        if held == size && Hash::of(&whole) == content {
            return Ok(Some(whole));
        }
        // A member sealed something else under this name, or the disk changed it.
        fs::remove_file(&path)?;
        return Err(PeerError::Unexpected);
    }
}
