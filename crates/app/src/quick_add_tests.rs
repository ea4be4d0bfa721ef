//! The table of phrases, as the window, the date popover and the command line get it.

use crate::story_tests::{device, new};
use crate::{App, Clock, view};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Rows of the table: the kind, what is typed, what becomes of it, what is recognised.
fn rows() -> Vec<[String; 4]> {
    let table = include_str!("../../model/src/quickadd/phrases.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t').map(|column| column.replace("\\n", "\n"));
            std::array::from_fn(|_| columns.next().unwrap_or_default())
        })
        .collect()
}

#[test]
fn the_window_the_popover_and_the_command_line_read_the_table_alike() {
    let place = device();
    place.app.create(&new("Laptop")).unwrap();
    let local: DateTime = "2026-11-18T08:00".parse().unwrap();
    let moment = local.to_zoned(TimeZone::system()).unwrap().timestamp().to_string();
    let mut app = App::at(place.app.home().clone()).unwrap();
    app.clock = Clock::starting(&moment);
    let none = view::QuickAddDefaults::default();
    let mut checked = 0;
    for [kind, typed, result, chips] in rows() {
        checked += 1;
        if kind == "field" {
            assert_eq!(app.read_when(&typed).unwrap().unwrap_or_default(), result, "{typed:?}");
            continue;
        }
        let read = app.parse_quick_add(&typed, &[]).unwrap();
        let units: Vec<u16> = typed.encode_utf16().collect();
        let found: Vec<String> = read
            .spans
            .iter()
            .map(|span| {
                let text = &units[span.start as usize..span.end as usize];
                let list = span.kind == view::QuickAddSpanKind::List;
                let label = span.label.strip_prefix("Create '").filter(|_| list);
                let label = label.and_then(|l| l.strip_suffix("'?")).unwrap_or(&span.label);
                format!("{}={label}", String::from_utf16_lossy(text))
            })
            .collect();
        assert_eq!(found.join("; "), chips, "{typed:?}");
        let done = app.quick_add(&typed, &[], &none).unwrap();
        let task = app.task(&done.ids[0]).unwrap();
        let says = |field: &str| {
            result.split(" | ").find_map(|part| part.strip_prefix(field)?.strip_prefix('='))
        };
        let title = if result.is_empty() { &typed } else { result.split(" | ").next().unwrap() };
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&task.task.title), words(title), "{typed:?}");
        assert_eq!(task.task.when.as_deref(), says("when"), "{typed:?}");
        assert_eq!(task.task.deadline.as_deref(), says("deadline"), "{typed:?}");
        assert_eq!(task.repeat_rule.as_deref(), says("repeat"), "{typed:?}");
        assert_eq!(task.notes.text, says("note").unwrap_or_default(), "{typed:?}");
    }
    assert!(checked >= 250, "{checked} rows");
}
