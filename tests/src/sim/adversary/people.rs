//! What people do on honest devices: they write, delete, exchange, and remove the hostile device once
//! they think that it is one.

use super::history::History;
use holdfast_model::change::Edit;
use holdfast_model::entity::{DELETED, Draft, Seen};
use holdfast_model::fields::{NOTES, TEXT, TITLE};
use holdfast_model::text::{Splice, TextDoc, writer_of};
use holdfast_model::{EntityId, Kind, TextEdit};
use holdfast_oplog::{DeviceId, Space};
use holdfast_store::LocalChange;
use holdfast_sync::devices::remove_device;
use holdfast_transports::bundle::{ExportRequest, ExportScope, export, import};
use holdfast_transports::folder::Take;
use rand::Rng;
use rand::seq::SliceRandom;

impl History {
    /// A person writes something new.
    pub(super) fn add(&mut self, place: usize) {
        let kind = *[Kind::Task, Kind::Task, Kind::Note].choose(&mut self.rng).unwrap();
        let number = self.made.len();
        // The first three and the last four bytes are not all there in an id.
        let mut random = [place as u8; 10];
        random[3..5].copy_from_slice(&(number as u16).to_be_bytes());
        let id = EntityId::of_kind(kind, self.now_ms.unsigned_abs(), random);
        let mut draft = Draft::new(id, kind.as_str());
        draft.set(TITLE, format!("kept {number} by {place}"), &Seen::All);
        let mut edit = draft.finish().expect("it says something");
        let mut texts = Vec::new();
        if kind == Kind::Note || self.rng.gen_bool(0.3) {
            let field = if kind == Kind::Note { TEXT } else { NOTES };
            let mut text = TextDoc::new(writer_of(&self.honest[place].actor.0));
            let words = Splice::new(0, 0, format!("words {number}"));
            let update = text.splice(&[words]).unwrap().update;
            edit.text.insert(field.to_owned(), TextEdit { update, copied: None });
            texts.push((id, text));
        }
        self.made.push(id);
        self.commit(place, vec![edit], texts);
        self.tried.count("honest: writes");
    }

    /// A person gives something another title.
    fn edit(&mut self, place: usize) -> bool {
        let Some(id) = self.made.choose(&mut self.rng).copied() else { return false };
        let Some((state, Space::Everywhere)) = self.honest[place].read(|tx| tx.entity(id)) else {
            return false;
        };
        if !state.is_alive() {
            return false;
        }
        let mut draft = state.draft();
        let word = self.rng.gen_range(0..1000);
        draft.set(TITLE, format!("edited {word} by {place}"), &Seen::All);
        let edits = draft.finish().into_iter().collect();
        self.commit(place, edits, Vec::new());
        self.tried.count("honest: writes");
        true
    }

    /// A person deletes something.
    fn delete(&mut self, place: usize) -> bool {
        let Some(id) = self.made.choose(&mut self.rng).copied() else { return false };
        let Some((state, Space::Everywhere)) = self.honest[place].read(|tx| tx.entity(id)) else {
            return false;
        };
        let mut draft = state.draft();
        draft.life(DELETED, &Seen::All);
        let edits = draft.finish().into_iter().collect();
        self.commit(place, edits, Vec::new());
        self.deleted.insert(id);
        self.tried.count("honest: deletes");
        true
    }

    fn commit(&mut self, place: usize, edits: Vec<Edit>, texts: Vec<(EntityId, TextDoc)>) {
        let change = LocalChange {
            space: Space::Everywhere,
            action: "task.edit".into(),
            edits: edits.clone(),
            texts,
            ..LocalChange::default()
        };
        let applied = self.honest[place].write(self.now_ms, change);
        let dot = applied.last.expect("it was written");
        for edit in edits {
            for (field, write) in edit.set {
                let value = write.value.as_str().unwrap_or_default().to_owned();
                let at = (Space::Everywhere, dot.actor, dot.seq);
                self.wrote.insert((at, edit.entity, field), value);
            }
        }
        self.event(format_args!("{place} wrote {dot}"));
    }

