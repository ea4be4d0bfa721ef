//! Vaults whose old changes were pruned: joining, catching up, coming back after a long time.

use super::fixture_tests::{Device, EVERYTHING, PASSPHRASE, UPDATE, devices, update_for};
use holdfast_model::EntityId;
use holdfast_model::fields::TITLE;
use holdfast_oplog::{ActorId, LogId, Space};
use holdfast_store::Store;

const ALWAYS: i64 = i64::MAX;

/// `to` gets everything that `from` has, and says so.
fn both_know(from: &mut Device, to: &mut Device) {
    let (path, _) = from.export(EVERYTHING);
    to.import(&path).unwrap();
    let (answer, _) = to.export(UPDATE);
    from.import(&answer).unwrap();
}

fn changes(device: &mut Device) -> u64 {
    device.write(|tx| tx.sizes().unwrap().changes)
}

#[test]
fn a_device_joins_a_pruned_vault_and_both_go_on() {
    let [mut laptop] = devices(["laptop"]);
    let oak = laptop.add("oak");
    let gone = laptop.add("gone");
    laptop.delete(&[gone]);
    laptop.jot(EntityId::named("note"), "first\n");
    let picture = laptop.attach("picture", b"picture");
    assert_eq!(laptop.prune(ALWAYS).pruned, 5);
    assert_eq!(changes(&mut laptop), 0);
    laptop.retitle(oak, "oak boards");
    let path = laptop.invite();
    let mut phone = Device::joining(&path, PASSPHRASE, 7).unwrap();
    assert_eq!(phone.dump(), laptop.dump());
    assert!(phone.has(oak) && !phone.has(gone));
    assert!(phone.write(|tx| tx.has_blob(picture).unwrap()));
    // The phone has its own log on top of what it was given, and the laptop takes it.
    phone.jot(EntityId::named("note"), "second\n");
    phone.retitle(oak, "oak planks");
    laptop.import(&phone.export(UPDATE).0).unwrap();
    assert_eq!(phone.dump(), laptop.dump());
    let checked = phone.write(|tx| tx.check(&|_, _, _, _| true, &|_| true).unwrap());
    assert!(checked.iter().all(|line| line.ok), "{checked:?}");
}

#[test]
fn joining_a_vault_with_a_long_log_costs_what_is_alive() {
    let [mut laptop] = devices(["laptop"]);
    let task = laptop.add("oak");
    for round in 0..6 {
        // A title that was long once is in the log for ever.
        laptop.retitle(task, &format!("{round}{}", "oak ".repeat(60_000)));
    }
    laptop.retitle(task, "oak");
    let (full, _) = laptop.export(EVERYTHING);
    let path = laptop.invite();
    let (all, alive) = (size(&full), size(&path));
    let mut phone = Device::joining(&path, PASSPHRASE, 7).unwrap();
    assert_eq!(phone.dump(), laptop.dump());
    assert_eq!(changes(&mut phone), 0);
    assert!(alive < all, "{alive} {all}");
    // Nothing of the laptop's own log was given up for it.
    assert_eq!(changes(&mut laptop), 8);
}

fn size(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn only_what_every_active_device_confirmed_is_pruned() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    laptop.add("oak");
    laptop.add("ash");
    both_know(&mut laptop, &mut phone);
    // The tablet has said nothing yet.
    let report = laptop.prune(ALWAYS);
    assert_eq!((report.pruned, report.old), (0, 2));
    assert_eq!(report.waiting_for, [(tablet.id(), 2)]);
    both_know(&mut laptop, &mut tablet);
    laptop.add("elm");
    let report = laptop.prune(ALWAYS);
    assert_eq!((report.pruned, report.old), (2, 3));
    // What no other device gets waits for none.
    laptop.add_in(Space::Device, "mine", "");
    assert_eq!(laptop.prune(ALWAYS).pruned, 1);
}

