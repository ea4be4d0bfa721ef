//! What the person is told about the state of syncing, worked out from what others acknowledged.

use crate::{Carrier, membership, moment, offered, spaces};
use holdfast_oplog::{DeviceId, Range, Space, VersionVector};
use holdfast_store::{Destination, StoreError, Tx};
use jiff::tz::TimeZone;

/// Stands for "anyone" among the destinations: its `holds` is what was exported at all, and its
/// `last_export_ms` when that was last.
pub const ANYONE: DeviceId = DeviceId([0; 16]);

/// Stands for the exchange folder among the destinations: what was written into it, and when last. Nobody
/// has to have read that, so a bundle leaves none of it out.
pub const FOLDER: DeviceId = DeviceId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/// Whether a destination stands for no device of its own.
pub fn is_place(destination: DeviceId) -> bool {
    [ANYONE, FOLDER].contains(&destination)
}

/// What a bundle carries without any box ticked.
const CARRIER: Carrier = Carrier::Bundle { nearby_ticked: false };

/// How far a destination is, as far as is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DestinationState {
    /// It acknowledged everything that is held here, and reported nothing that is missing here.
    UpToDate,
    /// It lacks something, or something of it is missing here.
    Behind,
    /// Nothing ever came from it.
    NotHeard,
}

impl DestinationState {
    /// A stable name for interfaces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "up_to_date",
            Self::Behind => "behind",
            Self::NotHeard => "not_heard",
        }
    }
}

/// One other device and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationStatus {
    /// The device.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub state: DestinationState,
    /// The same in words.
    pub text: String,
    /// Changes held here that it has not acknowledged.
    pub missing_there: u64,
    /// Changes that it reported and that are not held here.
    pub missing_here: u64,
    /// When it was last heard of, in milliseconds since 1970.
    pub last_seen_ms: Option<i64>,
    /// When something was last exported for it.
    pub last_export_ms: Option<i64>,
}

/// The state of the whole, for the status row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// Every active device acknowledged everything.
    UpToDate,
    /// Everything was exported, but not everyone acknowledged it.
    NothingToSend,
    /// Something was not exported yet.
    NotExported,
    /// A device lacks something that is on its way, or holds something that is not here yet.
    Waiting,
}

impl SyncState {
    /// A stable name for interfaces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "up_to_date",
            Self::NothingToSend => "nothing_to_send",
            Self::NotExported => "not_exported",
            Self::Waiting => "waiting",
        }
    }
}

/// What the status row and its details show in Manual mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncStatus {
    /// The state.
    pub state: SyncState,
    /// The same in words.
    pub text: String,
    /// Changes that were not exported yet and that some device may lack.
    pub pending: u64,
    /// When something was last exported.
    pub last_export_ms: Option<i64>,
    /// Changes that wait for the person's approval before they may leave.
    pub awaiting: u64,
    /// The other active devices.
    pub destinations: Vec<DestinationStatus>,
}

/// What a status is worked out from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What this device holds.
    pub held: &'a VersionVector,
    /// What of it may leave: see [`offered`].
    pub offered: &'a VersionVector,
    /// The other active devices and their names.
    pub others: &'a [(DeviceId, String)],
    /// What is known of destinations, [`ANYONE`] among them.
    pub destinations: &'a [Destination],
    /// The spaces that are carried.
    pub carried: &'a [Space],
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    /// For times in words.
    pub zone: &'a TimeZone,
}

/// What nobody lacks any more as far as is known here: for each log what was exported, or what every
/// other device acknowledged, whichever is more.
pub fn delivered(others: &[DeviceId], destinations: &[Destination]) -> VersionVector {
    let known = |device: DeviceId| destinations.iter().find(|to| to.device == device);
    let mut all = known(ANYONE).map(|to| to.holds.clone()).unwrap_or_default();
    let mut holds: Vec<&VersionVector> = Vec::new();
    for other in others {
        match known(*other) {
            Some(to) => holds.push(&to.holds),
            None => return all,
        }
    }
    if let Some((first, rest)) = holds.split_first() {
        for (log, seq) in first.iter() {
            all.advance(log, rest.iter().fold(seq, |least, other| least.min(other.get(log))));
        }
    }
    all
}

/// Works out the status. Never says "up to date" before every active device acknowledged everything.
pub fn status(facts: Facts<'_>) -> SyncStatus {
    let held = facts.offered.within(facts.carried);
    let ids: Vec<DeviceId> = facts.others.iter().map(|(id, _)| *id).collect();
    let pending = count(&held.missing_in(&delivered(&ids, facts.destinations)));
    let last_export_ms =
        facts.destinations.iter().find(|to| to.device == ANYONE).and_then(|to| to.last_export_ms);
    let destinations = destinations_of(facts);
    let acknowledged = !destinations.is_empty()
        && destinations.iter().all(|to| to.state == DestinationState::UpToDate);
    let (state, text) = if acknowledged {
        let seen = destinations.iter().filter_map(|to| to.last_seen_ms).max();
        (SyncState::UpToDate, format!("Up to date{}", ago(seen, facts)))
    } else if pending > 0 {
        let since = last_export_ms
            .map(|ms| format!(" since {}", moment(ms, facts.now_ms, facts.zone)))
            .unwrap_or_default();
        (SyncState::NotExported, format!("Manual · {pending} not exported{since}"))
    } else {
        (SyncState::NothingToSend, nothing_to_send(&destinations, facts))
    };
    let (text, awaiting) = with_awaiting(text, facts);
    SyncStatus { state, text, pending, last_export_ms, awaiting, destinations }
}

