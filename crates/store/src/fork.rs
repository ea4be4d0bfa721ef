//! Logs with two different changes of one number: a device's data was used twice (a cloned machine,
//! a backup that went unnoticed).
//!
//! Invariant: what a change is called here depends on the set of held changes alone. Where the
//! changes of a log part, each branch goes under a name of its own, which follows from the hash of
//! its first change; what they have in common keeps the actor's. A branch is held, applied, counted
//! and passed on like a log of its own, in the bytes in which it was written. Outside of the store
//! its numbers count from 1 like those of any log; inside, and in changes, they are its author's. Nothing is dropped,
//! nothing has to be written again, and nobody has to be there who wrote it.

use crate::log::Head;
use crate::{StoreError, Tx, columns};
use holdfast_model::text::branch_name;
use holdfast_oplog::{ActorId, BranchOf, Hash, LogId, Range, Space, VersionVector};
use rusqlite::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Branches of one author's log in one space that begin here unasked. Any honest device has a few at most;
/// with changed software it can sign as many as it likes.
const UNASKED: u64 = 64;
/// With those on which another device built, where that was seen here. Else what it wrote after them could
/// never be applied.
const CALLED_FOR: u64 = 1024;

/// A branch of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// The space, and the name under which the branch goes.
    pub log: LogId,
    /// Who wrote it: the actor that its changes name.
    pub actor: ActorId,
    /// The name of the log that it leaves.
    pub parent: ActorId,
    /// Its first number.
    pub first: u64,
    /// Whether it was written here.
    pub own: bool,
}

