//! What the adversary has: devices that are, were or claim to be of the vault, every key that came to
//! it, all that it heard of honest devices, and what it made and may hand over.

use super::encoder::changes::{Dot, Hash, Log, Run};
use super::encoder::keys::{DeviceHand, Public};
use super::encoder::pack::{Value, fixed, get, number, read};
use super::encoder::records::{Name, Record, Vector, public, read_record, unpacked};
use super::encoder::sealing::{Epoch, Id, Key, Use};
use super::encoder::snapshots::Head;
use super::encoder::talk::{BY_BUNDLE, BY_FOLDER, BY_PEER, HANDOVER};
use super::founded::Founded;
use ed25519_dalek::SigningKey;
use holdfast_model::text::{TextDoc, writer_of};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// A device of the adversary.
pub(super) struct Hand {
    pub(super) keys: DeviceHand,
    pub(super) actor: Id,
    /// Where its logs stand, by space.
    pub(super) logs: BTreeMap<String, (u64, Hash)>,
    /// Whether whoever let it in was a member then.
    pub(super) entered: bool,
    /// Which people removed it, by their places.
    pub(super) removed_by: BTreeSet<usize>,
}

/// An item that the adversary heard of.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    pub(super) kind: String,
    pub(super) space: String,
    /// Every change that edited it: what a deletion says that it saw.
    pub(super) dots: BTreeSet<Dot>,
    /// Edits of its text, each with who wrote it.
    pub(super) texts: Vec<(Id, Vec<u8>)>,
}

impl Item {
    /// The edit that leaves nothing of its text, and the field that it is in.
    pub(super) fn emptied(&self, by: Id) -> Option<(&'static str, Vec<u8>)> {
        let mut text = TextDoc::new(writer_of(&by));
        for (writer, update) in &self.texts {
            text.import(update, writer_of(writer)).ok()?;
        }
        let update = text.replace("").ok()?.update;
        let field = if self.kind == "note" { "text" } else { "notes" };
        (!update.is_empty()).then_some((field, update))
    }
}

/// A batch that it made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) log: Log,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) bytes: Vec<u8>,
}

/// What it made and may hand over, by any way and to anyone.
#[derive(Debug, Default)]
pub(super) struct Stock {
    pub(super) records: Vec<Record>,
    pub(super) handovers: Vec<Vec<u8>>,
    pub(super) batches: Vec<Made>,
    pub(super) snapshots: Vec<(Vec<Head>, Vec<Vec<u8>>)>,
    pub(super) words: Vec<Vec<u8>>,
    /// By content and number.
    pub(super) pieces: BTreeMap<([u8; 32], u32), Vec<u8>>,
}

/// The adversary.
pub(super) struct Hostile {
    pub(super) vault: Id,
    /// Every key that it has, whether it came to it or was invented by it.
    pub(super) epochs: Vec<Epoch>,
    /// Which of them an honest device sealed under last.
    pub(super) in_use: usize,
    pub(super) hands: Vec<Hand>,
    /// An invitation by which an honest device joined, found afterwards.
    pub(super) found: (SigningKey, Name),
    /// Records of honest devices.
    pub(super) heard: BTreeMap<Name, Vec<u8>>,
    /// The keys and identities of devices, by their ids.
    pub(super) people: BTreeMap<Id, (Public, Vec<Id>)>,
    /// Where logs stood at changes that their authors signed.
    pub(super) heads: BTreeMap<Log, Head>,
    pub(super) items: BTreeMap<Id, Item>,
    pub(super) stock: Stock,
    /// Files that it looked at.
    pub(super) looked_at: BTreeSet<(String, String)>,
}

impl Hostile {
    /// A member that was let in like any other.
    pub(super) fn new(founded: &Founded) -> Self {
        let mut hostile = Self {
            vault: founded.vault.0,
            epochs: Vec::new(),
            in_use: 0,
            hands: vec![Hand::new(0, founded.hostile_actor)],
            found: founded.found.clone(),
            heard: BTreeMap::new(),
            people: BTreeMap::new(),
            heads: BTreeMap::new(),
            items: BTreeMap::new(),
            stock: Stock::default(),
            looked_at: BTreeSet::new(),
        };
        for (number, key) in &founded.handed {
            hostile.has_key(*number, *key);
        }
        for record in &founded.records {
            hostile.hears_record(record);
        }
        hostile
    }

    pub(super) fn has_key(&mut self, number: u32, key: Key) {
        let epoch = Epoch { vault: self.vault, number, key };
        if !self.epochs.contains(&epoch) {
            self.epochs.push(epoch);
        }
    }

    /// Whether an id is that of one of its devices.
    pub(super) fn is_hand(&self, device: &Id) -> bool {
        self.hands.iter().any(|hand| hand.keys.id() == *device)
    }

