use super::*;
use crate::epochs::VaultKey;
use holdfast_oplog::Space;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const LAPTOP: ActorId = ActorId([1; 16]);

struct Setting {
    keys: DeviceKeys,
    keyring: Keyring,
    rng: ChaCha20Rng,
}

impl Setting {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let keys = DeviceKeys::generate(&mut rng);
        Self { keys, keyring: Keyring::generate(VaultId([7; 16]), &mut rng), rng }
    }

    fn header(&self, first: u64, previous: Hash, changes: &[Vec<u8>]) -> BatchHeader {
        BatchHeader {
            format: holdfast_oplog::BATCH_FORMAT,
            vault: self.keyring.vault(),
            space: Space::Everywhere,
            actor: LAPTOP,
            first,
            last: first + changes.len() as u64 - 1,
            prev_hash: previous,
            last_hash: changes.iter().fold(previous, |hash, change| chain_hash(hash, change)),
            epoch: self.keyring.current(),
            branch: None,
        }
    }

    fn sign(&self, header: &BatchHeader) -> [u8; 64] {
        let id = ChangeId { space: header.space, actor: header.actor, seq: header.last };
        sign_change(&self.keys, header.vault, id, header.last_hash)
    }

    fn seal(&mut self, first: u64, changes: &[Vec<u8>]) -> Result<SealedBatch, VaultError> {
        let previous = if first == 1 { Hash::ZERO } else { Hash([3; 32]) };
        let header = self.header(first, previous, changes);
        let signature = self.sign(&header);
        seal_batch(&self.keyring, header, changes, signature, &mut self.rng)
    }

    fn open(&self, batch: &SealedBatch) -> Result<Opened, VaultError> {
        open_batch(&self.keyring, batch, |actor| (actor == LAPTOP).then(|| self.keys.public()))
    }

    /// Seals content that [`seal_batch`] would not, as a member with bad intentions could.
    fn seal_content(&mut self, header: &BatchHeader, packed: &[u8]) -> SealedBatch {
        let key = self.keyring.sealing(header.epoch, Purpose::Changes).unwrap();
        let header = holdfast_oplog::encode(header).unwrap();
        let padded = padding::pad(packed).unwrap();
        let sealed = aead::seal(&key, &header, &padded, &mut self.rng).unwrap();
        SealedBatch { header, sealed }
    }

    fn seal_raw(
        &mut self,
        header: &BatchHeader,
        changes: Vec<Vec<u8>>,
        signature: [u8; 64],
    ) -> SealedBatch {
        let content = Content { changes: Changes(changes), signature: ByteArray::new(signature) };
        let plain = holdfast_oplog::encode(&content).unwrap();
        self.seal_content(header, &zstd::bulk::compress(&plain, 1).unwrap())
    }
}

fn three() -> Vec<Vec<u8>> {
    vec![b"one".to_vec(), vec![2; 700], b"three".to_vec()]
}

#[test]
fn what_was_sealed_opens_with_hashes_and_signature() {
    let mut setting = Setting::new();
    for first in [1, 9] {
        let batch = setting.seal(first, &three()).unwrap();
        let opened = setting.open(&batch).unwrap();
        assert_eq!(opened.changes, three());
        assert_eq!(opened.hashes.len(), 3);
        assert_eq!(opened.hashes[2], opened.header.last_hash);
        assert_eq!(opened.signature, setting.sign(&opened.header));
    }
}

#[test]
fn a_batch_moved_to_another_place_does_not_open() {
    let mut setting = Setting::new();
    let batch = setting.seal(5, &three()).unwrap();
    let header = batch.header().unwrap();
    let other_key = VaultKey::generate(&mut setting.rng);
    setting.keyring.insert(2, other_key).unwrap();
    let moves: Vec<BatchHeader> = vec![
        BatchHeader { space: Space::Nearby, ..header.clone() },
        BatchHeader { actor: ActorId([2; 16]), ..header.clone() },
        BatchHeader { first: 4, ..header.clone() },
        BatchHeader { last: 8, ..header.clone() },
        BatchHeader { first: 6, last: 8, ..header.clone() },
        BatchHeader { prev_hash: Hash([9; 32]), ..header.clone() },
        BatchHeader { last_hash: Hash([9; 32]), ..header.clone() },
        BatchHeader { epoch: 2, ..header.clone() },
        BatchHeader { format: 0, ..header.clone() },
    ];
    for moved in moves {
        let moved =
            SealedBatch { header: holdfast_oplog::encode(&moved).unwrap(), ..batch.clone() };
        assert_eq!(setting.open(&moved), Err(VaultError::DoesNotOpen("a batch")));
    }
    let elsewhere = |header: BatchHeader| SealedBatch {
        header: holdfast_oplog::encode(&header).unwrap(),
        ..batch.clone()
    };
    let vault = VaultId([8; 16]);
    let foreign = elsewhere(BatchHeader { vault, ..header.clone() });
    assert_eq!(setting.open(&foreign), Err(VaultError::ForeignVault { found: vault }));
    let unknown = elsewhere(BatchHeader { epoch: 3, ..header.clone() });
    assert_eq!(setting.open(&unknown), Err(VaultError::UnknownEpoch { epoch: 3 }));
    let newer = elsewhere(BatchHeader { format: 99, ..header });
    assert_eq!(setting.open(&newer).unwrap_err().code(), "newer_format");
}

