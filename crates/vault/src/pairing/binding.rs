use super::PairingError;

/// Which side of a pairing a device is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It shows the code.
    Offering,
    /// The code is typed on it.
    Accepting,
}

impl Role {
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Self::Offering => b"offering",
            Self::Accepting => b"accepting",
        }
    }
}

/// What a pairing is bound to. Two sides that do not agree on all of it come to different secrets,
/// so that whoever stands between them, with keys and channels of its own, gets nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// What TLS exports from the connection (RFC 9266): another connection, another value.
    pub channel: [u8; 32],
    /// The Ed25519 key in the certificate of the device that shows the code.
    pub offering: [u8; 32],
    /// The Ed25519 key in the certificate of the device on which the code is typed.
    pub accepting: [u8; 32],
    /// The protocol's version that both sides settled on.
    pub protocol: u32,
}

impl Binding {
    /// A device does not pair with itself, and a stranger does not get far with its key.
    pub(super) fn check(&self) -> Result<(), PairingError> {
        if self.offering == self.accepting {
            return Err(PairingError::SameDevice);
        }
        Ok(())
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        *blake3::Hasher::new_derive_key("holdfast 2026 pairing binding")
            .update(&self.channel)
            .update(&self.offering)
            .update(&self.accepting)
            .update(&self.protocol.to_be_bytes())
            .finalize()
            .as_bytes()
    }
}
