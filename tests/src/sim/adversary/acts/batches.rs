//! Logs of the adversary that are none: forked, claimed, invented, far, damaged.

use super::changes::SPACE;
use crate::sim::adversary::encoder::changes::{Draft, Hash, Log, Run, edit, write};
use crate::sim::adversary::encoder::pack::{Value, map};
use crate::sim::adversary::encoder::sealing::Id;
use crate::sim::adversary::history::History;
use crate::sim::adversary::hostile::Made;
use rand::Rng;
use rand::seq::SliceRandom;

impl History {
    /// The bytes of a change that makes something new, at any place.
    fn any_change(&mut self, actor: Id, seq: u64) -> Vec<u8> {
        let item: Id = self.rng.r#gen();
        let title = format!("from the laptop {}", self.rng.gen_range(0..1000));
        let set = map([("title", write(Value::from(title), &[]))]);
        let op =
            edit(&item, "task", vec![("life", write(Value::from("alive"), &[])), ("set", set)]);
        let draft = Draft {
            space: SPACE.into(),
            actor,
            seq,
            deps: Vec::new(),
            ms: self.now_ms,
            schema: 1,
            ops: vec![op],
        };
        draft.bytes()
    }

    /// Signs changes with the key of one of its devices, whatever log they are said to be of.
    fn sign(&mut self, log: Log, first: u64, previous: Hash, changes: Vec<Vec<u8>>) -> Run {
        let hand = self.hand();
        let keys = &self.hostile.hands[hand].keys;
        Run::signed_by(keys, self.hostile.vault, log, first, previous, changes)
    }

    /// Uses one number of a log twice. Who gets which is chosen when it is handed over.
    pub(super) fn fork(&mut self) -> bool {
        let hand = self.hand();
        let log = self.own_log(hand, SPACE);
        let (seq, previous) = self.hostile.hands[hand].logs.get(SPACE).copied().unwrap_or_default();
        for further in 1..3 {
            let count = self.rng.gen_range(1..=further);
            let changes: Vec<Vec<u8>> =
                (0..count).map(|n| self.any_change(log.actor, seq + 1 + n)).collect();
            let keys = &self.hostile.hands[hand].keys;
            let vault = self.hostile.vault;
            let run = Run::signed_by(keys, vault, log.clone(), seq + 1, previous, changes);
            let stands = (run.last(), run.last_hash());
            self.hostile.hands[hand].logs.insert(SPACE.to_owned(), stands);
            self.seal(&run, None);
        }
        true
    }

    /// Says that changes are a branch of the log of an honest device, or of its own.
    pub(super) fn branch_of_another(&mut self) -> bool {
        let heads: Vec<_> = self.hostile.heads.values().cloned().collect();
        let Some(head) = heads.choose(&mut self.rng).cloned() else { return false };
        let own = self.rng.gen_bool(0.3).then(|| self.hand());
        let author = own.map_or(head.log.actor, |hand| self.hostile.hands[hand].actor);
        let after = self.rng.gen_range(0..=head.seq);
        let far = self.rng.gen_bool(0.1);
        let after = if far { u64::MAX - 2 } else { after };
        let mut name: Id = self.rng.r#gen();
        name[8..11].copy_from_slice(b"\xffbr");
        // Text ids of a branch begin with its name: here with another's.
        let victim = blake3::hash(&head.log.actor);
        if self.rng.gen_bool(0.5) {
            name[..8].copy_from_slice(&victim.as_bytes()[..8]);
        }
        let change = self.any_change(author, after.saturating_add(1));
        let log = Log { space: SPACE.into(), actor: name };
        let run = self.sign(log, 1, head.hash, vec![change]);
        self.seal(&run, Some((author, after)));
        true
    }

    pub(super) fn invented_identity(&mut self) -> bool {
        let actor: Id = self.rng.r#gen();
        let change = self.any_change(actor, 1);
        let log = Log { space: SPACE.into(), actor };
        let run = self.sign(log, 1, [0; 32], vec![change]);
        self.seal(&run, None);
        true
    }

    /// Goes on in the log of an honest device, or begins it anew.
    pub(super) fn another_identity(&mut self) -> bool {
        let heads: Vec<_> = self.hostile.heads.values().cloned().collect();
        let Some(head) = heads.choose(&mut self.rng).cloned() else { return false };
        let anew = self.rng.gen_bool(0.3);
        let (first, previous) = if anew { (1, [0; 32]) } else { (head.seq + 1, head.hash) };
        let change = self.any_change(head.log.actor, first);
        let mut run = self.sign(head.log, first, previous, vec![change]);
        if self.rng.gen_bool(0.3) {
            run.signature = head.signature;
        }
        self.seal(&run, None);
        true
    }

    /// Numbers that leave a gap, or that nobody will reach.
    pub(super) fn far_numbers(&mut self) -> bool {
        let hand = self.hand();
        let log = self.own_log(hand, SPACE);
        let (seq, previous) = self.hostile.hands[hand].logs.get(SPACE).copied().unwrap_or_default();
        let first =
            *[seq + 2, seq + 100, u64::MAX >> 1, u64::MAX - 1, 0].choose(&mut self.rng).unwrap();
        let change = self.any_change(log.actor, first);
        let run = self.sign(log, first, previous, vec![change]);
        self.seal(&run, None);
        true
    }

    /// Batches that do not open, are cut, or unpack to more than they should.
    pub(super) fn damaged_batch(&mut self) -> bool {
        let hand = self.hand();
        let log = self.own_log(hand, SPACE);
        let (seq, previous) = self.hostile.hands[hand].logs.get(SPACE).copied().unwrap_or_default();
        let change = self.any_change(log.actor, seq + 1);
        let kind = self.rng.gen_range(0..4);
        let change = if kind == 0 { vec![0; 300 * 1024] } else { change };
        let mut run = self.sign(log.clone(), seq + 1, previous, vec![change]);
        if kind == 1 {
            run.signature = [1; 64];
        }
        let key = self.some_key();
        let mut bytes = run.sealed(&key, None, &mut self.rng);
        match kind {
            2 => bytes.truncate(bytes.len() - 7),
            3 => {
                let at = self.rng.gen_range(0..bytes.len());
                bytes[at] ^= 1 << self.rng.gen_range(0..8);
            }
            _ => {}
        }
        let (first, last) = (run.first, run.last());
        self.hostile.stock.batches.push(Made { log, first, last, bytes });
        true
    }
}
