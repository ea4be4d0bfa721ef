//! Damage on the disk, and what repair makes of it: what is whole stays, what is missing is named and
//! fetched again, and then everything is as it was.

use holdfast_model::EntityId;
use holdfast_oplog::{ActorId, ChangeId, DeviceId, Hash, LogId, Space};
use holdfast_store::{Destination, Received, RepairKeys, Repaired, Store, StoreError};
use holdfast_tests::replica::{VAULT, log, seal, verify};
use holdfast_tests::workload::{self, ACTOR, STEPS, Workload};
use holdfast_tests::{Device, Replica};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const OTHER: ActorId = ActorId([2; 16]);

struct Vault {
    folder: TempDir,
    before: String,
    /// Another device that has everything.
    other: Replica,
}

impl Vault {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workload = Workload::new().unwrap();
        let mut store = Store::create(&folder.path().join("vault.db"), VAULT).unwrap();
        for step in 0..STEPS {
            workload.step(&mut store, step).unwrap();
        }
        let before = dump(&mut store);
        let mut here = Replica { store, actor: ACTOR, skew_ms: 0 };
        let mut other = Replica::new(2, 0).unwrap();
        other.fetch(0, &mut here).unwrap();
        assert_eq!(other.dump().unwrap(), before);
        Self { folder, before, other }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    /// Runs SQL on the file, as damage does: past everything that the store would do.
    fn damage(&self, sql: &str) {
        damage(&self.path(), sql);
    }

    fn open(&self) -> Replica {
        Replica { store: Store::open(&self.path()).unwrap(), actor: ACTOR, skew_ms: 0 }
    }
}

fn damage(path: &Path, sql: &str) {
    let conn = rusqlite::Connection::open(path).unwrap();
    let changed = conn.execute(sql, []).unwrap();
    assert!(changed > 0, "{sql}");
}

fn dump(store: &mut Store) -> String {
    store.read(|tx| Ok::<_, StoreError>(tx.dump(None)?.to_string())).unwrap()
}

fn repair(store: &mut Store) -> Repaired {
    let sign = |id: ChangeId, hash: Hash| seal(id, hash);
    let keys = RepairKeys { verify: &verify, knows: &|_| true, own: ACTOR, sign: &sign };
    store
        .write(|tx| {
            let done = tx.repair(&keys)?;
            tx.rebuild()?;
            Ok::<_, StoreError>(done)
        })
        .unwrap()
}

fn held(replica: &mut Replica, actor: ActorId) -> u64 {
    replica.held().unwrap().get(log(Space::Everywhere, actor))
}

/// Damages a change of the other device, repairs, fetches, and expects everything as it was.
fn comes_back(sql: &str, held_after: u64, missing: &str) {
    let mut vault = Vault::new();
    vault.damage(sql);
    let mut here = vault.open();
    assert_ne!(workload::problems(&mut here.store), [] as [String; 0], "{sql}");
    let done = repair(&mut here.store);
    assert!(!done.own_log && !done.write_again, "{done:?}");
    // It says the truth: what is missing is not held, and is named.
    assert_eq!(held(&mut here, OTHER), held_after, "{sql}: {done:?}");
    let found = workload::problems(&mut here.store);
    assert!(found.iter().any(|line| line.contains(missing)), "{found:?}");
    let expected = ["missing", "taken out", "changes in their logs"];
    let named = |line: &String| expected.iter().any(|words| line.contains(words));
    assert!(found.iter().all(named), "{found:?}");
    // The rest stays usable.
    let last = EntityId::named("task 13");
    here.store.read(|tx| tx.expect_entity(last, "task")).unwrap();
    // What another device has is fetched again.
    here.fetch(0, &mut vault.other).unwrap();
    assert_eq!(dump(&mut here.store), vault.before, "{sql}");
    assert_eq!(workload::problems(&mut here.store), [] as [String; 0], "{sql}");
    assert_eq!(held(&mut here, OTHER), 8);
}

const OF_OTHER: &str = "actor = x'02020202020202020202020202020202'";
const OF_OWN: &str = "actor = x'01010101010101010101010101010101'";

#[test]
fn a_damaged_change_in_the_middle_of_a_log_is_taken_out_and_fetched_again() {
    comes_back(
        &format!("UPDATE changes SET body = zeroblob(length(body)) WHERE {OF_OTHER} AND seq = 3"),
        2,
        "change 3 of 02020202",
    );
}

#[test]
fn a_change_that_is_missing_in_the_middle_of_a_log_is_fetched_again() {
    comes_back(
        &format!("DELETE FROM changes WHERE {OF_OTHER} AND seq = 5"),
        4,
        "change 5 of 02020202",
    );
}

