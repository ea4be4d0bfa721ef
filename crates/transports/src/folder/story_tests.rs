use super::*;
use crate::bundle::fixture_tests::{Device, devices};
use holdfast_model::EntityId;
use holdfast_oplog::Space;
use std::fs;
use std::path::{Path, PathBuf};

/// A device with its own way to a folder and its own memory of it.
pub(super) struct Side {
    pub(super) device: Device,
    pub(super) memory: FolderMemory,
    pub(super) folder: PathBuf,
}

impl Side {
    pub(super) fn files(&self) -> OsFiles {
        OsFiles::new(&self.folder, self.device.store.vault())
    }
    pub(super) fn exchange(
        &mut self,
        take: Take,
        again: bool,
    ) -> Result<FolderReport, FolderError> {
        let mut files = self.files();
        let report = exchange(&mut self.device.session(), &mut files, &self.memory, take, again)?;
        self.memory = report.memory.clone();
        Ok(report)
    }
    pub(super) fn sync(&mut self) -> FolderReport {
        self.exchange(Take::AtOnce, false).unwrap()
    }
}

pub(super) fn sides<const N: usize>(names: [&str; N], folder: &Path) -> [Side; N] {
    devices(names).map(|device| Side {
        device,
        memory: FolderMemory::default(),
        folder: folder.to_owned(),
    })
}

pub(super) fn all_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(all_files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn two_devices_converge_over_a_folder_and_know_it() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    phone.device.add("ash");
    assert_eq!(laptop.sync().sent, 1);
    let report = phone.sync();
    let preview = report.preview.unwrap();
    assert_eq!((report.sent, preview.adds, preview.from_name.as_str()), (1, 1, "laptop"));
    assert_eq!(laptop.sync().preview.unwrap().from_name, "phone");
    assert_eq!(laptop.device.dump(), phone.device.dump());
    phone.sync();
    laptop.sync();
    let (first, second) = (laptop.device.id(), phone.device.id());
    for (here, there) in [(&mut laptop, second), (&mut phone, first)] {
        let known = here.device.write(|tx| tx.destination(there).unwrap()).unwrap();
        assert_eq!(known.holds, here.device.write(|tx| tx.held().unwrap()));
    }
    // With nothing to say nothing is written, read anew or recorded.
    let before = (all_files(folder.path()), laptop.device.trace());
    let report = laptop.sync();
    assert_eq!((report.sent, report.preview.is_none(), report.missing), (0, true, 0));
    assert_eq!((all_files(folder.path()), laptop.device.trace()), before);
}

#[test]
fn nothing_marked_to_stay_gets_into_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, _] = sides(["laptop", "phone"], folder.path());
    for space in [Space::Everywhere, Space::Nearby, Space::Ask, Space::Device] {
        laptop.device.add_in(space, space.as_str(), "");
    }
    assert_eq!(laptop.sync().sent, 1);
    let batches: Vec<PathBuf> =
        all_files(folder.path()).into_iter().filter(|p| p.extension().unwrap() == "hfb").collect();
    assert_eq!(batches.len(), 1);
    assert!(batches[0].file_name().unwrap().to_string_lossy().starts_with("everywhere-"));
}

#[test]
fn what_a_device_got_elsewhere_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone, mut tablet] = sides(["laptop", "phone", "tablet"], folder.path());
    let id = phone.device.add("by bundle");
    let (bundle, _) = phone.device.export(crate::bundle::fixture_tests::EVERYTHING);
    laptop.device.import(&bundle).unwrap();
    assert_eq!(laptop.sync().sent, 1);
    tablet.sync();
    assert!(tablet.device.has(id));
    // It is there already: nobody writes it twice.
    assert_eq!(phone.sync().sent, 0);
}

/// Row 14: an emptied or replaced folder deletes nothing here, and asks before it is filled again.
#[test]
fn an_emptied_folder_deletes_nothing_and_offers_to_publish_again() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let (oak, ash) = (laptop.device.add("oak"), phone.device.add("ash"));
    for _ in 0..2 {
        laptop.sync();
        phone.sync();
    }
    let root = laptop.files().root().to_owned();
    fs::remove_dir_all(&root).unwrap();
    laptop.device.add("elm");
    let report = laptop.sync();
    assert_eq!(report.state, FolderState::Emptied { missing: 1 });
    assert_eq!((report.sent, all_files(&root).len()), (0, 0));
    assert!(laptop.device.has(oak) && laptop.device.has(ash));
    let report = laptop.exchange(Take::AtOnce, true).unwrap();
    assert_eq!((report.state, report.sent), (FolderState::Ready, 3));
    // The other one finds everything there, its own changes too, and has nothing to ask.
    assert_eq!(phone.sync().state, FolderState::Ready);
    assert_eq!(laptop.device.dump(), phone.device.dump());
}

#[test]
fn files_that_come_back_make_the_question_go_away() {
    let folder = tempfile::tempdir().unwrap();
    let aside = tempfile::tempdir().unwrap();
    let [mut laptop, _] = sides(["laptop", "phone"], folder.path());
    laptop.device.add("oak");
    laptop.sync();
    let root = laptop.files().root().to_owned();
    let hidden = aside.path().join("x");
    fs::rename(&root, &hidden).unwrap();
    assert_ne!(laptop.sync().state, FolderState::Ready);
    fs::rename(&hidden, &root).unwrap();
    assert_eq!(laptop.sync().state, FolderState::Ready);
}

#[test]
fn a_missing_folder_is_an_error_with_a_remedy_and_is_not_made() {
    let place = tempfile::tempdir().unwrap();
    let gone = place.path().join("stick");
    let [mut laptop, _] = sides(["laptop", "phone"], &gone);
    laptop.device.add("oak");
    let refused = laptop.exchange(Take::AtOnce, false).unwrap_err();
    assert_eq!(refused.code(), "folder_missing");
    assert!(!gone.exists());
}

