//! Key files, keyrings, device keys and invitations.

use crate::{Target, world};
use holdfast_oplog::Hash;
use holdfast_vault::{
    DeviceKeys, Invitation, InviteKey, KeyFile, Keyring, Passphrase, RootSecret, open_with_root,
    seal_invitation, seal_with_root, unwrap_key,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub(crate) const TARGET: Target = Target { name: "keys", run, seeds, mutations: 40_000 };

fn seeds() -> Vec<Vec<u8>> {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let world = world::fresh();
    let root = RootSecret::generate(&mut rng);
    let key = InviteKey::generate(&mut rng);
    let invitation = Invitation {
        keyring: world.laptop.keyring.clone(),
        key,
        invite: Hash::of(b"invite"),
        inviter: "laptop".into(),
    };
    let passphrase = Passphrase::chosen("correct horse").expect("long enough");
    vec![
        KeyFile::Plain(root.clone()).encode().to_vec(),
        world.laptop.keyring.encode().to_vec(),
        world.laptop.keys.encode().to_vec(),
        invitation.encode().to_vec(),
        seal_with_root(&root, "keyring", b"secret", &mut rng).expect("sealed"),
        seal_invitation(&invitation, &passphrase, &mut rng).expect("an invitation"),
    ]
}

fn run(data: &[u8]) {
    if let Ok(file) = KeyFile::parse(data) {
        assert_eq!(file.encode().as_slice(), data, "a key file is not what it was read from");
        if let KeyFile::Plain(_) = file {
            file.unlock(None).expect("a plain file needs no passphrase");
        }
    }
    if let Ok(ring) = Keyring::decode(data) {
        let again = Keyring::decode(&ring.encode()).expect("what was written can be read");
        assert!(again == ring && ring.has(ring.current()));
    }
    if let Ok(keys) = DeviceKeys::decode(data) {
        assert_eq!(keys.encode().as_slice(), data);
    }
    if let Ok(invitation) = Invitation::decode(data) {
        let again = Invitation::decode(&invitation.encode()).expect("what was written can be read");
        assert_eq!(again.inviter, invitation.inviter);
        assert!(again.keyring == invitation.keyring && again.invite == invitation.invite);
    }
    let world = fixed();
    assert!(open_with_root(&world.1, "keyring", data).is_err(), "a forged secret opened");
    let _ = unwrap_key(world.0.vault(), 1, data, &world.2).is_err();
}

fn fixed() -> &'static (Keyring, RootSecret, DeviceKeys) {
    static FIXED: std::sync::OnceLock<(Keyring, RootSecret, DeviceKeys)> =
        std::sync::OnceLock::new();
    FIXED.get_or_init(|| {
        let mut rng = ChaCha20Rng::seed_from_u64(8);
        let world = world::fresh();
        (world.laptop.keyring, RootSecret::generate(&mut rng), DeviceKeys::generate(&mut rng))
    })
}
