//! The trash: what comes back together, and when what lies in it goes for good.

use crate::clock::Clock;
use crate::memory_tests::{add, carry, device, patch, seen};
use crate::{App, AppError, view};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::Space;

fn alive(app: &App) -> Vec<String> {
    let items = seen(app).into_values().filter(super::memory_tests::Seen::is_alive);
    let mut titles: Vec<String> =
        items.filter_map(|i| i.fields["title"][0].as_str().map(str::to_owned)).collect();
    titles.sort();
    titles
}

fn add_in(app: &App, title: &str, list: Option<&str>, parent: Option<&str>) -> String {
    let defaults = view::QuickAddDefaults {
        list: list.map(Into::into),
        when: None,
        parent: parent.map(Into::into),
    };
    app.quick_add(title, &[], &defaults).unwrap().ids[0].clone()
}

/// A moment at which the device runs, so many days after the first.
fn on_day(app: &App, day: i64) -> usize {
    let moment = jiff::civil::date(2027, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
    app.with(|open| {
        open.clock = Clock::starting(&format!("{moment}T12:00:00Z"));
        open.tend_trash()
    })
    .unwrap()
}

#[test]
fn a_restored_list_comes_back_with_what_went_with_it_and_no_more() {
    let app = device(1);
    let shed = app.add_list("Shed", None, Space::Everywhere).unwrap().ids[0].clone();
    let inner = app.add_list("Tools", Some(&shed), Space::Everywhere).unwrap().ids[0].clone();
    let before = add_in(&app, "deleted before", Some(&shed), None);
    add_in(&app, "in the list", Some(&shed), None);
    let parent = add_in(&app, "with parts", Some(&inner), None);
    add_in(&app, "part", None, Some(&parent));
    app.add_note("note", Some(&shed), "words").unwrap();
    add_in(&app, "elsewhere", None, None);
    app.delete_items(&[before], None).unwrap();
    app.delete_items(std::slice::from_ref(&shed), None).unwrap();
    assert_eq!(alive(&app), ["elsewhere"]);
    let kinds: Vec<view::ItemKind> = app.trash().unwrap().iter().map(|item| item.kind).collect();
    assert_eq!(kinds.len(), 7);
    for kind in [view::ItemKind::List, view::ItemKind::Note, view::ItemKind::Task] {
        assert!(kinds.contains(&kind));
    }
    let done = app.restore_items(&[shed]).unwrap();
    assert_eq!(done.label, "'Shed' restored with 5 items");
    assert_eq!(
        alive(&app),
        ["Shed", "Tools", "elsewhere", "in the list", "note", "part", "with parts"]
    );
    app.undo().unwrap();
    assert_eq!(alive(&app), ["elsewhere"]);
}

#[test]
fn a_restored_parent_brings_its_subtasks_wherever_it_was_deleted() {
    let (laptop, phone) = (device(1), device(2));
    let parent = add(&laptop, "paint");
    add_in(&laptop, "sand", None, Some(&parent));
    let alone = add_in(&laptop, "rinse", None, Some(&parent));
    laptop.delete_items(&[alone], None).unwrap();
    carry(&laptop, &phone);
    phone.delete_items(std::slice::from_ref(&parent), None).unwrap();
    carry(&phone, &laptop);
    assert_eq!(alive(&laptop), Vec::<String>::new());
    laptop.restore_items(&[parent]).unwrap();
    assert_eq!(alive(&laptop), ["paint", "sand"]);
}

#[test]
fn the_trash_is_emptied_after_thirty_days_that_this_device_ran_and_a_day_of_notice() {
    let app = device(1);
    on_day(&app, 0);
    let id = add(&app, "oak");
    app.delete_items(std::slice::from_ref(&id), None).unwrap();
    on_day(&app, 1);
    let item = |app: &App| app.trash().unwrap().into_iter().next();
    // Days on which it does not run do not count.
    let mut day = 1;
    for ran in 1..=30 {
        day += if ran % 7 == 0 { 20 } else { 1 };
        assert_eq!(on_day(&app, day), 0);
        assert_eq!(item(&app).unwrap().days_left, 30 - ran, "after {ran} days");
    }
    assert!(item(&app).unwrap().goes_next);
    // Looked at again on the same day: the notice has not stood for a day.
    assert_eq!(on_day(&app, day), 0);
    assert!(item(&app).is_some());
    assert_eq!(on_day(&app, day + 1), 1);
    assert!(item(&app).is_none());
}

#[test]
fn a_clock_that_jumps_makes_nothing_older() {
    let app = device(1);
    on_day(&app, 0);
    let id = add(&app, "oak");
    app.delete_items(&[id], None).unwrap();
    on_day(&app, 1);
    for jump in 0..200 {
        // Ahead by more than a year and back again, each time the device starts.
        on_day(&app, 400 + jump);
        on_day(&app, 1);
    }
    // The one day on which it ran is counted, once.
    let item = app.trash().unwrap().remove(0);
    assert_eq!((item.days_left, item.goes_next), (29, false));
    assert_eq!(on_day(&app, 2), 0);
    assert_eq!(app.trash().unwrap()[0].days_left, 29);
    assert_eq!(on_day(&app, 3), 0);
    assert_eq!(app.trash().unwrap()[0].days_left, 28);
}

#[test]
fn what_was_restored_meanwhile_begins_anew() {
    let app = device(1);
    on_day(&app, 0);
    let id = add(&app, "oak");
    app.delete_items(std::slice::from_ref(&id), None).unwrap();
    for day in 1..29 {
        on_day(&app, day);
    }
    app.restore_items(std::slice::from_ref(&id)).unwrap();
    app.delete_items(&[id], None).unwrap();
    for day in 29..58 {
        assert_eq!(on_day(&app, day), 0);
    }
    assert!(!app.trash().unwrap()[0].goes_next);
}

#[test]
fn deleting_for_good_gives_way_to_a_restore_and_to_an_edit_made_apart_everywhere() {
    let (laptop, phone) = (device(1), device(2));
    let restored = add(&laptop, "restored");
    let edited = add(&laptop, "edited");
    let gone = add(&laptop, "gone");
    let all = [restored.clone(), edited.clone(), gone];
    laptop.delete_items(&all, None).unwrap();
    carry(&laptop, &phone);
    laptop.purge_items(&all).unwrap();
    phone.restore_items(std::slice::from_ref(&restored)).unwrap();
    let patch_of = view::TaskPatch { title: Some("edited there".into()), ..Default::default() };
    patch(&phone, &edited, &patch_of);
    carry(&phone, &laptop);
    carry(&laptop, &phone);
    for app in [&laptop, &phone] {
        assert_eq!(alive(app), ["restored"]);
        let trash: Vec<String> = app.trash().unwrap().into_iter().map(|item| item.title).collect();
        assert_eq!(trash, ["edited there"]);
        // Nobody is asked.
        assert!(app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
    }
    assert_eq!(seen(&laptop), seen(&phone));
    // It can be deleted and restored like anything else.
    laptop.delete_items(std::slice::from_ref(&restored), None).unwrap();
    laptop.restore_items(&[restored]).unwrap();
    assert_eq!(alive(&laptop), ["restored"]);
    let tasks = seen(&laptop).into_iter().filter(|(_, i)| i.kind == Kind::Task.as_str());
    assert_eq!(tasks.map(|(id, _)| id).collect::<Vec<EntityId>>().len(), 3);
}

#[test]
fn what_is_not_in_the_trash_is_neither_restored_nor_deleted_for_good() {
    let app = device(1);
    let id = add(&app, "oak");
    let refused = |result: Result<view::Done, AppError>| {
        assert_eq!(result.unwrap_err().to_string(), "It is not in the trash.");
    };
    refused(app.restore_items(std::slice::from_ref(&id)));
    refused(app.purge_items(std::slice::from_ref(&id)));
    assert_eq!(alive(&app), ["oak"]);
    app.delete_items(std::slice::from_ref(&id), None).unwrap();
    app.purge_items(std::slice::from_ref(&id)).unwrap();
    refused(app.restore_items(&[id]));
}
