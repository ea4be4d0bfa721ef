//! Devices that prune, each when it likes, and hand over a snapshot where a change is no longer in
//! their log. The oracle never prunes: what it says must hold all the same.

use super::World;
use holdfast_oplog::{DeviceId, VersionVector};
use holdfast_store::{PruneReport, PruneRules, StoreError};
use holdfast_tests::replica::verify;
use rand::Rng;

/// How devices prune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pruning {
    /// Not at all.
    Never,
    /// What all the others have.
    Acknowledged,
    /// As if the third device were none of them any more: it comes back to what was pruned.
    WithoutTheThird,
}

impl World {
    pub(crate) fn pruning(mut self, pruning: Pruning) -> Self {
        self.pruning = pruning;
        self
    }

    pub(crate) fn prunes(&self) -> bool {
        self.pruning != Pruning::Never
    }

    pub(crate) fn prune_at_times(&mut self) {
        if self.prunes() && self.rng.gen_bool(0.12) {
            let device = self.rng.gen_range(0..3);
            let age = self.rng.gen_range(-60_000..600_000);
            self.prune(device, age);
        }
    }

    /// One device prunes what is older than `age` and what those have that it waits for. Nothing that
    /// can be seen changes.
    pub(crate) fn prune(&mut self, device: usize, age: i64) -> PruneReport {
        let third = self.pruning == Pruning::WithoutTheThird;
        let mut devices: Vec<(DeviceId, VersionVector)> = Vec::new();
        for other in (0..3).filter(|other| *other != device && !(third && *other == 2)) {
            let held = self.devices[other].held().unwrap();
            devices.push((DeviceId([other as u8; 16]), held));
        }
        let before_ms = self.now_ms - age;
        let replica = &mut self.devices[device];
        let shown = (replica.dump().unwrap(), replica.conflicts().unwrap());
        let held = replica.held().unwrap();
        let position = replica.store.read(|tx| tx.position()).unwrap();
        let base_before = replica.store.read(|tx| tx.base_vector()).unwrap();
        let rules = PruneRules { before_ms, devices: &devices, verify: &verify };
        let report = replica.store.write::<_, StoreError>(|tx| tx.prune(rules)).unwrap();
        assert_eq!((replica.dump().unwrap(), replica.conflicts().unwrap()), shown);
        assert_eq!(replica.held().unwrap(), held);
        assert_eq!(replica.store.read(|tx| tx.position()).unwrap(), position);
        // What someone lacks who is waited for was not pruned.
        let base = replica.store.read(|tx| tx.base_vector()).unwrap();
        for (log, seq) in base.iter().filter(|(log, seq)| base_before.get(*log) < *seq) {
            assert!(devices.iter().all(|(_, holds)| holds.get(log) >= seq));
        }
        report
    }

    /// Where `from` has pruned what `to` lacks, the snapshot goes first. What `to` holds after it.
    pub(crate) fn hand_snapshot(
        &mut self,
        from: usize,
        to: usize,
        held: VersionVector,
    ) -> VersionVector {
        let base = self.devices[from].store.read(|tx| tx.base_vector()).unwrap();
        if held.includes(&base) {
            return held;
        }
        let now = self.now_ms;
        let mut sender = std::mem::replace(
            &mut self.devices[from],
            holdfast_tests::Replica::new(99, 0).unwrap(),
        );
        let whole = self.rng.gen_bool(0.2);
        let brings = sender
            .store
            .try_out::<_, StoreError>(|tx| {
                if whole {
                    tx.fold_log(&verify)?;
                }
                tx.base_vector()
            })
            .unwrap();
        let before = self.devices[to].held().unwrap();
        self.devices[to].take_snapshot(now, &mut sender, whole).unwrap();
        self.devices[from] = sender;
        let after = self.devices[to].held().unwrap();
        assert!(after.includes(&before) && after.includes(&brings));
        for (log, seq) in brings.iter() {
            self.oracle.received_run(to, log, 1, seq);
        }
        self.oracle.apply(to);
        let mut holds = held;
        holds.join(&brings);
        holds
    }
}
