//! What people do to items: make, edit, tag, move, delete, finish.

use super::tally::Group;
use super::world::{Action, Made, Meant, World};
use crate::oracle::Life;
use holdfast_model::entity::{ALIVE, DELETED, Draft, PURGED, Seen};
use holdfast_model::fields::{
    ARCHIVED, COLOR, DEADLINE, LINKS, LIST, ORDER, PARENT, PINNED, PRIORITY, REPEAT, SERIES,
    STATUS, TAGS, TITLE, WHEN,
};
use holdfast_model::recurrence::{self, Repeat};
use holdfast_model::{EntityId, EntityState, Kind, Value};
use holdfast_oplog::Space;
use jiff::ToSpan;
use jiff::civil::Date;
use rand::Rng;
use rand::seq::SliceRandom;

impl World {
    /// What a history begins with: made on the first device.
    pub(super) fn make_first_items(&mut self) {
        let space = Space::Everywhere;
        let kinds = [Kind::List, Kind::Task, Kind::Note, Kind::Task, Kind::List];
        let mut meant = Vec::new();
        let mut made = Vec::new();
        for (number, kind) in kinds.into_iter().enumerate() {
            let id = EntityId::named(&format!("first/{number}"));
            let mut draft = Draft::new(id, kind.as_str());
            draft.set(TITLE, self.word(space), &Seen::All);
            if kind == Kind::Task {
                draft.set(WHEN, self.day(), &Seen::All).set(REPEAT, self.repeat(), &Seen::All);
            }
            meant.extend(draft.finish().map(Meant::content));
            made.push(Made { id, kind });
        }
        if self.commit(0, Action::new(space, "add"), meant) {
            self.made = made;
        }
    }

    /// Someone imports a whole list of tasks.
    pub(super) fn make_many(&mut self, device: usize) {
        let space = Space::Everywhere;
        let ids: Vec<EntityId> =
            (0..12).map(|n| EntityId::named(&format!("many/{}/{n}", self.step))).collect();
        let meant = ids.iter().filter_map(|id| {
            let mut draft = Draft::new(*id, Kind::Task.as_str());
            draft.set(TITLE, "one of many", &Seen::All);
            draft.finish().map(Meant::content)
        });
        if self.commit(device, Action::new(space, "import"), meant.collect()) {
            self.made.extend(ids.into_iter().map(|id| Made { id, kind: Kind::Task }));
            self.tally.count(Group::Edits, "make many tasks at once");
        }
    }

    /// Someone deletes all the tasks they see.
    pub(super) fn delete_many(&mut self, device: usize) {
        let tasks = self.shown(device, &[Kind::Task]);
        let tasks = tasks.iter().filter(|(_, space)| *space == Space::Everywhere);
        let meant: Vec<Meant> = tasks
            .filter_map(|(state, _)| {
                let mut draft = state.draft();
                draft.life(DELETED, &Seen::All);
                let mut meant = Meant::content(draft.finish()?);
                meant.life = Life::Meant;
                Some(meant)
            })
            .collect();
        if !meant.is_empty() && self.commit(device, Action::new(Space::Everywhere, "life"), meant) {
            self.tally.count(Group::Edits, "delete all tasks at once");
        }
    }

    /// Someone empties the trash.
    pub(super) fn empty_trash(&mut self, device: usize) {
        let mut meant = Vec::new();
        for Made { id, .. } in self.made.clone() {
            let Some((state, space)) = self.devices[device].item(id) else { continue };
            if space == Space::Everywhere && state.is_trashed() {
                let mut draft = state.draft();
                draft.life(PURGED, &Seen::All);
                let mut purge = Meant::content(draft.finish().unwrap());
                purge.life = Life::Meant;
                meant.push(purge);
            }
        }
        if !meant.is_empty() && self.commit(device, Action::new(Space::Everywhere, "life"), meant) {
            self.tally.count(Group::Edits, "purge");
        }
    }

    pub(super) fn create(&mut self, device: usize) {
        let kinds = [Kind::Task, Kind::Task, Kind::Note, Kind::List, Kind::Tag];
        let kind = *kinds.choose(&mut self.rng).unwrap();
        if kind == Kind::Tag && self.by_clock {
            return self.create_tag(device);
        }
        let space = match self.rng.gen_range(0..20) {
            0 => Space::Device,
            1..=3 => Space::Nearby,
            4..=5 => Space::Ask,
            _ => Space::Everywhere,
        };
        let id = EntityId::named(&format!("item/{}", self.step));
        let mut draft = Draft::new(id, kind.as_str());
        draft.set(TITLE, self.word(space), &Seen::All);
        if kind == Kind::Task && self.rng.gen_bool(0.5) {
            draft.set(WHEN, self.day(), &Seen::All);
            draft.set(ORDER, format!("a{}", self.step), &Seen::All);
        }
        if kind == Kind::Task && self.rng.gen_bool(0.3) {
            draft.set(REPEAT, self.repeat(), &Seen::All);
        }
        let edits = draft.finish().map(Meant::content).into_iter().collect();
        if self.commit(device, Action::new(space, "add"), edits) {
            self.made.push(Made { id, kind });
            self.tally.count(Group::Edits, &format!("make a {}", kind.as_str()));
        }
    }

    /// A tag has its id from its name: two devices may make the same one.
    fn create_tag(&mut self, device: usize) {
        let space = Space::Everywhere;
        let name = self.word(space);
        let id = EntityId::named(&format!("tag/{name}"));
        if self.devices[device].state(id).is_some() {
            return;
        }
        let mut draft = Draft::new(id, Kind::Tag.as_str());
        draft.set(TITLE, name, &Seen::All);
        let edits = draft.finish().map(Meant::content).into_iter().collect();
        if self.commit(device, Action::new(space, "tag.add"), edits) {
            self.tally.count(Group::Edits, "make a tag");
            if self.made.iter().all(|made| made.id != id) {
                self.made.push(Made { id, kind: Kind::Tag });
            }
        }
    }

