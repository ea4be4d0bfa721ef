use super::super::format_file::refuse_occupied;
use super::*;
use holdfast_oplog::{LogId, Space};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::io::{Cursor, Read, Write};

fn header() -> BundleHeader {
    let log = |actor| LogId { space: Space::Everywhere, actor: ActorId([actor; 16]) };
    BundleHeader {
        format: BUNDLE_FORMAT,
        kind: BundleKind::Update,
        vault: VaultId([7; 16]),
        from: DeviceId([1; 16]),
        actor: ActorId([2; 16]),
        made: 1_700_000_000_000,
        holds: [(log(2), 12), (log(3), 4)].into_iter().collect(),
        since: [(log(2), 9)].into_iter().collect(),
        counts: Counts { batches: 2, changes: 3, chunks: 1, pieces: 0 },
        handovers: None,
        heads: holdfast_store::Heads::default(),
    }
}

fn sections() -> Vec<(SectionKind, Vec<u8>)> {
    vec![
        (SectionKind::Signature, vec![9; 64]),
        (SectionKind::Membership, vec![1; 300]),
        (SectionKind::Batch, vec![2; 900]),
        (SectionKind::Batch, Vec::new()),
        (SectionKind::Chunk, vec![3; 20_000]),
    ]
}

fn write(sections: &[(SectionKind, Vec<u8>)]) -> Vec<u8> {
    let mut writer = BundleWriter::new(Vec::new(), &header()).unwrap();
    for (kind, bytes) in sections {
        writer.section(*kind, bytes).unwrap();
    }
    writer.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<(SectionKind, Vec<u8>)>, BundleError> {
    let mut reader = BundleReader::open(Cursor::new(bytes))?;
    let mut out = Vec::new();
    while let Some(section) = reader.next_section()? {
        out.push((section.kind, section.bytes));
    }
    assert!(reader.next_section()?.is_none());
    Ok(out)
}

/// Puts the right hash at the end again, as someone with bad intentions could.
fn rehash(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() - 32);
    let hash = *blake3::hash(bytes).as_bytes();
    bytes.extend(hash);
}

/// Where the first section begins.
fn body_at() -> usize {
    16 + BundleWriter::<Vec<u8>>::header_bytes(&header()).unwrap().len()
}

#[test]
fn what_was_written_is_read() {
    let bytes = write(&sections());
    assert_eq!(read(&bytes).unwrap(), sections());
    let summary = verify(bytes.as_slice()).unwrap();
    assert_eq!(summary.header, header());
    assert_eq!((summary.sections, summary.unknown), (5, 0));
    assert_eq!(summary.size, bytes.len() as u64);
    assert_eq!(summary.hash, bytes[bytes.len() - 32..]);
    let reader = BundleReader::new(bytes.as_slice()).unwrap();
    assert_eq!(reader.header_bytes(), BundleWriter::<Vec<u8>>::header_bytes(&header()).unwrap());
}

#[test]
fn the_layout_is_as_documented() {
    let bytes = write(&[(SectionKind::Batch, b"hello".to_vec())]);
    assert_eq!(bytes[..12], *b"HOLDFAST\0\0\0\x01");
    let body = &bytes[body_at()..];
    assert_eq!(body[..10], *b"\x03\0\0\0\x05hello");
    assert_eq!(body[10..19], *b"\0\0\0\0\x24\0\0\0\x01");
    assert_eq!(body.len(), 19 + 32);
    assert_eq!(body[19..], *blake3::hash(&bytes[..bytes.len() - 32]).as_bytes());
}

#[test]
fn every_cut_is_told_from_other_faults() {
    let bytes = write(&sections()[..3]);
    for at in 0..bytes.len() {
        let error = read(&bytes[..at]).unwrap_err();
        let expected = if at < 8 { "not_a_bundle" } else { "bundle_cut" };
        assert_eq!(error.code(), expected, "cut at {at}");
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    let bytes = write(&sections()[..3]);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let error = read(&changed).unwrap_err();
            assert!(at >= 8 || error.code() == "not_a_bundle");
        }
    }
}

#[test]
fn other_files_newer_formats_and_excess_are_named() {
    let code = |bytes: &[u8]| read(bytes).unwrap_err().code();
    assert_eq!(code(b"%PDF-1.7 and more of it"), "not_a_bundle");
    assert_eq!(code(b""), "not_a_bundle");
    let mut newer = write(&[]);
    newer[11] = 2;
    assert_eq!(code(&newer), "newer_format");
    newer[11] = 0;
    assert_eq!(code(&newer), "bundle_corrupted");
    let mut long_header = write(&[]);
    long_header[12] = 1;
    assert_eq!(code(&long_header), "too_large");
    let mut more = write(&[]);
    more.push(0);
    assert_eq!(code(&more), "bundle_corrupted");
    let mut miscounted = write(&sections());
    let at = miscounted.len() - 33;
    miscounted[at] = 4;
    rehash(&mut miscounted);
    assert_eq!(code(&miscounted), "bundle_corrupted");
}

