use crate::home::Home;
use crate::story_tests::{Device, add, carry, device, exchange, new, title, two};
use crate::view::SameLists;
use crate::{App, view};
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// A device with a vault of its own.
fn alone(name: &str) -> Device {
    let device = device();
    device.app.create(&new(name)).unwrap();
    device
}

/// The second device joins the vault of the first.
fn join(guest: &Device, host: &Device, lists: SameLists) {
    let file = host.folder.path().join("invite.holdfast");
    let _ = std::fs::remove_file(&file);
    let request = view::ExportRequest::Invite { passphrase: "correct horse".into() };
    host.app.export_bundle(&request, &file).unwrap();
    guest.app.join_bringing(&file, "correct horse", &new("Desktop"), Some(lists)).unwrap();
    carry(guest, host);
}

fn note(device: &Device, title: &str, text: &str) -> String {
    let id = device.app.add_note(title, None, "").unwrap().ids[0].clone();
    write(device, &id, text);
    id
}

fn write(device: &Device, id: &str, text: &str) {
    let id = id.parse::<uuid::Uuid>().map(holdfast_model::EntityId).unwrap();
    device.app.replace_text(id, text).unwrap();
}

/// Everything alive, by id: kind, title, list by name, tags by name, text.
fn shown(app: &App) -> BTreeMap<String, Vec<String>> {
    app.with(|open| {
        open.store.read(|tx| {
            let mut all = BTreeMap::new();
            let picture = crate::difference::Picture::of(tx)?;
            for kind in [holdfast_model::Kind::Task, holdfast_model::Kind::Note] {
                for (id, item) in picture.items_of(kind).filter(|(_, item)| item.state.is_alive()) {
                    let named = |id: &str| {
                        let id = id.parse::<uuid::Uuid>().map(holdfast_model::EntityId).unwrap();
                        picture.item(id).map(|item| item.state.text("title").to_owned()).unwrap()
                    };
                    let list = item.state.text("list");
                    let mut line = vec![
                        item.state.kind.clone(),
                        item.state.text("title").to_owned(),
                        if list.is_empty() { String::new() } else { named(list) },
                        item.text.clone(),
                        item.space.to_string(),
                    ];
                    let tags = item.state.elements("tags");
                    line.extend(tags.iter().map(|tag| named(tag.as_str().unwrap())));
                    line.extend(
                        ["when", "deadline", "priority", "status", "repeat"]
                            .map(|field| format!("{:?}", item.state.value(field))),
                    );
                    all.insert(id.to_string(), line);
                }
            }
            Ok(all)
        })
    })
    .unwrap()
}

fn tags(app: &App) -> usize {
    app.with(|open| open.store.read(|tx| Ok(tx.tags()?.len()))).unwrap()
}

#[test]
fn what_a_device_had_comes_along_and_its_own_vault_is_kept_whole() {
    let (host, guest) = (alone("Laptop"), alone("Tower"));
    add(&host, "Milk #Groceries");
    add(&guest, "Bread #Groceries @shop p1");
    add(&guest, "Plan the year #Work !2027-01-10");
    let long = "A line of it.\n".repeat(9_000);
    note(&guest, "Diary", &long);
    let deleted = add(&guest, "Gone");
    guest.app.delete_items(std::slice::from_ref(&deleted), None).unwrap();
    let before = shown(&guest.app);
    join(&guest, &host, SameLists::KeepBoth);

    let after = shown(&guest.app);
    for (id, line) in &before {
        assert_eq!(after.get(id), Some(line));
    }
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(shown(&host.app), after);
    let trash = guest.app.trash().unwrap();
    assert!(trash.iter().any(|item| item.id == deleted));
    exchange(&host, &guest);

    // The earlier vault opens by itself, with its own keys and everything in it.
    let earlier = guest.app.home().path().join("earlier");
    let folder = std::fs::read_dir(earlier).unwrap().next().unwrap().unwrap().path();
    let old = App::at(Home::at(folder)).unwrap();
    assert_eq!(shown(&old), before);
    assert!(old.check(false).unwrap().ok);
}

