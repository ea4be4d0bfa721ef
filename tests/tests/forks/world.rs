//! Machines that are cloned and restored at random, and what each of them was told.

use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{TAGS, TEXT, TITLE};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, EntityState, Kind, Value};
use holdfast_oplog::{ActorId, Space, VersionVector};
use holdfast_store::{Received, StoreError};
use holdfast_tests::Replica;
use holdfast_tests::replica::verify;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

const ITEMS: u8 = 3;
pub(crate) const START: i64 = 1_800_000_000_000;

/// One acknowledged write: what it wrote, and what its maker saw and replaced.
#[derive(Debug, Clone)]
struct Written {
    item: u8,
    what: What,
    replaced: BTreeSet<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Title,
    Tag,
    Mark,
    /// Takes a tag or a mark away.
    Away,
}

pub(crate) struct Machine {
    pub(crate) replica: Replica,
    pub(crate) knows: BTreeSet<usize>,
}

pub(crate) struct World {
    pub(crate) machines: Vec<Machine>,
    backups: Vec<(usize, Replica, BTreeSet<usize>)>,
    writes: Vec<Written>,
    pub(crate) rng: ChaCha8Rng,
    now: i64,
    actors: u8,
    files: u32,
    folder: TempDir,
    pub(crate) forks: usize,
}

fn item(number: u8) -> EntityId {
    EntityId::named(&format!("item {number}"))
}

fn title(write: usize) -> String {
    format!("title {write}")
}
fn tag(write: usize) -> Value {
    Value::Text(format!("tag {write}"))
}
fn mark(write: usize) -> String {
    format!("<{write}>")
}

impl World {
    pub(crate) fn new(seed: u64, machines: u8) -> Self {
        let mut world = Self {
            machines: Vec::new(),
            backups: Vec::new(),
            writes: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            now: START,
            actors: machines,
            files: 0,
            folder: tempfile::tempdir().unwrap(),
            forks: 0,
        };
        for number in 1..=machines {
            let mut replica = Replica::new(number, 0).unwrap();
            replica.take_actor(ActorId([number; 16])).unwrap();
            world.machines.push(Machine { replica, knows: BTreeSet::new() });
        }
        world
    }

    fn file(&mut self) -> std::path::PathBuf {
        self.files += 1;
        self.folder.path().join(format!("{}.db", self.files))
    }

    /// What a machine that knows `knows` must show of an item: writes of a kind that no other write
    /// in it replaced.
    fn standing(&self, knows: &BTreeSet<usize>, number: u8, what: What) -> BTreeSet<usize> {
        let replaced: BTreeSet<usize> =
            knows.iter().flat_map(|write| self.writes[*write].replaced.iter().copied()).collect();
        knows
            .iter()
            .copied()
            .filter(|write| {
                let written = &self.writes[*write];
                written.item == number && written.what == what && !replaced.contains(write)
            })
            .collect()
    }