    /// The honest devices that it knows of.
    pub(super) fn honest(&self) -> Vec<(Id, Public, Vec<Id>)> {
        let known = self.people.iter().filter(|(id, _)| !self.is_hand(id));
        known.map(|(id, (public, actors))| (*id, *public, actors.clone())).collect()
    }

    /// Hears a record; keys that it hands to one of its devices are its own from then on.
    pub(super) fn hears_record(&mut self, record: &[u8]) {
        let Some((name, kind, body)) = read_record(self.vault, record) else { return };
        if let (Some(public), Some(actor)) = (public(&body), fixed(&body, "actor")) {
            let person = self.people.entry(public.id()).or_insert((public, Vec::new()));
            if !person.1.contains(&actor) {
                person.1.push(actor);
            }
        }
        if kind == "remove" || kind == "keys" {
            let epoch = number(&body, "epoch").and_then(|epoch| u32::try_from(epoch).ok());
            let wrapped = get(&body, "wrapped").and_then(Value::as_array).cloned();
            if let Some((epoch, wrapped)) = epoch.zip(wrapped) {
                let keys: Vec<Key> = wrapped
                    .iter()
                    .filter_map(|one| {
                        let device: Id = fixed(one, "device")?;
                        let hand = self.hands.iter().find(|hand| hand.keys.id() == device)?;
                        hand.keys.unwrap(self.vault, epoch, get(one, "key")?.as_slice()?)
                    })
                    .collect();
                for key in keys {
                    self.has_key(epoch, key);
                }
            }
        }
        self.heard.insert(name, record.to_vec());
    }

    /// Hears a sealed list of records, where one of its keys opens it.
    pub(super) fn hears_records(&mut self, sealed: &[u8]) {
        for place in [BY_PEER, BY_FOLDER, BY_BUNDLE, HANDOVER] {
            let opened = self.epochs.iter().enumerate().find_map(|(at, epoch)| {
                Some((at, epoch.open_blob(Use::Membership, place, sealed)?))
            });
            let opened = opened.map(|(at, packed)| {
                self.in_use = at;
                packed
            });
            for record in opened.iter().flat_map(|packed| unpacked(packed)) {
                self.hears_record(&record);
            }
        }
    }

    /// Hears a batch, where one of its keys opens it.
    pub(super) fn hears_batch(&mut self, batch: &[u8]) {
        let opened = self.epochs.iter().enumerate();
        let mut opened = opened.filter_map(|(at, epoch)| Some((at, Run::opened(epoch, batch)?)));
        let Some((at, run)) = opened.next() else { return };
        self.in_use = at;
        for change in &run.changes {
            self.hears_change(&run.log, change);
        }
        let (seq, hash) = (run.last(), run.last_hash());
        let head = Head { log: run.log.clone(), seq, hash, signature: run.signature };
        if self.heads.get(&run.log).is_none_or(|known| known.seq < seq) {
            self.heads.insert(run.log, head);
        }
    }

    /// Learns which items a change edits.
    pub(super) fn hears_change(&mut self, log: &Log, change: &[u8]) {
        let Some(change) = read(change) else { return };
        let Some(seq) = number(&change, "seq") else { return };
        let ops = get(&change, "ops").and_then(Value::as_array).cloned().unwrap_or_default();
        for op in ops {
            let (Some(item), Some(kind)) = (fixed(&op, "id"), get(&op, "kind")) else { continue };
            let item = self.items.entry(item).or_default();
            if item.kind.is_empty() {
                kind.as_str().unwrap_or_default().clone_into(&mut item.kind);
            }
            item.space.clone_from(&log.space);
            item.dots.insert((log.actor, seq));
            for (_, text) in get(&op, "text").and_then(Value::as_map).into_iter().flatten() {
                if let Some(update) = get(text, "u").and_then(Value::as_slice) {
                    item.texts.push((log.actor, update.to_vec()));
                }
            }
        }
    }

    /// What it knows that logs of honest devices hold.
    pub(super) fn known_heads(&self) -> Vector {
        let heads = self.heads.iter();
        heads.map(|(log, head)| (log.space.clone(), log.actor, head.seq)).collect()
    }

    /// How far each log goes of which it has batches.
    pub(super) fn offers(&self) -> Vector {
        let mut reach: BTreeMap<Log, u64> = BTreeMap::new();
        for made in &self.stock.batches {
            let last = reach.entry(made.log.clone()).or_default();
            *last = (*last).max(made.last);
        }
        reach.into_iter().map(|(log, last)| (log.space, log.actor, last)).collect()
    }
}

impl Hand {
    /// The device of that number; the same in every history.
    pub(super) fn new(number: u64, actor: Id) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(0x6d61_6c6c_6f72_7900 ^ number);
        Self {
            keys: DeviceHand::new(&mut rng),
            actor,
            logs: BTreeMap::new(),
            entered: true,
            removed_by: BTreeSet::new(),
        }
    }

    /// Whether what it signs now can count for everyone.
    pub(super) fn is_member(&self) -> bool {
        self.entered && self.removed_by.is_empty()
    }
}
