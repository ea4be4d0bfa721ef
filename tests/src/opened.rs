//! What really left a device: the bytes as they travel, and what whoever has the vault's keys reads in
//! them.

use anyhow::{Context, Result};
use holdfast_oplog::{Hash, SealedBatch, Space, decode};
use holdfast_transports::bundle::format::{BundleReader, SectionKind};
use holdfast_vault::{Keyring, Membership, Purpose, open_batch, open_blob};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Everything that one way carried.
#[derive(Debug, Default)]
pub struct Captured {
    /// What it was.
    pub name: String,
    /// The bytes as they travelled.
    pub raw: Vec<u8>,
    /// What is in them once they are opened and decompressed: changes and pieces of attachments.
    pub opened: Vec<u8>,
    /// Spaces that the batches' headers name.
    pub spaces: BTreeSet<Space>,
    /// How many batches there were.
    pub batches: usize,
    /// How many pieces of attachments there were.
    pub pieces: usize,
}

impl Captured {
    /// Whether these bytes occur anywhere, sealed or opened.
    pub fn has(&self, needle: &[u8]) -> bool {
        [&self.raw, &self.opened]
            .iter()
            .any(|bytes| bytes.windows(needle.len()).any(|at| at == needle))
    }
}

/// Someone with the vault's keys who reads what travels.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The vault's keys.
    pub keyring: &'a Keyring,
    /// The vault's devices.
    pub members: &'a Membership,
}

#[allow(clippy::struct_field_names, reason = "the names are those on the wire")]
#[derive(Deserialize)]
struct Piece {
    hash: Hash,
    size: u64,
    piece: u32,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
}

impl Reader<'_> {
    fn batch(&self, bytes: &[u8], into: &mut Captured) -> Result<()> {
        let batch = SealedBatch::decode(bytes)?;
        into.spaces.insert(batch.header()?.space);
        let opened = open_batch(self.keyring, &batch, |actor| self.members.public_of(actor))?;
        into.opened.extend(opened.changes.concat());
        into.batches += 1;
        Ok(())
    }

    fn piece(&self, bytes: &[u8], into: &mut Captured) -> Result<()> {
        let piece: Piece = decode(bytes, SectionKind::Chunk.limit(), "a piece")?;
        let mut place = b"bundle attachment".to_vec();
        place.extend_from_slice(&piece.hash.0);
        place.extend_from_slice(&piece.size.to_be_bytes());
        place.extend_from_slice(&piece.piece.to_be_bytes());
        let opened = open_blob(self.keyring, Purpose::Attachments, &place, &piece.sealed)?;
        into.opened.extend_from_slice(&opened);
        into.pieces += 1;
        Ok(())
    }

    /// A bundle file.
    pub fn bundle(&self, name: &str, path: &Path) -> Result<Captured> {
        let mut captured =
            Captured { name: name.into(), raw: fs::read(path)?, ..Captured::default() };
        let mut reader = BundleReader::open(fs::File::open(path)?)?;
        while let Some(section) = reader.next_section()? {
            match section.kind {
                SectionKind::Batch => self.batch(&section.bytes, &mut captured)?,
                SectionKind::Chunk => self.piece(&section.bytes, &mut captured)?,
                _ => {}
            }
        }
        Ok(captured)
    }

    /// Sealed batches as a connection or a relay is handed them.
    pub fn batches(&self, name: &str, batches: &[Vec<u8>]) -> Result<Captured> {
        let mut captured = Captured { name: name.into(), ..Captured::default() };
        for batch in batches {
            captured.raw.extend_from_slice(batch);
            self.batch(batch, &mut captured)?;
        }
        Ok(captured)
    }

    /// Sealed batches and pieces of attachments, as a connection hands them over.
    pub fn said(&self, name: &str, batches: &[Vec<u8>], pieces: &[Vec<u8>]) -> Result<Captured> {
        let mut captured = self.batches(name, batches)?;
        for piece in pieces {
            captured.raw.extend_from_slice(piece);
            self.piece(piece, &mut captured)?;
        }
        Ok(captured)
    }

    /// Everything in an exchange folder. Files that are no batches and no pieces count as raw bytes.
    pub fn folder(&self, name: &str, folder: &Path) -> Result<Captured> {
        let mut captured = Captured { name: name.into(), ..Captured::default() };
        let mut open = vec![folder.to_owned()];
        while let Some(path) = open.pop() {
            for entry in fs::read_dir(&path)? {
                let path = entry?.path();
                captured.raw.extend_from_slice(path.as_os_str().as_encoded_bytes());
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                let bytes = fs::read(&path)?;
                captured.raw.extend_from_slice(&bytes);
                let named = || path.display().to_string();
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("hfb") => self.batch(&bytes, &mut captured).with_context(named)?,
                    Some("hfc") => self.piece(&bytes, &mut captured).with_context(named)?,
                    _ => {}
                }
            }
        }
        Ok(captured)
    }
}

/// Everything in a folder of plain files, their names too.
pub fn plain_files(name: &str, folder: &Path) -> Result<Captured> {
    let mut captured = Captured { name: name.into(), ..Captured::default() };
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path)? {
            let path = entry?.path();
            captured.raw.extend_from_slice(path.as_os_str().as_encoded_bytes());
            if path.is_dir() {
                open.push(path);
            } else {
                captured.raw.extend(fs::read(&path)?);
            }
        }
    }
    Ok(captured)
}
