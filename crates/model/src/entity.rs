//! The merged state of one entity, and the edits that a person makes on it.
//!
//! Deletion: `life` is a register that every edit of content writes with `alive` and a deletion with
//! `deleted`. Concurrent edits agree (same value); a deletion that had not seen an edit meets it there
//! as two different values, which is a dispute like any other; the entity stays until it is decided.

use crate::change::{Again, Dot, Edit, Removal, TextEdit, Write};
use crate::fields::{LIFE, ORDER, REVIEWED};
use crate::{EntityId, Hlc, OrSet, Policies, Policy, Register, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Value of the life register: in use.
pub const ALIVE: &str = "alive";
/// Value of the life register: in the trash.
pub const DELETED: &str = "deleted";
/// Value of the life register: gone from the trash; only the tombstone is left.
pub const PURGED: &str = "purged";
/// Value of the life register in a space that the entity was moved out of: gone here as well.
pub const WITHDRAWN: &str = "withdrawn";
/// Value of the life register in a space that the entity was moved out of: devices that hold nothing
/// but this copy go on showing it.
pub const LEFT: &str = "left";

/// What a write replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Everything that stands now.
    All,
    /// Exactly these versions.
    Versions(Vec<Dot>),
}

/// The merged state of one entity.
///
/// Invariant: a function of the set of applied changes alone, whatever their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityState {
    /// The entity.
    pub id: EntityId,
    /// What it is.
    pub kind: String,
    /// The earliest edit, by hybrid time and then by dot.
    pub created: (Hlc, Dot),
    /// The latest edit of content, by hybrid time and then by dot.
    pub edited: (Hlc, Dot),
    /// Whether it lives.
    pub life: Register,
    /// Fields with one value.
    pub registers: BTreeMap<String, Register>,
    /// Sets.
    pub sets: BTreeMap<String, OrSet>,
}

