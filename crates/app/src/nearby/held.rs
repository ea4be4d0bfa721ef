//! Large deletions that came from a device on the network and wait for the person.

use super::Facts;
use crate::AppError;
use crate::people::People;
use crate::session::Open;
use crate::view::{HeldReason, HeldView};
use holdfast_oplog::DeviceId;

/// What the id of such a wait begins with.
pub(crate) const HELD: &str = "nearby:";

impl Facts {
    /// What waits, as people see it.
    pub(crate) fn held_views(&self, people: &People) -> Vec<HeldView> {
        let view = |(device, deletes, since): &(DeviceId, u64, i64)| HeldView {
            id: format!("{HELD}{device}"),
            device: people.device(*device),
            changes: u32::try_from(*deletes).unwrap_or(u32::MAX),
            reason: HeldReason::Deletions,
            since: *since,
        };
        self.held.iter().map(view).collect()
    }
}

impl Open {
    /// A device's changes would delete so many items: they wait.
    pub(super) fn hold_deletion(
        &mut self,
        device: DeviceId,
        deletes: u64,
        report: serde_json::Value,
    ) -> Result<(), AppError> {
        let mut facts = self.nearby_facts();
        let now = self.now_ms();
        let since = facts.held.iter().find(|(of, ..)| *of == device).map_or(now, |held| held.2);
        facts.held.retain(|(of, ..)| *of != device);
        facts.held.push((device, deletes, since));
        facts.held_reports.retain(|(of, _)| *of != device);
        facts.held_reports.push((device, report));
        self.keep_nearby_facts(&facts)
    }

    /// What waited of a device was taken in, or is no more.
    pub(super) fn release_deletion(&mut self, device: DeviceId) -> Result<(), AppError> {
        let mut facts = self.nearby_facts();
        let before = facts.clone();
        facts.held.retain(|(of, ..)| *of != device);
        facts.held_reports.retain(|(of, _)| *of != device);
        facts.confirmed.retain(|of| *of != device);
        if facts == before { Ok(()) } else { self.keep_nearby_facts(&facts) }
    }

    /// The person accepts what waits of a device.
    pub(crate) fn confirm_deletion(&mut self, device: DeviceId) -> Result<(), AppError> {
        let mut facts = self.nearby_facts();
        if !facts.confirmed.contains(&device) {
            facts.confirmed.push(device);
        }
        self.keep_nearby_facts(&facts)?;
        self.poke_nearby()
    }
}
