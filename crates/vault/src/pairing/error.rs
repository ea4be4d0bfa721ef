use thiserror::Error;

/// Why two devices were not paired. Nothing was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PairingError {
    /// What was typed is not a code at all.
    #[error(
        "a pairing code has eight digits, like 4829 1760: type it as the other device shows it"
    )]
    NotACode,
    /// The other side did not prove that it knows the code.
    #[error("that code isn't right: start again on the device that shows the code")]
    WrongCode,
    /// The code was shown too long ago, or the clock was set back meanwhile.
    #[error("the code expired: show a new code")]
    Expired,
    /// The code was used: by a wrong try, by a pairing, or because a newer one took its place.
    #[error("this code cannot be used again: show a new code")]
    Burned,
    /// This device shows no code.
    #[error("no code is shown on this device: start pairing here first")]
    NoCode,
    /// Too many codes were shown in a short time.
    #[error(
        "five codes were shown within ten minutes, and more would help whoever guesses: try again in {} seconds; if it was not you who used them up, somebody in this network tries codes, and an invitation file serves meanwhile",
        .again_in_ms.div_ceil(1000)
    )]
    TooMany {
        /// Milliseconds until the next code may be shown.
        again_in_ms: u64,
    },
    /// Both sides have the same key.
    #[error("that is this device itself: choose another one")]
    SameDevice,
    /// A message is not one that an honest device sends.
    #[error(
        "pairing was interfered with or the other app is damaged: nothing was paired; start again with a new code"
    )]
    Refused,
    /// What was handed over does not open with the secret of this pairing.
    #[error("what the other device handed over does not open: nothing was taken; pair again")]
    HandoverDoesNotOpen,
    /// More is to be handed over than can be sealed at once.
    #[error("there is too much to hand over at once: update the app on both devices")]
    HandoverTooLarge,
}

impl PairingError {
    /// A stable name for interfaces that act on the kind of error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotACode => "pairing_not_a_code",
            Self::WrongCode => "pairing_wrong_code",
            Self::Expired => "pairing_expired",
            Self::Burned => "pairing_burned",
            Self::NoCode => "pairing_no_code",
            Self::TooMany { .. } => "pairing_too_many",
            Self::SameDevice => "pairing_same_device",
            Self::Refused => "pairing_refused",
            Self::HandoverDoesNotOpen => "pairing_handover_does_not_open",
            Self::HandoverTooLarge => "pairing_handover_too_large",
        }
    }
}