#[test]
fn what_is_not_older_than_the_history_period_stays() {
    let [mut laptop] = devices(["laptop"]);
    laptop.add("oak");
    let between = laptop.wall_ms + 1;
    laptop.add("ash");
    assert_eq!(laptop.prune(between).pruned, 1);
    assert_eq!(laptop.prune(between).pruned, 0);
    assert_eq!(laptop.prune(ALWAYS).pruned, 1);
}

#[test]
fn what_cannot_be_verified_is_not_pruned() {
    let [mut laptop] = devices(["laptop"]);
    laptop.add("oak");
    laptop.add("ash");
    // Changes of an author whom no record names.
    let known = std::mem::replace(&mut laptop.actor, ActorId([9; 16]));
    laptop.add("elm");
    laptop.actor = known;
    laptop.add("fir");
    let before = laptop.dump();
    let report = laptop.prune(ALWAYS);
    // What came before can go, the unknown author's cannot, nor what depends on it.
    assert_eq!((report.pruned, report.old, report.unverified), (2, 4, 1));
    assert_eq!(changes(&mut laptop), 2);
    assert_eq!(laptop.dump(), before);
}

#[test]
fn a_device_away_for_a_year_revives_nothing_and_keeps_its_own_edits() {
    let [mut laptop, mut tablet] = devices(["laptop", "tablet"]);
    let oak = laptop.add("oak");
    let ash = laptop.add("ash");
    let gone = laptop.add("gone");
    let (early, _) = laptop.export(EVERYTHING);
    both_know(&mut laptop, &mut tablet);
    laptop.retitle(oak, "oak boards");
    laptop.delete(&[gone]);
    let note = EntityId::named("note");
    laptop.jot(note, "from the laptop\n");
    both_know(&mut laptop, &mut tablet);
    assert_eq!(laptop.prune(ALWAYS).pruned, 6);
    laptop.add("after");
    // The tablet lost its disk and comes back with what it had at first, and was used like that.
    let mut back = Device::with(
        Store::in_memory(laptop.store.vault()).unwrap(),
        tablet.keys,
        tablet.keyring.clone(),
        tablet.actor,
    );
    back.import(&early).unwrap();
    assert!(back.has(gone));
    back.retitle(oak, "oak planks");
    back.retitle(ash, "ash planks");
    back.jot(note, "from the tablet\n");
    let error = back.import(&laptop.export(update_for(back.id())).0).unwrap_err();
    assert_eq!(error.code(), "earlier_missing");
    let (path, exported) = laptop.export(EVERYTHING);
    assert_eq!(exported.changes, 1);
    let shown = back.inspect(&path).unwrap();
    let imported = back.import(&path).unwrap().preview;
    assert_eq!(shown, imported);
    // The title of one, and both wrote at the front of the note.
    assert_eq!((imported.deletes, imported.adds, imported.conflicts), (1, 1, 2));
    assert!(imported.notices.iter().any(|notice| notice.contains("snapshot")), "{imported:?}");
    assert!(!back.has(gone), "what was deleted came back");
    laptop.import(&back.export(UPDATE).0).unwrap();
    assert_eq!(laptop.dump(), back.dump());
    // What both wrote apart is asked about, and nothing is lost.
    let state = laptop.write(|tx| tx.entity(oak).unwrap().unwrap().0);
    assert!(state.register(TITLE).unwrap().is_disputed());
    let text = back.write(|tx| tx.text(note).unwrap().unwrap().plain);
    assert!(text.contains("from the laptop\n") && text.contains("from the tablet\n"), "{text}");
    let listed =
        |device: &mut Device| format!("{:?}", device.write(|tx| tx.conflicts(None)).unwrap());
    assert_eq!(listed(&mut laptop), listed(&mut back));
}