#[test]
fn another_vaults_keys_open_nothing() {
    let mut setting = Setting::new();
    let batch = setting.seal(1, &three()).unwrap();
    let other = Setting {
        keyring: Keyring::generate(VaultId([7; 16]), &mut setting.rng),
        ..Setting::new()
    };
    assert_eq!(other.open(&batch), Err(VaultError::DoesNotOpen("a batch")));
}

#[test]
fn every_flipped_bit_and_every_cut_is_an_error() {
    let mut setting = Setting::new();
    let batch = setting.seal(1, &[b"a".to_vec(), b"b".to_vec()]).unwrap();
    let bytes = batch.encode().unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let outcome = SealedBatch::decode(&changed).map_err(VaultError::from);
            assert!(outcome.and_then(|batch| setting.open(&batch)).is_err(), "byte {at} bit {bit}");
        }
        assert!(SealedBatch::decode(&bytes[..at]).is_err());
    }
}

#[test]
fn twenty_thousand_mutations_never_panic_nor_pass() {
    use rand_core::RngCore;
    let mut setting = Setting::new();
    let batch = setting.seal(2, &three()).unwrap();
    let bytes = batch.encode().unwrap();
    for _ in 0..20_000 {
        let mut changed = bytes.clone();
        for _ in 0..=setting.rng.next_u32() % 3 {
            let at = setting.rng.next_u32() as usize % changed.len();
            match setting.rng.next_u32() % 4 {
                0 => changed[at] ^= 1 << (setting.rng.next_u32() % 8),
                1 => changed[at] = setting.rng.next_u32() as u8,
                2 => changed.truncate(at.max(1)),
                _ => changed.insert(at, setting.rng.next_u32() as u8),
            }
        }
        if let Ok(decoded) = SealedBatch::decode(&changed)
            && decoded != batch
        {
            assert!(setting.open(&decoded).is_err());
        }
    }
}

#[test]
fn a_member_cannot_pass_off_a_false_chain_count_or_signature() {
    let mut setting = Setting::new();
    let header = setting.header(1, Hash::ZERO, &three());
    let good = setting.sign(&header);

    let mut swapped = three();
    swapped.swap(0, 2);
    let batch = setting.seal_raw(&header, swapped, good);
    assert_eq!(setting.open(&batch), Err(VaultError::BadChain));

    let batch = setting.seal_raw(&header, three()[..2].to_vec(), good);
    assert_eq!(setting.open(&batch), Err(VaultError::WrongCount { found: 2, expected: 3 }));

    let mut bad = good;
    bad[5] ^= 1;
    let batch = setting.seal_raw(&header, three(), bad);
    assert_eq!(setting.open(&batch), Err(VaultError::BadSignature));

    let phone = DeviceKeys::generate(&mut setting.rng);
    let id = ChangeId { space: header.space, actor: LAPTOP, seq: 3 };
    let by_phone = sign_change(&phone, header.vault, id, header.last_hash);
    let batch = setting.seal_raw(&header, three(), by_phone);
    assert_eq!(setting.open(&batch), Err(VaultError::BadSignature));

    let batch = setting.seal_raw(&header, three(), good);
    assert_eq!(
        open_batch(&setting.keyring, &batch, |_| None),
        Err(VaultError::UnknownActor(LAPTOP))
    );

    let first =
        BatchHeader { prev_hash: Hash([1; 32]), ..setting.header(1, Hash([1; 32]), &three()) };
    let signature = setting.sign(&first);
    let batch = setting.seal_raw(&first, three(), signature);
    assert_eq!(setting.open(&batch), Err(VaultError::BadChain));
}

