//! Repeats: the rule by which a finished task comes again.
//!
//! Owns [`Repeat`] (a checked RFC 5545 rule of days or slower, on a fixed schedule or counted
//! from completion), how people write and read one, and which date comes next. Everything is
//! civil dates: a repeat is the same in every time zone. It never reads a clock and never makes
//! an occurrence by itself; [`occurrence_id`] makes devices that do so apart make the same one.

mod next;
mod parts;
mod phrase;
mod words;

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use parts::Rule;
pub(crate) use phrase::read;

/// What comes before the rule in the canonical form of a repeat counted from completion.
const AFTER: &str = "after:";

/// How a task repeats.
///
/// The canonical form, used wherever one is stored or sent, is an RRULE such as
/// `FREQ=WEEKLY;INTERVAL=2`, with `after:` before it where the next date counts from completion
/// ([`fmt::Display`], [`FromStr`], serde). Equal repeats have equal canonical forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repeat {
    rule: Rule,
    after_completion: bool,
}

impl Repeat {
    /// Reads an RRULE value (without `RRULE:`), as calendars exchange them. Rules faster than
    /// daily, rules with a count and parts that this app cannot keep are refused.
    pub fn from_rrule(rule: &str, after_completion: bool) -> Result<Self, UnreadableRepeat> {
        Ok(Self { rule: rule.parse()?, after_completion })
    }

    /// Reads what a person writes: "every 2 weeks", "every mon and thu", "every! 3 days"
    /// (counted from completion), "monthly", or the canonical form. Empty text clears: `None`.
    pub fn parse(text: &str) -> Result<Option<Self>, UnreadableRepeat> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.contains('=') {
            return text.parse().map(Some);
        }
        phrase::parse(text).map(Some).ok_or_else(|| UnreadableRepeat::new(text))
    }

    /// The rule as an RRULE value, in canonical order.
    pub fn rule(&self) -> String {
        self.rule.to_string()
    }

    /// Whether the next date counts from the day of completion rather than the schedule.
    pub fn after_completion(&self) -> bool {
        self.after_completion
    }

    /// The repeat with the day of the month written into the rule where months are too short for
    /// it: "every month" from 31 January is the last day of each month, whatever date the series
    /// has reached since. Call it where a repeat or its first date is set.
    pub fn anchored(mut self, start: Date) -> Self {
        if !self.after_completion {
            self.rule = self.rule.anchored(start);
        }
        self
    }

    /// The repeat after a person moved an occurrence to another day: a day of the month that came from
    /// the date ([`Self::anchored`]) follows it, one that was said ("every 31st") stays.
    pub fn moved(mut self, to: Date) -> Self {
        if !self.after_completion {
            self.rule = self.rule.moved(to);
        }
        self
    }

    /// In words: "every 2 weeks", "every month on the last day", "3 days after completion".
    pub fn describe(&self) -> String {
        words::describe(&self.rule, self.after_completion)
    }

    /// The first date of the series that is not before `date`, for a repeat that was given
    /// without a date.
    pub fn first(&self, date: Date) -> Option<Date> {
        next::first(&self.rule, date)
    }
}

/// The date that follows in the series, or `None` when it is over.
///
/// On a schedule: the first date after `from` (the finished occurrence's date) that has not
/// passed on the day of completion, in step with `from`; a task finished late skips the dates
/// that were missed, and one finished early does not come again before its next date. Counted
/// from completion: the first date of the rule after `completed`.
pub fn next(repeat: &Repeat, from: Date, completed: Date) -> Option<Date> {
    if repeat.after_completion {
        next::after(&repeat.rule, completed, completed)
    } else {
        next::after(&repeat.rule, from, completed)
    }
}

/// The id of the occurrence of `series` that follows the occurrence `finished`. It depends on nothing
/// else, neither on a clock nor on the date that the next one gets, so devices that finish an
/// occurrence apart make one next occurrence, whenever and wherever they do.
pub fn occurrence_id(series: [u8; 16], finished: [u8; 16]) -> Uuid {
    let finished = Uuid::from_bytes(finished);
    let name = format!("holdfast occurrence after {finished}");
    Uuid::new_v5(&Uuid::from_bytes(series), name.as_bytes())
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.after_completion {
            f.write_str(AFTER)?;
        }
        self.rule.fmt(f)
    }
}

impl FromStr for Repeat {
    type Err = UnreadableRepeat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(AFTER) {
            Some(rule) => Self::from_rrule(rule, true),
            None => Self::from_rrule(text, false),
        }
    }
}

impl Serialize for Repeat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Repeat {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no repeat this app can keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\u{201c}{text}\u{201d} is not a repeat. Write it as every 2 weeks, every mon and thu, every month, or every! 3 days to count from completion."
)]
pub struct UnreadableRepeat {
    /// The start of what was given.
    pub text: String,
}

impl UnreadableRepeat {
    fn new(text: &str) -> Self {
        Self { text: text.chars().take(100).collect() }
    }

    /// The name by which an interface recognises this error.
    pub fn code(&self) -> &'static str {
        "unreadable-repeat"
    }
}

#[cfg(test)]
mod tests;
