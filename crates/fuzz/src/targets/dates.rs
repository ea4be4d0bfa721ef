//! Dates and repeats as people and other programs write them.

use crate::Target;
use holdfast_model::dates::{Context, format_relative, format_when, parse_date, parse_when};
use holdfast_model::recurrence::{Repeat, next};
use jiff::civil::{Date, date};

pub(crate) const TARGET: Target = Target { name: "dates", run, seeds, mutations: 6_000 };

fn seeds() -> Vec<Vec<u8>> {
    [
        "tomorrow",
        "next friday at 9am",
        "2026-02-29",
        "24.12.2026",
        "in 3 weeks",
        "tonight",
        "every 2 weeks",
        "every! 3 days",
        "every month on the last day",
        "every mon and thu",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "after:FREQ=DAILY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20301231",
        "FREQ=YEARLY;INTERVAL=9999",
        "9999-12-31",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let context = Context::new(date(2026, 11, 22).at(10, 30, 0, 0));
    let today = context.now.date();
    if let Ok(Some(when)) = parse_when(&text, &context) {
        assert_eq!(parse_when(&when.to_string(), &context).expect("its own form"), Some(when));
        assert!(!format_when(when, today).is_empty());
    }
    if let Ok(Some(day)) = parse_date(&text, &context) {
        assert_eq!(parse_date(&day.to_string(), &context).expect("its own form"), Some(day));
        assert!(!format_relative(day, today).is_empty());
    }
    let repeats = [Repeat::parse(&text).ok().flatten(), Repeat::from_rrule(&text, true).ok()];
    for repeat in repeats.into_iter().flatten() {
        let canonical = repeat.to_string();
        let again: Repeat = canonical.parse().expect("its own form");
        assert_eq!((again.to_string(), &again), (canonical, &repeat));
        assert!(!repeat.describe().is_empty());
        for from in [today, date(2024, 2, 29), date(2026, 1, 31), Date::MAX, Date::MIN] {
            let anchored = repeat.clone().anchored(from);
            assert_eq!(&anchored.to_string().parse::<Repeat>().expect("its own form"), &anchored);
            for repeat in [&repeat, &anchored] {
                if let Some(first) = repeat.first(from) {
                    assert!(first >= from, "{repeat} begins at {first}, before {from}");
                }
                if let Some(following) = next(repeat, from, from) {
                    assert!(following > from, "{repeat} stays at {from}");
                }
            }
        }
    }
}
