//! Deleting a list never deletes what was added to it unseen: it moves to "Recovered from …".

use crate::story_tests::{Device, add, carry, device, exchange, new, two};
use crate::view;
use holdfast_model::entity::Seen;
use holdfast_model::fields::TITLE;
use holdfast_oplog::Space;

const RECOVERED: &str = "Recovered from Workshop";

fn lists(device: &Device) -> Vec<view::ListView> {
    device.app.lists().unwrap()
}

fn list(device: &Device, title: &str) -> view::ListView {
    let found = lists(device).into_iter().find(|list| list.title == title);
    found.unwrap_or_else(|| panic!("{title} is not there: {:?}", lists(device)))
}

/// Two devices that share the list "Workshop" with a task in it; the list.
fn workshop() -> (Device, Device, String) {
    let (laptop, phone) = two();
    add(&laptop, "Buy oak #Workshop");
    exchange(&laptop, &phone);
    let id = list(&laptop, "Workshop").id;
    (laptop, phone, id)
}

fn delete(device: &Device, id: &str) {
    device.app.delete_items(&[id.to_owned()], None).unwrap();
}

/// What both show afterwards: the recovered list with what was added, and no question.
fn recovered(devices: &[&Device], open_tasks: u32, notes: u32) {
    for device in devices {
        let found = list(device, RECOVERED);
        assert!(found.recovered);
        assert_eq!((found.open_tasks, found.notes), (open_tasks, notes));
        assert!(device.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
        assert_eq!(device.app.dump(None).unwrap(), devices[0].app.dump(None).unwrap());
        // What the deletion had seen is in the trash.
        let trash = device.app.trash().unwrap();
        assert!(trash.iter().any(|item| item.title == "Buy oak"));
    }
}

#[test]
fn a_task_added_to_a_list_deleted_elsewhere_is_recovered() {
    let (laptop, phone, id) = workshop();
    delete(&laptop, &id);
    let task = add(&phone, "Buy glue #Workshop");
    exchange(&laptop, &phone);
    recovered(&[&laptop, &phone], 1, 0);
    assert_eq!(laptop.app.task(&task).unwrap().task.list.as_deref(), Some(id.as_str()));
}

#[test]
fn a_task_moved_into_a_list_deleted_elsewhere_is_recovered() {
    let (laptop, phone, id) = workshop();
    let task = add(&laptop, "Buy glue");
    exchange(&laptop, &phone);
    delete(&laptop, &id);
    let patch = view::TaskPatch { list: Some(Some(id.clone())), ..Default::default() };
    phone.app.edit_tasks(&[task], &patch, None).unwrap();
    exchange(&laptop, &phone);
    recovered(&[&laptop, &phone], 1, 0);
}

#[test]
fn a_note_added_to_a_list_deleted_elsewhere_is_recovered() {
    let (laptop, phone, id) = workshop();
    delete(&laptop, &id);
    let note = phone.app.add_note("Plan", Some(&id), "Varnish twice.").unwrap().ids[0].clone();
    exchange(&laptop, &phone);
    recovered(&[&laptop, &phone], 0, 1);
    assert_eq!(laptop.app.note(&note).unwrap().text.text, "Varnish twice.");
}

#[test]
fn a_list_nested_in_a_list_deleted_elsewhere_is_recovered_below_it() {
    let (laptop, phone, id) = workshop();
    delete(&laptop, &id);
    phone.app.add_list("Tools", Some(&id), Space::Everywhere).unwrap();
    exchange(&laptop, &phone);
    recovered(&[&laptop, &phone], 0, 0);
    assert_eq!(list(&laptop, "Tools").parent.as_deref(), Some(id.as_str()));
    // And what was added to a list that went along with the one it is nested in.
    add(&phone, "Sharpen chisels #Tools");
    exchange(&laptop, &phone);
    delete(&laptop, &id);
    let task = add(&phone, "Sharpen saws #Tools");
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let tools = list(device, "Recovered from Tools");
        assert_eq!((tools.open_tasks, tools.parent), (1, None));
        assert_eq!(device.app.task(&task).unwrap().task.title, "Sharpen saws");
    }
}

