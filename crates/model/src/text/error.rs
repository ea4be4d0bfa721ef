//! What can go wrong with a text, in words that say what to do.

/// Why a text could not be read or changed. The text is as it was before the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A splice reaches past the end of the text.
    #[error(
        "the edit reaches to character {end} of a text of {len}; reload the note and edit again"
    )]
    OutOfBounds {
        /// Where the splice ends, in the unit the caller used.
        end: usize,
        /// How long the text is there, in the same unit.
        len: usize,
    },
    /// A UTF-16 position lies between the two halves of one character.
    #[error("position {pos} splits a character; reload the note and edit again")]
    SplitsCharacter {
        /// The position, in UTF-16 units.
        pos: usize,
    },
    /// Bytes that are no text, no edit or no version.
    #[error("the note's data is damaged ({0}); sync again or restore the note from a backup")]
    Malformed(String),
    /// An edit that carries work of a writer who did not make the change.
    #[error("the edit claims to be written by another device; remove the device that sent it")]
    ForeignWriter {
        /// Who the change belongs to.
        expected: u64,
        /// Whose work the edit carries.
        found: u64,
    },
    /// An edit that follows edits this device does not have.
    #[error("an earlier edit of this note is missing; sync again to receive it")]
    MissingEarlier,
    /// An edit that holds something else than inserted and deleted characters.
    #[error("the edit holds something this version cannot read; update the app on this device")]
    Unsupported,
    /// A version that this text does not have, or that is no version of any text.
    #[error("this version of the note is not on this device; sync again to receive it")]
    UnknownVersion,
    /// This device went on writing after the version that an edit was made on.
    #[error("this text was edited again on this device; look at it once more, then decide")]
    WrittenSince,
    /// The writer id that the sequence CRDT keeps for itself.
    #[error("this device has no valid writing identity; restart the app to get a new one")]
    ReservedWriter,
    /// The text would become longer than a note may be.
    #[error("a text has at most 16 MiB; split it into several notes. Nothing was changed")]
    TooLong,
}

impl TextError {
    /// A stable name for the interface to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfBounds { .. } => "text_out_of_bounds",
            Self::SplitsCharacter { .. } => "text_splits_character",
            Self::Malformed(_) => "text_malformed",
            Self::ForeignWriter { .. } => "text_foreign_writer",
            Self::MissingEarlier => "text_missing_earlier",
            Self::Unsupported => "text_unsupported",
            Self::UnknownVersion => "text_unknown_version",
            Self::WrittenSince => "text_written_since",
            Self::ReservedWriter => "text_reserved_writer",
            Self::TooLong => "text_too_long",
        }
    }
}
