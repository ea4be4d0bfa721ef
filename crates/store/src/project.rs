//! Writes the views: what lists show of an entity's merged state.

use crate::entities::encode_state;
use crate::prepared::Prepared;
use crate::{StoreError, Tx};
use holdfast_model::conflict::{self, ConflictKind};
use holdfast_model::fields::{
    ARCHIVED, COLOR, DEADLINE, LIST, ORDER, PARENT, PINNED, PRIORITY, REPEAT, STATUS, TAGS, TITLE,
    WHEN,
};
use holdfast_model::tree::{Place, cut};
use holdfast_model::{EntityId, EntityState, Kind, Policies, Policy, Value, markdown};
use holdfast_oplog::Space;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a note's text that lists show.
const EXCERPT: usize = 240;

/// How an entity stands in the views. What was moved away counts as gone.
pub(crate) fn life(state: &EntityState) -> &'static str {
    if state.is_alive() {
        "alive"
    } else if state.is_trashed() {
        "deleted"
    } else {
        "purged"
    }
}

fn id_value(state: &EntityState, field: &str) -> Option<[u8; 16]> {
    state.text(field).parse::<EntityId>().ok().map(|id| *id.as_bytes())
}

fn text_value<'a>(state: &'a EntityState, field: &str) -> Option<&'a str> {
    state.value(field).as_str().filter(|text| !text.is_empty())
}

/// The statements that write what an entity is and what lists show of it.
pub(crate) struct Rows<'t> {
    entity: Prepared<'t>,
    task: Prepared<'t>,
    note: Prepared<'t>,
    due: Prepared<'t>,
    pub(crate) text: Prepared<'t>,
}

impl Rows<'_> {
    pub(crate) const fn new() -> Self {
        Self {
            entity: Prepared::new(
                "INSERT INTO entities (id, kind, space, life, disputed, edited_ms, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, space = excluded.space,
                    life = excluded.life, disputed = excluded.disputed,
                    edited_ms = excluded.edited_ms, state = excluded.state",
            ),
            task: Prepared::new(
                "INSERT INTO tasks (id, life, title, status, plan, deadline, priority, list, parent, sort,
                    repeat, completed_ms, created_ms, edited_ms, has_notes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                 ON CONFLICT (id) DO UPDATE SET life = excluded.life, title = excluded.title,
                    status = excluded.status, plan = excluded.plan, deadline = excluded.deadline,
                    priority = excluded.priority, list = excluded.list, parent = excluded.parent,
                    sort = excluded.sort, repeat = excluded.repeat, completed_ms = excluded.completed_ms,
                    created_ms = excluded.created_ms, edited_ms = excluded.edited_ms,
                    has_notes = excluded.has_notes",
            ),
            note: Prepared::new(
                "INSERT INTO notes (id, life, title, excerpt, list, pinned, created_ms, edited_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (id) DO UPDATE SET life = excluded.life, title = excluded.title,
                    excerpt = excluded.excerpt, list = excluded.list, pinned = excluded.pinned,
                    created_ms = excluded.created_ms, edited_ms = excluded.edited_ms",
            ),
            due: Prepared::new("INSERT INTO search_due (no) VALUES (?1) ON CONFLICT DO NOTHING"),
            text: Prepared::new(
                "INSERT INTO texts (entity, field, version, plain, snapshot, review)
                 VALUES (?1, ?2, ?3, ?4, ?5, x'')",
            ),
        }
    }
}

