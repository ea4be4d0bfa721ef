use crate::story_tests::{Device, add, carry, two};
use crate::{App, Space, view};
use serde_json::Value as Json;

/// Both exchange what may travel, with lists marked Nearby.
fn exchange(one: &Device, other: &Device) {
    for (from, to) in [(one, other), (other, one)] {
        let file = from.folder.path().join("both.holdfast");
        from.app.export_bundle_with(&view::ExportRequest::Full, true, &file).unwrap();
        to.app.import_bundle(&file, true).unwrap();
    }
}

fn list(device: &Device, title: &str, space: Space) -> String {
    device.app.add_list(title, None, space).unwrap().ids[0].clone()
}

fn item(app: &App, id: &str) -> Json {
    app.item_json(id.parse().unwrap()).unwrap()
}

fn space(device: &Device, id: &str) -> String {
    item(&device.app, id)["space"].as_str().unwrap().to_owned()
}

fn retitle(device: &Device, id: &str, title: &str) {
    let patch = view::TaskPatch { title: Some(title.into()), ..view::TaskPatch::default() };
    device.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
}

fn dump(device: &Device, space: Space) -> String {
    device.app.dump(Some(space)).unwrap().to_string()
}

/// A laptop and a phone that both have "Work" with a task, its subtask, a note and a tag.
fn with_work() -> (Device, Device, String, [String; 3]) {
    let (laptop, phone) = two();
    let work = list(&laptop, "Work", Space::Everywhere);
    let task = add(&laptop, "Buy oak #Work @shop //ask for the price");
    let sub = view::QuickAddDefaults { list: None, when: None, parent: Some(task.clone()) };
    let sub = laptop.app.quick_add("Measure", &[], &sub).unwrap().ids[0].clone();
    let note = laptop.app.add_note("Plan", Some(&work), "two boards").unwrap().ids[0].clone();
    exchange(&laptop, &phone);
    (laptop, phone, work, [task, sub, note])
}

#[test]
fn a_list_moves_with_everything_in_it_and_undo_brings_it_back() {
    let (laptop, phone, work, ids) = with_work();
    let preview = laptop.app.preview_space(&work, Space::Device).unwrap();
    assert_eq!((preview.tasks, preview.notes, preview.lists, preview.along), (2, 1, 1, 1));
    assert_eq!(preview.holders.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["Phone"]);
    assert!(preview.asks_about_copies && preview.says.iter().any(|s| s.contains("(Phone)")));
    assert_eq!(space(&laptop, &work), "everywhere", "a preview changes nothing");

    laptop.app.set_space(&work, Space::Device, view::Copies::Remove).unwrap();
    for id in ids.iter().chain([&work]) {
        assert_eq!(space(&laptop, id), "device");
    }
    let task = item(&laptop.app, &ids[0]);
    assert_eq!(
        (task["notes"].as_str(), task["title"].as_str()),
        (Some("ask for the price"), Some("Buy oak"))
    );
    exchange(&laptop, &phone);
    assert!(phone.app.lists().unwrap().iter().all(|list| list.id != work));
    let activity = phone.app.activity(5).unwrap();
    let moved = activity.iter().flat_map(|entry| &entry.details).any(|d| d == "Moved away: 'Work'");
    assert!(moved, "{activity:?}");
    assert_eq!(dump(&laptop, Space::Everywhere), dump(&phone, Space::Everywhere));

    laptop.app.undo().unwrap();
    assert_eq!(space(&laptop, &work), "everywhere");
    exchange(&laptop, &phone);
    assert_eq!(item(&phone.app, &ids[2])["text"], "two boards");
    assert_eq!(dump(&laptop, Space::Everywhere), dump(&phone, Space::Everywhere));
    laptop.app.redo().unwrap();
    assert_eq!(space(&laptop, &ids[0]), "device");
    assert!(laptop.app.check(false).unwrap().ok);
}

