//! An entity in several spaces: which of its copies is shown, and how it is written anew elsewhere.
//!
//! Each space has a state of its own for an entity, made of that space's changes alone. Which one a
//! device shows depends on the states that it holds and on nothing else.

use crate::change::{Again, Edit, Kept, Write};
use crate::entity::{ALIVE, DELETED, EntityState, LEFT, PURGED, WITHDRAWN};
use crate::fields::{LIFE, ORDER, REVIEWED};
use crate::{Register, Removal, Value};
use holdfast_oplog::Space;
use std::collections::BTreeMap;

/// What becomes of the copies that others hold in the space that an entity is moved out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Moved {
    /// They stay: a device that holds no other copy goes on showing it.
    #[default]
    Left,
    /// They go.
    Withdrawn,
}

impl Moved {
    /// The value of the life register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => LEFT,
            Self::Withdrawn => WITHDRAWN,
        }
    }
}

/// Whether a value of the life register says that the entity was moved away.
pub fn is_moved(value: &Value) -> bool {
    matches!(value.as_str(), Some(LEFT | WITHDRAWN))
}

/// How a copy stands: of several, the lowest is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// In use.
    Alive,
    /// Moved away, and edited by someone who did not know.
    Contested,
    /// In the trash.
    Deleted,
    /// Gone from the trash.
    Purged,
    /// Moved away, with the copies of others left to them.
    Left,
    /// Moved away.
    Withdrawn,
}

/// What orders the copies of an entity: the first is shown. Of equals the narrower, because whoever
/// holds it was meant to see it, and because an edit must not travel further than it has to.
pub fn precedence(state: &EntityState, space: Space) -> (Standing, std::cmp::Reverse<Space>) {
    (state.standing(), std::cmp::Reverse(space))
}

impl EntityState {
    /// How this copy stands.
    pub fn standing(&self) -> Standing {
        let live = self.life.live();
        let moved = live.iter().any(|version| is_moved(&version.value));
        let other = live.is_empty() || live.iter().any(|version| !is_moved(&version.value));
        if moved && !other {
            return if self.lives(LEFT) { Standing::Left } else { Standing::Withdrawn };
        }
        if live.is_empty() || self.lives(ALIVE) {
            if moved { Standing::Contested } else { Standing::Alive }
        } else if self.lives(DELETED) {
            Standing::Deleted
        } else {
            Standing::Purged
        }
    }

    /// Whether this copy says nothing but that it was moved away.
    pub fn is_moved_away(&self) -> bool {
        matches!(self.standing(), Standing::Left | Standing::Withdrawn)
    }

    /// Whether a person sees the same in both copies; texts are compared elsewhere. Places among
    /// siblings do not count.
    pub fn same_content(&self, other: &Self) -> bool {
        fn values(state: &EntityState, field: &str) -> Vec<Value> {
            let found = state.registers.get(field).map(Register::distinct).unwrap_or_default();
            let mut values: Vec<Value> = found.into_iter().map(|v| v.value.clone()).collect();
            values.retain(|value| !value.is_null());
            values.sort();
            values
        }
        let fields = self.registers.keys().chain(other.registers.keys());
        let sets = self.sets.keys().chain(other.sets.keys());
        self.is_alive() == other.is_alive()
            && fields
                .filter(|field| *field != ORDER)
                .all(|field| values(self, field) == values(other, field))
            && sets
                .filter(|set| *set != REVIEWED)
                .all(|set| self.elements(set) == other.elements(set))
    }

    /// The edit that makes the copy in the receiving space say what this one says: disputes stay
    /// disputes, and values keep the time at which they were first written. `to` is the copy that is
    /// there already; `with` is an edit of this state that happens on the way; values for which `keep`
    /// is false are left out. Texts are written elsewhere.
    pub fn written_anew(
        &self,
        to: Option<&Self>,
        with: Option<&Edit>,
        keep: &dyn Fn(&str, &Value) -> bool,
    ) -> Edit {
        let mut edit = Edit {
            entity: self.id,
            kind: self.kind.clone(),
            life: None,
            set: BTreeMap::new(),
            add: BTreeMap::new(),
            remove: BTreeMap::new(),
            text: BTreeMap::new(),
            kept: Some(self.kept()),
            takes_back: None,
        };
        let there = |field: &str| to.and_then(|to| to.register(field));
        for (field, register) in &self.registers {
            let new = with.and_then(|with| with.set.get(field));
            let versions: Vec<Again> = match new {
                Some(_) => Vec::new(),
                None => versions(register, |value| value.is_null() || keep(field, value)),
            };
            let value = new.map_or(&Value::Null, |write| &write.value);
            edit.set.extend(rewritten(there(field), versions, value).map(|w| (field.clone(), w)));
        }
        let fresh = with.into_iter().flat_map(|with| &with.set);
        for (field, write) in fresh.filter(|(field, _)| !self.registers.contains_key(*field)) {
            let write = rewritten(there(field), Vec::new(), &write.value);
            edit.set.extend(write.map(|write| (field.clone(), write)));
        }
        for field in to.into_iter().flat_map(|to| to.registers.keys()) {
            let known = self.registers.contains_key(field)
                || with.is_some_and(|with| with.set.contains_key(field));
            if !known {
                let write = rewritten(there(field), Vec::new(), &Value::Null);
                edit.set.extend(write.map(|write| (field.clone(), write)));
            }
        }
        self.sets_anew(to, with, keep, &mut edit);
        let alive = versions(&self.life, |value| !is_moved(value));
        let life = if self.is_alive() && alive.iter().all(|v| v.value.as_str() == Some(ALIVE)) {
            Some(Write::new(ALIVE, Vec::new()))
        } else if let [only] = alive.as_slice() {
            Some(Write::new(only.value.clone(), Vec::new()))
        } else {
            Some(Write { value: Value::Null, supersedes: Vec::new(), again: alive })
        };
        edit.life = life.map(|write| Write {
            supersedes: there(LIFE).map(Register::dots).unwrap_or_default(),
            ..write
        });
        edit
    }

