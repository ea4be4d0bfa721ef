//! Sealed batches that are posted and arrive late, twice, in any order, damaged, or not at all before
//! others: what any carrier may do to them.

use super::super::tally::Group;
use super::super::world::World;
use holdfast_oplog::{Range, SealedBatch, VersionVector};
use holdfast_sync::{Carrier, SyncError, offer, outgoing};
use rand::Rng;
use rand::seq::SliceRandom;

impl World {
    /// A device posts what it believes another one lacks, in pieces.
    pub(crate) fn post(&mut self, from: usize, to: usize) {
        let carrier = if self.rng.gen_bool(0.7) { Carrier::Lan } else { Carrier::Folder };
        let held = if self.rng.gen_bool(0.1) {
            // It knows nothing of the other and sends everything.
            VersionVector::new()
        } else {
            self.devices[to].held()
        };
        let most = self.rng.gen_range(1..9);
        for batch in self.sealed(from, &held, carrier, most) {
            self.inspect(&batch, carrier);
            self.letter(to, batch);
        }
        self.tally.count(Group::Exchanges, "posted batches");
        self.event(format_args!("{from} posts to {to}"));
    }

    /// What a device holds and someone who holds `held` lacks, in batches of at most so many changes
    /// where signatures allow.
    pub(crate) fn sealed(
        &mut self,
        from: usize,
        held: &VersionVector,
        carrier: Carrier,
        most: u64,
    ) -> Vec<Vec<u8>> {
        let now_ms = self.now_ms;
        let session = self.devices[from].session(now_ms);
        let offered = session.store.write(|tx| offer(tx, carrier));
        if self.restart_crashed() {
            assert!(offered.is_err(), "device {from} crashed and said that all was well");
            return Vec::new();
        }
        // What was pruned all devices have.
        let mut held = held.clone();
        held.join(&self.base(from));
        let missing = offered.unwrap().missing_in(&held);
        let session = self.devices[from].session(now_ms);
        let mut batches = Vec::new();
        session
            .store
            .read(|tx| {
                for range in missing {
                    assert!(super::may_travel(range.log.space, carrier));
                    let mut first = range.first;
                    while first <= range.last {
                        let last = first.saturating_add(most - 1).min(range.last);
                        let small = tx.run(Range { log: range.log, first, last })?.is_some();
                        let part =
                            Range { first, last: if small { last } else { range.last }, ..range };
                        let mut next = first;
                        outgoing(tx, session.keyring, part, session.rng, |header, batch| {
                            next = header.last + 1;
                            batches.push(batch);
                            Ok::<_, SyncError>(())
                        })
                        .or_else(|error| if next > first { Ok(()) } else { Err(error) })?;
                        first = next;
                    }
                }
                Ok::<_, SyncError>(())
            })
            .unwrap();
        batches
    }

    /// A batch is on its way.
    pub(crate) fn letter(&mut self, to: usize, batch: Vec<u8>) {
        self.carried.letters.push((to, batch));
    }

    /// Some of what is on its way arrives, in any order.
    pub(crate) fn deliver(&mut self, faults: bool) {
        for _ in 0..self.rng.gen_range(1..6) {
            if self.carried.letters.is_empty() {
                return;
            }
            let at = self.rng.gen_range(0..self.carried.letters.len());
            if at > 0 {
                self.tally.count(Group::Faults, "batch overtaken by a later one");
            }
            let again = faults && self.rng.gen_bool(0.15);
            let (to, batch) = if again {
                self.tally.count(Group::Faults, "batch delivered twice");
                self.carried.letters[at].clone()
            } else {
                self.carried.letters.swap_remove(at)
            };
            if faults && self.rng.gen_bool(0.05) {
                self.damaged_letter(to, batch);
            } else {
                self.arrives(to, &batch);
            }
        }
    }

    /// Everything that is on its way arrives.
    pub(crate) fn deliver_all(&mut self) {
        let mut letters = std::mem::take(&mut self.carried.letters);
        letters.shuffle(&mut self.rng);
        for (to, batch) in letters {
            self.arrives(to, &batch);
        }
    }

    /// What came of a batch is what must come of it: new where it joins what is held, known where it
    /// brings nothing, refused where something before it is missing.
    fn arrives(&mut self, to: usize, batch: &[u8]) {
        let header = SealedBatch::decode(batch).unwrap().header().unwrap();
        let log = header.log();
        let held = self.oracle.received(to).get(&log).copied().unwrap_or(0);
        let result = self.devices[to].take(self.now_ms, batch);
        if self.restart_crashed() {
            assert!(result.is_err(), "device {to} crashed and said that all was well");
            return;
        }
        match result {
            Ok((taken, applied)) => {
                assert!(applied.notices.is_empty(), "{:?}", applied.notices);
                assert!(header.first <= held + 1, "device {to} has a gap and did not notice");
                assert_eq!(taken.new, header.last.saturating_sub(held), "new on device {to}");
                assert_eq!(taken.set_aside, 0);
                self.oracle.received_run(to, log, header.first, header.last);
                self.oracle.apply(to);
            }
            Err(SyncError::Gap { missing, .. }) => {
                assert!(header.first > held + 1, "device {to} sees a gap where there is none");
                assert_eq!(missing, held + 1);
                self.tally.count(Group::Faults, "batch before an earlier one");
            }
            Err(error) => panic!("device {to} refused a batch: {error}"),
        }
        self.touch(to);
        self.event(format_args!("{to} got {log:?} {}..{}", header.first, header.last));
    }

    /// A damaged batch is refused, and changes nothing.
    fn damaged_letter(&mut self, to: usize, mut batch: Vec<u8>) {
        let before = self.devices[to].held();
        let at = self.rng.gen_range(0..batch.len());
        batch[at] ^= 1 << self.rng.gen_range(0..8);
        let result = self.devices[to].take(self.now_ms, &batch);
        self.restart_crashed();
        assert!(result.is_err(), "device {to} took a damaged batch in");
        assert_eq!(self.devices[to].held(), before, "a damaged batch changed device {to}");
        self.tally.count(Group::Faults, "batch damaged");
        self.event(format_args!("{to} got a damaged batch"));
    }
}
