//! Changes of the adversary's devices, in their own logs.

use crate::sim::adversary::encoder::changes::{Dot, Draft, Hash, Run, edit, write, write_as};
use crate::sim::adversary::encoder::pack::{Value, bin, map};
use crate::sim::adversary::encoder::sealing::{Epoch, Id};
use crate::sim::adversary::history::History;
use crate::sim::adversary::hostile::{Item, Made};
use rand::Rng;
use rand::seq::SliceRandom;

/// The space in which it writes mostly.
pub(super) const SPACE: &str = "everywhere";

impl History {
    /// A key to seal under.
    pub(super) fn some_key(&mut self) -> Epoch {
        self.hostile.sealing(&mut self.rng)
    }

    /// What its next change says that it had seen.
    pub(super) fn seen(&self, space: &str) -> Vec<Dot> {
        let heads = self.hostile.heads.iter().filter(|(log, _)| log.space == space);
        let own: Vec<Id> = self.hostile.hands.iter().map(|hand| hand.actor).collect();
        heads
            .filter(|(log, _)| !own.contains(&log.actor))
            .map(|(log, head)| (log.actor, head.seq))
            .collect()
    }

    /// A change of one of its devices that is to be.
    pub(super) fn draft(&mut self, hand: usize, space: &str, ops: Vec<Value>) -> Draft {
        let (seq, _) = self.hostile.hands[hand].logs.get(space).copied().unwrap_or_default();
        let far = self.rng.gen_bool(0.1);
        Draft {
            space: space.to_owned(),
            actor: self.hostile.hands[hand].actor,
            seq: seq + 1,
            deps: self.seen(space),
            ms: if far { i64::MAX } else { self.now_ms },
            schema: 1,
            ops,
        }
    }

    /// Writes a change into the log of one of its devices, and seals it.
    pub(in crate::sim::adversary) fn commit_hostile(&mut self, hand: usize, draft: &Draft) {
        let log = self.own_log(hand, &draft.space);
        let own = self.hostile.hands[hand].logs.get(&draft.space).copied().unwrap_or_default();
        let (_, previous): (u64, Hash) = own;
        let changes = vec![draft.bytes()];
        let keys = &self.hostile.hands[hand].keys;
        let run = Run::signed_by(keys, self.hostile.vault, log, draft.seq, previous, changes);
        self.hostile.hears_change(&run.log, &run.changes[0]);
        let stands = (run.last(), run.last_hash());
        self.hostile.hands[hand].logs.insert(draft.space.clone(), stands);
        self.seal(&run, None);
    }

    /// Seals a run and keeps it to be handed over.
    pub(super) fn seal(&mut self, run: &Run, branch: Option<(Id, u64)>) {
        let key = self.some_key();
        let bytes = run.sealed(&key, branch, &mut self.rng);
        let (first, last) = (run.first, run.last());
        self.hostile.stock.batches.push(Made { log: run.log.clone(), first, last, bytes });
    }

    /// Some items that it heard of, in the space in which it writes.
    pub(super) fn some_items(&mut self, most: usize) -> Vec<(Id, Item)> {
        let known = self.hostile.items.iter().filter(|(_, item)| item.space == SPACE);
        let mut known: Vec<(Id, Item)> = known.map(|(id, item)| (*id, item.clone())).collect();
        known.shuffle(&mut self.rng);
        known.truncate(most);
        known
    }

    /// Writes the same into the life of several items, in one change or one each.
    fn end(&mut self, items: Vec<(Id, Item)>, value: &str) -> bool {
        let hand = self.hand();
        let one = |(id, item): &(Id, Item)| {
            let seen: Vec<Dot> = item.dots.iter().copied().collect();
            edit(id, &item.kind, vec![("life", write(Value::from(value), &seen))])
        };
        let ops: Vec<Value> = items.iter().map(one).collect();
        if ops.is_empty() {
            return false;
        }
        let together = self.rng.gen_bool(0.7);
        let parts: Vec<Vec<Value>> =
            if together { vec![ops] } else { ops.into_iter().map(|op| vec![op]).collect() };
        for ops in parts {
            let draft = self.draft(hand, SPACE, ops);
            self.commit_hostile(hand, &draft);
        }
        true
    }

