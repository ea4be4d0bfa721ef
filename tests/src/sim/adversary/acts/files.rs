//! What the adversary does to the exchange folder. It needs no key for most of it.

use super::changes::SPACE;
use crate::sim::adversary::encoder::files::{batch, devices, head, hex, mark, piece, snapshot};
use crate::sim::adversary::encoder::records::packed;
use crate::sim::adversary::encoder::sealing::{Id, Use};
use crate::sim::adversary::encoder::talk::BY_FOLDER;
use crate::sim::adversary::history::History;
use rand::Rng;
use rand::seq::SliceRandom;

impl History {
    /// A writer's directory: its own, that of an honest device, or one of nobody.
    fn directory(&mut self) -> String {
        let hand = self.hand();
        let own = hex(&self.hostile.hands[hand].actor);
        let honest = self.hostile.honest();
        let another =
            honest.choose(&mut self.rng).and_then(|(_, _, actors)| actors.first().copied());
        match self.rng.gen_range(0..10) {
            0..=5 => own,
            6..=7 => another.map_or(own, |actor| hex(&actor)),
            8 => hex(&self.rng.r#gen::<Id>()),
            _ => another.map_or(own, |actor| hex(&actor).to_uppercase()),
        }
    }

    fn place_file(&mut self, name: String, content: Vec<u8>) {
        let directory = self.directory();
        self.event(format_args!("{} bytes as {directory}/{name}", content.len()));
        self.hostile.looked_at.insert((directory.clone(), name.clone()));
        self.shelf.files.insert((directory, name), content);
    }

    /// Puts something that it made into the folder, under the name that belongs to it.
    pub(super) fn put_file(&mut self) -> bool {
        let mut made: Vec<(String, Vec<u8>)> = Vec::new();
        let stock = &self.hostile.stock;
        match self.rng.gen_range(0..8) {
            0..=2 => {
                let batches = stock.batches.iter();
                made.extend(batches.map(|b| {
                    let name = batch(&b.log.space, &b.log.actor, b.first, b.last, &b.bytes);
                    (name, b.bytes.clone())
                }));
            }
            3..=4 => return self.put_records(),
            5 => {
                let counter = *[1, 7, u64::MAX].choose(&mut self.rng).unwrap();
                made.extend(stock.words.iter().map(|word| (head(counter, word), word.clone())));
            }
            6 => {
                let Some((_, pieces)) = stock.snapshots.choose(&mut self.rng) else { return false };
                let id = self.rng.gen_range(1..9);
                let of = pieces.len() as u32;
                for (number, content) in (0..).zip(pieces) {
                    made.push((snapshot(id, number, of, content), content.clone()));
                }
            }
            _ => {
                let pieces = stock.pieces.iter();
                made.extend(
                    pieces.map(|((of, number), content)| {
                        (piece(of, *number, content), content.clone())
                    }),
                );
            }
        }
        let some = !made.is_empty();
        for (name, content) in made {
            if self.rng.gen_bool(0.8) {
                self.place_file(name, content);
            }
        }
        some
    }

    fn put_records(&mut self) -> bool {
        let key = self.some_key();
        let some: Vec<Vec<u8>> = self.some_records();
        let plain = packed(some.iter().map(Vec::as_slice));
        let sealed = key.blob(Use::Membership, BY_FOLDER, &plain, &mut self.rng);
        self.place_file(devices(&sealed), sealed);
        for handover in self.hostile.stock.handovers.clone() {
            self.place_file(devices(&handover), handover);
        }
        true
    }

    /// Some of the records that it made, and perhaps those of others.
    pub(super) fn some_records(&mut self) -> Vec<Vec<u8>> {
        let part = self.rng.gen_bool(0.4);
        let (stock, rng) = (&self.hostile.stock, &mut self.rng);
        let mut some: Vec<Vec<u8>> = stock
            .records
            .iter()
            .filter(|_| !part || rng.gen_bool(0.5))
            .map(|record| record.bytes.clone())
            .collect();
        if rng.gen_bool(0.4) {
            some.extend(self.hostile.heard.values().cloned());
        }
        some
    }

    pub(super) fn false_name(&mut self) -> bool {
        let honest = self.hostile.honest();
        let Some((_, _, actors)) = honest.choose(&mut self.rng) else { return false };
        let actor = actors.first().copied().unwrap_or([1; 16]);
        let content: Vec<u8> = (0..90).map(|n| n ^ 0x5a).collect();
        let hand = self.hand();
        let own = self.hostile.hands[hand].actor;
        let name = match self.rng.gen_range(0..5) {
            0 => batch(SPACE, &actor, 1, self.rng.gen_range(1..40), &content),
            1 => batch(SPACE, &own, 1, u64::MAX, &content),
            2 => devices(&content),
            3 => snapshot(3, 0, 1, &content),
            _ => head(u64::MAX, &content),
        };
        self.place_file(name, content);
        true
    }

    /// A file without content whose name promises much.
    pub(super) fn empty_file(&mut self) -> bool {
        let honest = self.hostile.honest();
        let Some((_, _, actors)) = honest.choose(&mut self.rng) else { return false };
        let actor = actors.first().copied().unwrap_or([1; 16]);
        let last = *[40, 1 << 40, u64::MAX >> 1].choose(&mut self.rng).unwrap();
        let name = batch(SPACE, &actor, 1, last, b"");
        self.place_file(name, Vec::new());
        true
    }

    pub(super) fn any_name(&mut self) -> bool {
        let letters =
            ["head", "-", "0", ".hfb", "everywhere", "..", " ", "é", "device", "1", ".hfd"];
        let mut name = String::new();
        for _ in 0..self.rng.gen_range(1..9) {
            name.push_str(letters.choose(&mut self.rng).unwrap());
        }
        if self.rng.gen_bool(0.3) {
            name = format!("device-{}-1-2-{}.hfb", hex(&[1; 16]), mark(b"x"));
        }
        self.place_file(name, b"x".to_vec());
        true
    }

    /// Removes, cuts or changes a file that an honest device put there.
    pub(super) fn damage_file(&mut self) -> bool {
        let files: Vec<(String, String)> = self.shelf.files.keys().cloned().collect();
        let Some(at) = files.choose(&mut self.rng).cloned() else { return false };
        let what = self.rng.gen_range(0..3);
        self.event(format_args!("damage {what} to {}/{}", at.0, at.1));
        let (rng, files) = (&mut self.rng, &mut self.shelf.files);
        let Some(content) = files.get_mut(&at) else { return false };
        match what {
            0 => drop(files.remove(&at)),
            1 => content.truncate(content.len() / 2),
            _ => {
                if let Some(byte) = content.choose_mut(rng) {
                    *byte ^= 1 << rng.gen_range(0..8);
                }
            }
        }
        true
    }
}
