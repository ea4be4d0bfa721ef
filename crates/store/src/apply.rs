use crate::applied::{Applied, ItemChange, ItemEvent};
use crate::decided::Room;
use crate::loss::visible;
use crate::prepared::Prepared;
use crate::project::Rows;
use crate::rename::Contexts;
use crate::strays::ListSpaces;
use crate::texts::OpenText;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Change, Edit};
use holdfast_model::fields::{LIST, PARENT, REVIEWED, TITLE, VALUE};
use holdfast_model::text::TextDoc;
use holdfast_model::{EntityId, EntityState, Kind, Policies};
use holdfast_oplog::{ActorId, Hash, Space};
use std::collections::{BTreeMap, BTreeSet};

/// An entity in one space.
pub(crate) type Place = (EntityId, Space);

pub(crate) struct Loaded {
    pub(crate) state: EntityState,
    /// Whether the entity is shown from this space.
    home: bool,
    pub(crate) text: Option<OpenText>,
    text_changed: bool,
    /// Number of its row, where it was written just now for the first time.
    row: Option<i64>,
}

#[derive(Clone, Copy)]
pub(crate) struct Before {
    pub(crate) alive: bool,
    pub(crate) trashed: bool,
    conflicts: usize,
    pub(crate) kind: Option<Kind>,
    /// Bytes of its title.
    pub(crate) title: usize,
    pub(crate) list: Option<EntityId>,
}

/// What became of a text that was there before.
#[derive(Clone, Copy)]
pub(crate) struct Rewritten {
    /// Bytes that it had before.
    pub(crate) before: usize,
    /// Who edited it last.
    pub(crate) by: ActorId,
}

/// Applies changes within one transaction, touching each entity's rows once at the end.
pub(crate) struct Applier<'t, 's> {
    pub(crate) tx: &'t Tx<'s>,
    pub(crate) loaded: BTreeMap<Place, Loaded>,
    /// How the touched entities were before; `None` when they were not there.
    pub(crate) before: BTreeMap<EntityId, Option<Before>>,
    pub(crate) contexts: Contexts,
    brought: BTreeMap<EntityId, TextDoc>,
    /// Texts that were there before and were edited.
    pub(crate) rewritten: BTreeMap<EntityId, Rewritten>,
    policies: Policies,
    policy_changed: bool,
    moved: BTreeSet<EntityId>,
    changes: u64,
    last: Option<holdfast_model::Dot>,
    position: i64,
    notices: Vec<String>,
    /// Whether any entity has copies in other spaces than its home. Most vaults have none.
    copied: bool,
    touch: Prepared<'t>,
}

