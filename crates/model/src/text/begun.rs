//! How a text begins: with one piece that one writer put into a text that held nothing.
//!
//! Owns the short form of such an edit. It is the piece itself, so that whoever takes it in knows the
//! text without the sequence CRDT; what the CRDT would have made of it follows from piece and writer
//! alone and is made when somebody edits the text further.

use super::crdt::LONGEST;
use super::error::TextError;
use super::version::Version;

/// What a beginning in its short form starts with. The CRDT's own updates start otherwise.
const MARK: &[u8] = b"text";

/// The one piece that a text consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    writer: u64,
    text: String,
    chars: u32,
}

impl Begun {
    /// A piece put in by `writer`.
    ///
    /// Errors: [`TextError::Malformed`] where there is nothing, [`TextError::TooLong`],
    /// [`TextError::ReservedWriter`].
    pub fn new(writer: u64, text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        if writer == u64::MAX {
            return Err(TextError::ReservedWriter);
        }
        let chars = text.chars().count();
        if chars > LONGEST {
            return Err(TextError::TooLong);
        }
        match u32::try_from(chars) {
            Ok(0) => Err(TextError::Malformed("beginning".into())),
            Ok(chars) => Ok(Self { writer, text, chars }),
            Err(_) => Err(TextError::TooLong),
        }
    }

    /// Who put it in.
    pub fn writer(&self) -> u64 {
        self.writer
    }

    /// What was put in.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its length in code points.
    pub fn chars(&self) -> u32 {
        self.chars
    }

    /// The version of the text that consists of it.
    pub fn version(&self) -> Version {
        Version::from_entries([(self.writer, self.chars)])
    }

    /// The short form, as a change carries it.
    pub(super) fn to_update(&self) -> Vec<u8> {
        [MARK, self.text.as_bytes()].concat()
    }

    /// Reads what [`Begun::to_update`] wrote; none where it is an update of the CRDT.
    pub(super) fn from_update(update: &[u8], writer: u64) -> Option<Result<Self, TextError>> {
        let text = update.strip_prefix(MARK)?;
        let text = std::str::from_utf8(text).map_err(|_| TextError::Malformed("beginning".into()));
        Some(text.and_then(|text| Self::new(writer, text)))
    }
}

/// Whether an update is a beginning in its short form, which apps of the first schema cannot read.
pub fn is_beginning(update: &[u8]) -> bool {
    update.starts_with(MARK)
}
