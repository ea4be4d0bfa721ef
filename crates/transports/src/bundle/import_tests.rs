use super::fixture_tests::{Device, EVERYTHING, NOW, UPDATE, devices, update_for};
use super::{BundleError, ExportRequest};
use holdfast_model::EntityId;
use holdfast_oplog::Space;
use holdfast_store::{Direction, ItemEvent};
use holdfast_sync::ANYONE;
use rand_core::RngCore;

fn code<T: std::fmt::Debug>(outcome: Result<T, BundleError>) -> &'static str {
    outcome.unwrap_err().code()
}

#[test]
fn what_is_shown_is_what_happens_and_showing_changes_nothing() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let oak = laptop.add("oak");
    laptop.add("ash");
    phone.import(&laptop.export(UPDATE).0).unwrap();
    laptop.retitle(oak, "oak boards");
    let elm = laptop.add("elm");
    let (path, exported) = laptop.export(UPDATE);
    assert_eq!((exported.changes, exported.batches), (2, 1));
    assert_eq!(exported.bytes, std::fs::metadata(&path).unwrap().len());
    let before = phone.trace();
    let preview = phone.inspect(&path).unwrap();
    assert_eq!(phone.trace(), before);
    assert_eq!((preview.adds, preview.updates, preview.deletes), (1, 1, 0));
    assert_eq!((preview.changes, preview.already, preview.conflicts), (2, 0, 0));
    assert_eq!(preview.from_name, "laptop");
    assert!(preview.made_ms > NOW && !preview.needs_confirmation);
    let added: Vec<_> =
        preview.items.iter().filter(|i| i.event == ItemEvent::Added).map(|i| i.id).collect();
    assert_eq!(added, [elm]);
    assert_eq!(phone.import(&path).unwrap().preview, preview);
    assert_eq!(phone.dump(), laptop.dump());
}

#[test]
fn importing_again_changes_nothing_and_says_so() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    let (path, _) = laptop.export(UPDATE);
    phone.import(&path).unwrap();
    let before = phone.dump();
    let again = phone.import(&path).unwrap().preview;
    assert_eq!((again.changes, again.already, again.adds), (0, 1, 0));
    assert!(again.items.is_empty());
    assert_eq!(phone.dump(), before);
}

#[test]
fn edits_made_apart_are_counted_as_conflicts_and_merges() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let (oak, note) = (laptop.add("oak"), EntityId::named("note"));
    laptop.jot(note, "One line that is long enough.\nAnother line at the end.\n");
    phone.import(&laptop.export(UPDATE).0).unwrap();
    laptop.retitle(oak, "oak boards");
    phone.retitle(oak, "oak beams");
    laptop.jot(note, "From the laptop. ");
    phone.jot(EntityId::named("other"), "Elsewhere.");
    let preview = phone.import(&laptop.export(UPDATE).0).unwrap().preview;
    assert_eq!((preview.conflicts, preview.updates), (1, 2));
    assert!(preview.items.iter().any(|item| item.id == oak && item.conflict));
    laptop.import(&phone.export(UPDATE).0).unwrap();
    assert_eq!(laptop.dump(), phone.dump());
}

#[test]
fn an_earlier_bundle_that_is_missing_is_named_and_nothing_changes() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    let (first, _) = laptop.export(UPDATE);
    laptop.add("ash");
    laptop.add("elm");
    let (second, exported) = laptop.export(UPDATE);
    assert_eq!(exported.changes, 2);
    let before = phone.trace();
    let error = phone.import(&second).unwrap_err();
    assert_eq!(error.code(), "earlier_missing");
    assert!(
        error.to_string().contains("laptop") && error.to_string().contains("at least 1 change;")
    );
    assert_eq!(phone.trace(), before);
    for path in [&first, &second, &first] {
        phone.import(path).unwrap();
    }
    assert_eq!(phone.dump(), laptop.dump());
    // The other way out: everything at once.
    let [_, mut tablet] = devices(["laptop", "phone"]);
    assert_eq!(code(tablet.import(&second)), "earlier_missing");
    tablet.import(&laptop.export(EVERYTHING).0).unwrap();
    assert_eq!(tablet.dump(), laptop.dump());
}

#[test]
fn an_update_for_a_device_holds_what_it_has_not_acknowledged() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    let to_phone = update_for(phone.id());
    assert_eq!(laptop.export(to_phone).1.changes, 1);
    // Exporting is not acknowledging: it goes again until the phone says that it has it.
    let (path, again) = laptop.export(to_phone);
    assert_eq!(again.changes, 1);
    phone.import(&path).unwrap();
    let (answer, _) = phone.export(update_for(laptop.id()));
    laptop.import(&answer).unwrap();
    assert_eq!(laptop.export(to_phone).1.changes, 0);
    let known = laptop.write(|tx| tx.destination(phone.id()).unwrap()).unwrap();
    let held = laptop.write(|tx| tx.held().unwrap());
    assert_eq!(known.holds, held);
    assert!(known.last_seen_ms.is_some() && known.last_export_ms.is_some());
    let me = laptop.id();
    let path = laptop.file();
    let outcome = super::export(&mut laptop.session(), update_for(me), &path);
    assert_eq!(code(outcome), "no_such_device");
    assert!(!path.exists());
}

#[test]
fn what_nobody_lacks_is_not_sent_again() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    phone.import(&laptop.export(EVERYTHING).0).unwrap();
    phone.add("ash");
    assert_eq!(phone.export(UPDATE).1.changes, 1);
    let anyone = laptop.write(|tx| tx.destination(ANYONE).unwrap()).unwrap();
    assert_eq!(anyone.holds.total(), 1);
}

