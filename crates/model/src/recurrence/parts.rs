//! The parts of a rule, checked and in canonical order. Never computes a date.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};

use super::UnreadableRepeat;

/// Largest number of units between occurrences.
const MOST_INTERVAL: u16 = 999;
/// Longest rule read, in bytes.
const LONGEST_RULE: usize = 400;

/// How often a rule may give a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Frequency {
    fn name(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

/// A rule of days or slower. Lists are sorted and hold nothing twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub(crate) frequency: Frequency,
    pub(crate) interval: u16,
    pub(crate) months: Vec<i8>,
    /// 1 to 31, or -1 to -31 from the end of the month.
    pub(crate) month_days: Vec<i8>,
    /// With the place in the month or year, 0 for every such day.
    pub(crate) week_days: Vec<(i8, i8)>,
    pub(crate) places: Vec<i16>,
    pub(crate) week_start: Option<Weekday>,
    pub(crate) until: Option<Date>,
}

impl Rule {
    /// A rule of nothing but a frequency and an interval (1 to 999).
    pub(crate) fn plain(frequency: Frequency, interval: u16) -> Option<Self> {
        (1..=MOST_INTERVAL).contains(&interval).then(|| Self {
            frequency,
            interval,
            months: Vec::new(),
            month_days: Vec::new(),
            week_days: Vec::new(),
            places: Vec::new(),
            week_start: None,
            until: None,
        })
    }

    /// Weekly on these days.
    pub(crate) fn weekly(interval: u16, days: &[Weekday]) -> Option<Self> {
        let week_days = days.iter().map(|d| (0, d.to_monday_zero_offset())).collect();
        Some(Self { week_days, ..Self::plain(Frequency::Weekly, interval)? }.sorted())
    }

    /// On a day of the month that a person named, or the month's last where it is shorter. Written
    /// otherwise than [`Self::anchored`], so that it stays when an occurrence is moved.
    pub(crate) fn on_month_day(mut self, day: i8) -> Self {
        match day {
            ..=28 => self.month_days = vec![day],
            29 | 30 => {
                self.month_days = vec![-1, day];
                self.places = vec![1];
            }
            _ => self.month_days = vec![-1],
        }
        self
    }

    /// On the day of the month that the first date has, or the month's last where it is shorter.
    fn on_day_or_last(mut self, day: i8) -> Self {
        self.month_days = (28..=day).collect();
        self.places = vec![-1];
        self
    }

    /// Whether nothing narrows the frequency, so that the start date alone decides the day.
    pub(crate) fn is_plain(&self) -> bool {
        self.months.is_empty()
            && self.month_days.is_empty()
            && self.week_days.is_empty()
            && self.places.is_empty()
    }

    /// See [`super::Repeat::anchored`].
    pub(crate) fn anchored(self, start: Date) -> Self {
        if !self.is_plain() {
            return self;
        }
        match self.frequency {
            Frequency::Monthly if start.day() > 28 => self.on_day_or_last(start.day()),
            Frequency::Yearly if start.month() == 2 && start.day() == 29 => {
                Self { months: vec![2], ..self }.on_day_or_last(29)
            }
            _ => self,
        }
    }

    /// See [`super::Repeat::moved`].
    pub(crate) fn moved(mut self, to: Date) -> Self {
        let anchored = self.anchor().is_some()
            && match self.frequency {
                Frequency::Monthly => self.months.is_empty(),
                Frequency::Yearly => self.months == [2],
                Frequency::Daily | Frequency::Weekly => false,
            };
        if anchored {
            self.months.clear();
            self.month_days.clear();
            self.places.clear();
        }
        self.anchored(to)
    }

    /// The day of the month that "the last day up to" it stands for, where the rule has the shape
    /// that [`Self::anchored`] gives it.
    fn anchor(&self) -> Option<i8> {
        let last = *self.month_days.last()?;
        let clamp = self.places == [-1]
            && self.week_days.is_empty()
            && self.month_days.len() > 1
            && self.month_days.iter().copied().eq(28..=last);
        clamp.then_some(last)
    }

    /// The day of the month that the rule means, with the last day where a month is shorter.
    pub(crate) fn clamped_day(&self) -> Option<i8> {
        match *self.month_days {
            [-1, day] if self.places == [1] && self.week_days.is_empty() => Some(day),
            _ => self.anchor(),
        }
    }

    fn sorted(mut self) -> Self {
        self.months.sort_unstable();
        self.months.dedup();
        self.month_days.sort_unstable();
        self.month_days.dedup();
        self.week_days.sort_unstable_by_key(|(place, day)| (*day, *place));
        self.week_days.dedup();
        self.places.sort_unstable();
        self.places.dedup();
        self
    }