#[test]
fn a_prune_that_is_broken_off_changes_nothing() {
    let [mut laptop] = devices(["laptop"]);
    let oak = laptop.add("oak");
    laptop.retitle(oak, "oak boards");
    laptop.jot(EntityId::named("note"), "words");
    let (me, before) = (laptop.id(), (laptop.dump(), changes(&mut laptop)));
    let broken = laptop.store.write(|tx| {
        assert_eq!(holdfast_sync::prune(tx, me, ALWAYS)?.pruned, 3);
        Err::<(), _>(super::BundleError::Cut)
    });
    assert!(broken.is_err());
    assert_eq!((laptop.dump(), changes(&mut laptop)), before);
    assert!(laptop.write(|tx| tx.base_heads().unwrap()).is_empty());
    assert_eq!(laptop.write(|tx| tx.history(oak).unwrap()).len(), 2);
    // The next attempt does all of it, and what is pruned can be made anew.
    assert_eq!(laptop.prune(ALWAYS).pruned, 3);
    laptop.write(|tx| tx.rebuild().unwrap());
    assert_eq!(laptop.dump(), before.0);
}

#[test]
fn what_was_not_let_out_is_in_no_snapshot() {
    let [mut laptop] = devices(["laptop"]);
    laptop.add("oak");
    let asked = laptop.add_in(Space::Ask, "salary", "");
    // No other device is there that would have to confirm it, and still it stays in the log.
    assert_eq!(laptop.prune(ALWAYS).pruned, 1);
    let path = laptop.invite();
    let mut phone = Device::joining(&path, PASSPHRASE, 7).unwrap();
    assert!(!phone.has(asked));
}

#[test]
fn a_snapshot_changes_nothing_on_a_device_that_has_everything() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    both_know(&mut laptop, &mut phone);
    laptop.prune(ALWAYS);
    let (path, _) = laptop.export(EVERYTHING);
    let (dump, position) = (phone.dump(), phone.write(|tx| tx.position().unwrap()));
    let preview = phone.import(&path).unwrap().preview;
    assert_eq!((preview.changes, preview.items.len()), (0, 0));
    assert!(preview.notices.is_empty(), "{:?}", preview.notices);
    assert_eq!((phone.dump(), phone.write(|tx| tx.position().unwrap())), (dump, position));
    assert_eq!(changes(&mut phone), 1);
}

#[test]
fn what_a_nearby_list_holds_is_in_no_snapshot_of_a_bundle() {
    let [mut laptop] = devices(["laptop"]);
    laptop.add("oak");
    let secret = laptop.add_in(Space::Nearby, "surprise", "");
    laptop.prune(ALWAYS);
    let path = laptop.invite();
    let mut phone = Device::joining(&path, PASSPHRASE, 7).unwrap();
    assert!(!phone.has(secret));
    assert_eq!(phone.dump(), laptop.dump());
}

/// Two devices hold different branches of a log, and one of them pruned: its snapshot cannot be taken in, what
/// comes as changes can.
#[test]
fn a_snapshot_that_is_refused_keeps_no_change_away() {
    let names = ["laptop", "phone", "tablet"];
    let [mut laptop, mut phone, mut tablet] = devices(names);
    let [_, _, mut clone] = devices(names);
    laptop.add("oak");
    phone.import(&laptop.export(EVERYTHING).0).unwrap();
    tablet.add("of the tablet");
    clone.add("of a copy of the tablet");
    laptop.import(&tablet.export(EVERYTHING).0).unwrap();
    phone.import(&clone.export(EVERYTHING).0).unwrap();
    laptop.write(|tx| {
        let members = holdfast_sync::membership(tx).unwrap();
        tx.fold_log(&holdfast_sync::snapshot::vouched(&members, tx.vault())).unwrap();
    });
    laptop.add("ash");
    let notices = phone.import(&laptop.export(EVERYTHING).0).unwrap().preview.notices;
    assert!(
        notices.iter().any(|notice| notice.contains("A snapshot was not taken in")),
        "{notices:?}"
    );
    let log = LogId { space: Space::Everywhere, actor: laptop.actor };
    assert_eq!(phone.write(|tx| tx.held().unwrap().get(log)), 2);
}
