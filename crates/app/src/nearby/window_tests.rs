//! Pairing as a window does it: a code is shown and watched on one device, typed on the other.

use super::NearbyKeeper;
use crate::story_tests::new;
use crate::{App, AppError, Home, KeyStore, NewDevice, view};
use holdfast_transports::nearby::{Expected, Identity, connect};
use holdfast_vault::DeviceKeys;
use rand_core::OsRng;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Device {
    app: Arc<App>,
    _keeper: NearbyKeeper,
    _folder: TempDir,
}

fn device() -> Device {
    let folder = tempfile::tempdir().unwrap();
    let app = Arc::new(App::at(Home::at(folder.path().join("home"))).unwrap());
    Device { _keeper: NearbyKeeper::start(Arc::clone(&app), false), app, _folder: folder }
}

fn laptop() -> Device {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    laptop
}

/// Waits until `ask` answers something.
fn until<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it never came to this: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn begin(phone: &Device, place: &str, code: &str) -> Result<view::JoinPreview, AppError> {
    phone.app.begin_joining(place, code, "Phone", Some(view::KeyStore::File), None)
}

fn members(device: &Device) -> usize {
    device.app.devices().unwrap().iter().filter(|one| !one.removed).count()
}

fn shown(laptop: &Device) -> view::ShownCode {
    laptop.app.shown_code().unwrap().unwrap()
}

/// The code's last word.
fn outcome(laptop: &Device) -> view::ShownCode {
    until("the code led to something", || {
        Some(shown(laptop)).filter(|code| code.paired.is_some() || code.error.is_some())
    })
}

#[test]
fn a_code_is_typed_the_preview_is_agreed_to_and_both_devices_say_so() {
    let (laptop, phone) = (laptop(), device());
    let task = {
        let none = view::QuickAddDefaults { list: None, when: None, parent: None };
        laptop.app.quick_add("Buy oak", &[], &none).unwrap().ids[0].clone()
    };
    let code = laptop.app.show_code().unwrap();
    assert_eq!(laptop.app.status().unwrap().mode, view::Mode::Nearby);
    assert_eq!((code.name.as_str(), code.code.len()), ("Laptop", 9));
    assert!(code.left_ms > 60_000 && !code.addresses.is_empty());
    let preview = begin(&phone, &code.addresses[0], &code.code).unwrap();
    assert_eq!((preview.name.as_str(), preview.tasks), ("Laptop", 1));
    // Nothing has moved, and the other screen says who is there, with the same words.
    assert!(!phone.app.has_vault());
    let joining = until("the laptop says who is there", || {
        Some(shown(&laptop)).filter(|code| code.joining.is_some())
    });
    assert_eq!((joining.words, joining.code.as_str()), (preview.words, ""));
    let boot = phone.app.finish_joining(view::SameLists::KeepBoth).unwrap();
    assert_eq!(boot.device.unwrap().name, "Phone");
    assert_eq!(outcome(&laptop).paired.as_deref(), Some("Phone"));
    until("the task is on the phone", || phone.app.task(&task).ok());
    for (device, other) in [(&laptop, "Phone"), (&phone, "Laptop")] {
        let nearby = until("both are connected", || {
            let nearby = device.app.nearby_view().unwrap();
            nearby.devices.iter().any(|one| one.connected).then_some(nearby)
        });
        assert_eq!(nearby.devices[0].proof, view::Proof::Code, "{other}");
        let ahead = until("the clocks were compared", || {
            device.app.nearby_view().unwrap().devices[0].clock_ahead_ms
        });
        assert!(ahead.abs() < 30_000, "{ahead}");
    }
}

#[test]
fn a_device_with_a_vault_shows_what_it_brings_and_brings_it() {
    let (laptop, tablet) = (laptop(), device());
    tablet
        .app
        .create(&NewDevice {
            name: "Tablet",
            key_store: Some(KeyStore::Passphrase),
            passphrase: Some("four quiet oak boards"),
            set_aside: None,
        })
        .unwrap();
    tablet.app.keep_mode(view::Mode::Nearby).unwrap();
    let own = {
        let none = view::QuickAddDefaults { list: None, when: None, parent: None };
        tablet.app.quick_add("Oil the saw", &[], &none).unwrap().ids[0].clone()
    };
    assert!(tablet.app.nearby_view().unwrap().asks_for_passphrase);
    let code = laptop.app.show_code().unwrap();
    let begin = |passphrase: Option<&str>| {
        let passphrase = passphrase.map(str::to_owned);
        tablet.app.begin_joining(&code.addresses[0], &code.code, "Tablet", None, passphrase)
    };
    // Before the code is tried at all.
    assert_eq!(begin(None).unwrap_err().code(), "locked");
    assert_eq!(begin(Some("four quiet oak bords")).unwrap_err().code(), "wrong_passphrase");
    let preview = begin(Some("four quiet oak boards")).unwrap();
    assert_eq!((preview.tasks, preview.brings_tasks), (0, 1));
    assert!(preview.check_words, "the address was typed");
    tablet.app.finish_joining(view::SameLists::Merge).unwrap();
    assert_eq!(outcome(&laptop).paired.as_deref(), Some("Tablet"));
    until("its task is on the laptop", || laptop.app.task(&own).ok());
    assert_eq!(members(&tablet), 2);
}

