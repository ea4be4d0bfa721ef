use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    match Repeat::parse(text) {
        Ok(Some(repeat)) => repeat.to_string(),
        Ok(None) => "none".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

fn repeat(text: &str) -> Repeat {
    Repeat::parse(text).unwrap().unwrap()
}

#[test]
fn people_s_phrases_have_one_canonical_form_and_read_back_in_words() {
    for (text, rule, words) in [
        ("every day", "FREQ=DAILY", "every day"),
        ("daily", "FREQ=DAILY", "every day"),
        ("every 3 days", "FREQ=DAILY;INTERVAL=3", "every 3 days"),
        ("every! 3 days", "after:FREQ=DAILY;INTERVAL=3", "3 days after completion"),
        ("every! week", "after:FREQ=WEEKLY", "1 week after completion"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("every weekend", "FREQ=WEEKLY;BYDAY=SA,SU", "every weekend"),
        ("every week", "FREQ=WEEKLY", "every week"),
        ("every 2 weeks", "FREQ=WEEKLY;INTERVAL=2", "every 2 weeks"),
        ("every other week", "FREQ=WEEKLY;INTERVAL=2", "every 2 weeks"),
        ("fortnightly", "FREQ=WEEKLY;INTERVAL=2", "every 2 weeks"),
        ("every mon and thu", "FREQ=WEEKLY;BYDAY=MO,TH", "every Mon and Thu"),
        ("every thu, mon, sat", "FREQ=WEEKLY;BYDAY=MO,TH,SA", "every Mon, Thu and Sat"),
        ("every other fri", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "every 2 weeks on Fri"),
        ("every 2 weeks on mon", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "every 2 weeks on Mon"),
        ("every month", "FREQ=MONTHLY", "every month"),
        ("every quarter", "FREQ=MONTHLY;INTERVAL=3", "every 3 months"),
        ("every 15th", "FREQ=MONTHLY;BYMONTHDAY=15", "every month on the 15th"),
        ("every month on the 2nd", "FREQ=MONTHLY;BYMONTHDAY=2", "every month on the 2nd"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            "every month on the last day",
        ),
        ("every month on the 31st", "FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        (
            "every 30th",
            "FREQ=MONTHLY;BYMONTHDAY=-1,30;BYSETPOS=1",
            "every month on the 30th or the last day",
        ),
        ("every 2nd day", "FREQ=DAILY;INTERVAL=2", "every 2 days"),
        (
            "every 29 feb",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
            "every year on the last day in Feb",
        ),
        ("every last day", "FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("every last friday", "FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Fri"),
        ("every second tue", "FREQ=MONTHLY;BYDAY=2TU", "every month on the 2nd Tue"),
        ("every year", "FREQ=YEARLY", "every year"),
        ("every 12 nov", "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=12", "every year on the 12th in Nov"),
        ("", "none", ""),
    ] {
        assert_eq!(canonical(text), rule, "{text:?}");
        if !text.is_empty() {
            assert_eq!(repeat(text).describe(), words, "{text:?}");
            assert_eq!(repeat(rule), repeat(text));
        }
    }
}

#[test]
fn what_cannot_be_kept_is_refused() {
    for text in [
        "every",
        "every minute",
        "every 0 days",
        "every 1000 days",
        "every mon and",
        "every and mon",
        "mon",
        "every day day",
        "every 30 feb",
        "every 0th",
        "FREQ=HOURLY",
        "FREQ=DAILY;COUNT=3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;FREQ=DAILY",
        "INTERVAL=2",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=É",
        "FREQ=",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;UNTIL=2026",
        "after:after:FREQ=DAILY",
        "=;=",
        "FREQ=DAILY;UNTIL=2026é111",
        "every. 3 days",
    ] {
        assert_eq!(canonical(text), "unreadable-repeat", "{text:?}");
    }
}

#[test]
fn calendar_rules_come_in_canonical_order() {
    let rule = "interval=2;byday=FR,MO,MO;freq=weekly;wkst=SU;UNTIL=20271231T235959Z";
    assert_eq!(
        Repeat::from_rrule(rule, false).unwrap().to_string(),
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU;UNTIL=20271231T000000Z"
    );
}

/// Follows a series, finishing every occurrence on its day.
fn series(text: &str, start: Date, count: usize) -> Vec<String> {
    let repeat = repeat(text).anchored(start);
    let mut dates = vec![start];
    while dates.len() < count {
        let last = dates[dates.len() - 1];
        match next(&repeat, last, last) {
            Some(date) => dates.push(date),
            None => break,
        }
    }
    dates.iter().map(ToString::to_string).collect()
}

#[test]
fn months_that_are_too_short_end_early_and_the_day_comes_back() {
    assert_eq!(
        series("every month", date(2027, 1, 31), 5),
        ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    );
    assert_eq!(
        series("every month", date(2028, 1, 30), 4),
        ["2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30"]
    );
    assert_eq!(
        series("every month on the 31st", date(2027, 1, 31), 3),
        ["2027-01-31", "2027-02-28", "2027-03-31"]
    );
    assert_eq!(
        series("every year", date(2028, 2, 29), 5),
        ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]
    );
    assert_eq!(
        series("every quarter", date(2026, 11, 30), 3),
        ["2026-11-30", "2027-02-28", "2027-05-30"]
    );
}

#[test]
fn a_day_that_came_from_the_date_moves_with_it_and_one_that_was_said_stays() {
    let moved = |text: &str, from: Date, to: Date| {
        let repeat = repeat(text).anchored(from).moved(to);
        next(&repeat, to, to).map(|date| date.to_string()).unwrap_or_default()
    };
    let (january, february) = (date(2027, 1, 31), date(2027, 2, 15));
    assert_eq!(moved("every month", january, february), "2027-03-15");
    assert_eq!(moved("every month", date(2027, 1, 15), date(2027, 1, 31)), "2027-02-28");
    assert_eq!(moved("every month", january, date(2027, 3, 30)), "2027-04-30");
    assert_eq!(moved("every 31st", january, february), "2027-02-28");
    assert_eq!(moved("every 30th", january, date(2027, 4, 2)), "2027-04-30");
    assert_eq!(moved("every 15th", january, date(2027, 4, 16)), "2027-05-15");
    assert_eq!(moved("every year", date(2028, 2, 29), date(2028, 3, 1)), "2029-03-01");
    assert_eq!(moved("every 29 feb", date(2028, 2, 29), date(2028, 3, 1)), "2029-02-28");
    assert_eq!(moved("every 2 weeks", january, february), "2027-03-01");
    // A clamped day is not where the series goes on from: it comes back.
    assert_eq!(
        series("every 30th", date(2027, 1, 30), 4),
        ["2027-01-30", "2027-02-28", "2027-03-30", "2027-04-30"]
    );
}

#[test]
fn weekly_series_keep_their_days_and_step() {
    assert_eq!(
        series("every mon and thu", date(2026, 11, 16), 4),
        ["2026-11-16", "2026-11-19", "2026-11-23", "2026-11-26"]
    );
    assert_eq!(
        series("every weekday", date(2026, 11, 19), 3),
        ["2026-11-19", "2026-11-20", "2026-11-23"]
    );
    assert_eq!(
        series("every 2 weeks", date(2026, 12, 25), 3),
        ["2026-12-25", "2027-01-08", "2027-01-22"]
    );
    assert_eq!(
        series("every last friday", date(2026, 11, 27), 3),
        ["2026-11-27", "2026-12-25", "2027-01-29"]
    );
}

#[test]
fn finishing_late_skips_what_was_missed_and_early_repeats_nothing() {
    let fortnight = repeat("every 2 weeks");
    let from = date(2026, 11, 2);
    assert_eq!(next(&fortnight, from, date(2026, 10, 20)), Some(date(2026, 11, 16)));
    assert_eq!(next(&fortnight, from, date(2026, 11, 16)), Some(date(2026, 11, 16)));
    assert_eq!(next(&fortnight, from, date(2026, 11, 17)), Some(date(2026, 11, 30)));
    assert_eq!(next(&repeat("every day"), from, date(2026, 11, 2)), Some(date(2026, 11, 3)));
}

#[test]
fn after_completion_counts_from_the_day_of_completion() {
    let from = date(2026, 11, 1);
    assert_eq!(next(&repeat("every! 3 days"), from, date(2026, 11, 18)), Some(date(2026, 11, 21)));
    assert_eq!(next(&repeat("every! month"), from, date(2027, 1, 31)), Some(date(2027, 2, 28)));
    assert_eq!(next(&repeat("every! mon"), from, date(2026, 11, 16)), Some(date(2026, 11, 23)));
}

#[test]
fn a_series_ends_and_searches_end() {
    let until = repeat("FREQ=DAILY;UNTIL=20261120");
    assert_eq!(next(&until, date(2026, 11, 19), date(2026, 11, 19)), Some(date(2026, 11, 20)));
    assert_eq!(next(&until, date(2026, 11, 20), date(2026, 11, 20)), None);
    assert_eq!(next(&until, date(2027, 1, 1), date(2027, 1, 1)), None);
    // Days that never come, and starts long ago or at the end of the calendar.
    let started = std::time::Instant::now();
    let never = repeat("FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=5MO");
    assert_eq!(next(&never, date(2026, 1, 1), date(2026, 1, 1)), None);
    let never = repeat("FREQ=YEARLY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=2");
    assert_eq!(next(&never, date(2027, 1, 1), date(2027, 1, 1)), None);
    let daily = repeat("every day");
    assert_eq!(next(&daily, date(1, 1, 1), date(2026, 11, 18)), Some(date(2026, 11, 18)));
    assert_eq!(next(&daily, Date::MAX, Date::MAX), None);
    assert_eq!(next(&daily, Date::MIN, date(2026, 11, 18)), None);
    assert_eq!(next(&daily, date(2026, 1, 1), Date::MAX), Some(Date::MAX));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn the_first_date_fits_the_rule() {
    assert_eq!(repeat("every fri").first(date(2026, 11, 18)), Some(date(2026, 11, 20)));
    assert_eq!(repeat("every day").first(date(2026, 11, 18)), Some(date(2026, 11, 18)));
    assert_eq!(repeat("every 15th").first(date(2026, 11, 18)), Some(date(2026, 12, 15)));
}

#[test]
fn devices_apart_name_the_same_occurrence() {
    let id = occurrence_id([7; 16], [9; 16]);
    assert_eq!(id, occurrence_id([7; 16], [9; 16]));
    assert_ne!(id, occurrence_id([8; 16], [9; 16]));
    assert_ne!(id, occurrence_id([7; 16], [8; 16]));
    // Fixed for all versions: another would make the occurrence twice.
    assert_eq!(id.to_string(), "971f22d3-41a1-59ef-96e7-7eb4d9a6871f");
    assert_eq!(id.get_version_num(), 5);
}

fn rules() -> impl Strategy<Value = String> {
    let frequency = proptest::sample::select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    let part = prop_oneof![
        (1u16..1000).prop_map(|n| format!(";INTERVAL={n}")),
        (1i8..13).prop_map(|n| format!(";BYMONTH={n}")),
        (-31i8..32).prop_map(|n| format!(";BYMONTHDAY={n}")),
        (-5i8..6).prop_map(|n| format!(";BYDAY={n}TU,3FR")),
        Just(";BYDAY=MO,SU".to_owned()),
        (-31i16..32).prop_map(|n| format!(";BYSETPOS={n}")),
        Just(";WKST=SU".to_owned()),
    ];
    (frequency, proptest::collection::vec(part, 0..4))
        .prop_map(|(f, parts)| format!("FREQ={f}{}", parts.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_rule_that_is_kept_moves_forward_and_comes_back(
        rule in rules(), after in any::<bool>(), day in 0i32..60_000, late in 0i32..400,
    ) {
        use jiff::ToSpan;
        if let Ok(repeat) = Repeat::from_rrule(&rule, after) {
            prop_assert_eq!(repeat.to_string().parse::<Repeat>().unwrap(), repeat.clone());
            let from = date(1950, 1, 1).checked_add(day.days()).unwrap();
            let completed = from.checked_add(late.days()).unwrap();
            if let Some(date) = next(&repeat, from, completed) {
                prop_assert!(date > from && date >= completed);
            }
            prop_assert!(!repeat.describe().is_empty());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        let _ = Repeat::parse(&text);
        let _ = Repeat::parse(&format!("FREQ={text}"));
        let _ = Repeat::parse(&format!("every {text}"));
    }
}
