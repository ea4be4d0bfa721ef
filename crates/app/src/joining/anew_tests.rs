use super::*;
use crate::home::Home;
use crate::story_tests::{Device, add, carry, device, new};
use crate::{KeyStore, view};

const PASSPHRASE: &str = "four quiet oak boards";

/// A phone that was removed, with a task; its key is kept under a passphrase.
fn removed() -> (Device, String) {
    let (laptop, phone) = (device(), device());
    laptop.app.create(&new("Laptop")).unwrap();
    let file = laptop.folder.path().join("invite.holdfast");
    let request = view::ExportRequest::Invite { passphrase: "correct horse".into() };
    laptop.app.export_bundle(&request, &file).unwrap();
    let key_store = Some(KeyStore::Passphrase);
    let asked = NewDevice { key_store, passphrase: Some(PASSPHRASE), ..new("Phone") };
    phone.app.join(&file, "correct horse", &asked).unwrap();
    carry(&phone, &laptop);
    let id = add(&phone, "Buy oak");
    let phones = laptop.app.devices().unwrap().into_iter().find(|d| d.name == "Phone").unwrap();
    laptop.app.remove_device(&phones.id).unwrap();
    let told = laptop.folder.path().join("told.holdfast");
    laptop.app.export_bundle(&view::ExportRequest::Full, &told).unwrap();
    assert_eq!(phone.app.import_bundle(&told, false).unwrap_err().code(), "not_a_member");
    (phone, id)
}

const fn as_before(passphrase: Option<&str>) -> NewDevice<'_> {
    NewDevice { name: "Phone", key_store: None, passphrase, set_aside: None }
}

/// The device after its next start.
fn started_again(device: Device) -> Device {
    let home = device.app.home().clone();
    let Device { app, folder } = device;
    drop(app);
    let app = App::at(home).unwrap();
    assert_eq!(app.boot().unwrap().state, view::BootState::Locked);
    Device { app, folder }
}

#[test]
fn a_slip_in_the_passphrase_founds_nothing_and_locks_nobody_out() {
    let (phone, id) = removed();
    let found = |passphrase| phone.app.found_anew(&as_before(passphrase)).unwrap_err();
    assert_eq!(found(Some("four quiet oak bords")).code(), "wrong_passphrase");
    assert_eq!(found(None).code(), "locked");
    assert!(!phone.app.home().earlier().exists(), "nothing was changed");
    phone.app.found_anew(&as_before(Some(PASSPHRASE))).unwrap();
    assert_eq!(phone.app.task(&id).unwrap().task.title, "Buy oak");
    let phone = started_again(phone);
    phone.app.unlock(PASSPHRASE).unwrap();
    assert_eq!(phone.app.task(&id).unwrap().task.title, "Buy oak");
}

/// Killed, or stopped by a full disk, between the new vault and what is to be in it.
#[test]
fn what_was_cut_short_comes_along_before_anybody_sees_the_new_vault() {
    let (phone, id) = removed();
    let successor = phone.app.successor(&as_before(Some(PASSPHRASE))).unwrap();
    phone.app.found_in_its_place(&successor).unwrap();
    let phone = started_again(phone);
    let boot = phone.app.unlock(PASSPHRASE).unwrap();
    assert_eq!(boot.state, view::BootState::Ready);
    assert_eq!(phone.app.task(&id).unwrap().task.title, "Buy oak");
    assert!(phone.app.with(|open| open.bringing()).unwrap().is_none());
    assert_eq!(phone.app.found_anew(&as_before(Some(PASSPHRASE))).unwrap_err().code(), "invalid");
}

#[test]
fn an_earlier_vault_that_cannot_be_read_keeps_nobody_out_and_is_told_once() {
    let (phone, id) = removed();
    let successor = phone.app.successor(&as_before(Some(PASSPHRASE))).unwrap();
    phone.app.found_in_its_place(&successor).unwrap();
    let bringing = phone.app.with(|open| open.bringing()).unwrap().unwrap();
    let old = Home::at(phone.app.home().earlier().join(bringing.folder)).database();
    let whole = std::fs::read(&old).unwrap();
    std::fs::write(&old, b"This is a shopping list and no database at all.".repeat(40)).unwrap();
    let mut phone = phone;
    for _ in 0..2 {
        phone = started_again(phone);
        assert_eq!(phone.app.unlock(PASSPHRASE).unwrap().state, view::BootState::Ready);
    }
    let activity = phone.app.activity(50).unwrap();
    let told = activity.iter().filter(|entry| entry.title.contains("did not come along"));
    assert_eq!(told.count(), 1);
    // Once it is whole again it comes along.
    std::fs::write(&old, whole).unwrap();
    let phone = started_again(phone);
    phone.app.unlock(PASSPHRASE).unwrap();
    assert_eq!(phone.app.task(&id).unwrap().task.title, "Buy oak");
}