impl Tx<'_> {
    /// All branches; none as long as every device's data was used once.
    pub fn branches(&self) -> Result<Vec<Branch>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, name, actor, parent, first, own FROM branches ORDER BY space, name",
        )?;
        let mut rows = statement.query([])?;
        let mut branches = Vec::new();
        while let Some(row) = rows.next()? {
            branches.push(branch_at(row)?);
        }
        Ok(branches)
    }

    /// The spaces with a log that parts.
    pub fn parted_spaces(&self) -> Result<Vec<Space>, StoreError> {
        let mut spaces: Vec<Space> = self.branches()?.iter().map(|b| b.log.space).collect();
        spaces.sort_unstable();
        spaces.dedup();
        Ok(spaces)
    }

    /// A version vector of another device, without what it says of logs that part here: it may mean
    /// either branch.
    pub fn settled(&self, holds: &VersionVector) -> Result<VersionVector, StoreError> {
        let mut begun: BTreeMap<LogId, u64> = BTreeMap::new();
        let mut parted: BTreeMap<LogId, u64> = BTreeMap::new();
        for branch in self.branches()? {
            begun.insert(branch.log, branch.first);
            let parts = parted.entry(LogId { actor: branch.parent, ..branch.log });
            let first = parts.or_insert(branch.first);
            *first = branch.first.min(*first);
        }
        let part = |log: LogId| {
            let begun = begun.get(&log).copied().unwrap_or(1);
            parted.get(&log).map(|first| first.saturating_sub(begun))
        };
        Ok(holds
            .iter()
            .map(|(log, seq)| (log, part(log).map_or(seq, |end| seq.min(end))))
            .collect())
    }

    /// The log under whose name a change of an actor's log is held.
    pub(crate) fn holder(
        &self,
        log: LogId,
        seq: u64,
        hash: Hash,
    ) -> Result<Option<LogId>, StoreError> {
        if seq == 0 {
            return Ok((hash == Hash::ZERO).then_some(log));
        }
        let branches = self.branches()?;
        let names = branches
            .iter()
            .filter(|branch| branch.log.space == log.space && branch.actor == log.actor)
            .map(|branch| branch.log);
        for name in std::iter::once(log).chain(names) {
            if self.hash_of(name, seq)? == Some(hash) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// The log under whose name the change after `seq - 1` of `at` is held, if it is.
    pub(crate) fn next_of(
        &self,
        at: LogId,
        head: &Head,
        author: ActorId,
        seq: u64,
        hash: Hash,
    ) -> Result<Option<LogId>, StoreError> {
        if head.held >= seq {
            return Ok((self.hash_of(at, seq)? == Some(hash)).then_some(at));
        }
        let name = LogId { space: at.space, actor: branch_name(author, hash) };
        let mut statement = self.sql.prepare_cached(
            "SELECT 1 FROM branches WHERE space = ?1 AND name = ?2 AND parent = ?3",
        )?;
        let known = statement.exists((at.space.as_str(), name.actor.0, at.actor.0))?;
        Ok(known.then_some(name))
    }

    /// The branch of a log that comes first by name.
    pub(crate) fn first_branch(&self, log: LogId) -> Result<Option<Branch>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, name, actor, parent, first, own FROM branches
             WHERE space = ?1 AND parent = ?2 ORDER BY name LIMIT 1",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        rows.next()?.map(branch_at).transpose()
    }

    /// The first number that a log holds outside of the base, as others count it.
    pub fn first_in_log(&self, log: LogId) -> Result<u64, StoreError> {
        Ok(self.base_head(log)?.map_or(0, |head| head.seq).saturating_add(1))
    }

    /// Ranges in an order in which they can be taken in: what branches have in common before them. Whoever
    /// sends keeps to it.
    pub fn parents_first(&self, mut ranges: Vec<Range>) -> Result<Vec<Range>, StoreError> {
        if self.branches()?.is_empty() {
            return Ok(ranges);
        }
        let mut depths = Vec::with_capacity(ranges.len());
        for range in ranges.drain(..) {
            depths.push((self.depth(range.log)?, range));
        }
        depths.sort_by_key(|(depth, _)| *depth);
        Ok(depths.into_iter().map(|(_, range)| range).collect())
    }

    /// Whether a log parts: nothing is ever added to what its branches have in common.
    pub fn parts(&self, log: LogId) -> Result<bool, StoreError> {
        let mut statement =
            self.sql.prepare_cached("SELECT 1 FROM branches WHERE space = ?1 AND parent = ?2")?;
        Ok(statement.exists((log.space.as_str(), log.actor.0))?)
    }

    /// Begins a branch of `at` with a new change number `seq`; what `at` holds from there on becomes
    /// a branch too.
    pub(crate) fn begin_branch(
        &self,
        at: LogId,
        actor: ActorId,
        seq: u64,
        hash: Hash,
    ) -> Result<LogId, StoreError> {
        let log = LogId { space: at.space, actor: branch_name(actor, hash) };
        self.refuse_many(at, log, actor, seq)?;
        if self.head(at)?.held >= seq {
            self.part(at, actor, seq)?;
        }
        self.insert_branch(Branch { log, actor, parent: at.actor, first: seq, own: false })?;
        Ok(log)
    }

    /// Refuses the branch `log` of `at` where its author's log parts too often: an exchange names so many
    /// logs and no more, and those of the others must be among them.
    fn refuse_many(
        &self,
        at: LogId,
        log: LogId,
        actor: ActorId,
        seq: u64,
    ) -> Result<(), StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT count(*) FROM branches WHERE space = ?1 AND actor = ?2")?;
        let count: i64 = statement.query_row((at.space.as_str(), actor.0), |row| row.get(0))?;
        let count = columns::seq(count)?;
        if count < UNASKED || (count < CALLED_FOR && self.is_called_for([at, log], actor, seq)?) {
            return Ok(());
        }
        Err(StoreError::TooManyBranches(actor.to_string()))
    }

    /// Whether something of another author waits for a change of these logs from `seq` on. Of each log only
    /// what comes next is looked at.
    fn is_called_for(
        &self,
        logs: [LogId; 2],
        author: ActorId,
        seq: u64,
    ) -> Result<bool, StoreError> {
        let [at, _] = logs;
        for waiting in self.waiting_logs()?.into_iter().filter(|log| log.space == at.space) {
            let by = self.author_of(waiting)?;
            let Some(change) = self.first_waiting(waiting, by.actor)? else { continue };
            for dep in &change.deps {
                let may_be = dep.actor == author || logs.iter().any(|log| log.actor == dep.actor);
                if by.actor != author
                    && may_be
                    && dep.seq >= seq
                    && self.applied_dep(at.space, *dep)?.is_none()
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What a log holds from `seq` on becomes a branch, and everything is told in the new names.
    fn part(&self, at: LogId, actor: ActorId, seq: u64) -> Result<(), StoreError> {
        let head = self.head(at)?;
        let missing = || StoreError::Damaged("a change is missing from a log".into());
        let first = self.hash_of(at, seq)?.ok_or_else(missing)?;
        let common = seq.saturating_sub(1);
        let last = match common {
            0 => Hash::ZERO,
            common => self.hash_before(at, common)?.ok_or_else(missing)?,
        };
        let log = LogId { space: at.space, actor: branch_name(actor, first) };
        let own = self.is_own(at)?;
        let (space, from) = (at.space.as_str(), columns::number(seq));
        for table in ["changes", "waiting", "decided"] {
            self.sql.execute(
                &format!(
                    "UPDATE {table} SET actor = ?3 WHERE space = ?1 AND actor = ?2 AND seq >= ?4"
                ),
                (space, at.actor.0, log.actor.0, from),
            )?;
        }
        self.sql.execute(
            "UPDATE branches SET parent = ?3 WHERE space = ?1 AND parent = ?2 AND first > ?4",
            (space, at.actor.0, log.actor.0, from),
        )?;
        self.insert_branch(Branch { log, actor, parent: at.actor, first: seq, own })?;
        self.set_held(log, head.held, head.held_hash)?;
        if head.applied >= seq {
            self.set_applied(log, head.applied)?;
        }
        self.set_held(at, common, last)?;
        self.sql.execute(
            "UPDATE logs SET applied = min(applied, ?3), dep = min(dep, ?3)
             WHERE space = ?1 AND actor = ?2",
            (space, at.actor.0, columns::number(common)),
        )?;
        self.note_fork(actor, own)?;
        self.rename_all()
    }

    fn insert_branch(&self, branch: Branch) -> Result<(), StoreError> {
        let (space, first) = (branch.log.space.as_str(), columns::number(branch.first));
        self.sql.execute(
            "INSERT INTO branches (space, name, actor, parent, first, own)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (space, branch.log.actor.0, branch.actor.0, branch.parent.0, first, branch.own),
        )?;
        let common = columns::number(branch.first.saturating_sub(1));
        self.sql.execute(
            "INSERT INTO logs (space, actor, held, held_hash, applied, dep)
             VALUES (?1, ?2, ?3, zeroblob(32), ?3, ?3)",
            (space, branch.log.actor.0, common),
        )?;
        Ok(())
    }

    /// The branch of a name, where it is one.
    pub(crate) fn branch(&self, log: LogId) -> Result<Option<Branch>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, name, actor, parent, first, own FROM branches
             WHERE space = ?1 AND name = ?2",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        rows.next()?.map(branch_at).transpose()
    }

    /// Who wrote a log: the actor that its changes name.
    pub(crate) fn author_of(&self, log: LogId) -> Result<LogId, StoreError> {
        let branch = self.branch(log)?;
        Ok(branch.map_or(log, |branch| LogId { actor: branch.actor, ..log }))
    }

    /// The hash of a change that precedes what a log holds itself, or of one that it holds.
    pub(crate) fn hash_before(&self, log: LogId, seq: u64) -> Result<Option<Hash>, StoreError> {
        let mut at = log;
        for branch in self.ancestry(log)? {
            if seq >= branch.first {
                break;
            }
            at = LogId { actor: branch.parent, ..log };
        }
        self.hash_of(at, seq)
    }

    /// The branches that lead to a log, itself first; nothing for a log that is no branch.
    pub(crate) fn ancestry(&self, log: LogId) -> Result<Vec<Branch>, StoreError> {
        let mut path = Vec::new();
        let mut seen = BTreeSet::new();
        let mut at = log;
        while let Some(branch) = self.branch(at)? {
            if !seen.insert(at) {
                return Err(StoreError::Damaged("the branches of a log form a circle".into()));
            }
            path.push(branch);
            at = LogId { actor: branch.parent, ..at };
        }
        Ok(path)
    }

    /// How many branches lead to a log: none to the log that the first of them leaves.
    pub fn depth(&self, log: LogId) -> Result<usize, StoreError> {
        Ok(self.ancestry(log)?.len())
    }

    /// What a branch leaves, where a log is one.
    pub fn branch_of(&self, log: LogId) -> Result<Option<BranchOf>, StoreError> {
        let of = |branch: Branch| BranchOf {
            author: branch.actor,
            after: branch.first.saturating_sub(1),
        };
        Ok(self.branch(log)?.map(of))
    }
}

fn branch_at(row: &Row<'_>) -> Result<Branch, StoreError> {
    Ok(Branch {
        log: LogId {
            space: columns::space(&row.get::<_, String>(0)?)?,
            actor: columns::actor(&row.get::<_, Vec<u8>>(1)?)?,
        },
        actor: columns::actor(&row.get::<_, Vec<u8>>(2)?)?,
        parent: columns::actor(&row.get::<_, Vec<u8>>(3)?)?,
        first: columns::seq(row.get(4)?)?,
        own: row.get(5)?,
    })
}

#[cfg(test)]
#[path = "fork_tests.rs"]
mod tests;