#[test]
fn lists_of_one_title_become_one_or_stay_two() {
    for (lists, expected) in [(SameLists::Merge, 1), (SameLists::KeepBoth, 2)] {
        let (host, guest) = (alone("Laptop"), alone("Tower"));
        add(&host, "Milk #Groceries");
        let bread = add(&guest, "Bread #groceries @shop");
        add(&host, "Cheese @shop");
        join(&guest, &host, lists);
        let called = |lists: &[view::ListView]| {
            lists.iter().filter(|list| list.title.eq_ignore_ascii_case("groceries")).count()
        };
        assert_eq!(called(&guest.app.lists().unwrap()), expected);
        assert!(!shown(&guest.app)[&bread][2].is_empty(), "it is in a list");
        assert!(guest.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
        // A tag is what it is called.
        assert_eq!(tags(&guest.app), 1);
        exchange(&host, &guest);
    }
}

#[test]
fn bringing_it_again_changes_nothing() {
    let (host, guest) = (alone("Laptop"), alone("Tower"));
    add(&guest, "Bread #Groceries @shop");
    note(&guest, "Diary", "One line");
    join(&guest, &host, SameLists::Merge);
    let folder = std::fs::read_dir(guest.app.home().path().join("earlier")).unwrap();
    let name = folder.flatten().next().unwrap().file_name().to_string_lossy().into_owned();
    let before = guest.app.dump(None).unwrap();
    let bytes = serde_json::to_vec(&super::super::earlier::Bringing {
        folder: name,
        lists: SameLists::Merge,
        at_once: false,
    })
    .unwrap();
    guest.app.with(|open| Ok(open.private.set("bringing", &bytes)?)).unwrap();
    assert!(guest.app.bring_along().unwrap());
    assert_eq!(guest.app.dump(None).unwrap(), before);
    assert!(!guest.app.bring_along().unwrap(), "once it is done, nothing is left to bring");
}

#[test]
fn a_removed_device_that_joins_again_brings_what_it_wrote_and_revives_nothing() {
    let (laptop, phone) = two();
    let kept = add(&laptop, "Kept");
    let deleted = add(&laptop, "Deleted meanwhile");
    let diary = note(&laptop, "Diary", "Morning.\n");
    exchange(&laptop, &phone);
    let phones = laptop.app.devices().unwrap().into_iter().find(|d| d.name == "Phone").unwrap();
    laptop.app.remove_device(&phones.id).unwrap();
    // Meanwhile, on both sides.
    laptop.app.delete_items(std::slice::from_ref(&deleted), None).unwrap();
    title(&laptop, &kept, "Kept, changed on the laptop");
    let late = add(&phone, "Written after the removal");
    write(&phone, &diary, "Morning.\nEvening, on the phone.\n");

    join(&phone, &laptop, SameLists::Merge);
    exchange(&laptop, &phone);
    let shown = shown(&laptop.app);
    assert!(shown.contains_key(&late), "what was quarantined came along");
    assert!(!shown.contains_key(&deleted), "what was deleted stays so");
    assert_eq!(shown[&kept][1], "Kept, changed on the laptop");
    assert!(laptop.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
    assert_eq!(shown[&diary][3], "Morning.\n");
    let beside = shown.values().find(|line| line[3].contains("Evening, on the phone."));
    assert_eq!(beside.unwrap()[1], "Diary (from before joining)");
}

#[test]
fn a_removed_device_founds_the_vault_anew_with_all_that_it_holds() {
    let (laptop, phone) = two();
    let kept = add(&laptop, "Kept");
    exchange(&laptop, &phone);
    assert_eq!(phone.app.found_anew(&new("Phone")).unwrap_err().code(), "invalid");
    let phones = laptop.app.devices().unwrap().into_iter().find(|d| d.name == "Phone").unwrap();
    laptop.app.remove_device(&phones.id).unwrap();
    let file = laptop.folder.path().join("told.holdfast");
    laptop.app.export_bundle(&view::ExportRequest::Full, &file).unwrap();
    assert_eq!(phone.app.import_bundle(&file, false).unwrap_err().code(), "not_a_member");
    // A device that is out is told by whom.
    let told = phone.app.devices().unwrap().into_iter().find(|device| device.here).unwrap();
    assert_eq!(told.removed_by.as_deref(), Some("Laptop"));
    let late = add(&phone, "Written after the removal");
    phone.app.found_anew(&new("Phone")).unwrap();
    let anew = shown(&phone.app);
    assert!(anew.contains_key(&kept) && anew.contains_key(&late));
    let devices = phone.app.devices().unwrap();
    assert_eq!(devices.len(), 1);
    assert!(!devices[0].removed);
    // The laptop is let in like any new device.
    join(&laptop, &phone, SameLists::Merge);
    exchange(&phone, &laptop);
    assert_eq!(shown(&laptop.app), shown(&phone.app));
}

#[test]
fn what_was_deleted_after_the_removal_is_deleted_unless_it_was_edited_there() {
    let (laptop, phone) = two();
    let (plain, edited) = (add(&laptop, "Plain"), add(&laptop, "Edited"));
    exchange(&laptop, &phone);
    let phones = laptop.app.devices().unwrap().into_iter().find(|d| d.name == "Phone").unwrap();
    laptop.app.remove_device(&phones.id).unwrap();
    title(&laptop, &edited, "Edited on the laptop");
    phone.app.delete_items(&[plain.clone(), edited.clone()], None).unwrap();
    join(&phone, &laptop, SameLists::Merge);
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let shown = shown(&device.app);
        assert!(!shown.contains_key(&plain), "the deletion came along");
        assert_eq!(shown[&edited][1], "Edited on the laptop", "it stays until somebody decides");
        assert_eq!(device.app.conflicts(view::ConflictTab::Open).unwrap().len(), 1);
    }
}

#[test]
fn a_tag_taken_off_after_the_removal_is_off_and_one_put_on_there_stays() {
    let (laptop, phone) = two();
    let task = add(&laptop, "Paint @shop");
    exchange(&laptop, &phone);
    let phones = laptop.app.devices().unwrap().into_iter().find(|d| d.name == "Phone").unwrap();
    laptop.app.remove_device(&phones.id).unwrap();
    let edit = |device: &Device, patch: view::TaskPatch| {
        device.app.edit_tasks(std::slice::from_ref(&task), &patch, None).unwrap();
    };
    let patch = view::TaskPatch::default;
    edit(&laptop, view::TaskPatch { add_tags: Some(vec!["urgent".into()]), ..patch() });
    edit(&phone, view::TaskPatch { remove_tags: Some(vec!["shop".into()]), ..patch() });
    join(&phone, &laptop, SameLists::Merge);
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let line = shown(&device.app).remove(&task).unwrap();
        assert!(!line.contains(&"shop".to_owned()), "{line:?}");
        assert!(line.contains(&"urgent".to_owned()), "{line:?}");
    }
}

