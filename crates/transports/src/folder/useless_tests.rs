//! Somebody without the vault's keys fills the folder with what cannot be read: it costs some looks at
//! itself, and stops nothing else.

use super::memory::Useless;
use super::story_tests::{Side, all_files, sides};
use super::*;
use holdfast_oplog::{LogId, SealedBatch, Space};
use std::fs;
use std::path::PathBuf;

fn own_directory(side: &Side) -> PathBuf {
    side.files().root().join(name::writer(side.device.actor))
}

fn batch_of(side: &Side) -> Vec<u8> {
    let all = all_files(&own_directory(side)).into_iter();
    let mut batches = all.filter(|file| file.extension().is_some_and(|ending| ending == "hfb"));
    fs::read(batches.next().unwrap()).unwrap()
}

/// A file of that size that takes no room.
fn sparse(path: PathBuf, size: u64) {
    fs::File::create(path).unwrap().set_len(size).unwrap();
}

#[test]
fn a_file_that_is_larger_than_any_of_ours_claims_nothing_and_uses_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    laptop.sync();
    let log = LogId { space: Space::Everywhere, actor: laptop.device.actor };
    let stranger = laptop.files().root().join("0".repeat(32));
    fs::create_dir(&stranger).unwrap();
    let large = limits::READ + 1;
    sparse(stranger.join(Name::Batch { log, first: 2, last: 1_000_000 }.of(b"far")), large);
    sparse(stranger.join(Name::Devices.of(b"records")), limits::READ);
    sparse(stranger.join(Name::Head { counter: 9 }.of(b"head")), large);
    let elm = laptop.device.add("elm");
    let report = laptop.sync();
    assert_eq!((report.sent, report.more), (1, false));
    let report = phone.sync();
    assert!(phone.device.has(elm) && !report.more);
    assert_eq!(report.unfinished, 3, "it is said that something there cannot be read");
}

#[test]
fn seventy_forged_batches_stop_neither_their_log_nor_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone, mut tablet] = sides(["laptop", "phone", "tablet"], folder.path());
    for side in [&mut laptop, &mut tablet, &mut phone] {
        // Who belongs to the vault is settled.
        side.sync();
    }
    let oak = laptop.device.add("oak");
    let ash = tablet.device.add("ash");
    laptop.sync();
    tablet.sync();
    // The open header of a true one, and random bytes in place of what is sealed.
    let mut forged = batch_of(&laptop);
    let end = forged.len() - 1;
    let last = forged[end];
    let header = SealedBatch::decode(&forged).unwrap().header().unwrap();
    for number in 0..70_u8 {
        forged[end] = last ^ (number + 1);
        let name = Name::Batch { log: header.log(), first: header.first, last: header.last };
        fs::write(own_directory(&laptop).join(name.of(&forged)), &forged).unwrap();
    }
    let elm = laptop.device.add("elm");
    assert_eq!(laptop.sync().sent, 1);
    phone.device.add("fir");
    let report = phone.sync();
    assert_eq!(report.sent, 1, "what this device wrote goes there all the same");
    assert!(phone.device.has(oak) && phone.device.has(elm) && phone.device.has(ash));
    // Those that come before the true one.
    assert!(!report.memory.useless.refused.is_empty());
    // They are not opened a second time.
    let unread = phone.memory.clone();
    phone.sync();
    assert_eq!(phone.memory.useless.refused, unread.useless.refused);
    // With other keys or members they are.
    phone.memory.useless.begin("others".to_owned());
    assert!(phone.memory.useless.refused.is_empty());
}

#[test]
fn logs_of_nobody_are_left_there_and_hold_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let oak = laptop.device.add("oak");
    laptop.sync();
    let mut forged = batch_of(&laptop);
    let end = forged.len() - 1;
    let last = forged[end];
    for number in 0..100_u8 {
        let log = LogId { space: Space::Everywhere, actor: holdfast_oplog::ActorId([number; 16]) };
        for two in 0..2_u8 {
            forged[end] = last ^ (2 * number + two + 1);
            let name = Name::Batch { log, first: 1, last: 1 };
            fs::write(own_directory(&laptop).join(name.of(&forged)), &forged).unwrap();
        }
    }
    phone.sync();
    assert!(phone.device.has(oak));
    let elm = laptop.device.add("elm");
    assert_eq!(laptop.sync().sent, 1);
    phone.sync();
    assert!(phone.device.has(elm));
}

#[test]
fn what_is_not_whole_is_looked_at_again_more_and_more_rarely() {
    let mut useless = Useless::default();
    let mut read = Vec::new();
    for look in 0..200 {
        useless.begin(String::new());
        if !useless.passes_over("here-7") {
            read.push(look);
            useless.not_whole("here-7".to_owned());
        }
    }
    assert_eq!(&read[..8], [0, 1, 2, 3, 4, 5, 6, 7]);
    assert!(read.len() < 18, "{read:?}");
    assert!(read.windows(2).all(|two| two[1] - two[0] <= 64), "{read:?}");
    assert!(!useless.passes_over("here-8"), "of another size it is another file");
    useless.keep(&std::collections::BTreeSet::default());
    assert!(useless.unfinished.is_empty());
}

