use super::*;
use crate::bundle::fixture_tests::{Device, devices};
use holdfast_model::EntityId;
use holdfast_model::entity::{PURGED, Seen};
use holdfast_oplog::{DeviceId, Space};
use holdfast_sync::{Carrier, spaces};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use std::path::PathBuf;

/// Asks another device in the same process, through the bytes that would travel. Cuts the connection
/// after some questions.
struct Direct<'a> {
    other: &'a mut Device,
    answering: Answering,
    left: usize,
    asked: Vec<String>,
    here: Option<Result<Answer, PeerError>>,
    /// How many answers came. Of each four, two are there before anyone waits for them.
    came: usize,
}

impl Call for Direct<'_> {
    fn send(&mut self, ask: Ask) -> Result<(), PeerError> {
        self.here = Some(self.asks(ask));
        self.came += 1;
        Ok(())
    }

    fn is_here(&mut self) -> bool {
        self.came % 4 < 2
    }

    fn wait(&mut self) -> Result<Answer, PeerError> {
        self.here.take().unwrap()
    }
}

impl Direct<'_> {
    fn asks(&mut self, ask: Ask) -> Result<Answer, PeerError> {
        if self.left == 0 {
            return Err(PeerError::Gone);
        }
        self.left -= 1;
        self.asked.push(format!("{ask:?}").chars().take_while(|c| c.is_alphanumeric()).collect());
        let message = Message::Ask { number: 1, ask };
        let bytes = message.encode()?;
        let Message::Ask { ask, .. } = Message::decode(&bytes)? else { unreachable!() };
        let answer = self.answering.answer(&mut self.other.session(), ask);
        if let Some(keyring) = self.answering.new_keyring() {
            self.other.keyring = keyring;
        }
        let bytes = Message::Answer { number: 1, answer }.encode()?;
        let Message::Answer { answer, .. } = Message::decode(&bytes)? else { unreachable!() };
        match answer {
            Answer::Failed { code, text } => Err(PeerError::Refused { code, text }),
            answer => Ok(answer),
        }
    }
}

/// What `to` asked `from`, and what came of it.
pub(crate) struct Pulled {
    pub(crate) outcome: Result<Came, PeerError>,
    /// How many contents were told of.
    contents: usize,
    pub(crate) asked: Vec<String>,
}

pub(crate) fn pull_some(
    to: &mut Device,
    from: &mut Device,
    left: usize,
    confirmed: bool,
) -> Pulled {
    let news = news(&mut from.session(), to.id()).unwrap();
    let (folder, id): (PathBuf, DeviceId) = (to.folder().join("incoming"), from.id());
    let answering = Answering::new(from.folder().to_owned());
    let mut call = Direct { other: from, answering, left, asked: Vec::new(), here: None, came: 0 };
    let receiving = Receiving { from: id, confirmed, folder: &folder };
    let mut contents = 0;
    let outcome = receive(&mut to.session(), &mut call, &news, receiving, &mut |taken| {
        contents += usize::from(taken == Taken::Content);
    });
    let Direct { asked, .. } = call;
    if let Ok(Came { keyring: Some(keyring), .. }) = &outcome {
        to.keyring = keyring.clone();
    }
    Pulled { outcome, contents, asked }
}

fn pull(to: &mut Device, from: &mut Device) -> Came {
    pull_some(to, from, usize::MAX, false).outcome.unwrap()
}

#[test]
fn each_asks_for_what_it_lacks_and_both_hold_the_same() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let oak = laptop.add("oak");
    let ash = phone.add("ash");
    let came = pull(&mut phone, &mut laptop);
    assert_eq!(came.preview.unwrap().adds, 1);
    pull(&mut laptop, &mut phone);
    for device in [&mut laptop, &mut phone] {
        assert!(device.has(oak) && device.has(ash));
    }
    // With nothing new, nothing is asked, and nothing is recorded.
    let idle = pull_some(&mut phone, &mut laptop, usize::MAX, false);
    assert!(idle.asked.is_empty() && idle.outcome.unwrap().preview.is_none());
}

#[test]
fn a_third_devices_changes_are_passed_on() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let oak = laptop.add("oak");
    pull(&mut phone, &mut laptop);
    pull(&mut tablet, &mut phone);
    assert!(tablet.has(oak));
}