#[test]
fn copies_that_are_left_stay_in_use_and_an_edit_of_one_is_asked_about_once() {
    let (laptop, phone, work, ids) = with_work();
    laptop.app.set_space(&work, Space::Device, view::Copies::Leave).unwrap();
    exchange(&laptop, &phone);
    assert!(phone.app.lists().unwrap().iter().any(|list| list.id == work), "theirs stays");
    assert_eq!(laptop.app.status().unwrap().conflicts, 0);
    retitle(&phone, &ids[0], "Buy ash");
    exchange(&laptop, &phone);
    assert_eq!(item(&laptop.app, &ids[0])["title"], "Buy oak", "what is shown here is the list's");
    let rows = laptop.app.conflicts(view::ConflictTab::Open).unwrap();
    assert_eq!((rows.len(), rows[0].entity.as_str()), (1, ids[0].as_str()));
    assert!(rows[0].sides.iter().any(|side| side.device.name == "Phone"), "{rows:?}");
    let review = laptop.app.review(&ids[0]).unwrap();
    let versions = &review.fields[0].versions;
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[1].details, ["title: Buy ash"], "{versions:?}");
    let conflict = review.fields[0].conflict.clone();
    let take = view::Decision::Take { conflict, take: "everywhere".into() };
    laptop.app.resolve(&ids[0], &[take], Some(review.as_of)).unwrap();
    let task = item(&laptop.app, &ids[0]);
    assert_eq!((task["title"].as_str(), task["space"].as_str()), (Some("Buy ash"), Some("device")));
    assert_eq!(laptop.app.status().unwrap().conflicts, 0);
    exchange(&laptop, &phone);
    assert_eq!(laptop.app.status().unwrap().conflicts, 0, "decided once");
    laptop.app.reopen(&ids[0]).unwrap();
    assert_eq!(laptop.app.status().unwrap().conflicts, 1);
}

#[test]
fn both_versions_can_be_kept() {
    let (laptop, phone, work, ids) = with_work();
    laptop.app.set_space(&work, Space::Nearby, view::Copies::Remove).unwrap();
    phone.app.replace_text(ids[2].parse().unwrap(), "three boards").unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let review = device.app.review(&ids[2]).unwrap();
        assert!(review.fields[0].can_keep_both, "{review:?}");
    }
    let conflict = phone.app.review(&ids[2]).unwrap().fields[0].conflict.clone();
    let both = view::Decision::KeepBoth { conflict, keep_both: view::Yes };
    let done = phone.app.resolve(&ids[2], &[both], None).unwrap();
    exchange(&laptop, &phone);
    assert_eq!(laptop.app.status().unwrap().conflicts, 0);
    let mut texts: Vec<String> = done
        .ids
        .iter()
        .map(|id| item(&laptop.app, id)["text"].as_str().unwrap().to_owned())
        .collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts, ["three boards", "two boards"]);
}

#[test]
fn what_is_added_to_a_list_that_moved_meanwhile_is_in_it_and_asked_about() {
    let (laptop, phone, work, _) = with_work();
    laptop.app.set_space(&work, Space::Nearby, view::Copies::Remove).unwrap();
    let late = add(&phone, "Late #Work");
    let file = laptop.folder.path().join("far.holdfast");
    laptop.app.export_bundle(&view::ExportRequest::Full, &file).unwrap();
    phone.app.import_bundle(&file, true).unwrap();
    let lists = phone.app.lists().unwrap();
    let recovered = lists.iter().find(|list| list.id == work).unwrap();
    assert!(recovered.recovered && recovered.title == "Recovered from Work", "{recovered:?}");
    carry(&phone, &laptop);
    let review = laptop.app.review(&late).unwrap();
    let conflict = review.fields[0].conflict.clone();
    let take = view::Decision::Take { conflict, take: "along".into() };
    laptop.app.resolve(&late, &[take], None).unwrap();
    assert_eq!(space(&laptop, &late), "nearby");
    exchange(&laptop, &phone);
    assert_eq!(space(&phone, &late), "nearby");
    assert_eq!(phone.app.status().unwrap().conflicts, 0);
}

#[test]
fn an_item_goes_where_its_list_goes_and_the_answer_says_so() {
    let (laptop, _, work, ids) = with_work();
    let private = list(&laptop, "Salary", Space::Device);
    let mut patch = view::TaskPatch { list: Some(Some(private.clone())), ..Default::default() };
    patch.title = Some("Ask for more".into());
    let done = laptop.app.edit_tasks(&[ids[0].clone()], &patch, None).unwrap();
    assert!(done.label.contains("Never leaves this device"), "{}", done.label);
    assert_eq!(
        (space(&laptop, &ids[0]), space(&laptop, &ids[1])),
        ("device".into(), "device".into())
    );
    assert_eq!(item(&laptop.app, &ids[1])["list"], private.as_str(), "the subtask follows");
    assert!(!dump(&laptop, Space::Everywhere).contains("Ask for more"));
    laptop.app.undo().unwrap();
    let task = item(&laptop.app, &ids[0]);
    assert_eq!(
        (task["space"].as_str(), task["list"].as_str()),
        (Some("everywhere"), Some(work.as_str()))
    );
    assert!(!dump(&laptop, Space::Everywhere).contains(&private), "not even the list's id");
    let note = view::NotePatch { list: Some(Some(private)), ..Default::default() };
    laptop.app.edit_notes(&[ids[2].clone()], &note, None).unwrap();
    assert_eq!(space(&laptop, &ids[2]), "device");
}

