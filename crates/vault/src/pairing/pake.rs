//! The password-authenticated key exchange: SPAKE2 over the group of Ed25519. The only file that
//! knows which crate does it. Never confirms anything: a wrong password gives another key, silently.

use super::{PairingCode, PairingError, Role};
use curve25519_dalek::edwards::CompressedEdwardsY;
use rand_core::{CryptoRng, RngCore};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use zeroize::Zeroizing;

/// Bytes of a message of the exchange: which side, and a point of the curve.
pub const ELEMENT: usize = 33;

/// One side that has sent its element and waits for the other's.
pub(super) struct Pake {
    role: Role,
    state: Spake2<Ed25519Group>,
    own: [u8; ELEMENT],
}

impl Pake {
    pub(super) fn start(
        role: Role,
        code: &PairingCode,
        binding: &[u8; 32],
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, PairingError> {
        let password = Password::new(code.digits());
        let accepting = identity(Role::Accepting, binding);
        let offering = identity(Role::Offering, binding);
        let (state, own) = match role {
            Role::Accepting => Spake2::start_a_with_rng(&password, &accepting, &offering, rng),
            Role::Offering => Spake2::start_b_with_rng(&password, &accepting, &offering, rng),
        };
        let own = own.try_into().map_err(|_| PairingError::Refused)?;
        Ok(Self { role, state, own })
    }

    pub(super) const fn own(&self) -> [u8; ELEMENT] {
        self.own
    }

    /// The shared key, from the other side's element.
    pub(super) fn finish(self, theirs: &[u8]) -> Result<Exchanged, PairingError> {
        let theirs: [u8; ELEMENT] = theirs.try_into().map_err(|_| PairingError::Refused)?;
        refuse_element(&theirs, &self.own)?;
        let key = self.state.finish(&theirs).map_err(|_| PairingError::Refused)?;
        let key: Zeroizing<Vec<u8>> = Zeroizing::new(key);
        let (accepting, offering) = match self.role {
            Role::Accepting => (self.own, theirs),
            Role::Offering => (theirs, self.own),
        };
        Ok(Exchanged { key, accepting, offering })
    }
}

/// What both sides have after the exchange, if both used the same code.
pub(super) struct Exchanged {
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) accepting: [u8; ELEMENT],
    pub(super) offering: [u8; ELEMENT],
}

fn identity(role: Role, binding: &[u8; 32]) -> Identity {
    let mut name = b"holdfast pairing v1 ".to_vec();
    name.extend_from_slice(role.name());
    name.push(0);
    name.extend_from_slice(binding);
    Identity::new(&name)
}

/// Points that no honest side sends: the neutral one, those of small order or with a part of small
/// order, those written in a second way, and one's own.
fn refuse_element(theirs: &[u8; ELEMENT], own: &[u8; ELEMENT]) -> Result<(), PairingError> {
    let bytes = |element: &[u8; ELEMENT]| {
        let mut point = [0u8; 32];
        point.iter_mut().zip(element.iter().skip(1)).for_each(|(to, from)| *to = *from);
        CompressedEdwardsY(point)
    };
    let written = bytes(theirs);
    let point = written.decompress().ok_or(PairingError::Refused)?;
    let honest = !point.is_small_order()
        && point.is_torsion_free()
        && point.compress() == written
        && written != bytes(own);
    if honest { Ok(()) } else { Err(PairingError::Refused) }
}
