//! Devices whose data is used twice: cloned while they run, restored from old copies, without anyone
//! noticing before it is too late. Whatever happens, all devices end with the same data, in which
//! everything is that reached anyone and that nobody who saw it replaced.
//!
//! The expectation is worked out from what each device was told, by sets alone; it knows nothing of
//! logs, numbers, hashes or branches.

use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{TAGS, TEXT, TITLE};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, EntityState, Kind, Value};
use holdfast_oplog::{ActorId, Space, VersionVector};
use holdfast_store::{ConflictState, Received, StoreError};
use holdfast_tests::Replica;
use holdfast_tests::replica::verify;
use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

const ITEMS: u8 = 3;
const START: i64 = 1_800_000_000_000;

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

struct Machine {
    replica: Replica,
    knows: BTreeSet<usize>,
}

struct World {
    machines: Vec<Machine>,
    backups: Vec<(usize, Replica, BTreeSet<usize>)>,
    writes: Vec<Written>,
    rng: ChaCha8Rng,
    now: i64,
    actors: u8,
    files: u32,
    folder: TempDir,
    forks: usize,
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
    fn new(seed: u64, machines: u8) -> Self {
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

    fn write(&mut self, at: usize) {
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
    fn carry(&mut self, from: usize, to: usize) {
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

    fn step(&mut self) {
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
                if !self.backups.is_empty() {
                    let chosen = self.rng.gen_range(0..self.backups.len());
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
    fn heal(&mut self) {
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

    fn check(&mut self) {
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
            let lines = replica.store.read(|tx| tx.check(&verify)).unwrap();
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

fn history(seed: u64, machines: u8, steps: u32) -> usize {
    let mut world = World::new(seed, machines);
    for _ in 0..steps {
        world.step();
    }
    world.heal();
    world.check();
    // Life goes on, and stays in agreement.
    for _ in 0..10 {
        let at = world.rng.gen_range(0..world.machines.len());
        world.write(at);
    }
    world.heal();
    world.check();
    world.forks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn clones_and_restores_lose_nothing_and_all_machines_agree(
        seed in any::<u64>(), machines in 2_u8..=3, steps in 10_u32..90,
    ) {
        history(seed, machines, steps);
    }
}

/// A backup from before a known fork is restored: the log parts once more, before it.
#[test]
fn a_log_that_parts_before_a_known_branch_keeps_what_was_written_on_the_branch() {
    history(6_896_091_615_047_078_107, 2, 78);
}

#[test]
fn the_random_histories_do_fork() {
    let forked = (0..12).filter(|seed| history(*seed, 2, 60) > 0).count();
    assert!(forked >= 4, "only {forked} of 12 histories had a log that parts");
}

#[test]
fn row_41_a_cloned_machine_is_proven_by_a_fork_and_both_branches_are_kept() {
    let mut world = World::new(1, 2);
    let folder = tempfile::tempdir().unwrap();
    let shared = add(&mut world.machines[0].replica, "shared");
    world.carry_all(0, 1);
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    let here = add(&mut world.machines[0].replica, "written on the machine");
    let there = add(&mut world.machines[2].replica, "written on its clone");
    retitle(&mut world.machines[0].replica, shared, "as the machine has it");
    retitle(&mut world.machines[2].replica, shared, "as the clone has it");
    // The third device writes on what it got from the clone before it hears of the machine.
    world.carry_all(2, 1);
    retitle(&mut world.machines[1].replica, there, "seen and bettered");
    world.carry_all(0, 1);
    for machine in [0, 2] {
        assert!(!world.machines[machine].replica.must_renew().unwrap());
    }
    world.carry_all(1, 0);
    world.carry_all(1, 2);
    let dump = world.machines[0].replica.dump().unwrap();
    for at in 0..3 {
        let replica = &mut world.machines[at].replica;
        assert_eq!(replica.dump().unwrap(), dump);
        assert_eq!(titles(replica, here), ["written on the machine"]);
        assert_eq!(titles(replica, there), ["seen and bettered"]);
        assert_eq!(titles(replica, shared), ["as the clone has it", "as the machine has it"]);
        let open = replica.store.read(|tx| tx.conflicts(None)).unwrap();
        let open: Vec<_> = open.iter().filter(|c| c.state == ConflictState::Open).collect();
        assert_eq!(open.len(), 1);
        let branches = replica.store.read(|tx| tx.branches()).unwrap();
        assert_eq!(branches.iter().filter(|branch| branch.own).count(), usize::from(at != 1));
    }
    // Neither writes under the old identity again.
    for at in [0, 2] {
        let replica = &mut world.machines[at].replica;
        assert!(replica.must_renew().unwrap());
        let refused = replica.edit(START + 9, Vec::new()).unwrap_err();
        assert_eq!(refused.code(), "forked");
        let notices = replica.store.read(|tx| tx.notices(10)).unwrap();
        assert!(notices.iter().any(|notice| notice.kind == "fork" && notice.detail["own"] == true));
    }
}

#[test]
fn row_42_an_old_backup_that_hears_of_its_own_future_uses_no_number_again() {
    let mut world = World::new(2, 2);
    let folder = tempfile::tempdir().unwrap();
    add(&mut world.machines[0].replica, "before the backup");
    let backup = world.machines[0].replica.copy(&folder.path().join("backup.db")).unwrap();
    let later = add(&mut world.machines[0].replica, "after the backup");
    world.carry_all(0, 1);
    world.machines[0].replica = backup;
    world.carry_all(1, 0);
    let restored = &mut world.machines[0].replica;
    assert_eq!(titles(restored, later), ["after the backup"]);
    assert!(restored.must_renew().unwrap(), "its own future came from elsewhere");
    assert!(restored.edit(START + 9, Vec::new()).is_err());
    restored.take_actor(ActorId([9; 16])).unwrap();
    let new = add(restored, "under the new identity");
    world.carry_all(0, 1);
    let other = &mut world.machines[1].replica;
    assert_eq!(titles(other, new), ["under the new identity"]);
    assert!(other.store.read(|tx| tx.branches()).unwrap().is_empty(), "nothing was used twice");
}

#[test]
fn a_device_undoes_what_it_wrote_under_every_name_that_it_had() {
    let mut world = World::new(3, 2);
    let folder = tempfile::tempdir().unwrap();
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    let mine = add(&mut world.machines[0].replica, "mine");
    add(&mut world.machines[2].replica, "the clone's");
    world.carry_all(2, 0);
    let replica = &mut world.machines[0].replica;
    replica.take_actor(ActorId([8; 16])).unwrap();
    let actor = replica.actor;
    let step = replica.store.read(|tx| tx.undo_step(actor)).unwrap().unwrap();
    let touched: Vec<EntityId> = step.changes[0].edits().map(|edit| edit.entity).collect();
    assert_eq!(touched, [mine], "the clone's action is not this device's");
    let newer = add(replica, "newer");
    let step = replica.store.read(|tx| tx.undo_step(actor)).unwrap().unwrap();
    assert_eq!(step.changes[0].edits().next().unwrap().entity, newer);
}

#[test]
fn a_run_of_a_branch_without_its_beginning_is_asked_for_again_and_stops_nothing() {
    let mut world = World::new(4, 2);
    let folder = tempfile::tempdir().unwrap();
    add(&mut world.machines[0].replica, "shared");
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    for number in 0..3 {
        add(&mut world.machines[0].replica, &format!("machine {number}"));
        add(&mut world.machines[2].replica, &format!("clone {number}"));
    }
    world.carry_all(0, 1);
    add(&mut world.machines[2].replica, "clone 3");
    // By number alone only the last change seems to be missing.
    let held = world.machines[1].replica.held().unwrap();
    let runs = world.machines[2].replica.runs(&held, || 9).unwrap();
    assert_eq!((runs.len(), runs[0].first), (1, 5));
    let received = world.machines[1].replica.take_in(START, &runs[0]).unwrap();
    assert_eq!(received, Received::Branch { missing: 1 });
    world.carry_all(2, 1);
    assert_eq!(world.machines[1].replica.store.read(|tx| tx.branches()).unwrap().len(), 2);
    assert_eq!(world.machines[1].replica.dump().unwrap().matches("clone ").count(), 4);
}

#[test]
fn what_branches_have_in_common_travels_on_although_it_carries_no_signature_of_its_own() {
    let mut world = World::new(5, 3);
    let folder = tempfile::tempdir().unwrap();
    for number in 0..4 {
        add(&mut world.machines[0].replica, &format!("shared {number}"));
    }
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    for number in 0..3 {
        add(&mut world.machines[0].replica, &format!("machine {number}"));
        add(&mut world.machines[3].replica, &format!("clone {number}"));
    }
    // Each comes in one run with one signature.
    for from in [0, 3] {
        let runs = world.machines[from].replica.runs(&VersionVector::new(), || 99).unwrap();
        assert_eq!(runs.len(), 1);
        world.machines[1].replica.take_in(START, &runs[0]).unwrap();
    }
    let runs = world.machines[1].replica.runs(&VersionVector::new(), || 99).unwrap();
    for run in &runs {
        let received = world.machines[2].replica.take_in(START, run).unwrap();
        assert!(matches!(received, Received::New(_) | Received::Known), "{received:?}");
    }
    let dump = world.machines[1].replica.dump().unwrap();
    assert_eq!(dump.matches("shared ").count() + dump.matches("clone ").count(), 7);
    assert_eq!(world.machines[2].replica.dump().unwrap(), dump);
    assert_eq!(
        world.machines[2].replica.held().unwrap(),
        world.machines[1].replica.held().unwrap()
    );
}

impl World {
    fn carry_all(&mut self, from: usize, to: usize) {
        self.carry(from, to);
    }
}

fn add(replica: &mut Replica, words: &str) -> EntityId {
    let id = EntityId::named(words);
    let mut draft = Draft::new(id, Kind::Task.as_str());
    draft.set(TITLE, words, &Seen::All);
    replica.edit(START, vec![draft.finish().unwrap()]).unwrap();
    id
}

fn retitle(replica: &mut Replica, id: EntityId, words: &str) {
    let (state, _) = replica.store.read(|tx| tx.expect_entity(id, "task")).unwrap();
    let mut draft = state.draft();
    draft.set(TITLE, words, &Seen::All);
    replica.edit(START + 1, vec![draft.finish().unwrap()]).unwrap();
}

fn titles(replica: &mut Replica, id: EntityId) -> Vec<String> {
    let (state, _) = replica.store.read(|tx| tx.expect_entity(id, "task")).unwrap();
    let mut titles: Vec<String> = state
        .register(TITLE)
        .unwrap()
        .live()
        .iter()
        .filter_map(|v| v.value.as_str().map(str::to_owned))
        .collect();
    titles.sort();
    titles.dedup();
    titles
}
