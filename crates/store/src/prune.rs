//! Pruning: moves changes that nobody needs any more from the log into the base.
//!
//! A change is pruned only together with everything that it depends on. It must be older than the
//! history period, acknowledged by every device that its space travels to, understood whole by this
//! build, and vouched for by a valid signature. What was one action is pruned as a whole. The bytes of
//! the views do not change.

use crate::base::BaseHead;
use crate::check::Verify;
use crate::fold::Fold;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Change, Op};
use holdfast_model::{Dot, Kind};
use holdfast_oplog::{ChangeId, DeviceId, Hash, LogId, Space, VersionVector, chain_hash};
use std::collections::BTreeMap;

/// What may be pruned.
#[derive(Clone, Copy)]
pub struct PruneRules<'a> {
    /// Only changes that were made before, in milliseconds since 1970.
    pub before_ms: i64,
    /// The other active devices, and what each is known to hold.
    pub devices: &'a [(DeviceId, VersionVector)],
    /// Checks the signature on a change.
    pub verify: &'a Verify<'a>,
}

/// What pruning did, or would do, and what it had to leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PruneReport {
    /// Changes that went.
    pub pruned: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Changes that are old enough, those that went among them.
    pub old: u64,
    /// Devices that did not confirm old changes yet, and how many.
    pub waiting_for: Vec<(DeviceId, u64)>,
    /// Logs whose old changes cannot be verified.
    pub unverified: u64,
    /// Logs with an old change that only a newer app understands.
    pub newer: u64,
    /// Spaces with a log that parts: nothing of them is pruned, since a branch may still come that
    /// leaves a log where it was pruned.
    pub parted: Vec<Space>,
}

/// A change that may go, as far as its own log tells.
struct Candidate {
    position: i64,
    deps: Vec<Dot>,
    hash: Hash,
    signature: Option<[u8; 64]>,
    /// Whether the next change belongs to the same action.
    continues: bool,
}

/// The candidates of one log, from the first change after the base on.
struct Candidates {
    log: LogId,
    base: u64,
    list: Vec<Candidate>,
    /// How many of them may go.
    allowed: usize,
}

