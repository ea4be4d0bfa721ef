//! One flipped bit, anywhere in the file of a database: a check finds it, or the bit stands for nothing.

use holdfast_store::query::TaskFilter;
use holdfast_store::{SearchQuery, Store, StoreError};
use holdfast_tests::replica::VAULT;
use holdfast_tests::workload::{self, STEPS, Workload};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const PAGE: usize = 4096;

/// A database with something in every table, in one file.
fn database(path: &Path) {
    let workload = Workload::new().unwrap();
    let mut store = Store::create(path, VAULT).unwrap();
    for step in 0..STEPS {
        workload.step(&mut store, step).unwrap();
    }
    store.write(|tx| tx.index_search(usize::MAX)).unwrap();
    store.write(|tx| tx.add_membership(b"a record of the list of devices")).unwrap();
}

/// Everything that can be asked of a database, beyond what its dump says.
fn answers(store: &mut Store) -> Result<String, StoreError> {
    let picture = workload::picture(store)?;
    store.read(|tx| {
        let query = SearchQuery { words: "task".into(), limit: 50, ..SearchQuery::default() };
        let tasks = tx.tasks(&TaskFilter::All, 100)?;
        Ok(format!("{picture}\n{tasks:?}\n{:?}\n{:?}", tx.search(&query)?, tx.membership()?))
    })
}

/// What became of one flipped bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    Found,
    Unused,
}

fn look(path: &Path, whole: &str) -> Result<Outcome, String> {
    let mut store = match Store::open(path) {
        Ok(store) => store,
        Err(error) => {
            // Typed, and nothing is made in its place.
            assert!(path.exists());
            assert_ne!(error.to_string(), "");
            return Ok(Outcome::Refused);
        }
    };
    if !workload::problems(&mut store).is_empty() || store.vault() != VAULT {
        return Ok(Outcome::Found);
    }
    match answers(&mut store) {
        Ok(answers) if answers == whole => Ok(Outcome::Unused),
        Ok(_) => Err("the check is content, and the data is not what it was".into()),
        Err(error) => Err(format!("the check is content, and reading fails: {error}")),
    }
}

fn flip(seed: u64, a_page: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    database(&path);
    let whole = answers(&mut Store::open(&path).unwrap()).unwrap();
    let good = fs::read(&path).unwrap();
    assert!(good.len() > 60 * PAGE, "{}", good.len());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut seen: BTreeMap<Outcome, u32> = BTreeMap::new();
    let damaged = folder.path().join("damaged.db");
    for page in 0..good.len() / PAGE {
        for _ in 0..a_page {
            // The first and last bytes of a page say most; cells grow from its end.
            let within = match rng.gen_range(0..4) {
                0 => rng.gen_range(0..64),
                1 => PAGE - 1 - rng.gen_range(0..256),
                _ => rng.gen_range(0..PAGE),
            };
            let (at, bit) = (page * PAGE + within, rng.gen_range(0..8));
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&damaged, &bytes).unwrap();
            for sidecar in ["damaged.db-wal", "damaged.db-shm"] {
                let _ = fs::remove_file(folder.path().join(sidecar));
            }
            match look(&damaged, &whole) {
                Ok(outcome) => *seen.entry(outcome).or_default() += 1,
                Err(wrong) => panic!("bit {bit} of byte {within} of page {page}: {wrong}"),
            }
        }
    }
    println!("{seen:?}");
    assert!(seen.get(&Outcome::Found).copied().unwrap_or(0) > 50, "{seen:?}");
}

#[test]
fn a_flipped_bit_in_any_page_is_found_or_stands_for_nothing() {
    flip(1, 5);
}

#[test]
fn another_flipped_bit_in_any_page_is_found_or_stands_for_nothing() {
    flip(2, 5);
}

/// Every bit that carries what a person wrote or what vouches for it.
#[test]
fn a_flipped_bit_in_a_body_a_hash_or_a_signature_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    database(&path);
    for (column, length) in [("body", 40), ("hash", 32), ("signature", 64)] {
        for byte in (0..length).step_by(3) {
            let copy = folder.path().join("copy.db");
            fs::copy(&path, &copy).unwrap();
            let conn = rusqlite::Connection::open(&copy).unwrap();
            let (seq, mut bytes): (i64, Vec<u8>) = conn
                .query_row(
                    &format!(
                        "SELECT seq, {column} FROM changes
                         WHERE actor = x'01010101010101010101010101010101' AND seq = 3"
                    ),
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .unwrap();
            bytes[byte] ^= 1;
            conn.execute(
                &format!(
                    "UPDATE changes SET {column} = ?1
                     WHERE actor = x'01010101010101010101010101010101' AND seq = ?2"
                ),
                (&bytes, seq),
            )
            .unwrap();
            drop(conn);
            let found = workload::problems(&mut Store::open(&copy).unwrap());
            assert!(
                found.iter().any(|line| line.contains("change 3 of 01010101")),
                "{column} {byte}: {found:?}"
            );
        }
    }
}
