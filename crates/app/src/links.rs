//! Links to items in texts: stored without their target's title and id, drawn from the target as it is now, on
//! this device. What is stored and why: [`holdfast_model::links`].

use crate::act::Work;
use crate::{App, AppError};
use holdfast_model::quickadd::Parsed;
use holdfast_model::text::Splice;
use holdfast_model::{EntityId, links, markdown};
use holdfast_oplog::Space;
use holdfast_store::{PRIVATE, StoreError, Tx};
use std::collections::HashMap;

/// So many targets are looked up for one text.
const TARGETS: usize = 1_000;
/// More characters than the address of an item has.
const ADDRESS: usize = 64;

/// Text that a reader sees, with the title of its target in the place of every address of an item.
pub(crate) fn drawn(tx: &Tx<'_>, words: &str) -> Result<String, StoreError> {
    let mut titles: HashMap<EntityId, String> = HashMap::new();
    for id in links::addresses(words).filter_map(|link| link.item) {
        if titles.len() < TARGETS && !titles.contains_key(&id) {
            titles.insert(id, title(tx, id)?);
        }
    }
    Ok(markdown::drawn(words, |id| titles.get(&id).cloned().unwrap_or_else(|| PRIVATE.to_owned())))
}

/// The title of the item that an address names.
fn title(tx: &Tx<'_>, id: EntityId) -> Result<String, StoreError> {
    let title = tx.title_of(id)?.unwrap_or_else(|| PRIVATE.to_owned());
    Ok(if title.is_empty() { markdown::UNTITLED.to_owned() } else { title })
}

impl App {
    /// A text with links that say what their targets are called here, for who reads it as it is written.
    pub fn spelled_out(&self, text: &str) -> Result<String, AppError> {
        self.with(|open| open.store.read(|tx| Ok(tx.spelled_out(text, |_| true)?)))
    }
}

/// What is stored of a text in the place of what was written, and where that differs.
pub(crate) struct Settled {
    pub(crate) text: String,
    /// From what was written to it, in code points, each counted after the ones before it.
    pub(crate) splices: Vec<Splice>,
}

/// Whether a text may have a link after splices; `false` only where it has none. Most texts have none, and
/// are not looked through for each letter that is typed.
pub(crate) fn may_have_link(text: &str, splices: &[Splice]) -> bool {
    let [one] = splices else { return true };
    if links::addresses(text).next().is_some() {
        return true;
    }
    let from = one.pos.saturating_sub(ADDRESS);
    let mut chars = text.chars().skip(from);
    let mut around: String = chars.by_ref().take(one.pos.saturating_sub(from)).collect();
    around.push_str(&one.insert);
    around.extend(chars.skip(one.delete).take(ADDRESS));
    links::addresses(&around).next().is_some()
}

impl Work<'_, '_> {
    /// How a text is stored that has links. `None` where it is stored as it was written. Every way in goes
    /// through here: it is called where a text gets its edit, and nowhere else.
    pub(crate) fn settled(&self, text: &str) -> Result<Option<Settled>, AppError> {
        let changes = self.tx.settled_links(text)?;
        if changes.is_empty() {
            return Ok(None);
        }
        // From the end, so that no change moves another.
        let splices = changes.iter().rev().map(|(at, written)| {
            let chars =
                |from: usize, to: usize| text.get(from..to).map_or(0, |part| part.chars().count());
            Splice::new(chars(0, at.start), chars(at.start, at.end), written.as_str())
        });
        Ok(Some(Settled { splices: splices.collect(), text: links::changed(text, &changes) }))
    }
}

impl Work<'_, '_> {
    /// The title of a task from quick add and what it links to. Words that are the title of an item which
    /// does not go where the task goes do not go there either.
    pub(crate) fn linked_title(
        &self,
        parsed: &Parsed,
        space: Space,
    ) -> Result<(String, Vec<EntityId>), AppError> {
        let mut title = parsed.title.clone();
        let mut targets = Vec::new();
        for words in parsed.links.iter().filter(|words| !words.is_empty()) {
            let found = self.tx.items_called(words)?;
            if found.iter().any(|(_, home)| *home != Space::Everywhere && *home != space) {
                title = title.replacen(words, "\u{2026}", 1);
            }
            if let [(target, _)] = found.as_slice() {
                self.tx.know_link(*target)?;
                targets.push(*target);
            }
        }
        Ok((title, targets))
    }
}

#[cfg(test)]
#[path = "links_tests.rs"]
mod tests;