#[test]
fn too_much_is_refused_before_it_is_held() {
    let mut setting = Setting::new();
    let header = setting.header(1, Hash::ZERO, &three());
    let bomb = zstd::bulk::compress(&vec![0u8; 64 * 1024 * 1024], 19).unwrap();
    assert!(bomb.len() < 100_000);
    let batch = setting.seal_content(&header, &bomb);
    assert_eq!(setting.open(&batch).unwrap_err().code(), "too_large");

    // Sixty-four megabytes of window, for four bytes.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    std::io::Write::write_all(&mut encoder, &vec![1; 9 * 1024 * 1024]).unwrap();
    let batch = setting.seal_content(&header, &encoder.finish().unwrap());
    assert_eq!(setting.open(&batch).unwrap_err().code(), "malformed");

    // A list of very many empty changes, within the size.
    let many = vec![Vec::new(); limits::BATCH_CHANGES + 1];
    let batch = setting.seal_raw(&header, many, [0; 64]);
    assert_eq!(setting.open(&batch).unwrap_err().code(), "malformed");

    let mut two_frames = zstd::bulk::compress(b"x", 1).unwrap();
    two_frames.extend(two_frames.clone());
    let batch = setting.seal_content(&header, &two_frames);
    assert_eq!(setting.open(&batch).unwrap_err().code(), "malformed");

    assert_eq!(setting.seal(1, &[vec![0; limits::CHANGE + 1]]).unwrap_err().code(), "too_large");
    let mut noise = vec![vec![0; limits::CHANGE]; 5];
    for change in &mut noise {
        rand_core::RngCore::fill_bytes(&mut setting.rng, change);
    }
    assert_eq!(setting.seal(1, &noise).unwrap_err().code(), "too_large");
}

#[test]
fn both_keys_of_an_epoch_begun_twice_open() {
    let mut setting = Setting::new();
    let (epoch, laptops) = setting.keyring.next(&mut setting.rng).unwrap();
    let (_, phones) = setting.keyring.next(&mut setting.rng).unwrap();
    let mut laptop = Setting::new();
    laptop.keyring = setting.keyring.clone();
    laptop.keyring.insert(epoch, laptops.clone()).unwrap();
    let early = laptop.seal(1, &three()).unwrap();
    setting.keyring.insert(epoch, phones.clone()).unwrap();
    let by_phone = setting.seal(1, &three()).unwrap();
    setting.keyring.insert(epoch, laptops).unwrap();
    laptop.keyring.insert(epoch, phones).unwrap();
    assert_eq!(setting.keyring, laptop.keyring);
    assert_eq!(Keyring::decode(&setting.keyring.encode()).unwrap(), setting.keyring);
    assert!(setting.open(&early).is_ok() && setting.open(&by_phone).is_ok());
}

#[test]
fn a_blob_opens_only_where_it_belongs() {
    let mut setting = Setting::new();
    let ring = &setting.keyring;
    let sealed =
        seal_blob(ring, Purpose::Attachments, b"photo/1", b"pixels", &mut setting.rng).unwrap();
    let open = |purpose, ad, bytes: &[u8]| open_blob(ring, purpose, ad, bytes);
    assert_eq!(open(Purpose::Attachments, b"photo/1", &sealed), Ok(b"pixels".to_vec()));
    assert!(open(Purpose::Attachments, b"photo/2", &sealed).is_err());
    assert!(open(Purpose::Membership, b"photo/1", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(open(Purpose::Attachments, b"photo/1", &changed).is_err());
        assert!(open(Purpose::Attachments, b"photo/1", &sealed[..at]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changes_survive(
        changes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 1..40),
        first in 1..holdfast_oplog::limits::SEQ - 40,
    ) {
        let mut setting = Setting::new();
        let batch = setting.seal(first, &changes).unwrap();
        prop_assert_eq!(SealedBatch::decode(&batch.encode().unwrap()).unwrap(), batch.clone());
        prop_assert_eq!(setting.open(&batch).unwrap().changes, changes);
    }

    #[test]
    fn bytes_from_anywhere_are_an_error(header in prop::collection::vec(any::<u8>(), 0..300), sealed in prop::collection::vec(any::<u8>(), 0..300)) {
        let setting = Setting::new();
        let outcome = setting.open(&SealedBatch { header, sealed });
        prop_assert!(outcome.is_err());
    }
}
