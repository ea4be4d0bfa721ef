//! What holds in every history, whatever the adversary does:
//!
//! 1. **Nothing is lost, and nothing goes unasked.** What an honest device acknowledged it holds. What it
//!    showed it knows for ever, in use or deleted, with a title that somebody wrote. It never shows clearly less than before (ten items that people made or
//!    more, and more than half of them, deleted, purged, withdrawn or emptied) before its person said yes.
//! 2. **Honest devices go on.** Those that nobody removed who could take in what the others have, over each
//!    way alone, once nothing is added any more ([`super::settle`]).
//! 3. **They come to the same**: members, data, conflicts.
//! 4. **Every active member can be removed by every other**, at any time.
//! 5. **A removed device reads nothing new**: nothing that is sealed by a device which has learned that all
//!    of the adversary's devices were removed opens with a key that the adversary ever had, be it handed to
//!    it or invented by it. Over a link that is still open it is told of nothing.
//! 6. **What a value says about its author is true.** Where a value is shown as that of an honest device, and
//!    not as told by another, that device wrote it, in the change that is named.
//! 7. **What one device costs the others is bounded**, in rows and bytes ([`super::limits`]).
//! 8. **Everything answers**: status, devices, check, export and invitation, on every honest device.

use super::encoder::pack::{fixed, get};
use super::encoder::records::{Name, read_record};
use super::encoder::sealing::{Id, Use};
use super::encoder::talk::{BY_FOLDER, WORD};
use super::history::History;
use super::limits;
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityState, Kind};
use holdfast_oplog::{ActorId, DeviceId, Space};
use holdfast_store::Field;
use holdfast_sync::FEW;
use holdfast_transports::peer::news;
use std::collections::{BTreeMap, BTreeSet};

/// How many records of a kind a device keeps of whom they say made them.
fn by_maker(vault: Id, records: &[Vec<u8>]) -> BTreeMap<(String, Id), usize> {
    let mut count = BTreeMap::new();
    for record in records {
        let Some((_, kind, body)) = read_record(vault, record) else { continue };
        let by = fixed(&body, "by").or_else(|| fixed(&body, "device"));
        if let Some(by) = by {
            *count.entry((kind, by)).or_default() += 1;
        }
    }
    count
}

/// How many records of makers that are not known a device keeps, whoever they say that they are of: a join is whose
/// invitation it names, and those on which a member says to have built are on that one's account.
fn of_nobody(vault: Id, records: &[Vec<u8>], is_known: impl Fn(Id) -> bool) -> usize {
    let read: Vec<_> = records.iter().filter_map(|record| read_record(vault, record)).collect();
    let maker = |body: &_| fixed::<16>(body, "by").or_else(|| fixed(body, "device"));
    let invites: BTreeMap<Name, Id> = read
        .iter()
        .filter(|(_, kind, _)| kind == "invite")
        .filter_map(|(name, _, body)| Some((*name, maker(body)?)))
        .collect();
    let by = |kind: &str, body: &_| {
        let invite = fixed(body, "invite").filter(|_| kind == "join");
        invite.and_then(|invite: Name| invites.get(&invite).copied()).or_else(|| maker(body))
    };
    let mut used: BTreeSet<Name> = BTreeSet::new();
    for (_, _, body) in read.iter().filter(|(.., body)| maker(body).is_some_and(&is_known)) {
        let named = ["records", "knows"].into_iter().filter_map(|list| get(body, list)?.as_array());
        used.extend(named.flatten().filter_map(|name| Name::try_from(name.as_slice()?).ok()));
    }
    let nobodys = |(name, kind, body): &&(Name, String, _)| {
        !used.contains(name) && by(kind, body).is_some_and(|by| !is_known(by))
    };
    read.iter().filter(nobodys).count()
}

impl History {
    /// What must hold of one device by itself.
    pub(super) fn check_alone(&mut self, place: usize) {
        self.nothing_is_lost(place);
        self.nothing_goes_unasked(place);
        self.authors_are_true(place);
        self.costs_are_bounded(place);
    }

    fn people(&self) -> Vec<ActorId> {
        self.honest.iter().map(|honest| honest.actor).collect()
    }

    /// Invariant 1, the log. What a snapshot covers leaves it: then what was held of that stands in the base,
    /// as it was written.
    fn nothing_is_lost(&mut self, place: usize) {
        let people = self.people();
        let honest = &mut self.honest[place];
        let (held, base) = honest.read(|tx| Ok((tx.held()?, tx.base_vector()?)));
        for (log, seq) in honest.acknowledged.iter() {
            assert!(
                held.get(log) >= seq,
                "device {place} lost changes of {} up to {seq}",
                log.actor
            );
        }
        for id in honest.showed.keys().copied().collect::<Vec<_>>() {
            let known = honest.read(|tx| tx.entity(id));
            let known = known.map(|(state, _)| state);
            assert!(
                known.is_some(),
                "device {place} showed an item that it does not know any more"
            );
            let titled = known.filter(EntityState::is_alive).is_none_or(|state| {
                state.register(TITLE).is_some_and(|title| !title.live().is_empty())
            });
            assert!(titled, "device {place} has an item without the title that was written");
        }
        for (log, seq) in held.iter().filter(|(log, _)| people.contains(&log.actor)) {
            if base.get(log) == 0 {
                honest.acknowledged.advance(log, seq);
            }
        }
    }

