//! Taking in the state of an entity that somebody else tells of, where the changes behind it are not all
//! here.
//!
//! What is told is no proof: it may say that others wrote what they never wrote, and leave out what they
//! did. So nothing that is known here goes by it, save where something that is not known here took its
//! place; see [`crate::Register::merge`] for what is told truly.

use crate::EntityState;
use crate::change::Dot;

impl EntityState {
    /// Every change that the state names as one that made it what it is.
    pub fn named(&self) -> impl Iterator<Item = Dot> + '_ {
        let fields = self.registers.values().flat_map(|register| register.writers());
        let elements = self.sets.values().flat_map(|set| set.additions());
        self.life.writers().chain(fields).chain(elements).chain([self.created.1, self.edited.1])
    }

    /// [`EntityState::merge`] with a state that is told. `here` are the changes of which this state is
    /// made, `closed` those of them that were applied in order, `there` those of which the other side says
    /// that its state is made.
    #[must_use]
    pub fn merge_told(
        &self,
        here: &dyn Fn(Dot) -> bool,
        closed: &dyn Fn(Dot) -> bool,
        told: &Self,
        there: &dyn Fn(Dot) -> bool,
    ) -> Self {
        let mut merged = self.merge(here, told, there);
        if merged.created != self.created && here(merged.created.1) {
            // Had that change made it, it would be known here.
            merged.created = self.created;
            merged.kind.clone_from(&self.kind);
        }
        merged.life.keep_unreplaced(&self.life, &told.life, closed);
        for (field, before) in &self.registers {
            let none = crate::Register::default();
            let told = told.registers.get(field).unwrap_or(&none);
            if let Some(register) = merged.registers.get_mut(field) {
                register.keep_unreplaced(before, told, closed);
            }
        }
        merged
    }

    /// What of a state that is told is news, where nothing is known here of the entity although all of
    /// `here` is: nothing that those changes would have written. None where that is nothing at all.
    pub fn only_news(
        &self,
        here: &dyn Fn(Dot) -> bool,
        there: &dyn Fn(Dot) -> bool,
    ) -> Option<Self> {
        let blank = Self::new(self.id, &self.kind, self.created.0, self.created.1);
        let news = blank.merge(here, self, there);
        let empty = news.life.live().is_empty()
            && news.registers.values().all(|register| register.live().is_empty())
            && news.sets.values().all(crate::OrSet::is_empty);
        (!empty).then_some(news)
    }
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
