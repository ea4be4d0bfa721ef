//! The last exchanges of one way of the sync map.

use crate::story_tests::{Device, add, carry, device, new, two};
use crate::view::{
    Arriving, Carrier, Direction, ExchangeView, ExportRequest, Triggers, Way as OneWay,
};

/// The laptop's way to the device of that name.
fn to(laptop: &Device, name: &str) -> OneWay {
    let devices = laptop.app.devices().unwrap();
    OneWay::Device { id: devices.into_iter().find(|one| one.name == name).unwrap().id }
}

fn titles(exchanges: &[ExchangeView]) -> Vec<&str> {
    exchanges.iter().map(|one| one.entry.title.as_str()).collect()
}

#[test]
fn a_way_has_the_exchanges_of_its_device_alone_newest_first_and_at_most_five() {
    let (laptop, phone) = two();
    let tablet = device();
    let file = laptop.folder.path().join("tablet.holdfast");
    let request = ExportRequest::Invite { passphrase: "correct horse".into() };
    laptop.app.export_bundle(&request, &file).unwrap();
    tablet.app.join(&file, "correct horse", &new("Tablet")).unwrap();
    carry(&tablet, &laptop);

    let (phones, tablets) = (to(&laptop, "Phone"), to(&laptop, "Tablet"));
    assert_eq!(titles(&laptop.app.exchanges(&tablets).unwrap()), ["Imported from Tablet"]);
    for number in 0..6 {
        add(&phone, &format!("Buy oak {number}"));
        carry(&phone, &laptop);
    }
    let shown = laptop.app.exchanges(&phones).unwrap();
    assert_eq!(titles(&shown), ["Imported from Phone"; 5]);
    assert!(shown.iter().all(|one| one.direction == Direction::Received));
    assert!(shown.iter().all(|one| one.carrier == Carrier::Bundle));
    assert!(shown.iter().all(|one| one.entry.counts.unwrap().adds == 1 && one.entry.can_undo));
    let ids: Vec<i64> = shown.iter().map(|one| one.entry.id.parse().unwrap()).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    // The same lines as those of the activity, so that one leads to the other.
    let activity = laptop.app.activity(50).unwrap();
    assert!(shown.iter().all(|one| activity.contains(&one.entry)));
    assert_eq!(laptop.app.exchanges(&tablets).unwrap().len(), 1);
}

#[test]
fn what_went_out_for_all_devices_went_to_each_and_an_invitation_to_none() {
    let (laptop, phone) = two();
    let phones = to(&laptop, "Phone");
    add(&laptop, "Buy oak");
    let OneWay::Device { id } = phones.clone() else { unreachable!() };
    let file = |name: &str| laptop.folder.path().join(name);
    for (request, name) in [
        (ExportRequest::Update { device: Some(id) }, "for-phone.holdfast"),
        (ExportRequest::Full, "for-all.holdfast"),
        (ExportRequest::Invite { passphrase: "correct horse".into() }, "invite-2.holdfast"),
    ] {
        laptop.app.export_bundle(&request, &file(name)).unwrap();
    }
    let shown = laptop.app.exchanges(&phones).unwrap();
    let titles = titles(&shown);
    assert_eq!(titles.len(), 3, "{titles:?}");
    assert!(titles[0].starts_with("Exported for all devices"), "{titles:?}");
    assert!(titles[1].starts_with("Exported for Phone"), "{titles:?}");
    assert_eq!(titles[2], "Imported from Phone");
    assert_eq!(shown[1].direction, Direction::Sent);
    assert!(shown[1].entry.counts.unwrap().sent > 0);
    drop(phone);
}

#[test]
fn the_exchange_folder_has_its_own_and_an_unknown_device_is_refused() {
    let (laptop, phone) = two();
    let place = tempfile::tempdir().unwrap();
    add(&phone, "Buy oak");
    for one in [&phone, &laptop] {
        one.app.use_folder(place.path(), Arriving::AtOnce, Triggers::default()).unwrap();
    }
    let shown = laptop.app.exchanges(&OneWay::Folder).unwrap();
    assert!(shown.iter().all(|one| one.carrier == Carrier::Folder));
    assert!(titles(&shown).contains(&"Received changes from Phone"), "{shown:?}");
    // What the folder brought from the phone is of the way to the phone too; what went into the
    // folder is not.
    let phones = laptop.app.exchanges(&to(&laptop, "Phone")).unwrap();
    assert_eq!(titles(&phones), ["Received changes from Phone", "Imported from Phone"]);

    let nobody = OneWay::Device { id: "nobody".into() };
    assert_eq!(laptop.app.exchanges(&nobody).unwrap_err().code(), "not_found");
}
