//! Undo and redo by name: what a person does and then takes back.

use crate::memory_tests::{add, carry, device, patch, seen, undo_all};
use crate::{App, AppError, view};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::Space;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

fn title(app: &App, id: &str, title: &str) {
    patch(app, id, &view::TaskPatch { title: Some(title.into()), ..Default::default() });
}

fn titles(app: &App) -> Vec<String> {
    let tasks = seen(app).into_values().filter(|i| i.kind == Kind::Task.as_str() && i.is_alive());
    tasks.filter_map(|i| i.fields["title"][0].as_str().map(str::to_owned)).collect()
}

fn text(app: &App, id: EntityId) -> String {
    app.with(|open| Ok(open.store.read(|tx| crate::texts::read(tx, id))?)).unwrap()
}

fn note(app: &App, text: &str) -> EntityId {
    app.add_note("Plan", None, text).unwrap().ids[0].parse().unwrap()
}

fn changes(app: &App) -> i64 {
    app.with(|open| Ok(open.store.read(|tx| tx.position())?)).unwrap()
}

#[test]
fn two_edits_of_one_title_are_undone_one_after_the_other() {
    let app = device(1);
    let id = add(&app, "oak");
    title(&app, &id, "oak boards");
    title(&app, &id, "oak planks");
    for expected in ["oak boards", "oak"] {
        assert!(app.undo().unwrap().skipped.is_empty());
        assert_eq!(titles(&app), [expected]);
    }
    for expected in ["oak boards", "oak planks"] {
        assert!(app.redo().unwrap().skipped.is_empty());
        assert_eq!(titles(&app), [expected]);
    }
    assert!(matches!(app.redo(), Err(AppError::NothingTo(_))));
}

#[test]
fn a_repeating_task_that_is_done_undone_done_again_and_undone_is_there_once() {
    let app = device(1);
    let id = add(&app, "water the fern *every day");
    patch(
        &app,
        &id,
        &view::TaskPatch { status: Some(view::TaskStatus::Done), ..Default::default() },
    );
    let open = |app: &App| {
        let items = seen(app).into_values();
        items
            .filter(|i| {
                i.is_alive() && i.fields.get("status").is_none_or(|s| s[0] == "open".into())
            })
            .count()
    };
    let done = seen(&app);
    assert_eq!((titles(&app).len(), open(&app)), (2, 1));
    app.undo().unwrap();
    assert_eq!((titles(&app).len(), open(&app)), (1, 1));
    app.redo().unwrap();
    assert_eq!(seen(&app), done);
    app.undo().unwrap();
    assert_eq!((titles(&app).len(), open(&app)), (1, 1));
}

#[test]
fn tags_texts_and_deleted_lists_are_undone_after_they_were_done_again() {
    let app = device(1);
    let list = app.add_list("Shed", None, Space::Everywhere).unwrap().ids[0].clone();
    let in_list = view::QuickAddDefaults { list: Some(list.clone()), when: None, parent: None };
    let id = app.quick_add("oak", &[], &in_list).unwrap().ids[0].clone();
    let note = note(&app, "one two three");
    let actions: [(&str, &dyn Fn()); 3] = [
        ("tags", &|| {
            let tags = Some(vec!["wood".to_owned()]);
            patch(&app, &id, &view::TaskPatch { add_tags: tags, ..Default::default() });
        }),
        ("text", &|| drop(app.splice_chars(note, 4, 3, "2").unwrap())),
        ("list", &|| drop(app.delete_items(std::slice::from_ref(&list), None).unwrap())),
    ];
    for (what, act) in actions {
        let before = seen(&app);
        act();
        let after = seen(&app);
        for _ in 0..3 {
            app.undo().unwrap();
            let now = seen(&app);
            for (id, item) in &before {
                assert_eq!(&now[id], item, "{what}");
            }
            app.redo().unwrap();
            assert_eq!(seen(&app), after, "{what}");
        }
    }
}

#[test]
fn an_item_that_another_device_edited_stays_when_its_making_is_undone() {
    let (laptop, phone) = (device(1), device(2));
    let id = add(&laptop, "oak");
    carry(&laptop, &phone);
    title(&phone, &id, "oak boards");
    carry(&phone, &laptop);
    let done = laptop.undo().unwrap();
    assert_eq!(done.skipped, ["'oak boards' was changed since and stays"]);
    assert_eq!(titles(&laptop), ["oak boards"]);
}

#[test]
fn what_cannot_be_undone_is_said_once_and_then_what_was_before_it_is_undone() {
    let app = device(1);
    let kept = add(&app, "oak");
    let id = add(&app, "ash");
    title(&app, &kept, "oak boards");
    app.delete_items(std::slice::from_ref(&id), None).unwrap();
    app.purge_items(&[id]).unwrap();
    let error = app.undo().unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("not_undoable", "Deleting for good cannot be undone")
    );
    assert!(error.remedy().is_some());
    // The deletion before it finds nothing to bring back, and says so.
    assert_eq!(app.undo().unwrap().skipped.len(), 1);
    app.undo().unwrap();
    assert_eq!(titles(&app), ["oak"]);
    app.set_mode(view::Mode::Nearby).unwrap();
    assert_eq!(app.undo().unwrap_err().to_string(), "Choosing how to sync cannot be undone");
    assert_eq!(undo_all(&app).0, 2);
    assert_eq!(titles(&app), Vec::<String>::new());
}