impl EntityState {
    /// The state before the first edit.
    pub fn new(id: EntityId, kind: &str, time: Hlc, dot: Dot) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            created: (time, dot),
            edited: (time, dot),
            life: Register::default(),
            registers: BTreeMap::new(),
            sets: BTreeMap::new(),
        }
    }

    /// Applies everything but the texts, which the store keeps apart.
    pub fn apply(&mut self, edit: &Edit, dot: Dot, time: Hlc) {
        let made = edit.kept.as_ref().map_or(time, |kept| kept.created.min(time));
        self.created = self.created.min((made, dot));
        if self.created == (made, dot) {
            // Devices that made the same entity apart agree on its kind by the earliest edit.
            self.kind.clone_from(&edit.kind);
        }
        if let Some(life) = &edit.life {
            self.life.apply(dot, time, life);
            let edited = edit.kept.as_ref().map_or(time, |kept| kept.edited.min(time));
            self.edited = if self.edited == (time, dot) {
                // Nothing but this very change was applied.
                (edited, dot)
            } else {
                self.edited.max((edited, dot))
            };
        }
        for (field, write) in &edit.set {
            self.registers.entry(field.clone()).or_default().apply(dot, time, write);
        }
        for (field, removals) in &edit.remove {
            let set = self.sets.entry(field.clone()).or_default();
            for removal in removals {
                set.remove(removal);
            }
        }
        for (field, values) in &edit.add {
            let set = self.sets.entry(field.clone()).or_default();
            for value in values {
                set.add(dot, value);
            }
        }
    }

    /// The state after the changes of two sets, each of which holds with a change everything that it
    /// depends on; `here` and `there` tell which changes they hold. The same as applying all of them.
    #[must_use]
    pub fn merge(
        &self,
        here: &dyn Fn(Dot) -> bool,
        other: &Self,
        there: &dyn Fn(Dot) -> bool,
    ) -> Self {
        let mut merged = if other.created < self.created { other.clone() } else { self.clone() };
        merged.edited = self.edited.max(other.edited);
        merged.life = self.life.merge(here, &other.life, there);
        let fields = self.registers.keys().chain(other.registers.keys());
        let none = Register::default();
        merged.registers = fields
            .map(|field| {
                let mine = self.registers.get(field).unwrap_or(&none);
                let theirs = other.registers.get(field).unwrap_or(&none);
                (field.clone(), mine.merge(here, theirs, there))
            })
            .collect();
        let fields = self.sets.keys().chain(other.sets.keys());
        let none = OrSet::default();
        merged.sets = fields
            .map(|field| {
                let mine = self.sets.get(field).unwrap_or(&none);
                let theirs = other.sets.get(field).unwrap_or(&none);
                (field.clone(), mine.merge(here, theirs, there))
            })
            .collect();
        merged
    }

    /// The register of a field, if it was ever written.
    pub fn register(&self, field: &str) -> Option<&Register> {
        if field == LIFE { Some(&self.life) } else { self.registers.get(field) }
    }
    /// The shown value of a field.
    pub fn value(&self, field: &str) -> &Value {
        self.register(field).map_or(&Value::Null, Register::value)
    }
    /// The shown value of a field as text; empty when there is none.
    pub fn text(&self, field: &str) -> &str {
        self.value(field).as_str().unwrap_or_default()
    }
    /// The elements of a set.
    pub fn elements(&self, field: &str) -> Vec<&Value> {
        self.sets.get(field).map(|set| set.iter().collect()).unwrap_or_default()
    }

    /// Whether it is in use. While its deletion is disputed it is, and while a newer app says something
    /// of it that this one does not know: what is not understood is never hidden.
    pub fn is_alive(&self) -> bool {
        self.life.live().is_empty()
            || self.lives(ALIVE)
            || (self.lives(LEFT) && !self.lives(DELETED) && !self.lives(PURGED))
            || self.is_beyond()
    }
    /// Whether a newer app says something of its life that this one does not know.
    fn is_beyond(&self) -> bool {
        let known = [ALIVE, DELETED, PURGED, LEFT, WITHDRAWN];
        let mut live = self.life.live().iter();
        live.any(|version| version.value.as_str().is_none_or(|value| !known.contains(&value)))
    }
    /// Whether a value stands in the life register, alone or beside others.
    pub(crate) fn lives(&self, value: &str) -> bool {
        self.life.live().iter().any(|version| version.value.as_str() == Some(value))
    }
    /// Whether it is in the trash.
    pub fn is_trashed(&self) -> bool {
        !self.is_alive() && self.lives(DELETED)
    }

    /// Whether any field has several values, whatever the policies say of it.
    pub fn is_disputed(&self) -> bool {
        self.life.is_disputed() || self.registers.values().any(Register::is_disputed)
    }

    /// The fields that a person has to decide under these policies; `life` among them.
    pub fn disputes(&self, policies: &Policies) -> Vec<&str> {
        let asked = |field: &str| policies.of_field(&self.kind, field) == Policy::Ask;
        let mut fields: Vec<&str> = self
            .registers
            .iter()
            .filter(|(field, register)| register.is_disputed() && asked(field))
            .map(|(field, _)| field.as_str())
            .collect();
        // Moved away and edited apart is asked where both copies are: see `crate::copying`.
        // Deleting for good gives way to whoever restored or edited the item apart from it.
        let lives = self.life.live().iter().map(|version| &version.value);
        let mut here = lives
            .filter(|value| !crate::copying::is_moved(value) && value.as_str() != Some(PURGED));
        if here.next().is_some_and(|first| here.any(|value| value != first)) && self.is_alive() {
            fields.push(LIFE);
        }
        fields
    }

    /// What it is once an edit has taken effect that is not written yet: as shown, without its texts.
    #[must_use]
    pub fn after(&self, edit: &Edit) -> Self {
        let dot = Dot { actor: holdfast_oplog::ActorId([u8::MAX; 16]), seq: u64::MAX };
        let mut after = self.clone();
        after.apply(edit, dot, Hlc::new(i64::MAX, u32::MAX));
        after
    }

    /// Starts an edit of this entity.
    pub fn draft(&self) -> Draft<'_> {
        Draft { state: Some(self), edit: blank(self.id, &self.kind), content: false }
    }
}

const fn blank_map<K, V>() -> BTreeMap<K, V> {
    BTreeMap::new()
}

fn blank(entity: EntityId, kind: &str) -> Edit {
    Edit {
        entity,
        kind: kind.to_owned(),
        life: None,
        set: blank_map(),
        add: blank_map(),
        remove: blank_map(),
        text: blank_map(),
        kept: None,
        takes_back: None,
    }
}

/// An edit in the making. Knows the state that the person saw, so that each write names exactly what
/// it replaces.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    state: Option<&'a EntityState>,
    edit: Edit,
    content: bool,
}

