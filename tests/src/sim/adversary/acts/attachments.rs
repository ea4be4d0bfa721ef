//! Attachments whose content is not what they say.

use super::changes::SPACE;
use crate::sim::adversary::encoder::changes::{edit, write};
use crate::sim::adversary::encoder::files::hex;
use crate::sim::adversary::encoder::pack::{Value, map};
use crate::sim::adversary::encoder::sealing::Id;
use crate::sim::adversary::encoder::talk::piece;
use crate::sim::adversary::history::History;
use rand::Rng;

impl History {
    pub(super) fn false_attachment(&mut self) -> bool {
        let hand = self.hand();
        let (item, content): (Id, Vec<u8>) = (self.rng.r#gen(), b"what it is".to_vec());
        let kind = self.rng.gen_range(0..5);
        let right = *blake3::hash(&content).as_bytes();
        let hash = if kind == 0 { self.rng.r#gen() } else { right };
        let (size, plain) = match kind {
            1 => (u64::MAX, content),
            2 => (content.len() as u64, b"what it is not".to_vec()),
            3 => (3, content),
            4 => (content.len() as u64 + 40, content),
            _ => (content.len() as u64, content),
        };
        let key = self.some_key();
        for number in 0..self.rng.gen_range(1..3) {
            let sealed = piece(&key, &hash, size, number, &plain, &mut self.rng);
            self.hostile.stock.pieces.insert((hash, number), sealed);
        }
        let set = map([
            ("title", write(Value::from("a picture"), &[])),
            ("hash", write(Value::from(hex(&hash)), &[])),
        ]);
        let life = write(Value::from("alive"), &[]);
        let op = edit(&item, "attachment", vec![("life", life), ("set", set)]);
        let draft = self.draft(hand, SPACE, vec![op]);
        self.commit_hostile(hand, &draft);
        true
    }
}
