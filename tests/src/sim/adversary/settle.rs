//! The end of a history: the adversary does nothing more, people say yes to what waits, and honest devices
//! exchange by one way alone. Then everything is asked that must hold of all of them together.

use super::history::History;
use holdfast_model::Kind;
use holdfast_oplog::{ChangeId, DeviceId, Space};
use holdfast_sync::devices::remove_device;
use holdfast_sync::{Carrier, Facts, carried_status, membership, offered, spaces, status};
use holdfast_transports::bundle::{ExportRequest, ExportScope, export, invite};
use holdfast_transports::folder::{FolderState, Take};
use holdfast_vault::{Passphrase, verify_change};
use jiff::tz::TimeZone;
use rand::Rng;

/// Rounds in which everything comes around: what one hears in the first, another hands on in the second,
/// and keys that come in one open what comes in the next.
const ROUNDS: usize = 4;
/// Every so many seeds an invitation is made, which takes a good part of a second on purpose.
const INVITED: u64 = 128;

impl History {
    pub(super) fn settle(&mut self) {
        self.begin_step(usize::MAX >> 2);
        for place in 0..self.honest.len() {
            self.check_alone(place);
        }
        let way = self.rng.gen_range(0..3);
        if self.removes_honest {
            self.all_hear_by(way);
        }
        let firm = self.firm();
        self.event(format_args!("everything settles by way {way} for {firm:?}"));
        if firm.len() > 1 {
            match way {
                0 => self.settle_by_connections(&firm),
                1 => self.settle_by_folder(&firm),
                _ => self.settle_by_bundles(&firm),
            }
            self.same_on_all(&firm);
        }
        self.removed_stay_out(&firm);
        self.members_can_remove_one_another(&firm);
        for place in 0..self.honest.len() {
            self.everything_answers(place);
        }
        self.nobody_reads_on(&firm);
    }

    /// Everybody has heard once what the adversary did while it could: who is out by that is known then.
    fn all_hear_by(&mut self, way: usize) {
        let devices = self.honest.len();
        for (a, b) in (0..devices).flat_map(|a| (0..devices).map(move |b| (a, b))) {
            if (a == b) != (way == 1) {
                continue;
            }
            let trusted = self.trusted();
            let heard = match way {
                0 => self.meet(a, b, true),
                1 => self.look(a),
                _ => self.carry(a, b, true),
            };
            self.event(format_args!("{a} hears by way {way}: {heard:?}"));
            self.note_who_is_out(&trusted);
        }
    }

    fn look(&mut self, place: usize) -> Result<(), String> {
        let now_ms = self.now_ms;
        let mut shelf = std::mem::take(&mut self.shelf);
        let visited = self.honest[place].visit(&mut shelf, now_ms, Take::Confirmed, false);
        self.shelf = shelf;
        self.check_files_of(place);
        visited.map(drop).map_err(|error| error.to_string())
    }

    pub(super) fn settle_by_connections(&mut self, firm: &[usize]) {
        for round in 1..=ROUNDS {
            for a in firm {
                for b in firm.iter().filter(|b| *b > a) {
                    let met = self.meet(*a, *b, true);
                    assert!(met.is_ok() || round < ROUNDS, "{a} and {b} do not exchange: {met:?}");
                }
            }
        }
        self.tried.count("check: the same on all, by connections");
    }

    pub(super) fn settle_by_folder(&mut self, firm: &[usize]) {
        for round in 1..=ROUNDS {
            for place in firm {
                let now_ms = self.now_ms;
                let mut shelf = std::mem::take(&mut self.shelf);
                let visited = self.honest[*place].visit(&mut shelf, now_ms, Take::Confirmed, true);
                self.shelf = shelf;
                self.check_files_of(*place);
                match visited {
                    Ok(report) => assert_eq!(report.state, FolderState::Ready),
                    Err(error) => assert!(
                        round < ROUNDS,
                        "device {place} cannot exchange through the folder: {error}"
                    ),
                }
            }
        }
        self.tried.count("check: the same on all, by the folder");
    }

    pub(super) fn settle_by_bundles(&mut self, firm: &[usize]) {
        for round in 1..=ROUNDS {
            for from in firm {
                for to in firm.iter().filter(|to| *to != from) {
                    let carried = self.carry(*from, *to, true);
                    assert!(
                        carried.is_ok() || round < ROUNDS,
                        "a bundle of {from} is not taken in by {to}: {carried:?}"
                    );
                }
            }
        }
        self.tried.count("check: the same on all, by bundles");
    }

    /// Invariants 2 and 3.
    fn same_on_all(&mut self, firm: &[usize]) {
        let ids: Vec<DeviceId> = firm.iter().map(|place| self.honest[*place].id()).collect();
        let mut first = None;
        for place in firm {
            let members = self.honest[*place].members();
            for id in &ids {
                assert!(members.is_active(*id), "to device {place} an honest one is out");
            }
            let active: Vec<_> =
                members.active().map(|device| (device.id, device.name.clone())).collect();
            // What is marked Nearby or waits for an approval does not go by every way.
            let common = Space::Everywhere;
            let (data, conflicts, held) = self.honest[*place].read(|tx| {
                let mut conflicts = Vec::new();
                for conflict in tx.conflicts(None)? {
                    if tx.expect_entity(conflict.entity, "item")?.1 == common {
                        conflicts.push(format!("{conflict:#?}"));
                    }
                }
                Ok((tx.dump(Some(common))?.to_string(), conflicts, tx.held()?.within(&[common])))
            });
            let people: Vec<_> = self.honest.iter().map(|honest| honest.actor).collect();
            let held: Vec<_> = held.iter().filter(|(log, _)| people.contains(&log.actor)).collect();
            match &first {
                None => first = Some((active, data, conflicts, held)),
                Some((members, items, disputes, all)) => {
                    assert_eq!(&active, members, "devices see different members");
                    assert_eq!(&held, all, "devices hold different changes of honest ones");
                    assert_eq!(&data, items, "devices show different data");
                    assert_eq!(&conflicts, disputes, "devices have different conflicts");
                }
            }
        }
    }

