//! Folders of a vault whose old changes were pruned.

use super::*;
use crate::bundle::fixture_tests::{Device, devices};
use holdfast_model::EntityId;

const ALWAYS: i64 = i64::MAX;

fn sync(
    device: &mut Device,
    files: &mut OsFiles,
    memory: &mut FolderMemory,
    again: bool,
) -> FolderReport {
    let report = exchange(&mut device.session(), files, memory, Take::AtOnce, again).unwrap();
    *memory = report.memory.clone();
    report
}

/// A device that comes to a folder which was replaced after the others pruned gets a snapshot and the
/// changes after it, keeps its own edits, and revives nothing.
#[test]
fn a_new_folder_of_a_pruned_vault_has_a_snapshot_for_who_is_behind() {
    let place = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let vault = laptop.store.vault();
    let mut memories: [FolderMemory; 3] = Default::default();
    let (old, new) = (place.path().join("old"), place.path().join("new"));
    std::fs::create_dir_all(&old).unwrap();
    std::fs::create_dir_all(&new).unwrap();
    let mut files = OsFiles::new(&old, vault);
    let oak = laptop.add("oak");
    let gone = laptop.add("gone");
    laptop.delete(&[gone]);
    for _ in 0..2 {
        sync(&mut laptop, &mut files, &mut memories[0], false);
        sync(&mut phone, &mut files, &mut memories[1], false);
        sync(&mut tablet, &mut files, &mut memories[2], false);
    }
    sync(&mut laptop, &mut files, &mut memories[0], false);
    laptop.prune(ALWAYS);
    laptop.retitle(oak, "oak boards");
    // The phone was restored to before all of it by its owner, with an edit of its own.
    let [_, mut behind, _] = devices(["laptop", "phone", "tablet"]);
    let own = behind.add("own");
    let mut files = OsFiles::new(&new, vault);
    let mut fresh: [FolderMemory; 2] = Default::default();
    let report = sync(&mut laptop, &mut files, &mut fresh[0], false);
    assert_eq!(report.state, FolderState::Ready);
    assert!(report.memory.snapshot.is_some());
    let report = sync(&mut behind, &mut files, &mut fresh[1], false);
    assert!(report.preview.unwrap().notices.iter().any(|notice| notice.contains("snapshot")));
    assert!(behind.has(oak) && behind.has(own) && !behind.has(gone));
    sync(&mut laptop, &mut files, &mut fresh[0], false);
    assert_eq!(laptop.dump(), behind.dump());
    // With nothing new, no second snapshot is written and the first is not taken again.
    let trace = behind.trace();
    let report = sync(&mut laptop, &mut files, &mut fresh[0], false);
    assert_eq!((report.sent, report.memory.snapshot), (0, fresh[0].snapshot.clone()));
    sync(&mut behind, &mut files, &mut fresh[1], false);
    assert_eq!(behind.trace(), trace);
    let note = EntityId::named("note");
    behind.jot(note, "after\n");
    sync(&mut behind, &mut files, &mut fresh[1], false);
    sync(&mut laptop, &mut files, &mut fresh[0], false);
    assert_eq!(laptop.dump(), behind.dump());
}
