//! A random history: what people do on three devices, and what the devices hand to each other.
//!
//! Every choice comes from the seed and from what the device shows, never from a clock: the same seed
//! gives the same actions under any clocks.

use holdfast_model::change::Edit;
use holdfast_model::entity::{ALIVE, DELETED, Draft, PURGED, Seen};
use holdfast_model::fields::{
    ARCHIVED, COLOR, DEADLINE, LIFE, LINKS, LIST, ORDER, PARENT, PINNED, PRIORITY, REPEAT,
    REVIEWED, STATUS, TAGS, TITLE, VALUE, WHEN,
};
use holdfast_model::policy::KINDS;
use holdfast_model::text::{Splice, TextDoc, writer_of};
use holdfast_model::{Dot, EntityId, EntityState, Kind, Policies, Value};
use holdfast_oplog::Space;
use holdfast_store::{LocalChange, REDO, Run, StoreError, UNDO, UndoStep};
use holdfast_tests::Replica;
use holdfast_tests::oracle::{FIRST_MARK, Id, Life, Oracle, Told};
use holdfast_tests::replica::log;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

#[path = "carrying.rs"]
mod carrying;
#[path = "pruning.rs"]
pub(crate) mod pruning;

/// The true time at which histories begin.
const START: i64 = 1_800_000_000_000;

/// A conflict that someone is looking at: what they saw, and what they will choose.
struct Looking {
    device: usize,
    item: EntityId,
    field: String,
    chosen: Value,
    saw: Vec<Dot>,
}

/// Three devices and the changes on their way between them.
pub(crate) struct World {
    pub(crate) devices: Vec<Replica>,
    pub(crate) oracle: Oracle,
    rng: ChaCha8Rng,
    now_ms: i64,
    /// Runs on their way, to whom. They arrive in any order, some of them twice.
    under_way: Vec<(usize, Run)>,
    looking: Vec<Looking>,
    made: Vec<(EntityId, Kind, Space)>,
    marks: u32,
    /// Whether people also do what "newest wins" decides by the clock: policies chosen apart.
    by_clock: bool,
    pruning: pruning::Pruning,
}

/// An edit and what the oracle must know of it.
struct Meant {
    edit: Edit,
    life: Life,
    decided: BTreeMap<String, BTreeSet<Id>>,
    text: Option<(String, String)>,
    doc: Option<TextDoc>,
}

impl Meant {
    fn content(edit: Edit) -> Self {
        Self { edit, life: Life::Implied, decided: BTreeMap::new(), text: None, doc: None }
    }
}

