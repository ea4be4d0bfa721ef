//! The status where something carries changes by itself: an exchange folder, a peer, a relay.

use crate::status::{
    DestinationState, DestinationStatus, Facts, SyncState, SyncStatus, ago, destinations_of,
    with_awaiting,
};

/// A device that was not heard of for so long no longer holds the status row back, in milliseconds.
const AWAY: i64 = 14 * 24 * 3_600_000;

/// Works out the status. Never says "up to date" before every device that counts acknowledged
/// everything; a device that holds it back is named.
pub fn carried_status(facts: Facts<'_>) -> SyncStatus {
    let destinations = destinations_of(facts);
    let counts = |to: &&DestinationStatus| {
        to.last_seen_ms.is_none_or(|seen| facts.now_ms.saturating_sub(seen) < AWAY)
    };
    let behind: Vec<&DestinationStatus> = destinations
        .iter()
        .filter(counts)
        .filter(|to| to.state != DestinationState::UpToDate)
        .collect();
    let pending = behind.iter().map(|to| to.missing_there).max().unwrap_or(0);
    let seen = destinations.iter().filter_map(|to| to.last_seen_ms).max();
    let (state, text) = if destinations.is_empty() {
        (SyncState::NothingToSend, "Nothing to send · only this device so far".to_owned())
    } else if pending > 0 {
        let of: Vec<&str> =
            behind.iter().filter(|to| to.missing_there > 0).map(|to| to.name.as_str()).collect();
        (SyncState::Waiting, format!("{} waiting for {}", changes(pending), names(&of)))
    } else if let Some(to) = behind.iter().find(|to| to.missing_here > 0) {
        let text = format!("Waiting for {} from {}", changes(to.missing_here), to.name);
        (SyncState::Waiting, text)
    } else if let Some(to) = destinations.iter().find(|to| to.state != DestinationState::UpToDate) {
        let seen = ago(to.last_seen_ms, facts);
        let text = match to.last_seen_ms {
            Some(_) => format!("Nothing to send · {} last seen{}", to.name, seen.replace(" ·", "")),
            None => format!("Nothing to send · {} not heard from yet", to.name),
        };
        (SyncState::NothingToSend, text)
    } else {
        (SyncState::UpToDate, format!("Up to date{}", ago(seen, facts)))
    };
    let places = facts.destinations.iter().filter(|to| crate::is_place(to.device));
    let last_export_ms = places.filter_map(|to| to.last_export_ms).max();
    let (text, awaiting) = with_awaiting(text, facts);
    SyncStatus { state, text, pending, last_export_ms, awaiting, destinations }
}

fn changes(count: u64) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

fn names(names: &[&str]) -> String {
    match names {
        [] => "other devices".to_owned(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, rest @ ..] => format!("{one} and {} others", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_oplog::{ActorId, DeviceId, LogId, Space, VersionVector};
    use holdfast_store::Destination;
    use jiff::tz::TimeZone;

    const DAY: i64 = 24 * 3_600_000;
    const NOW: i64 = 1_795_000_000_000;
    const LOG: LogId = LogId { space: Space::Everywhere, actor: ActorId([1; 16]) };

    fn text(destinations: &[(u8, u64, Option<i64>)], held: u64) -> (SyncState, u64, String) {
        let all = [(DeviceId([7; 16]), "Desktop".to_owned()), (DeviceId([8; 16]), "Phone".into())];
        let others: Vec<_> =
            destinations.iter().map(|(id, ..)| all[usize::from(*id) - 7].clone()).collect();
        let destinations: Vec<Destination> = destinations
            .iter()
            .filter(|(_, _, seen)| seen.is_some())
            .map(|(id, holds, seen)| Destination {
                device: DeviceId([*id; 16]),
                holds: [(LOG, *holds)].into_iter().collect(),
                last_seen_ms: seen.map(|ago| NOW - ago),
                last_export_ms: None,
            })
            .collect();
        let held: VersionVector = [(LOG, held)].into_iter().collect();
        let status = carried_status(Facts {
            held: &held,
            offered: &held,
            others: &others,
            destinations: &destinations,
            carried: &[Space::Everywhere],
            now_ms: NOW,
            zone: &TimeZone::UTC,
        });
        (status.state, status.pending, status.text)
    }

    #[test]
    fn who_is_behind_is_named_and_only_then_it_is_up_to_date() {
        let (state, pending, said) = text(&[(7, 5, Some(1_000)), (8, 10, Some(1_000))], 10);
        assert_eq!((state, pending), (SyncState::Waiting, 5));
        assert_eq!(said, "5 changes waiting for Desktop");
        let (_, _, said) = text(&[(7, 9, Some(1_000)), (8, 9, Some(1_000))], 10);
        assert_eq!(said, "1 change waiting for Desktop and Phone");
        let (state, _, said) = text(&[(7, 10, Some(1_000)), (8, 10, Some(1_000))], 10);
        assert_eq!(state, SyncState::UpToDate);
        assert!(said.starts_with("Up to date · "), "{said}");
        let (state, _, said) = text(&[(7, 12, Some(1_000))], 10);
        assert_eq!(
            (state, said.as_str()),
            (SyncState::Waiting, "Waiting for 2 changes from Desktop")
        );
    }

    #[test]
    fn a_device_never_heard_of_is_waited_for_and_one_long_away_is_not() {
        assert_eq!(text(&[(7, 0, None)], 3).2, "3 changes waiting for Desktop");
        let (state, pending, said) = text(&[(7, 1, Some(15 * DAY)), (8, 3, Some(DAY))], 3);
        assert_eq!((state, pending), (SyncState::NothingToSend, 0));
        assert!(said.starts_with("Nothing to send · Desktop last seen "), "{said}");
        assert_eq!(text(&[], 3).2, "Nothing to send · only this device so far");
    }
}
