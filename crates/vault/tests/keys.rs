//! Device keys, keyrings, invitations and key files, through the public interface alone.
//! The passphrase tests pay the real price of stretching, so they are few.

use holdfast_oplog::{Hash, VaultId};
use holdfast_vault::{
    DeviceKeys, Invitation, InviteKey, KeyFile, Keyring, Passphrase, RootSecret, VaultError,
    VaultKey, fingerprint, open_invitation, open_with_root, seal_invitation, seal_with_root,
    unwrap_key, wrap_key,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

const VAULT: VaultId = VaultId([7; 16]);

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(42)
}

#[test]
fn device_keys_survive_encoding_and_keep_their_id() {
    let keys = DeviceKeys::generate(&mut rng());
    let encoded = keys.encode();
    let again = DeviceKeys::decode(&encoded).unwrap();
    assert_eq!(again.public(), keys.public());
    assert_eq!(again.device_id(), keys.device_id());
    assert!(DeviceKeys::decode(&encoded[..64]).is_err());
    let mut longer = encoded.to_vec();
    longer.push(0);
    assert!(DeviceKeys::decode(&longer).is_err());
}

#[test]
fn a_signature_counts_in_its_context_alone() {
    let keys = DeviceKeys::generate(&mut rng());
    let signature = keys.sign("login", b"nonce");
    assert!(keys.public().verify("login", b"nonce", &signature).is_ok());
    for (context, message) in [("login", &b"other"[..]), ("logi", b"nnonce"), ("", b"loginnonce")] {
        let outcome = keys.public().verify(context, message, &signature);
        assert_eq!(outcome, Err(VaultError::BadSignature));
    }
    let mut weak = keys.public();
    weak.sign = [0; 32];
    assert!(weak.verify("login", b"nonce", &signature).is_err());
}

#[test]
fn a_fingerprint_is_eight_groups_and_differs_by_either_key() {
    let mut rng = rng();
    let keys = DeviceKeys::generate(&mut rng).public();
    let shown = fingerprint(&keys);
    assert_eq!(shown.len(), 8 * 5 + 7);
    assert!(shown.split(' ').all(|group| group.len() == 5 && group.parse::<u32>().is_ok()));
    let mut other = keys;
    other.agree[0] ^= 1;
    assert_ne!(fingerprint(&other), shown);
    assert_ne!(other.device_id(), keys.device_id());
}

#[test]
fn nothing_secret_is_printed() {
    let mut rng = rng();
    let keys = DeviceKeys::generate(&mut rng);
    let root = RootSecret::generate(&mut rng);
    let ring = Keyring::generate(VAULT, &mut rng);
    let invite = InviteKey::generate(&mut rng);
    let key = VaultKey::generate(&mut rng);
    let phrase = Passphrase::typed("open sesame");
    let printed = format!(
        "{keys:?} {root:?} {ring:?} {invite:?} {key:?} {phrase:?} {:?}",
        KeyFile::Plain(root.clone())
    );
    let list = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    assert!(!printed.contains(&list(&root.expose()[..4])));
    assert!(!printed.contains("sesame"));
    assert_eq!(printed.matches('…').count(), 5, "{printed}");
    assert!(printed.contains("epochs: [1]"));
}

#[test]
fn the_root_seals_for_one_purpose() {
    let mut rng = rng();
    let root = RootSecret::generate(&mut rng);
    let sealed = seal_with_root(&root, "keyring", b"secret", &mut rng).unwrap();
    assert_eq!(open_with_root(&root, "keyring", &sealed).unwrap().as_slice(), b"secret");
    assert!(open_with_root(&root, "device", &sealed).is_err());
    assert!(open_with_root(&RootSecret::generate(&mut rng), "keyring", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 128;
        assert!(open_with_root(&root, "keyring", &changed).is_err());
        assert!(open_with_root(&root, "keyring", &sealed[..at]).is_err());
    }
}

#[test]
fn a_wrapped_key_opens_on_one_device_for_one_epoch_of_one_vault() {
    let mut rng = rng();
    let laptop = DeviceKeys::generate(&mut rng);
    let phone = DeviceKeys::generate(&mut rng);
    let key = VaultKey::generate(&mut rng);
    let wrapped = wrap_key(VAULT, 2, &key, &phone.public(), &mut rng).unwrap();
    assert_eq!(wrapped.len(), 104);
    assert_eq!(unwrap_key(VAULT, 2, &wrapped, &phone), Ok(key.clone()));
    assert!(unwrap_key(VAULT, 2, &wrapped, &laptop).is_err());
    assert!(unwrap_key(VAULT, 3, &wrapped, &phone).is_err());
    assert!(unwrap_key(VaultId([8; 16]), 2, &wrapped, &phone).is_err());
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert!(unwrap_key(VAULT, 2, &changed, &phone).is_err(), "byte {at}");
        assert!(unwrap_key(VAULT, 2, &wrapped[..at], &phone).is_err());
    }
    let mut zero = wrapped;
    zero[..32].fill(0);
    assert_eq!(unwrap_key(VAULT, 2, &zero, &phone), Err(VaultError::BadPublicKey));
    let mut weak = phone.public();
    weak.agree = [0; 32];
    assert_eq!(wrap_key(VAULT, 2, &key, &weak, &mut rng), Err(VaultError::BadPublicKey));
}

