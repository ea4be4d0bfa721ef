//! A rule in English words, as shown to people.

use super::parts::{Frequency, Rule};
use crate::dates::{month_name, weekday_name};

/// The whole repeat in words.
pub(super) fn describe(rule: &Rule, after_completion: bool) -> String {
    let mut text = if after_completion && rule.is_plain() {
        let unit = unit(rule.frequency);
        match rule.interval {
            1 => format!("1 {unit} after completion"),
            n => format!("{n} {unit}s after completion"),
        }
    } else {
        let mut text = schedule(rule);
        if after_completion {
            text.push_str(", counted from completion");
        }
        text
    };
    if let Some(until) = rule.until {
        text.push_str(&format!(
            ", until {} {} {}",
            until.day(),
            month_name(until.month()),
            until.year()
        ));
    }
    text
}

fn unit(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Daily => "day",
        Frequency::Weekly => "week",
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    }
}

fn schedule(rule: &Rule) -> String {
    let days: Vec<i8> = rule.week_days.iter().map(|(_, day)| *day).collect();
    let bare = rule.months.is_empty() && rule.month_days.is_empty() && rule.places.is_empty();
    let weekly = rule.frequency == Frequency::Weekly && bare && rule.interval == 1;
    if weekly && days == [0, 1, 2, 3, 4] {
        return "every weekday".to_owned();
    }
    if weekly && days == [5, 6] {
        return "every weekend".to_owned();
    }
    if weekly && !days.is_empty() {
        return format!("every {}", joined(days.iter().map(|d| weekday_name(*d).to_owned())));
    }
    let mut text = match rule.interval {
        1 => format!("every {}", unit(rule.frequency)),
        n => format!("every {n} {}s", unit(rule.frequency)),
    };
    let places = places(rule);
    if !places.is_empty() {
        text.push_str(" on ");
        text.push_str(&joined(places.into_iter()));
    }
    if !rule.months.is_empty() {
        text.push_str(" in ");
        text.push_str(&joined(rule.months.iter().map(|m| month_name(*m).to_owned())));
    }
    if !rule.places.is_empty() && rule.clamped_day().is_none() {
        text.push_str(&format!(
            ", only the {} of these",
            joined(rule.places.iter().map(|n| nth(*n)))
        ));
    }
    text
}

/// The days on which a rule falls, in words.
fn places(rule: &Rule) -> Vec<String> {
    if let Some(day) = rule.clamped_day() {
        return vec![match day {
            31 => "the last day".to_owned(),
            day => format!("the {} or the last day", nth(i16::from(day))),
        }];
    }
    let dates = rule.month_days.iter().map(|day| match day {
        -1 => "the last day".to_owned(),
        day if *day < 0 => format!("the {} day", nth(i16::from(*day))),
        day => format!("the {}", nth(i16::from(*day))),
    });
    let days = rule.week_days.iter().map(|(place, day)| match place {
        0 => weekday_name(*day).to_owned(),
        place => format!("the {} {}", nth(i16::from(*place)), weekday_name(*day)),
    });
    dates.chain(days).collect()
}

/// "1st"; from the end: "last", "2nd last".
fn nth(number: i16) -> String {
    let size = number.unsigned_abs();
    let suffix = match (size % 10, size % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    match number {
        -1 => "last".to_owned(),
        n if n < 0 => format!("{size}{suffix} last"),
        _ => format!("{size}{suffix}"),
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    match items.pop() {
        None => String::new(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
    }
}