#[test]
fn lists_marked_nearby_go_along_only_where_ticked() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids = Space::ALL.map(|space| laptop.add_in(space, space.as_str(), ""));
    let (path, _) = laptop.export(EVERYTHING);
    phone.import(&path).unwrap();
    assert_eq!(ids.map(|id| phone.has(id)), [true, false, false, false]);
    let (path, _) = laptop.export(ExportRequest { nearby: true, ..EVERYTHING });
    phone.import(&path).unwrap();
    assert_eq!(ids.map(|id| phone.has(id)), [true, true, false, false]);
}

#[test]
fn a_large_deletion_waits_for_the_person() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let list = EntityId::named("list").to_string();
    let ids: Vec<_> = (0..12)
        .map(|number| laptop.add_in(Space::Everywhere, &number.to_string(), &list))
        .collect();
    for number in 0..30 {
        laptop.add(&format!("other {number}"));
    }
    phone.import(&laptop.export(UPDATE).0).unwrap();
    laptop.delete(&ids[..9]);
    let (few, _) = laptop.export(UPDATE);
    assert!(!phone.inspect(&few).unwrap().needs_confirmation);
    laptop.delete(&ids[9..]);
    let (path, _) = laptop.export(update_for(phone.id()));
    let preview = phone.inspect(&path).unwrap();
    assert!(preview.needs_confirmation);
    assert_eq!(preview.deletes, 12);
    let before = phone.trace();
    assert_eq!(code(phone.import(&path)), "mass_deletion");
    assert_eq!(phone.trace(), before);
    super::import(&mut phone.session(), &path, true).unwrap();
    assert_eq!(phone.dump(), laptop.dump());
}

#[test]
fn attachments_arrive_whole_and_only_where_they_are_needed() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let mut picture = vec![0; 5 * 1024 * 1024];
    laptop.rng.fill_bytes(&mut picture);
    let large = laptop.attach("large", &picture);
    let empty = laptop.attach("empty", b"");
    let (path, exported) = laptop.export(UPDATE);
    assert_eq!(exported.chunks, 3);
    phone.import(&path).unwrap();
    assert_eq!(phone.write(|tx| tx.blob(large).unwrap()), Some(picture));
    assert_eq!(phone.write(|tx| tx.blob(empty).unwrap()), Some(Vec::new()));
    laptop.attach("third", b"third");
    assert_eq!(laptop.export(UPDATE).1.chunks, 1);
    assert_eq!(laptop.export(EVERYTHING).1.chunks, 4);
}

#[test]
fn exchanges_are_recorded_on_both_sides() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let oak = laptop.add("oak");
    let (path, exported) = laptop.export(update_for(phone.id()));
    let imported = phone.import(&path).unwrap();
    let sent = laptop.write(|tx| tx.exchange(exported.exchange).unwrap()).unwrap();
    assert_eq!((sent.direction, sent.device), (Direction::Sent, Some(phone.id())));
    assert_eq!((sent.name.as_str(), sent.report["changes"].as_u64()), ("phone", Some(1)));
    let came = phone.write(|tx| tx.exchange(imported.exchange).unwrap()).unwrap();
    assert_eq!((came.direction, came.device), (Direction::Received, Some(laptop.id())));
    assert_eq!((came.name.as_str(), came.carrier.as_str()), ("laptop", "bundle"));
    assert_eq!(came.report["adds"], 1);
    assert_eq!(came.report["items"][0]["id"], oak.to_string());
}

#[test]
fn a_clock_that_is_ahead_does_not_make_a_device_seen_in_the_future() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.wall_ms = NOW + 366 * 86_400_000;
    laptop.add("oak");
    let imported = phone.import(&laptop.export(UPDATE).0).unwrap();
    assert!(imported.preview.made_ms > NOW);
    let known = phone.write(|tx| tx.destination(laptop.id()).unwrap()).unwrap();
    assert_eq!(known.last_seen_ms, Some(phone.wall_ms));
}

#[test]
fn other_devices_and_new_names_are_told() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let vault = laptop.store.vault();
    let id = laptop.id();
    let record =
        holdfast_vault::membership::rename(vault, &laptop.keys, id, "Workbench", 99).unwrap();
    laptop.write(|tx| tx.add_membership(&record).unwrap());
    let preview = phone.import(&laptop.export(UPDATE).0).unwrap().preview;
    assert_eq!(preview.notices, ["laptop is now called Workbench."]);
    assert_eq!(preview.from_name, "Workbench");
}

/// Removes the phone on the laptop, beginning a new epoch.
fn remove_phone(laptop: &mut Device, phone: &Device) {
    laptop.keyring =
        holdfast_sync::devices::remove_device(&mut laptop.session(), phone.id()).unwrap();
}

#[test]
fn nothing_is_taken_from_a_removed_device() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    phone.add("oak");
    let (path, _) = phone.export(EVERYTHING);
    remove_phone(&mut laptop, &phone);
    let before = laptop.trace();
    assert_eq!(code(laptop.import(&path)), "removed_device");
    assert_eq!(laptop.trace(), before);
    // The removed device learns of it by the next bundle, and exports nothing any more.
    let (told, _) = laptop.export(EVERYTHING);
    assert_eq!(code(phone.import(&told)), "not_a_member");
    let path = phone.file();
    assert_eq!(code(super::export(&mut phone.session(), EVERYTHING, &path)), "not_a_member");
}

#[test]
fn a_new_epochs_key_comes_with_the_bundle() {
    let [mut laptop, phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    remove_phone(&mut laptop, &phone);
    let imported = tablet.import(&laptop.export(EVERYTHING).0).unwrap();
    let keyring = imported.keyring.unwrap();
    assert_eq!((keyring.current(), tablet.keyring.current()), (2, 1));
    assert_eq!(imported.preview.notices, ["phone was removed from the vault."]);
}