impl World {
    pub(crate) fn new(seed: u64, skews_ms: [i64; 3], by_clock: bool) -> Self {
        let devices = (1..).zip(skews_ms).map(|(n, skew)| Replica::new(n, skew).unwrap()).collect();
        Self {
            devices,
            oracle: Oracle::new(3),
            rng: ChaCha8Rng::seed_from_u64(seed),
            now_ms: START,
            under_way: Vec::new(),
            looking: Vec::new(),
            made: Vec::new(),
            marks: 0,
            by_clock,
            pruning: pruning::Pruning::Never,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now_ms
    }

    /// One thing happens somewhere.
    pub(crate) fn step(&mut self) {
        self.now_ms += self.rng.gen_range(1..40_000);
        let device = self.rng.gen_range(0..3);
        self.prune_at_times();
        match self.rng.gen_range(0..100) {
            0..=9 => self.create(device),
            10..=25 => self.edit_fields(device),
            26..=37 => self.type_text(device),
            38..=43 => self.edit_sets(device),
            44..=48 => self.change_life(device),
            49..=56 => self.move_somewhere(device),
            57..=59 => self.look(device),
            60..=63 => self.decide(),
            64..=68 => self.undo(device),
            69..=70 => self.redo(device),
            71 => self.choose_policy(device),
            72 => self.review_text(device),
            73..=83 => self.send(device),
            84..=97 => self.deliver(),
            _ => self.apply(device),
        }
    }

    fn commit(&mut self, device: usize, space: Space, action: &str, meant: Vec<Meant>) {
        self.commit_reverting(device, space, action, None, None, meant);
    }

    fn commit_reverting(
        &mut self,
        device: usize,
        space: Space,
        action: &str,
        reverts: Option<Dot>,
        group: Option<u64>,
        mut meant: Vec<Meant>,
    ) {
        let texts = meant.iter_mut().filter_map(|m| m.doc.take().map(|d| (m.edit.entity, d)));
        let change = LocalChange {
            space,
            action: action.into(),
            group,
            reverts,
            more: false,
            texts: texts.collect(),
            edits: meant.iter().map(|m| m.edit.clone()).collect(),
        };
        let now = self.now_ms;
        let replica = &mut self.devices[device];
        let applied = replica.append(now, change).unwrap();
        assert!(applied.notices.is_empty(), "{:?}", applied.notices);
        let dot = applied.last.unwrap();
        let time = replica
            .store
            .read(|tx| Ok::<_, StoreError>(tx.change(dot.in_space(space))?.unwrap().time))
            .unwrap();
        let told: Vec<Told<'_>> = meant
            .iter()
            .map(|m| Told {
                edit: &m.edit,
                life: m.life,
                decided: m.decided.clone(),
                text: m.text.clone(),
            })
            .collect();
        self.oracle.wrote(device, (log(space, dot.actor), dot.seq), time, &told);
    }

    fn state(&mut self, device: usize, item: EntityId) -> Option<EntityState> {
        let found = self.devices[device].store.read(|tx| tx.entity(item)).unwrap();
        found.map(|(state, _)| state)
    }

    /// Items of some kinds that a device shows.
    fn shown(&mut self, device: usize, kinds: &[Kind]) -> Vec<(EntityState, Space)> {
        let made = self.made.clone();
        let mut items = Vec::new();
        for (id, kind, space) in made {
            if kinds.contains(&kind)
                && let Some(state) = self.state(device, id)
                && state.is_alive()
            {
                items.push((state, space));
            }
        }
        items
    }

    fn pick(&mut self, device: usize, kinds: &[Kind]) -> Option<(EntityState, Space)> {
        self.shown(device, kinds).choose(&mut self.rng).cloned()
    }

    fn word(&mut self) -> String {
        // Few words, so that devices also write the same thing.
        ["oak", "ash", "elm", "fir", "yew"][self.rng.gen_range(0..5)].to_owned()
    }

    fn day(&mut self) -> String {
        format!("2026-12-0{}", self.rng.gen_range(1..4))
    }

    fn create(&mut self, device: usize) {
        let number = self.made.len();
        let kind =
            [Kind::Task, Kind::Task, Kind::Note, Kind::List, Kind::Tag][self.rng.gen_range(0..5)];
        if kind == Kind::Tag && self.by_clock {
            // A tag has its id from its name: two devices may make the same one.
            let name = self.word();
            let id = EntityId::named(&format!("tag/{name}"));
            if self.state(device, id).is_some() {
                return;
            }
            let mut draft = Draft::new(id, kind.as_str());
            draft.set(TITLE, name.as_str(), &Seen::All);
            if !self.made.iter().any(|made| made.0 == id) {
                self.made.push((id, kind, Space::Everywhere));
            }
            let edits = draft.finish().map(Meant::content).into_iter().collect();
            return self.commit(device, Space::Everywhere, "tag.add", edits);
        }
        let space = if self.rng.gen_bool(0.1) { Space::Nearby } else { Space::Everywhere };
        let space = if kind == Kind::Tag { Space::Everywhere } else { space };
        let id = EntityId::named(&format!("item/{number}"));
        let mut draft = Draft::new(id, kind.as_str());
        draft.set(TITLE, self.word(), &Seen::All);
        if kind == Kind::Task && self.rng.gen_bool(0.5) {
            draft.set(WHEN, self.day(), &Seen::All);
            draft.set(ORDER, format!("a{number}"), &Seen::All);
        }
        self.made.push((id, kind, space));
        let edits = draft.finish().map(Meant::content).into_iter().collect();
        self.commit(device, space, "add", edits);
    }

    fn edit_fields(&mut self, device: usize) {
        let Some((first, space)) =
            self.pick(device, &[Kind::Task, Kind::Task, Kind::Note, Kind::List, Kind::Tag])
        else {
            return;
        };
        let mut items = vec![first];
        if self.rng.gen_bool(0.1) {
            // Several items at once are one change.
            let more = self.shown(device, &[Kind::Task]);
            let more =
                more.into_iter().filter(|(state, at)| *at == space && state.id != items[0].id);
            let more: Vec<EntityState> = more.take(2).map(|(state, _)| state).collect();
            items.extend(more);
        }
        let mut meant = Vec::new();
        for state in &items {
            let mut draft = state.draft();
            for _ in 0..self.rng.gen_range(1..3) {
                let kind = Kind::parse(&state.kind).unwrap();
                let (field, value): (&str, Value) = match (kind, self.rng.gen_range(0..9)) {
                    (Kind::Task, 0) => (WHEN, self.day().into()),
                    (Kind::Task, 1) => (DEADLINE, self.day().into()),
                    (Kind::Task, 2) => (STATUS, ["open", "done"][self.rng.gen_range(0..2)].into()),
                    (Kind::Task, 3) => (PRIORITY, Value::Int(self.rng.gen_range(0..4))),
                    (Kind::Task, 4) => (REPEAT, "every day".into()),
                    (Kind::Note, 0..=2) => (PINNED, self.rng.gen_bool(0.5).into()),
                    (Kind::List, 0..=1) => (ARCHIVED, self.rng.gen_bool(0.5).into()),
                    (Kind::List | Kind::Tag, 2..=3) => (COLOR, self.word().into()),
                    (_, 5) => (ORDER, format!("a{}", self.rng.gen_range(0..9)).into()),
                    // A field of a newer app.
                    (_, 6) => ("mood", self.word().into()),
                    _ => (TITLE, self.word().into()),
                };
                draft.set(field, value, &Seen::All);
            }
            meant.extend(draft.finish().map(Meant::content));
        }
        if !meant.is_empty() {
            self.commit(device, space, "edit", meant);
        }
    }

    /// A run of characters that no one else ever types, at times with the end of a line.
    fn run(&mut self) -> String {
        let mut run = String::new();
        for _ in 0..self.rng.gen_range(1..6) {
            run.extend(char::from_u32(u32::from(FIRST_MARK) + self.marks));
            self.marks += 1;
        }
        if self.rng.gen_bool(0.3) {
            run.push_str(".\n");
        }
        run
    }

    fn type_text(&mut self, device: usize) {
        let Some((state, space)) = self.pick(device, &[Kind::Note, Kind::Note, Kind::Task]) else {
            return;
        };
        let writer = writer_of(&self.devices[device].actor.0);
        let id = state.id;
        let mut doc = self.devices[device].store.read(|tx| tx.open_text(id, writer)).unwrap();
        let before = doc.plain();
        let length = doc.len_chars();
        let pos = self.rng.gen_range(0..=length);
        let delete =
            if self.rng.gen_bool(0.4) { self.rng.gen_range(0..=(length - pos).min(6)) } else { 0 };
        let insert = if delete == 0 || self.rng.gen_bool(0.5) { self.run() } else { String::new() };
        let update = doc.splice(&[Splice::new(pos, delete, insert)]).unwrap().update;
        let after = doc.plain();
        let field = Kind::parse(&state.kind).and_then(Kind::text_field).unwrap();
        let mut draft = state.draft();
        draft.text(field, update);
        let mut meant = Meant::content(draft.finish().unwrap());
        meant.text = Some((before, after));
        meant.doc = self.rng.gen_bool(0.5).then_some(doc);
        self.commit(device, space, "text", vec![meant]);
    }

    fn edit_sets(&mut self, device: usize) {
        let Some((state, space)) = self.pick(device, &[Kind::Task, Kind::Note]) else { return };
        let field = if self.rng.gen_bool(0.7) { TAGS } else { LINKS };
        let target = EntityId::named(&format!("tag/{}", self.word())).to_string();
        let mut draft = state.draft();
        if state.elements(field).contains(&&Value::from(target.as_str())) {
            draft.remove(field, target);
        } else {
            draft.add(field, target);
        }
        self.commit(device, space, "set", vec![Meant::content(draft.finish().unwrap())]);
    }

    fn change_life(&mut self, device: usize) {
        let made = self.made.clone();
        let Some((id, _, space)) = made.choose(&mut self.rng).copied() else { return };
        let Some(state) = self.state(device, id) else { return };
        let to = if state.is_alive() {
            DELETED
        } else if state.is_trashed() && self.rng.gen_bool(0.5) {
            PURGED
        } else {
            ALIVE
        };
        let mut draft = state.draft();
        draft.life(to, &Seen::All);
        let mut meant = Meant::content(draft.finish().unwrap());
        meant.life = Life::Meant;
        self.commit(device, space, "life", vec![meant]);
    }

    fn move_somewhere(&mut self, device: usize) {
        let kind = if self.rng.gen_bool(0.5) { Kind::Task } else { Kind::List };
        let Some((state, space)) = self.pick(device, &[kind]) else { return };
        let to_list = kind == Kind::Task && self.rng.gen_bool(0.3);
        let (field, into) = if to_list { (LIST, Kind::List) } else { (PARENT, kind) };
        let targets = self.shown(device, &[into]);
        let targets: Vec<EntityId> = targets
            .into_iter()
            .filter(|(target, at)| *at == space && target.id != state.id)
            .map(|(target, _)| target.id)
            .collect();
        let to = targets.choose(&mut self.rng).filter(|_| self.rng.gen_bool(0.85));
        let mut draft = state.draft();
        draft.set(field, to.map(ToString::to_string), &Seen::All);
        if let Some(edit) = draft.finish() {
            self.commit(device, space, "move", vec![Meant::content(edit)]);
        }
    }

    /// Someone opens a conflict and takes their time.
    fn look(&mut self, device: usize) {
        let items: Vec<(EntityId, Space)> = self.made.iter().map(|m| (m.0, m.2)).collect();
        let mut open = Vec::new();
        for (id, _) in items {
            let Some(state) = self.state(device, id) else { continue };
            let registers =
                state.registers.iter().map(|(field, register)| (field.as_str(), register));
            for (field, register) in registers.chain([(LIFE, &state.life)]) {
                if register.is_disputed() {
                    let mut values: Vec<Value> =
                        register.distinct().into_iter().map(|v| v.value.clone()).collect();
                    values.sort();
                    open.push((id, field.to_owned(), values, register.dots()));
                }
            }
        }
        let Some((item, field, values, saw)) = open.choose(&mut self.rng).cloned() else { return };
        let chosen = if field == TITLE && self.rng.gen_bool(0.3) {
            self.word().into()
        } else {
            values.choose(&mut self.rng).unwrap().clone()
        };
        self.looking.push(Looking { device, item, field, chosen, saw });
    }

    /// Someone who looked at a conflict decides it, whatever has arrived since.
    fn decide(&mut self) {
        if self.looking.is_empty() {
            return;
        }
        let at = self.rng.gen_range(0..self.looking.len());
        let Looking { device, item, field, chosen, saw } = self.looking.swap_remove(at);
        let (state, space) =
            self.devices[device].store.read(|tx| tx.expect_entity(item, "item")).unwrap();
        let ids = saw.iter().map(|dot| (log(space, dot.actor), dot.seq)).collect();
        let mut draft = state.draft();
        if field == LIFE {
            draft.life(chosen.as_str().unwrap(), &Seen::Versions(saw));
        } else {
            draft.set(&field, chosen, &Seen::Versions(saw));
        }
        let mut meant = Meant::content(draft.finish().unwrap());
        meant.decided.insert(field, ids);
        self.commit(device, space, "conflict.resolve", vec![meant]);
    }

    fn undo(&mut self, device: usize) {
        let actor = self.devices[device].actor;
        let step = self.devices[device].store.read(|tx| tx.undo_step(actor)).unwrap();
        let Some(step) = step else { return };
        let before = self.devices[device].dump().unwrap();
        self.revert(device, &step, UNDO);
        if self.rng.gen_bool(0.4) {
            // Undone and at once done again is as it was.
            self.redo(device);
            assert_eq!(
                self.devices[device].dump().unwrap(),
                before,
                "undo and redo lost something"
            );
        }
    }

    fn redo(&mut self, device: usize) {
        let actor = self.devices[device].actor;
        let step = self.devices[device].store.read(|tx| tx.redo_step(actor)).unwrap();
        if let Some(step) = step {
            self.revert(device, &step, REDO);
        }
    }

    fn revert(&mut self, device: usize, step: &UndoStep, action: &str) {
        let first = step.changes.first().unwrap().dot();
        let group = (step.changes.len() > 1).then(|| self.rng.r#gen());
        for change in &step.changes {
            let actor = self.devices[device].actor;
            let unit = std::slice::from_ref(change);
            let plan = self.devices[device]
                .store
                .read(|tx| tx.plan_undo(unit, actor, &step.changes))
                .unwrap();
            let mut docs: BTreeMap<EntityId, TextDoc> = plan.texts.into_iter().collect();
            let mut meant = Vec::new();
            for edit in plan.edits {
                let id = edit.entity;
                let before = self.devices[device].store.read(|tx| tx.text(id)).unwrap();
                let doc = docs.remove(&id);
                let text =
                    doc.as_ref().map(|d| (before.map(|b| b.plain).unwrap_or_default(), d.plain()));
                let life = self.meaning_of_undo(device, change.space, &edit);
                meant.push(Meant { edit, life, decided: BTreeMap::new(), text, doc });
            }
            self.commit_reverting(device, change.space, action, Some(first), group, meant);
        }
    }

    /// An undo writes the life of an item because it undoes or does again a deletion, a decision or
    /// the like, or only because it edits content. It means it where it edits nothing else, or where
    /// an edit of content would have written something else.
    fn meaning_of_undo(&mut self, device: usize, space: Space, edit: &Edit) -> Life {
        let Some(life) = &edit.life else { return Life::Implied };
        let standing = self.oracle.values((edit.entity, space), LIFE, self.oracle.applied(device));
        let content = !edit.set.is_empty()
            || !edit.add.is_empty()
            || !edit.remove.is_empty()
            || !edit.text.is_empty();
        if !content || !standing.contains(&life.value) { Life::Meant } else { Life::Implied }
    }

    fn choose_policy(&mut self, device: usize) {
        if !self.by_clock {
            return;
        }
        let kind = &KINDS[self.rng.gen_range(0..KINDS.len())];
        let policy = kind.choices.choose(&mut self.rng).unwrap().as_str();
        let id = Policies::setting(kind.name);
        let state = self.state(device, id);
        let mut draft = state
            .as_ref()
            .map_or_else(|| Draft::new(id, Kind::Setting.as_str()), EntityState::draft);
        draft.set(VALUE, policy, &Seen::All);
        if let Some(edit) = draft.finish() {
            self.commit(device, Space::Everywhere, "policy.set", vec![Meant::content(edit)]);
        }
    }

    /// Someone looked at the merged text and is content with it.
    fn review_text(&mut self, device: usize) {
        let Some((state, space)) = self.pick(device, &[Kind::Note]) else { return };
        let id = state.id;
        let Some(text) = self.devices[device].store.read(|tx| tx.text(id)).unwrap() else { return };
        let mut draft = state.draft();
        draft.add(REVIEWED, Value::Bytes(text.version.to_bytes()));
        if let Some(edit) = draft.finish() {
            self.commit(device, space, "conflict.resolve", vec![Meant::content(edit)]);
        }
    }
}