    pub(super) fn write_item(&mut self) -> bool {
        let (hand, item): (usize, Id) = (self.hand(), self.rng.r#gen());
        let space = *[SPACE, SPACE, SPACE, "nearby", "ask"].choose(&mut self.rng).unwrap();
        let set = map([("title", write(Value::from("from the laptop"), &[]))]);
        let life = write(Value::from("alive"), &[]);
        let op = edit(&item, "task", vec![("life", life), ("set", set)]);
        let draft = self.draft(hand, space, vec![op]);
        self.commit_hostile(hand, &draft);
        true
    }

    pub(super) fn write_title(&mut self) -> bool {
        let hand = self.hand();
        let Some((id, item)) = self.some_items(1).pop() else { return false };
        let all: Vec<Dot> = item.dots.iter().copied().collect();
        let seen = if self.rng.gen_bool(0.5) { all } else { Vec::new() };
        let title = Value::from(format!("changed {}", self.now_ms));
        let parts = vec![
            ("life", write(Value::from("alive"), &seen)),
            ("set", map([("title", write(title, &seen))])),
        ];
        let draft = self.draft(hand, SPACE, vec![edit(&id, &item.kind, parts)]);
        self.commit_hostile(hand, &draft);
        true
    }

    /// Calls somebody's item something else, by a clock that makes it the first who wrote it.
    pub(super) fn call_otherwise(&mut self) -> bool {
        let hand = self.hand();
        let Some((id, item)) = self.some_items(1).pop() else { return false };
        let kinds = ["zzz", "tag", "task", "note", "list", "setting"];
        let Some(kind) = kinds.choose(&mut self.rng).filter(|kind| **kind != item.kind) else {
            return false;
        };
        let parts = vec![
            ("life", write(Value::from("alive"), &[])),
            ("set", map([("x", write(Value::from(1), &[]))])),
        ];
        let draft = self.draft(hand, SPACE, vec![edit(&id, kind, parts)]);
        let draft = Draft { ms: self.now_ms - 100_000_000_000, deps: Vec::new(), ..draft };
        self.commit_hostile(hand, &draft);
        true
    }

    pub(super) fn delete_few(&mut self) -> bool {
        let items = self.some_items(9);
        self.end(items, "deleted")
    }

    pub(super) fn delete_all(&mut self) -> bool {
        let items = self.some_items(usize::MAX);
        self.end(items, "deleted")
    }

    pub(super) fn purge_all(&mut self) -> bool {
        let most = *[9, usize::MAX].choose(&mut self.rng).unwrap();
        let items = self.some_items(most);
        self.end(items, "purged")
    }

    pub(super) fn withdraw_all(&mut self) -> bool {
        let most = *[9, usize::MAX].choose(&mut self.rng).unwrap();
        let items = self.some_items(most);
        let value = *["withdrawn", "left"].choose(&mut self.rng).unwrap();
        self.end(items, value)
    }

    /// Takes the words out of items and leaves them standing.
    pub(super) fn empty_all(&mut self) -> bool {
        let hand = self.hand();
        let most = *[9, usize::MAX].choose(&mut self.rng).unwrap();
        let mut ops = Vec::new();
        for (id, item) in self.some_items(most) {
            let seen: Vec<Dot> = item.dots.iter().copied().collect();
            let mut parts = vec![
                ("life", write(Value::from("alive"), &seen)),
                ("set", map([("title", write(Value::from(""), &seen))])),
            ];
            let text = self
                .hostile
                .items
                .get(&id)
                .and_then(|item| item.emptied(self.hostile.hands[hand].actor));
            if let Some((field, update)) = text {
                let text = map([("u", bin(&update))]);
                parts.push(("text", Value::Map(vec![(Value::from(field), text)])));
            }
            ops.push(edit(&id, &item.kind, parts));
        }
        if ops.is_empty() {
            return false;
        }
        let mut draft = self.draft(hand, SPACE, ops);
        draft.schema = 2;
        self.commit_hostile(hand, &draft);
        true
    }

    /// Says that another wrote a value which that one never wrote.
    pub(super) fn write_as_another(&mut self) -> bool {
        let hand = self.hand();
        let Some((id, item)) = self.some_items(1).pop() else { return false };
        let seen: Vec<Dot> = item.dots.iter().copied().collect();
        let honest = self.hostile.honest();
        let Some((_, _, actors)) = honest.choose(&mut self.rng) else { return false };
        let Some(author) = actors.first().copied() else { return false };
        let real = seen.iter().copied().find(|(actor, _)| *actor == author);
        let invented = (author, self.rng.gen_range(1..9));
        let origin = real.filter(|_| self.rng.gen_bool(0.6)).unwrap_or(invented);
        let title = write_as(Value::from("I owe you 100000"), &seen, origin, self.now_ms);
        let parts =
            vec![("life", write(Value::from("alive"), &seen)), ("set", map([("title", title)]))];
        let draft = self.draft(hand, SPACE, vec![edit(&id, &item.kind, parts)]);
        self.commit_hostile(hand, &draft);
        true
    }

    pub(super) fn malformed_change(&mut self) -> bool {
        let hand = self.hand();
        let Some((id, item)) = self.some_items(1).pop() else { return false };
        let mut deep = Value::Nil;
        for _ in 0..self.rng.gen_range(20..90) {
            deep = Value::Array(vec![deep]);
        }
        let seen: Vec<Dot> = item.dots.iter().copied().collect();
        let mut parts = vec![("life", write(Value::from("alive"), &seen))];
        let kind = self.rng.gen_range(0..5);
        match kind {
            0 => parts.push(("set", map([("title", write(deep, &seen))]))),
            1 => parts.push(("set", Value::from("no map"))),
            2 => parts.push(("life", Value::Boolean(true))),
            3 => {
                parts = vec![
                    ("life", write(Value::from(7), &seen)),
                    ("set", map([("list", write(bin(&[1, 2]), &[]))])),
                ];
            }
            _ => {}
        }
        let mut draft = self.draft(hand, SPACE, vec![edit(&id, &item.kind, parts)]);
        if kind == 4 {
            // The change says another place than the batch.
            draft.seq += 5;
            let bytes = draft.bytes();
            let log = self.own_log(hand, SPACE);
            let keys = &self.hostile.hands[hand].keys;
            let (seq, hash) = self.hostile.hands[hand].logs.get(SPACE).copied().unwrap_or_default();
            let run = Run::signed_by(keys, self.hostile.vault, log, seq + 1, hash, vec![bytes]);
            self.seal(&run, None);
            return true;
        }
        self.commit_hostile(hand, &draft);
        true
    }

    /// Writes into a text what no writer of that id wrote.
    pub(super) fn write_text(&mut self) -> bool {
        let hand = self.hand();
        let Some((id, item)) = self.some_items(1).pop() else { return false };
        let field = if item.kind == "note" { "text" } else { "notes" };
        let update = match self.rng.gen_range(0..4) {
            0 => b"textfrom the laptop".to_vec(),
            1 => b"loro\0\0\0\0junk".to_vec(),
            // What another wrote, as its own.
            2 => item.texts.first().map(|(_, update)| update.clone()).unwrap_or_default(),
            _ => vec![0; 64],
        };
        let mut text = vec![(Value::from("u"), bin(&update))];
        if self.rng.gen_bool(0.3) {
            let copied = map([("b", bin(&[])), ("h", bin(&[5; 32]))]);
            text.push((Value::from("c"), copied));
        }
        let seen: Vec<Dot> = item.dots.iter().copied().collect();
        let parts = vec![
            ("life", write(Value::from("alive"), &seen)),
            ("text", Value::Map(vec![(Value::from(field), Value::Map(text))])),
        ];
        let mut draft = self.draft(hand, SPACE, vec![edit(&id, &item.kind, parts)]);
        draft.schema = 2;
        self.commit_hostile(hand, &draft);
        true
    }

    pub(super) fn wait_for_nothing(&mut self) -> bool {
        let hand = self.hand();
        let item: Id = self.rng.r#gen();
        let life = write(Value::from("alive"), &[]);
        let mut draft = self.draft(hand, SPACE, vec![edit(&item, "task", vec![("life", life)])]);
        let honest = self.hostile.honest();
        let author = honest.first().and_then(|(_, _, actors)| actors.first().copied());
        draft.deps.push((author.unwrap_or([3; 16]), u64::MAX >> 2));
        draft.deps.push((self.rng.r#gen(), 1));
        self.commit_hostile(hand, &draft);
        true
    }

    pub(super) fn newer_change(&mut self) -> bool {
        let hand = self.hand();
        let unknown = map([("op", Value::from("merge")), ("x", bin(&[1; 40]))]);
        let item: Id = self.rng.r#gen();
        let odd = edit(&item, "board", vec![("life", write(Value::from("asleep"), &[]))]);
        let mut draft = self.draft(hand, SPACE, vec![unknown, odd]);
        draft.schema = *[1, 2, 3, u32::MAX].choose(&mut self.rng).unwrap();
        self.commit_hostile(hand, &draft);
        true
    }
}

#[cfg(test)]
impl History {
    pub(in crate::sim::adversary) fn draft_in_good_faith(&self, ops: Vec<Value>) -> Draft {
        Draft {
            space: SPACE.to_owned(),
            actor: self.hostile.hands[0].actor,
            seq: 1,
            deps: Vec::new(),
            ms: self.now_ms,
            schema: 1,
            ops,
        }
    }
}
