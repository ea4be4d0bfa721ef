//! Bringing what an earlier vault of this device shows into the vault that it joined.
//!
//! Invariant: whatever the earlier vault shows and the joined one never knew is there afterwards, under
//! its own id, or beside what is there already. Doing it again does nothing.

use crate::AppError;
use crate::act::{Outcome, Work};
use crate::difference::{self, Item, Picture, is_purged, name};
use crate::view::SameLists;
use holdfast_model::entity::{ALIVE, DELETED, Draft, Seen};
use holdfast_model::fields::{LIST, ORDER, REVIEWED, TITLE};
use holdfast_model::{Dot, EntityId, Kind, Register, Value};
use holdfast_oplog::{LogId, Space, VersionVector};
use holdfast_store::{Author, Tx};
use std::collections::BTreeMap;

/// Action code of what came along.
pub(crate) const ALONG: &str = "vault.along";

/// An earlier vault.
pub(super) struct Old<'a, 't, 's> {
    pub(super) picture: &'a Picture,
    pub(super) tx: &'t Tx<'s>,
}

/// What is in an earlier vault and not known in the joined one, and the other way round.
struct News<'a> {
    /// What the joined vault holds.
    held: &'a VersionVector,
    /// What the earlier vault held: the same changes, where this device was a member before.
    earlier: &'a VersionVector,
}

impl News<'_> {
    fn is_new(&self, space: Space, dot: Dot) -> bool {
        self.held.get(LogId { space, actor: dot.actor }) < dot.seq
    }

    /// The versions of the joined vault's that were there when the earlier one was written in: what was
    /// written there replaced these, and no others.
    fn seen(&self, register: Option<&Register>, space: Space) -> Seen {
        let live = register.map(Register::live).unwrap_or_default();
        let known = live.iter().map(|version| version.dot).filter(|dot| self.had(&[*dot], space));
        Seen::Versions(known.collect())
    }

    /// Whether the earlier vault held all of these.
    fn had(&self, dots: &[Dot], space: Space) -> bool {
        dots.iter().all(|dot| self.earlier.get(LogId { space, actor: dot.actor }) >= dot.seq)
    }
}

/// Writes what comes along, as one action. What could not is named.
pub(super) fn bring(
    old: &Old<'_, '_, '_>,
    lists: SameLists,
    tx: &Tx<'_>,
    author: Author<'_>,
    now: &jiff::Zoned,
) -> Result<Outcome, AppError> {
    let there = Picture::of(tx)?;
    let held = tx.held()?;
    let earlier = old.tx.held()?;
    let news = News { held: &held, earlier: &earlier };
    let other_names = other_names(old.picture, &there, lists);
    let group = Some(rand_core::RngCore::next_u64(&mut rand_core::OsRng));
    let mut work = Work::new(tx, author.actor, now.clone());
    work.group = group;
    let mut later = Later::default();
    for kind in Kind::ALL {
        if kind == Kind::Setting {
            // The joined vault has its own.
            continue;
        }
        for (id, item) in old.picture.items_of(kind) {
            let is_there = item.state.is_alive() || item.state.is_trashed();
            if other_names.contains_key(&id.to_string()) || !is_there {
                continue;
            }
            match there.item(id) {
                None => work.add_anew(id, item, &other_names, &mut later),
                Some(_) if kind == Kind::Tag => {}
                Some(known) => {
                    let text = new_text(old, tx, id, known, item)?;
                    work.add_beside(id, known, item, text, &news, &other_names, &mut later);
                }
            }
        }
    }
    let mut outcome = work.commit(author, ALONG, None)?;
    // Values between which nobody has decided stand beside each other here too.
    while !later.versions.is_empty() {
        let mut work = Work::new(tx, author.actor, now.clone());
        work.group = group;
        let mut seen: Vec<(EntityId, String)> = Vec::new();
        let mut rest = Vec::new();
        for (id, field, value) in later.versions {
            if seen.contains(&(id, field.clone())) {
                rest.push((id, field, value));
                continue;
            }
            if let Some((state, space)) = tx.entity(id)? {
                let mut draft = state.draft();
                draft.set(&field, value, &Seen::Versions(Vec::new()));
                work.push(space, draft);
            }
            seen.push((id, field));
        }
        later.versions = rest;
        outcome.applied.extend(work.commit(author, ALONG, None)?.applied);
    }
    outcome.applied.extend(difference::write_texts(later.texts, tx, author, now, group, ALONG)?);
    Ok(outcome)
}

