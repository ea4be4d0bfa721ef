//! What links to items read as: the title of their target as it is now, on this device.

use holdfast_model::{EntityId, markdown};
use holdfast_store::{StoreError, Tx};
use std::collections::HashMap;

/// What a link reads as whose target is not on this device.
pub(crate) const PRIVATE: &str = "Private note";
/// So many targets are looked up for one text.
const TARGETS: usize = 1_000;

/// Text that a reader sees, with the title of its target in the place of every address of an item.
pub(crate) fn drawn(tx: &Tx<'_>, words: &str) -> Result<String, StoreError> {
    let mut titles: HashMap<EntityId, String> = HashMap::new();
    for id in markdown::links(words).filter_map(|link| link.item) {
        if titles.len() < TARGETS && !titles.contains_key(&id) {
            titles.insert(id, title(tx, id)?);
        }
    }
    Ok(markdown::drawn(words, |id| titles.get(&id).cloned().unwrap_or_else(|| PRIVATE.to_owned())))
}

/// The title of the item that an address names.
pub(crate) fn title(tx: &Tx<'_>, id: EntityId) -> Result<String, StoreError> {
    let title = tx.title_of(id)?.unwrap_or_else(|| PRIVATE.to_owned());
    Ok(if title.is_empty() { markdown::UNTITLED.to_owned() } else { title })
}
