//! A history in the making: honest devices, the adversary, what lies between them, and the true time.

use super::Options;
use super::acts;
use super::founded::founded;
use super::honest::Honest;
use super::hostile::Hostile;
use super::shelf::Shelf;
use super::tried::Tried;
use crate::sim::trace::Trace;
use holdfast_model::EntityId;
use holdfast_oplog::{ActorId, Hash, Space};
use rand::distributions::{Distribution, WeightedIndex};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

/// The true time at which histories begin: 2026-11-30, 12:00 UTC.
const START: i64 = 1_796_040_000_000;

/// Steps between checks.
const CHECKED: usize = 3;

/// Who wrote a value first: space, identity, number in its log.
pub(super) type Place = (Space, ActorId, u64);

/// Everything that happens in one history.
pub(super) struct History {
    pub(super) seed: u64,
    pub(super) rng: ChaCha8Rng,
    pub(super) now_ms: i64,
    pub(super) honest: Vec<Honest>,
    pub(super) hostile: Hostile,
    pub(super) shelf: Shelf,
    /// What people deleted themselves.
    pub(super) deleted: BTreeSet<EntityId>,
    /// What people wrote into which field of what, by the place of the change.
    pub(super) wrote: BTreeMap<(Place, EntityId, String), String>,
    /// Items that people made.
    pub(super) made: Vec<EntityId>,
    /// Honest devices that the adversary put out while it could: see [`super::standing`].
    pub(super) put_out: BTreeSet<usize>,
    /// Whether it ever signed the removal of one.
    pub(super) removes_honest: bool,
    pub(super) tried: Tried,
    /// What may happen.
    acts: Vec<acts::Row>,
    trace: Trace,
    folder: Option<TempDir>,
}

impl History {
    /// The history of a seed from beginning to end: what was tried in it, and its trace.
    pub(super) fn play(options: &Options) -> (Tried, Hash) {
        let mut history = Self::begin(options.seed, options.tell);
        history.acts = acts::allowed(&options.only);
        let steps = history.rng.gen_range(6..22);
        history.open();
        for step in 0..steps {
            history.step(step);
        }
        history.settle();
        (history.tried, history.trace.hash())
    }

    /// A vault in which nobody has done anything yet.
    pub(super) fn begin(seed: u64, tell: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(!seed);
        let honest = if rng.gen_bool(0.6) { 2 } else { 3 };
        let founded = founded(honest);
        Self {
            seed,
            rng,
            now_ms: START,
            honest: (0..honest).map(|place| Honest::new(&founded, place, seed)).collect(),
            hostile: Hostile::new(&founded),
            shelf: Shelf::default(),
            deleted: BTreeSet::new(),
            wrote: BTreeMap::new(),
            made: Vec::new(),
            put_out: BTreeSet::new(),
            removes_honest: false,
            tried: Tried::default(),
            acts: acts::ALL.to_vec(),
            trace: Trace::new(tell),
            folder: None,
        }
    }

    /// People write, and everybody has it, so that there is something to take from them.
    fn open(&mut self) {
        self.begin_step(usize::MAX >> 1);
        let many = self.rng.gen_range(4..16);
        for _ in 0..many {
            let place = self.rng.gen_range(0..self.honest.len());
            self.add(place);
        }
        if self.rng.gen_bool(0.8) {
            for place in (0..self.honest.len()).chain(0..self.honest.len()) {
                self.visit(place);
            }
            self.look_around();
        }
    }

    fn step(&mut self, step: usize) {
        self.begin_step(step);
        let weights = WeightedIndex::new(self.acts.iter().map(|(weight, ..)| weight)).unwrap();
        let (_, row, act) = self.acts[weights.sample(&mut self.rng)];
        self.event(format_args!("{row}"));
        let trusted = self.trusted();
        if act(self) {
            self.tried.count(row);
        }
        self.note_who_is_out(&trusted);
        if step % CHECKED == CHECKED - 1 {
            for place in 0..self.honest.len() {
                self.check_alone(place);
            }
        }
    }

    /// The choices of one step: a function of the seed and the step's number alone.
    pub(super) fn begin_step(&mut self, step: usize) {
        let mix = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(step as u64 + 1);
        self.rng = ChaCha8Rng::seed_from_u64(mix);
        self.now_ms += self.rng.gen_range(1..15 * 60_000);
    }

    /// Writes down what happened.
    pub(super) fn event(&mut self, what: std::fmt::Arguments<'_>) {
        self.trace.event(what);
    }

    /// Where files may lie that are on a disk.
    pub(super) fn folder(&mut self) -> std::path::PathBuf {
        let folder = self.folder.get_or_insert_with(crate::sim::carry::temporary_folder);
        folder.path().to_owned()
    }

    /// One of the honest devices.
    pub(super) fn someone(&mut self) -> usize {
        self.rng.gen_range(0..self.honest.len())
    }
}
