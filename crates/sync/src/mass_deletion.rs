//! Whether a deletion that arrives is so large that it waits for the person.

use holdfast_model::fields::LIST;
use holdfast_model::{EntityId, Kind};
use holdfast_store::{ItemChange, ItemEvent, StoreError, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer deletions than this never wait for the person: tidying up a short list is nothing unusual.
pub const FEW: u64 = 10;

/// An item that people count (a task, a note or a list) and that was in use before the changes came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The list in which it is.
    pub list: Option<EntityId>,
    /// Whether the changes delete it.
    pub deleted: bool,
}

/// A deletion that waits for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MassDeletion {
    /// How many items are deleted in all.
    pub deletes: u64,
    /// The list of which more than half goes; none where it is the vault of which more than half goes.
    pub list: Option<EntityId>,
}

/// Whether at least [`FEW`] items are deleted that are more than half of the vault or of a list. The
/// vault counts before a list, and of several lists the one with the least id is named.
pub fn mass_deletion(items: impl IntoIterator<Item = Standing>) -> Option<MassDeletion> {
    let mut all = Count::default();
    let mut lists: BTreeMap<EntityId, Count> = BTreeMap::new();
    for item in items {
        all.add(item.deleted);
        if let Some(list) = item.list {
            lists.entry(list).or_default().add(item.deleted);
        }
    }
    let of = |list| MassDeletion { deletes: all.deleted, list };
    if all.is_much() {
        return Some(of(None));
    }
    lists.into_iter().find(|(_, count)| count.is_much()).map(|(list, _)| of(Some(list)))
}

/// [`mass_deletion`] of changes that were just applied; `items` is what they did, in the order in which
/// they did it. What they added themselves does not count. Cost: nothing while there are few deletions,
/// else the whole vault.
pub fn arriving_deletion<'i>(
    tx: &Tx<'_>,
    items: impl IntoIterator<Item = &'i ItemChange>,
) -> Result<Option<MassDeletion>, StoreError> {
    let (mut added, mut deleted) = (BTreeSet::new(), BTreeSet::new());
    for item in items.into_iter().filter(|item| is_counted(&item.kind)) {
        match item.event {
            ItemEvent::Added => drop(added.insert(item.id)),
            ItemEvent::Changed => drop(deleted.remove(&item.id)),
            // What is moved to where it does not travel to this device is gone here as well.
            ItemEvent::Deleted | ItemEvent::Withdrawn if !added.contains(&item.id) => {
                deleted.insert(item.id);
            }
            ItemEvent::Deleted | ItemEvent::Withdrawn => {}
        }
    }
    if (deleted.len() as u64) < FEW {
        return Ok(None);
    }
    let mut standing = Vec::new();
    for kind in [Kind::Task, Kind::Note, Kind::List] {
        for (state, _) in tx.entities_of(kind.as_str())? {
            let deleted = deleted.contains(&state.id);
            if deleted || (state.is_alive() && !added.contains(&state.id)) {
                standing.push(Standing { list: state.text(LIST).parse().ok(), deleted });
            }
        }
    }
    Ok(mass_deletion(standing))
}

/// Whether so little stands here that no deletion is a large one.
pub fn stand_few(tx: &Tx<'_>) -> Result<bool, StoreError> {
    let kinds = [Kind::Task, Kind::Note, Kind::List].map(Kind::as_str);
    Ok(tx.stand_at_most(FEW, kinds)? < FEW)
}

/// Whether people count items of a kind: tasks, notes and lists.
pub fn is_counted(kind: &str) -> bool {
    matches!(Kind::parse(kind), Some(Kind::Task | Kind::Note | Kind::List))
}

#[derive(Default)]
struct Count {
    before: u64,
    deleted: u64,
}

impl Count {
    fn add(&mut self, deleted: bool) {
        self.before += 1;
        self.deleted += u64::from(deleted);
    }

    fn is_much(&self) -> bool {
        self.deleted >= FEW && self.deleted.saturating_mul(2) > self.before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(list: Option<&str>, deleted: usize, kept: usize) -> Vec<Standing> {
        let list = list.map(EntityId::named);
        let gone = std::iter::repeat_n(Standing { list, deleted: true }, deleted);
        gone.chain(std::iter::repeat_n(Standing { list, deleted: false }, kept)).collect()
    }

    #[test]
    fn more_than_half_of_the_vault_waits_and_half_does_not() {
        assert_eq!(mass_deletion(items(None, 20, 20)), None);
        let found = mass_deletion(items(None, 20, 19));
        assert_eq!(found, Some(MassDeletion { deletes: 20, list: None }));
    }

    #[test]
    fn few_deletions_never_wait() {
        assert_eq!(mass_deletion(items(None, 9, 0)), None);
        assert_eq!(mass_deletion(items(Some("list"), 9, 0)), None);
        assert!(mass_deletion(items(None, 10, 0)).is_some());
        assert_eq!(mass_deletion([]), None);
    }

    #[test]
    fn more_than_half_of_a_list_waits_although_the_vault_is_large() {
        let rest = items(Some("other"), 3, 500);
        let half = [items(Some("list"), 12, 12), rest.clone()].concat();
        assert_eq!(mass_deletion(half), None);
        let more = [items(Some("list"), 12, 11), rest].concat();
        let list = Some(EntityId::named("list"));
        assert_eq!(mass_deletion(more), Some(MassDeletion { deletes: 15, list }));
    }

    #[test]
    fn a_few_of_each_of_many_lists_do_not_wait() {
        let lists: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        let spread = lists.iter().flat_map(|list| items(Some(list), 5, 6));
        assert_eq!(mass_deletion(spread), None);
    }
}
