//! Taking in what came, run by run, within one transaction.
//!
//! What goes straight on its log, and of which everything that it depends on is applied, is applied as
//! it comes; everything else waits in the database until [`Arrivals::finish`]. Which of the two ways a
//! change took can be seen in nothing but the time that it needed.

use crate::applied::{Applied, AppliedSum};
use crate::apply::Applier;
use crate::log::Received;
use crate::runs::Run;
use crate::{StoreError, Tx};
use holdfast_model::HybridClock;
use holdfast_model::change::Change;
use holdfast_oplog::{ChangeId, LogId, chain_hash, limits};

/// So many items are touched before they are written: what is worked on stays small and is found again
/// fast.
const OPEN: usize = 1024;

/// What came in one transaction. Nothing of it may be looked at before [`Arrivals::finish`].
pub struct Arrivals<'t, 's> {
    tx: &'t Tx<'s>,
    wall_ms: i64,
    open: Option<Open<'t, 's>>,
    applied: AppliedSum,
    /// An error came while something was half applied: the transaction must not be kept.
    broken: bool,
}

/// Changes that were applied and whose items are not written yet.
struct Open<'t, 's> {
    applier: Applier<'t, 's>,
    clock: HybridClock,
}

impl<'t, 's> Arrivals<'t, 's> {
    /// `wall_ms` is this device's clock, in milliseconds since 1970.
    pub fn new(tx: &'t Tx<'s>, wall_ms: i64) -> Self {
        Self { tx, wall_ms, open: None, applied: AppliedSum::default(), broken: false }
    }

    /// The transaction.
    pub fn tx(&self) -> &'t Tx<'s> {
        self.tx
    }

    /// Takes in a verified run of another device. After an error about the run nothing of it waits, what
    /// could be applied of it stays, and the next may come.
    pub fn receive(&mut self, run: &Run, exchange: Option<i64>) -> Result<Received, StoreError> {
        if !self.goes_straight_on(run)? {
            self.settle()?;
            return self.tx.attempt(|| self.tx.receive(run, exchange))?;
        }
        self.broken = true;
        let (new, rest) = self.apply(run, exchange)?;
        self.broken = false;
        let Some(rest) = rest else {
            if self.open.as_ref().is_some_and(|open| open.applier.touched() >= OPEN) {
                self.settle()?;
            }
            return Ok(Received::New(new));
        };
        self.settle()?;
        Ok(match self.tx.attempt(|| self.tx.receive(&rest, exchange))?? {
            Received::New(waiting) => Received::New(new.saturating_add(waiting)),
            other => other,
        })
    }

    /// Applies what waits and can be applied by now, and writes everything that was touched.
    pub fn finish(mut self) -> Result<Applied, StoreError> {
        if self.broken {
            return Err(StoreError::Damaged("a change was applied in part".into()));
        }
        self.settle()?;
        let rest = self.tx.apply_ready(self.wall_ms)?;
        self.applied.add(rest);
        self.applied.look_at_conflicts(self.tx)?;
        Ok(self.applied.into_applied())
    }

    /// Whether a run is the next of a log that has neither branches nor anything that waits.
    fn goes_straight_on(&self, run: &Run) -> Result<bool, StoreError> {
        let head = self.tx.head(run.log)?;
        Ok(run.first == head.held.saturating_add(1)
            && run.prev_hash == head.held_hash
            && head.applied == head.held
            && self.tx.base_head(run.log)?.is_none_or(|base| base.seq <= head.held)
            && !self.tx.parted_spaces()?.contains(&run.log.space)
            && self.tx.holes()?.is_empty())
    }

    /// Applies a run as far as it can be. How many changes that were, and what has to wait.
    fn apply(
        &mut self,
        run: &Run,
        exchange: Option<i64>,
    ) -> Result<(u64, Option<Run>), StoreError> {
        let LogId { space, actor } = run.log;
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(Open { applier: Applier::new(self.tx)?, clock: self.tx.clock()? }),
        };
        let (mut new, mut hash) = (0_u64, run.prev_hash);
        // Of one long text: they are applied together, once the last of them is there.
        let mut together: Vec<Change> = Vec::new();
        for (seq, body) in (run.first..).zip(&run.changes) {
            match Change::decode(body, ChangeId { space, actor, seq }) {
                Ok(change) if !change.is_too_new() && self.tx.has_all(&change)? => {
                    together.push(change);
                }
                _ => break,
            }
            let goes_on = together.last().is_some_and(|change| change.more);
            if goes_on && together.len() < limits::TOGETHER {
                continue;
            }
            for change in together.drain(..) {
                let at = change.seq.saturating_sub(run.first);
                let body = usize::try_from(at).ok().and_then(|at| run.changes.get(at));
                let Some(body) = body else { break };
                open.clock.observe(change.time, self.wall_ms);
                hash = chain_hash(hash, body);
                let signature = (change.seq == run.last()).then_some(run.signature.as_slice());
                open.applier.apply(&change, body, hash, signature, exchange)?;
                new = new.saturating_add(1);
            }
        }
        if new > 0 {
            let last = run.first.saturating_add(new).saturating_sub(1);
            self.tx.set_held(run.log, last, hash)?;
            self.tx.set_applied(run.log, last)?;
            // It was approved where it comes from.
            self.tx.approve(run.log, last)?;
            self.tx.came_from_elsewhere(actor)?;
        }
        let done = usize::try_from(new).unwrap_or(usize::MAX);
        let rest = run.changes.get(done..).filter(|rest| !rest.is_empty()).map(|rest| Run {
            first: run.first.saturating_add(new),
            prev_hash: hash,
            changes: rest.to_vec(),
            ..*run
        });
        Ok((new, rest))
    }

    /// Writes what was touched by what was applied so far.
    fn settle(&mut self) -> Result<(), StoreError> {
        if let Some(Open { applier, clock }) = self.open.take() {
            self.broken = true;
            self.tx.keep_clock(clock)?;
            self.applied.add(applier.finish()?);
            self.broken = false;
        }
        Ok(())
    }
}