/// Row 25: partial and empty files are left alone until they are whole; conflicted copies and other
/// programs' files never matter.
#[test]
fn partial_files_and_conflicted_copies_are_never_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let id = laptop.device.add("oak");
    laptop.sync();
    let files = all_files(folder.path());
    let whole: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    for (file, content) in files.iter().zip(&whole) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let copy = name.replace('.', " (conflicted copy).");
        fs::write(file.with_file_name(copy), b"something else").unwrap();
        fs::write(file.with_file_name(format!(".{name}.tmp")), content).unwrap();
        fs::write(file, &content[..content.len() / 2]).unwrap();
    }
    let report = phone.sync();
    assert!(!phone.device.has(id));
    assert_eq!(report.unfinished, files.len() as u64);
    for (file, _) in files.iter().zip(&whole) {
        fs::write(file, b"").unwrap();
    }
    phone.sync();
    assert!(!phone.device.has(id));
    for (file, content) in files.iter().zip(&whole) {
        // A file system that folds case gives the name back in capitals.
        let capitals = file.file_name().unwrap().to_string_lossy().to_uppercase();
        fs::remove_file(file).unwrap();
        fs::write(file.with_file_name(capitals), content).unwrap();
    }
    let report = phone.sync();
    assert!(phone.device.has(id));
    assert_eq!(report.unfinished, 0);
}

#[test]
fn a_forged_file_stops_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone, mut tablet] = sides(["laptop", "phone", "tablet"], folder.path());
    let (oak, ash) = (laptop.device.add("oak"), phone.device.add("ash"));
    laptop.sync();
    // Somebody with access to the folder puts bent bytes there, under a name that fits them.
    let batch = all_files(folder.path()).into_iter().find(|f| f.extension().unwrap() == "hfb");
    let batch = batch.unwrap();
    let mut bytes = fs::read(&batch).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let (name, _) = Name::parse(&batch.file_name().unwrap().to_string_lossy()).unwrap();
    fs::remove_file(&batch).unwrap();
    fs::write(batch.with_file_name(name.of(&bytes)), &bytes).unwrap();
    phone.sync();
    let report = tablet.sync();
    assert!(tablet.device.has(ash) && !tablet.device.has(oak));
    let notices = report.preview.unwrap().notices;
    assert!(notices.iter().any(|n| n.contains("Changes of laptop")), "{notices:?}");
    // Its author puts the real one there again when the person says so, or anyone who has it.
    let (bundle, _) = laptop.device.export(crate::bundle::fixture_tests::EVERYTHING);
    tablet.device.import(&bundle).unwrap();
    assert!(tablet.device.has(oak));
}

/// Row 49 for the folder.
#[test]
fn a_mass_deletion_in_the_folder_waits_for_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let ids: Vec<EntityId> = (0..20).map(|n| laptop.device.add(&n.to_string())).collect();
    laptop.sync();
    phone.sync();
    phone.device.delete(&ids);
    phone.sync();
    let report = laptop.sync();
    assert!(matches!(report.waits, Some(FolderError::MassDeletion { deletes: 20, .. })));
    assert!(laptop.device.has(ids[0]));
    // What this device writes goes out all the same.
    laptop.device.add("meanwhile");
    assert_eq!(laptop.sync().sent, 1);
    let seen = look(
        &mut laptop.device.session(),
        &mut OsFiles::new(folder.path(), phone.device.store.vault()),
    );
    assert_eq!(seen.unwrap().unwrap().deletes, 20);
    assert!(laptop.device.has(ids[0]));
    let report = laptop.exchange(Take::Confirmed, false).unwrap();
    assert_eq!(report.preview.unwrap().deletes, 20);
    assert!(!laptop.device.has(ids[0]));
}

#[test]
fn asked_first_nothing_is_taken_in_before_the_person_looked() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let id = phone.device.add("ash");
    phone.sync();
    laptop.device.add("oak");
    let report = laptop.exchange(Take::Not, false).unwrap();
    assert_eq!((report.sent, laptop.device.has(id)), (1, false));
    let mut files = laptop.files();
    let preview = look(&mut laptop.device.session(), &mut files).unwrap().unwrap();
    assert_eq!((preview.adds, laptop.device.has(id)), (1, false));
    laptop.exchange(Take::Confirmed, false).unwrap();
    assert!(laptop.device.has(id));
}

#[test]
fn attachments_come_once_all_their_pieces_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    let content: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let hash = laptop.device.attach("large", &content);
    laptop.sync();
    let pieces: Vec<PathBuf> =
        all_files(folder.path()).into_iter().filter(|f| f.extension().unwrap() == "hfc").collect();
    assert_eq!(pieces.len(), 2);
    let last = fs::read(&pieces[1]).unwrap();
    fs::write(&pieces[1], &last[..100]).unwrap();
    phone.sync();
    assert!(!phone.device.write(|tx| tx.has_blob(hash).unwrap()));
    fs::write(&pieces[1], last).unwrap();
    phone.sync();
    assert_eq!(phone.device.write(|tx| tx.blob(hash).unwrap()).unwrap(), content);
}

#[test]
fn many_small_files_become_few_and_nothing_is_missing_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    for number in 0..200 {
        laptop.device.add(&format!("task {number}"));
        laptop.sync();
    }
    let count = all_files(folder.path()).len();
    assert!(count < 80, "{count} files");
    phone.sync();
    assert_eq!(laptop.device.dump(), phone.device.dump());
}
