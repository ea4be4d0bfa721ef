//! Sets of small numbers: places of devices, places of records.

/// A set. Grows with what is put into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Puts a number in. Whether it was not there.
    pub(super) fn insert(&mut self, number: usize) -> bool {
        let (word, bit) = (number / 64, 1_u64 << (number % 64));
        if self.0.len() <= word {
            self.0.resize(word.saturating_add(1), 0);
        }
        let Some(word) = self.0.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Whether a number is there.
    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1_u64 << (number % 64)) != 0)
    }

    /// Puts all of another set in.
    pub(super) fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (here, there) in self.0.iter_mut().zip(&other.0) {
            *here |= there;
        }
    }

    /// What both have.
    pub(super) fn meet(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(here, there)| here & there).collect())
    }

    /// Whether it has something that is not in another set.
    pub(super) fn has_beside(&self, other: &Self) -> bool {
        let there = other.0.iter().copied().chain(std::iter::repeat(0));
        self.0.iter().zip(there).any(|(here, there)| here & !there != 0)
    }

    /// Whether both have something.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(here, there)| here & there != 0)
    }

    /// The numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0_usize..).zip(&self.0).flat_map(|(at, word)| {
            let first = at.saturating_mul(64);
            (0..64_usize).filter(move |bit| word & (1_u64 << bit) != 0).map(move |bit| first + bit)
        })
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<T: IntoIterator<Item = usize>>(numbers: T) -> Self {
        let mut bits = Self::default();
        for number in numbers {
            bits.insert(number);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it() {
        let mut some: Bits = [3, 64, 200].into_iter().collect();
        assert!(some.has(3) && some.has(64) && some.has(200) && !some.has(4) && !some.has(9000));
        assert!(!some.insert(64) && some.insert(65));
        assert_eq!(some.iter().collect::<Vec<_>>(), [3, 64, 65, 200]);
        let few: Bits = [3].into_iter().collect();
        assert!(some.has_beside(&few) && !few.has_beside(&some) && few.meets(&some));
        let mut both = few.clone();
        both.join(&some);
        assert_eq!(both, some);
        assert!(!Bits::default().meets(&some));
        assert_eq!(few.meet(&some), few);
    }
}
