//! The ways by which the adversary hands over what it made: connections, in which it answers and asks as
//! it likes, and bundles. It looks into the folder as well.

use super::changes::SPACE;
use crate::sim::adversary::encoder::bundles::{BATCH, Bundle, CHUNK, HANDOVER, RECORDS, SNAPSHOT};
use crate::sim::adversary::encoder::pack::{Value, bin, list, map};
use crate::sim::adversary::encoder::records::{Vector, packed, vector};
use crate::sim::adversary::encoder::sealing::{Epoch, Use};
use crate::sim::adversary::encoder::talk::{BY_BUNDLE, BY_PEER, answer, ask, news, records};
use crate::sim::adversary::history::History;
use crate::sim::adversary::hostile::Hostile;
use holdfast_oplog::DeviceId;
use holdfast_transports::bundle::{BundleError, import};
use holdfast_transports::peer::{Answer, Ask, Message, PeerError};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

impl Hostile {
    /// A key to seal under: mostly one that honest devices have.
    pub(super) fn sealing(&self, rng: &mut ChaCha8Rng) -> Epoch {
        let any = *self.epochs.choose(rng).expect("it has the first one");
        if rng.gen_bool(0.2) { any } else { self.epochs.get(self.in_use).copied().unwrap_or(any) }
    }

    /// What it answers to a question of an honest device, as bytes.
    pub(in crate::sim::adversary) fn answer(
        &mut self,
        number: u64,
        asked: &Ask,
        rng: &mut ChaCha8Rng,
    ) -> Vec<u8> {
        if rng.gen_bool(0.04) {
            return match rng.gen_range(0..4) {
                0 => answer(number + 1, "batch", Value::Nil),
                1 => (0..60).map(|_| rng.r#gen()).collect(),
                2 => answer(number, "words", list([bin(&[0; 3])])),
                _ => {
                    let text = "\u{1b}[2J\u{202e}no".repeat(20);
                    let failed = map([("code", Value::from("x")), ("text", Value::from(text))]);
                    answer(number, "failed", failed)
                }
            };
        }
        let key = self.sealing(rng);
        match asked {
            Ask::Records(theirs) => {
                self.hears_records(&theirs.known);
                let some: Vec<&[u8]> = self
                    .stock
                    .records
                    .iter()
                    .map(|record| record.bytes.as_slice())
                    .chain(self.heard.values().map(Vec::as_slice))
                    .filter(|_| rng.gen_bool(0.9))
                    .collect();
                let known = key.blob(Use::Membership, BY_PEER, &packed(some), rng);
                answer(number, "records", records(&known, &self.stock.handovers))
            }
            Ask::Batch(range) => {
                let fits = self.stock.batches.iter().filter(|made| {
                    made.log.actor == range.log.actor.0
                        && made.log.space == range.log.space.as_str()
                        && made.first <= range.first
                        && range.first <= made.last
                });
                let fits: Vec<_> = fits.collect();
                let any = self.stock.batches.choose(rng).filter(|_| rng.gen_bool(0.05));
                let made = any.or(fits.choose(rng).copied());
                answer(number, "batch", made.map_or(Value::Nil, |made| bin(&made.bytes)))
            }
            Ask::Words => {
                let words = self.stock.words.iter().map(|word| bin(word));
                answer(number, "words", list(words))
            }
            Ask::Snapshot(_) => {
                let pieces = self.stock.snapshots.last().map_or(0, |(_, pieces)| pieces.len());
                let pieces = if rng.gen_bool(0.05) { u32::MAX } else { pieces as u32 };
                answer(number, "snapshot", Value::from(pieces))
            }
            Ask::SnapshotPiece(at) => {
                let pieces = self.stock.snapshots.last().map(|(_, pieces)| pieces);
                let piece = pieces.and_then(|pieces| pieces.get(*at as usize));
                answer(number, "piece", piece.map_or(Value::Nil, |piece| bin(piece)))
            }
            Ask::Piece { content, number: at } => {
                let piece = self.stock.pieces.get(&(content.0, *at));
                answer(number, "piece", piece.map_or(Value::Nil, |piece| bin(piece)))
            }
        }
    }
}

impl History {
    /// The adversary reads what honest devices put into the folder.
    pub(in crate::sim::adversary) fn look_around(&mut self) {
        let hostile = &mut self.hostile;
        for (at, content) in &self.shelf.files {
            if !hostile.looked_at.insert(at.clone()) {
                continue;
            }
            match at.1.rsplit_once('.').map(|(_, ending)| ending) {
                Some("hfb") => hostile.hears_batch(content),
                Some("hfd") => hostile.hears_records(content),
                _ => {}
            }
        }
    }