    /// A hostile device that an active member removed is out for everyone.
    fn removed_stay_out(&mut self, firm: &[usize]) {
        if firm.len() != self.honest.len() {
            return;
        }
        for place in firm {
            let members = self.honest[*place].members();
            for hand in self.hostile.hands.iter().filter(|hand| !hand.removed_by.is_empty()) {
                let id = DeviceId(hand.keys.id());
                assert!(!members.is_active(id), "to device {place} a removed one is in again");
            }
        }
    }

    /// Invariant 4, tried out on copies.
    fn members_can_remove_one_another(&mut self, firm: &[usize]) {
        for place in firm {
            let me = self.honest[*place].id();
            let members = self.honest[*place].members();
            let others: Vec<DeviceId> =
                members.active().map(|device| device.id).filter(|id| *id != me).collect();
            for other in others {
                if self.rng.gen_bool(0.5) {
                    continue;
                }
                let mut copy = self.honest[*place].copy();
                let removed = remove_device(&mut copy.session(self.now_ms), other);
                let removed = removed.map(|keyring| copy.keep(Some(keyring)));
                assert!(removed.is_ok(), "device {place} cannot remove another: {removed:?}");
                assert!(!copy.members().is_active(other), "device {place} removed one in vain");
                self.tried.count("check: members can remove one another");
            }
        }
    }

    /// Invariant 8.
    pub(super) fn everything_answers(&mut self, place: usize) {
        let honest = &mut self.honest[place];
        honest.read(|tx| {
            let members = membership(tx)?;
            let verify = |log: holdfast_oplog::LogId, seq, hash, signature: &[u8; 64]| {
                let id = ChangeId { space: log.space, actor: log.actor, seq };
                let mut of = members.public_of_any(log.actor);
                of.any(|key| verify_change(&key, tx.vault(), id, hash, signature))
            };
            let wrong: Vec<_> = tx
                .check(&verify, &|actor| members.public_of_any(actor).next().is_some())?
                .into_iter()
                .filter(|line| !line.ok)
                .collect();
            assert!(wrong.is_empty(), "device {place}: {wrong:?}");
            Ok(())
        });
        self.all_but_check_answers(place);
    }

    pub(super) fn all_but_check_answers(&mut self, place: usize) {
        let now_ms = self.now_ms;
        let folder = self.folder();
        let honest = &mut self.honest[place];
        let (me, member) = (honest.id(), honest.is_member());
        honest.read(|tx| {
            let members = membership(tx)?;
            let others: Vec<_> = members
                .active()
                .filter(|device| device.id != me)
                .map(|device| (device.id, device.name.clone()))
                .collect();
            let carrier = Carrier::Bundle { nearby_ticked: false };
            let (held, may) = (tx.held()?, offered(tx, carrier)?);
            let (destinations, carried) = (tx.destinations()?, spaces(carrier));
            let facts = Facts {
                held: &held,
                offered: &may,
                others: &others,
                destinations: &destinations,
                carried: &carried,
                now_ms,
                zone: &TimeZone::UTC,
            };
            assert!(!status(facts).text.is_empty());
            assert!(!carried_status(facts).text.is_empty());
            for kind in Kind::ALL {
                tx.entities_of(kind.as_str())?;
            }
            tx.lists()?;
            tx.unapplied()?;
            Ok(())
        });
        if member {
            let path = folder.join("all.holdfast");
            let request = ExportRequest { scope: ExportScope::Full, nearby: true };
            let exported = export(&mut honest.session(now_ms), request, &path);
            assert!(exported.is_ok(), "device {place} cannot export: {:?}", exported.err());
            if self.seed.is_multiple_of(INVITED) {
                let words = Passphrase::chosen("six plain words for a guest").unwrap();
                let mut copy = honest.copy();
                let invited = invite(&mut copy.session(now_ms), &words, &path);
                assert!(invited.is_ok(), "device {place} cannot invite: {:?}", invited.err());
            }
        }
        self.tried.count("check: everything answers");
    }

    /// Invariant 5: once people have removed every device of the adversary, it reads nothing of what they
    /// write.
    fn nobody_reads_on(&mut self, firm: &[usize]) {
        let Some(first) = firm.first().copied() else { return };
        for hand in 0..self.hostile.hands.len() {
            let id = DeviceId(self.hostile.hands[hand].keys.id());
            if self.honest[first].members().is_active(id) {
                self.remove_hand(first, hand);
            }
        }
        self.shelf.put.clear();
        for _ in 0..2 {
            for place in firm {
                let now_ms = self.now_ms;
                let mut shelf = std::mem::take(&mut self.shelf);
                let visited = self.honest[*place].visit(&mut shelf, now_ms, Take::Confirmed, true);
                self.shelf = shelf;
                visited.unwrap_or_else(|error| {
                    panic!("device {place} cannot exchange once the hostile ones are out: {error}")
                });
                self.check_files_of(*place);
            }
        }
        for place in firm {
            self.add(*place);
            self.visit(*place);
        }
        for place in firm {
            self.removed_are_told_nothing(*place);
            let members = self.honest[*place].members();
            for hand in &self.hostile.hands {
                let id = DeviceId(hand.keys.id());
                assert!(!members.is_active(id), "device {place} has not heard of a removal");
            }
        }
    }
}