impl Tx<'_> {
    /// Prunes what the rules allow. Views, held changes and everything that a person sees stay as they
    /// are; history ends where the base begins.
    pub fn prune(&self, rules: PruneRules<'_>) -> Result<PruneReport, StoreError> {
        let mut report = self.held_back(&rules)?;
        report.parted = self.parted_spaces()?;
        for space in Space::ALL {
            if report.parted.contains(&space) {
                continue;
            }
            self.prune_space(space, &rules, &mut report)?;
        }
        Ok(report)
    }

    /// Moves every verified and understood change into the base, however new: for a snapshot of what
    /// is alive now. To be called where the transaction is undone afterwards.
    pub fn fold_log(&self, verify: &Verify<'_>) -> Result<PruneReport, StoreError> {
        self.prune(PruneRules { before_ms: i64::MAX, devices: &[], verify })
    }

    /// How many changes are old enough, and which devices did not confirm them.
    fn held_back(&self, rules: &PruneRules<'_>) -> Result<PruneReport, StoreError> {
        let mut report = PruneReport::default();
        let mut counts: BTreeMap<DeviceId, u64> = BTreeMap::new();
        let mut statement =
            self.sql.prepare_cached("SELECT space, actor, seq FROM changes WHERE time_ms < ?1")?;
        let mut rows = statement.query([rules.before_ms])?;
        while let Some(row) = rows.next()? {
            report.old += 1;
            let space = columns::space(&row.get::<_, String>(0)?)?;
            let actor = columns::actor(&row.get::<_, Vec<u8>>(1)?)?;
            let seq = columns::seq(row.get(2)?)?;
            for (device, holds) in rules.devices {
                if space != Space::Device && holds.get(LogId { space, actor }) < seq {
                    *counts.entry(*device).or_default() += 1;
                }
            }
        }
        report.waiting_for = counts.into_iter().collect();
        Ok(report)
    }

    fn prune_space(
        &self,
        space: Space,
        rules: &PruneRules<'_>,
        report: &mut PruneReport,
    ) -> Result<(), StoreError> {
        let actors: Vec<Vec<u8>> = {
            let mut statement = self
                .sql
                .prepare_cached("SELECT actor FROM logs WHERE space = ?1 ORDER BY actor")?;
            let rows = statement.query_map([space.as_str()], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        let mut logs = Vec::with_capacity(actors.len());
        for actor in actors {
            let log = LogId { space, actor: columns::actor(&actor)? };
            logs.push(self.candidates(log, rules, report)?);
        }
        let chosen = choose(&mut logs, rules.verify);
        for log in logs.iter().filter(|log| log.allowed == 0 && !log.list.is_empty()) {
            // Nothing in it is vouched for, or all of it waits for such a log.
            report.unverified += u64::from(last_cut(log, log.list.len(), rules.verify) == 0);
        }
        let Some(last) = chosen.last().copied() else { return Ok(()) };
        let mut fold = Fold::new(self);
        for position in &chosen {
            report.bytes = report.bytes.saturating_add(self.fold_change(*position, &mut fold)?);
            report.pruned += 1;
        }
        fold.finish()?;
        for log in &logs {
            let end = log.allowed.checked_sub(1).and_then(|at| log.list.get(at));
            if let Some(Candidate { hash, signature: Some(signature), .. }) = end {
                let seq = log.base + log.allowed as u64;
                let head = BaseHead { log: log.log, seq, hash: *hash, signature: *signature };
                self.set_base_head(&head, seq)?;
            }
        }
        self.pruned_up_to(last)
    }

    /// Takes one change from the log into the base. Its size.
    fn fold_change(&self, position: i64, fold: &mut Fold<'_, '_>) -> Result<u64, StoreError> {
        let (change, size) = {
            let mut statement = self
                .sql
                .prepare_cached("SELECT space, actor, seq, body FROM changes WHERE pos = ?1")?;
            let mut rows = statement.query([position])?;
            let row = rows.next()?.ok_or_else(|| StoreError::Damaged("a change is gone".into()))?;
            let size = row.get_ref("body")?.as_blob().map_or(0, <[u8]>::len);
            (crate::history::change_at(row)?, size as u64)
        };
        fold.take(&change)?;
        for edit in change.edits() {
            self.sql
                .prepare_cached("DELETE FROM touched WHERE entity = ?1 AND pos = ?2")?
                .execute((edit.entity.as_bytes(), position))?;
        }
        self.sql
            .prepare_cached(
                "INSERT INTO cut_exchanges (exchange) SELECT exchange FROM changes
                 WHERE pos = ?1 AND exchange IS NOT NULL ON CONFLICT DO NOTHING",
            )?
            .execute([position])?;
        self.sql.prepare_cached("DELETE FROM changes WHERE pos = ?1")?.execute([position])?;
        Ok(size)
    }

    /// The changes of a log from the base on that are old, acknowledged and understood.
    fn candidates(
        &self,
        log: LogId,
        rules: &PruneRules<'_>,
        report: &mut PruneReport,
    ) -> Result<Candidates, StoreError> {
        let head = self.base_head(log)?;
        let base = head.map_or(0, |head| head.seq);
        let mut hash = head.map_or(Hash::ZERO, |head| head.hash);
        let everyone = rules.devices.iter().map(|(_, holds)| holds.get(log)).min();
        // What no other device gets, none can acknowledge.
        let acknowledged = match log.space {
            Space::Everywhere | Space::Nearby => everyone.unwrap_or(u64::MAX),
            // What was not let out must not leave in a snapshot either.
            Space::Ask => everyone.unwrap_or(u64::MAX).min(self.approved(log)?),
            Space::Device => u64::MAX,
        };
        let mut list: Vec<Candidate> = Vec::new();
        let mut group: Option<u64> = None;
        let mut statement = self.sql.prepare_cached(
            "SELECT pos, seq, hash, signature, time_ms, body FROM changes
             WHERE space = ?1 AND actor = ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        while let Some(row) = rows.next()? {
            let seq = columns::seq(row.get(1)?)?;
            let body: Vec<u8> = row.get(5)?;
            let place = ChangeId { space: log.space, actor: log.actor, seq };
            let change = Change::decode(&body, place).ok();
            if let (Some(before), Some(change)) = (list.last_mut(), &change) {
                before.continues = group.is_some() && change.group == group;
            }
            let old = row.get::<_, i64>(4)? < rules.before_ms;
            if !old || seq > acknowledged {
                break;
            }
            hash = chain_hash(hash, &body);
            let whole = seq == base + list.len() as u64 + 1
                && columns::hash(&row.get::<_, Vec<u8>>(2)?)? == hash;
            let Some(change) = change.filter(|change| whole && is_understood(change, &body)) else {
                let count = if whole { &mut report.newer } else { &mut report.unverified };
                *count += 1;
                break;
            };
            group = change.group;
            let signature: Option<Vec<u8>> = row.get(3)?;
            list.push(Candidate {
                position: row.get(0)?,
                deps: change
                    .deps
                    .iter()
                    .map(|dep| (dep.actor, dep.seq))
                    .chain(change.replaces())
                    .map(|(actor, seq)| Dot { actor, seq })
                    .collect(),
                hash,
                signature: signature.and_then(|bytes| bytes.try_into().ok()),
                continues: false,
            });
        }
        let allowed = list.len();
        Ok(Candidates { log, base, list, allowed })
    }
}

/// Whether this build knows everything that a change says. What it does not know would be lost.
fn is_understood(change: &Change, body: &[u8]) -> bool {
    let known = change.ops.iter().all(|op| match op {
        Op::Edit(edit) => {
            let text = Kind::parse(&edit.kind).and_then(Kind::text_field);
            edit.text.keys().all(|field| Some(field.as_str()) == text)
        }
        Op::Unknown(_) => false,
    });
    // A field that a newer app put in is not there any more when the change is written again.
    known && !change.is_too_new() && change.encode().is_ok_and(|again| again == body)
}

/// How many of the first `limit` candidates end in a change at which the log may be cut.
fn last_cut(log: &Candidates, limit: usize, verify: &Verify<'_>) -> usize {
    for (at, candidate) in log.list.iter().enumerate().take(limit).rev() {
        let seq = log.base + at as u64 + 1;
        if let Some(signature) = &candidate.signature
            && !candidate.continues
            && verify(log.log, seq, candidate.hash, signature)
        {
            return at + 1;
        }
    }
    0
}

/// Chooses the most changes that are closed under dependency and leave each log cut at a signature. Their
/// positions in order; `allowed` says how many of each log.
fn choose(logs: &mut [Candidates], verify: &Verify<'_>) -> Vec<i64> {
    let mut order: Vec<(i64, usize, usize)> = Vec::new();
    for (number, log) in logs.iter_mut().enumerate() {
        log.allowed = last_cut(log, log.list.len(), verify);
        let list = log.list.iter().take(log.allowed).enumerate();
        order.extend(list.map(|(at, candidate)| (candidate.position, number, at)));
    }
    order.sort_unstable();
    loop {
        let mut holds: VersionVector = logs.iter().map(|log| (log.log, log.base)).collect();
        let mut taken = vec![0; logs.len()];
        for (_, number, at) in &order {
            let (Some(log), Some(taken)) = (logs.get(*number), taken.get_mut(*number)) else {
                continue;
            };
            let Some(candidate) = log.list.get(*at) else { continue };
            let space = log.log.space;
            let has = |dep: &Dot| holds.get(LogId { space, actor: dep.actor }) >= dep.seq;
            if *at < log.allowed && *at == *taken && candidate.deps.iter().all(has) {
                *taken += 1;
                holds.advance(log.log, log.base + *taken as u64);
            }
        }
        let mut lowered = false;
        for (log, taken) in logs.iter_mut().zip(taken) {
            if taken < log.allowed {
                log.allowed = last_cut(log, taken, verify);
                lowered = true;
            }
        }
        if !lowered {
            break;
        }
    }
    let goes = |(_, number, at): &(i64, usize, usize)| {
        logs.get(*number).is_some_and(|log: &Candidates| *at < log.allowed)
    };
    order.into_iter().filter(goes).map(|(position, ..)| position).collect()
}
