//! The disk is full or fails, at each operation, once and from then on. What was acknowledged is there,
//! what failed said so in words that help, and work goes on once the disk does.

use holdfast_store::{Store, StoreError};
use holdfast_tests::replica::VAULT;
use holdfast_tests::vfs::{Disk, Fault, Kind};
use holdfast_tests::workload::{self, STEPS, Workload};
use std::path::Path;

/// Where a run of the workload ended.
struct Run {
    /// How many steps were acknowledged.
    done: usize,
    /// How many operations failed.
    failed: u64,
}

fn is_typed(error: &StoreError, kind: Kind) -> bool {
    let code = match kind {
        Kind::Full => matches!(error.code(), "disk_full" | "no_access"),
        Kind::Broken => matches!(error.code(), "disk_failed" | "no_access"),
    };
    // A sentence for people, with something to do.
    code && error.to_string().contains(':')
}

/// Carries out all steps on a disk with a fault. A step that fails is tried again once, then with a
/// disk that works again.
fn run(folder: &Path, workload: &Workload, fault: Fault, pictures: &[String]) -> Run {
    let path = folder.join("vault.db");
    let disk = Disk::new();
    let mut store = Store::create_with_vfs(&path, VAULT, disk.name()).unwrap();
    disk.fail(Some(fault));
    let mut done = 0;
    let mut failed = 0;
    while done < STEPS {
        match workload.step(&mut store, done) {
            Ok(()) => done += 1,
            Err(error) => {
                assert!(is_typed(&error, fault.kind), "{fault:?}, step {done}: {error:?}");
                failed += disk.failed();
                // Nothing of the step is there, nothing before it is lost.
                let shown = workload::picture(&mut store);
                if let Ok(shown) = shown {
                    assert_eq!(shown, pictures[done], "{fault:?}, step {done}");
                }
                if !fault.sticky {
                    continue;
                }
                // Once more on the disk that still fails, and over a second connection.
                let again = workload.step(&mut store, done);
                if again.is_ok() {
                    done += 1;
                    continue;
                }
                let mut other = Store::open(&path).unwrap();
                let shown = workload::picture(&mut other).unwrap();
                assert_eq!(shown, pictures[done], "{fault:?}, step {done}");
                disk.fail(None);
            }
        }
    }
    failed += disk.failed();
    drop(store);
    Run { done, failed }
}

/// How many operations the workload has.
fn operations(workload: &Workload) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new();
    let path = folder.path().join("vault.db");
    let mut store = Store::create_with_vfs(&path, VAULT, disk.name()).unwrap();
    disk.fail(None);
    for step in 0..STEPS {
        workload.step(&mut store, step).unwrap();
    }
    disk.operations()
}

fn at_every_operation(kind: Kind, sticky: bool) {
    let workload = Workload::new().unwrap();
    let pictures = workload::pictures(&workload).unwrap();
    let operations = operations(&workload);
    assert!(operations > 100, "{operations}");
    let mut met = 0;
    for at in 0..operations {
        let folder = tempfile::tempdir().unwrap();
        let fault = Fault { at, sticky, kind };
        let Run { done, failed } = run(folder.path(), &workload, fault, &pictures);
        met += u64::from(failed > 0);
        let mut store = Store::open(&folder.path().join("vault.db")).unwrap();
        assert_eq!(workload::picture(&mut store).unwrap(), pictures[done], "{fault:?}");
        if at % 10 == 0 {
            assert_eq!(workload::problems(&mut store), [] as [String; 0], "{fault:?}");
        }
    }
    // Flushing does not fail on a full disk.
    assert!(met * 2 > operations, "{met} of {operations} operations failed");
}

#[test]
fn a_disk_that_is_full_for_a_moment_loses_nothing() {
    at_every_operation(Kind::Full, false);
}

#[test]
fn a_disk_that_stays_full_loses_nothing() {
    at_every_operation(Kind::Full, true);
}

#[test]
fn a_disk_that_fails_once_loses_nothing() {
    at_every_operation(Kind::Broken, false);
}

#[test]
fn a_disk_that_fails_from_then_on_loses_nothing() {
    at_every_operation(Kind::Broken, true);
}

/// What could not be flushed is not acknowledged.
#[test]
fn nothing_is_acknowledged_that_could_not_be_flushed() {
    let workload = Workload::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let disk = Disk::new();
    let mut store = Store::create_with_vfs(&path, VAULT, disk.name()).unwrap();
    disk.record();
    workload.step(&mut store, 0).unwrap();
    let past = disk.past();
    let mut moment = past.start();
    let mut last = 0;
    let mut index = 0;
    while past.advance(&mut moment) {
        index += 1;
        if past.before(&moment).last().is_some_and(|op| op.starts_with("Sync")) {
            last = index;
        }
    }
    assert!(last > 0, "a step flushes nothing");
    // The flush of the second step is where the first one's was, counted from its beginning.
    disk.fail(Some(Fault { at: last - 1, sticky: true, kind: Kind::Broken }));
    let refused = workload.step(&mut store, 1).and_then(|()| workload.step(&mut store, 2));
    assert!(matches!(refused, Err(StoreError::DiskFailed(_))), "{refused:?}");
}

/// A disk that is full or fails while a database is made, migrated or copied: the old one stands, and
/// trying again works.
#[test]
fn creating_migrating_and_copying_on_a_bad_disk_leave_the_old_as_it_was() {
    let workload = Workload::new().unwrap();
    for kind in [Kind::Full, Kind::Broken] {
        for sticky in [false, true] {
            let mut finished = 0;
            for at in 0.. {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("vault.db");
                workload::first_format(&path).unwrap();
                let disk = Disk::new();
                let fault = Fault { at, sticky, kind };
                disk.fail(Some(fault));
                let migrated = Store::open_with_vfs(&path, disk.name());
                if let Err(error) = &migrated {
                    assert!(is_typed(error, kind), "{fault:?}: {error:?}");
                }
                let met = disk.failed() > 0;
                drop(migrated);
                disk.fail(None);
                let mut store = Store::open_with_vfs(&path, disk.name()).unwrap();
                workload.step(&mut store, 0).unwrap();
                let before = workload::picture(&mut store).unwrap();
                disk.fail(Some(fault));
                let copy = folder.path().join("copy.db");
                let copied = store.copy_to(&copy);
                if let Err(error) = &copied {
                    assert!(is_typed(error, kind), "copy, {fault:?}: {error:?}");
                }
                let met = met || disk.failed() > 0;
                disk.fail(None);
                if copied.is_ok() {
                    let mut copy = Store::open(&copy).unwrap();
                    assert_eq!(workload::picture(&mut copy).unwrap(), before, "{fault:?}");
                }
                assert_eq!(workload::picture(&mut store).unwrap(), before, "{fault:?}");
                drop(store);
                let created = folder.path().join("created.db");
                disk.fail(Some(fault));
                let made = Store::create_with_vfs(&created, VAULT, disk.name());
                let met = met || disk.failed() > 0;
                drop(made);
                disk.fail(None);
                Store::create_with_vfs(&created, VAULT, disk.name()).unwrap();
                if !met {
                    finished = at;
                    break;
                }
            }
            assert!(finished > 50, "only {finished} operations");
        }
    }
}