#[test]
fn what_was_kept_to_the_device_after_the_removal_is_not_published() {
    let (laptop, phone) = two();
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    let task = laptop.app.quick_add("Salary #Money", &[], &none).unwrap().ids[0].clone();
    let list = laptop.app.task(&task).unwrap().task.list.unwrap();
    exchange(&laptop, &phone);
    let phones = laptop.app.devices().unwrap().into_iter().find(|d| d.name == "Phone").unwrap();
    laptop.app.remove_device(&phones.id).unwrap();
    phone.app.set_space(&list, holdfast_oplog::Space::Device, view::Copies::Leave).unwrap();
    title(&phone, &task, "Salary, for this device alone");
    join(&phone, &laptop, SameLists::Merge);
    exchange(&laptop, &phone);
    let dump = laptop.app.dump(None).unwrap().to_string();
    assert!(!dump.contains("for this device alone"), "{dump}");
}

#[test]
fn what_both_vaults_have_under_one_id_is_put_side_by_side() {
    let (laptop, phone) = two();
    let (task, other) = (add(&laptop, "Paint"), add(&laptop, "Sand"));
    exchange(&laptop, &phone);
    let phones = laptop.app.devices().unwrap().into_iter().find(|d| d.name == "Phone").unwrap();
    laptop.app.remove_device(&phones.id).unwrap();
    title(&laptop, &task, "Paint the door");
    title(&phone, &task, "Paint the gate");
    title(&phone, &other, "Sand the gate");
    join(&phone, &laptop, SameLists::Merge);
    exchange(&laptop, &phone);
    let open = laptop.app.conflicts(view::ConflictTab::Open).unwrap();
    assert_eq!(open.len(), 1, "both titles stand until somebody decides");
    assert_eq!(shown(&laptop.app)[&other][1], "Sand the gate", "nobody else had changed it");
}

