//! Moving items to another space: in the receiving space they are written anew with the same ids, in
//! the old one they are withdrawn. Works out the edits; writing them is the caller's.

use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Edit, TextEdit};
use holdfast_model::fields::TAGS;
use holdfast_model::text::{TextDoc, Transcript};
use holdfast_model::{EntityId, EntityState, Kind, Moved, Standing, Value};
use holdfast_oplog::Space;
use std::collections::{BTreeMap, BTreeSet};

/// What a text says where it shows an attachment, before the attachment's id.
const SHOWN: &str = "holdfast-attachment:";
/// The writer id of documents that are only read from.
const READER: u64 = 1;

/// What shall be moved.
#[derive(Debug, Clone, Copy)]
pub struct MoveRequest<'a> {
    /// The items. What is in them goes along.
    pub roots: &'a [EntityId],
    /// Where to.
    pub to: Space,
    /// What becomes of the copies that others hold.
    pub how: Moved,
    /// Edits that happen on the way, by item: they are written in the receiving space alone.
    pub with: &'a BTreeMap<EntityId, Edit>,
}

/// The edits of a move.
#[derive(Debug, Default)]
pub struct MovePlan {
    /// Edits by space.
    pub edits: Vec<(Space, Edit)>,
    /// Texts in the receiving space that hold the edits already.
    pub texts: Vec<(EntityId, TextDoc)>,
    /// The items that move, with the space that each comes from.
    pub moved: BTreeMap<EntityId, Space>,
    /// Tags and attachments that only they use and that move along.
    pub along: BTreeMap<EntityId, Space>,
    /// Tags and attachments that others use too: they are in the receiving space as well from now on.
    pub shared: BTreeSet<EntityId>,
    /// What stays behind, and references that are cut, in words.
    pub notes: Vec<String>,
}

