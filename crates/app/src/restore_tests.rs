use crate::keystore::KeyStore;
use crate::{App, Home, NewDevice, view};
use std::path::PathBuf;
use tempfile::TempDir;

struct Device {
    app: App,
    folder: TempDir,
}

impl Device {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { app: App::at(Home::at(folder.path().join("home"))).unwrap(), folder }
    }

    fn add(&self, text: &str) -> String {
        let none = view::QuickAddDefaults { list: None, when: None, parent: None };
        self.app.quick_add(text, &[], &none).unwrap().ids[0].clone()
    }

    fn title(&self, id: &str, title: &str) {
        let patch = view::TaskPatch { title: Some(title.into()), ..view::TaskPatch::default() };
        self.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
    }

    fn dump(&self) -> String {
        self.app.dump(None).unwrap().to_string()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn give(&self, other: &Self) {
        let file = self.file("all.holdfast");
        self.app.export_bundle(&view::ExportRequest::Full, &file).unwrap();
        other.app.import_bundle(&file, true).unwrap();
    }
}

fn new(name: &str) -> NewDevice<'_> {
    NewDevice { name, key_store: Some(KeyStore::File), passphrase: None, set_aside: None }
}

fn two() -> (Device, Device) {
    let (laptop, phone) = (Device::empty(), Device::empty());
    laptop.app.create(&new("Laptop")).unwrap();
    let file = laptop.file("invite.holdfast");
    let request = view::ExportRequest::Invite { passphrase: "correct horse".into() };
    laptop.app.export_bundle(&request, &file).unwrap();
    phone.app.join(&file, "correct horse", &new("Phone")).unwrap();
    phone.give(&laptop);
    (laptop, phone)
}

/// The device goes back alone, writes under a new identity, and catches up: nothing is rolled back
/// elsewhere and nothing is overwritten.
#[test]
fn a_restored_device_catches_up_with_the_others_and_reuses_no_number() {
    let (laptop, phone) = two();
    let oak = laptop.add("Buy oak");
    let backup = laptop.file("backup.db");
    laptop.app.backup(&backup).unwrap();
    let at_backup = laptop.dump();
    laptop.title(&oak, "Buy oak boards");
    let ash = laptop.add("Buy ash");
    laptop.give(&phone);
    let before = laptop.dump();
    let old = laptop.app.with(|open| Ok(open.actor)).unwrap();

    let preview = laptop.app.preview_restore(&backup).unwrap();
    assert_eq!((preview.adds, preview.updates, preview.deletes), (0, 1, 1));
    assert_eq!(preview.newer_here, 2);
    let named = |what| preview.items.iter().filter(move |item| item.what == what);
    let changed: Vec<_> =
        named(view::PreviewChange::Changed).map(|item| item.title.as_str()).collect();
    let deleted: Vec<_> =
        named(view::PreviewChange::Deleted).map(|item| item.title.as_str()).collect();
    assert_eq!((changed, deleted), (vec!["Buy oak"], vec!["Buy ash"]));
    assert_eq!(preview.devices.iter().map(|one| one.here).collect::<Vec<_>>(), [false]);
    assert_eq!(laptop.dump(), before, "showing changes nothing");

    let restored = laptop.app.restore(&backup, false, None).unwrap();
    assert_eq!((restored.adds, restored.updates, restored.deletes), (0, 1, 1));
    assert_eq!(laptop.dump(), at_backup);
    assert_ne!(laptop.app.with(|open| Ok(open.actor)).unwrap(), old);
    // Written before it caught up: under the old identity this would be the phone's number again.
    let pine = laptop.add("Buy pine");
    phone.give(&laptop);
    laptop.give(&phone);
    assert_eq!(laptop.dump(), phone.dump());
    for (id, title) in [(&oak, "Buy oak boards"), (&ash, "Buy ash"), (&pine, "Buy pine")] {
        assert_eq!(laptop.app.task(id).unwrap().task.title, title);
    }
    assert!(laptop.app.check(false).unwrap().ok);
    assert!(phone.app.check(false).unwrap().ok);
    // The way back.
    let points = laptop.app.backups().unwrap();
    assert_eq!(Some(&points[0]), restored.point.as_ref());
    assert_eq!(points[0].kind, view::BackupKind::BeforeRestore);
}

/// When the person says so, what the backup shows is one change that all devices get, and that can be
/// undone.
#[test]
fn a_restore_for_all_devices_is_one_change_that_can_be_undone() {
    let (laptop, phone) = two();
    let oak = laptop.add("Buy oak #Workshop");
    let note = laptop.app.add_note("Plan", None, "One line.\nTwo lines.\n").unwrap().ids[0].clone();
    let gone = laptop.add("Deleted later");
    let backup = laptop.file("backup.db");
    laptop.app.backup(&backup).unwrap();
    let at_backup = laptop.dump();
    laptop.title(&oak, "Something else");
    laptop.app.replace_text(note.parse().unwrap(), "All of it replaced.\n").unwrap();
    laptop.app.delete_items(std::slice::from_ref(&gone), None).unwrap();
    let added = laptop.add("Added later");
    laptop.give(&phone);
    let before = laptop.dump();

    let restored = laptop.app.restore(&backup, true, None).unwrap();
    assert_eq!(restored.scope, view::RestoreScope::Everywhere);
    assert_eq!((restored.adds, restored.updates, restored.deletes), (1, 2, 1));
    assert_eq!(restored.skipped, [] as [String; 0]);
    assert_eq!(laptop.app.task(&oak).unwrap().task.title, "Buy oak");
    assert_eq!(laptop.app.note(&note).unwrap().text.text, "One line.\nTwo lines.\n");
    assert!(laptop.app.trash().unwrap().iter().any(|item| item.id == added));
    laptop.give(&phone);
    assert_eq!(phone.dump(), laptop.dump());
    assert_eq!(phone.app.conflicts(view::ConflictTab::Open).unwrap().len(), 0);
    // What lives is what lived.
    let alive = |dump: &str| {
        let dump: serde_json::Value = serde_json::from_str(dump).unwrap();
        let items = dump["items"].as_array().unwrap().clone();
        items.into_iter().filter(|item| item["life"] == "alive").collect::<Vec<_>>()
    };
    assert_eq!(alive(&laptop.dump()), alive(&at_backup));

    laptop.app.undo().unwrap();
    assert_eq!(alive(&laptop.dump()), alive(&before));
}

