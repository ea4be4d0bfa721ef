//! Two devices, bundles between them, conflicts decided: the main story, below any interface.

use crate::home::Home;
use crate::keystore::KeyStore;
use crate::{App, NewDevice, view};
use tempfile::TempDir;

pub(crate) struct Device {
    pub(crate) app: App,
    pub(crate) folder: TempDir,
}

pub(crate) fn device() -> Device {
    let folder = tempfile::tempdir().unwrap();
    let app = App::at(Home::at(folder.path().join("home"))).unwrap();
    Device { app, folder }
}

pub(crate) fn new(name: &str) -> NewDevice<'_> {
    NewDevice { name, key_store: Some(KeyStore::File), passphrase: None, set_aside: None }
}

/// A laptop with a vault, and a phone that joined it.
pub(crate) fn two() -> (Device, Device) {
    let (laptop, phone) = (device(), device());
    laptop.app.create(&new("Laptop")).unwrap();
    let file = laptop.folder.path().join("invite.holdfast");
    let request = view::ExportRequest::Invite { passphrase: "correct horse".into() };
    laptop.app.export_bundle(&request, &file).unwrap();
    phone.app.join(&file, "correct horse", &new("Phone")).unwrap();
    carry(&phone, &laptop);
    (laptop, phone)
}

pub(crate) fn carry(from: &Device, to: &Device) -> view::ImportResult {
    let file = from.folder.path().join("update.holdfast");
    from.app.export_bundle(&view::ExportRequest::Full, &file).unwrap();
    to.app.import_bundle(&file, false).unwrap()
}

pub(crate) fn exchange(one: &Device, other: &Device) {
    carry(one, other);
    carry(other, one);
    assert_eq!(one.app.dump(None).unwrap(), other.app.dump(None).unwrap());
}

pub(crate) fn add(device: &Device, text: &str) -> String {
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    device.app.quick_add(text, &[], &none).unwrap().ids[0].clone()
}

pub(crate) fn title(device: &Device, id: &str, title: &str) {
    let patch = view::TaskPatch { title: Some(title.into()), ..view::TaskPatch::default() };
    device.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
}

fn shown(device: &Device, id: &str) -> String {
    device.app.task(id).unwrap().task.title
}

#[test]
fn two_titles_are_both_there_to_choose_from_and_one_decision_settles_both_devices() {
    let (laptop, phone) = two();
    let id = add(&laptop, "Buy oak");
    exchange(&laptop, &phone);
    title(&laptop, &id, "Buy oak boards");
    title(&phone, &id, "Buy ash");
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let rows = device.app.conflicts(view::ConflictTab::Open).unwrap();
        assert_eq!(rows.len(), 1);
        let review = device.app.review(&id).unwrap();
        assert_eq!(review.fields[0].original.as_ref().unwrap().display, "Buy oak");
        assert!(review.fields[0].versions[0].device.here);
        let mut titles: Vec<_> =
            review.fields[0].versions.iter().map(|v| v.display.as_str()).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["Buy ash", "Buy oak boards"]);
    }
    let review = laptop.app.review(&id).unwrap();
    let ash = review.fields[0].versions.iter().find(|v| v.display == "Buy ash").unwrap();
    let decision = view::Decision::Take {
        conflict: review.fields[0].conflict.clone(),
        take: ash.version.clone(),
    };
    laptop.app.resolve(&id, &[decision], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!(shown(device, &id), "Buy ash");
        assert!(device.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
        let resolved = device.app.conflicts(view::ConflictTab::Resolved).unwrap();
        assert_eq!(resolved.len(), 1);
    }
    laptop.app.undo().unwrap();
    assert_eq!(laptop.app.review(&id).unwrap().fields[0].versions.len(), 2);
    exchange(&laptop, &phone);
    assert_eq!(phone.app.conflicts(view::ConflictTab::Open).unwrap().len(), 1);
}

