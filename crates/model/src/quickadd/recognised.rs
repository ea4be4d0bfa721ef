//! What has been recognised of a line so far, and how it becomes the whole result.

use std::ops::Range;

use jiff::civil::{Date, Time};

use super::{Context, Kind, Parsed, Span};
use crate::dates::{Found, When};

/// What has been recognised so far.
#[derive(Debug, Default)]
pub(super) struct Recognised {
    pub(super) spans: Vec<Span>,
    date: Option<Date>,
    time: Option<Time>,
    /// The time is only that of a named part of the day, and gives way to one that is written.
    loose_time: bool,
    pub(super) parsed: Parsed,
}

impl Recognised {
    pub(super) fn span(&mut self, at: Range<usize>, kind: Kind, label: String) {
        let span = Span { start: at.start, end: at.end, start16: 0, end16: 0, kind, label };
        self.spans.push(span);
    }

    pub(super) fn has_note(&self) -> bool {
        self.parsed.note.is_some()
    }

    pub(super) fn note(&mut self, input: &str, at: Range<usize>) {
        self.parsed.note = input.get(at.clone()).map(str::to_owned);
        self.span(at, Kind::Note, "Note".to_owned());
    }

    /// Takes a date phrase where it says something new.
    pub(super) fn take_when(&mut self, found: Found) -> bool {
        let date_taken = found.date.is_some() && self.date.is_some();
        let time_taken = found.time.is_some() && self.time.is_some() && !self.loose_time;
        if date_taken || time_taken {
            return false;
        }
        self.date = self.date.or(found.date);
        if found.time.is_some() {
            self.time = found.time;
            self.loose_time = found.loose;
        }
        true
    }

    /// The whole result: the date is settled, the repeat anchored, the spans measured.
    pub(super) fn finish(self, input: &str, title: String, context: &Context) -> Parsed {
        let Self { spans, date, time, mut parsed, .. } = self;
        let given = (date.is_some() || time.is_some())
            .then(|| Found { date, time, loose: false }.when(&context.dates));
        parsed.when = given;
        if let Some(repeat) = parsed.repeat.take() {
            // A task with a deadline alone comes again by its deadline, and is planned for no day.
            if date.is_none() && (parsed.deadline.is_none() || time.is_some()) {
                let from = given.map_or(context.dates.now.date(), |w| w.date());
                let first = repeat.first(from);
                parsed.when = first.map(|date| When::new(date, time)).or(given);
            }
            let own = parsed.when.map(|when| when.date()).or(parsed.deadline);
            parsed.repeat =
                Some(own.map_or_else(|| repeat.clone(), |day| repeat.clone().anchored(day)));
        }
        parsed.title = title;
        parsed.spans = measured(input, spans);
        parsed
    }
}

/// The spans with their places in UTF-16 units, in order.
fn measured(input: &str, mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|s| s.start);
    let (mut byte, mut unit) = (0, 0);
    let mut units_to = |to: usize| {
        unit += input.get(byte..to).unwrap_or_default().encode_utf16().count();
        byte = to;
        unit
    };
    for span in &mut spans {
        span.start16 = units_to(span.start);
        span.end16 = units_to(span.end);
    }
    spans
}
