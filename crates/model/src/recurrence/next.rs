//! Which date of a rule comes next, by the `rrule` crate. Dates are expanded at midnight UTC, so
//! no change of a clock can double or drop one. Every search is bounded.

use jiff::Span;
use jiff::civil::Date;
use rrule::RRuleSet;

use super::parts::Rule;

/// How many dates of a series are passed over before it is taken up afresh from the day of
/// completion: 54 years of days. Only then may a rule of several units lose its step.
const MOST_STEPS: usize = 20_000;

/// Days of UTC have no other length.
const SECONDS_A_DAY: i64 = 86_400;

/// The first date after `from` that is not before `earliest`, in step with `from`.
pub(super) fn after(rule: &Rule, from: Date, earliest: Date) -> Option<Date> {
    let mut passed = 0;
    for date in dates(rule, from)? {
        if date > from && date >= earliest {
            return Some(date);
        }
        passed += 1;
        if passed > MOST_STEPS {
            let mut afresh = dates(rule, earliest)?.take(2);
            return afresh.find(|date| *date > from);
        }
    }
    None
}

/// The first date that is not before `date`.
pub(super) fn first(rule: &Rule, date: Date) -> Option<Date> {
    dates(rule, date)?.next()
}

/// The dates of the rule from `start` on, in order. The library ends the run at year 10,000 and
/// after 100,000 empty periods.
fn dates(rule: &Rule, start: Date) -> Option<impl Iterator<Item = Date>> {
    if start.year() < 1 {
        return None;
    }
    // Without this, a plain "every month" from the 31st would skip the shorter months.
    let rule = rule.clone().anchored(start);
    let text = format!("DTSTART:{}T000000Z\nRRULE:{rule}", start.strftime("%Y%m%d"));
    let set: RRuleSet = text.parse().ok()?;
    Some(set.limit().into_iter().map_while(|moment| {
        let days = Span::new().try_days(moment.timestamp().div_euclid(SECONDS_A_DAY)).ok()?;
        Date::constant(1970, 1, 1).checked_add(days).ok()
    }))
}
