//! Whether what arrives makes so much vanish that it waits for the person.
//!
//! One rule for every way by which something comes. What counts is that an item shows less than before: it
//! was deleted, purged, moved to where it does not travel to this device, emptied (at once, or from step to step
//! within a day), or hidden; or that it went from the trash for good before its time. It counts for
//! the device that did it, together with everything that the same device took within a day, however that
//! came; so cutting a deletion into pieces, or spreading it over carriers, gains nothing.

use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, DeviceId};
use holdfast_store::{ItemChange, ItemEvent, Loss, Purge, StoreError, Tx, is_emptied};
use holdfast_vault::Membership;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer losses than this never wait for the person: tidying up a short list is nothing unusual. It counts for
/// each device and for all of them together, because a member may let in as many devices as it likes: a higher
/// bound for all of them would leave every vault that is smaller without one.
pub const FEW: u64 = 10;
/// What nobody is known to have done.
const NOBODY: DeviceId = DeviceId([0; 16]);

/// A deletion that waits for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MassDeletion {
    /// How many items are gone in all, what went within a day before among them: from use, or, where that is
    /// no large part, from the trash.
    pub deletes: u64,
    /// The list of which more than half goes; none where it is the vault of which more than half goes.
    pub list: Option<EntityId>,
    /// The device that did it; none where it is several together, or nobody knows.
    pub device: Option<DeviceId>,
}

/// What an arrival took away, and whether that waits for the person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weighed {
    /// Set where the person has to say yes first.
    pub mass: Option<MassDeletion>,
    losses: Vec<Loss>,
    /// What was made smaller, and how large it was within the last day.
    shrunk: Vec<(EntityId, usize)>,
    purges: Vec<Purge>,
}

impl Weighed {
    /// Keeps what was lost, so that it counts for what comes later. `agreed` is whether the person saw it
    /// and said yes.
    pub fn keep(
        &self,
        tx: &Tx<'_>,
        exchange: Option<i64>,
        agreed: bool,
        wall_ms: i64,
    ) -> Result<(), StoreError> {
        if agreed && self.mass.is_some_and(|mass| mass.device.is_none()) {
            // The person was told of what all of them took.
            tx.agree_to_losses()?;
        }
        tx.note_losses(&self.losses, exchange, agreed, wall_ms)?;
        tx.note_shrunk(&self.shrunk, agreed, wall_ms)?;
        tx.note_purges(&self.purges, exchange, agreed, wall_ms)
    }

    /// Whether nothing was lost or made smaller.
    pub fn is_empty(&self) -> bool {
        self.losses.is_empty() && self.shrunk.is_empty() && self.purges.is_empty()
    }
}

/// Weighs changes that were just applied; `items` is what they did, in the order in which they did it.
/// What they added themselves does not count. Must come before [`Weighed::keep`]. Cost: what was lost within
/// a day, and, once that is [`FEW`], counting what stands.
pub fn weigh<'i>(
    tx: &Tx<'_>,
    members: &Membership,
    items: impl IntoIterator<Item = &'i ItemChange>,
    wall_ms: i64,
) -> Result<Weighed, StoreError> {
    let mut who = Who::new(tx, members);
    let mut added: BTreeMap<EntityId, Option<EntityId>> = BTreeMap::new();
    let mut lost: BTreeMap<EntityId, Loss> = BTreeMap::new();
    let mut shrunk: BTreeMap<EntityId, usize> = BTreeMap::new();
    let mut purged: BTreeSet<Purge> = BTreeSet::new();
    for item in items {
        let id = item.id;
        if item.event == ItemEvent::Added {
            if item.alive && is_counted(&item.kind) {
                added.insert(id, item.list);
            }
            continue;
        }
        if added.contains_key(&id) {
            continue;
        }
        let (before, now) = item.words;
        let mut emptied = false;
        if now < before && item.alive && item.by.is_some() {
            let known = match shrunk.get(&id) {
                Some(known) => Some(*known),
                None => tx.largest_lately(id, wall_ms)?,
            };
            let largest = known.unwrap_or(0).max(before);
            shrunk.insert(id, largest);
            emptied = is_emptied(largest, now);
        }
        if item.lost || emptied {
            let (device, alive) = (who.is(item.by)?, item.alive);
            lost.insert(id, Loss { device, entity: id, list: item.list, alive });
        } else if item.alive && lost.get(&id).is_some_and(|loss| !loss.alive) {
            lost.remove(&id);
        }
        if item.purged && !tx.was_long_in_trash(id)? {
            purged.insert(Purge { device: who.is(item.by)?, entity: id });
        }
    }
    let mut weighed = Weighed {
        mass: None,
        losses: lost.into_values().collect(),
        shrunk: shrunk.into_iter().collect(),
        purges: purged.into_iter().collect(),
    };
    weighed.mass = match of_use(tx, &weighed.losses, &added, wall_ms)? {
        None => of_trash(tx, &weighed.purges, wall_ms)?,
        mass => mass,
    };
    Ok(weighed)
}

