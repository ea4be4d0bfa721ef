use crate::membership;
use holdfast_oplog::{ActorId, LogId, Space, VersionVector, limits};
use holdfast_store::{StoreError, Tx};
use holdfast_vault::Membership;
use std::collections::BTreeMap;

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
    // More than anybody reads.
    bounded(tx, &membership(tx)?, all, limits::LOGS)
}

/// A rank or depth, a log and how far it goes.
type Ranked = (usize, LogId, u64);

/// As many logs of a version vector as there is room for. The logs of the vault's devices come first, then
/// the first branch of each author, then the second: however often the log of one parts, that of another is
/// named all the same. What a branch leaves comes before it. Without room for all, strangers' logs are left
/// out.
pub(crate) fn bounded(
    tx: &Tx<'_>,
    members: &Membership,
    all: VersionVector,
    most: usize,
) -> Result<VersionVector, StoreError> {
    if all.logs() <= most {
        return Ok(all);
    }
    let mut ranked: Vec<Ranked> = Vec::new();
    let mut branches: BTreeMap<(Space, ActorId), Vec<Ranked>> = BTreeMap::new();
    for (log, seq) in all.iter() {
        let branch = tx.branch_of(log)?;
        let author = branch.map_or(log.actor, |of| of.author);
        if members.device_of(author).is_none() {
            continue;
        }
        if branch.is_none() {
            ranked.push((0, log, seq));
        } else {
            let of = branches.entry((log.space, author)).or_default();
            of.push((tx.depth(log)?, log, seq));
        }
    }
    for mut of in branches.into_values() {
        of.sort_unstable();
        ranked.extend((1..).zip(of).map(|(rank, (_, log, seq))| (rank, log, seq)));
    }
    ranked.sort_unstable();
    Ok(ranked.into_iter().take(most).map(|(_, log, seq)| (log, seq)).collect())
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
