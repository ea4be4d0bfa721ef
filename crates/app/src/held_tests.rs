//! Deletions that wait in the exchange folder, taken in with "keep".

use crate::story_tests::{Device, add, two};
use crate::view::{Arriving, Triggers};

/// A laptop and a phone with one folder; everything that the laptop has is on the phone.
fn with_folder(add_all: impl FnOnce(&Device)) -> (Device, Device, tempfile::TempDir) {
    let (laptop, phone) = two();
    add_all(&laptop);
    let place = tempfile::tempdir().unwrap();
    for one in [&laptop, &phone] {
        one.app.use_folder(place.path(), Arriving::AtOnce, Triggers::default()).unwrap();
    }
    look(&phone);
    (laptop, phone, place)
}

fn look(device: &Device) {
    device.app.exchange_folder(None, false).unwrap();
}

fn standing(device: &Device) -> usize {
    device.app.with(|open| Ok(open.store.read(|tx| tx.count_standing(None))?)).unwrap() as usize
}

#[test]
fn what_is_kept_is_everything_and_not_only_what_is_displayed() {
    const ITEMS: usize = 520;
    let (laptop, phone, _place) = with_folder(|laptop| {
        for number in 0..ITEMS {
            add(laptop, &format!("task {number}"));
        }
    });
    assert_eq!(standing(&phone), ITEMS);
    let trash: Vec<String> = {
        let open = laptop.app.with(|open| Ok(open.store.read(|tx| tx.entities_of("task"))?));
        open.unwrap().into_iter().map(|(state, _)| state.id.to_string()).collect()
    };
    laptop.app.delete_items(&trash, None).unwrap();
    // Some of it for good: that comes back too.
    laptop.app.purge_items(&trash[..5]).unwrap();
    look(&laptop);
    look(&phone);
    assert_eq!(standing(&phone), ITEMS, "it waits");
    let taken = phone.app.accept_held("folder", true).unwrap();
    assert_eq!(taken.deletes, 0);
    assert_eq!(standing(&phone), ITEMS);
    look(&phone);
    look(&laptop);
    assert_eq!(standing(&laptop), ITEMS, "and is back everywhere");
}
