//! Single words of a date or repeat phrase, apart from any language: what a word can mean, and
//! the numbers, clock times and written dates that need no language. Never decides whether a run
//! of words is a date.

use jiff::civil::{Date, Time, Weekday};

use super::english;

/// What a word of a language stands for in a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Today,
    Tomorrow,
    Yesterday,
    /// One word for this evening.
    Tonight,
    /// Part of a day, by the hour at which it starts for planning.
    Part(i8),
    Noon,
    /// Belongs to dates and times, and nothing is made of it: "midnight", "ago", "UTC".
    Unread,
    /// "half", of an hour.
    Half,
    /// "o'clock".
    OClock,
    Next,
    This,
    In,
    On,
    At,
    Of,
    The,
    And,
    /// Stands between two of a kind, of which one is meant or all from one to the other: "or", "-".
    Or,
    /// "a", "an", "one": a count of one.
    One,
    Weekend,
    /// A weekday; `sure` is false for short forms that are words of their own ("sun", "sat").
    Weekday {
        day: Weekday,
        sure: bool,
    },
    /// A month, 1 to 12; `sure` is false for names that are words of their own ("may").
    Month {
        month: i8,
        sure: bool,
    },
    Unit(Unit),
    Am,
    Pm,
    /// "every": begins a repeat, and so never a date.
    Every,
    /// "every!": repeats after completion.
    EveryAfter,
    /// "other" in "every other week".
    Other,
    /// "workday", "weekday".
    Workday,
    /// "last".
    Last,
    /// "first" and so on, as words.
    Nth(u32),
    /// "daily", "weekly" and so on, with the number of units.
    Adverb(Unit, u16),
    /// A word after which a day's name is no date to plan for ("Black Friday", "since Monday").
    Blocks,
    /// Makes one meaning of what stands on both sides of it ("from 9 to 11", "days after monday").
    Ties,
    /// "after", which ties too.
    After,
}

/// A length of time that phrases count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// The meaning of one written word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Word(Word),
    Number(u32),
    /// "12th".
    Ordinal(u32),
    /// "9am", "14:30", "9:30pm"; the time is already on the 24-hour clock.
    Clock(Time),
    /// "2026-11-30", "2026-11-30T09:00".
    Iso(Date, Option<Time>),
    /// "24.12." and "24.12.2026". Not `sure`: "24.12", and what a version's number looks like too.
    Dotted {
        day: u32,
        month: u32,
        year: Option<u32>,
        sure: bool,
    },
    /// Figures that may be a date, a time or a span of them, and are not read: "9-10am", "24/12".
    Figures,
    Unknown,
}

/// One word as read, with what matters of its punctuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) meaning: Meaning,
    /// Followed by punctuation that ends a phrase (anything but a comma).
    pub(crate) ends: bool,
    /// Bytes of the word without its trailing punctuation.
    pub(crate) len: usize,
}

/// Punctuation that may follow a word and is not part of it.
pub(crate) const TRAILING: [char; 6] = [',', '.', ';', ':', '!', '?'];

/// Reads the words of a whole phrase.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    text.split_whitespace().map(token).collect()
}

/// Reads one word.
pub(crate) fn token(written: &str) -> Token {
    // "every!" is a word of its own, whatever looks like punctuation in it.
    if let Some(word @ Word::EveryAfter) = english::word(&written.to_lowercase()) {
        return Token { meaning: Meaning::Word(word), ends: false, len: written.len() };
    }
    if let Some((meaning, len)) = dotted(written) {
        let tail = written.get(len..).unwrap_or_default();
        return Token { meaning, ends: !tail.is_empty() && tail != ",", len };
    }
    let bare = written.trim_end_matches(TRAILING);
    let tail = written.get(bare.len()..).unwrap_or_default();
    Token { meaning: meaning(bare), ends: !tail.is_empty() && tail != ",", len: bare.len() }
}

fn meaning(bare: &str) -> Meaning {
    // No word of a phrase is this long; what is, is not looked at.
    if bare.len() > 24 {
        return Meaning::Unknown;
    }
    let lower = bare.to_lowercase();
    if let Some(word) = english::word(&lower) {
        return Meaning::Word(word);
    }
    if let Some(number) = english::number(&lower) {
        return Meaning::Number(number);
    }
    if !lower.starts_with(|c: char| c.is_ascii_digit()) {
        return Meaning::Unknown;
    }
    if let Some((date, time)) = iso(bare) {
        return Meaning::Iso(date, time);
    }
    if let Some(time) = clock(&lower) {
        return Meaning::Clock(time);
    }
    if let Some(number) = number(&lower) {
        return Meaning::Number(number);
    }
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    match (number(digits), lower.get(digits.len()..)) {
        (Some(n), Some(suffix)) if english::ORDINALS.contains(&suffix) => Meaning::Ordinal(n),
        _ if is_figures(&lower) => Meaning::Figures,
        _ => Meaning::Unknown,
    }
}