/// On a disk that tells capitals apart, a directory of a device's name in capitals is somebody else's.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_whose_name_differs_in_case_alone_costs_the_true_one_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // The tenth has a letter in the name of its directory.
    let [mut phone, .., mut laptop] =
        sides(["phone", "2", "3", "4", "5", "6", "7", "8", "9", "laptop"], folder.path());
    let oak = laptop.device.add("oak");
    laptop.sync();
    let own = own_directory(&laptop);
    let capitals = laptop.files().root().join(name::writer(laptop.device.actor).to_uppercase());
    assert_ne!(own, capitals);
    fs::create_dir(&capitals).unwrap();
    for file in all_files(&own) {
        fs::write(capitals.join(file.file_name().unwrap()), b"").unwrap();
    }
    fs::write(capitals.join(Name::Devices.of(b"no records")), b"no records").unwrap();
    fs::create_dir(own.join(Name::Devices.of(b"no records"))).unwrap();
    let report = laptop.exchange(Take::AtOnce, true).unwrap();
    assert_eq!(report.state, FolderState::Ready);
    assert_eq!(laptop.sync().state, FolderState::Ready, "nothing of its own was taken away");
    phone.sync();
    assert!(phone.device.has(oak));
}

#[test]
fn forged_heads_are_passed_over_and_taken_away_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let oak = laptop.device.add("oak");
    laptop.sync();
    for counter in 1_000..1_300_u64 {
        let content = counter.to_be_bytes();
        let name = Name::Head { counter }.of(&content);
        fs::write(own_directory(&laptop).join(name), content).unwrap();
    }
    phone.sync();
    assert!(phone.device.has(oak));
    laptop.device.add("elm");
    laptop.sync();
    let heads = all_files(&own_directory(&laptop)).into_iter();
    let heads = heads.filter(|file| file.extension().is_some_and(|ending| ending == "hfh"));
    assert_eq!(heads.count(), 1);
}

#[test]
fn a_file_that_stays_damaged_is_named_by_its_device() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    laptop.sync();
    let all = all_files(&own_directory(&laptop)).into_iter();
    let mut batches = all.filter(|file| file.extension().is_some_and(|ending| ending == "hfb"));
    let batch = batches.next().unwrap();
    let mut bytes = fs::read(&batch).unwrap();
    bytes[40] ^= 1;
    fs::write(&batch, bytes).unwrap();
    assert!(phone.sync().damaged.is_empty(), "it may be on its way");
    let looks = (0..8).map(|_| phone.sync().damaged).find(|damaged| !damaged.is_empty());
    assert_eq!(looks.unwrap().into_iter().collect::<Vec<_>>(), [laptop.device.actor]);
    laptop.exchange(Take::AtOnce, true).unwrap();
    assert_eq!(phone.sync().preview.unwrap().adds, 1);
    assert!(phone.sync().damaged.is_empty());
}

#[test]
fn what_a_killed_writing_left_goes_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop] = sides(["laptop"], folder.path());
    laptop.device.add("oak");
    laptop.sync();
    let part = |name: &str| own_directory(&laptop).join(name);
    let (old, new, other) = (part(".holdfast-1.part"), part(".holdfast-2.part"), part("mine.part"));
    for path in [&old, &new, &other] {
        fs::write(path, "half").unwrap();
    }
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000);
    for path in [&old, &other] {
        fs::File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }
    laptop.sync();
    assert!(!old.exists() && new.exists() && other.exists());
}

/// Files of which some directories cannot be listed.
struct Closed {
    inner: OsFiles,
    closed: String,
}

impl Files for Closed {
    fn is_there(&self) -> bool {
        self.inner.is_there()
    }
    fn writers(&self) -> Result<Vec<String>, FolderError> {
        self.inner.writers()
    }
    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError> {
        if writer == self.closed {
            let refused = std::io::ErrorKind::PermissionDenied;
            return Err(FolderError::io(self.inner.root())(refused.into()));
        }
        self.inner.list(writer)
    }
    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError> {
        self.inner.read(writer, name, limit)
    }
    fn put(&mut self, writer: &str, name: &str, content: &[u8]) -> Result<(), FolderError> {
        self.inner.put(writer, name, content)
    }
    fn remove(&mut self, writer: &str, name: &str) -> Result<(), FolderError> {
        self.inner.remove(writer, name)
    }
}

#[test]
fn a_directory_that_cannot_be_listed_stops_nobody_but_its_own_device() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let oak = laptop.device.add("oak");
    laptop.sync();
    let stranger = "0".repeat(32);
    fs::create_dir(laptop.files().root().join(&stranger)).unwrap();
    let mut files = Closed { inner: phone.files(), closed: stranger };
    let memory = FolderMemory::default();
    let report =
        exchange(&mut phone.device.session(), &mut files, &memory, Take::AtOnce, false).unwrap();
    assert!(phone.device.has(oak));
    assert_eq!(report.unfinished, 1);
    files.closed = name::writer(phone.device.actor);
    let again =
        exchange(&mut phone.device.session(), &mut files, &report.memory, Take::AtOnce, false);
    assert!(again.is_err(), "whether its own files are there has to be known");
}
