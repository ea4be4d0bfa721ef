use crate::Value;
use crate::change::{Dot, Removal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A set in which an addition wins over a concurrent removal: a removal takes away only the additions
/// that its maker saw (observed-remove set, Shapiro et al. 2011).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OrSet {
    // A list of pairs, because the local encoding knows only text as map keys.
    elements: Vec<(Value, Vec<Dot>)>,
}

impl OrSet {
    /// Applies an addition.
    pub fn add(&mut self, dot: Dot, value: &Value) {
        match self.elements.binary_search_by(|(element, _)| element.cmp(value)) {
            Ok(at) => {
                if let Some((_, dots)) = self.elements.get_mut(at)
                    && !dots.contains(&dot)
                {
                    dots.push(dot);
                    dots.sort_unstable();
                }
            }
            Err(at) => self.elements.insert(at, (value.clone(), vec![dot])),
        }
    }

    /// Applies a removal.
    pub fn remove(&mut self, removal: &Removal) {
        if let Ok(at) = self.elements.binary_search_by(|(element, _)| element.cmp(&removal.value))
            && let Some((_, dots)) = self.elements.get_mut(at)
        {
            dots.retain(|dot| !removal.seen.contains(dot));
            if dots.is_empty() {
                self.elements.remove(at);
            }
        }
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Value> + '_ {
        self.elements.iter().map(|(value, _)| value)
    }

    /// Whether an element is in the set.
    pub fn contains(&self, value: &Value) -> bool {
        self.elements.binary_search_by(|(element, _)| element.cmp(value)).is_ok()
    }

    /// The additions of an element that a removal made now would name.
    pub fn seen(&self, value: &Value) -> Vec<Dot> {
        self.elements
            .binary_search_by(|(element, _)| element.cmp(value))
            .ok()
            .and_then(|at| self.elements.get(at))
            .map(|(_, dots)| dots.clone())
            .unwrap_or_default()
    }

    /// The additions of all elements.
    pub(crate) fn additions(&self) -> impl Iterator<Item = Dot> + '_ {
        self.elements.iter().flat_map(|(_, dots)| dots.iter().copied())
    }

    /// Elements with their additions, for comparing states.
    pub fn to_map(&self) -> BTreeMap<&Value, &[Dot]> {
        self.elements.iter().map(|(value, dots)| (value, dots.as_slice())).collect()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The set after the changes of two sets of changes; see [`crate::Register::merge`].
    #[must_use]
    pub fn merge(
        &self,
        here: &dyn Fn(Dot) -> bool,
        other: &Self,
        there: &dyn Fn(Dot) -> bool,
    ) -> Self {
        let mut merged = Self::default();
        for (value, dots) in &self.elements {
            let known = other.seen(value);
            for dot in dots.iter().filter(|dot| known.contains(dot) || !there(**dot)) {
                merged.add(*dot, value);
            }
        }
        for (value, dots) in &other.elements {
            for dot in dots.iter().filter(|dot| !here(**dot)) {
                merged.add(*dot, value);
            }
        }
        merged
    }
}
