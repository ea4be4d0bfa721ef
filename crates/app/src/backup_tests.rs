use super::*;
use crate::keystore::KeyStore;
use crate::{Home, NewDevice};

fn device() -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let app = App::at(Home::at(folder.path().join("home"))).unwrap();
    let new = NewDevice {
        name: "Laptop",
        key_store: Some(KeyStore::File),
        passphrase: None,
        set_aside: None,
    };
    app.create(&new).unwrap();
    (app, folder)
}

fn add(app: &App, text: &str) {
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    app.quick_add(text, &[], &none).unwrap();
}

#[test]
fn a_backup_a_day_and_none_of_nothing() {
    let (app, _folder) = device();
    assert!(!app.backup_if_due().unwrap(), "nothing to keep yet");
    add(&app, "Buy oak");
    assert!(app.backup_if_due().unwrap());
    assert!(!app.backup_if_due().unwrap(), "one a day");
    let backups = app.backups().unwrap();
    assert_eq!(backups.len(), 1);
    assert_eq!(backups[0].kind, BackupKind::Daily);
    assert!(backups[0].bytes > 0);
    let mut copy = Store::open(&app.home.backups().join(format!("{}.db", backups[0].id))).unwrap();
    let dump = copy.read(|tx| tx.dump(None)).unwrap().to_string();
    assert!(dump.contains("Buy oak"));
}

#[test]
fn whoever_looks_at_the_backups_is_told_of_a_new_one() {
    let (app, _folder) = device();
    add(&app, "Buy oak");
    for make in [|app: &App| app.backup_now().is_ok(), |app: &App| app.backup_if_due().unwrap()] {
        let mut news = app.subscribe();
        assert!(make(&app));
        assert!(news.try_recv().is_ok_and(|changed| changed.ids.is_empty()));
    }
}

/// A year of days with a clock that a test moves: what is left follows the policy, and what the person
/// made is never deleted.
#[test]
fn old_backups_are_deleted_by_the_policy_and_manual_ones_never() {
    let (app, _folder) = device();
    add(&app, "Buy oak");
    let made = app.backup_now().unwrap();
    let folder = app.home.backups();
    let now = app.clock.now();
    // As if they had been made on the days before today.
    for days in 1..400 {
        let then = now.checked_sub(jiff::SignedDuration::from_hours(24 * days)).unwrap();
        std::fs::write(folder.join(format!("{}-daily.db", then.strftime(TIME))), "old").unwrap();
    }
    std::fs::write(folder.join("holiday.db"), "another file").unwrap();
    assert!(app.backup_if_due().unwrap());
    let left = app.backups().unwrap();
    let daily = left.iter().filter(|backup| backup.kind == BackupKind::Daily).count();
    assert!((7..=23).contains(&daily), "{daily}");
    assert!(left.iter().any(|backup| backup.id == made.id));
    assert!(folder.join("holiday.db").exists(), "other files are left alone");
}

#[test]
fn names_are_read_as_they_are_written() {
    let (app, _folder) = device();
    add(&app, "Buy oak");
    let one = app.make_backup(BackupKind::BeforeRestore).unwrap();
    let two = app.make_backup(BackupKind::BeforeRestore).unwrap();
    assert_ne!(one.path, two.path);
    let found = app.backup_files().unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|file| file.kind == BackupKind::BeforeRestore));
    assert!(found.iter().any(|file| (file.time - one.time).get_milliseconds().abs() <= 1));
    for strange in ["x.db", "20261122-daily.db", "20261122T101112345Z-other.db"] {
        assert!(parse(PathBuf::from(strange)).is_none(), "{strange}");
    }
}

/// A copy that cannot be finished leaves neither its name nor harm to what is there.
#[test]
fn a_copy_that_fails_leaves_the_older_ones_and_no_partial_file() {
    let (app, folder) = device();
    add(&app, "Buy oak");
    let older = app.backup_now().unwrap();
    let path = folder.path().join("home/backups/new.db");
    let full = write(&app.home, &path, |to| {
        std::fs::write(to, "half").unwrap();
        Err(StoreError::DiskFull.into())
    });
    assert_eq!(full.unwrap_err().code(), "disk_full");
    assert!(!path.exists());
    let names: Vec<_> = std::fs::read_dir(app.home.backups()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(app.backups().unwrap(), [older]);
    // A file of that name is not replaced.
    std::fs::write(&path, "mine").unwrap();
    assert!(
        write(&app.home, &path, |to| {
            let _: () = std::fs::write(to, "other").unwrap();
            Ok(())
        })
        .is_err()
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(app.backup(&path).unwrap_err().code(), "invalid");
}