#[test]
fn a_long_text_is_one_undo_step_and_each_of_its_changes_says_that_it_goes_on() {
    let app = device(1);
    let id = note(&app, "short\n");
    let from = changes(&app);
    let long = "A line of words that is repeated.\n".repeat(20_000);
    app.replace_text(id, &long).unwrap();
    assert!(changes(&app) - from > 3, "it takes several changes");
    let more: Vec<bool> = app
        .with(|open| {
            Ok(open.store.read(|tx| tx.history(id))?.iter().map(|item| item.change.more).collect())
        })
        .unwrap();
    assert!(!more[0] && !more[more.len() - 1]);
    assert!(more[1..more.len() - 1].iter().all(|more| *more));
    app.undo().unwrap();
    assert_eq!(text(&app, id), "short\n");
    app.redo().unwrap();
    assert_eq!(text(&app, id), long);
    app.undo().unwrap();
    assert_eq!(text(&app, id), "short\n");
    assert_eq!(undo_all(&app).0, 1);
}

#[test]
fn a_text_that_is_too_long_is_refused_before_anything_is_written() {
    let app = device(1);
    let id = note(&app, "short");
    let from = changes(&app);
    let long = "x".repeat(holdfast_model::text::LARGEST + 1);
    for error in
        [app.replace_text(id, &long).unwrap_err(), app.add_note("", None, &long).unwrap_err()]
    {
        assert_eq!(error.code(), "text_too_long");
    }
    assert_eq!((changes(&app), text(&app, id)), (from, "short".into()));
}

#[test]
fn a_long_text_takes_effect_whole_on_another_device_and_holds_nothing_else_back() {
    let (laptop, phone) = (device(1), device(2));
    let id = note(&laptop, "as it was");
    add(&laptop, "oak");
    carry(&laptop, &phone);
    laptop.replace_text(id, &"A long line.\n".repeat(60_000)).unwrap();
    let long = text(&laptop, id);
    add(&laptop, "ash");
    let runs = crate::memory_tests::one_by_one(&laptop, &phone);
    assert!(runs.len() > 4);
    for (at, run) in runs.iter().enumerate() {
        crate::memory_tests::take_in(&phone, std::slice::from_ref(run));
        let whole = at + 2 >= runs.len();
        assert_eq!(text(&phone, id), if whole { long.as_str() } else { "as it was" }, "run {at}");
        assert_eq!(titles(&phone).len(), if at + 1 == runs.len() { 2 } else { 1 });
        // Meanwhile it is edited there.
        title(&phone, &add(&phone, "elm"), "elm");
        phone.undo().unwrap();
    }
}

/// Counts the commits of a device's database, and refuses them where that is asked for.
fn watched(app: &App) -> (Arc<AtomicUsize>, Arc<AtomicBool>) {
    let (commits, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (count, refuse) = (Arc::clone(&commits), Arc::clone(&refused));
    app.with(|open| {
        Ok(open.store.refuse_commits(move || {
            count.fetch_add(1, Ordering::SeqCst);
            refuse.load(Ordering::SeqCst)
        })?)
    })
    .unwrap();
    (commits, refused)
}

#[test]
fn a_crash_while_a_long_text_is_saved_leaves_the_old_one() {
    let app = device(1);
    let id = note(&app, "as it was");
    let long = "A line of words that is repeated.\n".repeat(20_000);
    let (commits, refused) = watched(&app);
    refused.store(true, Ordering::SeqCst);
    assert!(app.replace_text(id, &long).is_err());
    assert!(app.add_note("New", None, &long).is_err());
    assert_eq!(text(&app, id), "as it was");
    assert_eq!(seen(&app).len(), 1);
    refused.store(false, Ordering::SeqCst);
    commits.store(0, Ordering::SeqCst);
    app.replace_text(id, &long).unwrap();
    assert_eq!((commits.load(Ordering::SeqCst), text(&app, id)), (1, long));
}

#[test]
fn an_import_and_a_bulk_edit_are_one_commit_and_one_undo_step() {
    let app = device(1);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    for number in 0..120 {
        let name = format!("inner/note {number}.md");
        std::fs::write(folder.path().join(name), format!("Words of note {number}.\n")).unwrap();
    }
    let long = "A long line.\n".repeat(40_000);
    std::fs::write(folder.path().join("long.md"), &long).unwrap();
    let (commits, _) = watched(&app);
    app.import_markdown(folder.path()).unwrap();
    assert_eq!(commits.load(Ordering::SeqCst), 1);
    let imported = seen(&app);
    let alive = |app: &App| seen(app).into_values().filter(|item| item.is_alive()).count();
    assert_eq!(alive(&app), 122);
    assert!(imported.values().any(|item| item.text == long));
    app.undo().unwrap();
    assert_eq!(alive(&app), 0);
    assert_eq!(undo_all(&app).0, 0);
    app.redo().unwrap();
    assert_eq!(seen(&app), imported);
    let notes: Vec<String> = imported
        .iter()
        .filter(|(_, item)| item.kind == Kind::Note.as_str())
        .map(|(id, _)| id.to_string())
        .collect();
    let patch = view::NotePatch { pinned: Some(true), ..Default::default() };
    commits.store(0, Ordering::SeqCst);
    app.edit_notes(&notes, &patch, None).unwrap();
    assert_eq!(commits.load(Ordering::SeqCst), 1);
    app.undo().unwrap();
    assert_eq!(seen(&app), imported);
}
