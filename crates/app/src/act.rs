//! Carrying out what a person does: edits become one change (or several of one group, where items
//! live in different spaces), are applied, and can be undone as one.

use crate::session::Open;
use crate::{AppError, view};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::LIFE;
use holdfast_model::text::{TextDoc, writer_of};
use holdfast_model::{Dot, Edit, EntityId, EntityState, Kind, Moved, TextEdit, Value};
use holdfast_oplog::{ActorId, Space};
use holdfast_store::{Applied, Author, LocalChange, Tx};
use jiff::Zoned;
use rand_core::{OsRng, RngCore};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The material of one action: edits by space, and texts that contain theirs already.
pub(crate) struct Work<'t, 's> {
    pub(crate) tx: &'t Tx<'s>,
    pub(crate) actor: ActorId,
    pub(crate) now: Zoned,
    edits: Vec<(Space, Edit)>,
    texts: Vec<(EntityId, TextDoc)>,
    pub(crate) ids: Vec<EntityId>,
    pub(crate) skipped: Vec<String>,
    /// Items that moved to a narrower space, with the one that they left: what nobody has seen of them
    /// there is taken back once the action is written.
    pub(crate) narrowed: Vec<(Space, EntityId)>,
    /// What happened besides, for the end of the sentence in the undo toast.
    pub(crate) said: Vec<String>,
    /// Shared by the changes of one action.
    pub(crate) group: Option<u64>,
    /// Where the action is written down even if it changes nothing: an undo whose every part someone
    /// has changed since still is that undo.
    pub(crate) noted_in: Option<Space>,
    /// Where the action cannot be undone: what it is, in words.
    pub(crate) for_good: Option<&'static str>,
}

impl<'t, 's> Work<'t, 's> {
    pub(crate) fn new(tx: &'t Tx<'s>, actor: ActorId, now: Zoned) -> Self {
        Self {
            tx,
            actor,
            now,
            edits: Vec::new(),
            texts: Vec::new(),
            ids: Vec::new(),
            skipped: Vec::new(),
            narrowed: Vec::new(),
            said: Vec::new(),
            group: None,
            noted_in: None,
            for_good: None,
        }
    }

    /// A new id of an item of a kind, ordered by time.
    pub(crate) fn new_id(&self, kind: Kind) -> EntityId {
        let mut random = [0; 10];
        OsRng.fill_bytes(&mut random);
        let ms = u64::try_from(self.now.timestamp().as_millisecond()).unwrap_or(0);
        EntityId::of_kind(kind, ms, random)
    }

    /// The text of an item, to be edited here.
    pub(crate) fn text(&self, id: EntityId) -> Result<TextDoc, AppError> {
        Ok(self.tx.open_text(id, writer_of(&self.actor.0))?)
    }

    /// Takes a finished edit in.
    pub(crate) fn push(&mut self, space: Space, draft: Draft<'_>) {
        self.edits.extend(draft.finish().map(|edit| (space, edit)));
    }
    /// Takes in an edit that was made elsewhere.
    pub(crate) fn push_edit(&mut self, space: Space, edit: Edit) {
        self.edits.push((space, edit));
    }
    /// Takes in a text that contains its edit already.
    pub(crate) fn push_text(&mut self, id: EntityId, doc: TextDoc) {
        self.texts.push((id, doc));
    }

    /// The versions of a field that the person had seen who edits a view read at `as_of`.
    pub(crate) fn seen(
        &self,
        state: &EntityState,
        field: &str,
        as_of: Option<i64>,
    ) -> Result<Seen, AppError> {
        let Some(as_of) = as_of else { return Ok(Seen::All) };
        if self.tx.last_touched(state.id)? <= as_of {
            return Ok(Seen::All);
        }
        let then = self.tx.versions_at(state.id, field, as_of)?;
        let now = state.register(field).map(holdfast_model::Register::dots).unwrap_or_default();
        Ok(if then == now { Seen::All } else { Seen::Versions(then) })
    }

    /// Writes a field as the person who read it at `as_of` meant it.
    pub(crate) fn set(
        &self,
        draft: &mut Draft<'_>,
        state: &EntityState,
        field: &str,
        value: impl Into<Value>,
        as_of: Option<i64>,
    ) -> Result<(), AppError> {
        let seen = self.seen(state, field, as_of)?;
        draft.set(field, value, &seen);
        Ok(())
    }

