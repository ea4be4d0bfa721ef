//! The grammar of date phrases: which runs of words are a date, a time or both. Deliberately
//! narrow, for a word taken for a date wrongly costs a person more than one typed again. Which day
//! words name is in `days`; whether a phrase is the whole of what was said is in `around`.

use jiff::ToSpan;
use jiff::civil::{Date, Time};

use super::days::{date, moment};
use super::words::{Meaning, Token, Word, time as clock_time};
use super::{Context, EVENING_STARTS, When};

/// How sure a reader must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// Words in running text, most of which are no dates: only clear phrases count.
    Prose,
    /// Words in running text with a time or a part of the day beside them.
    Beside,
    /// The person said that this is a date (a field, or a sigil before it).
    Asked,
}

/// What a phrase is read with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'c> {
    pub(crate) context: &'c Context,
    pub(crate) trust: Trust,
    /// Nothing is said after it that it could belong to: "12 may" is a day, in "12 may be" it is not.
    pub(crate) closed: bool,
}

impl Reading<'_> {
    /// The same where a time makes clear that there is a day: "sun 9am".
    fn beside(&self) -> Self {
        Self { trust: self.trust.max(Trust::Beside), ..*self }
    }

    /// The same where it is clear that there is a day: "on 12 may".
    pub(super) fn told(&self) -> Self {
        Self { trust: Trust::Asked, ..*self }
    }

    /// Whether a wording counts that says other things too.
    pub(super) fn takes_doubtful(&self) -> bool {
        self.closed || self.trust >= Trust::Beside
    }
}

/// A recognised phrase: a date, a time, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) date: Option<Date>,
    pub(crate) time: Option<Time>,
    /// The time is only where a named part of the day starts ("tomorrow evening").
    pub(crate) loose: bool,
}

impl Found {
    /// The moment it names. A time without a date is the next such time: today's, or tomorrow's
    /// where today's has passed.
    pub(crate) fn when(self, context: &Context) -> When {
        let today = context.now.date();
        let date = self.date.unwrap_or_else(|| match self.time {
            Some(time) if time <= context.now.time() => today.saturating_add(1.day()),
            _ => today,
        });
        When::new(date, self.time)
    }
}

/// Reads the words as one phrase, all of them or nothing.
pub(crate) fn read(tokens: &[Token], reading: &Reading<'_>) -> Option<Found> {
    let meanings: Vec<Meaning> = tokens.iter().map(|t| t.meaning).collect();
    let inner = tokens.split_last().map_or(&[][..], |(_, inner)| inner);
    if inner.iter().any(|t| t.ends) {
        return None;
    }
    if let Some(day) = day(&meanings, reading) {
        return Some(day.found());
    }
    if let Some(time) = time(&meanings, false) {
        return Some(Found { date: None, time: Some(time.at(None)?), loose: false });
    }
    if let Some(moment) = moment(&meanings, reading) {
        return Some(moment);
    }
    (1..meanings.len()).find_map(|split| {
        let (left, right) = meanings.split_at_checked(split)?;
        both(left, right, reading)
            .or_else(|| both(right, left, reading))
            .or_else(|| bare_hour(left, right, reading))
    })
}

/// A day and, beside it, a time.
fn both(days: &[Meaning], times: &[Meaning], reading: &Reading<'_>) -> Option<Found> {
    let time = time(times, true)?;
    on_day(days, &time, &reading.beside())
}

/// A day and a figure that ends the phrase: "tomorrow 9". An hour only where nothing else follows
/// that there could be nine of.
fn bare_hour(days: &[Meaning], times: &[Meaning], reading: &Reading<'_>) -> Option<Found> {
    match *times {
        [Meaning::Number(hour @ 1..=12)] if reading.closed => {
            on_day(days, &Hour::Open(hour), reading)
        }
        _ => None,
    }
}

fn on_day(days: &[Meaning], time: &Hour, reading: &Reading<'_>) -> Option<Found> {
    let day = day(days, reading)?;
    if day.written {
        return None;
    }
    Some(Found { date: Some(day.date), time: Some(time.at(day.hour)?), loose: false })
}