/// "24.12.", "24.12.2026", "24.12": the date, and the bytes of it. The dot at its end belongs to it.
fn dotted(written: &str) -> Option<(Meaning, usize)> {
    let bare = written.trim_end_matches([',', ';', ':', '!', '?']);
    let (bare, closed) = bare.strip_suffix('.').map_or((bare, false), |bare| (bare, true));
    let mut parts = bare.split('.');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    let short = |text: &str| number(text).filter(|_| text.len() <= 2);
    let (day, month) = (short(first)?, short(second)?);
    let year = match third {
        Some(year) if year.len() == 4 => Some(number(year)?),
        Some(_) => return None,
        None => None,
    };
    if parts.next().is_some() || !(1..=31).contains(&day) || !(1..=12).contains(&month) {
        return None;
    }
    let whole = first.len() == 2 && second.len() == 2;
    let sure = year.is_some() || (closed && whole);
    let len = bare.len() + usize::from(closed && year.is_none());
    Some((Meaning::Dotted { day, month, year, sure }, len))
}

/// Whether figures and nothing else stand there, as of a date, a time or a span.
fn is_figures(lower: &str) -> bool {
    let body = [english::AM, english::PM, "ish", "h", "z"]
        .iter()
        .find_map(|end| lower.strip_suffix(end))
        .unwrap_or(lower);
    let mark = |c: char| matches!(c, ':' | '.' | '/' | '-' | '\u{2013}' | 'h');
    let marked = body.len() < lower.len() || body.contains(mark);
    marked && body.chars().all(|c| c.is_ascii_digit() || mark(c) || matches!(c, 'a' | 'p' | 'm'))
}

/// A number of at most four digits and nothing else.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// "9am", "9:30pm", "14:30"; the minutes are two digits.
fn clock(lower: &str) -> Option<Time> {
    let (rest, half) = if let Some(rest) = lower.strip_suffix(english::AM) {
        (rest, Some(false))
    } else if let Some(rest) = lower.strip_suffix(english::PM) {
        (rest, Some(true))
    } else {
        (lower, None)
    };
    let (hours, minutes) = match rest.split_once([':', '.']) {
        // "9.30" alone is a number with a fraction; "9.30am" is a time.
        Some((_, _)) if half.is_none() && rest.contains('.') => return None,
        Some((h, m)) if m.len() == 2 && h.len() <= 2 => (number(h)?, number(m)?),
        None if half.is_some() => (number(rest)?, 0),
        Some(_) | None => return None,
    };
    time(hours, minutes, half)
}

/// A time from an hour and minute; `half` is `Some(true)` for pm, `Some(false)` for am.
pub(crate) fn time(hours: u32, minutes: u32, half: Option<bool>) -> Option<Time> {
    let hours = match half {
        None => hours,
        Some(_) if hours == 0 || hours > 12 => return None,
        Some(false) => hours % 12,
        Some(true) => hours % 12 + 12,
    };
    Time::new(i8::try_from(hours).ok()?, i8::try_from(minutes).ok()?, 0, 0).ok()
}

/// The canonical form: `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM` (seconds are allowed and dropped).
pub(crate) fn iso(text: &str) -> Option<(Date, Option<Time>)> {
    let (day, clock) = match text.split_once('T') {
        Some((day, clock)) => (day, Some(clock)),
        None => (text, None),
    };
    let date = iso_date(day)?;
    let Some(clock) = clock else { return Some((date, None)) };
    let mut parts = clock.split(':');
    let two = |p: Option<&str>| p.filter(|p| p.len() == 2).and_then(number);
    let (hours, minutes) = (two(parts.next())?, two(parts.next())?);
    match (parts.next(), parts.next()) {
        (None, None) => {}
        (seconds @ Some(_), None) => {
            two(seconds).filter(|s| *s < 60)?;
        }
        _ => return None,
    }
    Some((date, Some(time(hours, minutes, None)?)))
}

fn iso_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let small = |text| number(text).and_then(|n| i8::try_from(n).ok());
    Date::new(i16::try_from(number(year)?).ok()?, small(month)?, small(day)?).ok()
}