    /// Puts an item into the trash, as the person who read it at `as_of` meant it.
    pub(crate) fn delete(&mut self, id: EntityId, as_of: Option<i64>) -> Result<(), AppError> {
        let (state, space) = self.tx.expect_entity(id, "item")?;
        if !state.is_alive() {
            return Ok(());
        }
        let seen = self.seen(&state, LIFE, as_of)?;
        let mut draft = state.draft();
        draft.life(holdfast_model::entity::DELETED, &seen);
        self.push(space, draft);
        Ok(())
    }

    /// Takes in a finished edit together with the pieces of an edit of its text, in order. `doc` holds
    /// them already.
    pub(crate) fn push_with_text(
        &mut self,
        space: Space,
        mut draft: Draft<'_>,
        field: &str,
        doc: TextDoc,
        pieces: Vec<Vec<u8>>,
    ) {
        let written = !pieces.is_empty();
        let mut pieces = pieces.into_iter();
        if let Some(first) = pieces.next() {
            draft.text(field, first);
        }
        let Some(edit) = draft.finish() else { return };
        let rest: Vec<Edit> =
            pieces.map(|update| edit.only_text(field, TextEdit { update, copied: None })).collect();
        self.texts.extend(written.then_some((edit.entity, doc)));
        self.edits.push((space, edit));
        self.edits.extend(rest.into_iter().map(|edit| (space, edit)));
    }

    /// Writes the action to the log: as one change, or as several of one group where it does not fit into
    /// one or concerns several spaces.
    pub(crate) fn commit(
        self,
        author: Author<'_>,
        action: &str,
        reverts: Option<Dot>,
    ) -> Result<Outcome, AppError> {
        let Self { tx, mut edits, mut texts, ids, skipped, narrowed, group, noted_in, .. } = self;
        let for_good = self.for_good.filter(|_| !edits.is_empty());
        settle_twins(tx, &mut edits)?;
        let mut parts = parts(edits)?;
        if let Some(space) = noted_in
            && !parts.iter().any(|part| part.space == space)
        {
            parts.push(LocalChange { space, ..LocalChange::default() });
        }
        let group = group.or_else(|| (parts.len() > 1).then(|| OsRng.next_u64()));
        for part in &mut parts {
            let touched: BTreeSet<EntityId> = part.edits.iter().map(|edit| edit.entity).collect();
            let (now, later) = texts.into_iter().partition(|(id, _)| touched.contains(id));
            texts = later;
            part.texts = now;
            part.action = action.into();
            part.group = group;
            // Changes are named within their space: in another one that name means something else.
            part.reverts = reverts.filter(|_| noted_in.is_none_or(|noted| noted == part.space));
        }
        let applied =
            if parts.is_empty() { Vec::new() } else { vec![tx.append_all(author, parts)?] };
        let outcome = Outcome { ids, skipped, applied };
        if let Some(what) = for_good {
            tx.cannot_undo(what)?;
        }
        for space in Space::ALL {
            let left: BTreeSet<EntityId> =
                narrowed.iter().filter(|(from, _)| *from == space).map(|(_, id)| *id).collect();
            if !left.is_empty() {
                tx.take_back(author, space, &left)?;
            }
        }
        Ok(outcome)
    }
}

/// Edits as the changes that they fit into, space by space. Those that go on with one text stand alone
/// beside it and say so: they take effect together, and hold nothing else back.
fn parts(edits: Vec<(Space, Edit)>) -> Result<Vec<LocalChange>, AppError> {
    let mut by_space: BTreeMap<Space, Vec<Edit>> = BTreeMap::new();
    for (space, edit) in edits {
        by_space.entry(space).or_default().push(edit);
    }
    let mut parts = Vec::new();
    for space in Space::ALL {
        let mut open = LocalChange { space, ..LocalChange::default() };
        let mut size = 0;
        let mut rest = by_space.remove(&space).unwrap_or_default().into_iter().peekable();
        while let Some(edit) = rest.next() {
            let bytes =
                holdfast_oplog::encode(&edit).map_err(holdfast_store::StoreError::from)?.len();
            let same = |next: &Edit| next.entity == edit.entity && next.goes_on_with_text();
            let begins = !edit.goes_on_with_text() && rest.peek().is_some_and(same);
            let goes_on = edit.goes_on_with_text()
                && open.edits.last().is_some_and(|last| last.entity == edit.entity);
            if !open.edits.is_empty() && (size + bytes > PART || begins) {
                open.more = goes_on;
                parts.push(std::mem::replace(
                    &mut open,
                    LocalChange { space, ..LocalChange::default() },
                ));
                size = 0;
            }
            size += bytes;
            open.edits.push(edit);
        }
        if !open.edits.is_empty() {
            parts.push(open);
        }
    }
    Ok(parts)
}

