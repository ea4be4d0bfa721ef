//! What may be missing or unreadable in a data folder, below any interface.

use crate::home::Home;
use crate::keystore::KeyStore;
use crate::story_tests::{add, device, new, two};
use crate::{App, view};
use holdfast_store::PrivateStore;

fn shown(app: &App) -> String {
    app.dump(None).unwrap().to_string()
}

/// The keychain is asked, and has nothing: on a machine without one, and on one with another person's.
#[test]
fn a_keychain_without_the_key_is_said_and_never_replaced() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    add(&laptop, "Buy oak");
    let home = laptop.app.home().clone();
    drop(laptop.app);
    // As if it had been kept there.
    let mut private = PrivateStore::open(&home.private()).unwrap();
    private.set("key_store", KeyStore::Keychain.as_str().as_bytes()).unwrap();
    drop(private);
    std::fs::remove_file(home.key()).unwrap();
    let before = std::fs::read(home.database()).unwrap();

    let again = App::at(home.clone()).unwrap();
    let boot = again.boot().unwrap();
    assert_eq!(boot.state, view::BootState::KeyMissing);
    let trouble = boot.trouble.unwrap();
    assert_eq!(trouble.code, "key_missing");
    assert!(trouble.message.contains("keychain"), "{}", trouble.message);
    assert_eq!(again.create(&new("Laptop")).unwrap_err().code(), "vault_exists");
    assert_eq!(again.dump(None).map(drop).unwrap_err().code(), "key_missing");
    assert!(!home.key().exists(), "no key is made in its place");
    let out = laptop.folder.path().join("out");
    again.rescue_export(view::ExportFormat::Json, &out, None).unwrap();
    assert!(std::fs::read_to_string(out.join("holdfast.json")).unwrap().contains("Buy oak"));
    assert_eq!(std::fs::read(home.database()).unwrap(), before);
}

#[test]
fn missing_data_are_a_state_of_their_own_and_a_backup_takes_their_place() {
    let (laptop, phone) = two();
    add(&laptop, "Buy oak");
    let backup = laptop.app.backup_now().unwrap();
    let later = add(&laptop, "Buy ash");
    let home = laptop.app.home().clone();
    crate::story_tests::carry(&laptop, &phone);
    drop(laptop.app);
    for name in ["holdfast.db", "holdfast.db-wal", "holdfast.db-shm"] {
        let _ = std::fs::remove_file(home.path().join(name));
    }
    let again = App::at(home).unwrap();
    let boot = again.boot().unwrap();
    assert_eq!(boot.state, view::BootState::DataMissing);
    let remains = boot.remains.unwrap();
    assert_eq!(remains.text, "its key, its settings and 1 backup");
    assert!(remains.has_keys && !remains.asks_for_passphrase);
    assert_eq!(again.create(&new("Laptop")).unwrap_err().code(), "data_missing");
    assert_eq!(again.backups_view().unwrap().backups.len(), 1);

    let boot = again.restore_missing(&backup.id, None).unwrap();
    assert_eq!((boot.state, boot.remains), (view::BootState::Ready, None));
    assert!(shown(&again).contains("Buy oak") && !shown(&again).contains("Buy ash"));
    // It writes under a new identity, and gets from the others what the backup did not have.
    let laptop = crate::story_tests::Device { app: again, folder: laptop.folder };
    add(&laptop, "Buy pine");
    crate::story_tests::exchange(&laptop, &phone);
    assert_eq!(laptop.app.task(&later).unwrap().task.title, "Buy ash");
    assert!(laptop.app.check(false).unwrap().ok && phone.app.check(false).unwrap().ok);
}

/// A window that is open goes on reading a file that was deleted; what it has is saved before it is closed.
#[cfg(unix)]
#[test]
fn a_database_that_goes_while_it_is_open_is_saved_into_a_backup() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    add(&laptop, "Buy oak");
    let home = laptop.app.home().clone();
    for name in ["holdfast.db", "holdfast.db-wal", "holdfast.db-shm"] {
        std::fs::remove_file(home.path().join(name)).unwrap();
    }
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    let refused = laptop.app.quick_add("Buy ash", &[], &none).unwrap_err();
    assert_eq!(refused.code(), "data_missing");
    let backups = laptop.app.backups().unwrap();
    assert_eq!(backups.len(), 1);
    assert_eq!(laptop.app.boot().unwrap().state, view::BootState::DataMissing);
    laptop.app.restore_missing(&backups[0].id, None).unwrap();
    assert!(shown(&laptop.app).contains("Buy oak"));
    assert!(laptop.app.check(false).unwrap().ok);
}

#[test]
fn setting_aside_leaves_an_empty_folder_and_a_whole_one() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    add(&laptop, "Buy oak");
    let backup = laptop.app.backup_now().unwrap();
    let home = laptop.app.home().clone();
    assert_eq!(laptop.app.set_remains_aside().unwrap_err().code(), "nothing_to_do");
    drop(laptop.app);
    std::fs::remove_file(home.database()).unwrap();
    let again = App::at(home).unwrap();
    let aside = again.begin_anew().unwrap();
    assert_eq!(aside.boot.state, view::BootState::New);
    again.create(&new("Laptop")).unwrap();
    assert!(again.backups().unwrap().is_empty());
    let old = App::at(Home::at(&aside.folder)).unwrap();
    old.restore_missing(&backup.id, None).unwrap();
    assert!(shown(&old).contains("Buy oak") && !shown(&again).contains("Buy oak"));
}

