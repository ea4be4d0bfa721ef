use crate::texts::OpenText;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Change, Edit};
use holdfast_model::fields::{PARENT, REVIEWED, VALUE};
use holdfast_model::text::{TextDoc, writer_of};
use holdfast_model::{EntityId, EntityState, Kind, Policies};
use holdfast_oplog::{Hash, Space};
use std::collections::{BTreeMap, BTreeSet};

/// What applying did to one item, for previews and the activity list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemEvent {
    /// It was not there before.
    Added,
    /// It was edited.
    Changed,
    /// It went to the trash, or from there for good.
    Deleted,
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
    /// Whether it needs a decision now that it did not need before.
    pub conflict: bool,
    /// Whether edits made apart were merged in its text.
    pub merged: bool,
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

struct Loaded {
    state: EntityState,
    space: Space,
    /// How it was before; `None` when it was not there.
    before: Option<Before>,
    text: Option<OpenText>,
    text_changed: bool,
}

#[derive(Clone, Copy)]
struct Before {
    alive: bool,
    conflicts: usize,
}

/// Applies changes within one transaction, touching each entity's rows once at the end.
pub(crate) struct Applier<'t, 's> {
    tx: &'t Tx<'s>,
    loaded: BTreeMap<EntityId, Loaded>,
    brought: BTreeMap<EntityId, TextDoc>,
    policies: Policies,
    policy_changed: bool,
    moved: BTreeSet<EntityId>,
    changes: u64,
    last: Option<holdfast_model::Dot>,
    position: i64,
    notices: Vec<String>,
}

impl<'t, 's> Applier<'t, 's> {
    pub(crate) fn new(tx: &'t Tx<'s>) -> Result<Self, StoreError> {
        Ok(Self {
            tx,
            loaded: BTreeMap::new(),
            brought: BTreeMap::new(),
            policies: tx.policies()?,
            policy_changed: false,
            moved: BTreeSet::new(),
            changes: 0,
            last: None,
            position: tx.position()?,
            notices: Vec::new(),
        })
    }

    /// Hands over a text that contains an edit of this device already.
    pub(crate) fn bring_text(&mut self, id: EntityId, doc: TextDoc) {
        self.brought.insert(id, doc);
    }

    fn before(&self, state: &EntityState) -> Result<Before, StoreError> {
        Ok(Before { alive: state.is_alive(), conflicts: self.tx.open_conflicts_of(state.id)? })
    }

