//! Membership records of the adversary.

use crate::sim::adversary::encoder::changes::Log;
use crate::sim::adversary::encoder::keys::wrap;
use crate::sim::adversary::encoder::pack::{Value, bin, bytes, fixed, map};
use crate::sim::adversary::encoder::records::{
    Entering, Keyed, Record, Vector, accept, actor, invite, join, keys, packed, read_record,
    record, remove, rename,
};
use crate::sim::adversary::encoder::sealing::{Id, Key, Use};
use crate::sim::adversary::encoder::talk::HANDOVER;
use crate::sim::adversary::history::History;
use crate::sim::adversary::hostile::Hand;
use crate::sim::adversary::limits;
use ed25519_dalek::SigningKey;
use rand::Rng;
use rand::seq::SliceRandom;

/// Devices that it has in a history, at most.
const HANDS: usize = 4;

impl History {
    /// One of its devices.
    pub(super) fn hand(&mut self) -> usize {
        self.rng.gen_range(0..self.hostile.hands.len())
    }

    /// The latest epoch of which it has a key that came to it.
    fn latest(&self) -> u32 {
        self.hostile.epochs.iter().map(|epoch| epoch.number).filter(|n| *n < 900).max().unwrap_or(1)
    }

    /// An epoch: the next one, one that is over, or one that nobody will ever reach.
    fn some_epoch(&mut self) -> u32 {
        let latest = self.latest();
        let epochs =
            [latest + 1, latest + 1, latest + 2, latest, 1, 0, 1000, u32::MAX, u32::MAX - 1];
        *epochs.choose(&mut self.rng).unwrap()
    }

