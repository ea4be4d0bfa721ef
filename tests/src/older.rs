//! An app of an older release, as a double that really does not know what came later.
//!
//! It has the first tables, its own reduced reading of changes, and its own views. What it knows is
//! what it is told by name in [`Knows`]; from everything else in a change it takes nothing. It shares
//! with the product only ids, hashes and MessagePack, which are what the first release fixed for ever.

use crate::replica::{Replica, VAULT, seal};
use holdfast_oplog::{ActorId, ChangeId, Hash, LogId, Space, VersionVector, chain_hash};
use holdfast_store::{Run, Store};
use rmpv::Value;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The tables of the first release.
const TABLES: &str = include_str!("../../crates/store/src/schema/1-first.sql");

/// What a release understands.
#[derive(Debug, Clone, Copy)]
pub struct Knows {
    /// The highest schema number that it may interpret.
    pub schema: u64,
    /// Kinds of items.
    pub kinds: &'static [&'static str],
    /// Fields with one value.
    pub fields: &'static [&'static str],
}

/// A value and the change that wrote it: actor and number.
type Version = (Vec<u8>, u64, Value);

/// An older app with its database.
pub struct Older {
    conn: Connection,
    folder: TempDir,
    knows: Knows,
    /// Who writes on it.
    pub actor: ActorId,
    /// Live versions by item and field.
    views: BTreeMap<(Vec<u8>, String), Vec<Version>>,
}