/// What can be written only once the items are there.
#[derive(Default)]
struct Later<'a> {
    texts: Vec<(EntityId, &'a str)>,
    versions: Vec<(EntityId, String, Value)>,
}

/// Lists and tags of the earlier vault that are one with a list or tag of the joined one.
fn other_names(old: &Picture, there: &Picture, lists: SameLists) -> BTreeMap<String, Value> {
    let mut names = BTreeMap::new();
    let kinds: &[Kind] =
        if lists == SameLists::Merge { &[Kind::List, Kind::Tag] } else { &[Kind::Tag] };
    for kind in kinds {
        for (id, item) in old.items_of(*kind).filter(|(_, item)| item.state.is_alive()) {
            let title = same_title(item.state.text(TITLE));
            let same = there.items_of(*kind).find(|(_, known)| {
                known.state.is_alive()
                    && same_title(known.state.text(TITLE)) == title
                    // Nothing travels further for having a list or tag of the same name.
                    && (known.space == item.space
                        || (*kind == Kind::Tag && known.space == Space::Everywhere))
            });
            if let Some((other, _)) = same
                && other != id
                && !title.is_empty()
                && there.item(id).is_none()
            {
                names.insert(id.to_string(), Value::Text(other.to_string()));
            }
        }
    }
    names
}

/// Titles of lists that are taken for the same.
pub(crate) fn same_title(title: &str) -> String {
    title.trim().to_lowercase()
}

/// The text of the earlier vault, where something was written in it that the joined one never had.
fn new_text<'a>(
    old: &Old<'a, '_, '_>,
    tx: &Tx<'_>,
    id: EntityId,
    known: &Item,
    item: &'a Item,
) -> Result<Option<&'a str>, AppError> {
    if item.text.is_empty() || item.text == known.text {
        return Ok(None);
    }
    let version = old.tx.open_text(id, 0)?.version();
    let there = tx.open_text(id, 0)?.version();
    Ok((!there.covers(&version)).then_some(item.text.as_str()))
}

fn renamed(value: &Value, names: &BTreeMap<String, Value>) -> Value {
    value.as_str().and_then(|text| names.get(text)).unwrap_or(value).clone()
}