impl Tx<'_> {
    pub(crate) fn save_entity<'t>(
        &'t self,
        rows: &mut Rows<'t>,
        state: &EntityState,
        space: Space,
    ) -> Result<(), StoreError> {
        rows.entity.get(self)?.execute((
            state.id.as_bytes(),
            &state.kind,
            space.as_str(),
            life(state),
            state.is_disputed(),
            state.edited.0.shown_ms(),
            encode_state(state)?,
        ))?;
        Ok(())
    }

    /// Writes the view row of an entity. `text` is its note text or task notes; `new` the number of the
    /// entity's row, where it was written just now and nothing of it can be in the views yet.
    pub(crate) fn project<'t>(
        &'t self,
        rows: &mut Rows<'t>,
        state: &EntityState,
        space: Space,
        text: &str,
        new: Option<i64>,
    ) -> Result<(), StoreError> {
        match Kind::parse(&state.kind) {
            Some(Kind::Task) => self.project_task(rows, state, text, new.is_some())?,
            Some(Kind::Note) => self.project_note(rows, state, text, new.is_some())?,
            Some(Kind::List) => self.project_list(state, space)?,
            Some(Kind::Tag) => {
                self.sql
                    .prepare_cached(
                        "INSERT INTO tags (id, life, title) VALUES (?1, ?2, ?3)
                         ON CONFLICT (id) DO UPDATE SET life = excluded.life, title = excluded.title",
                    )?
                    .execute((state.id.as_bytes(), life(state), state.text(TITLE)))?;
            }
            _ => return Ok(()),
        }
        match new {
            Some(no) => rows.due.get(self)?.execute([no])?,
            None => self
                .sql
                .prepare_cached(
                    "INSERT INTO search_due (no) SELECT no FROM entities WHERE id = ?1 ON CONFLICT DO NOTHING",
                )?
                .execute([state.id.as_bytes()])?,
        };
        Ok(())
    }

    fn project_task<'t>(
        &'t self,
        rows: &mut Rows<'t>,
        state: &EntityState,
        text: &str,
        new: bool,
    ) -> Result<(), StoreError> {
        let status = state.text(STATUS);
        let completed = matches!(status, "done" | "cancelled")
            .then(|| state.register(STATUS).and_then(|r| r.shown()).map(|v| v.time.shown_ms()))
            .flatten();
        rows.task.get(self)?.execute(rusqlite::params![
            state.id.as_bytes(),
            life(state),
            markdown::title(state.text(TITLE)),
            if status.is_empty() { "open" } else { status },
            text_value(state, WHEN),
            text_value(state, DEADLINE),
            state.value(PRIORITY).as_int().unwrap_or(0),
            id_value(state, LIST),
            id_value(state, PARENT),
            state.text(ORDER),
            text_value(state, REPEAT),
            completed,
            state.created.0.shown_ms(),
            state.edited.0.shown_ms(),
            !text.is_empty(),
        ])?;
        self.project_tags(state, new)?;
        self.project_links(state, text, new)
    }

    fn project_note<'t>(
        &'t self,
        rows: &mut Rows<'t>,
        state: &EntityState,
        text: &str,
        new: bool,
    ) -> Result<(), StoreError> {
        let title = crate::apply::title_or(state, text);
        let excerpt = markdown::excerpt(text, &title, EXCERPT);
        rows.note.get(self)?.execute((
            state.id.as_bytes(),
            life(state),
            title,
            excerpt,
            id_value(state, LIST),
            state.value(PINNED).is_true(),
            state.created.0.shown_ms(),
            state.edited.0.shown_ms(),
        ))?;
        self.project_tags(state, new)?;
        self.project_links(state, text, new)
    }

    fn project_list(&self, state: &EntityState, space: Space) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO lists (id, life, title, parent, sort, color, archived, space)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (id) DO UPDATE SET life = excluded.life, title = excluded.title,
                    parent = excluded.parent, sort = excluded.sort, color = excluded.color,
                    archived = excluded.archived, space = excluded.space",
            )?
            .execute((
                state.id.as_bytes(),
                life(state),
                state.text(TITLE),
                id_value(state, PARENT),
                state.text(ORDER),
                text_value(state, COLOR),
                state.value(ARCHIVED).is_true(),
                space.as_str(),
            ))?;
        Ok(())
    }

    /// Rewrites the tags of an item.
    fn project_tags(&self, state: &EntityState, new: bool) -> Result<(), StoreError> {
        let Some(set) = state.sets.get(TAGS) else { return Ok(()) };
        if !new {
            self.sql
                .prepare_cached("DELETE FROM item_tags WHERE item = ?1")?
                .execute([state.id.as_bytes()])?;
        }
        for target in set.iter().filter_map(Value::as_str) {
            // A value of a newer app that is no id is not shown, and stays in the state.
            if let Ok(target) = target.parse::<EntityId>() {
                self.sql
                    .prepare_cached(
                        "INSERT INTO item_tags (item, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    )?
                    .execute((state.id.as_bytes(), target.as_bytes()))?;
            }
        }
        Ok(())
    }

    /// Finds the circles that moves have closed, and the ones that are open again. Cost: the depth of
    /// the moved entities and of those that gave way before.
    pub(crate) fn break_circles(
        &self,
        moved: &BTreeSet<EntityId>,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        let before: BTreeSet<EntityId> = {
            let mut statement = self.sql.prepare_cached("SELECT entity FROM cut_moves")?;
            let rows = statement.query_map([], |row| crate::columns::entity_at(row, 0))?;
            rows.collect::<Result<_, _>>()?
        };
        let mut places: BTreeMap<EntityId, Place> = BTreeMap::new();
        for start in moved.union(&before) {
            let mut at = Some(*start);
            while let Some(id) = at
                && !places.contains_key(&id)
            {
                let Some((state, _)) = self.entity(id)? else { break };
                let Some(shown) = state.register(PARENT).and_then(|r| r.shown()) else { break };
                let parent = shown.value.as_str().and_then(|text| text.parse().ok());
                places.insert(id, Place { parent, written: (shown.time, shown.dot) });
                at = parent;
            }
        }
        let now = cut(&places);
        for healed in before.difference(&now) {
            self.sql.execute("DELETE FROM cut_moves WHERE entity = ?1", [healed.as_bytes()])?;
            self.list_circle(*healed, false, policies)?;
        }
        for broken in &now {
            self.sql.execute(
                "INSERT INTO cut_moves (entity) VALUES (?1) ON CONFLICT DO NOTHING",
                [broken.as_bytes()],
            )?;
            self.list_circle(*broken, true, policies)?;
        }
        Ok(())
    }

    fn list_circle(&self, id: EntityId, cut: bool, policies: &Policies) -> Result<(), StoreError> {
        let Some((state, _)) = self.entity(id)? else { return Ok(()) };
        let disputed = state.register(PARENT).is_some_and(holdfast_model::Register::is_disputed);
        let conflict_id = conflict::id(id, PARENT);
        if cut && state.is_alive() && policies.of_field(&state.kind, PARENT) == Policy::Ask {
            self.list_conflict(conflict_id, id, ConflictKind::Move, PARENT, "open", &[])
        } else if disputed {
            Ok(())
        } else {
            self.unlist_conflict(conflict_id)
        }
    }
}