    fn repeat(&mut self) -> String {
        let text = ["every day", "every 2 days", "every week"].choose(&mut self.rng).unwrap();
        Repeat::parse(text).unwrap().unwrap().to_string()
    }

    pub(super) fn edit_fields(&mut self, device: usize) {
        let kinds = [Kind::Task, Kind::Note, Kind::List, Kind::Tag];
        let Some((first, space)) = self.pick(device, &kinds) else { return };
        let mut items = vec![first];
        if self.rng.gen_bool(0.15) {
            // Several items at once are one change.
            let more = self.shown(device, &[Kind::Task]).into_iter();
            let more = more.filter(|(state, at)| *at == space && state.id != items[0].id);
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
                    (Kind::Task, 4) => (REPEAT, self.repeat().into()),
                    (Kind::Note, 0..=2) => (PINNED, self.rng.gen_bool(0.5).into()),
                    (Kind::List, 0..=1) => (ARCHIVED, self.rng.gen_bool(0.5).into()),
                    (Kind::List | Kind::Tag, 2..=3) => (COLOR, self.word(space).into()),
                    (_, 5) => (ORDER, format!("a{}", self.rng.gen_range(0..9)).into()),
                    // A field of a newer app.
                    (_, 6) => ("mood", self.word(space).into()),
                    _ => (TITLE, self.word(space).into()),
                };
                draft.set(field, value, &Seen::All);
            }
            meant.extend(draft.finish().map(Meant::content));
        }
        if !meant.is_empty() {
            self.commit(device, Action::new(space, "edit"), meant);
        }
    }

    pub(super) fn edit_sets(&mut self, device: usize) {
        let Some((state, space)) = self.pick(device, &[Kind::Task, Kind::Note]) else { return };
        let field = if self.rng.gen_bool(0.7) { TAGS } else { LINKS };
        let target = EntityId::named(&format!("tag/{}", self.word(space))).to_string();
        let mut draft = state.draft();
        if state.elements(field).contains(&&Value::from(target.as_str())) {
            draft.remove(field, target);
        } else {
            draft.add(field, target);
        }
        let meant = vec![Meant::content(draft.finish().unwrap())];
        self.commit(device, Action::new(space, "set"), meant);
    }

    pub(super) fn change_life(&mut self, device: usize) {
        let Some(Made { id, .. }) = self.made.choose(&mut self.rng).copied() else { return };
        let Some((state, space)) = self.devices[device].item(id) else { return };
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
        if self.commit(device, Action::new(space, "life"), vec![meant]) {
            let row = match to {
                DELETED => "delete",
                PURGED => "purge",
                _ => "restore",
            };
            self.tally.count(Group::Edits, row);
        }
    }

    pub(super) fn move_somewhere(&mut self, device: usize) {
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
            self.commit(device, Action::new(space, "move"), vec![Meant::content(edit)]);
        }
    }

    /// Someone finishes an occurrence of a repeating task, before or after midnight. The next one has
    /// its id from the one that was finished, so devices that make it apart make one.
    pub(super) fn finish_repeating(&mut self, device: usize) {
        let Some((state, space)) = self.pick(device, &[Kind::Task]) else { return };
        let planned: Result<Date, _> = state.text(WHEN).parse();
        let disputed = |field| state.register(field).is_some_and(|r| r.is_disputed());
        let (Ok(from), Ok(repeat)) = (planned, state.text(REPEAT).parse::<Repeat>()) else {
            return;
        };
        // What is shown of a disputed date is the clock's choice.
        if disputed(WHEN) || disputed(REPEAT) || disputed(SERIES) {
            return;
        }
        let today = from + self.rng.gen_range(0..2).days();
        let Some(next) = recurrence::next(&repeat, from, today) else { return };
        let series = state.text(SERIES).parse().unwrap_or(state.id);
        let id = EntityId(recurrence::occurrence_id(*series.as_bytes(), *state.id.as_bytes()));
        let mut done = state.draft();
        done.set(STATUS, "done", &Seen::All);
        let mut meant: Vec<Meant> = done.finish().map(Meant::content).into_iter().collect();
        let makes = self.devices[device].state(id).is_none();
        if makes {
            let mut draft = Draft::new(id, Kind::Task.as_str());
            for field in [REPEAT, PRIORITY] {
                if !disputed(field) {
                    draft.set(field, state.value(field).clone(), &Seen::All);
                }
            }
            draft.set(TITLE, format!("next {}", self.plain_word(space)), &Seen::All);
            draft.set(STATUS, "open", &Seen::All).set(SERIES, series.to_string(), &Seen::All);
            draft.set(WHEN, next.to_string(), &Seen::All);
            meant.extend(draft.finish().map(Meant::content));
        }
        if !meant.is_empty() && self.commit(device, Action::new(space, "task.done"), meant) && makes
        {
            self.tally.count(Group::Edits, "next occurrence");
            if self.made.iter().all(|made| made.id != id) {
                self.made.push(Made { id, kind: Kind::Task });
            } else {
                self.tally.count(Group::Edits, "next occurrence, made on a second device");
            }
        }
    }

    /// The same word everywhere, so that an occurrence made twice is the same.
    #[allow(clippy::unused_self, reason = "called like the other words")]
    fn plain_word(&self, space: Space) -> &'static str {
        match space {
            Space::Everywhere => "one",
            Space::Device => super::world::DEVICE_NEEDLE,
            Space::Ask => super::world::ASK_NEEDLE,
            Space::Nearby => super::world::NEARBY_NEEDLE,
        }
    }
}