#[test]
fn a_backup_of_another_vault_or_a_damaged_one_changes_nothing() {
    let (laptop, _) = two();
    laptop.add("Buy oak");
    let other = Device::empty();
    other.app.create(&new("Other")).unwrap();
    other.add("Foreign");
    let foreign = other.file("foreign.db");
    other.app.backup(&foreign).unwrap();
    let before = laptop.dump();
    let refused = laptop.app.restore(&foreign, false, None).unwrap_err();
    assert!(refused.to_string().contains("another vault"), "{refused}");
    let backup = laptop.file("backup.db");
    laptop.app.backup(&backup).unwrap();
    let mut bytes = std::fs::read(&backup).unwrap();
    for place in 0..bytes.len() - 7 {
        if &bytes[place..place + 7] == b"Buy oak" {
            bytes[place] ^= 1;
        }
    }
    std::fs::write(&backup, &bytes).unwrap();
    for propagate in [false, true] {
        let refused = laptop.app.restore(&backup, propagate, None).unwrap_err();
        assert!(refused.to_string().contains("damaged"), "{refused}");
    }
    std::fs::write(&backup, "no database").unwrap();
    assert_eq!(laptop.app.restore(&backup, false, None).unwrap_err().code(), "backup_unusable");
    assert_eq!(
        laptop.app.restore(&laptop.file("none"), false, None).unwrap_err().code(),
        "not_found"
    );
    assert_eq!(laptop.dump(), before);
    assert_eq!(laptop.app.backups().unwrap(), [], "nothing was begun");
}

/// A database that cannot even be opened is set aside, never deleted, and a backup takes its place.
#[test]
fn a_database_that_cannot_be_opened_is_named_kept_and_replaced_by_a_backup() {
    let (laptop, phone) = two();
    laptop.add("Buy oak");
    let backup = laptop.file("backup.db");
    laptop.app.backup(&backup).unwrap();
    laptop.add("Buy ash");
    laptop.give(&phone);
    let home = laptop.app.home().clone();
    drop(laptop.app);
    let database = home.path().join("holdfast.db");
    let ruin = vec![0x5a; 8192];
    std::fs::write(&database, &ruin).unwrap();
    let app = App::at(home.clone()).unwrap();
    assert!(app.has_vault());
    assert_eq!(app.open(None).unwrap_err().code(), "damaged");
    assert_eq!(app.check(true).unwrap_err().code(), "damaged");
    assert_eq!(std::fs::read(&database).unwrap(), ruin, "opening and checking leave it alone");
    let restored = app.restore(&backup, false, None).unwrap();
    let aside = PathBuf::from(restored.aside.as_ref().unwrap()).join("holdfast.db");
    assert_eq!(std::fs::read(aside).unwrap(), ruin);
    let laptop = Device { app, folder: laptop.folder };
    assert!(laptop.dump().contains("Buy oak"));
    laptop.add("Buy pine");
    phone.give(&laptop);
    laptop.give(&phone);
    assert_eq!(laptop.dump(), phone.dump());
    assert!(laptop.dump().contains("Buy ash"));
}

/// The power goes after the new identity was taken and before the backup is in place: the next start
/// makes the identity known, and nothing else happened.
#[test]
fn a_restore_that_was_interrupted_leaves_the_data_and_a_known_identity() {
    let (laptop, phone) = two();
    laptop.add("Buy oak");
    laptop.app.with(|open| open.distrust()).unwrap();
    let home = laptop.app.home().clone();
    drop(laptop.app);
    let laptop = Device { app: App::at(home).unwrap(), folder: laptop.folder };
    laptop.add("Buy ash");
    laptop.give(&phone);
    assert_eq!(laptop.dump(), phone.dump());
    assert!(phone.dump().contains("Buy ash"));
    assert!(phone.app.check(false).unwrap().ok);
}

/// A file that is no backup is not copied: it may be larger than the disk.
#[test]
fn a_huge_file_that_is_no_backup_is_refused_before_it_is_copied() {
    let device = Device::empty();
    device.app.create(&new("Laptop")).unwrap();
    let huge = device.file("huge");
    let file = std::fs::File::create(&huge).unwrap();
    file.set_len(1 << 40).unwrap();
    let refused = device.app.restore(&huge, false, None).unwrap_err();
    assert_eq!(refused.code(), "backup_unusable", "{refused}");
    // Nor one that begins like a database and claims nothing of its size.
    let good = device.file("good.db");
    device.app.backup(&good).unwrap();
    std::fs::File::options().write(true).open(&good).unwrap().set_len(1 << 40).unwrap();
    let refused = device.app.restore(&good, false, None).unwrap_err();
    assert_eq!(refused.code(), "backup_unusable", "{refused}");
}