    /// Invariant 1, what is shown.
    pub(super) fn nothing_goes_unasked(&mut self, place: usize) {
        let honest = &mut self.honest[place];
        let shown = honest.shows();
        let mut gone = 0_u64;
        for id in &self.made {
            match (shown.get(id), honest.showed.get(id)) {
                (Some(now), before) => {
                    let had_words = before.is_some_and(|before| before.words);
                    if had_words && !now.words {
                        gone += 1;
                    } else {
                        honest.showed.insert(*id, *now);
                    }
                }
                (None, Some(_)) if !self.deleted.contains(id) => gone += 1,
                (None, _) => {}
            }
        }
        let before = honest.showed.len() as u64;
        assert!(
            gone < FEW || gone * 2 <= before,
            "device {place} shows {gone} of {before} items less, and nobody was asked"
        );
    }

    /// Invariant 6.
    fn authors_are_true(&mut self, place: usize) {
        let people = self.people();
        let wrote = &self.wrote;
        let honest = &mut self.honest[place];
        honest.read(|tx| {
            for kind in [Kind::Task, Kind::Note, Kind::List] {
                for (state, space) in tx.entities_of(kind.as_str())? {
                    for (name, register) in &state.registers {
                        for version in register.live() {
                            let field = Field { entity: state.id, space, name };
                            let said = tx.authorship(field, version)?;
                            let by = said.author;
                            // "As told by another" promises nothing.
                            if !people.contains(&by.actor) || said.told_by.is_some() {
                                continue;
                            }
                            let at = (space, by.actor, by.seq);
                            assert_eq!(
                                wrote.get(&(at, state.id, name.clone())).map(String::as_str),
                                version.value.as_str(),
                                "on device {place} the {name} of an item is said to be of {by}"
                            );
                        }
                    }
                }
            }
            Ok(())
        });
    }

    /// Invariant 7.
    fn costs_are_bounded(&mut self, place: usize) {
        let devices = self.honest.len();
        let honest = &mut self.honest[place];
        let (records, handovers, aside, logs) = honest.read(|tx| {
            let aside: u64 = tx.count_set_aside()?.iter().map(|(_, count)| count).sum();
            Ok((tx.membership()?, tx.handovers()?.len(), aside, tx.held()?.iter().count()))
        });
        let bytes: usize = records.iter().map(Vec::len).sum();
        let members = honest.members();
        let is_known = |by: Id| members.device(DeviceId(by)).is_some();
        let unknown = of_nobody(self.hostile.vault, &records, is_known);
        for ((kind, by), count) in by_maker(self.hostile.vault, &records) {
            if !is_known(by) {
                continue;
            }
            let most = limits::of_one(&kind);
            assert!(count <= most, "device {place} keeps {count} records '{kind}' of one device");
        }
        assert!(
            unknown <= limits::UNKNOWN,
            "device {place} keeps {unknown} records of unknown ones"
        );
        let count = records.len();
        assert!(count <= limits::RECORDS, "device {place} keeps {count} records");
        assert!(bytes <= limits::RECORD_BYTES, "device {place} keeps {bytes} bytes of records");
        assert!(handovers <= limits::HANDOVERS, "device {place} keeps {handovers} handovers");
        assert!(aside <= limits::SET_ASIDE, "device {place} keeps {aside} changes set aside");
        let hands = self.hostile.hands.len();
        let most = (devices + hands * limits::IDENTITIES) * Space::ALL.len();
        assert!(logs <= most, "device {place} holds {logs} logs");
        for device in members.devices() {
            let count = device.actors.len();
            assert!(count <= limits::IDENTITIES, "a device has {count} identities");
        }
    }

    /// Invariant 5, for what a device just put into the folder.
    pub(super) fn check_files_of(&mut self, place: usize) {
        let put = std::mem::take(&mut self.shelf.put);
        if !self.has_learned(place) {
            return;
        }
        for (name, content) in put {
            for epoch in &self.hostile.epochs {
                let blob = |place| epoch.open_blob(Use::Membership, place, &content).is_some();
                let opens = match name.rsplit_once('.').map(|(_, ending)| ending) {
                    Some("hfb") => epoch.open_batch(&content).is_some(),
                    Some("hfh") => blob(WORD),
                    // Handovers are sealed under the epoch that they end.
                    Some("hfd") => blob(BY_FOLDER),
                    _ => false,
                };
                assert!(
                    !opens,
                    "device {place} knows that the hostile ones were removed, and sealed {name} under \
                     a key of epoch {} that they have",
                    epoch.number
                );
            }
            self.tried.count("check: nothing opens with a removed device's keys");
        }
    }

    /// Invariant 5, for a link that stays open: whoever has learned that a device was removed tells it of
    /// nothing.
    pub(super) fn removed_are_told_nothing(&mut self, place: usize) {
        let members = self.honest[place].members();
        let hands: Vec<DeviceId> =
            self.hostile.hands.iter().map(|hand| DeviceId(hand.keys.id())).collect();
        let now_ms = self.now_ms;
        for id in hands {
            if members.device(id).is_none_or(|device| device.removal.is_none()) {
                continue;
            }
            let told = news(&mut self.honest[place].session(now_ms), id);
            let told = told.unwrap_or_else(|error| panic!("device {place} has no news: {error}"));
            assert!(
                told.offers.is_empty() && told.base.is_empty() && told.words.is_none(),
                "device {place} tells a removed device over an open link what it holds"
            );
            self.tried.count("check: a removed device is told of nothing");
        }
    }

    /// Whether a device has learned that every device of the adversary was removed.
    fn has_learned(&mut self, place: usize) -> bool {
        let members = self.honest[place].members();
        let hands = self.hostile.hands.iter().map(|hand| DeviceId(hand.keys.id()));
        let known: Vec<_> = hands.filter_map(|id| members.device(id)).collect();
        !known.is_empty() && known.iter().all(|device| device.removal.is_some())
    }
}