#[test]
fn different_fields_merge_and_equal_values_agree() {
    let (laptop, phone) = two();
    let id = add(&laptop, "Buy oak");
    let other = add(&laptop, "Call Ada");
    exchange(&laptop, &phone);
    title(&laptop, &id, "Buy oak boards");
    let patch = view::TaskPatch { deadline: Some(Some("2026-11-30".into())), ..Default::default() };
    phone.app.edit_tasks(std::slice::from_ref(&id), &patch, None).unwrap();
    title(&laptop, &other, "Call Ada Lovelace");
    title(&phone, &other, "Call Ada Lovelace");
    exchange(&laptop, &phone);
    let task = phone.app.task(&id).unwrap().task;
    assert_eq!(
        (task.title.as_str(), task.deadline.as_deref()),
        ("Buy oak boards", Some("2026-11-30"))
    );
    assert!(laptop.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
}

#[test]
fn a_deletion_meets_an_edit_and_the_item_stays_until_decided() {
    let (laptop, phone) = two();
    let id = add(&laptop, "Buy oak");
    exchange(&laptop, &phone);
    title(&laptop, &id, "Buy oak boards");
    phone.app.delete_items(std::slice::from_ref(&id), None).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!(shown(device, &id), "Buy oak boards");
        assert!(device.app.trash().unwrap().is_empty());
        let review = device.app.review(&id).unwrap();
        assert_eq!(review.fields[0].kind, view::FieldReviewKind::Delete);
        let kept = review.fields[0].preselected.unwrap() as usize;
        assert_eq!(review.fields[0].versions[kept].display, "Kept");
    }
}