    pub(crate) fn write(&mut self, at: usize) {
        self.now += 1_000;
        let number = self.rng.gen_range(0..ITEMS);
        let write = self.writes.len();
        let knows = self.machines[at].knows.clone();
        if self.machines[at].replica.must_renew().unwrap() {
            self.actors += 1;
            let actor = ActorId([self.actors; 16]);
            self.machines[at].replica.take_actor(actor).unwrap();
        }
        let replica = &mut self.machines[at].replica;
        let writer = writer_of(&replica.actor.0);
        let (state, mut doc) = replica
            .store
            .read(|tx| {
                let state = tx.entity(item(number))?.map(|(state, _)| state);
                Ok::<_, StoreError>((state, tx.open_text(item(number), writer)?))
            })
            .unwrap();
        let mut draft = state
            .as_ref()
            .map_or_else(|| Draft::new(item(number), Kind::Note.as_str()), EntityState::draft);
        let mut texts = Vec::new();
        let mut written = Written { item: number, what: What::Title, replaced: BTreeSet::new() };
        match self.rng.gen_range(0..10) {
            0..=2 => {
                draft.set(TITLE, title(write).as_str(), &Seen::All);
                written.replaced = self.standing(&knows, number, What::Title);
            }
            3..=4 => {
                draft.add(TAGS, tag(write));
                written.what = What::Tag;
            }
            5 => {
                let tags: Vec<usize> =
                    self.standing(&knows, number, What::Tag).into_iter().collect();
                let Some(gone) = tags.choose(&mut self.rng).copied() else { return };
                draft.remove(TAGS, tag(gone));
                written.what = What::Away;
                written.replaced.insert(gone);
            }
            6..=8 => {
                // Never inside of another mark.
                let plain: Vec<char> = doc.plain().chars().collect();
                let mut places = vec![0];
                places.extend(
                    plain.iter().enumerate().filter(|(_, c)| **c == '>').map(|(at, _)| at + 1),
                );
                let place = *places.choose(&mut self.rng).unwrap();
                let splice = Splice::new(place, 0, mark(write));
                draft.text(TEXT, doc.splice(&[splice]).unwrap().update);
                texts.push((item(number), doc));
                written.what = What::Mark;
            }
            _ => {
                // Takes one mark, or two that stand beside each other, away.
                let text = doc.plain();
                let marks: Vec<usize> =
                    text.split(['<', '>']).filter_map(|part| part.parse().ok()).collect();
                if marks.is_empty() {
                    return;
                }
                let from = self.rng.gen_range(0..marks.len());
                let gone = &marks[from..(from + self.rng.gen_range(1..=2)).min(marks.len())];
                let first = text.find(&mark(gone[0])).unwrap();
                let size = gone.iter().map(|write| mark(*write).len()).sum();
                draft.text(TEXT, doc.splice(&[Splice::new(first, size, "")]).unwrap().update);
                texts.push((item(number), doc));
                written.what = What::Away;
                written.replaced.extend(gone);
            }
        }
        let edits = draft.finish().into_iter().collect();
        self.machines[at].replica.edit_with(self.now, edits, texts).unwrap();
        self.writes.push(written);
        self.machines[at].knows.insert(write);
    }

    /// Everything that one machine holds goes to another.
    pub(crate) fn carry(&mut self, from: usize, to: usize) {
        let runs = self.machines[from].replica.runs(&VersionVector::new(), || 2).unwrap();
        for run in &runs {
            let wall = self.now;
            let took = self.machines[to].replica.store.write(|tx| {
                Ok::<_, StoreError>((tx.receive(run, None)?, tx.apply_ready(wall)?.notices))
            });
            let (received, notices) = took.unwrap();
            assert!(matches!(received, Received::New(_) | Received::Known), "{received:?}");
            assert!(notices.is_empty(), "{notices:?}");
        }
        let known = self.machines[from].knows.clone();
        self.machines[to].knows.extend(known);
        let knows = self.machines[to].knows.clone();
        self.shows_what_stands(to, &knows);
    }

    pub(crate) fn step(&mut self) {
        let at = self.rng.gen_range(0..self.machines.len());
        match self.rng.gen_range(0..100) {
            0..=69 => self.write(at),
            70..=89 => {
                let to = self.rng.gen_range(0..self.machines.len());
                if at != to {
                    self.carry(at, to);
                }
            }
            90..=93 => {
                let file = self.file();
                let copy = self.machines[at].replica.copy(&file).unwrap();
                self.backups.push((at, copy, self.machines[at].knows.clone()));
            }
            94..=96 => {
                // An old copy takes the place of what the machine has now.
                if let Some(last) = self.backups.len().checked_sub(1) {
                    let chosen = self.rng.gen_range(0..=last);
                    let (at, replica, knows) = self.backups.swap_remove(chosen);
                    self.machines[at] = Machine { replica, knows };
                }
            }
            _ if self.machines.len() < 5 => {
                let file = self.file();
                let replica = self.machines[at].replica.copy(&file).unwrap();
                let knows = self.machines[at].knows.clone();
                self.machines.push(Machine { replica, knows });
            }
            _ => {}
        }
    }