#[test]
fn a_wrong_code_and_a_no_pair_nothing_and_both_say_why() {
    let (laptop, phone) = (laptop(), device());
    let code = laptop.app.show_code().unwrap();
    let digits: u32 = code.code.replace(' ', "").parse().unwrap();
    let wrong = format!("{:08}", (digits + 1) % 100_000_000);
    let error = view::CommandError::from(begin(&phone, &code.addresses[0], &wrong).unwrap_err());
    assert_eq!(error.code, "pairing_wrong_code");
    assert!(error.remedy.is_some());
    assert_eq!(outcome(&laptop).error.unwrap().code, "pairing_wrong_try");

    let code = laptop.app.show_code().unwrap();
    begin(&phone, &code.addresses[0], &code.code).unwrap();
    phone.app.cancel_joining();
    assert_eq!(outcome(&laptop).error.unwrap().code, "pairing_declined");
    assert!(!phone.app.has_vault() && members(&laptop) == 1);
    assert!(phone.app.finish_joining(view::SameLists::Merge).is_err());
}

#[test]
fn a_code_that_was_taken_back_lets_nobody_in_even_who_typed_it_already() {
    let (laptop, phone) = (laptop(), device());
    let code = laptop.app.show_code().unwrap();
    laptop.app.stop_showing().unwrap();
    let gone = shown(&laptop);
    assert_eq!((gone.code.as_str(), gone.left_ms), ("", 0));
    assert_eq!(gone.error.unwrap().code, "pairing_withdrawn");
    let error = begin(&phone, &code.addresses[0], &code.code).unwrap_err();
    assert_eq!(error.code(), "pairing_no_code");

    let code = laptop.app.show_code().unwrap();
    begin(&phone, &code.addresses[0], &code.code).unwrap();
    laptop.app.stop_showing().unwrap();
    assert!(phone.app.finish_joining(view::SameLists::Merge).is_err());
    assert!(!phone.app.has_vault() && members(&laptop) == 1);
    // A newer code stands for itself: what came of the older one is not said of it.
    laptop.app.show_code().unwrap();
    assert!(shown(&laptop).error.is_none());
}

