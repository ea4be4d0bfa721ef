use super::format::{
    BUNDLE_FORMAT, BundleError, BundleHeader, END, MAGIC, SectionKind, TRAILER, UNKNOWN_SECTION,
};
use holdfast_oplog::limits;
use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// One section of a kind that this build knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it holds.
    pub kind: SectionKind,
    /// Its bytes, to be opened and verified by who asked for them.
    pub bytes: Vec<u8>,
}

/// What a whole, undamaged bundle is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its header.
    pub header: BundleHeader,
    /// Sections inside, unknown kinds too.
    pub sections: u32,
    /// Sections of kinds that this build does not know.
    pub unknown: u32,
    /// Size in bytes.
    pub size: u64,
    /// Hash of the whole, as its trailer states it.
    pub hash: [u8; 32],
}

/// Reads a bundle from front to end, never holding more than one section, and checks the hash on
/// the way. What it hands out is known to be undamaged only once the last call has answered `None`:
/// use [`BundleReader::open`], which reads everything once before.
pub struct BundleReader<R: Read> {
    inner: R,
    hasher: blake3::Hasher,
    size: u64,
    header: BundleHeader,
    header_bytes: Vec<u8>,
    sections: u32,
    unknown: u32,
    end: Option<[u8; 32]>,
}

/// Reads a whole bundle without keeping it, and says what it is, or what is wrong with it.
pub fn verify<R: Read>(inner: R) -> Result<Summary, BundleError> {
    let mut reader = BundleReader::new(inner)?;
    loop {
        if let Some(hash) = reader.end {
            return Ok(Summary {
                header: reader.header,
                sections: reader.sections,
                unknown: reader.unknown,
                size: reader.size,
                hash,
            });
        }
        if let Some((_, length)) = reader.head()? {
            reader.skip(length)?;
        }
    }
}

impl<R: Read + Seek> BundleReader<R> {
    /// Verifies the whole bundle in a first pass and starts again at its front. Should the file
    /// change meanwhile, the second pass ends in an error instead of `None`.
    pub fn open(mut inner: R) -> Result<Self, BundleError> {
        let start = inner.stream_position()?;
        verify(&mut inner)?;
        inner.seek(SeekFrom::Start(start))?;
        Self::new(inner)
    }
}

impl<R: Read> BundleReader<R> {
    /// Reads the magic and the header.
    pub fn new(mut inner: R) -> Result<Self, BundleError> {
        let mut hasher = blake3::Hasher::new();
        let magic: [u8; 8] = array(&mut inner, &mut hasher).map_err(|error| match error {
            BundleError::Cut => BundleError::NotABundle,
            other => other,
        })?;
        if magic != MAGIC {
            return Err(BundleError::NotABundle);
        }
        let format = u32::from_be_bytes(array(&mut inner, &mut hasher)?);
        if format > BUNDLE_FORMAT {
            return Err(BundleError::NewerFormat { found: format, known: BUNDLE_FORMAT });
        }
        let length = u32::from_be_bytes(array(&mut inner, &mut hasher)?) as usize;
        if format == 0 {
            return Err(BundleError::Corrupted("format"));
        }
        if length > limits::BUNDLE_HEADER {
            let limit = limits::BUNDLE_HEADER;
            return Err(BundleError::TooLarge { what: "the header", size: length, limit });
        }
        let header_bytes = bytes(&mut inner, &mut hasher, length)?;
        let header: BundleHeader =
            holdfast_oplog::decode(&header_bytes, limits::BUNDLE_HEADER, "the header")
                .map_err(BundleError::of_header)?;
        if header.format != format {
            return Err(BundleError::Corrupted("format"));
        }
        let size = (MAGIC.len() + 8 + length) as u64;
        let (sections, unknown, end) = (0, 0, None);
        Ok(Self { inner, hasher, size, header, header_bytes, sections, unknown, end })
    }

    /// The header. It is a claim, until a signature or what is sealed confirms it.
    pub const fn header(&self) -> &BundleHeader {
        &self.header
    }