/// What a device holds by its own word, as another one knows it.
fn known(of: &Device, to: &mut Device) -> Option<holdfast_oplog::VersionVector> {
    to.write(|tx| tx.destination(of.id()).unwrap()).map(|known| known.holds)
}

#[test]
fn what_a_device_holds_is_known_to_those_that_never_meet_it() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let oak = laptop.add("oak");
    pull(&mut phone, &mut laptop);
    assert!(phone.has(oak));
    // The laptop hears that the phone has it, and tells the tablet.
    pull(&mut laptop, &mut phone);
    let first = pull_some(&mut tablet, &mut laptop, usize::MAX, false);
    assert!(first.asked.contains(&"Words".to_owned()), "{:?}", first.asked);
    let held = phone.write(|tx| tx.held().unwrap()).within(&spaces(Carrier::Lan));
    assert_eq!(known(&phone, &mut tablet), Some(held.clone()));
    // Both know the same of the phone now: nothing is asked for again.
    let again = pull_some(&mut tablet, &mut laptop, usize::MAX, false);
    assert!(again.asked.is_empty(), "{:?}", again.asked);
    // An earlier word changes nothing, from whomever it comes.
    let ash = phone.add("ash");
    phone.wall_ms += 1_000;
    pull(&mut tablet, &mut phone);
    let newer = known(&phone, &mut tablet).unwrap();
    assert!(newer != held && tablet.has(ash));
    pull(&mut tablet, &mut laptop);
    assert_eq!(known(&phone, &mut tablet), Some(newer));
}

#[test]
fn nobody_speaks_for_a_device_but_itself() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    laptop.add("oak");
    pull(&mut phone, &mut laptop);
    pull(&mut laptop, &mut phone);
    // A word that the laptop made up in the phone's name.
    laptop.write(|tx| {
        let mut word = tx.words().unwrap().into_iter().next().unwrap();
        assert_eq!(word.device, phone.id());
        let last = word.signed.len() - 1;
        word.signed[last] ^= 1;
        word.made_ms += 1;
        tx.keep_word(&word).unwrap();
    });
    pull(&mut tablet, &mut laptop);
    assert_eq!(known(&phone, &mut tablet), None);
    // Of a removed device no word is passed on.
    laptop.keyring =
        holdfast_sync::devices::remove_device(&mut laptop.session(), phone.id()).unwrap();
    pull(&mut tablet, &mut laptop);
    // The tablet says itself that it heard of the removal: that goes back once.
    pull(&mut tablet, &mut laptop);
    let again = pull_some(&mut tablet, &mut laptop, usize::MAX, false);
    assert!(again.asked.is_empty(), "{:?}", again.asked);
}

#[test]
fn only_what_may_go_over_a_network_is_handed_out() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let everywhere = laptop.add("oak");
    let nearby = laptop.add_in(Space::Nearby, "ash", "");
    let kept = laptop.add_in(Space::Device, "kept here", "");
    pull(&mut phone, &mut laptop);
    assert!(phone.has(everywhere) && phone.has(nearby) && !phone.has(kept));
    // Asked for outright, it is refused.
    let log = holdfast_oplog::LogId { space: Space::Device, actor: laptop.actor };
    let ask = Ask::Batch(holdfast_oplog::Range { log, first: 1, last: 1 });
    let answer = Answering::new(laptop.folder().to_owned()).answer(&mut laptop.session(), ask);
    assert!(matches!(answer, Answer::Failed { .. }), "{answer:?}");
}

#[test]
fn a_connection_that_is_cut_after_any_question_goes_on_where_it_stopped() {
    let mut cuts = 0;
    for left in 0..40 {
        let [mut laptop, mut phone] = devices(["laptop", "phone"]);
        let mut words = vec![0; 5 * 1024 * 1024];
        ChaCha8Rng::seed_from_u64(1).fill_bytes(&mut words);
        let mut ids = Vec::new();
        for number in 0..20 {
            ids.push(laptop.add(&format!("task {number}")));
        }
        let content = laptop.attach("picture", &words);
        let first = pull_some(&mut phone, &mut laptop, left, false);
        if first.outcome.is_ok() {
            break;
        }
        cuts += 1;
        let second = pull_some(&mut phone, &mut laptop, usize::MAX, false);
        second.outcome.unwrap();
        assert!(ids.iter().all(|id| phone.has(*id)));
        assert!(phone.write(|tx| tx.has_blob(content).unwrap()));
        // What had come is not asked for again: of two pieces the first came before the cut.
        if first.asked.iter().filter(|ask| *ask == "Piece").count() == 1 {
            assert_eq!(second.asked, ["Piece"]);
        }
    }
    assert!(cuts >= 3, "{cuts}");
}