#[test]
fn a_section_past_its_bound_is_refused_before_it_is_read() {
    for byte in 1..=255u8 {
        let limit = SectionKind::of(byte).map_or(UNKNOWN_SECTION, SectionKind::limit);
        let mut bytes = write(&[])[..body_at()].to_vec();
        bytes.push(byte);
        bytes.extend((limit as u32 + 1).to_be_bytes());
        assert_eq!(read(&bytes).unwrap_err().code(), "too_large", "kind {byte}");
    }
    let mut writer = BundleWriter::new(Vec::new(), &header()).unwrap();
    for kind in SectionKind::ALL {
        let error = writer.section(kind, &vec![0; kind.limit() + 1]).unwrap_err();
        assert_eq!(error.code(), "too_large");
        writer.section(kind, &vec![0; kind.limit()]).unwrap();
    }
    // What was refused left no trace.
    let bytes = writer.finish().unwrap();
    assert_eq!(read(&bytes).unwrap().len(), SectionKind::ALL.len());
}

#[test]
fn unknown_kinds_are_stepped_over() {
    let plain = write(&sections()[..2]);
    let mut bytes = plain[..plain.len() - 41].to_vec();
    bytes.push(200);
    bytes.extend(100_000u32.to_be_bytes());
    bytes.extend(vec![5; 100_000]);
    bytes.extend([0, 0, 0, 0, 36, 0, 0, 0, 3]);
    bytes.extend([0; 32]);
    rehash(&mut bytes);
    assert_eq!(read(&bytes).unwrap(), sections()[..2]);
    let summary = verify(bytes.as_slice()).unwrap();
    assert_eq!((summary.sections, summary.unknown, summary.size), (3, 1, bytes.len() as u64));
}

#[test]
fn a_file_that_changes_between_the_passes_is_noticed() {
    let bytes = write(&sections());
    let mut reader = BundleReader::open(Cursor::new(bytes.clone())).unwrap();
    let mut changed = bytes;
    let at = changed.len() - 100;
    changed[at] ^= 1;
    let mut second = BundleReader::new(changed.as_slice()).unwrap();
    for _ in 0..5 {
        assert!(second.next_section().unwrap().is_some());
        assert!(reader.next_section().unwrap().is_some());
    }
    assert_eq!(second.next_section().unwrap_err().code(), "bundle_corrupted");
    assert!(reader.next_section().unwrap().is_none());
}

/// Announces a section of four megabytes and then stops: what was announced is not reserved.
#[test]
fn memory_follows_what_arrives() {
    struct Counting<R>(R, usize);
    impl<R: Read> Read for Counting<R> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            self.1 = self.1.max(to.len());
            self.0.read(to)
        }
    }
    let mut bytes = write(&[])[..body_at()].to_vec();
    bytes.push(SectionKind::Chunk.byte());
    bytes.extend((4u32 * 1024 * 1024).to_be_bytes());
    bytes.extend([1; 100]);
    let mut source = Counting(bytes.as_slice(), 0);
    let mut reader = BundleReader::new(&mut source).unwrap();
    assert_eq!(reader.next_section().unwrap_err().code(), "bundle_cut");
    assert!(source.1 <= 64 * 1024, "asked for {} bytes at once", source.1);
}

