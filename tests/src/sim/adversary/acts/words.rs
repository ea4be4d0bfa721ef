//! What the adversary says that devices hold.

use super::changes::SPACE;
use crate::sim::adversary::encoder::records::Vector;
use crate::sim::adversary::encoder::sealing::Id;
use crate::sim::adversary::encoder::talk::Said;
use crate::sim::adversary::history::History;
use rand::Rng;
use rand::seq::SliceRandom;

impl History {
    fn said(&mut self, device: Id, hand: usize, holds: Vector) -> bool {
        let actor = self.hostile.hands[hand].actor;
        let made_ms = *[self.now_ms, 0, i64::MAX, self.now_ms + 1].choose(&mut self.rng).unwrap();
        let key = self.some_key();
        let said = Said { device, actor, made_ms, holds };
        let sealed = said.sealed(&self.hostile.hands[hand].keys, &key, &mut self.rng);
        self.hostile.stock.words.push(sealed);
        true
    }

    pub(super) fn lie_about_holding(&mut self) -> bool {
        let hand = self.hand();
        let mut holds = self.hostile.known_heads();
        match self.rng.gen_range(0..4) {
            0 => {}
            1 => holds.iter_mut().for_each(|(_, _, seq)| *seq = u64::MAX >> 1),
            2 => holds.clear(),
            _ => {
                for _ in 0..self.rng.gen_range(1..200) {
                    holds.push((SPACE.to_owned(), self.rng.r#gen(), self.rng.gen_range(1..99)));
                }
            }
        }
        let device = self.hostile.hands[hand].keys.id();
        self.said(device, hand, holds)
    }

    pub(super) fn speak_for_another(&mut self) -> bool {
        let hand = self.hand();
        let honest = self.hostile.honest();
        let Some((device, ..)) = honest.choose(&mut self.rng) else { return false };
        let (device, mut holds) = (*device, self.hostile.known_heads());
        for (_, _, seq) in &mut holds {
            *seq += 5;
        }
        self.said(device, hand, holds)
    }
}
