//! The grammar of date phrases: which runs of words are a date, a time or both. Deliberately
//! narrow, for a word taken for a date wrongly costs a person more than one typed again. What is
//! recognised is handed in one canonical wording to `interim`, which works out the date.

use interim::{Dialect, parse_date_string};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::words::{Meaning, Token, Unit, Word, time as clock_time};
use super::{Context, EVENING_STARTS, When, english};

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
pub(crate) struct Reading {
    pub(crate) context: Context,
    pub(crate) trust: Trust,
}

impl Reading {
    /// The same where a time makes clear that there is a day: "sun 9am".
    fn beside(&self) -> Self {
        Self { trust: self.trust.max(Trust::Beside), ..*self }
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
pub(crate) fn read(tokens: &[Token], reading: &Reading) -> Option<Found> {
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
        both(left, right, reading).or_else(|| both(right, left, reading))
    })
}

/// A day and, beside it, a time.
fn both(days: &[Meaning], times: &[Meaning], reading: &Reading) -> Option<Found> {
    let beside = reading.beside();
    let time = time(times, true)?;
    let day = day(days, &beside)?;
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
            _ => time(rest, beside_day),
        },
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

fn day(words: &[Meaning], reading: &Reading) -> Option<Day> {
    use Meaning::Word as W;
    let today = reading.context.now.date();
    match *words {
        [W(Word::Tonight)] | [W(Word::This), W(Word::Part(EVENING_STARTS))] => {
            Some(this_evening(&reading.context))
        }
        [W(Word::Today), W(Word::Part(EVENING_STARTS))] => Some(this_evening(&reading.context)),
        [W(Word::This), W(Word::Part(hour))] => part(today, hour),
        [ref before @ .., W(Word::Part(hour))] if !before.is_empty() => {
            let beside = reading.beside();
            part(date(before, &beside)?, hour)
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

fn date(words: &[Meaning], reading: &Reading) -> Option<Date> {
    use Meaning::{Iso, Number, Word as W};
    let context = &reading.context;
    match *words {
        [W(Word::On | Word::This), W(Word::Weekday { day, .. })] => weekday(day, context),
        [W(Word::On), Iso(date, None)] | [Iso(date, None)] => Some(date),
        [W(Word::On), ref rest @ ..] => month_day(rest, context),
        [W(Word::Today)] => resolve("today", context),
        [W(Word::Tomorrow)] => resolve("tomorrow", context),
        [W(Word::Weekday { day, sure })] if sure || reading.trust >= Trust::Beside => {
            weekday(day, context)
        }
        [W(Word::This), W(Word::Weekend)] => weekday(Weekday::Saturday, context),
        [W(Word::Next), W(Word::Weekday { day, .. })] => Some(in_next_week(day, context)),
        [W(Word::Next), W(Word::Unit(Unit::Week))] => {
            Some(in_next_week(context.week_start, context))
        }
        [W(Word::Next), W(Word::Unit(Unit::Month))] => {
            context.now.date().first_of_month().checked_add(1.month()).ok()
        }
        [W(Word::Next), W(Word::Unit(Unit::Year))] => {
            context.now.date().first_of_year().checked_add(1.year()).ok()
        }
        [W(Word::In), Number(count), W(Word::Unit(unit))] => ahead(count, unit, context),
        [W(Word::In), W(Word::One), W(Word::Unit(unit))] => ahead(1, unit, context),
        [Number(count), W(Word::Unit(unit))] if reading.trust == Trust::Asked => {
            ahead(count, unit, context)
        }
        _ => month_day(words, context),
    }
}

/// "12 nov", "12th of november 2027", "nov 12", "november 12th, 2027".
fn month_day(words: &[Meaning], context: &Context) -> Option<Date> {
    use Meaning::{Number, Ordinal, Word as W};
    let (words, year) = match *words {
        [ref day_month @ .., Number(year @ 1000..=9999)] => (day_month, Some(year)),
        _ => (words, None),
    };
    let ([Number(day) | Ordinal(day), W(Word::Month(month))]
    | [W(Word::Month(month)), Number(day) | Ordinal(day)]
    | [Ordinal(day), W(Word::Of), W(Word::Month(month))]
    | [W(Word::The), Ordinal(day), W(Word::Of), W(Word::Month(month))]) = *words
    else {
        return None;
    };
    if !(1..=31).contains(&day) {
        return None;
    }
    let today = context.now.date();
    let in_year = |year: i64| resolve(&format!("{day} {} {year}", english::month(month)), context);
    match year {
        Some(year) => in_year(i64::from(year)),
        // The next one from today on; a 29 February may be eight years away.
        None => {
            (0..=8).filter_map(|n| in_year(i64::from(today.year()) + n)).find(|date| *date >= today)
        }
    }
}

/// The coming day of that name; on such a day, the one in a week.
fn weekday(day: Weekday, context: &Context) -> Option<Date> {
    resolve(english::weekday(day), context)
}

/// That day in the week after this one, as the person's weeks go.
fn in_next_week(day: Weekday, context: &Context) -> Date {
    let today = context.now.date();
    let into_week = i64::from(context.week_start.until(today.weekday()));
    let offset = i64::from(context.week_start.until(day));
    today.saturating_add((7 - into_week + offset).days())
}

fn ahead(count: u32, unit: Unit, context: &Context) -> Option<Date> {
    let (count, name) = match unit {
        Unit::Day => (count, "days"),
        Unit::Week => (count, "weeks"),
        Unit::Month => (count, "months"),
        Unit::Quarter => (count.checked_mul(3)?, "months"),
        Unit::Year => (count, "years"),
        Unit::Minute | Unit::Hour => return None,
    };
    if count > 9999 {
        return None;
    }
    resolve(&format!("{count} {name}"), context)
}

/// "in 2 hours", "in 20 minutes": a moment, to the minute.
fn moment(words: &[Meaning], reading: &Reading) -> Option<Found> {
    use Meaning::{Number, Word as W};
    let (count, name) = match *words {
        [W(Word::In), Number(count), W(Word::Unit(Unit::Minute))] => (count, "minutes"),
        [W(Word::In), Number(count), W(Word::Unit(Unit::Hour))] => (count, "hours"),
        [W(Word::In), W(Word::One), W(Word::Unit(Unit::Minute))] => (1, "minutes"),
        [W(Word::In), W(Word::One), W(Word::Unit(Unit::Hour))] => (1, "hours"),
        _ => return None,
    };
    let now = reading.context.now.to_zoned(TimeZone::UTC).ok()?;
    let then = parse_date_string(&format!("{count} {name}"), now, Dialect::Uk).ok()?;
    Some(Found { date: Some(then.date()), time: Some(then.time()), loose: false })
}

/// Works out a phrase in the canonical wording. Only wordings made in this file come here:
/// free text could make the library panic.
fn resolve(phrase: &str, context: &Context) -> Option<Date> {
    // The end of the day, so that a weekday's name on that very day is the next one.
    let base = context.now.date().at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok()?;
    parse_date_string(phrase, base, Dialect::Uk).ok().map(|zoned| zoned.date())
}
