//! What an export writes: whole, readable by others, and never mixed with an earlier one.

use super::folder::Files;
use super::{Which, markdown};
use crate::story_tests::{Device, add, device, new};
use crate::{AppError, view};
use calcard::icalendar::{ICalendar, ICalendarProperty, ICalendarValue};
use holdfast_oplog::Space;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

fn laptop() -> Device {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    laptop
}

fn edit(device: &Device, id: &str, patch: view::TaskPatch) {
    device.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
}

fn below(device: &Device, parent: &str, title: &str) -> String {
    let at = view::QuickAddDefaults { list: None, when: None, parent: Some(parent.to_owned()) };
    device.app.quick_add(title, &[], &at).unwrap().ids[0].clone()
}

fn exported(device: &Device, folder: &Path) -> view::ExportAllResult {
    device.app.export_all(view::ExportFormat::Markdown, folder, false).unwrap()
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn subtasks_stand_below_their_own_parent_with_priority_repeat_and_tags() {
    let laptop = laptop();
    let shelf = add(&laptop, "Build the shelf p1 @wood #Workshop");
    let other = add(&laptop, "Water 2026-11-23 *every week p3 #Workshop");
    let boards = below(&laptop, &shelf, "Buy boards p2");
    let saw = below(&laptop, &boards, "Sharpen the saw");
    below(&laptop, &other, "Roses first");
    laptop.app.replace_text(saw.parse().unwrap(), "Both sides.\nSlowly.").unwrap();
    let folder = laptop.folder.path().join("out");
    exported(&laptop, &folder);
    let text = fs::read_to_string(folder.join("Workshop/Tasks.md")).unwrap();
    let expected = [
        "- [ ] Build the shelf (priority high) @wood",
        "  - [ ] Buy boards (priority medium)",
        "    - [ ] Sharpen the saw",
        "      Both sides.",
        "      Slowly.",
        "- [ ] Water (when 2026-11-23) (priority low) (repeats every week)",
        "  - [ ] Roses first",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn a_chain_of_eighty_subtasks_is_written_whole() {
    let laptop = laptop();
    let mut at = add(&laptop, "Level 0");
    for level in 1..=80 {
        at = below(&laptop, &at, &format!("Level {level}"));
    }
    let folder = laptop.folder.path().join("out");
    let result = exported(&laptop, &folder);
    assert_eq!(result.failed, []);
    let text = fs::read_to_string(folder.join("Inbox/Tasks.md")).unwrap();
    let levels: Vec<&str> = text.lines().map(|line| line.trim_start()).collect();
    assert_eq!(levels.len(), 81);
    assert!(levels.iter().enumerate().all(|(n, line)| *line == format!("- [ ] Level {n}")));
}

#[test]
fn lists_in_lists_get_folders_in_folders_and_no_path_without_end() {
    let laptop = laptop();
    let mut parent: Option<String> = None;
    for level in 0..40 {
        let title = format!("Level {level} {}", "long ".repeat(30));
        let list = laptop.app.add_list(&title, parent.as_deref(), Space::Everywhere).unwrap();
        let id = list.ids[0].clone();
        laptop.app.add_note(&format!("Note {level}"), Some(&id), "text").unwrap();
        parent = Some(id);
    }
    let folder = laptop.folder.path().join("out");
    let result = exported(&laptop, &folder);
    assert_eq!(result.failed, []);
    let found = files(&folder);
    let note = |level: usize| {
        found.keys().find(|path| path.ends_with(format!("Note {level}.md"))).unwrap().clone()
    };
    assert!(note(1).starts_with(note(0).parent().unwrap()));
    assert_eq!((0..40).map(note).collect::<std::collections::BTreeSet<_>>().len(), 40);
    assert!(found.keys().all(|path| path.as_os_str().len() < 3_000));
}

#[test]
fn two_lists_of_one_name_do_not_share_a_folder() {
    let laptop = laptop();
    for text in ["first", "second"] {
        let list = laptop.app.add_list("Ideas", None, Space::Everywhere).unwrap().ids[0].clone();
        laptop.app.add_note(text, Some(&list), text).unwrap();
    }
    let folder = laptop.folder.path().join("out");
    exported(&laptop, &folder);
    let found = files(&folder);
    let names: Vec<String> = found.keys().map(|path| path.display().to_string()).collect();
    let notes: Vec<_> = names.iter().filter(|name| name.starts_with("Ideas")).collect();
    assert_eq!(notes.len(), 2, "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("Ideas 2/")), "{names:?}");
}

/// An export is a folder of its own: whatever was exported before stays as it was, and what is gone here is in
/// no newer export.
#[test]
fn a_second_export_mixes_with_nothing_and_says_where_the_first_is() {
    let laptop = laptop();
    let gone = laptop.app.add_note("Gone later", None, "old").unwrap().ids[0].clone();
    let folder = laptop.folder.path().join("out");
    let first = exported(&laptop, &folder);
    assert_eq!(first.earlier, None);
    let before = files(&folder);
    laptop.app.delete_items(&[gone], None).unwrap();
    laptop.app.add_note("New", None, "new").unwrap();
    let second = exported(&laptop, &folder);
    assert_eq!(second.earlier.as_deref(), folder.to_str());
    let third = exported(&laptop, &folder);
    assert_eq!(third.earlier, Some(second.folder.clone()));
    let (second, third) = (PathBuf::from(&second.folder), PathBuf::from(&third.folder));
    assert_eq!(files(&second), files(&third));
    let notes = |folder: &Path| {
        let names = files(folder).into_keys().map(|path| path.display().to_string());
        names
            .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "md"))
            .collect::<Vec<_>>()
    };
    assert_eq!(notes(&second), ["Inbox/New.md"]);
    let still: BTreeMap<_, _> = files(&folder)
        .into_iter()
        .filter(|(path, _)| !path.starts_with(second.file_name().unwrap()))
        .filter(|(path, _)| !path.starts_with(third.file_name().unwrap()))
        .collect();
    assert_eq!(still, before, "the first one is untouched");
}

#[test]
fn one_item_that_cannot_be_written_stops_nothing_and_is_named() {
    let laptop = laptop();
    laptop.app.add_note("Broken", None, "lost").unwrap();
    laptop.app.add_note("Whole", None, "kept").unwrap();
    let folder = laptop.folder.path().join("out");
    // Something stands where the first note would go.
    fs::create_dir_all(folder.join("Inbox/Broken.md")).unwrap();
    let mut out = Files::in_folder(folder.clone());
    let which = Which { device_only: false };
    let read = |open: &mut crate::session::Open| {
        open.store.read(|tx| markdown::write(tx, which, &mut out))
    };
    laptop.app.with(read).unwrap();
    assert_eq!(out.failed.iter().map(|one| one.title.as_str()).collect::<Vec<_>>(), ["Broken"]);
    assert_eq!(fs::read_to_string(folder.join("Inbox/Whole.md")).unwrap(), "kept");
}

#[test]
fn a_full_disk_stops_an_export_instead_of_failing_every_item() {
    let mut out = Files::in_folder(PathBuf::new());
    let failed = |kind: ErrorKind| Err(AppError::file(Path::new("x"))(kind.into()));
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::ReadOnlyFilesystem] {
        assert!(out.noted("Note", failed(kind)).is_err());
    }
    out.noted("Note", failed(ErrorKind::InvalidFilename)).unwrap();
    assert_eq!(out.failed.len(), 1);
}

/// What one reader of calendars finds: names, parameters and values as they stand.
fn read_by_ical(text: &str) -> Vec<BTreeMap<String, Vec<(bool, String)>>> {
    let calendars = ical::IcalParser::new(BufReader::new(text.as_bytes()));
    let todos = calendars.flat_map(|calendar| calendar.unwrap().todos);
    todos
        .map(|todo| {
            let mut found: BTreeMap<String, Vec<(bool, String)>> = BTreeMap::new();
            for property in todo.properties {
                let dated = property.params.is_some_and(|params| {
                    params.contains(&("VALUE".to_owned(), vec!["DATE".to_owned()]))
                });
                let value = property.value.unwrap_or_default();
                found.entry(property.name).or_default().push((dated, value));
            }
            found
        })
        .collect()
}

/// What another one understands: the texts of a property over all to-dos.
fn texts_by_calcard(text: &str, wanted: &ICalendarProperty) -> Vec<String> {
    let calendar = ICalendar::parse(text).unwrap();
    let entries = calendar.components.iter().flat_map(|component| &component.entries);
    entries
        .filter(|entry| entry.name == *wanted)
        .flat_map(|entry| &entry.values)
        .filter_map(|value| match value {
            ICalendarValue::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

fn calendar(device: &Device) -> String {
    let folder = tempfile::tempdir().unwrap();
    device.app.export_ics(folder.path(), false).unwrap();
    fs::read_to_string(folder.path().join("tasks.ics")).unwrap()
}

#[test]
fn dates_in_a_calendar_say_that_they_are_dates_and_a_to_do_has_one_kind() {
    let dated = |when: Option<&str>, deadline: Option<&str>| {
        let laptop = laptop();
        let id = add(&laptop, "Task");
        let patch = view::TaskPatch {
            when: Some(when.map(Into::into)),
            deadline: Some(deadline.map(Into::into)),
            ..Default::default()
        };
        edit(&laptop, &id, patch);
        let text = calendar(&laptop);
        let [todo] = read_by_ical(&text).try_into().unwrap();
        let of = |name: &str| todo.get(name).map(|values| values[0].clone());
        // The other reader finds the same kinds.
        let parsed = ICalendar::parse(&text).unwrap();
        for (name, ours) in
            [(ICalendarProperty::Dtstart, of("DTSTART")), (ICalendarProperty::Due, of("DUE"))]
        {
            let mut entries = parsed.components.iter().flat_map(|component| &component.entries);
            let theirs = entries.find(|entry| entry.name == name).map(|entry| &entry.values[0]);
            match (ours, theirs) {
                (None, None) => {}
                (Some((date, _)), Some(ICalendarValue::PartialDateTime(moment))) => {
                    assert_eq!(date, moment.hour.is_none(), "{text}");
                    assert!(moment.tz_hour.is_none(), "civil times have no zone");
                }
                other => panic!("{other:?} in {text}"),
            }
        }
        (of("DTSTART"), of("DUE"))
    };
    let (date, time) =
        (|day: &str| Some((true, day.to_owned())), |at: &str| Some((false, at.to_owned())));
    assert_eq!(dated(Some("2026-11-23"), None), (date("20261123"), None));
    assert_eq!(dated(Some("2026-11-23T09:00"), None), (time("20261123T090000"), None));
    assert_eq!(dated(Some("2026-11-23"), Some("2026-11-27")), (date("20261123"), date("20261127")));
    assert_eq!(
        dated(Some("2026-11-23T09:00"), Some("2026-11-23")),
        (time("20261123T090000"), time("20261123T235900"))
    );
    // A calendar refuses an end before the start.
    assert_eq!(dated(Some("2026-11-28"), Some("2026-11-27")), (None, date("20261127")));
}

#[test]
fn a_repeat_ends_with_its_last_day_whole_and_in_the_kind_of_its_start() {
    for (when, until) in
        [("2026-11-23", "UNTIL=20261231"), ("2026-11-23T09:00", "UNTIL=20261231T235959")]
    {
        let laptop = laptop();
        let id = add(&laptop, "Water");
        let repeat = Some("FREQ=WEEKLY;UNTIL=20261231T000000Z".to_owned());
        edit(
            &laptop,
            &id,
            view::TaskPatch {
                when: Some(Some(when.into())),
                repeat: Some(repeat),
                ..Default::default()
            },
        );
        let text = calendar(&laptop);
        let [todo] = read_by_ical(&text).try_into().unwrap();
        let rule = &todo["RRULE"][0].1;
        assert!(rule.split(';').any(|part| part == until), "{rule}");
        assert!(ICalendar::parse(&text).is_ok());
    }
}

#[test]
fn a_repeat_without_a_start_gets_one_and_what_is_finished_does_not_repeat() {
    let laptop = laptop();
    let due = add(&laptop, "Pay rent");
    let repeat = || Some(Some("FREQ=MONTHLY".to_owned()));
    edit(
        &laptop,
        &due,
        view::TaskPatch {
            deadline: Some(Some("2026-12-01".into())),
            repeat: repeat(),
            ..Default::default()
        },
    );
    let text = calendar(&laptop);
    let [todo] = read_by_ical(&text).try_into().unwrap();
    assert_eq!(todo["DTSTART"][0], (true, "20261201".to_owned()));
    assert!(todo.contains_key("RRULE"));
    let done = view::TaskPatch { status: Some(view::TaskStatus::Done), ..Default::default() };
    edit(&laptop, &due, done);
    let finished = read_by_ical(&calendar(&laptop));
    let finished: Vec<_> =
        finished.iter().filter(|todo| todo["STATUS"][0].1 == "COMPLETED").collect();
    assert_eq!(finished.len(), 1);
    assert!(!finished[0].contains_key("RRULE"));
}

#[test]
fn breaks_commas_and_semicolons_in_titles_notes_and_tags_come_back_as_they_were() {
    let laptop = laptop();
    let id = add(&laptop, "Call 2026-11-23");
    let title = "Ask: oak, ash; \"beech\" \\ BEGIN:VTODO";
    edit(&laptop, &id, view::TaskPatch { title: Some(title.into()), ..Default::default() });
    laptop
        .app
        .replace_text(id.parse().unwrap(), "one\r\nEND:VTODO\rtwo, three\u{2028}four")
        .unwrap();
    let add_tags = Some(vec!["a,b".to_owned(), "c;d".to_owned()]);
    edit(&laptop, &id, view::TaskPatch { add_tags, ..Default::default() });
    let text = calendar(&laptop);
    assert_eq!(read_by_ical(&text).len(), 1, "{text}");
    assert_eq!(texts_by_calcard(&text, &ICalendarProperty::Summary), [title]);
    let notes = texts_by_calcard(&text, &ICalendarProperty::Description);
    assert_eq!(notes, ["one\nEND:VTODO\ntwo, three\nfour"]);
    let mut tags = texts_by_calcard(&text, &ICalendarProperty::Categories);
    tags.sort();
    assert_eq!(tags, ["a,b", "c;d"]);
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "one kind of line end");
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let laptop = laptop();
    let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "＝1"];
    for formula in formulas {
        let id = add(&laptop, "Task");
        edit(&laptop, &id, view::TaskPatch { title: Some(formula.into()), ..Default::default() });
        laptop.app.replace_text(id.parse().unwrap(), formula).unwrap();
        let list = laptop.app.add_list(formula, None, Space::Everywhere).unwrap().ids[0].clone();
        laptop.app.add_note(formula, Some(&list), formula).unwrap();
    }
    let folder = laptop.folder.path().join("out");
    laptop.app.export_csv(&folder, false).unwrap();
    for name in ["tasks.csv", "notes.csv"] {
        let mut cells = 0;
        let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
        for record in reader.records() {
            for cell in &record.unwrap() {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{cell}");
                cells += usize::from(formulas.contains(&cell.trim_start_matches('\'')));
            }
        }
        assert!(cells >= formulas.len() * 2, "what was written is still there: {cells}");
    }
}
