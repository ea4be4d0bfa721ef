//! Undo and redo as forward changes. What to undo is read from the log, so it survives a restart.

use crate::history::change_at;
use crate::{StoreError, Tx};
use holdfast_model::change::{Again, Change, Edit, Write};
use holdfast_model::entity::{DELETED, Draft, Seen};
use holdfast_model::fields::{self, LIFE, REVIEWED};
use holdfast_model::text::{Inverse, TextDoc, writer_of};
use holdfast_model::{Dot, EntityId, EntityState, Kind, Register, Value};
use holdfast_oplog::{ActorId, Space};
use std::collections::BTreeSet;

/// How far back undo looks.
const REACH: i64 = 1_000;

/// Action code of an undo.
pub const UNDO: &str = "undo";
/// Action code of a redo.
pub const REDO: &str = "redo";

/// What would be undone or done again: the changes of one action, newest first.
#[derive(Debug, Clone)]
pub struct UndoStep {
    /// The changes.
    pub changes: Vec<Change>,
}

impl UndoStep {
    /// What the person did.
    pub fn action(&self) -> &str {
        self.changes.first().map_or("", |change| &change.action)
    }
}

/// The edits that put back what a change replaced.
#[derive(Debug, Default)]
pub struct UndoPlan {
    /// Forward edits.
    pub edits: Vec<Edit>,
    /// Texts that hold the edits already.
    pub texts: Vec<(EntityId, TextDoc)>,
    /// Items and fields that someone has changed since and that are left alone, in words.
    pub skipped: Vec<String>,
}