#[test]
fn another_process_of_the_folder_goes_on_with_the_joined_vault() {
    let (host, guest) = (alone("Laptop"), alone("Tower"));
    let beside = App::at(Home::at(guest.app.home().path())).unwrap();
    assert!(shown(&beside).is_empty());
    let milk = add(&host, "Milk");
    join(&guest, &host, SameLists::Merge);
    assert!(shown(&beside).contains_key(&milk));
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    let id = beside.quick_add("Written beside", &[], &none).unwrap().ids[0].clone();
    assert!(shown(&guest.app).contains_key(&id));
}

/// Whatever an earlier vault holds is there after joining, on both devices.
#[test]
fn nothing_of_an_earlier_vault_is_missing_whatever_it_holds() {
    for seed in 0..12 {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let (host, guest) = (alone("Laptop"), alone("Tower"));
        for device in [&host, &guest] {
            let mut ids = Vec::new();
            for number in 0..rng.gen_range(1..25) {
                let word = ["Milk", "Bread", "Oak", "Ash"][rng.gen_range(0..4)];
                let list = ["", " #Home", " #Work", " #Garden"][rng.gen_range(0..4)];
                let tag = ["", " @shop", " @Later"][rng.gen_range(0..3)];
                match rng.gen_range(0..6) {
                    0..=2 => ids.push(add(device, &format!("{word} {number}{list}{tag}"))),
                    3 => ids.push(note(device, &format!("{word} {number}"), word)),
                    4 if !ids.is_empty() => {
                        let id = ids[rng.gen_range(0..ids.len())].clone();
                        let _ = device.app.delete_items(&[id], None);
                    }
                    _ if !ids.is_empty() => {
                        let id = ids[rng.gen_range(0..ids.len())].clone();
                        let patch = view::TaskPatch {
                            title: Some(format!("{word}, {number} times")),
                            ..view::TaskPatch::default()
                        };
                        let _ = device.app.edit_tasks(&[id], &patch, None);
                    }
                    _ => {}
                }
            }
        }
        let (hosts, before) = (shown(&host.app), shown(&guest.app));
        let lists = if seed % 2 == 0 { SameLists::Merge } else { SameLists::KeepBoth };
        join(&guest, &host, lists);
        exchange(&host, &guest);
        let after = shown(&guest.app);
        for (id, line) in hosts.iter().chain(&before) {
            assert_eq!(after.get(id), Some(line), "seed {seed}");
        }
        assert_eq!(after.len(), hosts.len() + before.len(), "seed {seed}");
        assert!(guest.app.conflicts(view::ConflictTab::Open).unwrap().is_empty(), "seed {seed}");
    }
}