#[test]
fn several_damaged_changes_and_the_first_and_the_last_are_fetched_again() {
    comes_back(
        &format!("UPDATE changes SET body = zeroblob(9) WHERE {OF_OTHER} AND seq IN (1, 4, 5, 8)"),
        0,
        "change 1 of 02020202",
    );
}

#[test]
fn a_damaged_signature_of_another_device_is_fetched_again() {
    comes_back(
        &format!("UPDATE changes SET signature = zeroblob(64) WHERE {OF_OTHER} AND seq = 4"),
        3,
        "change 4 of 02020202",
    );
}

/// The hash beside a change, and this device's own signature, can be worked out again.
#[test]
fn what_can_be_worked_out_again_is_not_asked_for() {
    for sql in [
        format!("UPDATE changes SET hash = zeroblob(32) WHERE {OF_OTHER} AND seq = 2"),
        format!("UPDATE changes SET hash = zeroblob(32) WHERE {OF_OTHER} AND seq = 8"),
        format!("UPDATE changes SET signature = zeroblob(64) WHERE {OF_OWN} AND seq = 2"),
        format!("UPDATE logs SET held = 3 WHERE {OF_OTHER}"),
        format!("UPDATE logs SET held_hash = zeroblob(32) WHERE {OF_OTHER}"),
        format!("UPDATE logs SET dep = 1 WHERE {OF_OTHER}"),
        "UPDATE tasks SET title = 'x' WHERE title = 'The last'".to_owned(),
        "UPDATE texts SET plain = 'x'".to_owned(),
        "DELETE FROM touched".to_owned(),
    ] {
        let vault = Vault::new();
        vault.damage(&sql);
        let mut here = vault.open();
        assert_ne!(workload::problems(&mut here.store), [] as [String; 0], "{sql}");
        let done = repair(&mut here.store);
        assert_eq!(done.removed, [], "{sql}");
        assert_eq!(workload::problems(&mut here.store), [] as [String; 0], "{sql}: {done:?}");
        assert_eq!(dump(&mut here.store), vault.before, "{sql}");
        assert_eq!((held(&mut here, ACTOR), held(&mut here, OTHER)), (10, 8), "{sql}");
    }
}

/// An own change that others have is fetched from them; until then nothing is written in its place.
#[test]
fn an_own_change_that_others_have_comes_back_from_them() {
    let mut vault = Vault::new();
    let mut here = vault.open();
    let own = log(Space::Everywhere, ACTOR);
    let device = DeviceId([2; 16]);
    here.store
        .write(|tx| {
            tx.keep_destination(&Destination {
                device,
                holds: [(own, 7)].into_iter().collect(),
                last_seen_ms: None,
                last_export_ms: None,
            })
        })
        .unwrap();
    drop(here);
    vault.damage(&format!("UPDATE changes SET body = zeroblob(9) WHERE {OF_OWN} AND seq = 4"));
    let mut here = vault.open();
    let done = repair(&mut here.store);
    assert!(done.own_log && !done.write_again, "{done:?}");
    assert_eq!(held(&mut here, ACTOR), 3);
    here.fetch(0, &mut vault.other).unwrap();
    assert_eq!(dump(&mut here.store), vault.before);
    assert_eq!(held(&mut here, ACTOR), 10);
    assert_eq!(workload::problems(&mut here.store), [] as [String; 0]);
}

#[test]
fn a_damaged_change_that_waits_is_dropped_and_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let (mut laptop, mut phone) = (Replica::new(3, 0).unwrap(), Replica::new(4, 0).unwrap());
    let new = |name: &str| {
        let mut draft = holdfast_model::entity::Draft::new(EntityId::named(name), "task");
        draft.set("title", name, &holdfast_model::entity::Seen::All);
        draft.finish().into_iter().collect::<Vec<_>>()
    };
    laptop.edit(0, new("a")).unwrap();
    phone.fetch(0, &mut laptop).unwrap();
    phone.edit(0, new("b")).unwrap();
    phone.edit(0, new("c")).unwrap();
    let mut here =
        Replica { store: Store::create(&path, VAULT).unwrap(), actor: ACTOR, skew_ms: 0 };
    // Without the laptop's change the phone's ones wait.
    let runs = phone.runs(&holdfast_oplog::VersionVector::new(), || 1).unwrap();
    for run in runs.iter().filter(|run| run.log.actor == phone.actor) {
        assert_eq!(here.take_in(0, run).unwrap(), Received::New(1));
    }
    drop(here);
    damage(&path, "UPDATE waiting SET body = zeroblob(5) WHERE seq = 1");
    let mut here = Replica { store: Store::open(&path).unwrap(), actor: ACTOR, skew_ms: 0 };
    assert_ne!(workload::problems(&mut here.store), [] as [String; 0]);
    repair(&mut here.store);
    assert_eq!(workload::problems(&mut here.store), [] as [String; 0]);
    assert_eq!(held(&mut here, phone.actor), 0);
    here.fetch(0, &mut phone).unwrap();
    assert_eq!(dump(&mut here.store), phone.dump().unwrap());
}

