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
        let now = self.now_ms();
        self.change_nearby_facts(|facts| {
            let since = facts.held.iter().find(|(of, ..)| *of == device).map_or(now, |held| held.2);
            facts.held.retain(|(of, ..)| *of != device);
            facts.held.push((device, deletes, since));
            facts.held_reports.retain(|(of, _)| *of != device);
            facts.held_reports.push((device, report));
        })
    }

    /// What waited of a device was taken in, or is no more.
    pub(super) fn release_deletion(&mut self, device: DeviceId) -> Result<(), AppError> {
        let waits = self.nearby_facts()?;
        let is_of = |of: &DeviceId| *of == device;
        // Mostly there is nothing, and nothing is written then.
        if !waits.held.iter().any(|(of, ..)| is_of(of)) && !waits.confirmed.iter().any(is_of) {
            return Ok(());
        }
        self.change_nearby_facts(|facts| {
            facts.held.retain(|(of, ..)| !is_of(of));
            facts.held_reports.retain(|(of, _)| !is_of(of));
            facts.confirmed.retain(|of| !is_of(of));
        })
    }

    /// The person accepts what waits of a device.
    pub(crate) fn confirm_deletion(&mut self, device: DeviceId) -> Result<(), AppError> {
        self.change_nearby_facts(|facts| {
            if !facts.confirmed.contains(&device) {
                facts.confirmed.push(device);
            }
        })?;
        self.poke_nearby()
    }
}