/// Where an edited item has another copy that says the same (devices moved it to two spaces apart), the
/// edit is meant for it too: it is deleted along, or given up for the one that is edited.
fn settle_twins(tx: &Tx<'_>, edits: &mut Vec<(Space, Edit)>) -> Result<(), AppError> {
    let mut more: Vec<(Space, Edit)> = Vec::new();
    for (space, edit) in edits.iter() {
        let Some(life) = &edit.life else { continue };
        let kind = Kind::parse(&edit.kind);
        if !matches!(kind, Some(Kind::Task | Kind::Note | Kind::List)) {
            continue;
        }
        for (twin, other) in tx.twins(edit.entity)? {
            let is_it = |(at, known): &(Space, Edit)| *at == other && known.entity == edit.entity;
            if other == *space || edits.iter().any(is_it) || more.iter().any(is_it) {
                continue;
            }
            if life.value.as_str() == Some(holdfast_model::entity::DELETED) {
                let mut draft = twin.draft();
                draft.life(holdfast_model::entity::DELETED, &Seen::All);
                more.extend(draft.finish().map(|edit| (other, edit)));
            } else {
                more.push((other, twin.moved_away(Moved::Left)));
            }
        }
    }
    edits.extend(more);
    Ok(())
}

/// Bytes of edits in one change; under the bound of a change with room for its envelope.
const PART: usize = 200 * 1024;

/// What an action did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) ids: Vec<EntityId>,
    pub(crate) skipped: Vec<String>,
    pub(crate) applied: Vec<Applied>,
}

impl Outcome {
    pub(crate) fn done(self, label: impl Into<String>) -> view::Done {
        view::Done {
            ids: self.ids.iter().map(ToString::to_string).collect(),
            label: label.into(),
            skipped: self.skipped,
        }
    }
}

impl Open {
    /// Carries out an action. `work` fills in what it does and returns the sentence for the undo
    /// toast.
    pub(crate) fn act(
        &mut self,
        action: &str,
        work: impl FnOnce(&mut Work<'_, '_>) -> Result<String, AppError>,
    ) -> Result<view::Done, AppError> {
        let now = self.clock.zoned();
        self.write(|tx, author| {
            let mut material = Work::new(tx, author.actor, now);
            let mut label = work(&mut material)?;
            for said in &material.said {
                label = format!("{label}; {said}");
            }
            Ok(material.commit(author, action, None)?.done(label))
        })
    }

    /// [`Open::act`] for an action that takes a change back.
    pub(crate) fn act_back(
        &mut self,
        action: &str,
        reverts: Dot,
        space: Space,
        work: impl FnOnce(&mut Work<'_, '_>) -> Result<String, AppError>,
    ) -> Result<view::Done, AppError> {
        let now = self.clock.zoned();
        self.write(|tx, author| {
            let mut material = Work::new(tx, author.actor, now);
            material.noted_in = Some(space);
            let label = work(&mut material)?;
            Ok(material.commit(author, action, Some(reverts))?.done(label))
        })
    }
}

/// An id as the interface hands it over.
pub(crate) fn id(text: &str, what: &'static str) -> Result<EntityId, AppError> {
    text.parse::<Uuid>()
        .map(EntityId)
        .map_err(|_| AppError::NoSuchItem { what, given: text.to_owned() })
}

/// Ids as the interface hands them over.
pub(crate) fn ids(texts: &[String]) -> Result<Vec<EntityId>, AppError> {
    texts.iter().map(|text| id(text, "item")).collect()
}
