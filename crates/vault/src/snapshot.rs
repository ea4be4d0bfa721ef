//! Sealing and opening of the pieces of a snapshot.

use crate::epochs::{Keyring, Purpose};
use crate::{VaultError, open_blob, padding, seal_blob};
use holdfast_oplog::limits;
use rand_core::{CryptoRng, RngCore};
use std::io::Read;

/// zstd's window while opening, as a power of two: no more than a whole piece.
const WINDOW_LOG: u32 = 20;
const WHAT: &str = "a piece of a snapshot";

/// What a piece is bound to: its vault, its snapshot and its number there. Elsewhere it does not open.
fn place(keyring: &Keyring, snapshot: [u8; 16], number: u32) -> Vec<u8> {
    let mut bytes = b"snapshot piece".to_vec();
    bytes.extend_from_slice(&keyring.vault().0);
    bytes.extend_from_slice(&snapshot);
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes
}

/// Seals a piece of a snapshot: at most [`limits::SNAPSHOT_PLAIN`] bytes, compressed and padded.
pub fn seal_piece(
    keyring: &Keyring,
    snapshot: [u8; 16],
    number: u32,
    plain: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    let (size, limit) = (plain.len(), limits::SNAPSHOT_PLAIN);
    if size > limit {
        return Err(VaultError::TooLarge { what: WHAT, size, limit });
    }
    let packed = zstd::bulk::compress(plain, 3).map_err(|_| VaultError::Malformed(WHAT))?;
    let padded = padding::pad(&packed)?;
    seal_blob(keyring, Purpose::Snapshots, &place(keyring, snapshot, number), &padded, rng)
}

/// Opens what [`seal_piece`] sealed. Decompresses at most [`limits::SNAPSHOT_PLAIN`] bytes, whatever
/// the compressed bytes claim.
pub fn open_piece(
    keyring: &Keyring,
    snapshot: [u8; 16],
    number: u32,
    sealed: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let (size, limit) = (sealed.len(), limits::SNAPSHOT_PIECE);
    if size > limit {
        return Err(VaultError::TooLarge { what: WHAT, size, limit });
    }
    let padded = open_blob(keyring, Purpose::Snapshots, &place(keyring, snapshot, number), sealed)?;
    let packed = padding::unpad(&padded)?;
    let malformed = |_| VaultError::Malformed(WHAT);
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(malformed)?;
    decoder.window_log_max(WINDOW_LOG).map_err(malformed)?;
    let mut plain = Vec::new();
    let limit = limits::SNAPSHOT_PLAIN;
    let mut bounded = decoder.single_frame().take(limit as u64 + 1);
    bounded.read_to_end(&mut plain).map_err(malformed)?;
    if plain.len() > limit {
        return Err(VaultError::TooLarge { what: WHAT, size: plain.len(), limit });
    }
    if !bounded.into_inner().finish().is_empty() {
        return Err(VaultError::Malformed(WHAT));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_oplog::VaultId;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const ID: [u8; 16] = [3; 16];

    #[test]
    fn a_piece_opens_in_its_place_and_nowhere_else() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let keyring = Keyring::generate(VaultId([1; 16]), &mut rng);
        let other = Keyring::generate(VaultId([1; 16]), &mut rng);
        let sealed = seal_piece(&keyring, ID, 4, b"states", &mut rng).unwrap();
        assert_eq!(open_piece(&keyring, ID, 4, &sealed).unwrap().as_slice(), b"states");
        assert_eq!(open_piece(&keyring, ID, 5, &sealed).unwrap_err().code(), "does_not_open");
        assert_eq!(open_piece(&keyring, [4; 16], 4, &sealed).unwrap_err().code(), "does_not_open");
        assert_eq!(open_piece(&other, ID, 4, &sealed).unwrap_err().code(), "does_not_open");
        for length in 0..sealed.len() {
            assert!(open_piece(&keyring, ID, 4, &sealed[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_piece_that_unpacks_to_more_than_is_allowed_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let keyring = Keyring::generate(VaultId([1; 16]), &mut rng);
        let much = vec![0; limits::SNAPSHOT_PLAIN + 1];
        assert_eq!(seal_piece(&keyring, ID, 0, &much, &mut rng).unwrap_err().code(), "too_large");
        let bomb = zstd::bulk::compress(&much, 3).unwrap();
        let padded = padding::pad(&bomb).unwrap();
        let at = place(&keyring, ID, 0);
        let sealed = seal_blob(&keyring, Purpose::Snapshots, &at, &padded, &mut rng).unwrap();
        assert_eq!(open_piece(&keyring, ID, 0, &sealed).unwrap_err().code(), "too_large");
    }

    #[test]
    fn a_full_piece_that_does_not_compress_fits() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let keyring = Keyring::generate(VaultId([1; 16]), &mut rng);
        let mut noise = vec![0; limits::SNAPSHOT_PLAIN];
        rng.fill_bytes(&mut noise);
        let sealed = seal_piece(&keyring, ID, 0, &noise, &mut rng).unwrap();
        assert!(sealed.len() + 256 <= limits::SNAPSHOT_PIECE);
        assert_eq!(open_piece(&keyring, ID, 0, &sealed).unwrap().as_slice(), noise);
    }
}
