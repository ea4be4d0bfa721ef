use super::format::{BUNDLE_FORMAT, BundleError, BundleHeader, END, MAGIC, SectionKind, TRAILER};
use holdfast_oplog::limits;
use std::io::Write;

/// Writes a bundle from front to end, never holding more than the section at hand. A bundle that
/// was not finished has no trailer, and every reader refuses it.
pub struct BundleWriter<W: Write> {
    inner: W,
    hasher: blake3::Hasher,
    sections: u32,
}

impl<W: Write> BundleWriter<W> {
    /// Writes the magic and the header.
    pub fn new(inner: W, header: &BundleHeader) -> Result<Self, BundleError> {
        let header = holdfast_oplog::encode(header).map_err(BundleError::of_header)?;
        let length = bounded("the header", header.len(), limits::BUNDLE_HEADER)?;
        let mut writer = Self { inner, hasher: blake3::Hasher::new(), sections: 0 };
        writer.put(&MAGIC)?;
        writer.put(&BUNDLE_FORMAT.to_be_bytes())?;
        writer.put(&length.to_be_bytes())?;
        writer.put(&header)?;
        Ok(writer)
    }

    /// The bytes of a header as [`BundleWriter::new`] writes them: what the signature section signs.
    pub fn header_bytes(header: &BundleHeader) -> Result<Vec<u8>, BundleError> {
        holdfast_oplog::encode(header).map_err(BundleError::of_header)
    }

    /// Writes one section.
    pub fn section(&mut self, kind: SectionKind, bytes: &[u8]) -> Result<(), BundleError> {
        let length = bounded(kind.name(), bytes.len(), kind.limit())?;
        let sections = self.sections.checked_add(1).ok_or(BundleError::TooLarge {
            what: "the number of sections",
            size: u32::MAX as usize,
            limit: u32::MAX as usize,
        })?;
        self.put(&[kind.byte()])?;
        self.put(&length.to_be_bytes())?;
        self.put(bytes)?;
        self.sections = sections;
        Ok(())
    }

    /// Writes the trailer and flushes. Returns what was written to.
    pub fn finish(mut self) -> Result<W, BundleError> {
        self.put(&[END])?;
        self.put(&(TRAILER as u32).to_be_bytes())?;
        let sections = self.sections;
        self.put(&sections.to_be_bytes())?;
        let hash = self.hasher.finalize();
        self.inner.write_all(hash.as_bytes())?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes)?;
        Ok(())
    }
}

fn bounded(what: &'static str, size: usize, limit: usize) -> Result<u32, BundleError> {
    match u32::try_from(size) {
        Ok(length) if size <= limit => Ok(length),
        _ => Err(BundleError::TooLarge { what, size, limit }),
    }
}