impl Tx<'_> {
    /// The last action of this device that is not undone.
    pub fn undo_step(&self, actor: ActorId) -> Result<Option<UndoStep>, StoreError> {
        let own = self.own_changes(actor)?;
        let mut walk = Walk::default();
        for (index, change) in own.iter().enumerate() {
            if walk.is_reverted(change) {
                continue;
            }
            if change.action == UNDO || change.action == REDO {
                walk.revert(change);
                continue;
            }
            return Ok(Some(UndoStep { changes: with_group(&own, index) }));
        }
        Ok(None)
    }

    /// The last undo, where nothing else was done since.
    pub fn redo_step(&self, actor: ActorId) -> Result<Option<UndoStep>, StoreError> {
        let own = self.own_changes(actor)?;
        let mut walk = Walk::default();
        for (index, change) in own.iter().enumerate() {
            if walk.is_reverted(change) {
                continue;
            }
            match change.action.as_str() {
                UNDO => return Ok(Some(UndoStep { changes: with_group(&own, index) })),
                REDO => walk.revert(change),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// What an undo or redo step ultimately reverses, for its label: the original action's code.
    pub fn reverted_action(&self, space: Space, change: &Change) -> Result<String, StoreError> {
        let mut action = change.action.clone();
        let mut reverts = change.reverts;
        for _ in 0..REACH {
            let Some(dot) = reverts else { break };
            let Some(before) = self.change(dot.in_space(space))? else { break };
            action.clone_from(&before.action);
            reverts = before.reverts;
        }
        Ok(action)
    }

    /// The latest changes that were made here, newest first: under every name of this device.
    fn own_changes(&self, actor: ActorId) -> Result<Vec<Change>, StoreError> {
        let mut found: Vec<(i64, Change)> = Vec::new();
        for name in self.own_names(actor)? {
            let mut statement = self.sql.prepare_cached(
                "SELECT pos, space, actor, seq, body FROM changes WHERE actor = ?1
                 ORDER BY pos DESC LIMIT ?2",
            )?;
            let mut rows = statement.query((name.0, REACH))?;
            while let Some(row) = rows.next()? {
                found.push((row.get("pos")?, change_at(row)?));
            }
        }
        found.sort_by_key(|(pos, _)| std::cmp::Reverse(*pos));
        found.truncate(usize::try_from(REACH).unwrap_or(usize::MAX));
        Ok(found.into_iter().map(|(_, change)| change).collect())
    }

    /// Works out the forward edits that reverse a change. `actor` writes them.
    pub fn plan_undo(&self, change: &Change, actor: ActorId) -> Result<UndoPlan, StoreError> {
        let mut plan = UndoPlan::default();
        for edit in change.edits() {
            self.plan_edit(change, edit, actor, &mut plan)?;
        }
        Ok(plan)
    }

    fn plan_edit(
        &self,
        change: &Change,
        edit: &Edit,
        actor: ActorId,
        plan: &mut UndoPlan,
    ) -> Result<(), StoreError> {
        let space = change.space;
        let Some(state) = self.entity_in(edit.entity, space)? else { return Ok(()) };
        let name = crate::apply::title_or(&state, &self.plain_in(edit.entity, space)?);
        let dot = change.dot();
        let mut draft = state.draft();
        if self.made_it(edit, space, dot)? {
            draft.life(DELETED, &Seen::All);
            plan.edits.extend(draft.finish());
            return Ok(());
        }
        let life_first = edit.life.as_ref().map(|_| LIFE);
        for field in edit.set.keys().map(String::as_str).chain(life_first) {
            self.put_back((&state, space), &mut draft, field, dot, &name, plan)?;
        }
        for (field, values) in &edit.add {
            for value in values.iter().filter(|value| added_only_by(&state, field, value, dot)) {
                draft.remove(field, value.clone());
            }
        }
        for (field, removals) in &edit.remove {
            for removal in removals {
                draft.add(field, removal.value.clone());
            }
        }
        let text_field = Kind::parse(&state.kind).and_then(Kind::text_field);
        for (field, text) in &edit.text {
            if text_field != Some(field.as_str()) {
                continue;
            }
            let mut doc = self.open_text_in(edit.entity, space, writer_of(&actor.0))?;
            let writer = text.writer(edit.entity, space, dot.actor);
            let (before, after) = doc.span_of(&text.update, writer)?;
            let Inverse { splices, skipped } = doc.inverse(&before, &after)?;
            if skipped {
                plan.skipped.push(format!(
                    "Part of the {} of '{name}' was changed since and stays",
                    fields::label(field)
                ));
            }
            if !splices.is_empty() {
                let update = doc.splice(&splices)?.update;
                draft.text(field, update);
                plan.texts.push((edit.entity, doc));
            }
        }
        plan.edits.extend(draft.finish());
        Ok(())
    }

    /// Whether an edit made its item, and no other device made the same one apart. Clocks do not tell:
    /// an edit on a device that is behind can carry an earlier time than the change that made the item.
    fn made_it(&self, edit: &Edit, space: Space, dot: Dot) -> Result<bool, StoreError> {
        let makes = |life: &Write| life.supersedes.is_empty() && life.again.is_empty();
        if !edit.life.as_ref().is_some_and(makes) {
            return Ok(false);
        }
        let writes = self.writes_of(edit.entity, space, LIFE)?;
        Ok(writes.iter().all(|written| written.dot == dot || !written.supersedes.is_empty()))
    }

    /// Puts one register back to what the change replaced, if nobody has written it since.
    fn put_back(
        &self,
        (state, space): (&EntityState, Space),
        draft: &mut Draft<'_>,
        field: &str,
        dot: Dot,
        name: &str,
        plan: &mut UndoPlan,
    ) -> Result<(), StoreError> {
        let Some(register) = state.register(field) else { return Ok(()) };
        let writes = self.writes_of(state.id, space, field)?;
        let Some(written) = writes.iter().find(|written| written.dot == dot) else { return Ok(()) };
        let replaced = self.replaced((state.id, space), field, &written.supersedes)?;
        // A decision that was taken back wrote several values: never the same as what it replaced.
        let mut wrote = register.live().iter().filter(|version| version.dot == dot);
        let same = wrote.all(|version| version.value == written.value)
            && replaced.iter().all(|again| again.value == written.value);
        if field == LIFE && same {
            // An edit only said that the item is as alive as it was.
            return Ok(());
        }
        if register.dots() != vec![dot] {
            plan.skipped.push(format!(
                "The {} of '{name}' was changed since and stays",
                fields::label(field)
            ));
            return Ok(());
        }
        let mut values: Vec<&Value> = replaced.iter().map(|again| &again.value).collect();
        values.dedup();
        match (values.as_slice(), field) {
            ([], LIFE) => {}
            ([], _) => {
                draft.set(field, Value::Null, &Seen::All);
            }
            ([value], LIFE) => {
                draft.life(value.as_str().unwrap_or_default(), &Seen::All);
            }
            ([value], _) => {
                draft.set(field, (*value).clone(), &Seen::All);
            }
            // A decision between several: they stand beside each other again.
            _ => {
                draft.again(field, replaced);
            }
        }
        Ok(())
    }

    /// The versions that a write replaced, with their values.
    fn replaced(
        &self,
        (entity, space): (EntityId, Space),
        field: &str,
        supersedes: &[Dot],
    ) -> Result<Vec<Again>, StoreError> {
        let mut versions = Vec::new();
        if let Some(state) = self.base_state(space, entity)? {
            let live = state.register(field).map(Register::live).unwrap_or_default();
            versions.extend(live.iter().filter(|v| supersedes.contains(&v.dot)).map(|version| {
                let (value, origin) = (version.value.clone(), version.author());
                Again { value, origin, time: version.time }
            }));
        }
        for item in self.history_in(entity, space)? {
            let dot = item.change.dot();
            if !supersedes.contains(&dot) {
                continue;
            }
            for edit in item.edits_of(entity) {
                let write = if field == LIFE { edit.life.as_ref() } else { edit.set.get(field) };
                let Some(write) = write else { continue };
                if write.again.is_empty() {
                    let time = item.change.time;
                    versions.push(Again { value: write.value.clone(), origin: dot, time });
                } else {
                    versions.extend(write.again.iter().cloned());
                }
            }
        }
        versions.sort_by_key(|again| (again.time, again.origin));
        Ok(versions)
    }

    /// The changes that an exchange brought, newest first.
    pub fn changes_of_exchange(&self, exchange: i64) -> Result<Vec<Change>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, seq, body FROM changes WHERE exchange = ?1 ORDER BY pos DESC",
        )?;
        let mut rows = statement.query([exchange])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            changes.push(change_at(row)?);
        }
        Ok(changes)
    }
}

/// Whether taking an element out again removes only what this change put in.
fn added_only_by(state: &EntityState, field: &str, value: &Value, dot: Dot) -> bool {
    field == REVIEWED || state.sets.get(field).is_some_and(|set| set.seen(value) == vec![dot])
}

/// The change at `index` and the older ones of the same action.
fn with_group(own: &[Change], index: usize) -> Vec<Change> {
    let Some(first) = own.get(index) else { return Vec::new() };
    own.iter()
        .skip(index)
        .take_while(|change| {
            change.dot() == first.dot() || (first.group.is_some() && change.group == first.group)
        })
        .cloned()
        .collect()
}

/// Which changes are reverted, met while walking from the newest to the oldest.
#[derive(Default)]
struct Walk {
    dots: BTreeSet<(Space, Dot)>,
    groups: BTreeSet<u64>,
}

impl Walk {
    fn revert(&mut self, change: &Change) {
        self.dots.extend(change.reverts.map(|dot| (change.space, dot)));
    }
    fn is_reverted(&mut self, change: &Change) -> bool {
        let direct = self.dots.contains(&(change.space, change.dot()));
        if direct {
            self.groups.extend(change.group);
        }
        direct || change.group.is_some_and(|group| self.groups.contains(&group))
    }
}