    fn sets_anew(
        &self,
        to: Option<&Self>,
        with: Option<&Edit>,
        keep: &dyn Fn(&str, &Value) -> bool,
        edit: &mut Edit,
    ) {
        let mut wanted: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for field in self.sets.keys().filter(|field| *field != REVIEWED) {
            let mut values = self.elements(field);
            values.retain(|value| keep(field, value));
            wanted.insert(field, values);
        }
        for (field, removals) in with.into_iter().flat_map(|with| &with.remove) {
            let values = wanted.entry(field).or_default();
            values.retain(|value| removals.iter().all(|removal| removal.value != **value));
        }
        for (field, added) in with.into_iter().flat_map(|with| &with.add) {
            let values = wanted.entry(field).or_default();
            values.extend(added);
            values.sort();
            values.dedup();
        }
        for field in to.into_iter().flat_map(|to| to.sets.keys()) {
            if field != REVIEWED {
                wanted.entry(field).or_default();
            }
        }
        for (field, values) in wanted {
            let set = to.and_then(|to| to.sets.get(field));
            for value in &values {
                if !set.is_some_and(|set| set.contains(value)) {
                    edit.add.entry(field.to_owned()).or_default().push((*value).clone());
                }
            }
            for value in set.into_iter().flat_map(crate::OrSet::iter) {
                if !values.contains(&value) {
                    let seen = set.map(|set| set.seen(value)).unwrap_or_default();
                    let removal = Removal { value: value.clone(), seen };
                    edit.remove.entry(field.to_owned()).or_default().push(removal);
                }
            }
        }
    }

    /// The edit that says in this copy that the entity was moved away. Replaces what stands now.
    pub fn moved_away(&self, how: Moved) -> Edit {
        Edit {
            entity: self.id,
            kind: self.kind.clone(),
            life: Some(Write::new(how.as_str(), self.life.dots())),
            set: BTreeMap::new(),
            add: BTreeMap::new(),
            remove: BTreeMap::new(),
            text: BTreeMap::new(),
            kept: Some(self.kept()),
            takes_back: None,
        }
    }

    fn kept(&self) -> Kept {
        Kept { created: self.created.0, edited: self.edited.0, from: None, before: BTreeMap::new() }
    }

    /// Whether the entity is gone for good in this copy, so that nothing is left to move.
    pub fn is_purged(&self) -> bool {
        self.lives(PURGED) && !self.is_alive() && !self.is_trashed()
    }
}

impl Edit {
    /// Whether it goes on with the text of an entity and does nothing else: see [`Edit::only_text`].
    pub fn goes_on_with_text(&self) -> bool {
        let none = self.life.is_none() && self.set.is_empty() && self.kept.is_none();
        none && self.add.is_empty() && self.remove.is_empty() && !self.text.is_empty()
    }

    /// An edit of the same entity that goes on with its text: what does not fit into one change.
    pub fn only_text(&self, field: &str, text: crate::TextEdit) -> Self {
        Self {
            entity: self.entity,
            kind: self.kind.clone(),
            life: None,
            set: BTreeMap::new(),
            add: BTreeMap::new(),
            remove: BTreeMap::new(),
            text: [(field.to_owned(), text)].into(),
            kept: None,
            takes_back: None,
        }
    }
}

/// The distinct versions of a register, oldest first, each with the change that wrote it first.
fn versions(register: &Register, keep: impl Fn(&Value) -> bool) -> Vec<Again> {
    let mut versions: Vec<Again> = register
        .distinct()
        .into_iter()
        .filter(|version| keep(&version.value))
        .map(|version| Again {
            value: version.value.clone(),
            origin: version.author(),
            time: version.time,
        })
        .collect();
    versions.reverse();
    versions
}

/// The write that makes a register say this; `None` where it does already.
fn rewritten(there: Option<&Register>, again: Vec<Again>, value: &Value) -> Option<Write> {
    let settled = there.is_none_or(|register| !register.is_disputed());
    let wanted = match again.as_slice() {
        [] => Some(value),
        [only] => Some(&only.value),
        _ => None,
    };
    if settled && wanted == Some(there.map_or(&Value::Null, Register::value)) {
        return None;
    }
    let supersedes = there.map(Register::dots).unwrap_or_default();
    let value = if again.is_empty() { value.clone() } else { Value::Null };
    Some(Write { value, supersedes, again })
}

#[cfg(test)]
#[path = "copying_tests.rs"]
mod tests;
