//! Copies of an item that ask for a decision: edited in one space after it was moved to another, moved
//! to two spaces at once, or added to a list that travels in another way by now.

use crate::{StoreError, Tx, columns};
use holdfast_model::conflict::{self, ConflictKind};
use holdfast_model::fields::{LIST, SPACE};
use holdfast_model::{EntityId, EntityState, Kind, Standing};
use holdfast_oplog::Space;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Why the way in which an item travels has to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    /// Another space holds a version of it that says something else.
    Version(Space),
    /// It is in a list that lives in another space.
    Apart {
        /// The list.
        list: EntityId,
        /// Where the list lives.
        space: Space,
    },
}

impl Tx<'_> {
    /// What has to be decided about how an item travels. A function of the states that are held.
    pub fn strays(&self, id: EntityId) -> Result<Vec<Stray>, StoreError> {
        let Some((state, home)) = self.entity(id)? else { return Ok(Vec::new()) };
        let kind = Kind::parse(&state.kind);
        if !state.is_alive() || !matches!(kind, Some(Kind::Task | Kind::Note | Kind::List)) {
            return Ok(Vec::new());
        }
        let mut strays = Vec::new();
        for (copy, space) in self.copies(id)? {
            if stands(&copy) && !self.says_the_same(&state, home, &copy, space)? {
                strays.push(Stray::Version(space));
            }
        }
        let list: Option<EntityId> = state.text(LIST).parse().ok();
        if strays.is_empty()
            && let Some(list) = list
            && let Some((list_state, space)) = self.entity(list)?
            && list_state.is_alive()
            && space != home
        {
            strays.push(Stray::Apart { list, space });
        }
        Ok(strays)
    }

    /// Whether a person sees the same in two copies of an entity.
    pub(crate) fn says_the_same(
        &self,
        one: &EntityState,
        space: Space,
        other: &EntityState,
        other_space: Space,
    ) -> Result<bool, StoreError> {
        Ok(one.same_content(other)
            && self.plain_in(one.id, space)? == self.plain_in(other.id, other_space)?)
    }

    /// Other copies of an entity that say the same as the one that is shown: what happens to that one
    /// is meant for them too.
    pub fn twins(&self, id: EntityId) -> Result<Vec<(EntityState, Space)>, StoreError> {
        let copies = self.copies(id)?;
        if copies.is_empty() {
            return Ok(copies);
        }
        let Some((state, home)) = self.entity(id)? else { return Ok(Vec::new()) };
        let mut twins = Vec::new();
        for (copy, space) in copies {
            if stands(&copy) && self.says_the_same(&state, home, &copy, space)? {
                twins.push((copy, space));
            }
        }
        Ok(twins)
    }

    /// Lists the question how an item travels, or takes it off the list.
    pub(crate) fn list_strays(&self, id: EntityId) -> Result<(), StoreError> {
        let conflict_id = conflict::id(id, SPACE);
        if self.strays(id)?.is_empty() {
            self.unlist_conflict(conflict_id)
        } else {
            self.list_conflict(conflict_id, id, ConflictKind::Space, SPACE, "open", &[])
        }
    }

    /// Tasks and notes that name a list as theirs, whether they live or not.
    pub(crate) fn items_of_list(&self, list: EntityId) -> Result<Vec<EntityId>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT id FROM tasks WHERE list = ?1 UNION SELECT id FROM notes WHERE list = ?1",
        )?;
        let rows = statement.query_map([list.as_bytes()], |row| columns::entity_at(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Where lists live, as far as it was asked in one transaction that moves none of them.
#[derive(Debug, Default)]
pub(crate) struct ListSpaces(BTreeMap<EntityId, Option<Space>>);

impl ListSpaces {
    /// Whether an item without copies is in a list that lives in another space.
    pub(crate) fn is_apart(
        &mut self,
        tx: &Tx<'_>,
        item: &EntityState,
        home: Space,
    ) -> Result<bool, StoreError> {
        let Ok(list) = item.text(LIST).parse::<EntityId>() else { return Ok(false) };
        let space = match self.0.entry(list) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let found = tx.entity(list)?;
                *new.insert(found.filter(|(list, _)| list.is_alive()).map(|(_, space)| space))
            }
        };
        Ok(space.is_some_and(|space| space != home))
    }
}

/// Whether a copy that is not shown still says something.
fn stands(copy: &EntityState) -> bool {
    matches!(copy.standing(), Standing::Alive | Standing::Contested | Standing::Deleted)
}
