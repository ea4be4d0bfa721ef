//! Who stays where removals in circles leave nobody in the vault. Owns that one exception; which removals take
//! effect is worked out in [`super::removals`].

use super::fold::Folded;
use holdfast_oplog::DeviceId;
use std::collections::BTreeSet;

/// Where circles leave nobody in the vault, since all had been let in by one device that they removed:
/// whom that device let in stays. Not where devices removed it that it had let in apart: each of them
/// may be the one that speaks for the others.
pub(super) fn rescue(folded: &Folded<'_>) -> Option<DeviceId> {
    if folded.entries.iter().any(|entry| !folded.removed.contains_key(&entry.device)) {
        return None;
    }
    folded.entries.iter().map(|entry| entry.device).find(|device| {
        let removed = folded.removed.get(device).filter(|removed| removed.circle().is_some());
        removed.is_some_and(|removed| {
            let by = removed.by.iter().filter_map(|by| child_of(folded, *device, *by));
            by.collect::<BTreeSet<DeviceId>>().len() == 1
        })
    })
}

/// By which device that `above` let in itself the other one came.
fn child_of(folded: &Folded<'_>, above: DeviceId, device: DeviceId) -> Option<DeviceId> {
    let mut at = folded.entry(device)?;
    loop {
        let inviter = at.inviter?;
        if inviter == above {
            return Some(at.device);
        }
        at = folded.entry(inviter)?;
    }
}
