//! Dates as people say them and as they are kept.
//!
//! Owns [`When`] (a floating civil date with an optional time: it names the same day and hour
//! in every time zone and across daylight saving), the reading of date phrases and the words in
//! which a date is shown. It never reads a clock: whoever asks says what "now" is.

mod around;
mod days;
mod english;
mod phrase;
mod words;

use std::fmt;
use std::str::FromStr;

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

pub(crate) use around::Around;
pub(crate) use phrase::{Found, Reading, Trust, read};
pub(crate) use words::{Meaning, TRAILING, Token, Unit, Word, token, tokens};

/// The hour at which the evening begins: "tonight" and "this evening" mean this time or later.
pub const EVENING_STARTS: i8 = 18;

/// Longest phrase that is read as a date, in bytes. Longer text is no date phrase.
const LONGEST_PHRASE: usize = 100;

/// What a phrase is read against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The person's present civil date and time.
    pub now: DateTime,
    /// The same moment with its zone, where that is known: hours ahead are counted on it, so that
    /// they are right across a change of the clocks.
    pub moment: Option<Zoned>,
    /// The day on which their weeks start; decides what "next week" and "next Friday" mean.
    pub week_start: Weekday,
}

impl Context {
    /// A context with weeks that start on Monday, on a clock that is never put forward or back.
    pub fn new(now: DateTime) -> Self {
        Self { now, moment: None, week_start: Weekday::Monday }
    }

    /// A context with weeks that start on Monday, on the clock of a zone.
    pub fn at(now: &Zoned) -> Self {
        Self { moment: Some(now.clone()), ..Self::new(now.datetime()) }
    }
}

/// When a task is planned: a date, and a time where one was given. Both float: they are not
/// bound to a time zone.
///
/// The canonical form, used wherever one is stored or sent, is `YYYY-MM-DD` or
/// `YYYY-MM-DDTHH:MM` ([`fmt::Display`], [`FromStr`], serde). Seconds are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When {
    date: Date,
    time: Option<Time>,
}

impl When {
    /// A planned date, with a time (kept to the minute) where there is one.
    pub fn new(date: Date, time: Option<Time>) -> Self {
        let to_minute = |t: Time| Time::constant(t.hour(), t.minute(), 0, 0);
        Self { date, time: time.map(to_minute) }
    }

    /// The date.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The time of day, where one was given.
    pub fn time(&self) -> Option<Time> {
        self.time
    }

    /// The moment at which it begins: its time, or the start of its day.
    pub fn starts(&self) -> DateTime {
        self.date.to_datetime(self.time.unwrap_or(Time::MIN))
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date)?;
        match self.time {
            Some(time) => write!(f, "T{:02}:{:02}", time.hour(), time.minute()),
            None => Ok(()),
        }
    }
}

impl FromStr for When {
    type Err = UnreadableDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        words::iso(text)
            .map(|(date, time)| Self::new(date, time))
            .ok_or_else(|| UnreadableDate::new(text))
    }
}

impl Serialize for When {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no date this app can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\u{201c}{text}\u{201d} is not a date. Write it as 2026-11-30, 2026-11-30T09:00, tomorrow or fri 9am."
)]
pub struct UnreadableDate {
    /// The start of what was given.
    pub text: String,
}

impl UnreadableDate {
    fn new(text: &str) -> Self {
        Self { text: text.chars().take(LONGEST_PHRASE).collect() }
    }

    /// The name by which an interface recognises this error.
    pub fn code(&self) -> &'static str {
        "unreadable-date"
    }
}

/// Reads a field that holds a date with an optional time, such as `fri 9am`, `2026-11-30` or
/// `2026-11-30T09:00`. Empty text clears the field: `None`.
pub fn parse_when(text: &str, context: &Context) -> Result<Option<When>, UnreadableDate> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(when) = text.parse() {
        return Ok(Some(when));
    }
    whole_phrase(text, context).map(|f| Some(f.when(context)))
}

/// Reads a field that holds a date alone, such as a deadline. Empty text clears it: `None`. A
/// phrase with a time is refused rather than cut.
pub fn parse_date(text: &str, context: &Context) -> Result<Option<Date>, UnreadableDate> {
    match parse_when(text, context)? {
        None => Ok(None),
        Some(When { date, time: None }) => Ok(Some(date)),
        Some(_) => Err(UnreadableDate::new(text)),
    }
}

fn whole_phrase(text: &str, context: &Context) -> Result<Found, UnreadableDate> {
    let unreadable = || UnreadableDate::new(text);
    if text.len() > LONGEST_PHRASE {
        return Err(unreadable());
    }
    let tokens = tokens(text);
    read(&tokens, &Reading { context, trust: Trust::Asked, closed: true }).ok_or_else(unreadable)
}

/// The day in words relative to `today`: "Today", "Tomorrow", "Yesterday", the weekday within
/// the coming six days, else "14 Nov", with the year where it is another one.
pub fn format_relative(date: Date, today: Date) -> String {
    match (date - today).get_days() {
        0 => english::TODAY.to_owned(),
        1 => english::TOMORROW.to_owned(),
        -1 => english::YESTERDAY.to_owned(),
        2..=6 => english::weekday(date.weekday()).to_owned(),
        _ if date.year() == today.year() => {
            format!("{} {}", date.day(), english::month(date.month()))
        }
        _ => format!("{} {} {}", date.day(), english::month(date.month()), date.year()),
    }
}

/// As [`format_relative`], with the time where there is one: "Tomorrow 09:00".
pub fn format_when(when: When, today: Date) -> String {
    let day = format_relative(when.date, today);
    match when.time {
        Some(time) => format!("{day} {}", format_time(time)),
        None => day,
    }
}

/// Short name of a weekday, counted from Monday as 0.
pub(crate) fn weekday_name(from_monday: i8) -> &'static str {
    english::weekday(Weekday::from_monday_zero_offset(from_monday).unwrap_or(Weekday::Monday))
}

/// Short name of a month, 1 to 12.
pub(crate) fn month_name(month: i8) -> &'static str {
    english::month(month)
}

/// A time of day as shown: "09:00".
pub fn format_time(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

#[cfg(test)]
mod tests;