const NEARBY: &str = "nearby";

#[test]
fn what_is_kept_about_nearby_and_cannot_be_read_is_an_error_and_stays() {
    let (laptop, phone) = two();
    let phone_id = phone.app.with(|open| Ok(open.device())).unwrap().to_string();
    laptop.app.block_device(&phone_id).unwrap();
    let blocked =
        |app: &App| -> Vec<String> { app.with(|open| open.nearby_facts()).unwrap().blocked };
    let one = blocked(&laptop.app);
    assert_eq!(one.len(), 1);
    // Half a value, as a bad disk leaves it.
    let whole = laptop.app.with(|open| Ok(open.private.get(NEARBY)?)).unwrap().unwrap();
    let half = whole[..whole.len() / 2].to_vec();
    laptop.app.with(|open| Ok(open.private.set(NEARBY, &half)?)).unwrap();
    let refused = [
        laptop.app.add_address("192.168.1.5:4829").map(drop),
        laptop.app.set_nearby(view::Triggers::default(), true).map(drop),
        laptop.app.unblock_device(&phone_id),
        laptop.app.nearby().map(drop),
        laptop.app.nearby_view().map(drop),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().code(), "fact_unreadable");
    }
    let kept = laptop.app.with(|open| Ok(open.private.get(NEARBY)?)).unwrap().unwrap();
    assert_eq!(kept, half, "it stays as it is");
    // All else goes on.
    add(&laptop, "Buy oak");
    laptop.app.status().unwrap();
    // And what comes back is what was there.
    laptop.app.with(|open| Ok(open.private.set(NEARBY, &whole)?)).unwrap();
    assert_eq!(blocked(&laptop.app), one);
}

#[test]
fn what_another_version_keeps_about_nearby_is_not_lost() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    let written = br#"{"addresses":["10.0.0.1:1"],"port":7,"later":{"a":[1,2]}}"#;
    laptop.app.with(|open| Ok(open.private.set(NEARBY, written)?)).unwrap();
    laptop.app.add_address("192.168.1.5:4829").unwrap();
    let kept = laptop.app.with(|open| Ok(open.private.get(NEARBY)?)).unwrap().unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept["addresses"], serde_json::json!(["10.0.0.1:1", "192.168.1.5:4829"]));
    assert_eq!((&kept["port"], &kept["later"]), (&7.into(), &serde_json::json!({ "a": [1, 2] })));
}

/// Several connections, as several processes have them, change it at once.
#[test]
fn changes_of_nearbys_facts_from_several_connections_are_all_kept() {
    const EACH: usize = 12;
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    let home = laptop.app.home().clone();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let app = App::at(home.clone()).unwrap();
            std::thread::spawn(move || {
                for number in 0..EACH {
                    app.add_address(&format!("10.0.{writer}.{number}:4829")).unwrap();
                    app.with(|open| open.poke_nearby()).unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let facts = laptop.app.with(|open| open.nearby_facts()).unwrap();
    assert_eq!(facts.addresses.len(), 4 * EACH);
}

#[test]
fn a_mode_a_pause_and_a_folder_that_cannot_be_read_are_told_by_the_status() {
    for (name, what) in [("mode", "the mode"), ("paused", "the pause"), ("folder", "folder")] {
        let laptop = device();
        laptop.app.create(&new("Laptop")).unwrap();
        laptop.app.with(|open| Ok(open.private.set(name, b"{\"half\":")?)).unwrap();
        let status = laptop.app.status().unwrap();
        assert_eq!((status.mode, status.state), (view::Mode::Manual, view::SyncState::Error));
        let error = status.error.unwrap();
        assert_eq!(error.code, "fact_unreadable");
        assert!(error.message.contains(what) && error.remedy.is_some(), "{}", error.message);
        laptop.app.sidebar().unwrap();
        // And what the remedy says helps.
        match name {
            "mode" => drop(laptop.app.set_mode(view::Mode::Manual).unwrap()),
            "paused" => drop(laptop.app.resume_sync().unwrap()),
            _ => laptop.app.with(|open| open.keep_folder(None)).unwrap(),
        }
        assert!(laptop.app.status().unwrap().error.is_none(), "{name}");
    }
}

#[test]
fn choosing_the_mode_that_is_there_puts_up_no_barrier() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    add(&laptop, "Buy oak");
    laptop.app.set_mode(view::Mode::Manual).unwrap();
    laptop.app.undo().unwrap();
    laptop.app.redo().unwrap();
    laptop.app.set_mode(view::Mode::Nearby).unwrap();
    assert_eq!(laptop.app.undo().unwrap_err().code(), "not_undoable");
}
