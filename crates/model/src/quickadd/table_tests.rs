//! The table of phrases: what each row says holds, and a phrase is taken whole or not at all.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::dates::{Meaning, Word, parse_when, tokens};

/// Rows of `phrases.tsv`: the kind, what is typed, and the columns that follow.
pub(super) fn rows() -> Vec<(&'static str, String, Vec<String>)> {
    let lines = include_str!("phrases.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t').map(|column| column.replace("\\n", "\n"));
            let kind = if columns.next().as_deref() == Some("line") { "line" } else { "field" };
            (kind, columns.next().unwrap_or_default(), columns.collect())
        })
        .collect()
}

/// Wednesday 18 November 2026, 08:00.
fn context() -> Context {
    Context::new(date(2026, 11, 18).at(8, 0, 0, 0))
}

/// The parse in one line, with the empty fields left out.
pub(super) fn shown(input: &str) -> String {
    let parsed = parse(input, &context());
    let mut out = vec![parsed.title];
    out.extend(parsed.when.map(|w| format!("when={w}")));
    out.extend(parsed.deadline.map(|d| format!("deadline={d}")));
    out.extend(parsed.list.map(|l| format!("list={l}")));
    out.extend(parsed.tags.iter().map(|t| format!("tag={t}")));
    out.extend(parsed.priority.map(|p| format!("p={p}")));
    out.extend(parsed.repeat.map(|r| format!("repeat={r}")));
    out.extend(parsed.links.iter().map(|l| format!("link={l}")));
    out.extend(parsed.note.map(|n| format!("note={n}")));
    out.join(" | ")
}

fn chips(input: &str) -> String {
    let spans = parse(input, &context()).spans;
    let chips = spans.iter().map(|span| format!("{}={}", &input[span.start..span.end], span.label));
    chips.collect::<Vec<_>>().join("; ")
}

#[test]
fn every_row_of_the_table_is_read_as_it_says() {
    let rows = rows();
    assert!(rows.len() >= 250, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for (kind, typed, columns) in rows {
        let column = |n: usize| columns.get(n).cloned().unwrap_or_default();
        if kind == "field" {
            let read = parse_when(&typed, &context().dates).ok().flatten();
            let read = read.map(|when| when.to_string()).unwrap_or_default();
            if read != column(0) {
                wrong.push(format!("field\t{typed}\t{read}"));
            }
            continue;
        }
        let (result, chips) = (shown(&typed), chips(&typed));
        let expected = Some(column(0)).filter(|column| !column.is_empty());
        if result != expected.unwrap_or_else(|| typed.clone()) || chips != column(1) {
            wrong.push(format!("line\t{typed}\t{result}\t{chips}").replace('\n', "\\n"));
        }
    }
    assert!(wrong.is_empty(), "{} rows are read otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn hours_ahead_are_counted_across_a_change_of_the_clocks() {
    let at = |moment: &str, typed: &str| {
        let now: jiff::Zoned = moment.parse().unwrap();
        let context = Context { dates: dates::Context::at(&now), ignore: Vec::new() };
        parse(typed, &context).when.unwrap().to_string()
    };
    // Forward at 2:00, back at 3:00 in Berlin; back at 2:00 in St John's.
    assert_eq!(at("2026-03-29T01:30+01:00[Europe/Berlin]", "Tea in 2 hours"), "2026-03-29T04:30");
    assert_eq!(at("2026-10-25T01:30+02:00[Europe/Berlin]", "Tea in 2 hours"), "2026-10-25T02:30");
    assert_eq!(
        at("2026-10-25T02:30+02:00[Europe/Berlin]", "Tea in 90 minutes"),
        "2026-10-25T03:00"
    );
    assert_eq!(at("2026-10-25T02:30+01:00[Europe/Berlin]", "Tea in an hour"), "2026-10-25T03:30");
    assert_eq!(
        at("2026-11-01T00:30-02:30[America/St_Johns]", "Tea in 3 hours"),
        "2026-11-01T02:30"
    );
    // Days are days, however long they are.
    assert_eq!(at("2026-03-28T12:00+01:00[Europe/Berlin]", "Tea in 1 day"), "2026-03-29");
}

/// Words of dates and times, and a few that are none.
fn phrases() -> impl Strategy<Value = String> {
    let words = vec![
        "today",
        "tomorrow",
        "friday",
        "sun",
        "9am",
        "14:30",
        "at",
        "9",
        "on",
        "the",
        "2nd",
        "12",
        "may",
        "nov",
        "in",
        "2",
        "weeks",
        "hours",
        "next",
        "week",
        "every",
        "from",
        "to",
        "after",
        "before",
        "and",
        "or",
        "-",
        "24.12.",
        "24.12",
        "9-10am",
        "noon",
        "midnight",
        "evening",
        "half",
        "past",
        "day",
        "this",
        "last",
        "until",
        "Room",
        "be",
        "free",
        "Bob",
        "call",
        "of",
        "2026-11-30",
        "a",
    ];
    proptest::collection::vec(proptest::sample::select(words), 1..9)
        .prop_map(|words| words.join(" "))
}

proptest! {
    /// No word that names a day or a time is left beside a phrase that was taken.
    #[test]
    fn a_phrase_is_taken_whole_or_left(input in phrases()) {
        let parsed = parse(&input, &context());
        let words: Vec<(usize, &str)> =
            input.split(' ').map(|word| (word.as_ptr() as usize - input.as_ptr() as usize, word)).collect();
        let taken = |at: usize| parsed.spans.iter().any(|span| span.start <= at && at < span.end);
        let names = |word: &str| matches!(
            tokens(word).first().map(|token| token.meaning),
            Some(
                Meaning::Word(
                    Word::Today | Word::Tomorrow | Word::Noon | Word::Unread
                    | Word::Weekday { sure: true, .. } | Word::Part(_)
                ) | Meaning::Clock(_) | Meaning::Iso(..) | Meaning::Dotted { sure: true, .. }
            )
        );
        for pair in words.windows(2) {
            let [(first, one), (second, other)] = *pair else { continue };
            prop_assert!(
                taken(first) == taken(second) || !(names(one) && names(other)),
                "{:?}: {:?} and {:?} are torn apart", input, one, other
            );
        }
    }
}