impl Draft<'_> {
    /// Starts a new entity.
    pub fn new(id: EntityId, kind: &str) -> Self {
        Self { state: None, edit: blank(id, kind), content: true }
    }

    /// Writes a field. A settled field that holds the value already is left alone.
    pub fn set(&mut self, field: &str, value: impl Into<Value>, seen: &Seen) -> &mut Self {
        let value = value.into();
        let register = self.state.and_then(|state| state.registers.get(field));
        let settled = register.is_none_or(|register| !register.is_disputed());
        let same = register.map_or(&Value::Null, Register::value) == &value;
        if settled && same && *seen == Seen::All {
            return self;
        }
        let supersedes = match seen {
            Seen::All => register.map(Register::dots).unwrap_or_default(),
            Seen::Versions(dots) => dots.clone(),
        };
        self.edit.set.insert(field.to_owned(), Write::new(value, supersedes));
        self.content |= field != ORDER;
        self
    }

    /// What the edit writes into a field so far.
    pub fn written(&self, field: &str) -> Option<&Value> {
        self.edit.set.get(field).map(|write| &write.value)
    }

    /// Puts an element into a set.
    pub fn add(&mut self, field: &str, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        let known = self.state.and_then(|s| s.sets.get(field)).is_some_and(|s| s.contains(&value));
        if !known {
            self.edit.add.entry(field.to_owned()).or_default().push(value);
            self.content |= field != REVIEWED;
        }
        self
    }

    /// Puts an element into a set once more, although others may have put it there: it stays then when
    /// they take theirs out.
    pub fn add_anew(&mut self, field: &str, value: impl Into<Value>) -> &mut Self {
        self.edit.add.entry(field.to_owned()).or_default().push(value.into());
        self.content |= field != REVIEWED;
        self
    }

    /// Takes an element out of a set.
    pub fn remove(&mut self, field: &str, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        let seen =
            self.state.and_then(|s| s.sets.get(field)).map(|s| s.seen(&value)).unwrap_or_default();
        if !seen.is_empty() {
            self.edit.remove.entry(field.to_owned()).or_default().push(Removal { value, seen });
            self.content |= field != REVIEWED;
        }
        self
    }

    /// Takes out exactly these additions of an element: others of the same element stay.
    pub fn remove_additions(&mut self, field: &str, value: Value, seen: Vec<Dot>) -> &mut Self {
        if !seen.is_empty() {
            self.edit.remove.entry(field.to_owned()).or_default().push(Removal { value, seen });
            self.content |= field != REVIEWED;
        }
        self
    }

    /// Says that the edit takes back what a change did to this entity.
    pub fn takes_back(&mut self, change: Dot) -> &mut Self {
        self.edit.takes_back = Some(change);
        self
    }

    /// Edits a text.
    pub fn text(&mut self, field: &str, update: Vec<u8>) -> &mut Self {
        self.edit.text.insert(field.to_owned(), TextEdit { update, copied: None });
        self.content = true;
        self
    }

    /// Takes a decision on a register back: the versions stand beside each other again.
    pub fn again(&mut self, field: &str, versions: Vec<Again>) -> &mut Self {
        let supersedes = self
            .state
            .and_then(|state| state.register(field))
            .map(Register::dots)
            .unwrap_or_default();
        let write = Write { value: Value::Null, supersedes, again: versions };
        if field == LIFE {
            self.edit.life = Some(write);
        } else {
            self.edit.set.insert(field.to_owned(), write);
            self.content = true;
        }
        self
    }

    /// Writes the life register: [`ALIVE`], [`DELETED`] or [`PURGED`].
    pub fn life(&mut self, value: &str, seen: &Seen) -> &mut Self {
        let supersedes = match seen {
            Seen::All => self.state.map(|state| state.life.dots()).unwrap_or_default(),
            Seen::Versions(dots) => dots.clone(),
        };
        self.edit.life = Some(Write::new(value, supersedes));
        self
    }

    /// The edit, or `None` when nothing would change.
    pub fn finish(mut self) -> Option<Edit> {
        let edit = &self.edit;
        let empty = edit.life.is_none()
            && edit.set.is_empty()
            && edit.add.is_empty()
            && edit.remove.is_empty()
            && edit.text.is_empty();
        if empty && self.state.is_some() {
            return None;
        }
        if self.edit.life.is_none() && self.content {
            self.edit.life = Some(match self.state {
                None => Write::new(ALIVE, Vec::new()),
                // An edit says that what it edits is as alive as it was: it never decides a disputed
                // deletion by the way.
                Some(state) => {
                    let value = if state.lives(ALIVE) || (state.is_alive() && !state.is_beyond()) {
                        ALIVE.into()
                    } else if state.is_trashed() {
                        DELETED.into()
                    } else {
                        state.life.value().clone()
                    };
                    let supersedes = state.life.dots_of_only(&value);
                    Write::new(value, supersedes)
                }
            });
        }
        Some(self.edit)
    }
}

#[cfg(test)]
#[path = "entity_tests.rs"]
mod tests;
