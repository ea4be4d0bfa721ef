//! What else may stand in the folder, and that nobody waits for it with the database open.

use super::story_tests::{all_files, sides};
use super::*;
use crate::bundle::fixture_tests::Device;
use std::cell::{Cell, RefCell};
use std::fs;

/// Files that write into the database of the device that reads them, each time one is read.
struct Unlocked {
    inner: OsFiles,
    twin: RefCell<Device>,
    reads: Cell<u32>,
}

impl Files for Unlocked {
    fn is_there(&self) -> bool {
        self.inner.is_there()
    }
    fn writers(&self) -> Result<Vec<String>, FolderError> {
        self.inner.writers()
    }
    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError> {
        self.inner.list(writer)
    }
    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError> {
        self.reads.set(self.reads.get() + 1);
        // Waits, and fails, where somebody else holds a transaction that writes.
        self.twin.borrow_mut().write(|tx| tx.held().map(drop)).unwrap();
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
fn no_file_is_read_while_the_database_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, phone] = sides(["laptop", "phone"], folder.path());
    let oak = laptop.device.add("oak");
    let hash = laptop.device.attach("small", b"content");
    laptop.sync();
    let mut phone = phone.device.on_disk();
    let mut files = Unlocked {
        inner: OsFiles::new(folder.path(), phone.store.vault()),
        twin: RefCell::new(phone.twin()),
        reads: Cell::new(0),
    };
    let memory = FolderMemory::default();
    let report = exchange(&mut phone.session(), &mut files, &memory, Take::AtOnce, false).unwrap();
    assert!(phone.has(oak));
    assert_eq!(phone.write(|tx| tx.blob(hash).unwrap()).unwrap(), b"content");
    assert!(files.reads.get() >= 4, "records, a head, a batch, a piece: {}", files.reads.get());
    assert_eq!(report.unfinished, 0);
}

#[test]
fn what_there_is_no_room_to_read_is_left_for_the_next_time_and_alarms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    laptop.sync();
    let mut files = phone.files();
    let mut there = Folder::open(&mut files, phone.device.actor, &phone.memory).unwrap();
    let log = there.index.batches.keys().next().unwrap().0;
    let range = holdfast_oplog::Range { log, first: 1, last: 1 };
    there.left = 10;
    assert!(there.batch(range).unwrap().is_none());
    assert!(there.more && there.unfinished.is_empty());
    there.left = 1_000_000;
    assert!(there.batch(range).unwrap().is_some());
    assert!(there.left < 1_000_000);
    drop(there);
    assert_eq!(phone.sync().preview.unwrap().adds, 1);
}

#[cfg(unix)]
#[test]
fn an_own_directory_that_became_a_link_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let [mut laptop, _] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    laptop.sync();
    let root = laptop.files().root().to_owned();
    let own = root.join(name::writer(laptop.device.actor));
    for place in [&own, &root] {
        let aside = elsewhere.path().join("aside");
        let target = elsewhere.path().join("target");
        fs::create_dir(&target).unwrap();
        fs::rename(place, &aside).unwrap();
        std::os::unix::fs::symlink(&target, place).unwrap();
        laptop.device.add("elm");
        let refused = laptop.exchange(Take::AtOnce, true).unwrap_err();
        assert_eq!(refused.code(), "folder_linked", "{refused}");
        assert!(all_files(&target).is_empty(), "{}", place.display());
        fs::remove_file(place).unwrap();
        fs::rename(&aside, place).unwrap();
        fs::remove_dir(&target).unwrap();
        laptop.sync();
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_links_under_names_of_ours_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let oak = laptop.device.add("oak");
    laptop.sync();
    let own = laptop.files().root().join(name::writer(laptop.device.actor));
    for counter in 50..53_u64 {
        let pipe = own.join(Name::Head { counter }.of(b"pipe"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let link = own.join(Name::Head { counter }.of(b"link"));
        std::os::unix::fs::symlink("/dev/zero", link).unwrap();
    }
    let pipe = Name::Head { counter: 50 }.of(b"pipe");
    let writer = name::writer(laptop.device.actor);
    // Even where it took a file's place after the directory was listed.
    assert_eq!(phone.files().read(&writer, &pipe, 100).unwrap(), None);
    phone.sync();
    assert!(phone.device.has(oak));
}
