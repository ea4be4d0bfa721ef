//! Snapshots under heads that others signed, in which records are left out, altered or invented.

use super::changes::SPACE;
use crate::sim::adversary::encoder::changes::{Dot, Log, signed};
use crate::sim::adversary::encoder::pack::Value;
use crate::sim::adversary::encoder::sealing::Id;
use crate::sim::adversary::encoder::snapshots::{Head, State, pieces};
use crate::sim::adversary::history::History;
use crate::sim::adversary::hostile::Item;
use rand::Rng;
use rand::seq::SliceRandom;

impl History {
    /// The heads that others signed, and one of its own, so that it says something new.
    fn heads(&mut self) -> Vec<Head> {
        let mut heads: Vec<Head> =
            self.hostile.heads.values().filter(|head| head.log.space == SPACE).cloned().collect();
        if self.rng.gen_bool(0.3) {
            heads.pop();
        }
        let hand = self.hand();
        let own = self.own_log(hand, SPACE);
        heads.retain(|head| head.log != own);
        if self.rng.gen_bool(0.8) {
            let (seq, _) = self.hostile.hands[hand].logs.get(SPACE).copied().unwrap_or_default();
            let far = *[seq + 1, seq + 1, seq + 1000, u64::MAX >> 1].choose(&mut self.rng).unwrap();
            heads.push(self.own_head(hand, own, far));
        }
        heads
    }

    /// A head of a log, signed by one of its devices. Nothing needs to stand behind it.
    fn own_head(&mut self, hand: usize, log: Log, seq: u64) -> Head {
        let hash = self.rng.r#gen();
        let message = signed(self.hostile.vault, &log, seq, &hash);
        let signature = self.hostile.hands[hand].keys.sign(&message);
        Head { log, seq, hash, signature }
    }

    fn has_snapshot(&mut self, heads: Vec<Head>, records: &[Vec<u8>]) {
        let (hand, key) = (self.hand(), self.some_key());
        let by = &self.hostile.hands[hand].keys;
        let pieces = pieces(by, &key, &heads, records, self.now_ms, &mut self.rng);
        self.hostile.stock.snapshots.push((heads, pieces));
    }

    /// An item as it could stand, with a title.
    fn state(&mut self, id: Id, item: &Item, title: &str, life: &str) -> Option<Vec<u8>> {
        let made: Dot = item.dots.first().copied()?;
        let last: Dot = item.dots.last().copied()?;
        let origin = if self.rng.gen_bool(0.3) { Some(made) } else { None };
        let state = State {
            item: id,
            kind: item.kind.clone(),
            made,
            ms: self.now_ms,
            life: (last, Value::from(life)),
            fields: vec![("title".into(), last, Value::from(title), origin)],
        };
        Some(state.record(SPACE))
    }

    pub(super) fn snapshot_without(&mut self) -> bool {
        let heads = self.heads();
        let mut records = Vec::new();
        if self.rng.gen_bool(0.4) {
            for (id, item) in self.some_items(3) {
                records.extend(self.state(id, &item, "one of few", "alive"));
            }
        }
        self.has_snapshot(heads, &records);
        true
    }

    pub(super) fn snapshot_altered(&mut self) -> bool {
        let heads = self.heads();
        let life = *["alive", "alive", "deleted", "purged"].choose(&mut self.rng).unwrap();
        let mut records = Vec::new();
        for (id, item) in self.some_items(usize::MAX) {
            records.extend(self.state(id, &item, "I owe you 100000", life));
        }
        self.has_snapshot(heads, &records);
        true
    }

    pub(super) fn snapshot_invented(&mut self) -> bool {
        let heads = self.heads();
        let mut records = Vec::new();
        let authors = self.hostile.known_heads();
        for _ in 0..self.rng.gen_range(1..12) {
            let Some((_, author, seq)) = authors.choose(&mut self.rng) else { break };
            let by = (*author, self.rng.gen_range(1..=*seq));
            let item = Item { kind: "task".into(), dots: [by].into(), ..Item::default() };
            let id = self.rng.r#gen();
            records.extend(self.state(id, &item, "never written", "alive"));
        }
        if self.rng.gen_bool(0.2) {
            records.push(vec![0xc1; 30]);
        }
        self.has_snapshot(heads, &records);
        true
    }

    /// Heads of honest devices that they never signed.
    pub(super) fn snapshot_unsigned(&mut self) -> bool {
        let mut heads = self.heads();
        let hand = self.hand();
        for head in &mut heads {
            let far = head.seq.saturating_add(self.rng.gen_range(0..3));
            *head = self.own_head(hand, head.log.clone(), far);
        }
        if let Some(twice) = heads.first().filter(|_| self.rng.gen_bool(0.3)).cloned() {
            heads.push(twice);
        }
        self.has_snapshot(heads, &[]);
        true
    }
}
