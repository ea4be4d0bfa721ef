use jiff::civil::{Weekday, date, time};
use proptest::prelude::*;

use super::*;

/// Wednesday 18 November 2026, 14:20.
fn context() -> Context {
    Context::new(date(2026, 11, 18).at(14, 20, 0, 0))
}

fn read_when(text: &str) -> String {
    match parse_when(text, &context()) {
        Ok(Some(when)) => when.to_string(),
        Ok(None) => "none".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

#[test]
fn fields_read_phrases_and_the_canonical_form() {
    for (text, expected) in [
        ("", "none"),
        ("  ", "none"),
        ("2026-11-30", "2026-11-30"),
        ("2026-11-30T09:00", "2026-11-30T09:00"),
        ("2026-11-30T09:00:59", "2026-11-30T09:00"),
        ("2026-11-30 09:00", "2026-11-30T09:00"),
        ("today", "2026-11-18"),
        ("Tomorrow", "2026-11-19"),
        ("tomorrow at 9", "2026-11-19T09:00"),
        ("tomorrow at 3", "2026-11-19T15:00"),
        ("9am tomorrow", "2026-11-19T09:00"),
        ("fri 9am", "2026-11-20T09:00"),
        ("fri, 9am", "2026-11-20T09:00"),
        ("friday 9 PM", "2026-11-20T21:00"),
        ("9AM", "2026-11-19T09:00"),
        ("9:30 pm", "2026-11-18T21:30"),
        ("3pm", "2026-11-18T15:00"),
        ("14:20", "2026-11-19T14:20"),
        ("14:21", "2026-11-18T14:21"),
        ("12am", "2026-11-19T00:00"),
        ("12pm", "2026-11-19T12:00"),
        ("noon", "2026-11-19T12:00"),
        ("tomorrow noon", "2026-11-19T12:00"),
        ("wed", "2026-11-25"),
        ("wednesday 16:00", "2026-11-25T16:00"),
        ("sun", "2026-11-22"),
        ("this weekend", "2026-11-21"),
        ("next friday", "2026-11-27"),
        ("next mon 9am", "2026-11-23T09:00"),
        ("next week", "2026-11-23"),
        ("next month", "2026-12-01"),
        ("next year", "2027-01-01"),
        ("in 3 days", "2026-11-21"),
        ("3 days", "2026-11-21"),
        ("in a week", "2026-11-25"),
        ("in 2 weeks", "2026-12-02"),
        ("in 1 month", "2026-12-18"),
        ("in 2 quarters", "2027-05-18"),
        ("in 2 hours", "2026-11-18T16:20"),
        ("in 600 minutes", "2026-11-19T00:20"),
        ("12 nov", "2027-11-12"),
        ("18 nov", "2026-11-18"),
        ("nov 30", "2026-11-30"),
        ("30 November", "2026-11-30"),
        ("30th of november", "2026-11-30"),
        ("the 30th of nov 2028", "2028-11-30"),
        ("nov 30th, 2027", "2027-11-30"),
        ("on nov 30 at 14:30", "2026-11-30T14:30"),
        ("29 feb", "2028-02-29"),
        ("tonight", "2026-11-18T18:00"),
        ("this evening", "2026-11-18T18:00"),
        ("tonight at 9", "2026-11-18T21:00"),
        ("tomorrow evening", "2026-11-19T18:00"),
        ("tomorrow evening at 8", "2026-11-19T20:00"),
        ("fri morning", "2026-11-20T09:00"),
        ("tomorrow morning at 6", "2026-11-19T06:00"),
    ] {
        assert_eq!(read_when(text), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_date_is_refused_with_a_remedy() {
    for text in [
        "from monday to friday",
        "now",
        "soon",
        "nov",
        "9",
        "30 feb",
        "31 nov 2027",
        "0 nov",
        "32 nov",
        "2026-02-29",
        "2026-13-01",
        "26-11-30",
        "2026-11-30T25:00",
        "2026-11-30T9:00",
        "25:00",
        "13pm",
        "0am",
        "tomorrow tomorrow",
        "9am 10am",
        "in 99999 days",
        "in 9999 years",
        "next",
        "at",
        "on today",
        "9 xxxxxxxxxxxxxxxxxxxxxxxxx",
        "tomorrow 9XM",
        "2026-11-30T09:00 10:00",
        "+1",
        "-1 day",
        "in -1 days",
        "1.5 days",
        "٣ days",
        "second",
        "march past",
        "fri. 9am",
    ] {
        assert_eq!(read_when(text), "unreadable-date", "{text:?}");
    }
    let error = parse_when(&"x".repeat(5000), &context()).unwrap_err();
    assert!(error.to_string().len() < 300 && error.to_string().contains("2026-11-30"));
}

#[test]
fn a_deadline_has_no_time() {
    assert_eq!(parse_date("next friday", &context()), Ok(Some(date(2026, 11, 27))));
    assert_eq!(parse_date("", &context()), Ok(None));
    assert!(parse_date("fri 9am", &context()).is_err());
}

#[test]
fn weeks_start_as_the_person_says() {
    let sunday = Context::new(date(2026, 11, 22).at(10, 0, 0, 0));
    assert_eq!(parse_date("next week", &sunday), Ok(Some(date(2026, 11, 23))));
    assert_eq!(parse_date("next friday", &sunday), Ok(Some(date(2026, 11, 27))));
    let sunday = Context { week_start: Weekday::Sunday, ..sunday };
    assert_eq!(parse_date("next week", &sunday), Ok(Some(date(2026, 11, 29))));
    assert_eq!(parse_date("next friday", &sunday), Ok(Some(date(2026, 12, 4))));
    assert_eq!(parse_date("friday", &sunday), Ok(Some(date(2026, 11, 27))));
}

#[test]
fn this_evening_is_never_in_the_past() {
    for (hour, expected) in [(9, 18), (17, 18), (18, 19), (22, 23), (23, 23)] {
        let context = Context::new(date(2026, 11, 18).at(hour, 30, 0, 0));
        let when = parse_when("tonight", &context).unwrap().unwrap();
        assert_eq!(when, When::new(date(2026, 11, 18), Some(time(expected, 0, 0, 0))));
    }
}

#[test]
fn the_ends_of_the_calendar_are_no_trouble() {
    for now in [Date::MIN.at(0, 0, 0, 0), Date::MAX.at(23, 59, 59, 0)] {
        for week_start in [Weekday::Monday, Weekday::Sunday] {
            let context = Context { week_start, ..Context::new(now) };
            for text in [
                "today",
                "tomorrow",
                "fri",
                "next fri",
                "next week",
                "next month",
                "in 3 days",
                "29 feb",
                "9am",
                "in 2 hours",
                "tonight",
                "in 9999 months",
                "this weekend",
                "next year",
            ] {
                let _ = parse_when(text, &context);
            }
            format_relative(Date::MIN, now.date());
            format_relative(Date::MAX, now.date());
        }
    }
}

#[test]
fn dates_are_shown_relative_to_today() {
    let today = date(2026, 11, 18);
    for (day, expected) in [
        (date(2026, 11, 18), "Today"),
        (date(2026, 11, 19), "Tomorrow"),
        (date(2026, 11, 17), "Yesterday"),
        (date(2026, 11, 20), "Fri"),
        (date(2026, 11, 24), "Tue"),
        (date(2026, 11, 25), "25 Nov"),
        (date(2026, 11, 14), "14 Nov"),
        (date(2027, 11, 14), "14 Nov 2027"),
    ] {
        assert_eq!(format_relative(day, today), expected);
    }
    let when = When::new(date(2026, 11, 19), Some(time(9, 5, 59, 7)));
    assert_eq!(format_when(when, today), "Tomorrow 09:05");
}

proptest! {
    #[test]
    fn the_canonical_form_comes_back(days in 0i32..3_600_000, minute in proptest::option::of(0i16..1440)) {
        use jiff::ToSpan;
        let day = date(1, 1, 1).checked_add(days.days()).unwrap();
        let clock = minute.map(|m| time((m / 60) as i8, (m % 60) as i8, 0, 0));
        let when = When::new(day, clock);
        prop_assert_eq!(when.to_string().parse::<When>().unwrap(), when);
        let json = serde_json::to_string(&when).unwrap();
        prop_assert_eq!(serde_json::from_str::<When>(&json).unwrap(), when);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        let _ = parse_when(&text, &context());
    }

    #[test]
    fn no_run_of_its_own_words_makes_it_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "in", "on", "at", "the", "of", "next", "this", "12", "0", "9999", "31st", "nov", "feb",
            "fri", "sun", "9am", "14:30", "noon", "pm", "AM", "days", "months", "years", "hours",
            "a", "tonight", "evening", "tomorrow", "2026-11-30", "weekend", "9XM", "9,", "fri.",
        ]), 0..8),
    ) {
        let _ = parse_when(&words.join(" "), &context());
    }
}
