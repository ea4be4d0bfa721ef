//! Three devices, what people do on them, and what must hold.

use crate::Tally;
use holdfast_model::change::Edit;
use holdfast_model::entity::{DELETED, Draft, Seen};
use holdfast_model::fields::{LIST, TEXT, TITLE};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, Kind, Moved};
use holdfast_oplog::{Space, VersionVector};
use holdfast_store::{Author, LocalChange, MoveRequest, Run, StoreError, Stray, Tx};
use holdfast_tests::replica::Replica;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

const START: i64 = 1_700_000_000_000;
/// Spaces that reach the first two devices; the third is reached by the first alone.
const ALL: [Space; 3] = [Space::Everywhere, Space::Nearby, Space::Ask];

pub(crate) struct World {
    rng: StdRng,
    devices: Vec<Replica>,
    now: i64,
    lists: Vec<EntityId>,
    notes: Vec<EntityId>,
    /// Words that somebody typed and nobody took away, with the note they were typed into.
    words: BTreeMap<String, EntityId>,
    next: u32,
}

fn reaches(device: usize, space: Space) -> bool {
    device < 2 || space == Space::Everywhere
}

/// Writes edits of several spaces as one action.
fn commit(
    tx: &Tx<'_>,
    author: Author<'_>,
    edits: Vec<(Space, Edit)>,
    mut texts: Vec<(EntityId, holdfast_model::text::TextDoc)>,
) -> Result<(), StoreError> {
    for space in ALL {
        let part: Vec<Edit> =
            edits.iter().filter(|(at, _)| *at == space).map(|(_, edit)| edit.clone()).collect();
        if part.is_empty() {
            continue;
        }
        let goes = |id: &EntityId| part.iter().any(|e| e.entity == *id && !e.text.is_empty());
        let (now, later) = texts.into_iter().partition(|(id, _)| goes(id));
        texts = later;
        let action = "test".to_owned();
        let change = LocalChange { space, action, edits: part, texts: now, ..Default::default() };
        tx.append(author, change)?;
    }
    Ok(())
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let devices = (1..=3).map(|n| Replica::new(n, i64::from(n) * 7_000).unwrap()).collect();
        let mut world = Self {
            rng: StdRng::seed_from_u64(seed),
            devices,
            now: START,
            lists: Vec::new(),
            notes: Vec::new(),
            words: BTreeMap::new(),
            next: 0,
        };
        for space in ALL.into_iter().take(2) {
            world.add_list(0, space);
        }
        for _ in 0..3 {
            world.add_note(0);
        }
        world.settle();
        world
    }

    fn word(&mut self, note: EntityId) -> String {
        self.next += 1;
        let word = format!("word{:04}", self.next);
        self.words.insert(word.clone(), note);
        word
    }

    fn write(&mut self, device: usize, space: Space, edit: Edit) {
        self.now += 1_000;
        let author = self.devices[device].author(self.now);
        let store = &mut self.devices[device].store;
        store.write(|tx| commit(tx, author, vec![(space, edit)], Vec::new())).unwrap();
    }

    fn add_list(&mut self, device: usize, space: Space) {
        let id = EntityId::named(&format!("list {}", self.lists.len()));
        let mut draft = Draft::new(id, Kind::List.as_str());
        draft.set(TITLE, format!("List {}", self.lists.len()), &Seen::All);
        self.lists.push(id);
        self.write(device, space, draft.finish().unwrap());
    }

    fn add_note(&mut self, device: usize) {
        let id = EntityId::named(&format!("note {}", self.notes.len()));
        let list = self.lists[self.rng.gen_range(0..self.lists.len())];
        let Some(space) = self.devices[device].store.read(|tx| tx.home(list)).unwrap() else {
            return;
        };
        let mut draft = Draft::new(id, Kind::Note.as_str());
        draft.set(TITLE, format!("Note {}", self.notes.len()), &Seen::All);
        draft.set(LIST, list.to_string(), &Seen::All);
        self.notes.push(id);
        self.write(device, space, draft.finish().unwrap());
        self.type_word(device, id);
    }

    fn type_word(&mut self, device: usize, note: EntityId) {
        let word = self.word(note);
        self.now += 1_000;
        let author = self.devices[device].author(self.now);
        let at: f64 = self.rng.gen_range(0.0..1.0);
        let known = self.devices[device]
            .store
            .write(|tx| {
                let Some((state, space)) = tx.entity(note)? else { return Ok(false) };
                if !state.is_alive() {
                    return Ok::<_, StoreError>(false);
                }
                let mut doc = tx.open_text(note, writer_of(&author.actor.0))?;
                let words = doc.len_chars() / 9;
                let pos = ((words as f64 * at) as usize) * 9;
                let update = doc.splice(&[Splice::new(pos, 0, format!("{word}\n"))])?.update;
                let mut draft = state.draft();
                draft.text(TEXT, update);
                let edits = draft.finish().into_iter().map(|edit| (space, edit)).collect();
                commit(tx, author, edits, vec![(note, doc)])?;
                Ok(true)
            })
            .unwrap();
        if !known {
            self.words.remove(&word);
        }
    }

    fn rename(&mut self, device: usize, id: EntityId) {
        let title = format!("Title {}", self.rng.gen_range(0..40));
        self.edit(device, id, |draft| {
            draft.set(TITLE, title, &Seen::All);
        });
    }

    fn edit(&mut self, device: usize, id: EntityId, change: impl FnOnce(&mut Draft<'_>)) {
        let entity = self.devices[device].store.read(|tx| tx.entity(id)).unwrap();
        if let Some((state, space)) = entity
            && state.is_alive()
        {
            let mut draft = state.draft();
            change(&mut draft);
            if let Some(edit) = draft.finish() {
                self.write(device, space, edit);
            }
        }
    }

    fn move_to(&mut self, device: usize, id: EntityId, tally: &mut Tally) {
        self.now += 1_000;
        let author = self.devices[device].author(self.now);
        let to = if device == 2 { Space::Everywhere } else { ALL[self.rng.gen_range(0..3)] };
        let how = if self.rng.gen_bool(0.5) { Moved::Left } else { Moved::Withdrawn };
        let moved = self.devices[device]
            .store
            .write(|tx| {
                if tx.entity(id)?.is_none_or(|(state, _)| !state.is_alive()) {
                    return Ok::<_, StoreError>(0);
                }
                let with = BTreeMap::new();
                let plan = tx.plan_move(MoveRequest { roots: &[id], to, how, with: &with })?;
                let ids: Vec<EntityId> = plan.moved.keys().copied().collect();
                let mut before = Vec::new();
                for id in &ids {
                    let home = tx.home(*id)?.unwrap_or_default();
                    before.push((tx.plain_in(*id, home)?, tx.entity(*id)?));
                }
                commit(tx, author, plan.edits, plan.texts)?;
                for (id, (text, state)) in ids.iter().zip(before) {
                    let (mut now, home) = tx.expect_entity(*id, "moved item")?;
                    if tx.strays(*id)?.iter().any(|stray| matches!(stray, Stray::Version(_))) {
                        // Another version that waits for a decision may stand before it.
                        continue;
                    }
                    assert_eq!(home, to, "what was moved is shown where it went");
                    assert_eq!(tx.plain_in(*id, to)?, text, "with the text that it had");
                    let (mut before, from) = state.expect("it was there before it was moved");
                    let list: Option<EntityId> = before.text(LIST).parse().ok();
                    if list.is_some_and(|list| !ids.contains(&list)) {
                        // A list that stays where it is is not named where the item goes.
                        before.registers.remove(LIST);
                        now.registers.remove(LIST);
                    }
                    assert!(
                        before.same_content(&now),
                        "from {from} to {to}: {before:#?} became {now:#?}"
                    );
                }
                Ok(ids.len())
            })
            .unwrap();
        tally.moves += moved;
    }

    /// Decides for the shown version; words that only the others had go knowingly.
    fn decide(&mut self, device: usize, id: EntityId, tally: &mut Tally) {
        self.now += 1_000;
        let author = self.devices[device].author(self.now);
        let dropped = self.devices[device]
            .store
            .write(|tx| {
                let mut edits = Vec::new();
                let mut dropped = String::new();
                for stray in tx.strays(id)? {
                    if let Stray::Version(space) = stray {
                        let copy = tx.entity_in(id, space)?.expect("a stray is held");
                        dropped += &tx.plain_in(id, space)?;
                        edits.push((space, copy.moved_away(Moved::Withdrawn)));
                    }
                }
                let any = !edits.is_empty();
                commit(tx, author, edits, Vec::new())?;
                let left = tx.strays(id)?;
                assert!(!left.iter().any(|s| matches!(s, Stray::Version(_))), "decided once");
                Ok::<_, StoreError>(any.then_some(dropped))
            })
            .unwrap();
        if let Some(dropped) = dropped {
            tally.decided += 1;
            let shown = self.devices[device].store.read(|tx| tx.text(id)).unwrap();
            let shown = shown.map(|text| text.plain).unwrap_or_default();
            self.words.retain(|word, _| !dropped.contains(word) || shown.contains(word));
        }
    }

    pub(crate) fn step(&mut self, tally: &mut Tally) {
        let device = self.rng.gen_range(0..3);
        let note = *self.notes.choose(&mut self.rng).unwrap();
        let list = *self.lists.choose(&mut self.rng).unwrap();
        match self.rng.gen_range(0..100) {
            0..25 => self.type_word(device, note),
            25..28 => self.rename(device, list),
            28..35 => self.rename(device, note),
            35..42 => self.add_note(device),
            42..45 => self.edit(device, note, |draft| {
                draft.life(DELETED, &Seen::All);
            }),
            45..60 => self.move_to(device, list, tally),
            60..66 => self.move_to(device, note, tally),
            66..70 => self.decide(device, note, tally),
            _ => {
                let from = self.rng.gen_range(0..3);
                self.deliver(from, device);
            }
        }
    }

    fn runs(&mut self, from: usize, held: &VersionVector, to: usize) -> Vec<Run> {
        let rng = &mut self.rng;
        let runs = self.devices[from].runs(held, || rng.gen_range(1..6)).unwrap();
        runs.into_iter().filter(|run| reaches(to, run.log.space)).collect()
    }

    fn deliver(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        let held = self.devices[to].held().unwrap();
        let runs = self.runs(from, &held, to);
        let keep = self.rng.gen_range(0..=runs.len());
        for run in &runs[..keep] {
            self.devices[to].take_in(self.now, run).unwrap();
        }
    }

    pub(crate) fn settle(&mut self) {
        for _ in 0..3 {
            for from in 0..3 {
                for to in 0..3 {
                    if from != to {
                        let held = self.devices[to].held().unwrap();
                        for run in self.runs(from, &held, to) {
                            self.devices[to].take_in(self.now, &run).unwrap();
                        }
                    }
                }
            }
        }
    }

    pub(crate) fn check(&mut self, tally: &mut Tally) {
        let dumps: Vec<String> = self.devices.iter_mut().map(|d| d.dump().unwrap()).collect();
        assert_eq!(dumps[0], dumps[1], "the same changes, the same data");
        let conflicts: Vec<String> =
            self.devices.iter_mut().map(|d| d.conflicts().unwrap()).collect();
        assert_eq!(conflicts[0], conflicts[1], "the same changes, the same conflicts");
        let mut digests = self
            .devices
            .iter_mut()
            .map(|device| device.store.read(|tx| tx.digest(Space::Everywhere)).unwrap());
        let first = digests.next().unwrap();
        assert!(digests.all(|digest| digest == first), "a space is the same without the others");
        for (at, device) in self.devices.iter_mut().enumerate() {
            device.store.write(|tx| tx.rebuild()).unwrap();
            assert_eq!(device.dump().unwrap(), dumps[at], "the log alone says the same");
            assert_eq!(device.conflicts().unwrap(), conflicts[at], "and asks the same");
        }
        self.words_are_there(tally);
        self.items_are_reachable(tally);
    }

    /// Every word that nobody took away stands in what is shown, or in a version that is asked about.
    fn words_are_there(&mut self, tally: &mut Tally) {
        let words = self.words.clone();
        self.devices[0]
            .store
            .read(|tx| {
                let mut asked = BTreeSet::new();
                for (word, note) in &words {
                    let text = tx.text(*note)?.map(|text| text.plain).unwrap_or_default();
                    let (state, home) = tx.expect_entity(*note, "note")?;
                    let mut found = text.contains(word);
                    for stray in tx.strays(*note)? {
                        if let Stray::Version(space) = stray {
                            found |= tx.plain_in(*note, space)?.contains(word);
                            asked.insert(*note);
                        }
                    }
                    if !state.is_alive() {
                        // Deleted wherever it stands: each copy is in the trash with its text.
                        for (copy, space) in tx.copies(*note)? {
                            found |=
                                !copy.is_moved_away() && tx.plain_in(*note, space)?.contains(word);
                        }
                    }
                    assert!(found, "'{word}' of {note} ({home}) is lost: {text:?}");
                    tally.moved_words += usize::from(home != Space::Everywhere);
                }
                tally.strays += asked.len();
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    /// A note that lives in a list of another space is in the list, and asked about.
    fn items_are_reachable(&mut self, tally: &mut Tally) {
        let notes = self.notes.clone();
        for device in &mut self.devices {
            device
                .store
                .read(|tx| {
                    let lists: BTreeSet<EntityId> = tx.lists()?.iter().map(|row| row.id).collect();
                    let open: BTreeSet<EntityId> =
                        tx.conflicts(None)?.iter().map(|c| c.entity).collect();
                    for note in &notes {
                        let Some((state, home)) = tx.entity(*note)? else { continue };
                        // One that was moved where its list does not travel is in no list any more.
                        let Ok(list) = state.text(LIST).parse::<EntityId>() else { continue };
                        if !state.is_alive() || tx.entity(list)?.is_none() {
                            continue;
                        }
                        assert!(lists.contains(&list), "the list of {note} is shown");
                        let (list_state, space) = tx.expect_entity(list, "list")?;
                        if list_state.is_alive() && space != home {
                            assert!(open.contains(note), "{note} is apart from its list");
                            tally.apart += 1;
                        }
                    }
                    Ok::<_, StoreError>(())
                })
                .unwrap();
        }
    }

    /// A device that receives everything in some other order ends in the same.
    pub(crate) fn check_arrival_orders(&mut self) {
        let dump = self.devices[0].dump().unwrap();
        let conflicts = self.devices[0].conflicts().unwrap();
        for number in 0..2 {
            let mut late = Replica::new(10 + number, 0).unwrap();
            for _ in 0..200 {
                let held = late.held().unwrap();
                let mut runs = self.runs(0, &held, 0);
                if runs.is_empty() {
                    break;
                }
                runs.shuffle(&mut self.rng);
                for run in &runs {
                    // What starts too early comes again in the next round.
                    late.take_in(self.now, run).unwrap();
                }
            }
            assert_eq!(late.dump().unwrap(), dump);
            assert_eq!(late.conflicts().unwrap(), conflicts);
        }
    }
}
