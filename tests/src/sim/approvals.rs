//! What waits for a yes before it leaves, and the people who say it.

use super::tally::Group;
use super::world::World;
use holdfast_oplog::LogId;
use holdfast_store::StoreError;
use rand::Rng;
use rand::seq::SliceRandom;

impl World {
    /// Someone looks at what waits for a yes, and lets some or all of it go.
    pub(super) fn approve(&mut self, device: usize) {
        let waiting = self.devices[device].read(|tx| tx.awaiting_approval());
        let Some(range) = waiting.choose(&mut self.rng).copied() else { return };
        let seq = self.rng.gen_range(range.first..=range.last).max(
            // Rather all of it.
            self.rng.gen_range(range.first..=range.last),
        );
        self.let_go(device, range.log, seq);
    }

    /// Everyone says yes to everything.
    pub(super) fn approve_everything(&mut self) {
        for device in 0..self.devices.len() {
            for range in self.devices[device].read(|tx| tx.awaiting_approval()) {
                self.let_go(device, range.log, range.last);
            }
        }
    }

    fn let_go(&mut self, device: usize, log: LogId, seq: u64) {
        let said = self.devices[device].store.write(|tx| tx.approve(log, seq));
        match said {
            Ok(()) => {}
            Err(StoreError::Sqlite(_)) if self.devices[device].crashed() => {
                return self.restart(device);
            }
            Err(error) => panic!("device {device} could not say yes: {error}"),
        }
        let approved = self.approved.entry(log).or_insert(0);
        *approved = (*approved).max(seq);
        self.touch(device);
        self.tally.count(Group::Edits, "say yes to what asks");
        self.event(format_args!("{device} lets {log:?} go up to {seq}"));
    }
}
