//! The English words of date and repeat phrases. A language is this table and nothing else: the
//! grammar works on [`Word`]s.

use jiff::civil::Weekday;

use super::words::{Unit, Word};

pub(super) const TODAY: &str = "Today";
pub(super) const TOMORROW: &str = "Tomorrow";
pub(super) const YESTERDAY: &str = "Yesterday";

/// Endings of the two halves of the day, as in "9am".
pub(super) const AM: &str = "am";
/// As [`AM`], after noon.
pub(super) const PM: &str = "pm";

/// Endings of ordinal numbers.
pub(super) const ORDINALS: [&str; 4] = ["st", "nd", "rd", "th"];

const fn sure(day: Weekday) -> Word {
    Word::Weekday { day, sure: true }
}

const fn unsure(day: Weekday) -> Word {
    Word::Weekday { day, sure: false }
}

/// What a lower-case word means in a phrase.
pub(super) fn word(lower: &str) -> Option<Word> {
    Some(match lower {
        "today" => Word::Today,
        "tomorrow" | "tmrw" => Word::Tomorrow,
        "tonight" => Word::Tonight,
        "morning" => Word::Part(9),
        "afternoon" => Word::Part(14),
        "evening" => Word::Part(super::EVENING_STARTS),
        "night" => Word::Part(20),
        "noon" | "midday" => Word::Noon,
        "next" => Word::Next,
        "this" => Word::This,
        "in" => Word::In,
        "on" => Word::On,
        "at" => Word::At,
        "of" => Word::Of,
        "the" => Word::The,
        "and" | "&" => Word::And,
        "a" | "an" | "one" => Word::One,
        "weekend" => Word::Weekend,
        "weekday" | "weekdays" | "workday" | "workdays" => Word::Workday,
        "monday" | "mondays" | "mon" => sure(Weekday::Monday),
        "tuesday" | "tuesdays" | "tue" | "tues" => sure(Weekday::Tuesday),
        "wednesday" | "wednesdays" => sure(Weekday::Wednesday),
        "thursday" | "thursdays" | "thu" | "thur" | "thurs" => sure(Weekday::Thursday),
        "friday" | "fridays" | "fri" => sure(Weekday::Friday),
        "saturday" | "saturdays" => sure(Weekday::Saturday),
        "sunday" | "sundays" => sure(Weekday::Sunday),
        "wed" => unsure(Weekday::Wednesday),
        "sat" => unsure(Weekday::Saturday),
        "sun" => unsure(Weekday::Sunday),
        "january" | "jan" => Word::Month(1),
        "february" | "feb" => Word::Month(2),
        "march" | "mar" => Word::Month(3),
        "april" | "apr" => Word::Month(4),
        "may" => Word::Month(5),
        "june" | "jun" => Word::Month(6),
        "july" | "jul" => Word::Month(7),
        "august" | "aug" => Word::Month(8),
        "september" | "sept" | "sep" => Word::Month(9),
        "october" | "oct" => Word::Month(10),
        "november" | "nov" => Word::Month(11),
        "december" | "dec" => Word::Month(12),
        "minute" | "minutes" | "min" | "mins" => Word::Unit(Unit::Minute),
        "hour" | "hours" => Word::Unit(Unit::Hour),
        "day" | "days" => Word::Unit(Unit::Day),
        "week" | "weeks" => Word::Unit(Unit::Week),
        "month" | "months" => Word::Unit(Unit::Month),
        "quarter" | "quarters" => Word::Unit(Unit::Quarter),
        "year" | "years" => Word::Unit(Unit::Year),
        "am" => Word::Am,
        "pm" => Word::Pm,
        "every" => Word::Every,
        "every!" => Word::EveryAfter,
        "other" => Word::Other,
        "last" => Word::Last,
        "first" => Word::Nth(1),
        "second" => Word::Nth(2),
        "third" => Word::Nth(3),
        "fourth" => Word::Nth(4),
        "fifth" => Word::Nth(5),
        "daily" => Word::Adverb(Unit::Day, 1),
        "weekly" => Word::Adverb(Unit::Week, 1),
        "fortnightly" | "biweekly" => Word::Adverb(Unit::Week, 2),
        "monthly" => Word::Adverb(Unit::Month, 1),
        "quarterly" => Word::Adverb(Unit::Month, 3),
        "yearly" | "annually" => Word::Adverb(Unit::Year, 1),
        "each" | "past" | "previous" | "since" | "per" | "black" | "cyber" | "good" | "ash"
        | "easter" | "palm" | "boxing" | "until" | "till" | "from" => Word::Blocks,
        _ => return None,
    })
}

/// Short name of a weekday, as shown.
pub(super) fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

/// Short name of a month (1 to 12), as shown; also the form in which a date is resolved.
pub(super) fn month(number: i8) -> &'static str {
    match number {
        1 => "Jan",
        2 => "Feb",
        3 => "Mar",
        4 => "Apr",
        5 => "May",
        6 => "Jun",
        7 => "Jul",
        8 => "Aug",
        9 => "Sep",
        10 => "Oct",
        11 => "Nov",
        _ => "Dec",
    }
}