    /// Writes a change to the log and applies it to the cached states.
    pub(crate) fn apply(
        &mut self,
        change: &Change,
        body: &[u8],
        hash: Hash,
        signature: Option<&[u8]>,
        exchange: Option<i64>,
    ) -> Result<(), StoreError> {
        self.tx
            .sql
            .prepare_cached(
                "INSERT INTO changes (space, actor, seq, hash, signature, time_ms, action, exchange, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                change.space.as_str(),
                change.actor.0,
                columns::number(change.seq),
                hash.0,
                signature,
                change.time.ms,
                &change.action,
                exchange,
                body,
            ))?;
        self.position = self.tx.sql.last_insert_rowid();
        self.replay(change)
    }

    /// Applies a change that stands in the log already, at the current position.
    pub(crate) fn replay(&mut self, change: &Change) -> Result<(), StoreError> {
        self.changes += 1;
        self.last = Some(change.dot());
        for edit in change.edits() {
            self.edit(change, edit)?;
        }
        Ok(())
    }

    pub(crate) fn at_position(&mut self, position: i64) {
        self.position = position;
    }

    fn edit(&mut self, change: &Change, edit: &Edit) -> Result<(), StoreError> {
        if !self.load(edit.entity, &edit.kind, change)? {
            return Ok(());
        }
        self.tx
            .sql
            .prepare_cached(
                "INSERT INTO touched (entity, pos) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute((edit.entity.as_bytes(), self.position))?;
        let Some(loaded) = self.loaded.get_mut(&edit.entity) else { return Ok(()) };
        loaded.state.apply(edit, change.dot(), change.time);
        if edit.set.contains_key(PARENT) {
            self.moved.insert(edit.entity);
        }
        if edit.set.contains_key(VALUE) || edit.kind == Kind::Setting.as_str() {
            self.policy_changed = true;
        }
        for (field, text) in &edit.text {
            if Kind::parse(&loaded.state.kind).and_then(Kind::text_field) != Some(field.as_str()) {
                // A text field of a newer app: the change keeps it for the day it is known.
                continue;
            }
            let open = match &mut loaded.text {
                Some(open) => open,
                empty => empty.insert(
                    self.tx.open_for_writing(edit.entity, self.brought.remove(&edit.entity))?,
                ),
            };
            loaded.text_changed = true;
            let writer = writer_of(&change.actor.0);
            if let Err(error) = open.take_in(&text.update, writer) {
                self.notices.push(format!(
                    "An edit of '{}' was not taken over: {error}",
                    title(&loaded.state)
                ));
            }
        }
        if edit.add.contains_key(REVIEWED) || edit.remove.contains_key(REVIEWED) {
            self.reviewed(edit.entity)?;
        }
        Ok(())
    }

    /// A decision on the text was made or taken back: the text is reviewed again.
    fn reviewed(&mut self, id: EntityId) -> Result<(), StoreError> {
        if let Some(loaded) = self.loaded.get_mut(&id) {
            if loaded.text.is_none() {
                loaded.text = Some(self.tx.open_for_writing(id, self.brought.remove(&id))?);
            }
            if let Some(open) = &mut loaded.text {
                open.decided();
            }
            loaded.text_changed = true;
        }
        Ok(())
    }

    /// Loads an entity into the cache; whether the change may edit it.
    fn load(&mut self, id: EntityId, kind: &str, change: &Change) -> Result<bool, StoreError> {
        if !self.loaded.contains_key(&id) {
            let loaded = match self.tx.entity(id)? {
                Some((state, space)) => {
                    let before = Some(self.before(&state)?);
                    Loaded { state, space, before, text: None, text_changed: false }
                }
                None => Loaded {
                    state: EntityState::new(id, kind, change.time, change.dot()),
                    space: change.space,
                    before: None,
                    text: None,
                    text_changed: false,
                },
            };
            self.loaded.insert(id, loaded);
        }
        let fits = self.loaded.get(&id).is_some_and(|loaded| loaded.space == change.space);
        if !fits {
            self.notices.push(format!(
                "A change of an item was set aside, because it came by another way than the item's own ({id})."
            ));
        }
        Ok(fits)
    }

    /// Writes states, views, texts and conflicts of everything that was touched.
    pub(crate) fn finish(mut self) -> Result<Applied, StoreError> {
        if self.policy_changed {
            // The new policies count for what is listed, so states are written before they are read.
            for loaded in self.loaded.values() {
                self.tx.save_entity(&loaded.state, loaded.space)?;
            }
            self.policies = self.tx.policies()?;
        }
        let mut items = Vec::with_capacity(self.loaded.len());
        for (id, loaded) in &mut self.loaded {
            self.tx.save_entity(&loaded.state, loaded.space)?;
            let mut merged = false;
            if let Some(open) = &mut loaded.text
                && loaded.text_changed
            {
                merged = self.tx.save_text(&loaded.state, open, &self.policies)?;
            }
            let stored;
            let plain = match &loaded.text {
                Some(open) => open.plain(),
                // What was not there before has no text either.
                None if loaded.before.is_none() => "",
                None => {
                    stored = self.tx.text_plain(*id)?.unwrap_or_default();
                    &stored
                }
            };
            self.tx.project(&loaded.state, loaded.space, plain)?;
            let asks = loaded.before.is_some() || loaded.state.is_disputed();
            if asks {
                self.tx.list_disputes(&loaded.state, &self.policies)?;
            }
            let conflicts =
                if asks || loaded.text.is_some() { self.tx.open_conflicts_of(*id)? } else { 0 };
            items.push(ItemChange {
                id: *id,
                kind: loaded.state.kind.clone(),
                title: title_or(&loaded.state, plain),
                event: event(loaded.before, &loaded.state),
                conflict: conflicts > loaded.before.map_or(0, |before| before.conflicts),
                merged,
            });
            if let Some(open) = loaded.text.take() {
                self.tx.keep_text(*id, open);
            }
        }
        if !self.moved.is_empty() {
            self.tx.break_circles(&self.moved, &self.policies)?;
        }
        if self.policy_changed {
            self.tx.list_all_disputes(&self.policies)?;
        }
        Ok(Applied {
            changes: self.changes,
            last: self.last,
            position: self.position,
            items,
            notices: self.notices,
        })
    }
}

fn event(before: Option<Before>, state: &EntityState) -> ItemEvent {
    match before {
        None => ItemEvent::Added,
        Some(before) if before.alive && !state.is_alive() => ItemEvent::Deleted,
        Some(_) => ItemEvent::Changed,
    }
}

pub(crate) fn title(state: &EntityState) -> String {
    title_or(state, "")
}

/// The title, or the first line of the text where there is none.
pub(crate) fn title_or(state: &EntityState, text: &str) -> String {
    let title = state.text(holdfast_model::fields::TITLE);
    if !title.trim().is_empty() {
        return title.to_owned();
    }
    let line = text.lines().map(|line| line.trim_start_matches('#').trim()).find(|l| !l.is_empty());
    line.map_or_else(|| "Untitled".to_owned(), |line| line.chars().take(80).collect())
}
