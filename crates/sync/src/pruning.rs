use crate::membership;
use crate::snapshot::vouched;
use holdfast_oplog::{DeviceId, VersionVector};
use holdfast_store::{PruneReport, PruneRules, StoreError, Tx};

/// Moves changes that were made before a time into the base, where every other active device has said
/// that it holds them and their authors are known: see [`Tx::prune`].
pub fn prune(tx: &Tx<'_>, me: DeviceId, before_ms: i64) -> Result<PruneReport, StoreError> {
    let members = membership(tx)?;
    let known = tx.destinations()?;
    let holds = |device: DeviceId| -> VersionVector {
        let to = known.iter().find(|to| to.device == device);
        to.map(|to| to.holds.clone()).unwrap_or_default()
    };
    let devices: Vec<(DeviceId, VersionVector)> = members
        .active()
        .filter(|device| device.id != me)
        .map(|device| (device.id, holds(device.id)))
        .collect();
    let verify = vouched(&members, tx.vault());
    tx.prune(PruneRules { before_ms, devices: &devices, verify: &verify })
}
