use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;

/// Wednesday 18 November 2026, 08:00.
fn context() -> Context {
    Context::new(date(2026, 11, 18).at(8, 0, 0, 0))
}

#[test]
fn quotes_prevent_recognition_and_are_dropped() {
    let shown = super::table_tests::shown;
    assert_eq!(shown("\"call at noon\" p1"), "call at noon | p=1");
    assert_eq!(shown("Write \u{201c}tomorrow\u{201d}, #a"), "Write tomorrow | list=a");
    assert_eq!(shown("\"x\"#a \"\" y"), "x#a \"\" y");
}

#[test]
fn a_dismissed_recognition_stays_text() {
    let input = "Buy oak fri 9am #a p1";
    for kind in [Kind::When, Kind::List, Kind::Priority] {
        let full = parse(input, &context());
        let span = full.spans.iter().find(|s| s.kind == kind).unwrap().clone();
        let ignore = std::iter::once(span.start..span.end).collect();
        let parsed = parse(input, &Context { ignore, ..context() });
        assert_eq!(parsed.spans.len(), 2);
        assert!(parsed.spans.iter().all(|s| s.kind != kind));
        assert!(parsed.title.contains(&input[span.start..span.end]), "{}", parsed.title);
    }
    let ignore = std::iter::once(8..21).collect();
    let parsed = parse("Buy oak // from yard\nat 9", &Context { ignore, ..context() });
    assert_eq!(
        (parsed.title.as_str(), parsed.note.as_deref()),
        ("Buy oak // from yard", Some("at 9"))
    );
    let ignore = std::iter::once(9..12).collect();
    let parsed = parse("Buy oak\nat noon", &Context { ignore, ..context() });
    assert_eq!((parsed.title.as_str(), parsed.note), ("Buy oak at noon", None));
}

#[test]
fn spans_count_as_interfaces_do() {
    let parsed = parse("\u{1f333}\u{e9} tomorrow 9am #\u{1f333}x", &context());
    let places: Vec<_> =
        parsed.spans.iter().map(|s| (s.start, s.end, s.start16, s.end16)).collect();
    assert_eq!(places, [(7, 19, 4, 16), (20, 26, 17, 21)]);
    assert_eq!(parsed.spans[0].label, "Tomorrow 09:00");
    assert_eq!(parsed.list.as_deref(), Some("\u{1f333}x"));
}

#[test]
fn labels_are_words() {
    let parsed = parse("x fri !nov 30 *every! 3 days p2 // n", &context());
    let labels: Vec<_> = parsed.spans.iter().map(|s| s.label.as_str()).collect();
    assert_eq!(labels, ["Fri", "30 Nov", "3 days after completion", "Medium priority", "Note"]);
}

#[test]
fn a_long_text_is_bounded_and_kept() {
    let long = format!("{} tomorrow", "x ".repeat(6000));
    let parsed = parse(&long, &context());
    assert_eq!((parsed.title.as_str(), parsed.when, parsed.spans.len()), (long.trim(), None, 0));
    let parsed = parse(&format!("Buy oak tomorrow\n{long}"), &context());
    assert_eq!((parsed.title.as_str(), parsed.note.as_deref()), ("Buy oak", Some(long.trim())));
    assert!(parsed.when.is_some());
    let started = std::time::Instant::now();
    for piece in ["@a ", "tomorrow ", "*every ", "!fri ", "[[", "\"a\"", "#\"", "in 3 "] {
        let line = piece.repeat(LONGEST_LINE / piece.len());
        parse(&line, &context());
    }
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn a_time_on_its_own_is_the_next_such_time() {
    let evening = Context::new(date(2026, 11, 18).at(21, 0, 0, 0));
    let when = parse("Call 9am", &evening).when.unwrap();
    assert_eq!((when.date(), when.time()), (date(2026, 11, 19), Some(time(9, 0, 0, 0))));
}

/// Lines made of what the syntax is made of.
fn lines() -> impl Strategy<Value = String> {
    let words = vec![
        "Buy",
        "oak",
        "tomorrow",
        "9am",
        "#Workshop",
        "@shop",
        "p1",
        "!fri",
        "*every",
        "2",
        "weeks",
        "//",
        "//note",
        "[[Link",
        "to]]",
        "[[x]]",
        "\"call",
        "noon\"",
        "#\"Two",
        "words\"",
        "fri,",
        "next",
        "in",
        "days",
        "nov",
        "12",
        "at",
        "on",
        "\u{1f333}",
        "\n",
        "!",
        "*",
        "#",
        "@",
        "é.",
        "tonight!",
        "every",
        "mon",
        "and",
        "\u{201c}a",
        "b\u{201d}",
        "\"x\"y",
        "2026-11-30",
    ];
    proptest::collection::vec(
        (
            proptest::sample::select(words),
            proptest::sample::select(vec![" ", "  ", "", "\t", "\u{a0}"]),
        ),
        0..14,
    )
    .prop_map(|parts| parts.into_iter().flat_map(|(word, space)| [word, space]).collect())
}

/// Spans are in bounds, ordered and disjoint, in both ways of counting; and each typed word is in
/// a span or in the title.
fn holds(input: &str, context: &Context) -> Result<(), TestCaseError> {
    let parsed = parse(input, context);
    let mut last = (0, 0);
    for span in &parsed.spans {
        prop_assert!(span.start >= last.0 && span.start < span.end && span.end <= input.len());
        prop_assert!(input.is_char_boundary(span.start) && input.is_char_boundary(span.end));
        prop_assert_eq!(span.start16, input[..span.start].encode_utf16().count());
        prop_assert_eq!(span.end16, input[..span.end].encode_utf16().count());
        prop_assert!(!context.ignore.iter().any(|r| r.start < span.end && span.start < r.end));
        last = (span.end, span.end16);
    }
    prop_assert_eq!(parsed.title.trim().is_empty(), input.trim().is_empty());
    let mut at = 0;
    let mut left: String = parsed.title.split_whitespace().collect();
    for word in input.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let start = at + input[at..].find(word).unwrap();
        at = start + word.len();
        if !parsed.spans.iter().any(|s| s.start <= start && at <= s.end) {
            let found = left.find(word);
            prop_assert!(found.is_some(), "{word:?} of {input:?} is lost in {parsed:?}");
            left = left.split_off(found.unwrap() + word.len());
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn nothing_typed_is_lost(input in lines()) {
        holds(&input, &context())?;
    }

    #[test]
    fn nothing_is_lost_of_any_text(input in "(?s).{0,80}") {
        holds(&input, &context())?;
    }

    #[test]
    fn what_is_dismissed_is_not_recognised(input in lines(), start in 0usize..40, len in 1usize..20) {
        let ignore = std::iter::once(start..start + len).collect();
        holds(&input, &Context { ignore, ..context() })?;
    }
}
