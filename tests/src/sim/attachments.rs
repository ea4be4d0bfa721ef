//! Files that people attach, and that must go as far as what names them, and no further.

use super::tally::Group;
use super::world::{Action, Made, Meant, World};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{Hash, LogId, Space};
use rand::Rng;

/// The field of an attachment that names its content.
const HASH: &str = "hash";

impl World {
    /// Someone attaches a file.
    pub(super) fn attach(&mut self, device: usize) {
        let space = match self.rng.gen_range(0..8) {
            0 => Space::Device,
            1 => Space::Nearby,
            2 => Space::Ask,
            _ => Space::Everywhere,
        };
        let words = self.word(space);
        let bytes = format!("{words} {}", self.step).repeat(self.rng.gen_range(1..9));
        let added = self.devices[device].store.write(|tx| tx.add_blob(bytes.as_bytes()));
        let content = match added {
            Ok(content) => content,
            Err(_) if self.devices[device].crashed() => return self.restart(device),
            Err(error) => panic!("device {device} could not keep a file: {error}"),
        };
        let id = EntityId::named(&format!("file/{}", self.step));
        let kind = Kind::Attachment;
        let mut draft = Draft::new(id, kind.as_str());
        draft.set(TITLE, words, &Seen::All).set(HASH, content.to_hex(), &Seen::All);
        let meant = draft.finish().map(Meant::content).into_iter().collect();
        if self.commit(device, Action::new(space, "attach"), meant) {
            let log = LogId { space, actor: self.devices[device].actor };
            self.contents.insert(content, (log, self.oracle.received(device)[&log]));
            self.made.push(Made { id, kind });
            self.tally.count(Group::Edits, "attach a file");
        }
    }

    /// The contents that attachments name which a device shows.
    pub(super) fn contents_in_use(&mut self, device: usize) -> Vec<(Hash, EntityId)> {
        let states = self.devices[device].read(|tx| tx.entities_of(Kind::Attachment.as_str()));
        let contents = self.contents.keys();
        let by_name: std::collections::BTreeMap<String, Hash> =
            contents.map(|content| (content.to_hex(), *content)).collect();
        let alive = states.into_iter().filter(|(state, _)| state.is_alive());
        alive.filter_map(|(state, _)| Some((*by_name.get(state.text(HASH))?, state.id))).collect()
    }
}