/// A hole is filled only by the very change that stood there.
#[test]
fn a_hole_takes_nothing_but_what_was_there() {
    let mut vault = Vault::new();
    vault.damage(&format!("UPDATE changes SET body = zeroblob(9) WHERE {OF_OTHER} AND seq = 1"));
    let mut here = vault.open();
    repair(&mut here.store);
    let shown = dump(&mut here.store);
    let mut twin = Replica::new(2, 0).unwrap();
    let mut draft = holdfast_model::entity::Draft::new(EntityId::named("false"), "task");
    draft.set("title", "Not what was there", &holdfast_model::entity::Seen::All);
    twin.edit(0, draft.finish().into_iter().collect()).unwrap();
    let refused = here.fetch(0, &mut twin);
    assert!(matches!(refused, Err(StoreError::Forked { seq: 1, .. })), "{refused:?}");
    assert_eq!(dump(&mut here.store), shown);
    here.fetch(0, &mut vault.other).unwrap();
    assert_eq!(dump(&mut here.store), vault.before);
}

#[test]
fn a_damaged_attachment_is_dropped_and_can_come_again() {
    for sql in [
        "UPDATE blob_pieces SET bytes = zeroblob(20000)",
        "UPDATE blobs SET size = 5",
        "DELETE FROM blob_pieces",
    ] {
        let vault = Vault::new();
        vault.damage(sql);
        let mut here = vault.open();
        assert_ne!(workload::problems(&mut here.store), [] as [String; 0], "{sql}");
        let done = repair(&mut here.store);
        assert!(done.lines.iter().any(|line| line.contains("attachment")), "{done:?}");
        assert_eq!(workload::problems(&mut here.store), [] as [String; 0], "{sql}");
        assert_eq!(here.store.read(|tx| tx.blobs()).unwrap(), []);
        let content = vec![7; 20_000];
        let hash = here.store.write(|tx| tx.add_blob(&content)).unwrap();
        assert_eq!(here.store.read(|tx| tx.blob(hash)).unwrap(), Some(content));
    }
}

/// A laptop with a vault, and a phone that joined it, as real devices.
fn two_devices() -> (Device, Device) {
    let (laptop, phone) = (Device::new("laptop").unwrap(), Device::new("phone").unwrap());
    laptop.ctl(&["init", "--name", "Laptop"]).unwrap();
    let passphrase = laptop.file("passphrase");
    fs::write(&passphrase, "correct horse battery staple").unwrap();
    let file = laptop.file("invitation.holdfast");
    let (file, passphrase) = (file.to_str().unwrap(), passphrase.to_str().unwrap());
    laptop.ctl(&["bundle", "export", file, "--invite", "--passphrase-file", passphrase]).unwrap();
    phone.ctl(&["join", file, "--name", "Phone", "--passphrase-file", passphrase]).unwrap();
    give(&phone, &laptop);
    (laptop, phone)
}

fn give(from: &Device, to: &Device) {
    let file = from.file("all.holdfast");
    let file = file.to_str().unwrap();
    let _ = fs::remove_file(file);
    from.ctl(&["bundle", "export", file, "--all"]).unwrap();
    to.ctl(&["bundle", "import", file]).unwrap();
}

fn digest(device: &Device) -> String {
    device.json(&["status"]).unwrap()["digest"].as_str().unwrap().to_owned()
}

/// The whole way for a person: the check finds it, repair takes it out and keeps the bytes, a full
/// bundle of the other device brings it back.
#[test]
fn a_full_bundle_brings_back_what_a_disk_damaged() {
    let (laptop, phone) = two_devices();
    for number in 0..6 {
        phone.ctl(&["add", &format!("From the phone {number}")]).unwrap();
        laptop.ctl(&["add", &format!("From the laptop {number}")]).unwrap();
    }
    give(&phone, &laptop);
    give(&laptop, &phone);
    give(&phone, &laptop);
    let whole = digest(&laptop);
    assert_eq!(whole, digest(&phone));
    let database = laptop.home().join("holdfast.db");
    damage(&database, "UPDATE changes SET body = zeroblob(20) WHERE seq IN (2, 4)");
    let refused = laptop.try_ctl(&["check"]).unwrap();
    assert!(!refused.status.success());
    let repaired = laptop.try_ctl(&["check", "--repair"]).unwrap();
    let said = String::from_utf8_lossy(&repaired.stdout).into_owned();
    assert!(!repaired.status.success(), "it is not whole yet: {said}");
    assert!(said.contains("damaged") && said.contains("full bundle"), "{said}");
    assert!(fs::read_dir(laptop.home().join("damaged")).unwrap().count() == 1, "{said}");
    // Goes on meanwhile, under a new identity.
    laptop.ctl(&["add", "Written while something was missing"]).unwrap();
    give(&phone, &laptop);
    laptop.ctl(&["check"]).unwrap();
    give(&laptop, &phone);
    assert_eq!(digest(&laptop), digest(&phone));
    phone.ctl(&["check"]).unwrap();
    let tasks = laptop.json(&["tasks"]).unwrap().to_string();
    for number in 0..6 {
        assert!(tasks.contains(&format!("From the phone {number}")), "{tasks}");
        assert!(tasks.contains(&format!("From the laptop {number}")), "{tasks}");
    }
    assert!(tasks.contains("Written while something was missing"));
}

