//! Which day a run of words names. What is recognised is handed in one canonical wording to
//! `interim`, which works out the date; an hour ahead is worked out on the person's own clock.

use interim::{Dialect, parse_date_string};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::words::{Meaning, Unit, Word};
use super::{Context, Found, Reading, Trust, english};

/// The day that the words name, all of them or nothing.
pub(super) fn date(words: &[Meaning], reading: &Reading<'_>) -> Option<Date> {
    use Meaning::{Iso, Number, Word as W};
    let context = reading.context;
    let asked = reading.trust == Trust::Asked;
    match *words {
        [W(Word::On | Word::This), W(Word::Weekday { day, .. })] => weekday(day, context),
        [W(Word::On), Iso(date, None)] | [Iso(date, None)] => Some(date),
        [W(Word::On), ref rest @ ..] if !rest.is_empty() => day_of_month(rest, reading)
            .or_else(|| month_day(rest, &reading.told()))
            .or_else(|| named(rest, &reading.told())),
        [W(Word::Today)] => resolve("today", context),
        [W(Word::Tomorrow)] => resolve("tomorrow", context),
        [W(Word::Yesterday)] if asked => context.now.date().yesterday().ok(),
        [W(Word::The), W(Word::Unit(Unit::Day)), W(Word::After), W(Word::Tomorrow)]
        | [W(Word::Unit(Unit::Day)), W(Word::After), W(Word::Tomorrow)] => {
            context.now.date().checked_add(2.days()).ok()
        }
        [W(Word::Weekday { day, sure })] if sure || reading.trust >= Trust::Beside => {
            weekday(day, context)
        }
        [W(Word::This), W(Word::Weekend)] => weekday(Weekday::Saturday, context),
        [W(Word::Next), W(Word::Weekday { day, .. })]
        | [W(Word::Next), W(Word::Unit(Unit::Week)), W(Word::Weekday { day, .. })]
        | [W(Word::Next), W(Word::Unit(Unit::Week)), W(Word::On), W(Word::Weekday { day, .. })]
        | [W(Word::Weekday { day, .. }), W(Word::Next), W(Word::Unit(Unit::Week))] => {
            Some(in_next_week(day, context))
        }
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
        [Number(count), W(Word::Unit(unit))] if asked => ahead(count, unit, context),
        _ if asked
            && matches!(words, [Meaning::Ordinal(_)] | [W(Word::The), Meaning::Ordinal(_)]) =>
        {
            day_of_month(words, reading)
        }
        _ => month_day(words, reading).or_else(|| named(words, reading)),
    }
}

/// A date with its weekday beside it, where the two agree: "fri 20 nov".
fn named(words: &[Meaning], reading: &Reading<'_>) -> Option<Date> {
    let ([Meaning::Word(Word::Weekday { day, .. }), rest @ ..]
    | [rest @ .., Meaning::Word(Word::Weekday { day, .. })]) = words
    else {
        return None;
    };
    let found = match *rest {
        [Meaning::Iso(date, None)] => Some(date),
        _ => month_day(rest, &reading.told()),
    };
    found.filter(|date| date.weekday() == *day)
}

/// "the 24th" of whichever month comes next, today's among them.
fn day_of_month(words: &[Meaning], reading: &Reading<'_>) -> Option<Date> {
    use Meaning::{Ordinal, Word as W};
    let ([Ordinal(day)] | [W(Word::The), Ordinal(day)]) = *words else { return None };
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
    if !reading.takes_doubtful() {
        return None;
    }
    let today = reading.context.now.date();
    (0..=12)
        .filter_map(|n| today.first_of_month().checked_add(n.months()).ok())
        .filter_map(|month| Date::new(month.year(), month.month(), day).ok())
        .find(|date| *date >= today)
}

/// "12 nov", "12th of november 2027", "nov 12", "november 12th, 2027", "24.12.".
fn month_day(words: &[Meaning], reading: &Reading<'_>) -> Option<Date> {
    use Meaning::{Dotted, Number, Ordinal, Word as W};
    let context = reading.context;
    if let [Dotted { day, month, year, sure }] = *words {
        let clear = sure || reading.trust >= Trust::Beside;
        let month = i8::try_from(month).ok().filter(|_| clear)?;
        return in_year(day, month, year, context);
    }
    let (words, year) = match *words {
        [ref day_month @ .., Number(year @ 1000..=9999)] => (day_month, Some(year)),
        _ => (words, None),
    };
    let (day, month, clear) = match *words {
        [Number(day) | Ordinal(day), W(Word::Month { month, sure })]
        | [W(Word::The), Ordinal(day), W(Word::Month { month, sure })] => (day, month, sure),
        // Names of people and verbs come before numbers: "April 3 books", "may 12 people".
        [W(Word::Month { month, sure }), Number(day)] => {
            (day, month, sure && !matches!(month, 4 | 6 | 8))
        }
        [W(Word::Month { month, .. }), Ordinal(day)]
        | [Ordinal(day), W(Word::Of), W(Word::Month { month, .. })]
        | [W(Word::The), Ordinal(day), W(Word::Of), W(Word::Month { month, .. })] => {
            (day, month, true)
        }
        _ => return None,
    };
    if !(clear || year.is_some() || reading.takes_doubtful()) {
        return None;
    }
    in_year(day, month, year, context)
}

/// The day in that year, or in the next one that has it from today on.
fn in_year(day: u32, month: i8, year: Option<u32>, context: &Context) -> Option<Date> {
    if !(1..=31).contains(&day) {
        return None;
    }
    let today = context.now.date();
    let in_year = |year: i64| resolve(&format!("{day} {} {year}", english::month(month)), context);
    match year {
        Some(year) => in_year(i64::from(year)),
        // A 29 February may be eight years away.
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

/// "in 2 hours", "in 20 minutes": a moment, to the minute. So much time passes until then, also
/// where the clock is put forward or back meanwhile.
pub(super) fn moment(words: &[Meaning], reading: &Reading<'_>) -> Option<Found> {
    use Meaning::{Number, Word as W};
    let minutes = match *words {
        [W(Word::In), Number(count), W(Word::Unit(Unit::Minute))] => count,
        [W(Word::In), Number(count), W(Word::Unit(Unit::Hour))] => count.checked_mul(60)?,
        [W(Word::In), W(Word::One), W(Word::Unit(Unit::Minute))] => 1,
        [W(Word::In), W(Word::One), W(Word::Unit(Unit::Hour))] => 60,
        [W(Word::In), W(Word::Half), W(Word::One), W(Word::Unit(Unit::Hour))] => 30,
        _ => return None,
    };
    let span = i64::from(minutes).minutes();
    let then = match &reading.context.moment {
        Some(now) => now.checked_add(span).ok()?.datetime(),
        None => reading.context.now.checked_add(span).ok()?,
    };
    Some(Found { date: Some(then.date()), time: Some(then.time()), loose: false })
}

/// Works out a phrase in the canonical wording. Only wordings made in this file come here:
/// free text could make the library panic.
fn resolve(phrase: &str, context: &Context) -> Option<Date> {
    // The end of the day, so that a weekday's name on that very day is the next one.
    let base = context.now.date().at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok()?;
    parse_date_string(phrase, base, Dialect::Uk).ok().map(|zoned| zoned.date())
}
