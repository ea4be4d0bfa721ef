//! Which backups are kept: of the automatic ones the newest of each of the last 7 days, 4 weeks and 12
//! months that have one; of the restore points all of the last 30 days, and the newest 3 in any case.
//! What the person made is never deleted.

use crate::view::BackupKind;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use std::collections::BTreeSet;

const DAYS: usize = 7;
const WEEKS: usize = 4;
const MONTHS: usize = 12;
const POINTS: usize = 3;
const POINT_DAYS: i64 = 30;

/// The rule in words.
pub(crate) fn rule() -> String {
    format!(
        "The newest of each of the last {DAYS} days, {WEEKS} weeks and {MONTHS} months is kept, and what was made before a restore, a repair or an update for {POINT_DAYS} days. Those that you made stay."
    )
}

/// Whether each of these backups is kept, in their order. Time is UTC, so that travelling deletes
/// nothing.
pub(crate) fn kept(backups: &[(Timestamp, BackupKind)], now: Timestamp) -> Vec<bool> {
    let mut order: Vec<usize> = (0..backups.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(backups.get(*index).map(|(time, _)| *time)));
    let (mut days, mut weeks, mut months) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut points = 0;
    let oldest_point = now.checked_sub((POINT_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
    let mut keep = vec![false; backups.len()];
    for index in order {
        let (Some((time, kind)), Some(keep)) = (backups.get(index), keep.get_mut(index)) else {
            continue;
        };
        *keep = match kind {
            BackupKind::Manual => true,
            BackupKind::BeforeMigration | BackupKind::BeforeRepair | BackupKind::BeforeRestore => {
                points += 1;
                points <= POINTS || *time >= oldest_point
            }
            BackupKind::Daily => {
                let date = time.to_zoned(TimeZone::UTC).date();
                // Each of the three is asked, so that one backup counts for its day, week and month.
                let day = first_of(&mut days, date, DAYS);
                let week = first_of(&mut weeks, week_of(date), WEEKS);
                let month = first_of(&mut months, (date.year(), date.month()), MONTHS);
                day || week || month
            }
        };
    }
    keep
}

/// Whether this is the first of its time span, and the span one of the last so many.
fn first_of<T: Ord>(seen: &mut BTreeSet<T>, span: T, most: usize) -> bool {
    seen.len() < most && seen.insert(span)
}

fn week_of(date: Date) -> (i16, i8) {
    let week = date.iso_week_date();
    (week.year(), week.week())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + number * 86_400).unwrap()
    }

    /// Lets a year pass with one backup a day, deleting each day what is not kept.
    fn after_days(count: i64) -> Vec<(Timestamp, BackupKind)> {
        let mut backups = Vec::new();
        for number in 0..count {
            backups.push((day(number), BackupKind::Daily));
            let keep = kept(&backups, day(number));
            let mut flags = keep.into_iter();
            backups.retain(|_| flags.next().unwrap());
        }
        backups
    }

    #[test]
    fn a_year_of_days_leaves_days_weeks_and_months() {
        let left = after_days(400);
        // 7 days; at most 4 weeks and 12 months, whose newest may be among the days.
        assert!((7 + 2 + 10..=7 + 4 + 12).contains(&left.len()), "{}", left.len());
        let newest: Vec<Timestamp> = left.iter().rev().take(7).map(|(time, _)| *time).collect();
        assert_eq!(newest, (393..400).rev().map(day).collect::<Vec<_>>());
        let oldest = left.first().unwrap().0;
        let reach = (day(399).as_second() - oldest.as_second()) / 86_400;
        assert!((300..=366).contains(&reach), "{reach}");
    }

    #[test]
    fn gaps_do_not_use_up_the_days() {
        let backups = [(day(0), BackupKind::Daily), (day(100), BackupKind::Daily)];
        assert_eq!(kept(&backups, day(500)), [true, true]);
    }

    #[test]
    fn restore_points_stay_for_a_month_and_the_newest_three_in_any_case() {
        let mut backups: Vec<_> =
            (0..6).map(|number| (day(number), BackupKind::BeforeRestore)).collect();
        backups.push((day(0), BackupKind::Manual));
        assert_eq!(kept(&backups, day(10)), [true; 7]);
        assert_eq!(kept(&backups, day(200)), [false, false, false, true, true, true, true]);
    }

    #[test]
    fn a_clock_that_jumps_deletes_no_more_than_the_policy_says() {
        let backups: Vec<_> = (0..7).map(|number| (day(number), BackupKind::Daily)).collect();
        assert_eq!(kept(&backups, day(40_000)), [true; 7]);
        assert_eq!(kept(&backups, day(-40_000)), [true; 7]);
    }
}
