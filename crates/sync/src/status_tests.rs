use super::*;
use holdfast_oplog::{ActorId, LogId};
use jiff::Timestamp;

const LAPTOP: LogId = LogId { space: Space::Everywhere, actor: ActorId([1; 16]) };
const PHONE: LogId = LogId { space: Space::Everywhere, actor: ActorId([2; 16]) };
const PRIVATE: LogId = LogId { space: Space::Device, actor: ActorId([1; 16]) };
const DESKTOP: DeviceId = DeviceId([7; 16]);
const TABLET: DeviceId = DeviceId([8; 16]);

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn known(device: DeviceId, holds: &[(LogId, u64)], seen: Option<&str>) -> Destination {
    let holds = holds.iter().copied().collect();
    Destination { device, holds, last_seen_ms: seen.map(ms), last_export_ms: None }
}

fn exported(holds: &[(LogId, u64)], at: &str) -> Destination {
    Destination { last_export_ms: Some(ms(at)), ..known(ANYONE, holds, None) }
}

fn laptop(held: &[(LogId, u64)], others: &[DeviceId], destinations: &[Destination]) -> SyncStatus {
    let names = |id: &DeviceId| (*id, if *id == DESKTOP { "Desktop" } else { "Tablet" }.to_owned());
    let others: Vec<_> = others.iter().map(names).collect();
    let held: VersionVector = held.iter().copied().collect();
    status(Facts {
        held: &held,
        offered: &held.within(&[Space::Everywhere, Space::Nearby]),
        others: &others,
        destinations,
        carried: &[Space::Everywhere],
        now_ms: ms("2026-11-22T16:00:00Z"),
        zone: &TimeZone::UTC,
    })
}

#[test]
fn what_was_not_exported_is_counted_since_the_last_export() {
    let to = [exported(&[(LAPTOP, 3)], "2026-11-17T10:00:00Z")];
    let status = laptop(&[(LAPTOP, 10), (PRIVATE, 99)], &[DESKTOP], &to);
    assert_eq!(status.text, "Manual · 7 not exported since Tue");
    assert_eq!((status.pending, status.state), (7, SyncState::NotExported));
    assert_eq!(status.destinations[0].missing_there, 10);
    assert_eq!(status.destinations[0].state, DestinationState::NotHeard);
    assert_eq!(laptop(&[(LAPTOP, 7)], &[], &[]).text, "Manual · 7 not exported");
}

#[test]
fn exporting_is_not_yet_being_up_to_date() {
    let held = [(LAPTOP, 10), (PHONE, 4)];
    let all = exported(&held, "2026-11-22T12:00:00Z");
    let heard = known(DESKTOP, &[(LAPTOP, 8), (PHONE, 4)], Some("2026-11-17T10:00:00Z"));
    let status = laptop(&held, &[DESKTOP], &[all.clone(), heard]);
    assert_eq!(status.text, "Nothing to send · Desktop last seen Tue");
    assert_eq!(status.destinations[0].text, "Missing 2 of your changes · last seen Tue");
    assert_eq!(
        laptop(&held, &[DESKTOP], std::slice::from_ref(&all)).text,
        "Nothing to send · Desktop not heard from yet"
    );
    assert_eq!(laptop(&held, &[], &[all]).text, "Nothing to send · only this device so far");
}

#[test]
fn up_to_date_needs_the_word_of_every_active_device() {
    let held = [(LAPTOP, 10), (PHONE, 4)];
    let desktop = known(DESKTOP, &held, Some("2026-11-22T14:32:00Z"));
    let status = laptop(&held, &[DESKTOP], std::slice::from_ref(&desktop));
    assert_eq!(status.text, "Up to date · 14:32");
    assert_eq!(status.destinations[0].text, "Has everything you changed up to 14:32");
    let status = laptop(&held, &[DESKTOP, TABLET], &[desktop]);
    assert_eq!(status.text, "Manual · 14 not exported");
}

#[test]
fn what_every_device_has_needs_no_export() {
    let desktop = known(DESKTOP, &[(LAPTOP, 9), (PHONE, 4)], Some("2026-11-22T14:32:00Z"));
    let tablet = known(TABLET, &[(LAPTOP, 8), (PHONE, 2)], Some("2026-11-20T14:32:00Z"));
    let status = laptop(&[(LAPTOP, 10), (PHONE, 4)], &[DESKTOP, TABLET], &[desktop, tablet]);
    assert_eq!(status.pending, 2 + 2);
}

#[test]
fn what_a_device_reported_and_is_missing_here_is_said() {
    let desktop = known(DESKTOP, &[(LAPTOP, 10), (PHONE, 7)], Some("2026-11-22T14:32:00Z"));
    let status = laptop(&[(LAPTOP, 10), (PHONE, 4)], &[DESKTOP], &[desktop]);
    assert_ne!(status.state, SyncState::UpToDate);
    assert_eq!(status.destinations[0].missing_here, 3);
    assert_eq!(status.destinations[0].text, "You're missing 3 of its changes");
}

#[test]
fn what_waits_for_an_approval_is_said_and_is_not_counted_as_pending() {
    let ask = LogId { space: Space::Ask, actor: ActorId([1; 16]) };
    let status = laptop(&[(LAPTOP, 2), (ask, 3)], &[DESKTOP], &[]);
    assert_eq!(status.text, "Manual · 2 not exported · 3 changes wait for your approval");
    assert_eq!((status.pending, status.awaiting), (2, 3));
}
