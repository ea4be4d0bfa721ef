use crate::membership;
use holdfast_oplog::{LogId, Space, VersionVector, limits};
use holdfast_store::{StoreError, Tx};

/// What carries an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A bundle file.
    Bundle {
        /// Whether the person ticked, for this export, that lists marked Nearby go along.
        nearby_ticked: bool,
    },
    /// An exchange folder. It may be somebody's cloud.
    Folder,
    /// A connection to a paired device on the same network.
    Lan,
    /// A relay.
    Relay,
}

/// Whether changes of a space may go by a carrier at all. Of [`Space::Ask`] only what a person
/// approved does: what really may leave is told by [`offered`] alone.
pub const fn carried(space: Space, carrier: Carrier) -> bool {
    match space {
        Space::Everywhere | Space::Ask => true,
        Space::Nearby => match carrier {
            Carrier::Lan => true,
            Carrier::Bundle { nearby_ticked } => nearby_ticked,
            Carrier::Folder | Carrier::Relay => false,
        },
        Space::Device => false,
    }
}

/// The spaces whose changes may come and go by a carrier.
pub fn spaces(carrier: Carrier) -> Vec<Space> {
    Space::ALL.into_iter().filter(|space| carried(*space, carrier)).collect()
}

/// What this device holds and lets go by a carrier: the only source of what may leave. Whoever writes
/// bytes takes ranges of this and of nothing else.
pub fn offered(tx: &Tx<'_>, carrier: Carrier) -> Result<VersionVector, StoreError> {
    let all = tx.releasable()?.within(&spaces(carrier));
    if all.logs() <= limits::LOGS {
        return Ok(all);
    }
    // More than anybody reads: an older app took in what one device wrote under thousands of names.
    let members = membership(tx)?;
    let counts =
        |log: &LogId| log.actor.branch_number().is_some() || members.device_of(log.actor).is_some();
    Ok(all.iter().filter(|(log, _)| counts(log)).take(limits::LOGS).collect())
}

/// [`offered`], marked as handed out: what whoever writes bytes begins with, in a write transaction of
/// its own that is on disk before the first byte leaves. The sealing of batches refuses anything else.
pub fn offer(tx: &Tx<'_>, carrier: Carrier) -> Result<VersionVector, StoreError> {
    let offered = offered(tx, carrier)?;
    tx.departing(&offered)?;
    Ok(offered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_what_travels_by_what() {
        use Space::{Ask, Device, Everywhere, Nearby};
        let plain = Carrier::Bundle { nearby_ticked: false };
        let ticked = Carrier::Bundle { nearby_ticked: true };
        assert_eq!(spaces(Carrier::Lan), [Everywhere, Nearby, Ask]);
        assert_eq!(spaces(ticked), [Everywhere, Nearby, Ask]);
        for narrow in [plain, Carrier::Folder, Carrier::Relay] {
            assert_eq!(spaces(narrow), [Everywhere, Ask], "{narrow:?}");
        }
        for any in [plain, ticked, Carrier::Folder, Carrier::Lan, Carrier::Relay] {
            assert!(!carried(Device, any), "{any:?}");
        }
    }
}
