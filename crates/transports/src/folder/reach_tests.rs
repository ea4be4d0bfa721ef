//! What is in the folder and does not reach everybody: it counts for nothing, and stands in the way of nothing.

use super::story_tests::{Side, all_files, sides};
use super::*;
use holdfast_oplog::{LogId, Range, SealedBatch, Space};
use holdfast_sync::{Carrier, outgoing};
use holdfast_vault::VaultKey;
use holdfast_vault::membership::{HandingOver, hand_over};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs;
use std::path::PathBuf;

fn log_of(side: &Side) -> LogId {
    LogId { space: Space::Everywhere, actor: side.device.actor }
}

fn directory_of(side: &Side) -> PathBuf {
    let directory = side.files().root().join(name::writer(side.device.actor));
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// The phone hands a key that no record names to the laptop alone, and puts what it wrote there under that key. The
/// laptop opens it; it does not take it for something that the tablet has.
#[test]
fn a_file_under_a_key_that_a_member_lacks_is_published_again() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone, mut tablet] = sides(["laptop", "phone", "tablet"], folder.path());
    for side in [&mut laptop, &mut tablet, &mut phone] {
        side.sync();
    }
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let key = VaultKey::generate(&mut rng);
    let members = phone.device.write(|tx| holdfast_sync::membership(tx).unwrap());
    let mut wrapped = members.wrap_for_active(2, &key, None, &mut rng).unwrap();
    wrapped.retain(|of| of.device == laptop.device.id());
    let handing = HandingOver { epoch: 2, wrapped, key: None, without: Some(Vec::new()), time: 7 };
    let record = hand_over(members.vault(), &phone.device.keys, handing).unwrap();
    phone.device.write(|tx| tx.add_membership(&record).unwrap());
    phone.sync();
    let oak = phone.device.add("oak");
    let mut ring = phone.device.keyring.clone();
    let of = (2, key.id());
    ring.insert(2, key).unwrap();
    let ring = ring.sealing_under(of);
    let range = Range { log: log_of(&phone), first: 1, last: 1 };
    let mut batches = Vec::new();
    phone.device.write(|tx| {
        holdfast_sync::offer(tx, Carrier::Folder).unwrap();
        outgoing(tx, &ring, range, &mut rng, |_, batch| {
            batches.push(batch);
            Ok::<_, FolderError>(())
        })
        .unwrap();
    });
    let name = Name::Batch { log: range.log, first: 1, last: 1 }.of(&batches[0]);
    // Also into the directory of the one that opens it: that makes it none of its own.
    for directory in [directory_of(&phone), directory_of(&laptop)] {
        fs::write(directory.join(&name), &batches[0]).unwrap();
    }
    laptop.sync();
    assert!(laptop.device.has(oak));
    for _ in 0..2 {
        tablet.sync();
        laptop.sync();
    }
    tablet.sync();
    assert!(tablet.device.has(oak), "the laptop put it there under a key that everybody has");
    let before = all_files(folder.path());
    laptop.sync();
    assert_eq!(all_files(folder.path()), before, "once is enough");
}

/// A file whose name claims what only a snapshot tells, and which does not open.
#[test]
fn a_name_does_not_hide_that_a_snapshot_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut before] = sides(["laptop", "phone"], folder.path());
    let oak = laptop.device.add("oak");
    for side in [&mut laptop, &mut before] {
        side.sync();
    }
    let mut all = all_files(&directory_of(&laptop)).into_iter();
    let batch = all.find(|file| file.extension().is_some_and(|ending| ending == "hfb")).unwrap();
    let mut forged = fs::read(&batch).unwrap();
    fs::remove_file(batch).unwrap();
    let end = forged.len() - 1;
    forged[end] ^= 1;
    let header = SealedBatch::decode(&forged).unwrap().header().unwrap();
    let name = Name::Batch { log: header.log(), first: header.first, last: header.last };
    laptop.sync();
    // The phone was restored to before all of it.
    let [_, mut phone] = sides(["laptop", "phone"], folder.path());
    fs::write(directory_of(&phone).join(name.of(&forged)), &forged).unwrap();
    assert_eq!(laptop.device.prune(i64::MAX).pruned, 1);
    laptop.exchange(Take::AtOnce, true).unwrap();
    phone.sync();
    assert!(phone.device.has(oak));
}

/// Somebody without a key copies a true file under a name that claims more, into the directory of its writer and into
/// another one, and takes it away again.
#[test]
fn a_copy_of_a_true_file_under_another_name_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [mut laptop, mut phone] = sides(["laptop", "phone"], folder.path());
    for title in ["oak", "ash"] {
        laptop.device.add(title);
        laptop.sync();
        phone.sync();
    }
    let all = all_files(&directory_of(&laptop)).into_iter();
    let mut batches = all.filter(|file| file.extension().is_some_and(|ending| ending == "hfb"));
    let content = fs::read(batches.next().unwrap()).unwrap();
    let name = Name::Batch { log: log_of(&laptop), first: 3, last: 1_000_000 }.of(&content);
    let mut put = Vec::new();
    for directory in [directory_of(&phone), directory_of(&laptop)] {
        put.push(directory.join(&name));
        fs::write(directory.join(&name), &content).unwrap();
    }
    laptop.sync();
    let elm = laptop.device.add("elm");
    assert_eq!(laptop.sync().sent, 1);
    phone.sync();
    assert!(phone.device.has(elm));
    for copy in put {
        fs::remove_file(copy).unwrap();
    }
    assert_eq!(laptop.sync().state, FolderState::Ready);
}