#[test]
fn twenty_thousand_mutations_give_an_error_or_the_same() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let bytes = write(&sections()[..3]);
    for round in 0..20_000 {
        let mut changed = bytes.clone();
        for _ in 0..=rng.next_u32() % 4 {
            let at = rng.next_u32() as usize % changed.len();
            match rng.next_u32() % 6 {
                0 => changed[at] ^= 1 << (rng.next_u32() % 8),
                1 => changed[at] = rng.next_u32() as u8,
                2 => changed.truncate(at.max(1)),
                3 => changed.insert(at, rng.next_u32() as u8),
                4 => {
                    let end = (at + rng.next_u32() as usize % 40).min(changed.len());
                    let piece = changed[at..end].to_vec();
                    changed.extend(piece);
                }
                _ => changed[at] = 0xff,
            }
        }
        // Every second time with the right hash, so that what is behind it is reached too.
        let fixed = round % 2 == 1 && changed.len() > 100;
        if fixed {
            rehash(&mut changed);
        }
        match read(&changed) {
            Ok(found) if !fixed => {
                assert_eq!(changed, bytes);
                assert_eq!(found, sections()[..3]);
            }
            Ok(_) | Err(_) => {}
        }
    }
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("laptop.holdfast");
    let failed = write_atomically(&path, |file| {
        let mut writer = BundleWriter::new(file, &header())?;
        writer.section(SectionKind::Batch, b"half")?;
        Err::<(), _>(BundleError::Io(std::io::Error::other("disk full")))
    });
    assert_eq!(failed.unwrap_err().code(), "io");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let put = |sections: &[(SectionKind, Vec<u8>)]| {
        write_atomically(&path, |file| {
            let mut writer = BundleWriter::new(file, &header())?;
            for (kind, bytes) in sections {
                writer.section(*kind, bytes)?;
            }
            writer.finish().map(|_| ())
        })
    };
    put(&sections()).unwrap();
    assert_eq!(read(&std::fs::read(&path).unwrap()).unwrap(), sections());
    let cut = write_atomically(&path, |file| {
        file.write_all(b"HOLD")?;
        Err::<(), _>(BundleError::Cut)
    });
    assert!(cut.is_err());
    assert_eq!(read(&std::fs::read(&path).unwrap()).unwrap(), sections());
    put(&[]).unwrap();
    assert_eq!(read(&std::fs::read(&path).unwrap()).unwrap(), []);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = folder.path().join("missing").join("x.holdfast");
    assert_eq!(write_atomically(&nowhere, |_| Ok(())).unwrap_err().code(), "io");
}

#[test]
fn a_bundle_replaces_an_earlier_one_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("there");
    refuse_occupied(&path).unwrap();
    for (content, taken) in
        [(&b""[..], false), (b"HOLDFAST and more", false), (b"HOLD", true), (b"my own notes", true)]
    {
        std::fs::write(&path, content).unwrap();
        let refused = refuse_occupied(&path);
        assert_eq!(refused.is_err(), taken, "{content:?}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
        if let Err(error) = refused {
            assert_eq!(error.code(), "file_exists");
            assert!(error.to_string().contains("choose another name"), "{error}");
        }
    }
    assert!(refuse_occupied(folder.path()).is_err());
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        assert!(refuse_occupied(&link).is_err() && refuse_occupied("/dev/null".as_ref()).is_err());
    }
}

/// The test's own program, started again, exports again and again until it is killed.
#[test]
#[expect(clippy::disallowed_methods, reason = "the moments between are what is tried")]
fn a_killed_export_leaves_no_part_under_the_final_name() {
    const TARGET: &str = "HOLDFAST_TEST_EXPORT_TO";
    const NAME: &str = "bundle::format::tests::a_killed_export_leaves_no_part_under_the_final_name";
    let large = vec![(SectionKind::Chunk, vec![6; 1024 * 1024]); 4];
    if let Some(path) = std::env::var_os(TARGET) {
        for _ in 0..500 {
            write_atomically(path.as_ref(), |file| {
                file.write_all(&write(&large)).map_err(Into::into)
            })
            .unwrap();
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for round in 0..30u64 {
        let path = folder.path().join(format!("{round}.holdfast"));
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME])
            .env(TARGET, &path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Killed once writing has begun, and then a little later each time.
        let begun = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".part");
        let wait = std::time::Duration::from_millis(1);
        while child.try_wait().unwrap().is_none()
            && !path.exists()
            && !std::fs::read_dir(folder.path()).unwrap().any(|e| begun(&e.unwrap().file_name()))
        {
            std::thread::sleep(wait);
        }
        std::thread::sleep(wait * round as u32);
        child.kill().unwrap();
        child.wait().unwrap();
        if let Ok(bytes) = std::fs::read(&path) {
            assert_eq!(read(&bytes).unwrap(), large);
        }
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            if begun(&entry.file_name()) {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_sections_survive(
        sections in prop::collection::vec(
            (prop::sample::select(SectionKind::ALL.to_vec()), prop::collection::vec(any::<u8>(), 0..1000)),
            0..20,
        ),
    ) {
        prop_assert_eq!(read(&write(&sections)).unwrap(), sections);
    }

    #[test]
    fn bytes_from_anywhere_are_an_error(tail in prop::collection::vec(any::<u8>(), 0..400), front in any::<bool>()) {
        let mut bytes = if front { b"HOLDFAST\0\0\0\x01".to_vec() } else { Vec::new() };
        bytes.extend(tail);
        prop_assert!(read(&bytes).is_err());
    }
}
