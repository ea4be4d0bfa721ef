//! The power goes at every moment: whatever was not flushed may be lost, torn or out of order. What was
//! acknowledged is there, and nothing stands half.

use holdfast_store::{Store, StoreError};
use holdfast_tests::replica::VAULT;
use holdfast_tests::vfs::{Disk, Past, Power};
use holdfast_tests::workload::{self, STEPS, Workload};
use std::fs;
use std::path::{Path, PathBuf};

/// How the database begins.
#[derive(Clone, Copy)]
enum Beginning {
    /// There is none.
    Nothing,
    /// It has the tables of the first format: opening it migrates.
    FirstFormat,
}

fn open(path: &Path, beginning: Beginning, disk: &Disk) -> Result<Store, StoreError> {
    match beginning {
        Beginning::Nothing => Store::create_with_vfs(path, VAULT, disk.name()),
        Beginning::FirstFormat => Store::open_with_vfs(path, disk.name()),
    }
}

/// Lets the steps happen on a recording disk, with a restart in the middle.
fn live(beginning: Beginning, workload: &Workload) -> Past {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    if matches!(beginning, Beginning::FirstFormat) {
        workload::first_format(&path).unwrap();
    }
    let disk = Disk::new();
    disk.record();
    let mut store = open(&path, beginning, &disk).unwrap();
    disk.acknowledge();
    for step in 0..STEPS {
        if step == STEPS / 2 {
            drop(store);
            store = Store::open_with_vfs(&path, disk.name()).unwrap();
        }
        workload.step(&mut store, step).unwrap();
        disk.acknowledge();
    }
    drop(store);
    disk.past()
}

/// Opens what a power cut left: it shows what was acknowledged.
fn shows_what_was_promised(
    folder: &Path,
    acknowledged: usize,
    pictures: &[String],
    whole: bool,
) -> Result<(), String> {
    let path = folder.join("vault.db");
    let mut store = match Store::open(&path) {
        Ok(store) => store,
        // Before the first acknowledgement there may be nothing, or half of the beginning: it begins
        // again over it.
        Err(_) if acknowledged == 0 => {
            Store::create(&path, VAULT).map_err(|error| format!("cannot begin again: {error}"))?
        }
        Err(error) => return Err(error.to_string()),
    };
    let picture = workload::picture(&mut store).map_err(|error| error.to_string())?;
    let shown: Vec<usize> = (0..pictures.len()).filter(|step| pictures[*step] == picture).collect();
    // The beginning is acknowledged first. One transaction may be on the disk that nobody was told of.
    let (least, most) = (acknowledged.saturating_sub(1), acknowledged);
    if !shown.iter().any(|step| (least..=most).contains(step)) {
        return Err(format!("shows {shown:?}, and {least} steps were acknowledged"));
    }
    if whole {
        let problems = workload::problems(&mut store);
        if !problems.is_empty() {
            return Err(format!("{problems:?}"));
        }
    }
    Ok(())
}

/// Cuts the power at every moment of a past, of which this looks at every `of`-th from `part` on.
fn cut_everywhere(beginning: Beginning, part: usize, of: usize) {
    let workload = Workload::new().unwrap();
    let pictures = workload::pictures(&workload).unwrap();
    let past = live(beginning, &workload);
    let mut moment = past.start();
    let mut index = 0;
    let mut cuts = 0;
    loop {
        if index % of == part {
            let promised = past.just_acknowledged(&moment);
            for (number, power) in Power::ALL.into_iter().enumerate() {
                // Every moment in one way, and the moments of promises in all.
                if !promised && !(index / of + number).is_multiple_of(Power::ALL.len()) {
                    continue;
                }
                let folder = tempfile::tempdir().unwrap();
                moment.cut(power, index as u64, folder.path()).unwrap();
                let whole = promised || index % 5 == 0;
                if let Err(wrong) =
                    shows_what_was_promised(folder.path(), moment.acknowledged, &pictures, whole)
                {
                    let before = past.before(&moment);
                    panic!("power cut ({power:?}) before operation {index}: {wrong}; {before:#?}");
                }
                cuts += 1;
            }
        }
        index += 1;
        if !past.advance(&mut moment) {
            break;
        }
    }
    assert_eq!(index, past.moments());
    println!("{cuts} power cuts in {index} moments");
}

#[test]
fn a_power_cut_at_every_operation_leaves_a_prefix_of_commits() {
    cut_everywhere(Beginning::Nothing, 0, 2);
}

#[test]
fn a_power_cut_at_every_other_operation_leaves_a_prefix_of_commits() {
    cut_everywhere(Beginning::Nothing, 1, 2);
}

#[test]
fn a_power_cut_in_a_migration_leaves_the_old_tables_or_the_new() {
    let workload = Workload::new().unwrap();
    let pictures = workload::pictures(&workload).unwrap();
    let past = live(Beginning::FirstFormat, &workload);
    let mut moment = past.start();
    let mut index = 0;
    while moment.acknowledged < 2 {
        for power in Power::ALL {
            let folder = tempfile::tempdir().unwrap();
            moment.cut(power, index, folder.path()).unwrap();
            // Opening goes on with the migration; nothing has to be made anew.
            let path = folder.path().join("vault.db");
            let store = Store::open(&path);
            assert!(store.is_ok(), "before operation {index} ({power:?}): {store:?}");
            drop(store);
            let shown =
                shows_what_was_promised(folder.path(), moment.acknowledged, &pictures, true);
            assert!(shown.is_ok(), "before operation {index} ({power:?}): {shown:?}");
        }
        index += 1;
        assert!(past.advance(&mut moment));
    }
}

#[test]
fn a_power_cut_while_recovering_from_one_loses_nothing_more() {
    let workload = Workload::new().unwrap();
    let pictures = workload::pictures(&workload).unwrap();
    let past = live(Beginning::Nothing, &workload);
    let mut moment = past.start();
    let mut index = 0;
    let mut again = 0;
    while past.advance(&mut moment) {
        index += 1;
        if moment.acknowledged < 2 || index % 41 != 0 {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        moment.cut(Power::Reordered, index, folder.path()).unwrap();
        let path = folder.path().join("vault.db");
        // What the recovery does not touch stays as the first cut left it.
        let first: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|file| (file.file_name().unwrap().into(), fs::read(&file).unwrap()))
            .collect();
        let disk = Disk::new();
        disk.record();
        // Opening reads the write-ahead log, closing folds it into the database.
        let mut store = Store::open_with_vfs(&path, disk.name()).unwrap();
        let before = workload::picture(&mut store).unwrap();
        drop(store);
        let recovery = disk.past();
        let mut second = recovery.start();
        loop {
            for power in [Power::Torn, Power::Reordered] {
                let folder = tempfile::tempdir().unwrap();
                for (name, bytes) in &first {
                    fs::write(folder.path().join(name), bytes).unwrap();
                }
                second.cut(power, index, folder.path()).unwrap();
                let path = folder.path().join("vault.db");
                let mut store = Store::open(&path).unwrap();
                assert_eq!(workload::picture(&mut store).unwrap(), before, "{index} {power:?}");
                assert_eq!(workload::problems(&mut store), [] as [String; 0]);
                again += 1;
            }
            if !recovery.advance(&mut second) {
                break;
            }
        }
        assert!(pictures.contains(&before));
    }
    assert!(again > 100, "only {again} second cuts");
}
