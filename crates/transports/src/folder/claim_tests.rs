//! Somebody who can write into the folder and has no key: what names claim counts for nothing.

use super::story_tests::{Side, all_files, sides};
use super::*;
use holdfast_oplog::{ActorId, Hash, LogId, Space};
use std::fs;
use std::path::{Path, PathBuf};

const FAR: u64 = 9_000_000_000;

fn log_of(side: &Side) -> LogId {
    LogId { space: Space::Everywhere, actor: side.device.actor }
}

fn directory_of(side: &Side, actor: ActorId) -> PathBuf {
    let directory = side.files().root().join(name::writer(actor));
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Puts a file there whose name claims everything up to a far number.
fn claim(directory: &Path, log: LogId, content: &[u8]) -> PathBuf {
    let path = directory.join(Name::Batch { log, first: 1, last: FAR }.of(content));
    fs::write(&path, content).unwrap();
    path
}

fn batches(side: &Side) -> Vec<PathBuf> {
    let all = all_files(side.files().root()).into_iter();
    all.filter(|file| file.extension().is_some_and(|ending| ending == "hfb")).collect()
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_far_number_in_a_name_stops_no_publishing_and_raises_no_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let (own, others) =
        (directory_of(&laptop, laptop.device.actor), directory_of(&laptop, phone.device.actor));
    let log = log_of(&laptop);
    // Empty, short, and with a hash that is right: in its own directory and in another one.
    let mut put = Vec::new();
    for directory in [&own, &others] {
        put.push(directory.join(Name::Batch { log, first: 1, last: FAR }.of(b"never there")));
        fs::write(put.last().unwrap(), b"").unwrap();
        put.push(claim(directory, log, b"no batch"));
    }
    let oak = laptop.device.add("oak");
    let report = laptop.sync();
    assert_eq!((report.sent, report.state), (1, FolderState::Ready));
    assert_eq!(report.memory.published.get(log), 1, "what it wrote, and not what is claimed");
    let report = phone.sync();
    assert!(phone.device.has(oak));
    assert_eq!(report.missing, 0);
    let elm = laptop.device.add("elm");
    assert_eq!(laptop.sync().sent, 1);
    // Taken away again, nothing was emptied.
    for path in put {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(laptop.sync().state, FolderState::Ready);
    phone.sync();
    assert!(phone.device.has(elm));
    assert_eq!(phone.sync().state, FolderState::Ready);
}

#[test]
fn what_waits_is_counted_by_what_opens_and_not_by_names() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    laptop.sync();
    claim(&directory_of(&laptop, laptop.device.actor), log_of(&laptop), b"no batch");
    let report = phone.exchange(Take::Not, false).unwrap();
    let mut files = phone.files();
    let there = Folder::open(&mut files, phone.device.actor, &report.memory).unwrap();
    let waiting = phone.device.write(|tx| waiting(tx, &there).unwrap());
    assert_eq!(waiting, [(laptop.device.actor, 1)]);
}

#[test]
fn a_flipped_bit_in_a_published_file_is_replaced_when_it_is_published_again() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let content: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let oak = laptop.device.add("oak");
    let hash = laptop.device.attach("large", &content);
    laptop.sync();
    // Everything that it put there, the membership records too.
    for file in all_files(laptop.files().root()) {
        flip(&file);
    }
    let report = phone.sync();
    assert!(!phone.device.has(oak));
    assert!(report.unfinished > 0);
    // A later change is no use without the first.
    let elm = laptop.device.add("elm");
    laptop.sync();
    phone.sync();
    assert!(!phone.device.has(elm));
    let report = laptop.exchange(Take::AtOnce, true).unwrap();
    assert_eq!((report.state, report.sent), (FolderState::Ready, 3));
    let report = phone.sync();
    assert!(phone.device.has(oak) && phone.device.has(elm));
    assert_eq!(phone.device.write(|tx| tx.blob(hash).unwrap()).unwrap(), content);
    assert_eq!((report.missing, report.unfinished), (0, 0), "nothing damaged is left");
    assert_eq!(laptop.device.dump(), phone.device.dump());
    // With nothing damaged, publishing again writes nothing.
    let before = all_files(laptop.files().root());
    assert_eq!(laptop.exchange(Take::AtOnce, true).unwrap().sent, 0);
    assert_eq!(all_files(laptop.files().root()), before);
}

#[test]
fn a_damaged_file_that_becomes_whole_again_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let oak = laptop.device.add("oak");
    laptop.sync();
    let file = batches(&laptop).remove(0);
    flip(&file);
    for _ in 0..2 {
        assert_eq!(phone.sync().unfinished, 1);
        assert!(!phone.device.has(oak));
    }
    // The same name, the same size: what a syncer does that repairs a file.
    flip(&file);
    let report = phone.sync();
    assert!(phone.device.has(oak));
    assert_eq!(report.unfinished, 0);
}

/// A device that holds what a damaged file should hold puts it there itself.
#[test]
fn whoever_holds_what_a_damaged_file_should_hold_can_put_it_there() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone, mut tablet] = sides(["laptop", "phone", "tablet"], folder.path());
    let oak = laptop.device.add("oak");
    laptop.sync();
    phone.sync();
    flip(&batches(&laptop)[0]);
    tablet.sync();
    assert!(!tablet.device.has(oak));
    let report = phone.exchange(Take::AtOnce, true).unwrap();
    assert_eq!((report.state, report.sent), (FolderState::Ready, 1));
    tablet.sync();
    assert!(tablet.device.has(oak));
}