    /// The header's bytes as they were written: what the signature section signs.
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// The next section of a known kind; unknown ones are stepped over. `None` at the end, once
    /// the hash of the whole was found right.
    pub fn next_section(&mut self) -> Result<Option<Section>, BundleError> {
        while self.end.is_none() {
            let Some((kind, length)) = self.head()? else { continue };
            match kind {
                Some(kind) => {
                    self.size += length as u64;
                    let bytes = bytes(&mut self.inner, &mut self.hasher, length)?;
                    return Ok(Some(Section { kind, bytes }));
                }
                None => self.skip(length)?,
            }
        }
        Ok(None)
    }

    /// Reads a section's kind and length; `None` where it was the trailer, which is then checked.
    fn head(&mut self) -> Result<Option<(Option<SectionKind>, usize)>, BundleError> {
        let [byte] = array(&mut self.inner, &mut self.hasher)?;
        let length = u32::from_be_bytes(array(&mut self.inner, &mut self.hasher)?) as usize;
        self.size += 5;
        if byte == END {
            self.trailer(length)?;
            return Ok(None);
        }
        let kind = SectionKind::of(byte);
        let (what, limit) = kind.map_or(("a part", UNKNOWN_SECTION), |k| (k.name(), k.limit()));
        if length > limit {
            return Err(BundleError::TooLarge { what, size: length, limit });
        }
        self.sections = self.sections.checked_add(1).ok_or(BundleError::Corrupted("sections"))?;
        self.unknown += u32::from(kind.is_none());
        Ok(Some((kind, length)))
    }

    fn trailer(&mut self, length: usize) -> Result<(), BundleError> {
        if length != TRAILER {
            return Err(BundleError::Corrupted("end"));
        }
        let sections = u32::from_be_bytes(array(&mut self.inner, &mut self.hasher)?);
        let right = *self.hasher.finalize().as_bytes();
        let hash: [u8; 32] = array(&mut self.inner, &mut self.hasher)?;
        if hash != right {
            return Err(BundleError::Corrupted("hash"));
        }
        if sections != self.sections {
            return Err(BundleError::Corrupted("number of sections"));
        }
        match array::<1>(&mut self.inner, &mut self.hasher) {
            Err(BundleError::Cut) => {}
            Ok(_) => return Err(BundleError::Corrupted("bytes after the end")),
            Err(other) => return Err(other),
        }
        self.size += TRAILER as u64;
        self.end = Some(hash);
        Ok(())
    }

    fn skip(&mut self, length: usize) -> Result<(), BundleError> {
        let mut buffer = [0u8; 8192];
        let mut left = length;
        while left > 0 {
            let piece = buffer.get_mut(..left.min(8192)).unwrap_or_default();
            fill(&mut self.inner, &mut self.hasher, piece)?;
            left -= piece.len();
        }
        self.size += length as u64;
        Ok(())
    }
}

fn fill(
    inner: &mut impl Read,
    hasher: &mut blake3::Hasher,
    to: &mut [u8],
) -> Result<(), BundleError> {
    inner.read_exact(to).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => BundleError::Cut,
        _ => BundleError::Io(error),
    })?;
    hasher.update(to);
    Ok(())
}

fn array<const N: usize>(
    inner: &mut impl Read,
    hasher: &mut blake3::Hasher,
) -> Result<[u8; N], BundleError> {
    let mut to = [0; N];
    fill(inner, hasher, &mut to)?;
    Ok(to)
}

/// Reads `length` bytes; memory grows as they arrive, not as they are announced.
fn bytes(
    inner: &mut impl Read,
    hasher: &mut blake3::Hasher,
    length: usize,
) -> Result<Vec<u8>, BundleError> {
    let mut to = Vec::new();
    inner.by_ref().take(length as u64).read_to_end(&mut to)?;
    if to.len() < length {
        return Err(BundleError::Cut);
    }
    hasher.update(&to);
    Ok(to)
}