/// A day, with the hour at which a named part of it starts.
struct Day {
    date: Date,
    hour: Option<i8>,
    /// The time of day that goes with it.
    part: Option<Time>,
    /// The time was written with the date ("2026-11-30T09:00").
    written: bool,
}

impl Day {
    fn found(&self) -> Found {
        Found { date: Some(self.date), time: self.part, loose: !self.written }
    }
}

/// A time of day, of which the half of the day may still be open.
enum Hour {
    Fixed(Time),
    /// "at 9": the part of the day beside it decides, else the likelier half.
    Open(u32),
}

impl Hour {
    fn at(&self, part: Option<i8>) -> Option<Time> {
        match *self {
            Self::Fixed(time) => Some(time),
            Self::Open(hour @ 1..=11) if part.is_some_and(|p| p >= 12) => {
                clock_time(hour + 12, 0, None)
            }
            Self::Open(hour) if part.is_some() => clock_time(hour, 0, None),
            // Few people plan for 3 in the morning without saying so.
            Self::Open(hour @ 1..=6) => clock_time(hour + 12, 0, None),
            Self::Open(hour) => clock_time(hour, 0, None),
        }
    }
}

fn time(words: &[Meaning], beside_day: bool) -> Option<Hour> {
    use Meaning::{Clock, Number, Word as W};
    match *words {
        [W(Word::At), ref rest @ ..] if !matches!(rest, [W(Word::At), ..]) => match *rest {
            [Number(hour)] if beside_day => Some(Hour::Open(hour)),
            [Number(hour), W(Word::OClock)] => Some(Hour::Open(hour)),
            _ => time(rest, beside_day),
        },
        [Number(hour), W(Word::OClock)] if beside_day => Some(Hour::Open(hour)),
        [Clock(time)] => Some(Hour::Fixed(time)),
        [W(Word::Noon)] => Some(Hour::Fixed(Time::constant(12, 0, 0, 0))),
        [Number(hour), W(Word::Am)] => clock_time(hour, 0, Some(false)).map(Hour::Fixed),
        [Number(hour), W(Word::Pm)] => clock_time(hour, 0, Some(true)).map(Hour::Fixed),
        [Clock(time), W(half @ (Word::Am | Word::Pm))] => {
            let (hour, minute) = (u32::try_from(time.hour()).ok()?, time.minute());
            clock_time(hour, u32::try_from(minute).ok()?, Some(half == Word::Pm)).map(Hour::Fixed)
        }
        _ => None,
    }
}

fn day(words: &[Meaning], reading: &Reading<'_>) -> Option<Day> {
    use Meaning::Word as W;
    let today = reading.context.now.date();
    match *words {
        [W(Word::Tonight)] | [W(Word::This), W(Word::Part(EVENING_STARTS))] => {
            Some(this_evening(reading.context))
        }
        [W(Word::Today), W(Word::Part(EVENING_STARTS))] => Some(this_evening(reading.context)),
        [W(Word::This), W(Word::Part(hour))] => part(today, hour),
        [ref before @ .., W(Word::In), W(Word::The), W(Word::Part(hour))]
        | [ref before @ .., W(Word::Part(hour))]
            if !before.is_empty() =>
        {
            part(date(before, &reading.beside())?, hour)
        }
        [Meaning::Iso(date, time)] => {
            Some(Day { date, hour: time.map(Time::hour), part: time, written: time.is_some() })
        }
        _ => date(words, reading).map(|date| Day { date, hour: None, part: None, written: false }),
    }
}

fn part(date: Date, hour: i8) -> Option<Day> {
    Some(Day { date, hour: Some(hour), part: Some(Time::new(hour, 0, 0, 0).ok()?), written: false })
}

/// This evening, never in the past: from its start on, the next full hour of today.
fn this_evening(context: &Context) -> Day {
    let now = context.now.time();
    let hour = if now.hour() < EVENING_STARTS {
        EVENING_STARTS
    } else {
        now.hour().saturating_add(1).min(23)
    };
    let part = Time::new(hour, 0, 0, 0).ok();
    Day { date: context.now.date(), hour: Some(EVENING_STARTS), part, written: false }
}