impl<'t, 's> Applier<'t, 's> {
    pub(crate) fn new(tx: &'t Tx<'s>) -> Result<Self, StoreError> {
        Ok(Self {
            tx,
            loaded: BTreeMap::new(),
            before: BTreeMap::new(),
            contexts: Contexts::default(),
            brought: BTreeMap::new(),
            rewritten: BTreeMap::new(),
            policies: tx.policies()?,
            policy_changed: false,
            moved: BTreeSet::new(),
            changes: 0,
            last: None,
            position: tx.position()?,
            notices: Vec::new(),
            copied: tx.has_copies()?,
            touch: Prepared::new(
                "INSERT INTO touched (entity, pos) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            ),
        })
    }

    /// Hands over a text that contains an edit of this device already.
    pub(crate) fn bring_text(&mut self, id: EntityId, doc: TextDoc) {
        self.brought.insert(id, doc);
    }

    fn before(&self, state: &EntityState) -> Result<Before, StoreError> {
        Ok(Before {
            alive: state.is_alive(),
            trashed: state.is_trashed(),
            conflicts: self.tx.open_conflicts_of(state.id)?,
            kind: Kind::parse(&state.kind),
            title: visible(state.text(TITLE).trim()),
            list: state.text(LIST).parse().ok(),
        })
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
                change.time.shown_ms(),
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
        let mut room = Room::of_change();
        for edit in change.edits() {
            self.edit(change, edit, &mut room)?;
        }
        Ok(())
    }

    /// How many entities wait to be written.
    pub(crate) fn touched(&self) -> usize {
        self.loaded.len()
    }

    pub(crate) fn at_position(&mut self, position: i64) {
        self.position = position;
    }

    fn edit(&mut self, change: &Change, edit: &Edit, room: &mut Room) -> Result<(), StoreError> {
        let place = (edit.entity, change.space);
        self.load(place, &edit.kind, change)?;
        self.touch.get(self.tx)?.execute((edit.entity.as_bytes(), self.position))?;
        let Some(loaded) = self.loaded.get_mut(&place) else { return Ok(()) };
        self.tx.note_decisions(change, edit, &loaded.state, room)?;
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
                empty => {
                    let brought = self.brought.remove(&edit.entity);
                    let is_new = matches!(self.before.get(&edit.entity), Some(None));
                    empty.insert(if is_new && loaded.home {
                        // What was not there before has no text either.
                        OpenText::of_nothing(brought)
                    } else {
                        open_text(self.tx, place, loaded.home, brought)?
                    })
                }
            };
            loaded.text_changed = true;
            if let Some(Some(_)) = self.before.get(&edit.entity) {
                let before = match self.rewritten.get(&edit.entity) {
                    Some(known) => known.before,
                    None => self.tx.text_bytes(edit.entity)?,
                };
                self.rewritten.insert(edit.entity, Rewritten { before, by: change.actor });
            }
            let (entity, space) = (edit.entity, change.space);
            let writer = self.tx.text_writer(text, entity, space, change.actor)?;
            if let Err(error) = open.take_in(&text.update, writer) {
                self.notices.push(format!(
                    "An edit of '{}' was not taken over: {error}",
                    title(&loaded.state)
                ));
            }
        }
        if edit.add.contains_key(REVIEWED) || edit.remove.contains_key(REVIEWED) {
            self.reviewed(place)?;
        }
        Ok(())
    }

    /// A decision on the text was made or taken back: the text is reviewed again.
    fn reviewed(&mut self, place: Place) -> Result<(), StoreError> {
        if let Some(loaded) = self.loaded.get_mut(&place) {
            if loaded.text.is_none() {
                let brought = self.brought.remove(&place.0);
                loaded.text = Some(open_text(self.tx, place, loaded.home, brought)?);
            }
            if let Some(open) = &mut loaded.text {
                open.decided();
            }
            loaded.text_changed = true;
        }
        Ok(())
    }

    /// Opens the text of a loaded entity.
    pub(crate) fn open_text(&mut self, place: Place) -> Result<Option<&mut OpenText>, StoreError> {
        let Some(loaded) = self.loaded.get_mut(&place) else { return Ok(None) };
        if loaded.text.is_none() {
            let brought = self.brought.remove(&place.0);
            loaded.text = Some(open_text(self.tx, place, loaded.home, brought)?);
        }
        Ok(loaded.text.as_mut())
    }

    /// Loads what an entity is in the space of a change into the cache.
    pub(crate) fn load(
        &mut self,
        place: Place,
        kind: &str,
        change: &Change,
    ) -> Result<(), StoreError> {
        if self.loaded.contains_key(&place) {
            return Ok(());
        }
        let (id, space) = place;
        let new = || EntityState::new(id, kind, change.time, change.dot());
        let known = self.tx.entity(id)?;
        let before = known.as_ref().map(|(state, _)| self.before(state)).transpose()?;
        let (state, home) = if let Some((state, home)) = known {
            if home == space {
                (state, true)
            } else {
                (self.tx.copy_row(id, space)?.unwrap_or_else(new), false)
            }
        } else {
            // Of several spaces that bring it at once, any is the home until the end.
            let other = Space::ALL.into_iter().any(|s| self.loaded.contains_key(&(id, s)));
            (new(), !other)
        };
        self.before.entry(id).or_insert(before);
        self.loaded
            .insert(place, Loaded { state, home, text: None, text_changed: false, row: None });
        Ok(())
    }

    /// Writes states, views, texts and conflicts of everything that was touched.
    pub(crate) fn finish(mut self) -> Result<Applied, StoreError> {
        let mut rows = Rows::new();
        if self.policy_changed {
            // The new policies count for what is listed, so states are written before they are read.
            for ((_, space), loaded) in self.loaded.iter().filter(|(_, loaded)| loaded.home) {
                self.tx.save_entity(&mut rows, &loaded.state, *space)?;
            }
            self.policies = self.tx.policies()?;
        }
        let mut merged = BTreeSet::new();
        for ((id, space), loaded) in &mut self.loaded {
            if loaded.home {
                if !self.policy_changed {
                    self.tx.save_entity(&mut rows, &loaded.state, *space)?;
                    let is_new = self.before.get(id).is_some_and(Option::is_none);
                    loaded.row = is_new.then(|| self.tx.sql.last_insert_rowid());
                }
                if let Some(open) = &mut loaded.text
                    && loaded.text_changed
                    && self.tx.save_text(&mut rows, &loaded.state, open, &self.policies)?
                {
                    merged.insert(*id);
                }
            } else {
                self.copied = true;
                let field = Kind::parse(&loaded.state.kind).and_then(Kind::text_field);
                let text = match (&loaded.text, field) {
                    (Some(open), Some(field)) => Some(open.copied(field)?),
                    _ => None,
                };
                self.tx.save_copy(&loaded.state, *space, text.as_ref())?;
            }
        }
        let mut items = Vec::with_capacity(self.before.len());
        let mut gathered = BTreeSet::new();
        let mut lists = ListSpaces::default();
        for (id, before) in &self.before {
            let rehomed = self.copied && self.tx.settle_home(*id)?;
            let place = Space::ALL
                .into_iter()
                .map(|space| (*id, space))
                .find(|place| self.loaded.get(place).is_some_and(|loaded| loaded.home));
            let mut opened = None;
            let mut row = None;
            let (state, space) = if let Some(place) = place.filter(|_| !rehomed) {
                let Some(loaded) = self.loaded.remove(&place) else { continue };
                (opened, row) = (loaded.text, loaded.row);
                (loaded.state, place.1)
            } else {
                let Some(shown) = self.tx.entity(*id)? else { continue };
                shown
            };
            let stored;
            let plain = match &opened {
                Some(open) => open.plain(),
                // What was not there before has no text either.
                None if before.is_none() && !rehomed => "",
                None => {
                    stored = self.tx.text_plain(*id)?.unwrap_or_default();
                    &stored
                }
            };
            self.tx.project(&mut rows, &state, space, plain, row)?;
            if before.is_some() || rehomed || state.is_disputed() {
                self.tx.list_disputes(&state, &self.policies)?;
            }
            if rehomed {
                self.tx.review_again(&state, &self.policies)?;
                self.moved.insert(*id);
            }
            let is_new = before.is_none_or(|before| before.alive != state.is_alive());
            if state.kind == Kind::List.as_str() && (rehomed || is_new) {
                gathered.extend(self.tx.items_of_list(*id)?);
            }
            if row.is_none() || self.copied || lists.is_apart(self.tx, &state, space)? {
                gathered.insert(*id);
            }
            let less = match before {
                Some(before) => self.lessened(before, &state, visible(plain))?,
                None => None,
            };
            items.push(ItemChange {
                id: *id,
                kind: state.kind.clone(),
                title: title_or(&state, plain),
                event: event(*before, &state),
                alive: state.is_alive(),
                conflict: false,
                merged: merged.contains(id),
                lost: less.is_some_and(|less| less.lost),
                purged: less.is_some_and(|less| less.purged),
                by: less.map(|less| less.by),
                words: before
                    .map(|before| self.words(&before, &state, visible(plain)))
                    .unwrap_or_default(),
                list: match before {
                    Some(before) => before.list,
                    None => state.text(LIST).parse().ok(),
                },
            });
            if let Some(open) = opened {
                self.tx.keep_text(*id, open);
            }
        }
        let new = self.before.iter().filter(|(_, before)| before.is_none()).map(|(id, _)| *id);
        self.tx.find_link_targets(new)?;
        if !self.moved.is_empty() {
            self.tx.break_circles(&self.moved, &self.policies)?;
        }
        for id in &gathered {
            self.tx.list_strays(*id)?;
        }
        let any = self.tx.has_conflicts()?;
        for item in items.iter_mut().filter(|_| any) {
            let before = self.before.get(&item.id).copied().flatten();
            let open = self.tx.open_conflicts_of(item.id)?;
            item.conflict = open > before.map_or(0, |before| before.conflicts);
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

fn open_text(
    tx: &Tx<'_>,
    (id, space): Place,
    home: bool,
    brought: Option<TextDoc>,
) -> Result<OpenText, StoreError> {
    if home { tx.open_for_writing(id, brought) } else { tx.open_copy(id, space, brought) }
}

fn event(before: Option<Before>, state: &EntityState) -> ItemEvent {
    match before {
        None => ItemEvent::Added,
        Some(before) if before.alive && state.is_moved_away() && !state.is_alive() => {
            ItemEvent::Withdrawn
        }
        Some(before) if before.alive && !state.is_alive() => ItemEvent::Deleted,
        Some(before) if before.trashed && state.is_purged() => ItemEvent::Deleted,
        Some(_) => ItemEvent::Changed,
    }
}

pub(crate) fn title(state: &EntityState) -> String {
    title_or(state, "")
}

/// The title, or the first line of the text where there is none.
pub(crate) fn title_or(state: &EntityState, text: &str) -> String {
    holdfast_model::markdown::name(state.text(holdfast_model::fields::TITLE), text)
}
