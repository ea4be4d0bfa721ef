//! Both sides of the four messages, one type a step, so that none can be taken twice or left out.

use super::handover::PairingSecret;
use super::pake::{ELEMENT, Exchanged, Pake};
use super::{Binding, CONFIRMATION, PairingCode, PairingError, Role, words};
use crate::aead::{self, Key};
use rand_core::{CryptoRng, RngCore};
use std::fmt;

/// What both devices have once each has proved to the other that it knows the code.
#[derive(Debug)]
pub struct Paired {
    /// Seals what is handed over ([`super::seal_handover`]).
    pub secret: PairingSecret,
    /// Four words that are the same on both screens.
    pub words: [&'static str; 4],
}

/// The device that shows the code, before the first message.
pub struct Offering {
    pake: Pake,
    binding: [u8; 32],
}

impl Offering {
    /// Ready for the other side's element.
    pub fn new(
        code: &PairingCode,
        binding: &Binding,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, PairingError> {
        let (pake, binding) = start(Role::Offering, code, binding, rng)?;
        Ok(Self { pake, binding })
    }

    /// Takes the other side's element and gives this side's, which is the answer to it.
    pub fn take_element(
        self,
        theirs: &[u8],
    ) -> Result<(OfferingLast, [u8; ELEMENT]), PairingError> {
        let own = self.pake.own();
        let keys = Keys::of(&self.binding, &self.pake.finish(theirs)?);
        Ok((OfferingLast { keys }, own))
    }
}

/// The device that shows the code, waiting to be shown that the other side knows it.
pub struct OfferingLast {
    keys: Keys,
}

impl OfferingLast {
    /// Takes the other side's confirmation and gives this side's, which is the answer to it.
    pub fn take_confirmation(
        self,
        theirs: &[u8],
    ) -> Result<(Paired, [u8; CONFIRMATION]), PairingError> {
        self.keys.check(Role::Accepting, theirs)?;
        let own = self.keys.confirmation(Role::Offering);
        Ok((self.keys.paired(), own))
    }
}

/// The device on which the code was typed, after it sent its element.
pub struct Accepting {
    pake: Pake,
    binding: [u8; 32],
}

impl Accepting {
    /// Gives the first message, this side's element.
    pub fn new(
        code: &PairingCode,
        binding: &Binding,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<(Self, [u8; ELEMENT]), PairingError> {
        let (pake, binding) = start(Role::Accepting, code, binding, rng)?;
        let own = pake.own();
        Ok((Self { pake, binding }, own))
    }

    /// Takes the other side's element and gives this side's confirmation, which is sent next.
    pub fn take_element(
        self,
        theirs: &[u8],
    ) -> Result<(AcceptingLast, [u8; CONFIRMATION]), PairingError> {
        let keys = Keys::of(&self.binding, &self.pake.finish(theirs)?);
        let own = keys.confirmation(Role::Accepting);
        Ok((AcceptingLast { keys }, own))
    }
}

/// The device on which the code was typed, waiting to be shown that the other side knows it too.
pub struct AcceptingLast {
    keys: Keys,
}

impl AcceptingLast {
    /// Takes the other side's confirmation, the last message.
    pub fn take_confirmation(self, theirs: &[u8]) -> Result<Paired, PairingError> {
        self.keys.check(Role::Offering, theirs)?;
        Ok(self.keys.paired())
    }
}

fn start(
    role: Role,
    code: &PairingCode,
    binding: &Binding,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<(Pake, [u8; 32]), PairingError> {
    binding.check()?;
    let hash = binding.hash();
    Ok((Pake::start(role, code, &hash, rng)?, hash))
}

/// What follows from the exchange, not yet known to be the same on the other side.
struct Keys {
    transcript: [u8; 32],
    accepting: Key,
    offering: Key,
    words: Key,
    secret: Key,
}

impl Keys {
    fn of(binding: &[u8; 32], exchanged: &Exchanged) -> Self {
        let transcript = *blake3::Hasher::new_derive_key("holdfast 2026 pairing transcript")
            .update(binding)
            .update(&exchanged.accepting)
            .update(&exchanged.offering)
            .finalize()
            .as_bytes();
        let key = |purpose: &[u8]| {
            aead::derive(&exchanged.key, &transcript, &[b"holdfast pairing v1 ", purpose])
        };
        Self {
            transcript,
            accepting: key(b"confirm accepting"),
            offering: key(b"confirm offering"),
            words: key(b"words"),
            secret: key(b"secret"),
        }
    }

    fn confirmation(&self, role: Role) -> [u8; CONFIRMATION] {
        *self.mac(role).as_bytes()
    }

    fn mac(&self, role: Role) -> blake3::Hash {
        let key = match role {
            Role::Accepting => &self.accepting,
            Role::Offering => &self.offering,
        };
        blake3::keyed_hash(key, &self.transcript)
    }

    fn check(&self, role: Role, theirs: &[u8]) -> Result<(), PairingError> {
        let theirs: [u8; CONFIRMATION] = theirs.try_into().map_err(|_| PairingError::Refused)?;
        // Hashes of this crate compare in constant time.
        if self.mac(role) == blake3::Hash::from_bytes(theirs) {
            Ok(())
        } else {
            Err(PairingError::WrongCode)
        }
    }

    fn paired(self) -> Paired {
        let words = words::of(&self.words);
        Paired { secret: PairingSecret::new(self.secret, self.transcript), words }
    }
}

macro_rules! shows_nothing {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
shows_nothing!(Offering, OfferingLast, Accepting, AcceptingLast);