/// Edits that nobody received are taken out of the log with the move; what they had replaced does not stand
/// again beside it.
#[test]
fn what_was_edited_since_others_heard_of_it_moves_away_without_a_question() {
    let (laptop, phone, _, ids) = with_work();
    let tasks = &ids[..1];
    retitle(&laptop, &ids[0], "Ask for 5000");
    retitle(&laptop, &ids[0], "Ask for 6000");
    laptop.app.undo().unwrap();
    laptop.app.redo().unwrap();
    let salary = list(&laptop, "Salary", Space::Device);
    let there = view::TaskPatch { list: Some(Some(salary)), ..Default::default() };
    laptop.app.edit_tasks(tasks, &there, None).unwrap();
    let asked = || laptop.app.conflicts(view::ConflictTab::Open).unwrap().len();
    assert_eq!((space(&laptop, &ids[0]).as_str(), asked()), ("device", 0));
    assert!(!dump(&laptop, Space::Everywhere).contains("6000"));
    assert!(laptop.app.check(true).unwrap().ok, "hashes and signatures are right");
    assert_eq!(asked(), 0, "the log says the same");
    exchange(&laptop, &phone);
    assert_eq!(phone.app.conflicts(view::ConflictTab::Open).unwrap().len(), 0);
    laptop.app.undo().unwrap();
    let task = item(&laptop.app, &ids[0]);
    assert_eq!(
        (task["space"].as_str(), task["title"].as_str(), asked()),
        (Some("everywhere"), Some("Ask for 6000"), 0)
    );
}

#[test]
fn what_is_marked_ask_waits_for_the_person() {
    let (laptop, phone) = two();
    list(&laptop, "Doctor", Space::Ask);
    add(&laptop, "Call #Doctor");
    exchange(&laptop, &phone);
    assert!(phone.app.lists().unwrap().is_empty());
    let waiting = laptop.app.awaiting_approval().unwrap();
    assert_eq!(waiting.changes, 2);
    let titles: Vec<&str> = waiting.items.iter().map(|item| item.title.as_str()).collect();
    assert!(titles.contains(&"Doctor") && titles.contains(&"Call"));
    let status = laptop.app.status().unwrap();
    assert!(status.text.ends_with("2 changes wait for your approval"), "{}", status.text);
    laptop.app.approve().unwrap();
    add(&laptop, "Not yet #Doctor");
    exchange(&laptop, &phone);
    let open = dump(&phone, Space::Ask);
    assert!(open.contains("Call") && !open.contains("Not yet"), "{open}");
    assert_eq!(laptop.app.status().unwrap().approvals, 1);
    assert_eq!(phone.app.status().unwrap().approvals, 0, "approved where it comes from");
}

#[test]
fn what_nobody_received_is_taken_back_and_undo_still_works() {
    let (laptop, phone) = two();
    let salary = list(&laptop, "Salary", Space::Everywhere);
    let task = add(&laptop, "Ask for 5000 #Salary //in May");
    laptop.app.set_space(&salary, Space::Device, view::Copies::Leave).unwrap();
    assert!(laptop.app.check(false).unwrap().ok, "hashes and signatures are right");
    let before = laptop.app.dump(None).unwrap();
    laptop.app.check(true).unwrap();
    assert_eq!(laptop.app.dump(None).unwrap(), before, "the log says the same");
    carry(&laptop, &phone);
    assert!(phone.app.resolve_id("", &task).is_err(), "no trace of it came");
    laptop.app.undo().unwrap();
    let back = item(&laptop.app, &task);
    assert_eq!(
        (back["notes"].as_str(), back["list"].as_str()),
        (Some("in May"), Some(salary.as_str()))
    );
    carry(&laptop, &phone);
    assert_eq!(item(&phone.app, &task)["notes"], "in May");
    assert_eq!(dump(&laptop, Space::Everywhere), dump(&phone, Space::Everywhere));
}

#[test]
fn the_settings_screen_shows_what_travels_where() {
    let (laptop, _, work, _) = with_work();
    list(&laptop, "Salary", Space::Device);
    let travel = laptop.app.travel().unwrap();
    let row = |title: &str| travel.lists.iter().find(|row| row.title == title).unwrap();
    assert_eq!(
        (row("Work").list.as_str(), row("Work").devices.as_slice()),
        (work.as_str(), &["Phone".to_owned()][..])
    );
    assert_eq!((row("Salary").space, row("Salary").devices.len()), (view::Space::Device, 0));
    assert!(travel.never.iter().any(|never| never.what.contains("Keys")));
}