impl Tx<'_> {
    /// Works out what moving items means.
    pub fn plan_move(&self, request: MoveRequest<'_>) -> Result<MovePlan, StoreError> {
        let mut plan = MovePlan::default();
        let mut all = BTreeSet::new();
        for root in request.roots {
            self.gather(*root, &mut all)?;
        }
        for id in all {
            let Some((state, home)) = self.entity(id)? else { continue };
            if home == request.to || state.is_purged() || state.standing() == Standing::Withdrawn {
                continue;
            }
            if let Some(there) = self.entity_in(id, request.to)?
                && !there.is_moved_away()
                && !self.says_the_same(&state, home, &there, request.to)?
            {
                plan.notes.push(format!(
                    "'{}' has another version where it should go: decide that first",
                    self.name_of(&state)?
                ));
                continue;
            }
            plan.moved.insert(id, home);
        }
        self.plan_tags(request, &mut plan)?;
        self.plan_attachments(request.to, &mut plan)?;
        let ids: Vec<EntityId> =
            plan.moved.keys().chain(plan.along.keys()).chain(&plan.shared).copied().collect();
        for id in ids {
            self.plan_item(id, request, &mut plan)?;
        }
        Ok(plan)
    }

    fn name_of(&self, state: &EntityState) -> Result<String, StoreError> {
        let text = self.text_plain(state.id)?.unwrap_or_default();
        Ok(crate::apply::title_or(state, &text))
    }

    /// An item and everything in it, what is in the trash too: that is no less the list's.
    fn gather(&self, id: EntityId, all: &mut BTreeSet<EntityId>) -> Result<(), StoreError> {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !all.insert(id) {
                continue;
            }
            let mut statement = self.sql.prepare_cached(
                "SELECT id FROM tasks WHERE (list = ?1 OR parent = ?1) AND life <> 'purged'
                 UNION SELECT id FROM notes WHERE list = ?1 AND life <> 'purged'
                 UNION SELECT id FROM lists WHERE parent = ?1 AND life <> 'purged'",
            )?;
            let rows = statement.query_map([id.as_bytes()], |row| columns::entity_at(row, 0))?;
            for inside in rows {
                open.push(inside?);
            }
        }
        Ok(())
    }

    /// Whether something in one space may be referred to from another.
    fn reaches(&self, id: EntityId, to: Space) -> Result<bool, StoreError> {
        let Some((_, home)) = self.entity(id)? else { return Ok(true) };
        if home == to || home == Space::Everywhere || to == Space::Device {
            return Ok(true);
        }
        let stands = |space: Space| -> Result<bool, StoreError> {
            let copy = self.copy_row(id, space)?;
            Ok(copy.is_some_and(|copy| copy.standing() == Standing::Alive))
        };
        Ok(stands(to)? || stands(Space::Everywhere)?)
    }

    fn plan_tags(&self, request: MoveRequest<'_>, plan: &mut MovePlan) -> Result<(), StoreError> {
        let mut used = BTreeSet::new();
        for id in plan.moved.keys() {
            let Some((state, _)) = self.entity(*id)? else { continue };
            let ids = |value: &Value| value.as_str().and_then(|text| text.parse::<EntityId>().ok());
            used.extend(state.elements(TAGS).into_iter().filter_map(ids));
            let with = request.with.get(id).and_then(|edit| edit.add.get(TAGS));
            used.extend(with.into_iter().flatten().filter_map(ids));
        }
        for tag in used {
            let mut statement = self.sql.prepare_cached(
                "SELECT i.item FROM item_tags i JOIN entities e ON e.id = i.item
                 WHERE i.tag = ?1 AND e.life <> 'purged'",
            )?;
            let rows = statement.query_map([tag.as_bytes()], |row| columns::entity_at(row, 0))?;
            let users: Vec<EntityId> = rows.collect::<Result<_, _>>()?;
            self.plan_used(
                tag,
                users.iter().all(|id| plan.moved.contains_key(id)),
                request.to,
                plan,
            )?;
        }
        Ok(())
    }

    fn plan_attachments(&self, to: Space, plan: &mut MovePlan) -> Result<(), StoreError> {
        let mut users: BTreeMap<EntityId, (bool, bool)> = BTreeMap::new();
        let mut statement = self
            .sql
            .prepare_cached("SELECT entity, plain FROM texts WHERE instr(plain, ?1) > 0")?;
        let mut rows = statement.query([SHOWN])?;
        while let Some(row) = rows.next()? {
            let moves = plan.moved.contains_key(&columns::entity_at(row, 0)?);
            let plain: String = row.get(1)?;
            let shown = plain.split(SHOWN).skip(1).filter_map(|rest| rest.get(..36)?.parse().ok());
            for id in shown {
                let used = users.entry(id).or_default();
                used.0 |= moves;
                used.1 |= !moves;
            }
        }
        drop(rows);
        for (id, (moves, stays)) in users {
            let attachment =
                self.entity(id)?.is_some_and(|(state, _)| state.kind == Kind::Attachment.as_str());
            if moves && attachment {
                self.plan_used(id, !stays, to, plan)?;
            }
        }
        Ok(())
    }

    /// Something that moved items use goes along, or is written in both spaces.
    fn plan_used(
        &self,
        id: EntityId,
        alone: bool,
        to: Space,
        plan: &mut MovePlan,
    ) -> Result<(), StoreError> {
        let Some((state, home)) = self.entity(id)? else { return Ok(()) };
        if home == to || state.is_purged() || state.standing() == Standing::Withdrawn {
            return Ok(());
        }
        if alone {
            plan.along.insert(id, home);
        } else if !self.reaches(id, to)? || (to == Space::Device && home != Space::Everywhere) {
            plan.shared.insert(id);
        }
        Ok(())
    }

    fn plan_item(
        &self,
        id: EntityId,
        request: MoveRequest<'_>,
        plan: &mut MovePlan,
    ) -> Result<(), StoreError> {
        let Some((state, home)) = self.entity(id)? else { return Ok(()) };
        let to = request.to;
        let mut cut = BTreeSet::new();
        for (field, value) in references(&state) {
            let goes = plan.moved.contains_key(&value)
                || plan.along.contains_key(&value)
                || plan.shared.contains(&value);
            if !goes && !self.reaches(value, to)? {
                cut.insert((field, value.to_string()));
            }
        }
        let with = request.with.get(&id);
        let replaced = |field: &str| {
            with.is_some_and(|w| w.set.contains_key(field) || w.remove.contains_key(field))
        };
        for (field, _) in cut.iter().filter(|(field, _)| !replaced(field)) {
            plan.notes.push(format!(
                "'{}' no longer names its {}, which does not travel so",
                self.name_of(&state)?,
                holdfast_model::fields::label(field)
            ));
        }
        let there = self.entity_in(id, to)?;
        let keep = |field: &str, value: &Value| {
            value.as_str().is_none_or(|text| !cut.contains(&(field.to_owned(), text.to_owned())))
        };
        let mut edit = state.written_anew(there.as_ref(), with, &keep);
        if home < to
            && let Some(kept) = &mut edit.kept
        {
            kept.from = Some(home);
            let fields = with.into_iter().flat_map(|with| with.set.keys());
            kept.before = fields.map(|f| (f.clone(), state.value(f).clone())).collect();
        }
        let mut more = Vec::new();
        if let Some(field) = Kind::parse(&state.kind).and_then(Kind::text_field) {
            let (texts, doc) = self.text_anew(id, to, &self.plain_in(id, home)?)?;
            let mut texts = texts.into_iter();
            edit.text.extend(texts.next().map(|text| (field.to_owned(), text)));
            more.extend(texts.map(|text| edit.only_text(field, text)));
            plan.texts.extend(doc.map(|doc| (id, doc)));
        }
        plan.edits.push((to, edit));
        plan.edits.extend(more.into_iter().map(|edit| (to, edit)));
        if plan.shared.contains(&id) {
            return Ok(());
        }
        plan.edits.push((home, state.moved_away(request.how)));
        for (twin, space) in self.twins(id)? {
            if space != to {
                plan.edits.push((space, twin.moved_away(request.how)));
            }
        }
        Ok(())
    }

    /// The edits that make a text say `target` in a space: its words alone, none of its history. And
    /// the text that contains them.
    pub fn text_anew(
        &self,
        id: EntityId,
        space: Space,
        target: &str,
    ) -> Result<(Vec<TextEdit>, Option<TextDoc>), StoreError> {
        let there = self.open_text_in(id, space, READER)?;
        if there.plain() == target {
            return Ok((Vec::new(), None));
        }
        let copied = Transcript::new(there.version(), target);
        let writer = copied.writer(id.as_bytes(), space.as_str());
        let mut doc = self.open_text_in(id, space, writer)?;
        let updates = doc.transcribe(target)?;
        let edit = |update| TextEdit { update, copied: Some(copied.clone()) };
        Ok((updates.into_iter().map(edit).collect(), Some(doc)))
    }
}

/// The ids that an entity's fields name.
fn references(state: &EntityState) -> Vec<(String, EntityId)> {
    let id = |value: &Value| value.as_str().and_then(|text| text.parse::<EntityId>().ok());
    let mut found = Vec::new();
    for (field, register) in &state.registers {
        found.extend(register.live().iter().filter_map(|v| Some((field.clone(), id(&v.value)?))));
    }
    for field in state.sets.keys() {
        let ids = state.elements(field).into_iter().filter_map(id);
        found.extend(ids.map(|id| (field.clone(), id)));
    }
    found
}
