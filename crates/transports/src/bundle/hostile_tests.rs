//! Files that are damaged, or made with bad intentions: each ends in an error that says what to do,
//! and nothing changes.

use super::fixture_tests::{Device, EVERYTHING, devices};
use super::format::{BundleHeader, BundleReader, BundleWriter, Section, SectionKind};
use super::{BundleError, HEADER_CONTEXT};
use holdfast_oplog::{BATCH_FORMAT, BatchHeader, DeviceId, LogId, Range, Space};
use holdfast_sync::devices::remove_device;
use holdfast_sync::outgoing;
use holdfast_vault::{DeviceKeys, seal_batch};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::io::Cursor;

/// A laptop's bundle with several batches and a piece of an attachment, and a phone that holds a
/// part of what is in it.
fn laptop_and_phone() -> (Device, Device, Vec<u8>) {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    phone.add("ash");
    phone.import(&laptop.export(EVERYTHING).0).unwrap();
    laptop.import(&phone.export(EVERYTHING).0).unwrap();
    laptop.add("elm");
    laptop.attach("picture", b"a small picture");
    let (path, exported) = laptop.export(EVERYTHING);
    assert_eq!((exported.batches, exported.chunks), (2, 1));
    (laptop, phone, std::fs::read(path).unwrap())
}

/// Puts the right hash at the end again, as someone with bad intentions could.
fn rehash(bytes: &mut Vec<u8>) {
    if bytes.len() > 32 {
        bytes.truncate(bytes.len() - 32);
        let hash = *blake3::hash(bytes).as_bytes();
        bytes.extend(hash);
    }
}

fn import(device: &mut Device, bytes: &[u8]) -> Result<(), BundleError> {
    let path = device.folder().join("hostile.holdfast");
    std::fs::write(&path, bytes).unwrap();
    device.import(&path).map(|_| ())
}

fn refused(device: &mut Device, bytes: &[u8]) -> &'static str {
    let error = import(device, bytes).unwrap_err();
    assert!(error.to_string().len() > 20, "{error}");
    error.code()
}

#[test]
fn a_bundle_cut_anywhere_is_refused() {
    let (_, mut phone, whole) = laptop_and_phone();
    let before = phone.trace();
    for cut in (0..whole.len()).step_by(50) {
        let code = refused(&mut phone, &whole[..cut]);
        assert!(matches!(code, "bundle_cut" | "not_a_bundle"), "{cut}: {code}");
        let mut rehashed = whole[..cut].to_vec();
        rehash(&mut rehashed);
        refused(&mut phone, &rehashed);
    }
    assert_eq!(phone.trace(), before);
    import(&mut phone, &whole).unwrap();
}

fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    let at = |rng: &mut ChaCha20Rng, len: usize| rng.next_u32() as usize % len.max(1);
    for _ in 0..=rng.next_u32() % 3 {
        let place = at(rng, bytes.len());
        match rng.next_u32() % 6 {
            0 => bytes[place] ^= 1 << (rng.next_u32() % 8),
            1 => bytes[place] = rng.next_u32() as u8,
            2 => bytes.truncate(place.max(1)),
            3 => bytes.insert(place, rng.next_u32() as u8),
            4 => {
                bytes.remove(place);
            }
            _ => {
                let end = (place + at(rng, 64)).min(bytes.len());
                let piece = bytes[place..end].to_vec();
                let to = at(rng, bytes.len());
                bytes.splice(to..to, piece);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

/// Mutates a real bundle so many times; whatever comes is refused and changes nothing.
fn mutations(count: u32, rehashed: bool) {
    let (_, mut phone, whole) = laptop_and_phone();
    let before = phone.trace();
    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(count));
    for round in 0..count {
        let mut bytes = whole.clone();
        mutate(&mut bytes, &mut rng);
        if rehashed {
            rehash(&mut bytes);
        }
        if bytes == whole {
            continue;
        }
        let path = phone.folder().join("hostile.holdfast");
        std::fs::write(&path, &bytes).unwrap();
        let outcome = if round % 2 == 0 {
            phone.import(&path).map(|imported| imported.preview)
        } else {
            phone.inspect(&path)
        };
        // A new file each time: writing over one waits for the disk.
        std::fs::remove_file(&path).unwrap();
        let error = outcome.unwrap_err();
        assert!(!error.code().is_empty() && error.to_string().len() > 20, "{round}: {error}");
        if round % 500 == 0 {
            assert_eq!(phone.trace(), before, "{round}");
        }
    }
    assert_eq!(phone.trace(), before);
}

#[test]
fn mutated_bundles_are_refused() {
    mutations(16_000, false);
}

#[test]
fn mutated_bundles_with_a_right_hash_are_refused() {
    mutations(4_000, true);
}

fn take_apart(bytes: &[u8]) -> (BundleHeader, Vec<Section>) {
    let mut reader = BundleReader::open(Cursor::new(bytes)).unwrap();
    let mut sections = Vec::new();
    while let Some(section) = reader.next_section().unwrap() {
        sections.push(section);
    }
    (reader.header().clone(), sections)
}

fn put_together(header: &BundleHeader, sections: &[Section]) -> Vec<u8> {
    let mut writer = BundleWriter::new(Vec::new(), header).unwrap();
    for section in sections {
        writer.section(section.kind, &section.bytes).unwrap();
    }
    writer.finish().unwrap()
}

/// Signs a changed header as a member could.
fn signed(device: &Device, header: &BundleHeader, sections: &mut [Section]) -> Vec<u8> {
    let bytes = BundleWriter::<Vec<u8>>::header_bytes(header).unwrap();
    for section in sections.iter_mut().filter(|s| s.kind == SectionKind::Signature) {
        section.bytes = device.keys.sign(HEADER_CONTEXT, &bytes).to_vec();
    }
    put_together(header, sections)
}

/// Takes out, doubles, cuts and swaps each part of a bundle: a device that could take it in refuses.
fn only_as_it_was_made(phone: &mut Device, whole: &[u8]) {
    let (header, sections) = take_apart(whole);
    assert_eq!(put_together(&header, &sections), whole);
    let before = phone.trace();
    for place in 0..sections.len() {
        let mut less = sections.clone();
        less.remove(place);
        assert_eq!(refused(phone, &put_together(&header, &less)), "bundle_corrupted");
        let mut twice = sections.clone();
        twice.insert(place, sections[place].clone());
        assert_eq!(refused(phone, &put_together(&header, &twice)), "bundle_corrupted");
        let mut cut = sections.clone();
        let half = cut[place].bytes.len() / 2;
        cut[place].bytes.truncate(half);
        refused(phone, &put_together(&header, &cut));
        for other in 0..sections.len() {
            if sections[place].kind != sections[other].kind {
                let mut swapped = sections.clone();
                swapped[place].bytes = sections[other].bytes.clone();
                // What is too large is not even written.
                swapped[place].bytes.truncate(sections[place].kind.limit());
                refused(phone, &put_together(&header, &swapped));
            }
        }
    }
    assert_eq!(phone.trace(), before);
}

#[test]
fn parts_cannot_be_taken_out_doubled_or_put_elsewhere() {
    let (_, mut phone, whole) = laptop_and_phone();
    only_as_it_was_made(&mut phone, &whole);
}

#[test]
fn handovers_cannot_be_taken_out_doubled_or_put_elsewhere() {
    let [mut laptop, mut phone, tablet, desk] = devices(["laptop", "phone", "tablet", "desk"]);
    for removed in [tablet.id(), desk.id()] {
        laptop.keyring = remove_device(&mut laptop.session(), removed).unwrap();
    }
    laptop.add("elm");
    let whole = std::fs::read(laptop.export(EVERYTHING).0).unwrap();
    let (_, sections) = take_apart(&whole);
    assert_eq!(sections.iter().filter(|s| s.kind == SectionKind::Handover).count(), 2);
    only_as_it_was_made(&mut phone, &whole);
    import(&mut phone, &whole).unwrap();
}

#[test]
fn a_header_counts_only_as_its_device_signed_it() {
    let (laptop, mut phone, whole) = laptop_and_phone();
    let (header, mut sections) = take_apart(&whole);
    let before = phone.trace();
    let log = LogId { space: Space::Everywhere, actor: laptop.actor };
    let mut more = header.clone();
    more.holds.advance(log, 1_000);
    assert_eq!(refused(&mut phone, &put_together(&more, &sections)), "bad_signature");
    let stranger = BundleHeader { from: DeviceId([9; 16]), ..header.clone() };
    assert_eq!(refused(&mut phone, &signed(&laptop, &stranger, &mut sections)), "unknown_device");
    // Rightly signed, but it does not fit what is inside.
    let less = BundleHeader { holds: header.since.clone(), ..header.clone() };
    assert_eq!(refused(&mut phone, &signed(&laptop, &less, &mut sections)), "unexpected");
    let mut counted = header.clone();
    counted.counts.changes += 1;
    assert_eq!(refused(&mut phone, &signed(&laptop, &counted, &mut sections)), "bundle_corrupted");
    let mut later = header.clone();
    later.since.advance(log, 1_000);
    assert_eq!(refused(&mut phone, &signed(&laptop, &later, &mut sections)), "earlier_missing");
    assert_eq!(phone.trace(), before);
    import(&mut phone, &signed(&laptop, &header, &mut sections)).unwrap();
}

#[test]
fn another_vaults_bundle_is_refused() {
    let (_, mut phone, _) = laptop_and_phone();
    let [mut stranger, _, _] = devices(["laptop", "phone", "tablet"]);
    stranger.add("oak");
    let (path, _) = stranger.export(EVERYTHING);
    let before = phone.trace();
    assert_eq!(phone.import(&path).unwrap_err().code(), "foreign_vault");
    assert_eq!(phone.inspect(&path).unwrap_err().code(), "foreign_vault");
    assert_eq!(phone.trace(), before);
}

#[test]
fn a_bundle_of_a_newer_app_is_named_as_such() {
    let (_, mut phone, whole) = laptop_and_phone();
    let mut newer = whole.clone();
    newer[11] = 2;
    rehash(&mut newer);
    assert_eq!(refused(&mut phone, &newer), "newer_format");
}

#[test]
fn a_part_past_its_bound_is_refused_before_it_is_read() {
    let (_, mut phone, whole) = laptop_and_phone();
    let (header, _) = take_apart(&whole);
    let body = 16 + BundleWriter::<Vec<u8>>::header_bytes(&header).unwrap().len();
    for kind in SectionKind::ALL {
        let mut bytes = whole.clone();
        bytes[body] = kind.byte();
        bytes[body + 1..body + 5].copy_from_slice(&u32::MAX.to_be_bytes());
        rehash(&mut bytes);
        assert_eq!(refused(&mut phone, &bytes), "too_large");
    }
}

#[test]
fn a_change_under_a_strangers_key_is_refused() {
    let (mut laptop, mut phone, _) = laptop_and_phone();
    let mut rng = laptop.rng.clone();
    let own = std::mem::replace(&mut laptop.keys, DeviceKeys::generate(&mut rng));
    let forged = laptop.add("forged");
    laptop.keys = own;
    let (path, _) = laptop.export(EVERYTHING);
    let before = phone.dump();
    // Whoever passes it on may be honest: it is said, and nothing else waits for it.
    let notices = phone.import(&path).unwrap().preview.notices;
    assert!(notices.iter().any(|notice| notice.contains("signature")), "{notices:?}");
    assert!(!phone.has(forged));
    assert_eq!(phone.dump(), before);
}

#[test]
fn what_never_leaves_a_device_is_not_taken_either() {
    let (mut laptop, mut phone, _) = laptop_and_phone();
    laptop.add_in(Space::Device, "diary", "");
    let (path, _) = laptop.export(EVERYTHING);
    let (mut header, mut sections) = take_apart(&std::fs::read(path).unwrap());
    let log = LogId { space: Space::Device, actor: laptop.actor };
    let (keyring, mut rng) = (laptop.keyring.clone(), laptop.rng.clone());
    let mut smuggled = Vec::new();
    laptop.write(|tx| {
        let range = Range { log, first: 1, last: 1 };
        let refused = outgoing(tx, &keyring, range, &mut rng, |_, _| Ok::<_, BundleError>(()));
        assert_eq!(refused.unwrap_err().code(), "not_released", "it is not even sealed");
        let run = tx.run(range).unwrap().unwrap();
        let header = BatchHeader {
            format: BATCH_FORMAT,
            vault: tx.vault(),
            space: log.space,
            actor: log.actor,
            first: 1,
            last: 1,
            prev_hash: run.prev_hash,
            last_hash: run.last_hash,
            epoch: keyring.current(),
            branch: None,
        };
        let batch = seal_batch(&keyring, header, &run.changes, run.signature, &mut rng).unwrap();
        smuggled = batch.encode().unwrap();
    });
    header.holds.advance(log, 1);
    header.counts.batches += 1;
    header.counts.changes += 1;
    sections.insert(2, Section { kind: SectionKind::Batch, bytes: smuggled });
    let bytes = signed(&laptop, &header, &mut sections);
    let before = phone.trace();
    assert_eq!(refused(&mut phone, &bytes), "not_carried");
    assert_eq!(phone.trace(), before);
}