/// Pulls everything; of how many contents it was told.
fn contents(to: &mut Device, from: &mut Device) -> usize {
    let pulled = pull_some(to, from, usize::MAX, false);
    pulled.outcome.unwrap();
    pulled.contents
}

#[test]
fn a_content_that_came_before_a_cut_is_told_of() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let contents = [laptop.attach("oak", b"an oak"), laptop.attach("ash", b"an ash")];
    // Cut between the two.
    let cut = pull_some(&mut phone, &mut laptop, 3, false);
    assert_eq!(cut.asked, ["Snapshot", "Batch", "Piece"]);
    assert_eq!((cut.outcome.unwrap_err().code(), cut.contents), ("unreachable", 1));
    let here = contents.map(|content| phone.write(|tx| tx.has_blob(content).unwrap()));
    assert_eq!(here.iter().filter(|here| **here).count(), 1);
}

/// Who asks for a content before it is there gets the change that names it and no content; nothing that it
/// is told of later looks any different, so it has to be told once more.
#[test]
fn a_content_that_was_asked_for_too_early_comes_when_it_is_there() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let content = laptop.attach("picture", b"a picture");
    // Cut between the batch and the content.
    let cut = pull_some(&mut phone, &mut laptop, 2, false);
    assert_eq!(cut.asked, ["Snapshot", "Batch"]);
    assert_eq!(cut.outcome.unwrap_err().code(), "unreachable");
    assert_eq!(contents(&mut tablet, &mut phone), 0);
    assert!(!tablet.write(|tx| tx.has_blob(content).unwrap()));
    let offers = news(&mut phone.session(), laptop.id()).unwrap().offers;
    assert_eq!(contents(&mut phone, &mut laptop), 1, "that is to be told");
    assert_eq!(news(&mut phone.session(), laptop.id()).unwrap().offers, offers);
    assert_eq!(contents(&mut tablet, &mut phone), 1);
    assert!(tablet.write(|tx| tx.has_blob(content).unwrap()));
    assert_eq!(contents(&mut tablet, &mut phone), 0);
}

#[test]
fn a_large_deletion_waits_for_the_person() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..30).map(|number| laptop.add(&format!("task {number}"))).collect();
    pull(&mut phone, &mut laptop);
    laptop.delete(&ids[..20]);
    let held = pull_some(&mut phone, &mut laptop, usize::MAX, false).outcome.unwrap_err();
    let PeerError::MassDeletion { deletes: 20, report, .. } = held else { panic!("{held}") };
    let named = report["items"].as_array().unwrap();
    assert_eq!(named.iter().filter(|item| item["event"] == "deleted").count(), 20);
    assert!(named.iter().any(|item| item["title"] == "task 7"), "the person sees what would go");
    // Of what was not taken in, no exchange tells.
    let told = phone.write(|tx| tx.exchanges(10).unwrap());
    assert!(told.iter().all(|exchange| exchange.report["deletes"] != 20), "{told:?}");
    assert!(ids.iter().all(|id| phone.has(*id)));
    let came = pull_some(&mut phone, &mut laptop, usize::MAX, true).outcome.unwrap();
    assert_eq!(came.preview.unwrap().deletes, 20);
}

/// Row 49 for a snapshot: a device that prunes what the others never had.
#[test]
fn a_large_deletion_by_a_snapshot_waits_for_the_person() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..30).map(|number| laptop.add(&format!("task {number}"))).collect();
    pull(&mut phone, &mut laptop);
    laptop.delete(&ids[..20]);
    laptop.write(|tx| {
        let members = holdfast_sync::membership(tx).unwrap();
        tx.fold_log(&holdfast_sync::snapshot::vouched(&members, tx.vault())).unwrap();
    });
    let held = pull_some(&mut phone, &mut laptop, usize::MAX, false).outcome.unwrap_err();
    assert!(matches!(held, PeerError::MassDeletion { deletes: 20, .. }), "{held}");
    assert!(ids.iter().all(|id| phone.has(*id)));
    pull_some(&mut phone, &mut laptop, usize::MAX, true).outcome.unwrap();
    assert_eq!(ids.iter().filter(|id| phone.has(**id)).count(), 10);
}