    /// A key of its own choice, wrapped for those whom it likes.
    fn keyed(&mut self, epoch: u32) -> Keyed {
        let old = self.hostile.epochs.choose(&mut self.rng).map(|epoch| epoch.key);
        let invented: Key = self.rng.r#gen();
        let key = old.filter(|_| self.rng.gen_bool(0.3)).unwrap_or(invented);
        let vault = self.hostile.vault;
        let mut wrapped: Vec<(Id, Vec<u8>)> = Vec::new();
        for (id, public) in self.hostile.people.iter().map(|(id, (public, _))| (*id, *public)) {
            if self.rng.gen_bool(0.85) {
                wrapped.push((id, wrap(vault, epoch, &key, &public, &mut self.rng)));
            }
        }
        if self.rng.gen_bool(0.1) {
            wrapped.push((self.rng.r#gen(), vec![7; 104]));
        }
        self.hostile.has_key(epoch, key);
        Keyed { wrapped, epoch, time: self.some_time() }
    }

    fn some_time(&mut self) -> u64 {
        let now = self.now_ms as u64;
        *[now, 0, now + 1, u64::MAX].choose(&mut self.rng).unwrap()
    }

    fn has_record(&mut self, record: Record) {
        self.hostile.hears_record(&record.bytes);
        self.hostile.stock.records.push(record);
    }

    pub(super) fn hand_out_keys(&mut self) -> bool {
        let (hand, epoch) = (self.hand(), self.some_epoch());
        let keyed = self.keyed(epoch);
        let record = keys(self.hostile.vault, &self.hostile.hands[hand].keys, &keyed);
        self.has_record(record);
        self.event(format_args!("keys of epoch {epoch}"));
        true
    }

    pub(super) fn remove_honest(&mut self) -> bool {
        let (hand, epoch) = (self.hand(), self.some_epoch());
        let honest = self.hostile.honest();
        let Some((device, _, actors)) = honest.choose(&mut self.rng).cloned() else { return false };
        let keyed = self.keyed(epoch);
        let all = self.rng.gen_bool(0.4);
        let heads = self.hostile.known_heads();
        let accepted: Vector =
            heads.into_iter().filter(|(_, by, _)| all && actors.contains(by)).collect();
        let heard = self.hostile.heard.keys().copied();
        let kept: Vec<_> = heard.filter(|_| all).collect();
        let by = &self.hostile.hands[hand];
        let record = remove(self.hostile.vault, &by.keys, device, &accepted, &kept, &keyed);
        let removed_by = by.removed_by.clone();
        let (member, entered) = (by.is_member(), by.entered);
        for place in 0..self.honest.len() {
            if self.honest[place].id().0 == device
                && (member || (entered && removed_by.contains(&place)))
            {
                self.put_out.insert(place);
            }
        }
        self.removes_honest = true;
        self.has_record(record);
        self.event(format_args!("hand {hand} removes {device:02x?} at epoch {epoch}"));
        true
    }

    pub(super) fn remove_own(&mut self) -> bool {
        if self.hostile.hands.len() < 2 {
            return false;
        }
        let (by, epoch) = (self.hand(), self.some_epoch());
        let of = (by + self.rng.gen_range(1..self.hostile.hands.len())) % self.hostile.hands.len();
        let keyed = self.keyed(epoch);
        let device = self.hostile.hands[of].keys.id();
        let by = &self.hostile.hands[by].keys;
        let record = remove(self.hostile.vault, by, device, &Vec::new(), &[], &keyed);
        self.has_record(record);
        true
    }

    pub(super) fn let_in(&mut self) -> bool {
        if self.hostile.hands.len() >= HANDS {
            return false;
        }
        let (by, secret) = (self.hand(), SigningKey::from_bytes(&self.rng.r#gen()));
        let vault = self.hostile.vault;
        let time = self.some_time();
        let invited = invite(vault, &self.hostile.hands[by].keys, &secret, time);
        let entered = self.hostile.hands[by].is_member();
        let name = invited.name;
        self.has_record(invited);
        self.enter(&secret, name, entered);
        true
    }

    /// A new device of its own enters by an invitation.
    fn enter(&mut self, secret: &SigningKey, invite: [u8; 32], entered: bool) {
        let number = self.hostile.hands.len() as u64 + 16 * self.rng.gen_range(0..1_000_000);
        let honest =
            self.hostile.honest().into_iter().find_map(|(_, _, actors)| actors.first().copied());
        let claimed = honest.filter(|_| self.rng.gen_bool(0.2));
        let mut hand = Hand::new(number, claimed.unwrap_or_else(|| self.rng.r#gen()));
        hand.entered = entered;
        let who = Entering { name: "laptop", actor: hand.actor, time: self.some_time() };
        let joined = join(self.hostile.vault, &hand.keys, secret, invite, &who);
        self.hostile.hands.push(hand);
        self.has_record(joined);
    }

    /// Finds the invitation by which an honest device joined, and looks for keys whose record has a
    /// smaller hash than that device's.
    pub(super) fn join_by_found(&mut self) -> bool {
        if self.hostile.hands.len() >= HANDS {
            return false;
        }
        let (secret, invite) = self.hostile.found.clone();
        let vault = self.hostile.vault;
        let of_it = |record: &Vec<u8>| {
            let (name, kind, body) = read_record(vault, record)?;
            (kind == "join" && fixed(&body, "invite") == Some(invite)).then_some(name)
        };
        let least = self.hostile.heard.values().filter_map(of_it).min().unwrap_or([255; 32]);
        for _ in 0..24 {
            let number = 16 * self.rng.gen_range(0..1_000_000_u64) + 8;
            let mut hand = Hand::new(number, self.rng.r#gen());
            let who = Entering { name: "found it", actor: hand.actor, time: 0 };
            let joined = join(vault, &hand.keys, &secret, invite, &who);
            if joined.name < least {
                hand.entered = false;
                self.hostile.hands.push(hand);
                self.has_record(joined);
                return true;
            }
        }
        false
    }

    pub(super) fn take_identities(&mut self) -> bool {
        let hand = self.hand();
        let many = self.rng.gen_bool(0.05);
        let count = if many { limits::IDENTITIES + 4 } else { self.rng.gen_range(1..5) };
        for _ in 0..count {
            let (new, time): (Id, u64) = (self.rng.r#gen(), self.some_time());
            let record = actor(self.hostile.vault, &self.hostile.hands[hand].keys, new, time);
            self.has_record(record);
            if self.rng.gen_bool(0.3) {
                self.hostile.hands[hand].actor = new;
                self.hostile.hands[hand].logs.clear();
            }
        }
        true
    }

    pub(super) fn claim_identity(&mut self) -> bool {
        let hand = self.hand();
        let honest = self.hostile.honest();
        let Some((_, _, actors)) = honest.choose(&mut self.rng) else { return false };
        let Some(claimed) = actors.first().copied() else { return false };
        let time = self.some_time();
        let record = actor(self.hostile.vault, &self.hostile.hands[hand].keys, claimed, time);
        self.has_record(record);
        true
    }

    pub(super) fn unknown_kinds(&mut self) -> bool {
        let hand = self.hand();
        for number in 0..self.rng.gen_range(1..30) {
            let kind = *["policy", "", "remove2", "quorum"].choose(&mut self.rng).unwrap();
            let by = bin(&self.hostile.hands[hand].keys.id());
            let body = bytes(&map([
                ("by", by),
                ("n", Value::from(number)),
                ("step", Value::from(self.now_ms)),
            ]));
            let signed = self.rng.gen_bool(0.6);
            let signer = self.hostile.hands[hand].keys.signing();
            let signers: Vec<&SigningKey> = signed.then_some(signer).into_iter().collect();
            let made = record(self.hostile.vault, kind, &body, &signers);
            self.has_record(made);
        }
        true
    }

    pub(super) fn malformed_records(&mut self) -> bool {
        let hand = self.hand();
        let vault = self.hostile.vault;
        let signer = self.hostile.hands[hand].keys.signing();
        let honest = self.hostile.people.keys().next().copied().unwrap_or_default();
        let made = match self.rng.gen_range(0..6) {
            0 => Record { name: [0; 32], bytes: (0..200).map(|n| (n * 7) as u8).collect() },
            1 => record([9; 16], "rename", b"x", &[signer]),
            2 => record(vault, "remove", &bytes(&Value::from("no map")), &[signer]),
            3 => {
                // Signed by another than it says.
                let body = map([
                    ("by", bin(&honest)),
                    ("device", bin(&self.hostile.hands[hand].keys.id())),
                    ("name", Value::from("not said by it")),
                    ("time", Value::from(u64::MAX)),
                ]);
                record(vault, "rename", &bytes(&body), &[signer])
            }
            4 => rename(vault, &self.hostile.hands[hand].keys, honest, &"n".repeat(300), 1),
            _ => record(vault, "genesis", &bytes(&map([("nonce", bin(&[0; 16]))])), &[signer]),
        };
        self.hostile.stock.records.push(made);
        true
    }

    pub(super) fn rename_someone(&mut self) -> bool {
        let hand = self.hand();
        let people: Vec<Id> = self.hostile.people.keys().copied().collect();
        let Some(device) = people.choose(&mut self.rng).copied() else { return false };
        let device = if self.rng.gen_bool(0.1) { self.rng.r#gen() } else { device };
        let time = self.some_time();
        let by = &self.hostile.hands[hand].keys;
        let record = rename(self.hostile.vault, by, device, "device 0", time);
        self.has_record(record);
        true
    }

    pub(super) fn accept_something(&mut self) -> bool {
        let hand = self.hand();
        let people: Vec<(Id, Vec<Id>)> =
            self.hostile.people.iter().map(|(id, (_, actors))| (*id, actors.clone())).collect();
        let Some((device, actors)) = people.choose(&mut self.rng).cloned() else { return false };
        let far = |actor: Id| ("everywhere".to_owned(), actor, u64::MAX >> 1);
        let accepted: Vector = actors.into_iter().map(far).collect();
        let kept: Vec<_> = self.hostile.heard.keys().copied().take(40).collect();
        let time = self.some_time();
        let by = &self.hostile.hands[hand].keys;
        let record = accept(self.hostile.vault, by, device, &accepted, &kept, time);
        self.has_record(record);
        true
    }

    pub(super) fn hundreds_of_records(&mut self) -> bool {
        let hand = self.hand();
        let device = self.hostile.hands[hand].keys.id();
        for number in 0..300 {
            let by = &self.hostile.hands[hand].keys;
            let name = format!("name {number} {}", self.now_ms);
            let record = rename(self.hostile.vault, by, device, &name, number);
            self.has_record(record);
        }
        true
    }

    pub(super) fn make_handovers(&mut self) -> bool {
        let Some(epoch) = self.hostile.epochs.choose(&mut self.rng).copied() else { return false };
        let many = if self.rng.gen_bool(0.1) { limits::HANDOVERS + 20 } else { 3 };
        for number in 0..many {
            let records: Vec<&[u8]> = match self.rng.gen_range(0..3) {
                0 => Vec::new(),
                1 => {
                    self.hostile.stock.records.iter().map(|r| r.bytes.as_slice()).take(6).collect()
                }
                _ => self.hostile.heard.values().map(Vec::as_slice).take(6).collect(),
            };
            let mut plain = packed(records);
            if number % 5 == 4 {
                plain = vec![0xc1; 40];
            }
            let sealed = epoch.blob(Use::Membership, HANDOVER, &plain, &mut self.rng);
            self.hostile.stock.handovers.push(sealed);
        }
        true
    }

    /// The log of one of its devices.
    pub(in crate::sim::adversary) fn own_log(&self, hand: usize, space: &str) -> Log {
        Log { space: space.to_owned(), actor: self.hostile.hands[hand].actor }
    }
}

#[cfg(test)]
impl History {
    pub(in crate::sim::adversary) fn let_one_in_good_faith(&mut self) {
        assert!(self.let_in());
    }

    /// The key of the epoch after this one, for everybody, as whoever removes a device hands it out.
    pub(in crate::sim::adversary) fn hand_out_in_good_faith(&mut self) {
        let people: Vec<_> = self.hostile.people.values().map(|(public, _)| *public).collect();
        let mut wrapped = Vec::new();
        for public in people {
            let key = wrap(self.hostile.vault, 2, &[5; 32], &public, &mut self.rng);
            wrapped.push((public.id(), key));
        }
        let keyed = Keyed { wrapped, epoch: 2, time: 1 };
        let record = keys(self.hostile.vault, &self.hostile.hands[0].keys, &keyed);
        self.has_record(record);
    }
}