impl Work<'_, '_> {
    fn add_anew<'a>(
        &mut self,
        id: EntityId,
        item: &'a Item,
        names: &BTreeMap<String, Value>,
        later: &mut Later<'a>,
    ) {
        let mut draft = Draft::new(id, &item.state.kind);
        for (field, register) in &item.state.registers {
            draft.set(field, renamed(register.value(), names), &Seen::All);
            let shown = register.value();
            for version in register.distinct().into_iter().filter(|v| v.value != *shown) {
                later.versions.push((id, field.clone(), renamed(&version.value, names)));
            }
        }
        for (field, set) in item.state.sets.iter().filter(|(field, _)| *field != REVIEWED) {
            for value in set.iter() {
                draft.add(field, renamed(value, names));
            }
        }
        if item.state.is_trashed() {
            draft.life(DELETED, &Seen::All);
        }
        self.push(item.space, draft);
        if !item.text.is_empty() {
            later.texts.push((id, &item.text));
        }
        self.ids.push(id);
    }

    /// Both vaults have the item: what the joined one never knew stands beside what it has.
    #[expect(
        clippy::too_many_arguments,
        reason = "two sides of one item, and what is known of both"
    )]
    fn add_beside<'a>(
        &mut self,
        id: EntityId,
        known: &Item,
        item: &'a Item,
        text: Option<&'a str>,
        news: &News<'_>,
        names: &BTreeMap<String, Value>,
        later: &mut Later<'a>,
    ) {
        if is_purged(known) {
            self.skipped.push(format!("'{}' was deleted for good and stays so", name(item)));
            return;
        }
        let mut draft = known.state.draft();
        let mut is_changed = false;
        let mut versions = Vec::new();
        for (field, register) in &item.state.registers {
            let there = known.state.register(field);
            let has = |value: &Value| {
                there.is_some_and(|r: &Register| r.live().iter().any(|v| v.value == *value))
            };
            let fresh = register.live().iter().filter(|version| {
                news.is_new(item.space, version.dot) && !has(&renamed(&version.value, names))
            });
            let is_empty = there.is_none_or(|register| register.live().is_empty());
            for (place, version) in fresh.enumerate() {
                // Of where both stand in their list nobody has to decide.
                if field == ORDER && !is_empty {
                    continue;
                }
                is_changed = true;
                let value = renamed(&version.value, names);
                if place == 0 {
                    draft.set(field, value, &news.seen(there, item.space));
                } else {
                    versions.push((id, field.clone(), value));
                }
            }
        }
        for (field, set) in item.state.sets.iter().filter(|(field, _)| *field != REVIEWED) {
            let there = known.state.elements(field);
            for value in set.iter() {
                let is_new = set.seen(value).iter().any(|dot| news.is_new(item.space, *dot));
                let value = renamed(value, names);
                if is_new && !there.contains(&&value) {
                    is_changed = true;
                    draft.add(field, value);
                }
            }
        }
        for (field, set) in known.state.sets.iter().filter(|(field, _)| *field != REVIEWED) {
            let here = item.state.elements(field);
            for value in set.iter() {
                // It was there when the earlier vault was written in, and is there no more.
                if news.had(&set.seen(value), item.space) && !here.contains(&value) {
                    is_changed = true;
                    draft.remove(field, value.clone());
                }
            }
        }
        let is_edited = is_changed || text.is_some();
        let is_deleted = item.state.is_trashed()
            && item.state.life.live().iter().any(|version| news.is_new(item.space, version.dot));
        let says = |life: &str| {
            known.state.life.live().iter().any(|version| version.value.as_str() == Some(life))
        };
        match (item.state.is_alive(), known.state.is_alive()) {
            // Deleted there, edited here: somebody decides.
            (true, false) if is_edited && !says(ALIVE) => {
                _ = draft.life(ALIVE, &Seen::Versions(Vec::new()));
            }
            // Deleted here: an edit there that nobody here had seen stands against it.
            (false, true) if is_deleted && !says(DELETED) => {
                _ = draft.life(DELETED, &news.seen(Some(&known.state.life), item.space));
            }
            _ if is_edited => {}
            _ => return,
        }
        if known.space != item.space {
            // It must not travel further for having come along.
            self.skipped.push(format!(
                "'{}' travels in another way there and stays as it is there",
                name(item)
            ));
            return;
        }
        self.ids.push(id);
        self.push(known.space, draft);
        later.versions.append(&mut versions);
        match text {
            Some(text) if known.text.is_empty() => later.texts.push((id, text)),
            Some(text) => self.add_text_beside(id, known, item, text, later),
            None => {}
        }
    }

    /// Two texts that have grown apart are two notes: nobody can tell what of them belongs together.
    fn add_text_beside<'a>(
        &mut self,
        id: EntityId,
        known: &Item,
        item: &'a Item,
        text: &'a str,
        later: &mut Later<'a>,
    ) {
        let beside = EntityId::named(&format!(
            "along/{id}/{}",
            holdfast_oplog::Hash::of(text.as_bytes()).to_hex()
        ));
        // It came along before.
        if !matches!(self.tx.entity(beside), Ok(None)) {
            return;
        }
        let mut draft = Draft::new(beside, Kind::Note.as_str());
        draft.set(TITLE, format!("{} (from before joining)", name(item)), &Seen::All);
        if let Value::Text(list) = known.state.value(LIST) {
            draft.set(LIST, list.as_str(), &Seen::All);
        }
        self.push(known.space, draft);
        later.texts.push((beside, text));
        self.ids.push(beside);
    }
}

/// How many tasks and notes came along.
pub(super) fn counts(picture: &Picture) -> (u64, u64) {
    let alive =
        |kind| picture.items_of(kind).filter(|(_, item)| item.state.is_alive()).count() as u64;
    (alive(Kind::Task), alive(Kind::Note))
}

#[cfg(test)]
#[path = "along_tests.rs"]
mod tests;
