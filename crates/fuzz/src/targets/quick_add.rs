//! Quick add: whatever is typed, what was recognised lies where it says, and means the same again.

use crate::Target;
use holdfast_model::dates;
use holdfast_model::quickadd::{Context, parse};
use holdfast_model::recurrence::Repeat;
use jiff::civil::date;

pub(crate) const TARGET: Target = Target { name: "quick_add", run, seeds, mutations: 6_000 };

fn seeds() -> Vec<Vec<u8>> {
    [
        "Buy oak tomorrow 9am #Workshop @shop p1 !fri *every 2 weeks //Two boards https://example.org",
        "Call Ada next friday at noon",
        "Pay rent on the 31st *monthly",
        "Water 2026-12-24T18:30 @a @b p3",
        "in 3 days #\"Two words\" \u{1fab5} 29 feb",
        "*every! 3 days *every mon and thu !!!",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let context = Context::new(date(2026, 11, 22).at(10, 30, 0, 0));
    let parsed = parse(&text, &context);
    let mut end = 0;
    for span in &parsed.spans {
        assert!(span.start >= end && span.end > span.start, "spans overlap: {:?}", parsed.spans);
        let before = text.get(..span.start).expect("a place in the text");
        let inside = text.get(span.start..span.end).expect("a place in the text");
        let units = |text: &str| text.encode_utf16().count();
        assert_eq!(span.start16, units(before));
        assert_eq!(span.end16, units(before) + units(inside));
        end = span.end;
    }
    assert!(parsed.title.chars().count() <= text.chars().count());
    assert!(parsed.priority.is_none_or(|priority| (1..=3).contains(&priority)));
    if let Some(when) = parsed.when {
        let again = dates::parse_when(&when.to_string(), &context.dates).expect("its own form");
        assert_eq!(again, Some(when));
    }
    if let Some(day) = parsed.deadline {
        let again = dates::parse_date(&day.to_string(), &context.dates).expect("its own form");
        assert_eq!(again, Some(day));
    }
    if let Some(repeat) = &parsed.repeat {
        assert_eq!(&repeat.to_string().parse::<Repeat>().expect("its own form"), repeat);
    }
    // Told to ignore everything that it recognised, it recognises none of it.
    let ignore = parsed.spans.iter().map(|span| span.start..span.end).collect();
    let plain = parse(&text, &Context { ignore, ..context });
    for span in &parsed.spans {
        assert!(!plain.spans.contains(span), "{span:?} was to be ignored");
    }
}
