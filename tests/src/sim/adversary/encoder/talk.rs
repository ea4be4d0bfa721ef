//! What is said over a connection, and what a device says that it holds.

use super::keys::DeviceHand;
use super::pack::{Value, bin, bytes, list, map};
use super::records::{Vector, vector};
use super::sealing::{Epoch, Id, Use};
use rand::RngCore;

/// What sealed records belong to, by the way that they go.
pub(crate) const BY_PEER: &[u8] = b"peer membership";
/// The same in a folder.
pub(crate) const BY_FOLDER: &[u8] = b"folder membership";
/// The same in a bundle.
pub(crate) const BY_BUNDLE: &[u8] = b"bundle membership";
/// What a handover belongs to.
pub(crate) const HANDOVER: &[u8] = b"handover";
/// What an acknowledgement belongs to.
pub(crate) const WORD: &[u8] = b"acknowledgement";

/// What a device says that another, or itself, holds.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) device: Id,
    pub(crate) actor: Id,
    pub(crate) made_ms: i64,
    pub(crate) holds: Vector,
}

impl Said {
    /// Signed by a device and sealed.
    pub(crate) fn sealed(&self, by: &DeviceHand, epoch: &Epoch, rng: &mut dyn RngCore) -> Vec<u8> {
        let body = bytes(&map([
            ("format", Value::from(1)),
            ("vault", bin(&epoch.vault)),
            ("device", bin(&self.device)),
            ("actor", bin(&self.actor)),
            ("made_ms", Value::from(self.made_ms)),
            ("holds", vector(&self.holds)),
        ]));
        let signature = bin(&by.sign_for("acknowledgement", &body));
        let signed = bytes(&map([("body", bin(&body)), ("signature", signature)]));
        epoch.blob(Use::Membership, WORD, &signed, rng)
    }
}

/// News of what can be asked for.
pub(crate) fn news(offers: &Vector, base: &Vector, records: [u8; 32], said: &[u8]) -> Vec<u8> {
    let news = map([
        ("offers", vector(offers)),
        ("base", vector(base)),
        ("records", bin(&records)),
        ("said", bin(said)),
        ("words", bin(&records)),
    ]);
    bytes(&map([("news", news)]))
}

/// The answer to the question of a number.
pub(crate) fn answer(number: u64, kind: &str, answer: Value) -> Vec<u8> {
    let inner = Value::Map(vec![(Value::from(kind), answer)]);
    bytes(&map([("answer", map([("number", Value::from(number)), ("answer", inner)]))]))
}

/// A question.
pub(crate) fn ask(number: u64, kind: &str, what: Value) -> Vec<u8> {
    let ask = match what {
        Value::Nil => Value::from(kind),
        what => Value::Map(vec![(Value::from(kind), what)]),
    };
    bytes(&map([("ask", map([("number", Value::from(number)), ("ask", ask)]))]))
}

/// Sealed records with handovers.
pub(crate) fn records(known: &[u8], handovers: &[Vec<u8>]) -> Value {
    let handovers = list(handovers.iter().map(|handover| bin(handover)));
    map([("known", bin(known)), ("handovers", handovers)])
}

/// A piece of an attachment's content, which need not be what its name says.
pub(crate) fn piece(
    epoch: &Epoch,
    content: &[u8; 32],
    size: u64,
    number: u32,
    plain: &[u8],
    rng: &mut dyn RngCore,
) -> Vec<u8> {
    let (size_bytes, number_bytes) = (size.to_be_bytes(), number.to_be_bytes());
    let place = [b"bundle attachment".as_slice(), content, &size_bytes, &number_bytes].concat();
    bytes(&map([
        ("hash", bin(content)),
        ("size", Value::from(size)),
        ("piece", Value::from(number)),
        ("sealed", bin(&epoch.blob(Use::Attachments, &place, plain, rng))),
    ]))
}