#[test]
fn three_devices_recover_the_same_from_a_list_deleted_on_one() {
    let (laptop, phone, id) = workshop();
    let tablet = device();
    let file = laptop.folder.path().join("invite-tablet.holdfast");
    let request = view::ExportRequest::Invite { passphrase: "correct horse".into() };
    laptop.app.export_bundle(&request, &file).unwrap();
    tablet.app.join(&file, "correct horse", &new("Tablet")).unwrap();
    carry(&tablet, &laptop);
    carry(&laptop, &tablet);
    delete(&laptop, &id);
    add(&phone, "Buy glue #Workshop");
    tablet.app.add_note("Plan", Some(&id), "Varnish twice.").unwrap();
    for (from, to) in [(&laptop, &phone), (&phone, &tablet), (&tablet, &laptop), (&laptop, &phone)]
    {
        carry(from, to);
    }
    recovered(&[&laptop, &phone, &tablet], 1, 1);
}

#[test]
fn what_was_added_to_a_list_that_was_purged_elsewhere_is_recovered() {
    let (laptop, phone, id) = workshop();
    delete(&laptop, &id);
    laptop.app.purge_items(std::slice::from_ref(&id)).unwrap();
    add(&phone, "Buy glue #Workshop");
    phone.app.add_list("Tools", Some(&id), Space::Everywhere).unwrap();
    exchange(&laptop, &phone);
    recovered(&[&laptop, &phone], 1, 0);
    assert_eq!(list(&laptop, "Tools").parent.as_deref(), Some(id.as_str()));
}

#[test]
fn restoring_the_list_takes_back_what_was_recovered_from_it() {
    let (laptop, phone, id) = workshop();
    delete(&laptop, &id);
    add(&phone, "Buy glue #Workshop");
    phone.app.add_list("Tools", Some(&id), Space::Everywhere).unwrap();
    exchange(&laptop, &phone);
    laptop.app.restore_items(std::slice::from_ref(&id)).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let workshop = list(device, "Workshop");
        assert!(!workshop.recovered);
        // What was deleted with it is back as well.
        assert_eq!((workshop.id.as_str(), workshop.open_tasks), (id.as_str(), 2));
        assert_eq!(list(device, "Tools").parent.as_deref(), Some(id.as_str()));
    }
}

#[test]
fn a_recovered_list_goes_once_nothing_is_left_in_it() {
    let (laptop, phone, id) = workshop();
    delete(&laptop, &id);
    let task = add(&phone, "Buy glue #Workshop");
    exchange(&laptop, &phone);
    let patch = view::TaskPatch { list: Some(None), ..Default::default() };
    phone.app.edit_tasks(&[task], &patch, None).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert!(lists(device).iter().all(|list| list.title != RECOVERED));
    }
}

fn rename_tag(device: &Device, title: &str) {
    device
        .app
        .with(|open| {
            open.act("tag.rename", |work| {
                let tag = work.tx.tag_named("shop")?.unwrap();
                let (state, space) = work.tx.expect_entity(tag, "tag")?;
                let mut draft = state.draft();
                draft.set(TITLE, title, &Seen::All);
                work.push(space, draft);
                Ok(String::new())
            })
        })
        .unwrap();
}

#[test]
fn a_tag_and_a_list_renamed_on_two_devices_keep_what_is_in_them() {
    let (laptop, phone, id) = workshop();
    let task = add(&laptop, "Buy glue #Workshop @shop");
    exchange(&laptop, &phone);
    for (device, title) in [(&laptop, "Shed"), (&phone, "Garage")] {
        let patch = view::ListPatch { title: Some(title.into()), ..Default::default() };
        device.app.edit_list(&id, &patch, None).unwrap();
    }
    rename_tag(&laptop, "errands");
    rename_tag(&phone, "town");
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let found: Vec<_> = lists(device).into_iter().filter(|list| list.id == id).collect();
        assert_eq!((found.len(), found[0].open_tasks, found[0].conflict), (1, 2, true));
        assert_eq!(device.app.task(&task).unwrap().task.tags.len(), 1);
    }
}
