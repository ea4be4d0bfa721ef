//! Snapshots: what some spaces are after the changes that their heads name.

use super::changes::{Dot, Hash, Log, dot, time};
use super::keys::DeviceHand;
use super::pack::{Value, bin, bytes, list, map};
use super::sealing::{Epoch, Id, Use, pad};
use rand::RngCore;

/// Where a log stands, and its author's signature on that.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) log: Log,
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    pub(crate) signature: [u8; 64],
}

/// The state of an item, as a record.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) item: Id,
    pub(crate) kind: String,
    pub(crate) made: Dot,
    pub(crate) ms: i64,
    pub(crate) life: (Dot, Value),
    /// Field, who wrote it, value, and whom it is said to be of.
    pub(crate) fields: Vec<(String, Dot, Value, Option<Dot>)>,
}

impl State {
    /// As it stands in the stream of records.
    pub(crate) fn record(&self, space: &str) -> Vec<u8> {
        let version = |by: &Dot, value: &Value, origin: Option<&Dot>| {
            let version = map([
                ("dot", dot(by)),
                ("time", time(self.ms)),
                ("value", value.clone()),
                ("origin", origin.map_or(Value::Nil, dot)),
            ]);
            map([("live", list([version]))])
        };
        let fields = self.fields.iter().map(|(field, by, value, origin)| {
            (Value::from(field.as_str()), version(by, value, origin.as_ref()))
        });
        let moment = list([time(self.ms), dot(&self.made)]);
        let state = map([
            ("id", bin(&self.item)),
            ("kind", Value::from(self.kind.as_str())),
            ("created", moment.clone()),
            ("edited", moment),
            ("life", version(&self.life.0, &self.life.1, None)),
            ("registers", Value::Map(fields.collect())),
            ("sets", Value::Map(Vec::new())),
        ]);
        let inner = map([("s", Value::from(space)), ("b", bin(&bytes(&state)))]);
        bytes(&map([("e", inner)]))
    }
}

/// The sealed pieces of a snapshot.
pub(crate) fn pieces(
    from: &DeviceHand,
    epoch: &Epoch,
    heads: &[Head],
    records: &[Vec<u8>],
    ms: i64,
    rng: &mut dyn RngCore,
) -> Vec<Vec<u8>> {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let logs = heads.iter().map(|head| {
        map([
            ("space", Value::from(head.log.space.as_str())),
            ("actor", bin(&head.log.actor)),
            ("seq", Value::from(head.seq)),
            ("hash", bin(&head.hash)),
            ("signature", bin(&head.signature)),
        ])
    });
    let head = map([
        ("from", bin(&from.id())),
        ("made_ms", Value::from(ms)),
        ("schema", Value::from(2)),
        ("logs", list(logs)),
    ]);
    let mut stream = Vec::new();
    for record in records {
        stream.extend((record.len() as u32).to_be_bytes());
        stream.extend_from_slice(record);
    }
    let mut contents = vec![(1_u8, bytes(&head))];
    if !stream.is_empty() {
        contents.push((2, stream));
    }
    let mut sum = blake3::Hasher::new_derive_key("holdfast 2026 snapshot pieces");
    let mut out: Vec<Vec<u8>> = Vec::new();
    for (kind, content) in contents {
        let piece = piece(epoch, id, out.len() as u32, kind, &content, rng);
        sum.update(&(piece.len() as u64).to_be_bytes()).update(&piece);
        out.push(piece);
    }
    let count = records.len() as u64;
    let all = [id.as_slice(), sum.finalize().as_bytes(), &count.to_be_bytes()].concat();
    let signature = bin(&from.sign_for("snapshot", &all));
    let end = bytes(&map([("records", Value::from(count)), ("signature", signature)]));
    out.push(piece(epoch, id, out.len() as u32, 3, &end, rng));
    out
}

fn piece(
    epoch: &Epoch,
    id: Id,
    number: u32,
    kind: u8,
    content: &[u8],
    rng: &mut dyn RngCore,
) -> Vec<u8> {
    let plain = [&[kind], content].concat();
    let padded = pad(&zstd::bulk::compress(&plain, 3).expect("memory takes it"));
    let place = [b"snapshot piece".as_slice(), &epoch.vault, &id, &number.to_be_bytes()].concat();
    bytes(&map([
        ("format", Value::from(1)),
        ("vault", bin(&epoch.vault)),
        ("snapshot", bin(&id)),
        ("number", Value::from(number)),
        ("sealed", bin(&epoch.blob(Use::Snapshots, &place, &padded, rng))),
    ]))
}