    /// An honest device that takes one of the adversary's for a member, and which.
    fn connected(&mut self) -> Option<(usize, usize)> {
        let place = self.someone();
        let members = self.honest[place].members();
        let hands: Vec<usize> = (0..self.hostile.hands.len())
            .filter(|hand| members.is_active(DeviceId(self.hostile.hands[*hand].keys.id())))
            .collect();
        let hand = hands.choose(&mut self.rng).copied()?;
        self.honest[place].is_member().then_some((place, hand))
    }

    /// Offers what it made over a connection, and answers what is asked.
    pub(super) fn answer_honest(&mut self) -> bool {
        self.look_around();
        let Some((place, hand)) = self.connected() else { return false };
        let mut offers = self.hostile.offers();
        if self.rng.gen_bool(0.5) {
            offers.extend(self.hostile.known_heads());
        }
        let mut base: Vector = Vec::new();
        if let Some((heads, _)) = self.hostile.stock.snapshots.last() {
            base = heads.iter().map(|h| (h.log.space.clone(), h.log.actor, h.seq)).collect();
            offers.extend(base.iter().cloned());
        }
        if self.rng.gen_bool(0.1) {
            for (_, _, seq) in &mut offers {
                *seq = seq.saturating_mul(1 << 20);
            }
        }
        let said = self.hostile.stock.words.choose(&mut self.rng).cloned().unwrap_or_default();
        let told = news(&offers, &base, self.rng.r#gen(), &said);
        let outcome = match Message::decode(&told) {
            Ok(Message::News(told)) => self.take_from_hostile(place, hand, &told),
            Ok(_) => Err(PeerError::Unexpected),
            Err(error) => Err(error),
        };
        if let Err(PeerError::MassDeletion { .. }) = outcome {
            self.tried.count("refused: large deletion waits for the person");
        }
        let words = outcome.map_or_else(|error| error.to_string(), |()| "taken".into());
        self.event(format_args!("{place} takes from hand {hand}: {words}"));
        true
    }

    /// Asks an honest device for anything.
    pub(super) fn ask_something(&mut self) -> bool {
        let Some((place, _)) = self.connected() else { return false };
        let key = self.some_key();
        let honest = self.hostile.known_heads();
        let any = honest.choose(&mut self.rng).cloned().unwrap_or((SPACE.into(), [1; 16], 1));
        let log = |space: &str| map([("space", Value::from(space)), ("actor", bin(&any.1))]);
        let range = |space: &str, first: u64, last: u64| {
            map([("log", log(space)), ("first", Value::from(first)), ("last", Value::from(last))])
        };
        let asked = match self.rng.gen_range(0..8) {
            0..=2 => {
                let some = self.some_records();
                let plain = packed(some.iter().map(Vec::as_slice));
                let known = key.blob(Use::Membership, BY_PEER, &plain, &mut self.rng);
                let handovers = self.hostile.stock.handovers.clone();
                ask(1, "records", records(&known, &handovers))
            }
            3 => ask(1, "batch", range(SPACE, 1, any.2)),
            4 => ask(1, "batch", range("device", 1, 5)),
            5 => ask(1, "batch", range(SPACE, u64::MAX - 1, u64::MAX)),
            6 => ask(1, "snapshot", vector(&vec![(SPACE.to_owned(), [7; 16], u64::MAX)])),
            _ => ask(1, "words", Value::Nil),
        };
        let Ok(Message::Ask { ask, .. }) = Message::decode(&asked) else { return false };
        let told = self.ask_honest(place, ask);
        match &told {
            Answer::Records(records) => self.hostile.hears_records(&records.known),
            Answer::Batch(Some(batch)) => self.hostile.hears_batch(batch),
            _ => {}
        }
        true
    }

    /// Gives a person a bundle of its own making.
    pub(super) fn hand_bundle(&mut self) -> bool {
        self.look_around();
        let (place, hand, key) = (self.someone(), self.hand(), self.some_key());
        let some = self.some_records();
        let plain = packed(some.iter().map(Vec::as_slice));
        let known = key.blob(Use::Membership, BY_BUNDLE, &plain, &mut self.rng);
        let stock = &self.hostile.stock;
        let mut sections = vec![(RECORDS, known)];
        if self.rng.gen_bool(0.3) {
            sections.extend(stock.handovers.iter().take(300).map(|h| (HANDOVER, h.clone())));
        }
        let snapshot = stock.snapshots.choose(&mut self.rng).filter(|_| self.rng.gen_bool(0.5));
        let mut holds = self.hostile.offers();
        if let Some((heads, pieces)) = snapshot {
            sections.extend(pieces.iter().map(|piece| (SNAPSHOT, piece.clone())));
            holds.extend(heads.iter().map(|h| (h.log.space.clone(), h.log.actor, h.seq)));
        }
        let (mut changes, mut reach) = (0, std::collections::BTreeMap::new());
        for made in stock.batches.iter().filter(|_| snapshot.is_none()) {
            // One log as it joins; of a fork, the first.
            let next = reach.entry(made.log.clone()).or_insert(1_u64);
            if *next == made.first {
                *next = made.last.saturating_add(1);
                changes += made.last.saturating_sub(made.first).saturating_add(1);
                sections.push((BATCH, made.bytes.clone()));
            }
        }
        if self.rng.gen_bool(0.2) {
            sections.extend(stock.pieces.values().map(|piece| (CHUNK, piece.clone())));
        }
        let lies = self.rng.gen_bool(0.1);
        let bundle = Bundle {
            actor: self.hostile.hands[hand].actor,
            holds,
            since: Vec::new(),
            made: if lies { u64::MAX } else { self.now_ms as u64 },
            changes: changes + u64::from(lies && self.rng.gen_bool(0.5)),
            sections,
        };
        let content = bundle.bytes(self.hostile.vault, &self.hostile.hands[hand].keys);
        let path = self.folder().join("given.holdfast");
        std::fs::write(&path, content).unwrap();
        let now_ms = self.now_ms;
        let imported = import(&mut self.honest[place].session(now_ms), &path, false);
        let words = match imported {
            Ok(imported) => {
                self.honest[place].keep(imported.keyring);
                "taken".to_owned()
            }
            Err(BundleError::MassDeletion { .. }) => {
                self.tried.count("refused: large deletion waits for the person");
                "large deletion".to_owned()
            }
            Err(error) => error.to_string(),
        };
        self.event(format_args!("{place} was given a bundle: {words}"));
        true
    }
}

/// The adversary as an honest member would be: what shows that its encoder is right.
#[cfg(test)]
impl History {
    pub(in crate::sim::adversary) fn answer_in_good_faith(&mut self, place: usize) {
        assert!(self.answer_in_any_faith(place) > 0, "nothing was taken in");
    }

    /// Now and then it lies all the same, or leaves a record out: what is drawn is not up to a test. How often
    /// an exchange came to its end.
    pub(in crate::sim::adversary) fn answer_in_any_faith(&mut self, place: usize) -> usize {
        let offers = self.hostile.offers();
        let told = news(&offers, &Vec::new(), [0; 32], &[]);
        let Ok(Message::News(told)) = Message::decode(&told) else { panic!("it is news") };
        (0..8).filter(|_| self.take_from_hostile(place, 0, &told).is_ok()).count()
    }
}
