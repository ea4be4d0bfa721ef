//! Repeats as people write them: "every 2 weeks", "every mon and thu", "every! 3 days". Only
//! whole phrases are read; the words come from the language table of dates.

use jiff::civil::Weekday;

use super::Repeat;
use super::parts::{Frequency, Rule};
use crate::dates::{Meaning, Token, Unit, Word, tokens};

/// Longest phrase, in bytes and in words.
const LONGEST: usize = 100;

/// Reads a whole phrase.
pub(super) fn parse(text: &str) -> Option<Repeat> {
    if text.len() > LONGEST { None } else { read(&tokens(text)) }
}

/// Reads the words as one repeat, all of them or nothing.
pub(crate) fn read(tokens: &[Token]) -> Option<Repeat> {
    use Meaning::Word as W;
    let inner = tokens.split_last().map_or(&[][..], |(_, inner)| inner);
    if inner.iter().any(|t| t.ends) {
        return None;
    }
    let words: Vec<Meaning> = tokens.iter().map(|t| t.meaning).collect();
    let (rule, after_completion) = match *words {
        [W(Word::Adverb(unit, count))] => (plain(unit, u32::from(count))?, false),
        [W(Word::Every), ref rest @ ..] => (every(rest)?, false),
        [W(Word::EveryAfter), ref rest @ ..] => (every(rest)?, true),
        _ => return None,
    };
    Some(Repeat { rule, after_completion })
}

fn every(words: &[Meaning]) -> Option<Rule> {
    use Meaning::{Number, Ordinal, Word as W};
    match *words {
        [W(Word::Unit(unit))] => plain(unit, 1),
        [W(Word::Other), W(Word::Unit(unit))] => plain(unit, 2),
        // "every 2 days", "every 2nd day", "every third week".
        [Number(count) | Ordinal(count) | W(Word::Nth(count)), W(Word::Unit(unit))] => {
            plain(unit, count)
        }
        [W(Word::Workday)] => Rule::weekly(
            1,
            &[
                Weekday::Monday,
                Weekday::Tuesday,
                Weekday::Wednesday,
                Weekday::Thursday,
                Weekday::Friday,
            ],
        ),
        [W(Word::Weekend)] => Rule::weekly(1, &[Weekday::Saturday, Weekday::Sunday]),
        [W(Word::Other), ref days @ ..] if !days.is_empty() => Rule::weekly(2, &weekdays(days)?),
        [W(Word::Unit(Unit::Week)), W(Word::On), ref days @ ..] => {
            Rule::weekly(1, &weekdays(days)?)
        }
        [Number(count), W(Word::Unit(Unit::Week)), W(Word::On), ref days @ ..] => {
            Rule::weekly(u16::try_from(count).ok()?, &weekdays(days)?)
        }
        [W(Word::Unit(Unit::Month)), W(Word::On), ref day @ ..] => in_month(day),
        // Yearly on a date: "every 12 nov", "every nov 12th".
        [Number(day) | Ordinal(day), W(Word::Month { month, .. })]
        | [W(Word::Month { month, .. }), Number(day) | Ordinal(day)] => yearly(month, day),
        _ => in_month(words).or_else(|| Rule::weekly(1, &weekdays(words)?)),
    }
}

fn plain(unit: Unit, count: u32) -> Option<Rule> {
    let (frequency, factor) = match unit {
        Unit::Day => (Frequency::Daily, 1),
        Unit::Week => (Frequency::Weekly, 1),
        Unit::Month => (Frequency::Monthly, 1),
        Unit::Quarter => (Frequency::Monthly, 3),
        Unit::Year => (Frequency::Yearly, 1),
        Unit::Minute | Unit::Hour => return None,
    };
    Rule::plain(frequency, u16::try_from(count.checked_mul(factor)?).ok()?)
}

/// "mon", "mon and thu", "mon, wed and fri".
fn weekdays(words: &[Meaning]) -> Option<Vec<Weekday>> {
    let mut days = Vec::new();
    let mut joined = true;
    for word in words {
        match *word {
            Meaning::Word(Word::Weekday { day, .. }) => {
                days.push(day);
                joined = false;
            }
            Meaning::Word(Word::And) if !joined => joined = true,
            _ => return None,
        }
    }
    (!joined).then_some(days)
}

/// "15th", "the 31st", "last day", "2nd friday", "last friday".
fn in_month(words: &[Meaning]) -> Option<Rule> {
    use Meaning::{Ordinal, Word as W};
    let month = Rule::plain(Frequency::Monthly, 1)?;
    match *words {
        [W(Word::The), ref rest @ ..] if !matches!(rest, [W(Word::The), ..]) => in_month(rest),
        [Ordinal(day @ 1..=31)]
        | [Ordinal(day @ 1..=31), W(Word::Of), W(Word::The), W(Word::Unit(Unit::Month))]
        | [
            Ordinal(day @ 1..=31),
            W(Word::Unit(Unit::Day)),
            W(Word::Of),
            W(Word::The),
            W(Word::Unit(Unit::Month)),
        ] => Some(month.on_month_day(i8::try_from(day).ok()?)),
        [W(Word::Last), W(Word::Unit(Unit::Day))] => Some(Rule { month_days: vec![-1], ..month }),
        [W(Word::Last), W(Word::Weekday { day, .. })] => {
            Some(Rule { week_days: vec![(-1, day.to_monday_zero_offset())], ..month })
        }
        [Ordinal(place @ 1..=5) | W(Word::Nth(place)), W(Word::Weekday { day, .. })] => {
            let place = i8::try_from(place).ok()?;
            Some(Rule { week_days: vec![(place, day.to_monday_zero_offset())], ..month })
        }
        _ => None,
    }
}

fn yearly(month: i8, day: u32) -> Option<Rule> {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = i8::try_from(day).ok().filter(|day| (1..=longest).contains(day))?;
    let year = Rule { months: vec![month], ..Rule::plain(Frequency::Yearly, 1)? };
    // Only 29 February is missing from some years.
    let day = if (month, day) == (2, 29) { -1 } else { day };
    Some(Rule { month_days: vec![day], ..year })
}