/// A thousand bytes become four in four exchanges, none of which takes three quarters. Short titles are no
/// exception.
#[test]
fn what_is_emptied_in_steps_waits_like_what_is_emptied_at_once() {
    for sizes in [&[1_000, 251, 63, 16, 4][..], &[20, 6, 2, 1]] {
        let [mut laptop, mut phone] = devices(["laptop", "phone"]);
        let ids: Vec<_> = (0..12).map(|number| laptop.add(&format!("task {number}"))).collect();
        let mut went = 0;
        for size in sizes {
            for id in &ids {
                laptop.retitle(*id, &"x".repeat(*size));
            }
            match pull_some(&mut phone, &mut laptop, usize::MAX, false).outcome {
                Ok(_) => went += 1,
                Err(error) => {
                    assert!(
                        matches!(error, PeerError::MassDeletion { deletes: 12, .. }),
                        "{error}"
                    );
                    break;
                }
            }
        }
        assert_eq!(went, 2, "less than a quarter of what stood within the day: {sizes:?}");
    }
}

/// M empties everybody's trash in one change.
#[test]
fn what_goes_from_the_trash_for_good_before_its_time_waits_too() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..50).map(|number| laptop.add(&format!("task {number}"))).collect();
    pull(&mut phone, &mut laptop);
    laptop.delete(&ids[..22]);
    pull(&mut phone, &mut laptop);
    let purge = |laptop: &mut Device, ids: &[EntityId]| {
        for id in ids {
            let (state, _) = laptop.write(|tx| tx.entity(*id).unwrap()).unwrap();
            let mut draft = state.draft();
            draft.life(PURGED, &Seen::All);
            laptop.append(Space::Everywhere, vec![draft.finish().unwrap()]);
        }
    };
    purge(&mut laptop, &ids[..11]);
    pull(&mut phone, &mut laptop);
    purge(&mut laptop, &ids[11..12]);
    let held = pull_some(&mut phone, &mut laptop, usize::MAX, false).outcome.unwrap_err();
    assert!(matches!(held, PeerError::MassDeletion { deletes: 12, .. }), "{held}");
    pull_some(&mut phone, &mut laptop, usize::MAX, true).outcome.unwrap();
    // What has lain there for long would go by itself.
    for day in 1..20 {
        phone.write(|tx| {
            tx.count_day(&format!("2026-03-{day:02}")).unwrap();
            tx.tend_trash().unwrap();
        });
    }
    purge(&mut laptop, &ids[12..22]);
    pull(&mut phone, &mut laptop);
    assert_eq!(phone.write(|tx| tx.count_trash().unwrap()), 0);
}

#[test]
fn a_device_that_was_removed_learns_it_and_gets_nothing_more() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    laptop.keyring =
        holdfast_sync::devices::remove_device(&mut laptop.session(), phone.id()).unwrap();
    let word = laptop.add("after the removal");
    let refused = pull_some(&mut phone, &mut laptop, usize::MAX, false).outcome.unwrap_err();
    assert_eq!(refused.code(), "not_a_member");
    assert!(!phone.has(word));
    assert_eq!(phone.keyring.current(), 1);
    // One that stays gets the new key along the way.
    pull(&mut tablet, &mut laptop);
    assert!(tablet.has(word) && tablet.keyring.current() == 2);
}

