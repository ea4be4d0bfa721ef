//! What every way of exchange keeps of large deletions, and of logs that part.

use super::{Connection, Device, File, Folder, Way, devices};

pub(super) fn a_large_deletion_waits_for_the_person<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..30).map(|number| laptop.add(&format!("task {number}"))).collect();
    let mut way = W::new();
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[..20]);
    for _ in 0..2 {
        assert_eq!(way.carry(&mut laptop, &mut phone, false), Err("mass_deletion"));
        assert!(ids.iter().all(|id| phone.has(*id)), "nothing of it was taken in");
    }
    way.carry(&mut laptop, &mut phone, true).unwrap();
    assert_eq!(ids.iter().filter(|id| phone.has(**id)).count(), 10);
}

pub(super) fn a_large_deletion_in_small_pieces_waits_all_the_same<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..30).map(|number| laptop.add(&format!("task {number}"))).collect();
    let mut way = W::new();
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[..9]);
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[9..15]);
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[15..16]);
    assert_eq!(way.carry(&mut laptop, &mut phone, false), Err("mass_deletion"));
    assert_eq!(ids.iter().filter(|id| phone.has(**id)).count(), 15);
    way.carry(&mut laptop, &mut phone, true).unwrap();
    // The person saw all sixteen: the next few are few again.
    laptop.delete(&ids[16..20]);
    way.carry(&mut laptop, &mut phone, false).unwrap();
    assert_eq!(ids.iter().filter(|id| phone.has(**id)).count(), 10);
}

/// What was emptied by one way and deleted by another is one deletion.
#[test]
fn a_large_deletion_over_several_ways_waits_all_the_same() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..20).map(|number| laptop.add(&format!("task {number}"))).collect();
    let (mut file, mut folder) = (File::<false>::new(), Folder::new());
    let mut connection = Connection::new();
    file.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[..4]);
    file.carry(&mut laptop, &mut phone, false).unwrap();
    for id in &ids[4..8] {
        laptop.retitle(*id, "");
    }
    folder.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[8..11]);
    assert_eq!(connection.carry(&mut laptop, &mut phone, false), Err("mass_deletion"));
    assert_eq!(folder.carry(&mut laptop, &mut phone, false), Err("mass_deletion"));
    assert_eq!(file.carry(&mut laptop, &mut phone, false), Err("mass_deletion"));
    assert!(ids[8..].iter().all(|id| phone.has(*id)));
}

/// What is left after a first deletion of few stood before it too.
pub(super) fn the_rest_of_a_small_vault_goes_not_unasked_after_a_few<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..15).map(|number| laptop.add(&format!("task {number}"))).collect();
    let mut way = W::new();
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[..9]);
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[9..12]);
    assert_eq!(way.carry(&mut laptop, &mut phone, false), Err("mass_deletion"));
    assert!(ids[9..].iter().all(|id| phone.has(*id)));
}

/// What comes back from the trash without its words is not back: else nine at a time would go for ever.
pub(super) fn what_comes_back_bare_is_gone<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..15).map(|number| laptop.add(&format!("task {number}"))).collect();
    let mut way = W::new();
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.delete(&ids[..9]);
    way.carry(&mut laptop, &mut phone, false).unwrap();
    laptop.bring_back_bare(&ids[..9]);
    laptop.delete(&ids[9..12]);
    assert_eq!(way.carry(&mut laptop, &mut phone, false), Err("mass_deletion"));
    assert!(ids[9..].iter().all(|id| phone.has(*id)));
}

/// Devices that delete less than is asked about do so together as well.
pub(super) fn two_devices_together_empty_no_small_vault_unasked<W: Way>() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let ids: Vec<_> = (0..15).map(|number| laptop.add(&format!("task {number}"))).collect();
    let (mut one, mut other) = (W::new(), W::new());
    one.carry(&mut laptop, &mut phone, false).unwrap();
    other.carry(&mut laptop, &mut tablet, false).unwrap();
    phone.delete(&ids[..6]);
    tablet.delete(&ids[6..12]);
    one.carry(&mut phone, &mut laptop, false).unwrap();
    assert_eq!(other.carry(&mut tablet, &mut laptop, false), Err("mass_deletion"));
    assert!(ids[6..].iter().all(|id| laptop.has(*id)));
    // The person saw all twelve: one more is few again.
    other.carry(&mut tablet, &mut laptop, true).unwrap();
    phone.delete(&ids[12..13]);
    one.carry(&mut phone, &mut laptop, false).unwrap();
}

/// Two devices were given two changes of one number of a log, and nothing after them.
pub(super) fn branches_of_one_length_are_noticed<W: Way>() {
    let names = ["laptop", "phone", "tablet"];
    let [mut laptop, mut phone, mut tablet] = devices(names);
    let [_, _, mut copy] = devices(names);
    for device in [&mut tablet, &mut copy] {
        device.add("of both");
        device.add("of both too");
    }
    let (one, other) = (tablet.add("of the tablet"), copy.add("of its copy"));
    W::new().carry(&mut tablet, &mut laptop, false).unwrap();
    W::new().carry(&mut copy, &mut phone, false).unwrap();
    assert!(!laptop.has(other) && !phone.has(one));
    let mut way = W::new();
    for _ in 0..2 {
        way.carry(&mut laptop, &mut phone, false).unwrap();
        way.carry(&mut phone, &mut laptop, false).unwrap();
    }
    for device in [&mut laptop, &mut phone] {
        assert!(device.has(one) && device.has(other));
    }
    assert_eq!(laptop.dump(), phone.dump());
    // What is the same on both is not asked for again.
    let held = |device: &mut Device| device.write(|tx| tx.held().unwrap());
    let (before, dump) = (held(&mut laptop), laptop.dump());
    way.carry(&mut phone, &mut laptop, false).unwrap();
    assert_eq!((held(&mut laptop), laptop.dump()), (before, dump));
}