/// Own changes that are nowhere else: their bytes are kept, what the lists still show is written again,
/// and the other device gets it.
#[test]
fn what_only_this_device_had_is_saved_from_what_it_shows() {
    let (laptop, phone) = two_devices();
    for number in 0..5 {
        laptop.ctl(&["add", &format!("Only here {number}")]).unwrap();
    }
    let whole = digest(&laptop);
    damage(
        &laptop.home().join("holdfast.db"),
        "UPDATE changes SET body = zeroblob(20) WHERE seq = 3",
    );
    let repaired = laptop.try_ctl(&["check", "--repair"]).unwrap();
    let said = String::from_utf8_lossy(&repaired.stdout).into_owned();
    assert!(repaired.status.success(), "{said}");
    assert!(said.contains("had reached no other device"), "{said}");
    assert!(said.contains("written again"), "{said}");
    assert_eq!(digest(&laptop), whole, "{said}");
    let kept = fs::read_dir(laptop.home().join("damaged")).unwrap().next().unwrap().unwrap();
    assert_eq!(fs::read_to_string(kept.path()).unwrap().lines().count(), 3);
    give(&laptop, &phone);
    assert_eq!(digest(&phone), whole);
    phone.ctl(&["check"]).unwrap();
}

/// Where the file itself cannot be read in part, nothing is deleted and the ways out are named.
#[test]
fn a_page_that_cannot_be_read_is_said_with_the_ways_out_and_nothing_is_deleted() {
    let laptop = Device::new("laptop").unwrap();
    laptop.ctl(&["init", "--name", "Laptop"]).unwrap();
    for number in 0..5 {
        laptop.ctl(&["add", &format!("Task {number}")]).unwrap();
    }
    let backup = laptop.file("backup.db");
    laptop.ctl(&["backup", backup.to_str().unwrap()]).unwrap();
    let whole = digest(&laptop);
    let database = laptop.home().join("holdfast.db");
    let conn = rusqlite::Connection::open(&database).unwrap();
    let page: i64 = conn
        .query_row("SELECT rootpage FROM sqlite_master WHERE name = 'changes'", [], |r| r.get(0))
        .unwrap();
    drop(conn);
    let mut bytes = fs::read(&database).unwrap();
    let start = (page as usize - 1) * 4096;
    bytes[start..start + 4096].fill(0xff);
    fs::write(&database, &bytes).unwrap();
    for arguments in [&["check"][..], &["check", "--repair"]] {
        let output = laptop.try_ctl(arguments).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("restore"), "{arguments:?}: {said}");
    }
    let doctor = laptop.json(&["doctor"]).unwrap();
    assert_eq!(doctor["database"]["ok"], false, "{doctor}");
    assert!(fs::metadata(&database).unwrap().len() >= bytes.len() as u64);
    laptop.ctl(&["restore", backup.to_str().unwrap()]).unwrap();
    assert_eq!(digest(&laptop), whole);
    laptop.ctl(&["check"]).unwrap();
}

/// Which log a change is of stands in its body: a row that says something else is found.
#[test]
fn a_row_under_a_wrong_name_is_found_and_comes_back_under_its_own() {
    let mut vault = Vault::new();
    vault.damage(&format!("UPDATE changes SET seq = 69 WHERE {OF_OTHER} AND seq = 4"));
    let mut here = vault.open();
    assert_ne!(workload::problems(&mut here.store), [] as [String; 0]);
    let done = repair(&mut here.store);
    assert_eq!(done.removed.len(), 1, "{done:?}");
    assert_eq!(held(&mut here, OTHER), 3, "{done:?}");
    here.fetch(0, &mut vault.other).unwrap();
    assert_eq!(dump(&mut here.store), vault.before);
    let of_other = LogId { space: Space::Everywhere, actor: OTHER };
    assert_eq!(here.held().unwrap().get(of_other), 8);
}
