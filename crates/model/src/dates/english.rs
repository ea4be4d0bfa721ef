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

const fn month_word(month: i8) -> Word {
    Word::Month { month, sure: true }
}

/// The number that a lower-case word says, up to twelve; one is a word of its own.
pub(super) fn number(lower: &str) -> Option<u32> {
    const NUMBERS: [&str; 11] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    NUMBERS.iter().zip(2..).find(|(name, _)| **name == lower).map(|(_, number)| number)
}

/// What a lower-case word means in a phrase.
pub(super) fn word(lower: &str) -> Option<Word> {
    Some(match lower {
        "today" => Word::Today,
        "yesterday" => Word::Yesterday,
        "tomorrow" | "tmrw" => Word::Tomorrow,
        "tonight" => Word::Tonight,
        "morning" => Word::Part(9),
        "afternoon" => Word::Part(14),
        "evening" => Word::Part(super::EVENING_STARTS),
        "night" => Word::Part(20),
        "noon" | "midday" => Word::Noon,
        // Which day midnight belongs to is not agreed, and a named zone is not the person's own.
        "midnight" | "ago" | "utc" | "gmt" | "bst" | "cet" | "cest" | "edt" | "cst" | "cdt"
        | "pst" | "pdt" => Word::Unread,
        "half" => Word::Half,
        "o'clock" | "o\u{2019}clock" | "oclock" => Word::OClock,
        "next" => Word::Next,
        "this" => Word::This,
        "in" => Word::In,
        "on" => Word::On,
        "at" => Word::At,
        "of" => Word::Of,
        "the" => Word::The,
        "and" | "&" => Word::And,
        "or" | "-" | "\u{2013}" | "\u{2014}" | "+" | "/" => Word::Or,
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
        "january" | "jan" => month_word(1),
        "february" | "feb" => month_word(2),
        "mar" => month_word(3),
        "march" => Word::Month { month: 3, sure: false },
        "april" | "apr" => month_word(4),
        "may" => Word::Month { month: 5, sure: false },
        "june" | "jun" => month_word(6),
        "july" | "jul" => month_word(7),
        "august" | "aug" => month_word(8),
        "september" | "sept" | "sep" => month_word(9),
        "october" | "oct" => month_word(10),
        "november" | "nov" => month_word(11),
        "december" | "dec" => month_word(12),
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
        "after" => Word::After,
        "to" | "until" | "till" | "through" | "thru" | "from" | "before" | "between"
        | "starting" | "by" | "due" | "except" | "but" | "than" => Word::Ties,
        "each" | "past" | "previous" | "since" | "per" | "for" | "about" | "around" | "black"
        | "cyber" | "good" | "ash" | "easter" | "palm" | "boxing" | "casual" | "bloody"
        | "super" | "fat" | "blue" | "high" | "usa" | "early" | "late" | "not" => Word::Blocks,
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