#[test]
fn text_edits_of_one_sentence_are_listed_and_of_others_merge() {
    let (laptop, phone) = two();
    let text = "First line here.\n\nSecond line here.\n\nThird line here.";
    let id = laptop.app.add_note("Plan", None, text).unwrap().ids[0].clone();
    let entity = laptop.app.resolve_id("note", &id).unwrap();
    exchange(&laptop, &phone);
    laptop.app.replace_text(entity, &text.replace("First", "Very first")).unwrap();
    phone.app.replace_text(entity, &text.replace("Third", "Very third")).unwrap();
    exchange(&laptop, &phone);
    assert_eq!(laptop.app.conflicts(view::ConflictTab::Open).unwrap().len(), 0);
    assert_eq!(laptop.app.conflicts(view::ConflictTab::Merged).unwrap().len(), 1);
    let merged = laptop.app.note(&id).unwrap().text.text;
    assert!(merged.contains("Very first") && merged.contains("Very third"));

    laptop.app.replace_text(entity, &merged.replace("Second line", "Another line")).unwrap();
    phone.app.replace_text(entity, &merged.replace("Second line", "Middle line")).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!(device.app.conflicts(view::ConflictTab::Open).unwrap().len(), 1);
    }
    let review = phone.app.review(&id).unwrap();
    let versions = &review.texts[0].versions;
    assert!(versions[0].device.here && versions[0].text.contains("Middle line"));
    let blocks = phone
        .app
        .text_blocks(&id, "text", &versions[0].version, &versions[1].version, None)
        .unwrap();
    assert!(blocks.iter().any(|block| block.kind == view::BlockKind::Conflict));
    let wanted = review.texts[0].original.text.replace("Second line", "Best line");
    let decision =
        view::Decision::Text { conflict: review.texts[0].conflict.clone(), text: wanted.clone() };
    phone.app.resolve(&id, &[decision], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    assert_eq!(laptop.app.note(&id).unwrap().text.text, wanted);
    assert!(laptop.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
    assert!(laptop.app.conflicts(view::ConflictTab::Merged).unwrap().is_empty());

    phone.app.undo().unwrap();
    assert_eq!(phone.app.conflicts(view::ConflictTab::Open).unwrap().len(), 1);
    laptop.app.reopen(&id).unwrap();
    exchange(&laptop, &phone);
}

#[test]
fn an_edit_made_on_an_older_view_does_not_replace_what_came_meanwhile() {
    let (laptop, phone) = two();
    let id = add(&laptop, "Buy oak");
    exchange(&laptop, &phone);
    let read = laptop.app.task(&id).unwrap().as_of;
    title(&phone, &id, "Buy ash");
    carry(&phone, &laptop);
    let patch = view::TaskPatch { title: Some("Buy oak boards".into()), ..Default::default() };
    laptop.app.edit_tasks(std::slice::from_ref(&id), &patch, Some(read)).unwrap();
    assert_eq!(laptop.app.conflicts(view::ConflictTab::Open).unwrap().len(), 1);
}

#[test]
fn undo_and_redo_survive_a_restart() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    let id = add(&laptop, "Buy oak tomorrow 9am #Workshop @shop p1");
    title(&laptop, &id, "Buy ash");
    let after = laptop.app.dump(None).unwrap();
    let again = App::at(laptop.app.home().clone()).unwrap();
    drop(laptop.app);
    again.undo().unwrap();
    assert_eq!(again.task(&id).unwrap().task.title, "Buy oak");
    again.undo().unwrap();
    assert!(again.trash().unwrap().iter().any(|item| item.id == id));
    again.redo().unwrap();
    again.redo().unwrap();
    assert_eq!(again.task(&id).unwrap().task.title, "Buy ash");
    assert!(again.redo().is_err());
    let values = |dump: &serde_json::Value| {
        dump["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["fields"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(values(&again.dump(None).unwrap()), values(&after));
    assert!(again.check(false).unwrap().ok);
}

#[test]
fn an_editor_that_is_behind_is_told_what_it_missed() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    let id = laptop.app.add_note("Plan", None, "Hello").unwrap().ids[0].clone();
    let version = laptop.app.note(&id).unwrap().text.version;
    let splice = |pos, insert: &str| view::Splice { pos, delete: 0, insert: insert.into() };
    let stored = laptop.app.splice_text(&id, &version, &[splice(5, " world")]).unwrap();
    assert!(matches!(stored, view::SpliceResult::Stored { .. }));
    let behind = laptop.app.splice_text(&id, &version, &[splice(0, "> ")]).unwrap();
    let view::SpliceResult::Behind { version, splices } = behind else { panic!("behind") };
    assert_eq!(splices, vec![splice(5, " world")]);
    laptop.app.splice_text(&id, &version, &[splice(0, "> ")]).unwrap();
    assert_eq!(laptop.app.note(&id).unwrap().text.text, "> Hello world");
}

#[test]
fn a_task_done_on_both_devices_has_one_next_occurrence() {
    let (laptop, phone) = two();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    exchange(&laptop, &phone);
    let done = view::TaskPatch { status: Some(view::TaskStatus::Done), ..Default::default() };
    for device in [&laptop, &phone] {
        device.app.edit_tasks(std::slice::from_ref(&id), &done, None).unwrap();
    }
    exchange(&laptop, &phone);
    let items = laptop.app.dump(None).unwrap()["items"].as_array().unwrap().len();
    assert_eq!(items, 2);
    assert!(laptop.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
}

#[test]
fn tables_and_calendars_hold_what_is_there() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    add(&laptop, "Buy \"oak, ash\" 2026-11-23 9am #Workshop @shop p1 !2026-11-27 *every 2 weeks");
    laptop.app.add_note("Plan", None, "one,\ntwo").unwrap();
    let folder = laptop.folder.path().join("tables");
    laptop.app.export_csv(&folder, false).unwrap();
    // Each is a folder of its own: nothing is overwritten, whatever is there.
    let beside = laptop.app.export_ics(&folder, false).unwrap();
    assert_eq!(std::path::Path::new(&beside.folder).parent(), Some(folder.as_path()));
    let read = |name: &str| {
        let inside = if name == "tasks.ics" { beside.folder.as_ref() } else { folder.as_path() };
        std::fs::read_to_string(inside.join(name)).unwrap()
    };
    let tasks = read("tasks.csv");
    assert!(tasks.contains("\"Buy oak, ash\"") && tasks.contains("2026-11-23T09:00"), "{tasks}");
    assert!(read("notes.csv").contains("\"one,\ntwo\""));
    let calendar = read("tasks.ics");
    for line in [
        "BEGIN:VTODO",
        "DTSTART:20261123T090000",
        "DUE:20261127T235900",
        "RRULE:FREQ=WEEKLY;INTERVAL=2",
    ] {
        assert!(calendar.contains(line), "{line} in {calendar}");
    }
    let again = laptop.app.export_csv(&folder, false).unwrap();
    assert_ne!(again.folder, folder.display().to_string());
    assert_eq!(read("tasks.csv"), tasks);
}

/// A vault whose key or private facts are gone is still a vault: nothing may be made in its place.
#[test]
fn a_vault_whose_private_facts_are_missing_is_never_replaced() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    add(&laptop, "Buy oak");
    let home = laptop.app.home().clone();
    drop(laptop.app);
    std::fs::remove_file(home.path().join("private.db")).unwrap();
    let before = std::fs::read(home.path().join("holdfast.db")).unwrap();
    let again = App::at(home.clone()).unwrap();
    assert!(again.has_vault());
    assert_eq!(again.boot().unwrap().state, view::BootState::KeyMissing);
    assert_eq!(again.create(&new("Laptop")).unwrap_err().code(), "vault_exists");
    assert_eq!(std::fs::read(home.path().join("holdfast.db")).unwrap(), before);
}