impl Older {
    /// A new device with such an app.
    pub fn new(number: u8, knows: Knows) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let conn = Connection::open(folder.path().join("holdfast.db")).expect("a database");
        conn.pragma_update(None, "journal_mode", "WAL").expect("a write-ahead log");
        conn.execute_batch(TABLES).expect("the first tables");
        conn.pragma_update(None, "user_version", 1).expect("a version");
        let meta = "INSERT INTO meta (key, value) VALUES (?1, ?2)";
        conn.execute(meta, ("vault", VAULT.0)).expect("a vault");
        // An app that understood less than the first release would have said so.
        conn.execute(meta, ("reads", 0_u32.to_be_bytes())).expect("a mark");
        Self { conn, folder, knows, actor: ActorId([number; 16]), views: BTreeMap::new() }
    }

    /// Whether it would open the database in a file: its own refusal of newer ones.
    pub fn opens(path: &Path) -> bool {
        let bytes = std::fs::read(path).expect("a database");
        bytes.get(60..64).is_some_and(|version| version == 1_u32.to_be_bytes())
    }

    /// What it holds.
    pub fn held(&self) -> VersionVector {
        let mut statement = self.conn.prepare("SELECT actor, held FROM logs").expect("logs");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
        rows.expect("logs")
            .map(|row| {
                let (actor, held) = row.expect("a log");
                (log(ActorId(actor)), held.unsigned_abs())
            })
            .collect()
    }

    /// What it holds and someone who holds `held` lacks, byte for byte as it came.
    pub fn runs(&self, held: &VersionVector) -> Vec<Run> {
        self.held()
            .missing_in(held)
            .into_iter()
            .map(|range| {
                let actor = range.log.actor;
                let row = |seq: u64| -> (Vec<u8>, [u8; 32]) {
                    let sql = "SELECT body, hash FROM changes WHERE actor = ?1 AND seq = ?2
                         UNION ALL SELECT body, hash FROM waiting WHERE actor = ?1 AND seq = ?2";
                    let place = (actor.0, seq.cast_signed());
                    self.conn
                        .query_row(sql, place, |row| Ok((row.get(0)?, row.get(1)?)))
                        .expect("a change")
                };
                let prev_hash =
                    if range.first == 1 { Hash::ZERO } else { Hash(row(range.first - 1).1) };
                let last_hash = Hash(row(range.last).1);
                let place = ChangeId { space: Space::Everywhere, actor, seq: range.last };
                Run {
                    log: range.log,
                    first: range.first,
                    prev_hash,
                    changes: (range.first..=range.last).map(|seq| row(seq).0).collect(),
                    last_hash,
                    // Anyone can make this stand-in for a signature; see `replica::seal`.
                    signature: seal(place, last_hash),
                }
            })
            .collect()
    }

    /// Takes runs in and applies what it can.
    pub fn take_in(&mut self, runs: &[Run]) {
        for run in runs {
            let (mut held, mut hash) = self.head(run.log.actor);
            for (body, seq) in run.changes.iter().zip(run.first..) {
                if seq != held + 1 {
                    continue;
                }
                hash = chain_hash(hash, body);
                held = seq;
                let signature = (seq == run.last()).then(|| run.signature.to_vec());
                self.conn
                    .execute(
                        "INSERT INTO waiting (space, actor, seq, hash, signature, exchange, parked, body)
                         VALUES ('everywhere', ?1, ?2, ?3, ?4, NULL, 0, ?5)",
                        (run.log.actor.0, seq.cast_signed(), hash.0, signature, body),
                    )
                    .expect("a change to keep");
            }
            self.set_head(run.log.actor, held, hash);
        }
        self.apply();
    }

    fn head(&self, actor: ActorId) -> (u64, Hash) {
        let sql = "SELECT held, held_hash FROM logs WHERE actor = ?1";
        let row =
            self.conn.query_row(sql, [actor.0], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
        let row = row.optional().expect("a log");
        row.map_or((0, Hash::ZERO), |(held, hash)| (held.unsigned_abs(), Hash(hash)))
    }

    fn set_head(&self, actor: ActorId, held: u64, hash: Hash) {
        self.conn
            .execute(
                "INSERT INTO logs (space, actor, held, held_hash, applied, dep)
                 VALUES ('everywhere', ?1, ?2, ?3, 0, 0)
                 ON CONFLICT DO UPDATE SET held = excluded.held, held_hash = excluded.held_hash",
                (actor.0, held.cast_signed(), hash.0),
            )
            .expect("a log");
    }

    fn applied(&self, actor: &[u8]) -> u64 {
        let sql = "SELECT applied FROM logs WHERE actor = ?1";
        let row = self.conn.query_row(sql, [actor], |row| row.get::<_, i64>(0));
        row.optional().expect("a log").unwrap_or(0).unsigned_abs()
    }

    fn apply(&mut self) {
        while self.held().iter().any(|(log, _)| self.apply_next(log.actor)) {}
    }

    /// Applies the next change of a log; whether there was one that could be.
    fn apply_next(&mut self, actor: ActorId) -> bool {
        let seq = self.applied(&actor.0) + 1;
        let sql = "SELECT body, hash, signature FROM waiting WHERE actor = ?1 AND seq = ?2";
        let row = self.conn.query_row(sql, (actor.0, seq.cast_signed()), |row| {
            Ok((
                row.get::<_, Vec<u8>>(0)?,
                row.get::<_, Vec<u8>>(1)?,
                row.get::<_, Option<Vec<u8>>>(2)?,
            ))
        });
        let Some((body, hash, signature)) = row.optional().expect("waiting") else { return false };
        let change = rmpv::decode::read_value(&mut body.as_slice()).expect("MessagePack");
        let number = |name| get(&change, name).and_then(Value::as_u64).unwrap_or(0);
        if number("format") > 1 || number("schema") > self.knows.schema {
            let sql = "UPDATE waiting SET parked = 1 WHERE actor = ?1 AND seq = ?2";
            self.conn.execute(sql, (actor.0, seq.cast_signed())).expect("waiting");
            return false;
        }
        for dep in list(get(&change, "deps")) {
            let of = get(dep, "actor").and_then(Value::as_slice).expect("an actor");
            if self.applied(of) < get(dep, "seq").and_then(Value::as_u64).expect("a number") {
                return false;
            }
        }
        let time = get(&change, "time").and_then(|time| get(time, "ms")).and_then(Value::as_i64);
        let action = get(&change, "action").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.conn
            .execute(
                "INSERT INTO changes (space, actor, seq, hash, signature, time_ms, action, exchange, body)
                 VALUES ('everywhere', ?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7)",
                (actor.0, seq.cast_signed(), hash, signature, time, action, &body),
            )
            .expect("a change");
        let gone = "DELETE FROM waiting WHERE actor = ?1 AND seq = ?2";
        self.conn.execute(gone, (actor.0, seq.cast_signed())).expect("waiting");
        let done = "UPDATE logs SET applied = ?2 WHERE actor = ?1";
        self.conn.execute(done, (actor.0, seq.cast_signed())).expect("a log");
        self.show(&change, &actor.0, seq);
        true
    }

    /// Takes from a change what this release knows, and nothing else.
    fn show(&mut self, change: &Value, actor: &[u8], seq: u64) {
        for op in list(get(change, "ops")) {
            if get(op, "op").and_then(Value::as_str) != Some("edit") {
                continue;
            }
            let kind = get(op, "kind").and_then(Value::as_str).unwrap_or_default();
            if !self.knows.kinds.contains(&kind) {
                continue;
            }
            let id = get(op, "id").and_then(Value::as_slice).expect("an id").to_vec();
            let set = get(op, "set").and_then(Value::as_map).cloned().unwrap_or_default();
            let mut writes: Vec<(String, Value)> = set
                .into_iter()
                .filter_map(|(field, write)| Some((field.as_str()?.to_owned(), write)))
                .filter(|(field, _)| self.knows.fields.contains(&field.as_str()))
                .collect();
            writes.extend(get(op, "life").map(|life| ("life".to_owned(), life.clone())));
            for (field, write) in writes {
                let replaced: BTreeSet<(Vec<u8>, u64)> = list(get(&write, "s"))
                    .iter()
                    .filter_map(|dot| {
                        let actor = get(dot, "actor")?.as_slice()?.to_vec();
                        Some((actor, get(dot, "seq")?.as_u64()?))
                    })
                    .collect();
                let live = self.views.entry((id.clone(), field)).or_default();
                live.retain(|(actor, seq, _)| !replaced.contains(&(actor.clone(), *seq)));
                let value = get(&write, "v").cloned().unwrap_or(Value::Nil);
                live.push((actor.to_vec(), seq, value));
            }
        }
    }

    /// The values of a field that stand on this device.
    pub fn shown(&self, id: &[u8], field: &str) -> Vec<String> {
        let live = self.views.get(&(id.to_vec(), field.to_owned()));
        let mut values: Vec<String> = live
            .into_iter()
            .flatten()
            .map(|(_, _, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        values.sort();
        values.dedup();
        values
    }

    /// The person writes one field of an item here, knowing what this app shows.
    pub fn edit(&mut self, now_ms: i64, id: &[u8], field: &str, value: &str) {
        assert!(self.knows.fields.contains(&field), "this release has no such field");
        let (held, previous) = self.head(self.actor);
        let seen = |field: &str, only: Option<&str>| {
            let live = self.views.get(&(id.to_vec(), field.to_owned()));
            let seen = live
                .into_iter()
                .flatten()
                .filter(|(_, _, value)| only.is_none_or(|only| value.as_str() == Some(only)));
            Value::Array(seen.map(|(actor, seq, _)| dot(actor, *seq)).collect())
        };
        let write = |value: &str, seen: Value| map(vec![("v", value.into()), ("s", seen)]);
        let deps = self.held();
        let deps = deps.iter().filter(|(log, _)| log.actor != self.actor);
        let deps = deps.map(|(log, _)| (log.actor, self.applied(&log.actor.0)));
        let deps = deps.filter(|(_, seq)| *seq > 0).map(|(actor, seq)| dot(&actor.0, seq));
        let change = map(vec![
            ("format", 1.into()),
            ("space", "everywhere".into()),
            ("actor", Value::Binary(self.actor.0.to_vec())),
            ("seq", (held + 1).into()),
            ("deps", Value::Array(deps.collect())),
            ("time", map(vec![("ms", now_ms.into()), ("counter", 0.into())])),
            ("schema", self.knows.schema.into()),
            ("action", "task.edit".into()),
            (
                "ops",
                Value::Array(vec![map(vec![
                    ("op", "edit".into()),
                    ("id", Value::Binary(id.to_vec())),
                    ("kind", "task".into()),
                    ("life", write("alive", seen("life", Some("alive")))),
                    ("set", map(vec![(field, write(value, seen(field, None)))])),
                ])]),
            ),
        ]);
        let mut body = Vec::new();
        rmpv::encode::write_value(&mut body, &change).expect("bytes");
        let last_hash = chain_hash(previous, &body);
        let place = ChangeId { space: Space::Everywhere, actor: self.actor, seq: held + 1 };
        let run = Run {
            log: log(self.actor),
            first: held + 1,
            prev_hash: previous,
            changes: vec![body],
            last_hash,
            signature: seal(place, last_hash),
        };
        self.take_in(&[run]);
    }

    /// How many changes it keeps without having applied them: of newer apps, and behind them.
    pub fn parked(&self) -> u64 {
        let count = self.conn.query_row("SELECT count(*) FROM waiting", [], |row| row.get(0));
        count.map(i64::unsigned_abs).expect("waiting")
    }

    /// The device gets the app of today, over the same database.
    pub fn upgrade(self, now_ms: i64) -> (Replica, TempDir) {
        let path: PathBuf = self.folder.path().join("holdfast.db");
        drop(self.conn);
        let mut store = Store::open(&path).expect("the database of an older app");
        store.write(|tx| tx.catch_up(now_ms)).expect("what the older app kept");
        (Replica { store, actor: self.actor, skew_ms: 0 }, self.folder)
    }
}

/// Both get what the other has.
pub fn exchange(older: &mut Older, other: &mut Replica, now_ms: i64) {
    let held = older.held();
    let runs = other.runs(&held, || u64::MAX).expect("runs");
    older.take_in(&runs);
    let held = other.held().expect("what it holds");
    for run in older.runs(&held) {
        other.take_in(now_ms, &run).expect("an honest run");
    }
}

fn log(actor: ActorId) -> LogId {
    LogId { space: Space::Everywhere, actor }
}

fn get<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn dot(actor: &[u8], seq: u64) -> Value {
    map(vec![("actor", Value::Binary(actor.to_vec())), ("seq", seq.into())])
}