#[test]
fn a_keyring_survives_encoding_and_damage_is_an_error() {
    let mut rng = rng();
    let mut ring = Keyring::generate(VAULT, &mut rng);
    let (epoch, key) = ring.next(&mut rng).unwrap();
    assert!(ring.insert(epoch, key.clone()).unwrap());
    assert!(!ring.insert(epoch, key).unwrap());
    assert_eq!((ring.current(), ring.has(2), ring.has(3)), (2, true, false));
    let encoded = ring.encode();
    assert_eq!(Keyring::decode(&encoded).unwrap(), ring);
    for at in 0..encoded.len() {
        assert!(Keyring::decode(&encoded[..at]).is_err());
    }
    let mut claims = encoded.to_vec();
    claims[17..21].fill(0xff);
    assert!(Keyring::decode(&claims).is_err());
    ring.insert(u32::MAX, VaultKey::generate(&mut rng)).unwrap();
    assert_eq!(ring.next(&mut rng), Err(VaultError::NoMoreEpochs));
}

#[test]
fn a_discovery_tag_changes_with_time_and_key() {
    let mut rng = rng();
    let mut ring = Keyring::generate(VAULT, &mut rng);
    let tag = ring.discovery_tag(5).unwrap();
    assert_eq!(ring.discovery_tag(5).unwrap(), tag);
    assert_ne!(ring.discovery_tag(6).unwrap(), tag);
    ring.insert(2, VaultKey::generate(&mut rng)).unwrap();
    assert_ne!(ring.discovery_tag(5).unwrap(), tag);
}

#[test]
fn a_passphrase_has_a_least_length() {
    assert_eq!(
        Passphrase::chosen("seven77\n").unwrap_err(),
        VaultError::PassphraseTooShort { least: 8 }
    );
    assert!(Passphrase::chosen("éééééééé").is_ok());
}

#[test]
fn an_invitation_opens_with_its_passphrase_and_no_other() {
    let mut rng = rng();
    let invitation = Invitation {
        keyring: Keyring::generate(VAULT, &mut rng),
        key: InviteKey::generate(&mut rng),
        invite: Hash([5; 32]),
        inviter: "laptop".into(),
    };
    let phrase = Passphrase::chosen("correct horse").unwrap();
    let wrapped = seal_invitation(&invitation, &phrase, &mut rng).unwrap();
    let opened = open_invitation(&wrapped, &Passphrase::typed("correct horse\r\n")).unwrap();
    assert_eq!(opened.keyring, invitation.keyring);
    assert_eq!(opened.key.public(), invitation.key.public());
    assert_eq!((opened.invite, opened.inviter.as_str()), (Hash([5; 32]), "laptop"));
    let wrong = open_invitation(&wrapped, &Passphrase::typed("Correct horse"));
    assert_eq!(wrong.unwrap_err(), VaultError::WrongPassphrase);

    // The salt, which is authenticated, and the ciphertext.
    for at in [20, wrapped.len() - 1] {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        let outcome = open_invitation(&changed, &phrase).unwrap_err();
        assert_eq!(outcome, VaultError::WrongPassphrase);
    }
    // Stronger parameters than it was made with are tried, and do not fit.
    let mut stronger = wrapped.clone();
    stronger[12] = 4;
    assert_eq!(open_invitation(&stronger, &phrase).unwrap_err(), VaultError::WrongPassphrase);
}

#[test]
fn weaker_or_ruinous_stretching_is_refused_without_work() {
    let mut bytes = b"HFIN\x01".to_vec();
    for number in [65_536u32, 3, 4] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend([0; 16 + 40]);
    let phrase = Passphrase::typed("x");
    for (at, value) in [(5, 0xff), (6, 0), (9, 1), (12, 2), (12, 200), (16, 3), (16, 99)] {
        let mut changed = bytes.clone();
        changed[at] = value;
        let outcome = open_invitation(&changed, &phrase).unwrap_err();
        assert_eq!(outcome, VaultError::RefusedStretch, "byte {at}");
    }
    let mut newer = bytes.clone();
    newer[4] = 2;
    assert_eq!(open_invitation(&newer, &phrase).unwrap_err().code(), "newer_format");
    for at in 0..bytes.len() {
        assert_eq!(open_invitation(&bytes[..at], &phrase).unwrap_err().code(), "malformed");
    }
    bytes.resize(1024 * 1024, 0);
    assert_eq!(open_invitation(&bytes, &phrase).unwrap_err().code(), "too_large");
}

#[test]
fn a_key_file_is_plain_or_wrapped() {
    let mut rng = rng();
    let root = RootSecret::generate(&mut rng);
    let plain = KeyFile::Plain(root.clone()).encode();
    let parsed = KeyFile::parse(&plain).unwrap();
    assert!(!parsed.needs_passphrase());
    assert_eq!(parsed.unlock(None).unwrap().expose(), root.expose());
    for at in 0..plain.len() {
        let mut changed = plain.to_vec();
        changed[at] ^= 1;
        assert!(KeyFile::parse(&changed).is_err(), "byte {at}");
        assert!(KeyFile::parse(&plain[..at]).is_err());
    }

    let phrase = Passphrase::chosen("a long phrase").unwrap();
    let wrapped = KeyFile::wrap(&root, &phrase, &mut rng).unwrap().encode();
    let parsed = KeyFile::parse(&wrapped).unwrap();
    assert!(parsed.needs_passphrase());
    assert_eq!(parsed.unlock(None).unwrap_err(), VaultError::WrongPassphrase);
    assert_eq!(parsed.unlock(Some(&phrase)).unwrap().expose(), root.expose());
    let wrong = parsed.unlock(Some(&Passphrase::typed("another one")));
    assert_eq!(wrong.unwrap_err(), VaultError::WrongPassphrase);

    for _ in 0..20_000 {
        let mut noise = vec![0; rng.next_u32() as usize % 80];
        rng.fill_bytes(&mut noise);
        assert!(KeyFile::parse(&noise).is_err());
    }
}
