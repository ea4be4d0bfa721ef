//! What writes stand for: one of this device that takes another back stands for what that one replaced.

use crate::{StoreError, Tx};
use holdfast_model::change::{Again, Change, Edit, Write};
use holdfast_model::fields::LIFE;
use holdfast_model::{Dot, EntityId, Register, Value};
use holdfast_oplog::{ActorId, Space};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// An entity in one space.
pub(super) type Place = (EntityId, Space);

/// Reads what writes stand for. Cost: the changes that took each other back.
pub(super) struct Standing<'t, 's> {
    pub(super) tx: &'t Tx<'s>,
    own: BTreeSet<ActorId>,
    read: BTreeMap<(Space, Dot), Option<Rc<Change>>>,
}

/// The write of a field in an edit.
pub(super) fn write_of<'e>(edit: &'e Edit, field: &str) -> Option<&'e Write> {
    if field == LIFE { edit.life.as_ref() } else { edit.set.get(field) }
}

impl<'t, 's> Standing<'t, 's> {
    /// `actor` is this device's.
    pub(super) fn new(tx: &'t Tx<'s>, actor: ActorId) -> Result<Self, StoreError> {
        let own = tx.own_names(actor)?.into_iter().collect();
        Ok(Self { tx, own, read: BTreeMap::new() })
    }

    /// Whether changes under a name are this device's.
    pub(super) fn is_own(&self, actor: ActorId) -> bool {
        self.own.contains(&actor)
    }

    fn change(&mut self, space: Space, dot: Dot) -> Result<Option<Rc<Change>>, StoreError> {
        if let Some(known) = self.read.get(&(space, dot)) {
            return Ok(known.clone());
        }
        let change = self.tx.change(dot.in_space(space))?.map(Rc::new);
        self.read.insert((space, dot), change.clone());
        Ok(change)
    }

    /// The change that an edit of this device takes back, where it does: what it did to the same entity.
    fn taken_back(
        &mut self,
        place: Place,
        dot: Dot,
        concerns: impl Fn(&Edit) -> bool,
    ) -> Result<Option<Rc<Change>>, StoreError> {
        if !self.is_own(dot.actor) {
            return Ok(None);
        }
        let Some(change) = self.change(place.1, dot)? else { return Ok(None) };
        let mut edits = change.edits().filter(|edit| edit.entity == place.0 && concerns(edit));
        match edits.next().and_then(|edit| edit.takes_back) {
            Some(taken) => self.change(place.1, taken),
            None => Ok(None),
        }
    }

    /// The writes that some writes of a field stand for.
    pub(super) fn of_field(
        &mut self,
        place: Place,
        field: &str,
        dots: Vec<Dot>,
    ) -> Result<BTreeSet<Dot>, StoreError> {
        let (mut open, mut met, mut found) = (dots, BTreeSet::new(), BTreeSet::new());
        while let Some(dot) = open.pop() {
            if !met.insert(dot) {
                continue;
            }
            let taken = self.taken_back(place, dot, |edit| write_of(edit, field).is_some())?;
            let replaced = taken.as_ref().and_then(|taken| {
                let mut edits = taken.edits().filter(|edit| edit.entity == place.0);
                edits.find_map(|edit| write_of(edit, field)).map(|write| write.supersedes.clone())
            });
            match replaced {
                Some(replaced) => open.extend(replaced),
                None => _ = found.insert(dot),
            }
        }
        Ok(found)
    }

    /// The additions that some additions of an element stand for.
    pub(super) fn of_element(
        &mut self,
        place: Place,
        field: &str,
        value: &Value,
        dots: Vec<Dot>,
    ) -> Result<BTreeSet<Dot>, StoreError> {
        let has = |values: Option<&Vec<Value>>| values.is_some_and(|values| values.contains(value));
        let (mut open, mut met, mut found) = (dots, BTreeSet::new(), BTreeSet::new());
        while let Some(dot) = open.pop() {
            if !met.insert(dot) {
                continue;
            }
            let taken = self.taken_back(place, dot, |edit| has(edit.add.get(field)))?;
            let removed = taken.as_ref().and_then(|taken| {
                let edits = taken.edits().filter(|edit| edit.entity == place.0);
                let mut removals = edits.filter_map(|edit| edit.remove.get(field)).flatten();
                removals.find(|removal| removal.value == *value).map(|r| r.seen.clone())
            });
            match removed {
                Some(seen) => open.extend(seen),
                None => _ = found.insert(dot),
            }
        }
        Ok(found)
    }

    /// The versions that a write replaced, with their values, oldest first.
    pub(super) fn replaced(
        &mut self,
        place: Place,
        field: &str,
        supersedes: &[Dot],
    ) -> Result<Vec<Again>, StoreError> {
        let mut versions = Vec::new();
        let mut pruned = BTreeSet::new();
        if let Some(state) = self.tx.base_state(place.1, place.0)? {
            let live = state.register(field).map(Register::live).unwrap_or_default();
            for version in live.iter().filter(|version| supersedes.contains(&version.dot)) {
                pruned.insert(version.dot);
                let (value, origin) = (version.value.clone(), version.author());
                versions.push(Again { value, origin, time: version.time });
            }
        }
        for dot in supersedes.iter().filter(|dot| !pruned.contains(dot)) {
            let Some(change) = self.change(place.1, *dot)? else { continue };
            for edit in change.edits().filter(|edit| edit.entity == place.0) {
                let Some(write) = write_of(edit, field) else { continue };
                if write.again.is_empty() {
                    let (value, time) = (write.value.clone(), change.time);
                    versions.push(Again { value, origin: *dot, time });
                } else {
                    versions.extend(write.again.iter().cloned());
                }
            }
        }
        versions.sort_by_key(|again| (again.time, again.origin));
        Ok(versions)
    }
}