    /// Everyone tells everyone, until nobody learns anything.
    pub(crate) fn heal(&mut self) {
        let count = self.machines.len();
        let mut order: Vec<usize> = (0..count).collect();
        for _ in 0..3 {
            order.shuffle(&mut self.rng);
            for from in order.clone() {
                for to in order.clone() {
                    if from != to {
                        self.carry(from, to);
                    }
                }
            }
        }
    }

    pub(crate) fn check(&mut self) {
        let first = (self.machines[0].replica.dump().unwrap(), {
            let replica = &mut self.machines[0].replica;
            (replica.conflicts().unwrap(), replica.held().unwrap())
        });
        let all: BTreeSet<usize> =
            self.machines.iter().flat_map(|machine| machine.knows.iter().copied()).collect();
        for at in 0..self.machines.len() {
            let replica = &mut self.machines[at].replica;
            let here =
                (replica.dump().unwrap(), (replica.conflicts().unwrap(), replica.held().unwrap()));
            assert_eq!(here, first, "machine {at}");
            let waiting = replica.store.read(|tx| tx.unapplied()).unwrap();
            assert!(waiting.is_empty(), "machine {at} waits: {waiting:?}");
            let lines = replica.store.read(|tx| tx.check(&verify, &|_| true)).unwrap();
            assert!(lines.iter().all(|line| line.ok), "machine {at}: {lines:#?}");
            let branches = replica.store.read(|tx| tx.branches()).unwrap();
            self.forks = branches.len();
            self.no_name_is_used_twice(at);
            self.shows_what_stands(at, &all);
            // The views are those that the changes make.
            let replica = &mut self.machines[at].replica;
            replica.store.write(|tx| tx.rebuild()).unwrap();
            assert_eq!(replica.dump().unwrap(), first.0, "machine {at}, rebuilt");
        }
    }

    /// Every change has a name of its own, the same on every machine.
    fn no_name_is_used_twice(&mut self, at: usize) {
        let mut hashes: BTreeMap<_, _> = BTreeMap::new();
        for machine in [0, at] {
            let heads = self.machines[machine].replica.store.read(|tx| tx.heads(&Space::ALL));
            for (log, seq, hash) in heads.unwrap() {
                assert_eq!(*hashes.entry((log, seq)).or_insert(hash), hash);
            }
        }
    }

    fn shows_what_stands(&mut self, at: usize, all: &BTreeSet<usize>) {
        for number in 0..ITEMS {
            let (state, text) = self.machines[at]
                .replica
                .store
                .read(|tx| {
                    let state = tx.entity(item(number))?.map(|(state, _)| state);
                    Ok::<_, StoreError>((state, tx.text(item(number))?))
                })
                .unwrap();
            let Some(state) = state else { continue };
            let titles: BTreeSet<String> = state
                .register(TITLE)
                .map(|register| register.live().iter().map(|v| v.value.as_str().unwrap().into()))
                .into_iter()
                .flatten()
                .collect();
            let expected: BTreeSet<String> =
                self.standing(all, number, What::Title).into_iter().map(title).collect();
            assert_eq!(titles, expected, "titles of item {number}");
            let tags: BTreeSet<Value> = state.elements(TAGS).into_iter().cloned().collect();
            let expected: BTreeSet<Value> =
                self.standing(all, number, What::Tag).into_iter().map(tag).collect();
            assert_eq!(tags, expected, "tags of item {number}");
            let text = text.map(|text| text.plain).unwrap_or_default();
            let mut marks: Vec<usize> =
                text.split(['<', '>']).filter_map(|part| part.parse().ok()).collect();
            marks.sort_unstable();
            let expected: Vec<usize> = self.standing(all, number, What::Mark).into_iter().collect();
            assert_eq!(marks, expected, "text of item {number}: {text}");
        }
    }
}
