use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment as people say it, seen from `now_ms`: "14:32" on the same day, "Tue" within the last six
/// days, else "12 Nov", with the year where it is another. Times are milliseconds since 1970.
pub fn moment(ms: i64, now_ms: i64, zone: &TimeZone) -> String {
    let (Ok(then), Ok(now)) =
        (Timestamp::from_millisecond(ms), Timestamp::from_millisecond(now_ms))
    else {
        return "at an unknown time".to_owned();
    };
    let (then, now) = (then.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let days = now.date().duration_since(then.date()).as_hours() / 24;
    let form = match days {
        0 => "%H:%M",
        1..=6 => "%a",
        _ if then.year() == now.year() => "%-d %b",
        _ => "%-d %b %Y",
    };
    then.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_said_as_people_say_them() {
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let now = ms("2026-11-22T16:00:00Z");
        let say = |text: &str| moment(ms(text), now, &TimeZone::UTC);
        assert_eq!(say("2026-11-22T14:32:10Z"), "14:32");
        assert_eq!(say("2026-11-21T23:59:00Z"), "Sat");
        assert_eq!(say("2026-11-16T10:00:00Z"), "Mon");
        assert_eq!(say("2026-11-15T10:00:00Z"), "15 Nov");
        assert_eq!(say("2025-11-22T10:00:00Z"), "22 Nov 2025");
        assert_eq!(say("2026-11-24T10:00:00Z"), "24 Nov");
        assert_eq!(moment(i64::MAX, now, &TimeZone::UTC), "at an unknown time");
    }
}