#[test]
fn who_knocks_and_goes_away_leaves_the_code_as_good_as_it_was() {
    let (laptop, phone) = (laptop(), device());
    let code = laptop.app.show_code().unwrap();
    let identity = Identity::new(&DeviceKeys::generate(&mut OsRng)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = code.addresses[0].parse().unwrap();
    let link = runtime.block_on(connect(address, &identity, Expected::Anyone)).unwrap();
    drop((link, runtime));
    // Longer than it takes to notice.
    std::thread::park_timeout(Duration::from_millis(600));
    assert!(shown(&laptop).error.is_none());
    begin(&phone, &code.addresses[0], &code.code).unwrap();
}

#[test]
fn an_attempt_can_be_ended_while_it_looks_for_the_device() {
    let phone = device();
    let app = Arc::clone(&phone.app);
    let start = Instant::now();
    let looking = std::thread::spawn(move || {
        app.begin_joining("Nobody", "12345678", "Phone", Some(view::KeyStore::File), None)
    });
    std::thread::park_timeout(Duration::from_millis(300));
    phone.app.cancel_joining();
    assert_eq!(looking.join().unwrap().unwrap_err().code(), "pairing_cancelled");
    assert!(start.elapsed() < Duration::from_secs(9), "it went on to look");
}

#[test]
fn devices_that_show_a_code_are_found_by_name_and_others_are_not() {
    let (laptop, phone) = (laptop(), device());
    laptop.app.keep_mode(view::Mode::Nearby).unwrap();
    phone.app.start_looking().unwrap();
    assert!(phone.app.found_devices().looking);
    laptop.app.show_code().unwrap();
    let found = until("the laptop is found", || {
        phone.app.found_devices().devices.into_iter().find(|one| one.name == "Laptop")
    });
    assert!(found.address.starts_with("127.0.0.1:"), "{found:?}");
    laptop.app.stop_showing().unwrap();
    until("it is not there any more", || {
        phone.app.found_devices().devices.is_empty().then_some(())
    });
    phone.app.stop_looking();
    assert_eq!(phone.app.found_devices(), view::FoundDevices::default());
}

#[test]
fn a_blocked_device_neither_connects_nor_pairs_until_it_is_unblocked() {
    let (laptop, phone) = (laptop(), device());
    let code = laptop.app.show_code().unwrap();
    begin(&phone, &code.addresses[0], &code.code).unwrap();
    phone.app.finish_joining(view::SameLists::Merge).unwrap();
    let connected = || {
        let nearby = laptop.app.nearby_view().unwrap();
        nearby.devices.into_iter().find(|one| one.connected)
    };
    let known = until("they are connected", connected);
    phone.app.keep_mode(view::Mode::Manual).unwrap();
    until("the phone is gone", || connected().is_none().then_some(()));
    laptop.app.block_device(&known.id).unwrap();
    assert!(laptop.app.nearby_view().unwrap().devices[0].blocked);
    // Longer than it takes the network to hear of it.
    std::thread::park_timeout(Duration::from_millis(600));
    phone.app.keep_mode(view::Mode::Nearby).unwrap();
    std::thread::park_timeout(Duration::from_secs(2));
    assert!(connected().is_none());
    laptop.app.unblock_key(&known.key).unwrap();
    phone.app.with(|open| open.poke_nearby()).unwrap();
    until("they are connected again", connected);
    assert!(laptop.app.block_device(&laptop.app.boot().unwrap().device.unwrap().id).is_err());
}

#[test]
fn a_device_that_was_removed_is_told_so_when_it_connects_and_keeps_what_it_has() {
    let (laptop, phone) = (laptop(), device());
    let code = laptop.app.show_code().unwrap();
    begin(&phone, &code.addresses[0], &code.code).unwrap();
    phone.app.finish_joining(view::SameLists::Merge).unwrap();
    let phones = until("they are connected", || {
        let nearby = laptop.app.nearby_view().unwrap();
        nearby.devices.into_iter().find(|one| one.connected)
    });
    laptop.app.remove_device(&phones.id).unwrap();
    let error = until("the phone is told", || {
        let nearby = phone.app.nearby_view().unwrap();
        // By the laptop when it connects again, or by the records that came before it was cut off.
        let errors = nearby.devices.into_iter().map(|one| one.error).chain([nearby.error]);
        errors.flatten().find(|error| error.code == "nearby_removed")
    });
    assert!(error.remedy.is_some_and(|remedy| remedy.contains("new code")));
    // The row below every screen knows it too: as the state of syncing where the record came, or of the
    // device that says so.
    until("the window's row knows it", || {
        let status = phone.app.sidebar().unwrap().status;
        let whole = status.error.is_some_and(|error| error.code == "nearby_removed");
        let device = status.destinations.iter().any(|one| one.state.contains("was removed"));
        (whole || device).then_some(())
    });
    // The connection that was open when it was removed ended.
    until("the link is cut", || {
        let nearby = laptop.app.nearby_view().unwrap();
        nearby.devices.iter().all(|one| !one.connected).then_some(())
    });
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    let own = phone.app.quick_add("Mine alone", &[], &none).unwrap().ids[0].clone();
    assert!(phone.app.task(&own).is_ok() && laptop.app.task(&own).is_err());
}

#[test]
fn a_pause_is_said_instead_of_a_code() {
    let laptop = laptop();
    laptop.app.pause_sync(view::PauseLength::Hour).unwrap();
    assert_eq!(laptop.app.show_code().unwrap_err().code(), "nearby_paused");
    assert!(laptop.app.shown_code().unwrap().is_none());
}

#[test]
fn a_large_deletion_that_is_taken_in_with_keep_brings_all_of_it_back_as_one_action() {
    const TASKS: usize = 30;
    let (laptop, phone) = (laptop(), device());
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    let ids: Vec<String> = (0..TASKS)
        .map(|number| laptop.app.quick_add(&format!("Task {number}"), &[], &none).unwrap())
        .map(|done| done.ids[0].clone())
        .collect();
    let code = laptop.app.show_code().unwrap();
    begin(&phone, &code.addresses[0], &code.code).unwrap();
    phone.app.finish_joining(view::SameLists::KeepBoth).unwrap();
    let standing = |device: &Device| {
        device.app.with(|open| Ok(open.store.read(|tx| tx.count_standing(None))?)).unwrap()
    };
    until("all is on the phone", || (standing(&phone) == TASKS as u64).then_some(()));
    // In two actions, which may come in two exchanges.
    laptop.app.delete_items(&ids[..20], None).unwrap();
    laptop.app.delete_items(&ids[20..], None).unwrap();
    let held = || phone.app.status().unwrap().held.into_iter().next();
    let waits = until("it waits", held);
    assert_eq!(standing(&phone), TASKS as u64);
    let taken = phone.app.accept_held(&waits.id, true).unwrap();
    assert_eq!(taken.deletes, 0);
    assert!(held().is_none());
    assert_eq!(standing(&phone), TASKS as u64);
    until("all is back on the laptop", || (standing(&laptop) == TASKS as u64).then_some(()));
    phone.app.undo().unwrap();
    assert_eq!(standing(&phone), 0, "it was one action");
}
