//! A device that runs a newer app: it writes what this build does not know, and what it must not
//! interpret. It has no database here; its changes come as sealed batches like everyone's.

use super::founded::actor;
use super::tally::Group;
use super::world::World;
use crate::oracle::{Life, Told};
use holdfast_model::change::{Change, Edit, FORMAT, Op, SCHEMA, Write};
use holdfast_model::entity::ALIVE;
use holdfast_model::{Dep, EntityId, Hlc, Value};
use holdfast_oplog::{BATCH_FORMAT, BatchHeader, Hash, LogId, Space, chain_hash};
use holdfast_vault::{seal_batch, sign_change};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeMap;

/// What it wrote so far, in its one log.
pub(crate) struct NewerApp {
    place: usize,
    pub(super) log: LogId,
    changes: Vec<(Vec<u8>, Hash)>,
    ms: i64,
}

impl NewerApp {
    /// The device at a place of the vault.
    pub(crate) fn new(place: usize) -> Self {
        let log = LogId { space: Space::Everywhere, actor: actor(place) };
        Self { place, log, changes: Vec::new(), ms: 0 }
    }

    /// Its place in the vault.
    pub(super) const fn place(&self) -> usize {
        self.place
    }

    /// How many changes it wrote.
    pub(super) fn written(&self) -> u64 {
        self.changes.len() as u64
    }
}

impl World {
    /// The newer app has seen what a device has, and writes something.
    pub(super) fn newer_app_writes(&mut self, after: usize) {
        let place = self.newer.place;
        let seen = self.oracle.received(after).clone();
        let seen = seen.into_iter().filter(|(log, _)| log.space == Space::Everywhere).collect();
        self.oracle.received_up_to(place, &seen);
        self.oracle.apply(place);
        let log = self.newer.log;
        let seq = self.newer.written() + 1;
        let deps = self.oracle.applied(place).iter();
        let deps: Vec<Dep> = deps
            .filter(|(other, _)| other.space == log.space && other.actor != log.actor)
            .map(|(other, seq)| Dep { actor: other.actor, seq: *seq, hash: None })
            .collect();
        let (name, schema, op) = self.newer_operation(seq);
        self.newer.ms = self.newer.ms.max(self.now_ms) + 1;
        let time = Hlc::new(self.newer.ms, 0);
        let change = Change {
            format: FORMAT,
            space: log.space,
            actor: log.actor,
            seq,
            deps,
            time,
            schema,
            action: "hologram".into(),
            group: None,
            more: false,
            reverts: None,
            ops: vec![op.clone()],
        };
        let id = (log, seq);
        match &op {
            _ if schema > SCHEMA => self.oracle.wrote_too_new(place, id),
            Op::Edit(edit) => {
                let decided = BTreeMap::new();
                let told = Told { edit, life: Life::Implied, decided, text: None };
                self.oracle.wrote(place, id, time, &[told]);
            }
            Op::Unknown(_) => self.oracle.wrote(place, id, time, &[]),
        }
        let body = change.encode().unwrap();
        let before = self.newer.changes.last().map_or(Hash::ZERO, |(_, hash)| *hash);
        let hash = chain_hash(before, &body);
        self.newer.changes.push((body, hash));
        self.event(format_args!("newer app: {name} {seq}"));
        self.tally.count(Group::Edits, name);
        self.newer_app_sends(after);
    }

    /// What it does: its name, its schema, its operation.
    fn newer_operation(&mut self, seq: u64) -> (&'static str, u32, Op) {
        let kind = self.rng.gen_range(0..8);
        if kind < 3 {
            let map = vec![
                (rmpv::Value::from("op"), rmpv::Value::from("hologram")),
                (rmpv::Value::from("angle"), rmpv::Value::from(seq)),
            ];
            return ("newer app: operation", SCHEMA, Op::Unknown(rmpv::Value::Map(map)));
        }
        let nested = [("inner".to_owned(), Value::List(vec![Value::Int(1), "x".into()]))];
        let field = Write::new(Value::Map(nested.into()), Vec::new());
        let edit = Edit {
            entity: EntityId::named(&format!("hologram/{seq}")),
            kind: "hologram".into(),
            life: Some(Write::new(ALIVE, Vec::new())),
            set: [("shape".to_owned(), field)].into(),
            add: [("corners".to_owned(), vec![Value::Int(3), Value::Int(4)])].into(),
            remove: BTreeMap::new(),
            text: BTreeMap::new(),
            kept: None,
            takes_back: None,
        };
        let (name, schema) =
            if kind < 7 { ("newer app: kind", SCHEMA) } else { ("newer app: schema", SCHEMA + 1) };
        (name, schema, Op::Edit(Box::new(edit)))
    }

    /// It sends everything that a device lacks of its log, as one batch.
    pub(super) fn newer_app_sends(&mut self, to: usize) {
        let first = self.oracle.received(to).get(&self.newer.log).copied().unwrap_or(0) + 1;
        let last = self.newer.written();
        if first > last {
            return;
        }
        let NewerApp { place, log, changes, .. } = &self.newer;
        let hash = |seq: u64| match seq {
            0 => Hash::ZERO,
            seq => changes[seq as usize - 1].1,
        };
        let header = BatchHeader {
            format: BATCH_FORMAT,
            vault: self.founded.vault,
            space: log.space,
            actor: log.actor,
            first,
            last,
            prev_hash: hash(first - 1),
            last_hash: hash(last),
            epoch: self.founded.keyring.current(),
            branch: None,
        };
        let bodies: Vec<Vec<u8>> =
            changes[first as usize - 1..].iter().map(|(body, _)| body.clone()).collect();
        let id = holdfast_oplog::ChangeId { space: log.space, actor: log.actor, seq: last };
        let keys = &self.founded.keys[*place];
        let signature = sign_change(keys, self.founded.vault, id, hash(last));
        let mut rng = ChaCha20Rng::seed_from_u64(last);
        let batch =
            seal_batch(&self.founded.keyring, header, &bodies, signature, &mut rng).unwrap();
        self.letter(to, batch.encode().unwrap());
    }
}