    /// Whether the parts agree with one another and name dates that exist.
    fn is_sound(&self) -> bool {
        let placed = self.week_days.iter().any(|(place, _)| *place != 0);
        let slow = matches!(self.frequency, Frequency::Monthly | Frequency::Yearly);
        (!placed || slow)
            && (self.month_days.is_empty() || self.frequency != Frequency::Weekly)
            && (self.places.is_empty()
                || !(self.months.is_empty()
                    && self.month_days.is_empty()
                    && self.week_days.is_empty()))
            && self.has_real_day()
    }

    fn has_real_day(&self) -> bool {
        let longest = |month: &i8| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        self.months.is_empty()
            || self.month_days.is_empty()
            || self.months.iter().any(|m| self.month_days.iter().any(|d| d.abs() <= longest(m)))
    }
}

/// Two-letter weekday names, from Monday.
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn weekday_code(offset: i8) -> &'static str {
    usize::try_from(offset).ok().and_then(|i| WEEKDAYS.get(i)).copied().unwrap_or("MO")
}

fn weekday_offset(code: &str) -> Option<i8> {
    WEEKDAYS.iter().position(|w| *w == code).and_then(|i| i8::try_from(i).ok())
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency.name())?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        list(f, "BYMONTH", self.months.iter())?;
        list(f, "BYMONTHDAY", self.month_days.iter())?;
        let day = |(place, day): &(i8, i8)| match place {
            0 => weekday_code(*day).to_owned(),
            place => format!("{place}{}", weekday_code(*day)),
        };
        list(f, "BYDAY", self.week_days.iter().map(day))?;
        list(f, "BYSETPOS", self.places.iter())?;
        if let Some(start) = self.week_start {
            write!(f, ";WKST={}", weekday_code(start.to_monday_zero_offset()))?;
        }
        match self.until {
            Some(until) => write!(f, ";UNTIL={}T000000Z", until.strftime("%Y%m%d")),
            None => Ok(()),
        }
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    for (i, item) in items.enumerate() {
        if i == 0 {
            write!(f, ";{name}={item}")?;
        } else {
            write!(f, ",{item}")?;
        }
    }
    Ok(())
}

impl FromStr for Rule {
    type Err = UnreadableRepeat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| UnreadableRepeat::new(text))
    }
}

fn read(text: &str) -> Option<Rule> {
    if text.len() > LONGEST_RULE {
        return None;
    }
    let upper = text.trim().trim_end_matches(';').to_ascii_uppercase();
    let mut frequency = None;
    let mut rule = Rule::plain(Frequency::Daily, 1)?;
    let mut seen: Vec<&str> = Vec::new();
    for part in upper.split(';') {
        let (name, value) = part.split_once('=')?;
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match name {
            "FREQ" => {
                frequency = Some(match value {
                    "DAILY" => Frequency::Daily,
                    "WEEKLY" => Frequency::Weekly,
                    "MONTHLY" => Frequency::Monthly,
                    "YEARLY" => Frequency::Yearly,
                    _ => return None,
                });
            }
            "INTERVAL" => {
                let number = value.parse().ok()?;
                rule.interval = (1..=MOST_INTERVAL).contains(&number).then_some(number)?;
            }
            "BYMONTH" => rule.months = numbers(value, |n: i8| (1..=12).contains(&n))?,
            "BYMONTHDAY" => {
                rule.month_days = numbers(value, |n: i8| n != 0 && (-31..=31).contains(&n))?;
            }
            "BYSETPOS" => {
                rule.places = numbers(value, |n: i16| n != 0 && (-31..=31).contains(&n))?;
            }
            "BYDAY" => rule.week_days = value.split(',').map(placed_day).collect::<Option<_>>()?,
            "WKST" => {
                let offset = weekday_offset(value)?;
                rule.week_start = Some(Weekday::from_monday_zero_offset(offset).ok()?);
            }
            "UNTIL" => rule.until = Some(Date::strptime("%Y%m%d", value.get(..8)?).ok()?),
            // COUNT cannot be kept: each occurrence starts the series anew from its own date.
            _ => return None,
        }
    }
    rule.frequency = frequency?;
    let rule = rule.sorted();
    rule.is_sound().then_some(rule)
}

fn numbers<T: FromStr + Copy>(value: &str, allowed: impl Fn(T) -> bool) -> Option<Vec<T>> {
    value.split(',').map(|n| n.parse().ok().filter(|n| allowed(*n))).collect()
}

fn placed_day(value: &str) -> Option<(i8, i8)> {
    let split = value.len().checked_sub(2)?;
    let (place, code) = value.split_at_checked(split)?;
    let place: i8 = if place.is_empty() { 0 } else { place.parse().ok()? };
    let within = (-53..=53).contains(&place) && (place != 0 || split == 0);
    Some((within.then_some(place)?, weekday_offset(code)?))
}
