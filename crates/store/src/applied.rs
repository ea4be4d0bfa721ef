//! What applying changes did, item by item.

use crate::{StoreError, Tx};
use holdfast_model::EntityId;
use holdfast_oplog::ActorId;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What applying did to one item, for previews and the activity list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemEvent {
    /// It was not there before.
    Added,
    /// It was edited.
    Changed,
    /// It went to the trash, or from there for good.
    Deleted,
    /// It was moved to where it does not travel to this device.
    Withdrawn,
}

/// One item that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// The item.
    pub id: EntityId,
    /// What it is.
    pub kind: String,
    /// Its title, or the first words of its text.
    pub title: String,
    /// What happened.
    pub event: ItemEvent,
    /// Whether it is in use now.
    pub alive: bool,
    /// Whether it needs a decision now that it did not need before.
    pub conflict: bool,
    /// Whether edits made apart were merged in its text.
    pub merged: bool,
    /// Whether less is shown of it than before: it is in use no more, or was emptied, or hidden. Only of
    /// what people count (tasks, notes, lists) and was in use before.
    pub lost: bool,
    /// Whether it went from the trash for good. Of what people count only.
    pub purged: bool,
    /// Who did that, or made it smaller, as the log names it.
    pub by: Option<ActorId>,
    /// Bytes of its title and text, as it was before and as it is; nothing for what is new.
    pub words: (usize, usize),
    /// The list in which it was, or is where it is new.
    pub list: Option<EntityId>,
}

/// Whether an item with so many bytes of title and text was as good as emptied. Short ones too: a title of
/// one letter says nothing any more.
pub const fn is_emptied(before: usize, after: usize) -> bool {
    after.saturating_mul(4) < before
}

/// What applying changes did.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// How many changes were applied.
    pub changes: u64,
    /// The last change applied.
    pub last: Option<holdfast_model::Dot>,
    /// Position in the log after it.
    pub position: i64,
    /// Items that changed.
    pub items: Vec<ItemChange>,
    /// What could not be taken over, in words.
    pub notices: Vec<String>,
}

impl Applied {
    /// What came first and what came after it, as one.
    pub fn joined(first: Option<Self>, after: Self) -> Self {
        let mut sum = AppliedSum::default();
        first.into_iter().chain([after]).for_each(|applied| sum.add(applied));
        sum.into_applied()
    }
}

/// What several applications did, one after the other. Cost of adding one: what that one did.
#[derive(Debug, Clone, Default)]
pub struct AppliedSum {
    items: BTreeMap<EntityId, ItemChange>,
    /// All but the items.
    rest: Applied,
}

impl AppliedSum {
    /// Adds what was applied after everything that was added before.
    pub fn add(&mut self, after: Applied) {
        for item in after.items {
            match self.items.entry(item.id) {
                Entry::Vacant(vacant) => drop(vacant.insert(item)),
                Entry::Occupied(mut known) => {
                    let first = known.get();
                    let event = match first.event {
                        ItemEvent::Added => ItemEvent::Added,
                        _ => item.event,
                    };
                    let conflict = first.conflict || item.conflict;
                    let merged = first.merged || item.merged;
                    // What was emptied is not whole again because somebody wrote into it; what is back
                    // from the trash is.
                    let still = first.lost && (first.alive || !item.alive);
                    let lost = item.lost || still;
                    let purged = item.purged || (first.purged && !item.alive);
                    let told = item.lost || item.purged || (item.by.is_some() && !still);
                    let by = if told { item.by } else { first.by };
                    let (list, words) = (first.list, (first.words.0, item.words.1));
                    let of = ItemChange { event, conflict, merged, lost, purged, ..item };
                    known.insert(ItemChange { by, words, list, ..of });
                }
            }
        }
        self.rest.changes = self.rest.changes.saturating_add(after.changes);
        self.rest.last = after.last.or(self.rest.last);
        self.rest.position = after.position;
        self.rest.notices.extend(after.notices);
    }

    /// The items that changed, by id.
    pub fn items(&self) -> impl Iterator<Item = &ItemChange> + Clone {
        self.items.values()
    }

    /// An item that needed a decision at some time may need none any more: looks again.
    pub(crate) fn look_at_conflicts(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        for item in self.items.values_mut().filter(|item| item.conflict) {
            item.conflict = tx.open_conflicts_of(item.id)? > 0;
        }
        Ok(())
    }

    /// All of it as one.
    pub fn into_applied(self) -> Applied {
        Applied { items: self.items.into_values().collect(), ..self.rest }
    }
}