/// Whether so much of what was in use was lost, with what was within a day before, that it waits.
fn of_use(
    tx: &Tx<'_>,
    losses: &[Loss],
    added: &BTreeMap<EntityId, Option<EntityId>>,
    wall_ms: i64,
) -> Result<Option<MassDeletion>, StoreError> {
    if losses.is_empty() {
        return Ok(None);
    }
    let concerned: BTreeSet<DeviceId> = losses.iter().map(|loss| loss.device).collect();
    let mut all: BTreeMap<(DeviceId, EntityId), Loss> =
        tx.losses(wall_ms)?.into_iter().map(|loss| ((loss.device, loss.entity), loss)).collect();
    all.extend(losses.iter().map(|loss| ((loss.device, loss.entity), *loss)));
    let standing = |list: Option<EntityId>| -> Result<u64, StoreError> {
        let new = added.values().filter(|of| list.is_none() || **of == list).count() as u64;
        Ok(tx.count_standing(list)?.saturating_sub(new))
    };
    for device in concerned {
        let own: Vec<Loss> = all.values().filter(|loss| loss.device == device).copied().collect();
        if let Some((deletes, list)) = is_much(&own, FEW, &standing)? {
            return Ok(Some(MassDeletion { deletes, list, device: known(device) }));
        }
    }
    // What two devices took counts once.
    let together: BTreeMap<EntityId, Loss> =
        all.into_values().map(|loss| (loss.entity, loss)).collect();
    let together: Vec<Loss> = together.into_values().collect();
    let much = is_much(&together, FEW, &standing)?;
    Ok(much.map(|(deletes, list)| MassDeletion { deletes, list, device: None }))
}

/// Whether so much went from the trash for good, with what did within a day before, that it waits: judged
/// against what stands in the trash. What would have gone soon by itself is not among it.
fn of_trash(
    tx: &Tx<'_>,
    purges: &[Purge],
    wall_ms: i64,
) -> Result<Option<MassDeletion>, StoreError> {
    if purges.is_empty() {
        return Ok(None);
    }
    let concerned: BTreeSet<DeviceId> = purges.iter().map(|purge| purge.device).collect();
    let mut all: BTreeSet<Purge> = tx.purges(wall_ms)?.into_iter().collect();
    all.extend(purges);
    let standing = tx.count_trash()?;
    let is_much = |deletes: u64| deletes >= FEW && deletes > standing;
    for device in concerned {
        let deletes = all.iter().filter(|purge| purge.device == device).count() as u64;
        if is_much(deletes) {
            return Ok(Some(MassDeletion { deletes, list: None, device: known(device) }));
        }
    }
    let together: BTreeSet<EntityId> = all.iter().map(|purge| purge.entity).collect();
    let deletes = together.len() as u64;
    Ok(is_much(deletes).then_some(MassDeletion { deletes, list: None, device: None }))
}

fn known(device: DeviceId) -> Option<DeviceId> {
    (device != NOBODY).then_some(device)
}

/// Whether losses are at least `few`, and more than half of the vault or of a list: how many in all, and of
/// which list. The vault counts before a list, and of several lists the one with the least id is named.
/// `standing` says how many items are in use now.
fn is_much(
    losses: &[Loss],
    few: u64,
    standing: &dyn Fn(Option<EntityId>) -> Result<u64, StoreError>,
) -> Result<Option<(u64, Option<EntityId>)>, StoreError> {
    let deletes = losses.len() as u64;
    if deletes < few {
        return Ok(None);
    }
    let is_half = |of: &[&Loss], list: Option<EntityId>| -> Result<bool, StoreError> {
        let gone = of.iter().filter(|loss| !loss.alive).count() as u64;
        let before = standing(list)?.saturating_add(gone);
        Ok((of.len() as u64).saturating_mul(2) > before)
    };
    if is_half(&losses.iter().collect::<Vec<_>>(), None)? {
        return Ok(Some((deletes, None)));
    }
    let mut lists: BTreeMap<EntityId, Vec<&Loss>> = BTreeMap::new();
    for loss in losses {
        if let Some(list) = loss.list {
            lists.entry(list).or_default().push(loss);
        }
    }
    for (list, of) in lists.into_iter().filter(|(_, of)| of.len() as u64 >= few) {
        if is_half(&of, Some(list))? {
            return Ok(Some((deletes, Some(list))));
        }
    }
    Ok(None)
}

/// Whether so little stands here that no deletion is a large one. What others took lately stood too: else the
/// first deletion of nine would let the second one of all the rest through.
pub fn stand_few(tx: &Tx<'_>) -> Result<bool, StoreError> {
    let kinds = [Kind::Task, Kind::Note, Kind::List].map(Kind::as_str);
    let stand = tx.stand_at_most(FEW, kinds)?;
    Ok(stand < FEW && stand.saturating_add(tx.count_losses()?) < FEW)
}

/// Whether people count items of a kind: tasks, notes and lists.
pub fn is_counted(kind: &str) -> bool {
    matches!(Kind::parse(kind), Some(Kind::Task | Kind::Note | Kind::List))
}

/// The devices behind the names in the log.
struct Who<'a, 't> {
    tx: &'a Tx<'t>,
    members: &'a Membership,
    known: BTreeMap<ActorId, DeviceId>,
}

impl<'a, 't> Who<'a, 't> {
    const fn new(tx: &'a Tx<'t>, members: &'a Membership) -> Self {
        Self { tx, members, known: BTreeMap::new() }
    }

    fn is(&mut self, by: Option<ActorId>) -> Result<DeviceId, StoreError> {
        let Some(actor) = by else { return Ok(NOBODY) };
        if let Some(device) = self.known.get(&actor) {
            return Ok(*device);
        }
        // A branch goes under a name of its own.
        let branch = if actor.branch_number().is_some() {
            self.tx.branches()?.into_iter().find(|branch| branch.log.actor == actor)
        } else {
            None
        };
        let author = branch.map_or(actor, |branch| branch.actor);
        let device = self.members.device_of(author).map_or(NOBODY, |device| device.id);
        self.known.insert(actor, device);
        Ok(device)
    }
}

#[cfg(test)]
#[path = "mass_deletion_tests.rs"]
mod tests;
