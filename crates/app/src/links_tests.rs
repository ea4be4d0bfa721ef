use crate::{App, Home, KeyStore, NewDevice, view};
use holdfast_model::EntityId;
use holdfast_oplog::Space;

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

/// A note that stays on this device.
fn salary(app: &App) -> String {
    let list = app.add_list("Money", None, Space::Device).unwrap().ids[0].clone();
    app.add_note("Salary 2026", Some(&list), "four thousand").unwrap().ids[0].clone()
}

fn name(id: &str) -> EntityId {
    id.parse::<EntityId>().unwrap().in_links()
}

fn text(app: &App, note: &str) -> String {
    app.note(note).unwrap().text.text
}

#[test]
fn at_every_way_in_a_link_is_stored_without_title_and_id() {
    let (app, folder) = device();
    let target = salary(&app);
    let written = format!("see [Salary 2026](holdfast:{target})");
    let stored = format!("see [](holdfast:{})", name(&target));

    let added = app.add_note("Added", None, &written).unwrap().ids[0].clone();
    assert_eq!(text(&app, &added), stored);

    let replaced = app.add_note("Replaced", None, "before").unwrap().ids[0].clone();
    app.replace_text(replaced.parse().unwrap(), &written).unwrap();
    assert_eq!(text(&app, &replaced), stored);

    // An editor is told what is stored otherwise than it sent.
    let typed = app.add_note("Typed", None, "\u{1f333} ").unwrap().ids[0].clone();
    let version = app.note(&typed).unwrap().text.version;
    let splice = view::Splice { pos: 3, delete: 0, insert: written.clone() };
    let answer = app.splice_text(&typed, &version, &[splice]).unwrap();
    let view::SpliceResult::Stored { splices, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(text(&app, &typed), format!("\u{1f333} {stored}"));
    let mut editor: Vec<u16> = format!("\u{1f333} {written}").encode_utf16().collect();
    for splice in splices {
        let from = splice.pos as usize;
        editor.splice(from..from + splice.delete as usize, splice.insert.encode_utf16());
    }
    assert_eq!(String::from_utf16(&editor).unwrap(), text(&app, &typed));
    // The last bracket, and the last figure of the id, are typed later.
    let by_hand =
        app.add_note("By hand", None, &written[..written.len() - 3]).unwrap().ids[0].clone();
    let at = written.len() - 3;
    app.splice_chars(by_hand.parse().unwrap(), at, 0, &written[at..]).unwrap();
    assert_eq!(text(&app, &by_hand), stored);

    let quick = view::QuickAddDefaults::default();
    let task = app.quick_add(&format!("Task //{written}"), &[], &quick).unwrap().ids[0].clone();
    assert_eq!(app.task(&task).unwrap().notes.text, stored);
    let task = app.quick_add("Ask about [[Salary 2026]] soon", &[], &quick).unwrap().ids[0].clone();
    let shown = app.task(&task).unwrap();
    assert_eq!(shown.task.title, "Ask about \u{2026} soon");
    assert_eq!(shown.links.iter().map(|link| link.id.as_str()).collect::<Vec<_>>(), [&target]);
    let patch = view::TaskPatch { title: Some(written.clone()), ..view::TaskPatch::default() };
    app.edit_tasks(std::slice::from_ref(&task), &patch, None).unwrap();
    assert_eq!(app.task(&task).unwrap().task.title, "see \u{2026}");

    let notes = folder.path().join("notes");
    std::fs::create_dir(&notes).unwrap();
    std::fs::write(notes.join("Imported.md"), &written).unwrap();
    let imported = app.import_markdown(&notes).unwrap().ids[0].clone();
    assert_eq!(text(&app, &imported), stored);

    let line = app.add_note("Line", None, "- [ ] buy dill").unwrap().ids[0].clone();
    let version = app.note(&line).unwrap().text.version;
    let made = app.turn_into_task(&line, &version, 0, 14).unwrap().ids[0].clone();
    assert_eq!(text(&app, &line), format!("- [ ] [](holdfast:{})", name(&made)));

    // Words of one's own stay.
    let own = format!("[that letter](holdfast:{target})");
    let own = app.add_note("Own", None, &own).unwrap().ids[0].clone();
    assert_eq!(text(&app, &own), format!("[that letter](holdfast:{})", name(&target)));
}

#[test]
fn a_link_leads_to_its_target_and_back_and_is_drawn_from_it() {
    let (app, _folder) = device();
    let target = salary(&app);
    let note = app.add_note("Plan", None, &format!("ask [](holdfast:{target}) today")).unwrap();
    let note = note.ids[0].clone();
    // By its name, as a link in the editor has it.
    assert_eq!(app.note(&name(&target).to_string()).unwrap().note.id, target);
    let back = app.note(&target).unwrap().backlinks;
    assert_eq!(back.iter().map(|link| link.title.as_str()).collect::<Vec<_>>(), ["Plan"]);
    let shown = |query: &str| {
        let row = app.notes(&view::NoteQuery { list: None, tag: None, limit: 50 }).unwrap().notes;
        let excerpt = row.into_iter().find(|row| row.id == note).unwrap().excerpt;
        let hits = app.search(query, 10).unwrap().hits;
        (excerpt, hits.into_iter().find(|hit| hit.id == note).unwrap().snippet)
    };
    assert_eq!(
        shown("ask"),
        ("ask Salary 2026 today".into(), "\u{1}ask\u{2} Salary 2026 today".into())
    );
    let patch = view::NotePatch { title: Some("Pay".into()), ..view::NotePatch::default() };
    app.edit_notes(std::slice::from_ref(&target), &patch, None).unwrap();
    assert_eq!(shown("ask").0, "ask Pay today");
    // Gone for good: nothing of it is left to say.
    app.delete_items(std::slice::from_ref(&target), None).unwrap();
    app.purge_items(&[target]).unwrap();
    assert_eq!(shown("ask").0, "ask Private note today");
}

#[test]
fn a_link_that_came_before_its_target_leads_to_it_once_that_is_there() {
    let (app, _folder) = device();
    let ghost = EntityId(uuid::Uuid::from_u128(0x0192_f0c1_5d2e_7c3b_9a4f_1b2c_3d4e_5f60));
    let text = format!("[](holdfast:{}) first", ghost.in_links());
    let note = app.add_note("", None, &text).unwrap().ids[0].clone();
    let row = app.notes(&view::NoteQuery { list: None, tag: None, limit: 1 }).unwrap().notes;
    assert_eq!(row[0].id, note);
    assert_eq!(row[0].title, "\u{2026} first");
    app.with(|open| {
        open.act("note.add", |work| {
            let mut draft = holdfast_model::entity::Draft::new(ghost, "note");
            draft.set("title", "Ghost", &holdfast_model::entity::Seen::All);
            work.push(Space::Everywhere, draft);
            Ok("made".into())
        })
    })
    .unwrap();
    assert_eq!(app.note(&ghost.in_links().to_string()).unwrap().note.title, "Ghost");
    assert_eq!(app.note(&ghost.to_string()).unwrap().backlinks[0].id, note);
}

#[test]
fn exports_spell_links_out_and_say_nothing_of_what_stays() {
    let (app, folder) = device();
    let target = salary(&app);
    let open = app.add_note("Oak [plan]", None, "").unwrap().ids[0].clone();
    let text = format!("[](holdfast:{target}) [](holdfast:{open}) [mine](holdfast:{target})");
    app.add_note("Links", None, &text).unwrap();
    for all in [false, true] {
        let to = folder.path().join(format!("export-{all}"));
        let made = app.export_all(view::ExportFormat::Markdown, &to, all).unwrap();
        let text =
            std::fs::read_to_string(std::path::Path::new(&made.folder).join("Inbox/Links.md"))
                .unwrap();
        let oak = format!("[Oak \\[plan\\]](holdfast:{})", name(&open));
        let private = format!("holdfast:{}", name(&target));
        let wanted = if all {
            format!("[Salary 2026]({private}) {oak} [mine]({private})")
        } else {
            format!("Private note {oak} mine")
        };
        assert_eq!(text.trim_end(), wanted);
    }
}
