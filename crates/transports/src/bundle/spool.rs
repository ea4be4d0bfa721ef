use super::BundleError;
use super::format::{BundleWriter, Counts, SectionKind};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Sealed sections waiting for the header, which says how many there are. They lie in an unnamed
/// temporary file beside the bundle, so that a large vault need not fit into memory.
pub(super) struct Spool {
    file: BufWriter<File>,
    pub(super) counts: Counts,
}

impl Spool {
    pub(super) fn new(folder: &Path) -> Result<Self, BundleError> {
        let file = BufWriter::new(tempfile::tempfile_in(folder)?);
        Ok(Self { file, counts: Counts::default() })
    }

    pub(super) fn batch(&mut self, bytes: &[u8], changes: u64) -> Result<(), BundleError> {
        self.counts.batches += 1;
        self.counts.changes = self.counts.changes.saturating_add(changes);
        self.put(SectionKind::Batch, bytes)
    }

    pub(super) fn chunk(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.counts.chunks += 1;
        self.put(SectionKind::Chunk, bytes)
    }

    pub(super) fn piece(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.counts.pieces += 1;
        self.put(SectionKind::Snapshot, bytes)
    }

    fn put(&mut self, kind: SectionKind, bytes: &[u8]) -> Result<(), BundleError> {
        self.file.write_all(&[kind.byte()])?;
        self.file.write_all(&(bytes.len() as u64).to_be_bytes())?;
        Ok(self.file.write_all(bytes)?)
    }

    /// Writes everything into the bundle, in the order in which it came.
    pub(super) fn copy_to<W: Write>(self, to: &mut BundleWriter<W>) -> Result<(), BundleError> {
        let mut file = self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::new(file);
        for _ in 0..self.counts.batches + self.counts.chunks + self.counts.pieces {
            let (mut kind, mut length) = ([0; 1], [0; 8]);
            file.read_exact(&mut kind)?;
            file.read_exact(&mut length)?;
            let [kind] = kind;
            let kind = SectionKind::of(kind).ok_or(BundleError::Corrupted("temporary file"))?;
            let mut bytes = Vec::new();
            file.by_ref().take(u64::from_be_bytes(length)).read_to_end(&mut bytes)?;
            to.section(kind, &bytes)?;
        }
        Ok(())
    }
}