/// The sentence with what waits for an approval, and how much that is.
pub(crate) fn with_awaiting(text: String, facts: Facts<'_>) -> (String, u64) {
    let awaiting = count(&facts.held.within(&[Space::Ask]).missing_in(facts.offered));
    let text = match awaiting {
        0 => text,
        1 => format!("{text} · 1 change waits for your approval"),
        many => format!("{text} · {many} changes wait for your approval"),
    };
    (text, awaiting)
}

/// How far each of the other devices is.
pub(crate) fn destinations_of(facts: Facts<'_>) -> Vec<DestinationStatus> {
    let held = facts.offered.within(facts.carried);
    facts.others.iter().map(|(id, name)| destination(facts, &held, *id, name)).collect()
}

pub(crate) fn ago(ms: Option<i64>, facts: Facts<'_>) -> String {
    ms.map(|ms| format!(" · {}", moment(ms, facts.now_ms, facts.zone))).unwrap_or_default()
}

/// Names the device that holds the status back and was seen last.
fn nothing_to_send(destinations: &[DestinationStatus], facts: Facts<'_>) -> String {
    let lagging = destinations
        .iter()
        .filter(|to| to.state != DestinationState::UpToDate)
        .max_by_key(|to| to.last_seen_ms);
    match lagging {
        None => "Nothing to send · only this device so far".to_owned(),
        Some(to) => match to.last_seen_ms {
            None => format!("Nothing to send · {} not heard from yet", to.name),
            Some(ms) => {
                let seen = moment(ms, facts.now_ms, facts.zone);
                format!("Nothing to send · {} last seen {seen}", to.name)
            }
        },
    }
}

fn destination(
    facts: Facts<'_>,
    held: &VersionVector,
    device: DeviceId,
    name: &str,
) -> DestinationStatus {
    let known = facts.destinations.iter().find(|to| to.device == device);
    let holds = known.map(|to| to.holds.within(facts.carried)).unwrap_or_default();
    let missing_there = count(&held.missing_in(&holds));
    let missing_here = count(&holds.missing_in(facts.held));
    let last_seen_ms = known.and_then(|to| to.last_seen_ms);
    let (state, text) = match last_seen_ms {
        None => (DestinationState::NotHeard, "Not heard from yet".to_owned()),
        Some(ms) => {
            let seen = moment(ms, facts.now_ms, facts.zone);
            if missing_here > 0 {
                let text = format!("You're missing {missing_here} of its changes");
                (DestinationState::Behind, text)
            } else if missing_there > 0 {
                let text = format!("Missing {missing_there} of your changes · last seen {seen}");
                (DestinationState::Behind, text)
            } else {
                let text = format!("Has everything you changed up to {seen}");
                (DestinationState::UpToDate, text)
            }
        }
    };
    DestinationStatus {
        device,
        name: name.to_owned(),
        state,
        text,
        missing_there,
        missing_here,
        last_seen_ms,
        last_export_ms: known.and_then(|to| to.last_export_ms),
    }
}

fn count(ranges: &[Range]) -> u64 {
    ranges
        .iter()
        .fold(0, |sum: u64, range| sum.saturating_add(range.last.saturating_sub(range.first) + 1))
}

/// All destinations, without what they say of logs that part here while they may not know that yet.
pub fn settled_destinations(tx: &Tx<'_>) -> Result<Vec<Destination>, StoreError> {
    let mut destinations = tx.destinations()?;
    for destination in &mut destinations {
        destination.holds = tx.settled(&destination.holds)?;
    }
    Ok(destinations)
}

/// Reads the facts from the database and works out the status of this device in Manual mode.
pub fn status_of(
    tx: &Tx<'_>,
    me: DeviceId,
    now_ms: i64,
    zone: &TimeZone,
) -> Result<SyncStatus, StoreError> {
    let members = membership(tx)?;
    let others: Vec<(DeviceId, String)> = members
        .active()
        .filter(|device| device.id != me)
        .map(|device| (device.id, device.name.clone()))
        .collect();
    Ok(status(Facts {
        held: &tx.held()?,
        offered: &offered(tx, CARRIER)?,
        others: &others,
        destinations: &settled_destinations(tx)?,
        carried: &spaces(CARRIER),
        now_ms,
        zone,
    }))
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
