//! What the devices hand to each other: in any order, some of it twice.

use super::World;
use holdfast_oplog::LogId;
use holdfast_store::{Received, Run};
use rand::Rng;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

impl World {
    /// A device hands another what it believes the other lacks, in pieces.
    pub(super) fn send(&mut self, from: usize) {
        let to = (from + self.rng.gen_range(1..3)) % 3;
        let held = if self.rng.gen_bool(0.1) {
            // It knows nothing of the other and sends everything.
            holdfast_oplog::VersionVector::new()
        } else {
            self.devices[to].held().unwrap()
        };
        let held = self.hand_snapshot(from, to, held);
        let rng = &mut self.rng;
        let runs = self.devices[from].runs(&held, || rng.gen_range(1..9)).unwrap();
        self.under_way.extend(runs.into_iter().map(|run| (to, run)));
    }

    pub(super) fn deliver(&mut self) {
        for _ in 0..self.rng.gen_range(1..6) {
            if self.under_way.is_empty() {
                return;
            }
            let at = self.rng.gen_range(0..self.under_way.len());
            let again = self.rng.gen_bool(0.15);
            let (to, run) =
                if again { self.under_way[at].clone() } else { self.under_way.swap_remove(at) };
            self.receive(to, &run);
            if self.rng.gen_bool(0.8) {
                self.apply(to);
            }
        }
    }

    fn receive(&mut self, to: usize, run: &Run) {
        let before = self.devices[to].held().unwrap();
        let received = self.devices[to].store.write(|tx| tx.receive(run, None)).unwrap();
        let after = self.devices[to].held().unwrap();
        assert!(after.includes(&before), "what was held is held no longer");
        let expected = self.oracle.received(to).get(&run.log).copied().unwrap_or(0);
        match received {
            Received::New(new) => assert_eq!(new, run.last() - expected),
            Received::Known => assert!(run.last() <= expected),
            Received::Gap { missing } => assert_eq!(missing, expected + 1),
            Received::Branch { .. } | Received::PartsInBase { .. } => {
                panic!("no device's data is used twice here")
            }
        }
        self.oracle.received_run(to, run.log, run.first, run.last());
    }

    pub(super) fn apply(&mut self, device: usize) {
        let wall = self.now_ms + self.devices[device].skew_ms;
        let applied = self.devices[device].store.write(|tx| tx.apply_ready(wall)).unwrap();
        assert!(applied.notices.is_empty(), "{:?}", applied.notices);
        self.oracle.apply(device);
    }

    /// Everything that is under way arrives, and the devices talk until none lacks anything.
    pub(crate) fn settle(&mut self) {
        let mut left = std::mem::take(&mut self.under_way);
        left.shuffle(&mut self.rng);
        for (to, run) in left {
            self.receive(to, &run);
        }
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 1), (1, 2), (2, 1), (1, 0)] {
            let held = self.devices[to].held().unwrap();
            let held = self.hand_snapshot(from, to, held);
            let rng = &mut self.rng;
            for run in self.devices[from].runs(&held, || rng.gen_range(1..40)).unwrap() {
                self.receive(to, &run);
            }
            self.apply(to);
        }
    }

    /// Everything that one device holds, in runs of a random size, each log in order and the logs
    /// among each other in any.
    pub(crate) fn shuffled_runs(&mut self, device: usize) -> Vec<Run> {
        let rng = &mut self.rng;
        let all = self.devices[device]
            .runs(&holdfast_oplog::VersionVector::new(), || rng.gen_range(1..12))
            .unwrap();
        let mut logs: BTreeMap<LogId, Vec<Run>> = BTreeMap::new();
        for run in all.into_iter().rev() {
            logs.entry(run.log).or_default().push(run);
        }
        let mut logs: Vec<Vec<Run>> = logs.into_values().collect();
        let mut shuffled = Vec::new();
        while !logs.is_empty() {
            let at = rng.gen_range(0..logs.len());
            match logs[at].pop() {
                Some(run) => shuffled.push(run),
                None => drop(logs.swap_remove(at)),
            }
        }
        shuffled
    }
}
