//! Which change the last one of each log is.
//!
//! Two branches of one length look alike in a version vector, and whoever compares only these never asks for
//! the other. So whoever says how far it holds each log says with it which change that is.
//!
//! Invariant: a log of which a device says that it holds another change than the one of that number here
//! counts neither as held there nor as compared.

use crate::{StoreError, Tx};
use holdfast_oplog::{Hash, LogId, Space, VersionVector};
use serde::{Deserialize, Serialize};

/// Bytes of a hash that are told.
const TOLD: usize = 16;

/// The beginnings of the hashes of the last changes that a version vector names, in its order; zeros where
/// whoever says so does not know. Without any nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Heads(#[serde(with = "serde_bytes")] Vec<u8>);

impl Heads {
    /// Whether nothing is said.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is said of each log of the version vector that it belongs to; nothing where it belongs to another.
    fn of<'a>(
        &'a self,
        holds: &'a VersionVector,
    ) -> impl Iterator<Item = (LogId, u64, &'a [u8])> + 'a {
        let fits = self.0.len() == holds.logs().saturating_mul(TOLD);
        let told = self.0.chunks_exact(TOLD).filter(move |_| fits);
        let told = holds.iter().zip(told).map(|((log, seq), hash)| (log, seq, hash));
        told.filter(|(_, _, hash)| hash.iter().any(|byte| *byte != 0))
    }
}

impl Tx<'_> {
    /// For each log of the given spaces its last number and hash.
    pub fn heads(&self, spaces: &[Space]) -> Result<Vec<(LogId, u64, Hash)>, StoreError> {
        let mut heads = Vec::new();
        for (log, seq) in self.held()?.within(spaces).iter() {
            heads.extend(self.hash_outside(log, seq)?.map(|hash| (log, seq, hash)));
        }
        Ok(heads)
    }

    /// The hash of a change by its number as others count it.
    fn hash_outside(&self, log: LogId, seq: u64) -> Result<Option<Hash>, StoreError> {
        let after = self.branch_of(log)?.map_or(0, |of| of.after);
        self.hash_of(log, after.saturating_add(seq))
    }

    /// What is to be said beside a version vector of changes that are held here. Cost: one look for each log.
    pub fn heads_of(&self, holds: &VersionVector) -> Result<Heads, StoreError> {
        let mut told = Vec::with_capacity(holds.logs().saturating_mul(TOLD));
        for (log, seq) in holds.iter() {
            let hash = self.hash_outside(log, seq)?.unwrap_or(Hash::ZERO);
            told.extend(hash.0.into_iter().take(TOLD));
        }
        Ok(Heads(told))
    }

    /// The logs of which somebody holds another change than the one of that number here, under any name, and
    /// how far that one's goes. Nothing of logs that are not held that far here, or were pruned there.
    pub fn parted_from(
        &self,
        holds: &VersionVector,
        heads: &Heads,
    ) -> Result<Vec<(LogId, u64)>, StoreError> {
        let mut parted = Vec::new();
        if heads.is_empty() {
            return Ok(parted);
        }
        let branches = self.branches()?;
        for (log, seq, told) in heads.of(holds) {
            let branch = branches.iter().find(|branch| branch.log == log);
            let after = branch.map_or(0, |branch| branch.first.saturating_sub(1));
            let author = branch.map_or(log.actor, |branch| branch.actor);
            let of_author = branches.iter().filter(|b| b.actor == author);
            let names = of_author.map(|branch| branch.log).filter(|name| name.space == log.space);
            let (mut same, mut other) = (false, false);
            for name in std::iter::once(log).chain(names) {
                if let Some(hash) = self.hash_of(name, after.saturating_add(seq))? {
                    same |= hash.0.starts_with(told);
                    other = true;
                }
            }
            if other && !same {
                parted.push((log, seq));
            }
        }
        Ok(parted)
    }

    /// What somebody holds of what is held here: without logs of which it holds another change.
    pub fn held_alike(
        &self,
        holds: &VersionVector,
        heads: &Heads,
    ) -> Result<VersionVector, StoreError> {
        let parted = self.parted_from(holds, heads)?;
        let is_parted = |log: LogId| parted.iter().any(|(of, _)| *of == log);
        Ok(holds.iter().filter(|(log, _)| !is_parted(*log)).collect())
    }

    /// Whether the change of a log before `first`, as others count it, is held here under any name.
    pub fn goes_on_here(&self, log: LogId, first: u64, before: Hash) -> Result<bool, StoreError> {
        let branch = self.branch_of(log)?;
        let after = branch.as_ref().map_or(0, |of| of.after);
        let author = branch.map_or(log, |of| LogId { actor: of.author, ..log });
        let seq = after.saturating_add(first).saturating_sub(1);
        Ok(self.holder(author, seq, before)?.is_some())
    }
}

#[cfg(test)]
#[path = "heads_tests.rs"]
mod tests;
