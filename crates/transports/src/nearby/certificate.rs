//! The certificate that a device shows, and the key in that of another.

use super::{NearbyError, limits};
use holdfast_vault::is_sound_key;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ED25519};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// What stands before the 32 bytes of an Ed25519 key in a certificate (RFC 8410, section 4).
const BEFORE_THE_KEY: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A certificate that the device signs itself, over the key in `pkcs8`. It names nothing and nobody,
/// and is the same each time.
pub(super) fn make(pkcs8: &PrivatePkcs8KeyDer<'_>) -> Result<CertificateDer<'static>, NearbyError> {
    let bad = |_| NearbyError::BadIdentity;
    let key = KeyPair::from_pkcs8_der_and_sign_algo(pkcs8, &PKCS_ED25519).map_err(bad)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let made = params.self_signed(&key).map_err(bad)?;
    Ok(made.der().clone())
}

/// The Ed25519 key in a peer's certificate, which is all that a certificate is good for here. Names,
/// dates and who signed it do not count: that the peer holds the key is shown by the handshake.
pub fn read_key(certificate: &[u8]) -> Result<[u8; 32], NearbyError> {
    if certificate.len() > limits::CERTIFICATE {
        return Err(NearbyError::BadCertificate);
    }
    let der = CertificateDer::from(certificate);
    let read = webpki::EndEntityCert::try_from(&der).map_err(|_| NearbyError::BadCertificate)?;
    let info = read.subject_public_key_info();
    let key: [u8; 32] = info
        .strip_prefix(&BEFORE_THE_KEY)
        .and_then(|key| key.try_into().ok())
        .ok_or(NearbyError::BadCertificate)?;
    if is_sound_key(&key) { Ok(key) } else { Err(NearbyError::BadCertificate) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_vault::DeviceKeys;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    fn certificate(keys: &DeviceKeys) -> CertificateDer<'static> {
        make(&PrivatePkcs8KeyDer::from(keys.sign_pkcs8().as_slice())).unwrap()
    }

    #[test]
    fn the_key_in_a_certificate_is_the_devices_own() {
        let keys = DeviceKeys::generate(&mut ChaCha20Rng::seed_from_u64(1));
        let der = certificate(&keys);
        assert_eq!(read_key(&der).unwrap(), keys.public().sign);
        assert_eq!(der, certificate(&keys), "the same each time");
    }

    #[test]
    fn a_certificate_of_another_kind_is_refused() {
        let other = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let der = CertificateParams::default().self_signed(&other).unwrap();
        assert_eq!(read_key(der.der()).unwrap_err().code(), "nearby_bad_certificate");
    }

    #[test]
    fn no_bytes_make_the_reader_panic_or_give_a_key_that_is_not_there() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let good = certificate(&DeviceKeys::generate(&mut rng)).to_vec();
        for _ in 0..10_000 {
            let mut bytes = good.clone();
            for _ in 0..=rng.next_u32() % 4 {
                let at = rng.next_u32() as usize % bytes.len();
                match rng.next_u32() % 3 {
                    0 => bytes[at] = rng.next_u32() as u8,
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, rng.next_u32() as u8),
                }
            }
            if let Ok(key) = read_key(&bytes) {
                assert!(bytes.windows(32).any(|window| window == key));
            }
        }
        assert!(read_key(&[]).is_err());
        assert!(read_key(&vec![0x30; limits::CERTIFICATE + 1]).is_err());
    }
}