/// Its own records tell it by a hash that there is one which it does not have; nothing else.
#[test]
fn a_removed_device_is_told_of_nothing_that_is_held() {
    let [mut laptop, phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    let before = news(&mut laptop.session(), phone.id()).unwrap();
    assert!(!before.offers.is_empty());
    laptop.keyring =
        holdfast_sync::devices::remove_device(&mut laptop.session(), phone.id()).unwrap();
    let told = news(&mut laptop.session(), phone.id()).unwrap();
    assert!(told.offers.is_empty() && told.base.is_empty() && told.words.is_none());
    assert_ne!(told.records, before.records);
    let members = laptop.write(|tx| holdfast_sync::membership(tx).unwrap());
    let said = holdfast_sync::open_acknowledgement(&laptop.keyring, &members, &told.said).unwrap();
    assert!(said.holds.is_empty());
    assert!(holdfast_sync::open_acknowledgement(&phone.keyring, &members, &told.said).is_err());
}

#[test]
fn a_newcomer_and_one_that_was_away_long_get_a_snapshot() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let oak = laptop.add("oak");
    pull(&mut phone, &mut laptop);
    pull(&mut tablet, &mut laptop);
    for other in [&mut phone, &mut tablet] {
        pull(&mut laptop, other);
    }
    let own = phone.add("written while away");
    laptop.wall_ms += 400 * 24 * 60 * 60 * 1_000;
    assert!(laptop.prune(laptop.wall_ms).pruned > 0);
    let [_, _, mut late] = devices(["laptop", "phone", "tablet"]);
    let snapshot = pull_some(&mut late, &mut laptop, usize::MAX, false);
    assert!(snapshot.asked.contains(&"Snapshot".to_owned()), "{:?}", snapshot.asked);
    snapshot.outcome.unwrap();
    assert!(late.has(oak));
    pull(&mut late, &mut phone);
    assert!(late.has(own));
}

#[test]
fn what_comes_within_minutes_is_one_line_of_the_activity_and_can_be_counted() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    for number in 0..5 {
        laptop.add(&format!("task {number}"));
        pull(&mut phone, &mut laptop);
    }
    let exchanges = phone.write(|tx| tx.exchanges(10).unwrap());
    assert_eq!(exchanges.len(), 1);
    assert_eq!(exchanges[0].report["adds"], 5);
    assert_eq!(exchanges[0].report["items"].as_array().unwrap().len(), 5);
    phone.wall_ms += 20 * 60 * 1_000;
    laptop.add("later");
    pull(&mut phone, &mut laptop);
    assert_eq!(phone.write(|tx| tx.exchanges(10).unwrap()).len(), 2);
}

#[test]
fn whatever_is_answered_nothing_is_taken_that_is_not_right() {
    /// Answers at random.
    struct Liar(ChaCha8Rng, Vec<u8>);
    impl Call for Liar {
        fn send(&mut self, _: Ask) -> Result<(), PeerError> {
            Ok(())
        }

        fn is_here(&mut self) -> bool {
            self.0.next_u32().is_multiple_of(2)
        }

        fn wait(&mut self) -> Result<Answer, PeerError> {
            let mut batch = self.1.clone();
            let place = self.0.next_u32() as usize % batch.len();
            batch[place] ^= 1 << (self.0.next_u32() % 8);
            Ok(match self.0.next_u32() % 5 {
                0 => Answer::Batch(Some(batch.into())),
                1 => Answer::Batch(None),
                2 => Answer::Snapshot(self.0.next_u32() % 3),
                3 => Answer::Piece(Some(batch.into())),
                _ => Answer::Piece(None),
            })
        }
    }
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    let news = news(&mut laptop.session(), phone.id()).unwrap();
    let log = holdfast_oplog::LogId { space: Space::Everywhere, actor: laptop.actor };
    let ask = Ask::Batch(holdfast_oplog::Range { log, first: 1, last: 1 });
    let answer = Answering::new(laptop.folder().to_owned()).answer(&mut laptop.session(), ask);
    let Answer::Batch(Some(batch)) = answer else { panic!("{answer:?}") };
    let before = phone.trace();
    let mut liar = Liar(ChaCha8Rng::seed_from_u64(7), batch.into_vec());
    let folder = phone.folder().join("incoming");
    let from = laptop.id();
    for _ in 0..500 {
        let receiving = Receiving { from, confirmed: false, folder: &folder };
        let _ = receive(&mut phone.session(), &mut liar, &news, receiving, &mut |_| {});
    }
    assert_eq!(phone.trace(), before);
}

#[test]
fn malformed_messages_are_errors() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let [mut laptop, other] = devices(["laptop", "phone"]);
    let good = Message::News(news(&mut laptop.session(), other.id()).unwrap()).encode().unwrap();
    for _ in 0..10_000 {
        let mut bytes = good.clone();
        for _ in 0..=rng.next_u32() % 4 {
            let place = rng.next_u32() as usize % bytes.len();
            bytes[place] = rng.next_u32() as u8;
        }
        bytes.truncate(1 + rng.next_u32() as usize % bytes.len());
        let _ = Message::decode(&bytes);
    }
    assert!(Message::decode(&[]).is_err());
    assert!(Message::decode(&good[..good.len() / 2]).is_err());
}