#[test]
fn a_forged_file_beside_the_real_one_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    for number in 0..3 {
        laptop.device.add(&number.to_string());
        laptop.sync();
    }
    // Under names that fit them, so that some are looked at before the real one.
    for file in batches(&laptop) {
        let bytes = fs::read(&file).unwrap();
        let (name, _) = Name::parse(&file.file_name().unwrap().to_string_lossy()).unwrap();
        for bit in 0..8 {
            let mut forged = bytes.clone();
            let last = forged.len() - 1;
            forged[last] ^= 1 << bit;
            fs::write(file.with_file_name(name.of(&forged)), &forged).unwrap();
        }
    }
    let report = phone.sync();
    assert_eq!(laptop.device.dump(), phone.device.dump());
    let notices = report.preview.unwrap().notices;
    assert!(notices.is_empty(), "nothing was left there: {notices:?}");
    // Their own files are told from the forged ones when everything is published again.
    assert_eq!(laptop.exchange(Take::AtOnce, true).unwrap().sent, 0);
}

#[test]
fn pieces_that_are_claimed_keep_no_content_away() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let hash = laptop.device.attach("small", b"content");
    let directory = directory_of(&laptop, laptop.device.actor);
    for (number, claimed) in [(0, &b""[..]), (0, b"no piece"), (1, b"no piece either")] {
        let name = Name::Piece { content: hash, number }.of(b"no piece");
        fs::write(directory.join(name), claimed).unwrap();
    }
    laptop.sync();
    phone.sync();
    assert_eq!(phone.device.write(|tx| tx.blob(hash).unwrap()).unwrap(), b"content");
    // Whoever has it now does not put it there a second time.
    let before = all_files(phone.files().root()).len();
    phone.sync();
    laptop.sync();
    assert_eq!(all_files(phone.files().root()).len(), before);
}

#[test]
fn a_head_with_the_highest_number_silences_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let own = directory_of(&laptop, laptop.device.actor);
    for number in [u64::MAX, u64::MAX - 1, FAR] {
        let content = number.to_be_bytes();
        fs::write(own.join(Name::Head { counter: number }.of(&content)), content).unwrap();
    }
    laptop.device.add("oak");
    let report = laptop.sync();
    assert!(report.memory.counter < 10, "{}", report.memory.counter);
    phone.sync();
    laptop.sync();
    let there = laptop.device.id();
    let known = phone.device.write(|tx| tx.destination(there).unwrap()).unwrap();
    assert_eq!(known.holds, laptop.device.write(|tx| tx.held().unwrap()));
    let heads = all_files(&own).into_iter();
    assert_eq!(heads.filter(|file| file.extension().unwrap() == "hfh").count(), 1);
}

#[test]
fn who_has_forgotten_what_it_opened_reads_it_once_more_and_writes_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    laptop.device.attach("small", b"content");
    for _ in 0..2 {
        laptop.sync();
        phone.sync();
    }
    let before = all_files(laptop.files().root());
    // As after an update from a version that did not keep it.
    for side in [&mut laptop, &mut phone] {
        side.memory.verified.clear();
        side.memory.contents.clear();
        let report = side.sync();
        assert_eq!((report.sent, report.state), (0, FolderState::Ready));
        assert!(!report.memory.verified.is_empty());
    }
    assert_eq!(all_files(laptop.files().root()), before);
}

#[test]
fn a_name_of_the_same_hash_and_another_size_is_another_file() {
    let found = |size| index::Found {
        writer: "w".into(),
        file: "f".into(),
        hash: Hash::of(b"x").to_hex(),
        size,
    };
    assert_ne!(found(1).key(), found(0).key());
}

/// A file of a removed device holds what counts of it and what does not under one signature. Who has what counts signed
/// on its own puts that there.
#[test]
fn what_counts_of_a_removed_device_is_published_beside_a_file_that_goes_further() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone, mut tablet] = sides(["laptop", "phone", "tablet"], folder.path());
    let first = tablet.device.add("first");
    tablet.sync();
    phone.sync();
    let second = tablet.device.add("second");
    let (bundle, _) = tablet.device.export(crate::bundle::fixture_tests::EVERYTHING);
    phone.device.import(&bundle).unwrap();
    let third = tablet.device.add("third");
    tablet.sync();
    let keyring =
        holdfast_sync::devices::remove_device(&mut phone.device.session(), tablet.device.id());
    phone.device.keyring = keyring.unwrap();
    for _ in 0..2 {
        assert_eq!(phone.sync().state, FolderState::Ready);
        if let Some(keyring) = laptop.sync().keyring {
            laptop.device.keyring = keyring;
        }
    }
    for side in [&mut laptop, &mut phone] {
        assert!(side.device.has(first) && side.device.has(second) && !side.device.has(third));
    }
    let before = batches(&phone);
    phone.sync();
    assert_eq!(batches(&phone), before, "it is put there once");
    // Also where everything is read once more.
    phone.exchange(Take::Confirmed, true).unwrap();
    phone.exchange(Take::Confirmed, true).unwrap();
    assert_eq!(batches(&phone), before);
}