    /// What people do most of the time.
    pub(super) fn people_write(&mut self) -> bool {
        let place = self.someone();
        match self.rng.gen_range(0..10) {
            0 => self.delete(place),
            1..=4 => self.edit(place),
            _ => {
                self.add(place);
                true
            }
        }
    }

    /// Someone visits the folder.
    pub(super) fn people_visit(&mut self) -> bool {
        let place = self.someone();
        self.visit(place);
        true
    }

    pub(super) fn visit(&mut self, place: usize) {
        let now_ms = self.now_ms;
        let mut shelf = std::mem::take(&mut self.shelf);
        let visited = self.honest[place].visit(&mut shelf, now_ms, Take::AtOnce, false);
        let words = match &visited {
            Ok(report) if report.waits.is_some() => {
                self.tried.count("refused: large deletion waits for the person");
                "something waits".to_owned()
            }
            Ok(report) => format!("{} sent", report.sent),
            Err(error) => error.to_string(),
        };
        self.shelf = shelf;
        self.tried.count("honest: visits the folder");
        self.event(format_args!("{place} at the folder: {words}"));
        self.check_files_of(place);
    }

    /// Two honest devices connect.
    pub(super) fn people_meet(&mut self) -> bool {
        let a = self.someone();
        let b = (a + self.rng.gen_range(1..self.honest.len())) % self.honest.len();
        let met = self.meet(a, b, false);
        self.event(format_args!("{a} met {b}: {met:?}"));
        self.tried.count("honest: connection");
        true
    }

    /// A bundle of one is taken in by another.
    pub(super) fn people_carry(&mut self) -> bool {
        let a = self.someone();
        let b = (a + self.rng.gen_range(1..self.honest.len())) % self.honest.len();
        let carried = self.carry(a, b, false);
        self.event(format_args!("bundle of {a} for {b}: {carried:?}"));
        self.tried.count("honest: bundle");
        true
    }

    /// Exports everything on one device and imports it on another. What went wrong, in words.
    pub(super) fn carry(&mut self, from: usize, to: usize, confirmed: bool) -> Result<(), String> {
        let path = self.folder().join(format!("{from}-{to}.holdfast"));
        let request = ExportRequest { scope: ExportScope::Full, nearby: true };
        let now_ms = self.now_ms;
        export(&mut self.honest[from].session(now_ms), request, &path)
            .map_err(|error| format!("export: {error}"))?;
        let imported = import(&mut self.honest[to].session(now_ms), &path, confirmed)
            .map_err(|error| format!("import: {error}"))?;
        self.honest[to].keep(imported.keyring);
        Ok(())
    }

    /// A person removes a hostile device.
    pub(super) fn people_remove(&mut self) -> bool {
        let place = self.someone();
        let members = self.honest[place].members();
        let known: Vec<usize> = (0..self.hostile.hands.len())
            .filter(|hand| members.is_active(DeviceId(self.hostile.hands[*hand].keys.id())))
            .collect();
        let Some(hand) = known.choose(&mut self.rng).copied() else { return false };
        if !self.honest[place].is_member() {
            return false;
        }
        self.remove_hand(place, hand);
        true
    }

    /// Removes a hostile device. Every active member can, at any time.
    pub(super) fn remove_hand(&mut self, place: usize, hand: usize) {
        let id = DeviceId(self.hostile.hands[hand].keys.id());
        let now_ms = self.now_ms;
        let removed = remove_device(&mut self.honest[place].session(now_ms), id);
        match removed {
            Ok(keyring) => self.honest[place].keep(Some(keyring)),
            Err(error) => panic!("device {place} cannot remove a hostile one: {error}"),
        }
        assert!(
            !self.honest[place].members().is_active(id),
            "device {place} removed a hostile one, and it is a member still"
        );
        self.hostile.hands[hand].removed_by.insert(place);
        self.tried.count("honest: removes a hostile device");
    }
}
