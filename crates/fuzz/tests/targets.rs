//! Every target: its regressions, its seeds, and a bounded number of mutations of them, the same at
//! every run. `HOLDFAST_FUZZ_TIMES=N` tries N times as many.

use holdfast_fuzz::{TARGETS, corpus, mutate, target};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longest mutated input.
const MOST: usize = 64 * 1024;
/// No input may make the process grow beyond this, in KiB.
const MEMORY_KIB: u64 = 1024 * 1024;

fn exercise(name: &str) {
    let target = target(name).expect("a target of that name");
    let one = |what: &str, bytes: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_err() {
            let kept = corpus::keep_found(target, bytes);
            panic!("{name}: {what} breaks it; kept as {kept:?}");
        }
    };
    let regressions = corpus::regressions(target).expect("readable regressions");
    for (file, bytes) in &regressions {
        one(file, bytes);
    }
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    for (number, seed) in seeds.iter().enumerate() {
        one(&format!("seed {number}"), seed);
    }
    let times: u32 =
        std::env::var("HOLDFAST_FUZZ_TIMES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mutations = target.mutations.saturating_mul(times);
    let mut rng = ChaCha20Rng::from_seed(*blake3::hash(name.as_bytes()).as_bytes());
    for number in 0..mutations {
        let mut bytes = seeds[rng.next_u32() as usize % seeds.len()].clone();
        mutate::mutate(&mut bytes, &seeds, &mut rng, MOST);
        one(&format!("mutation {number}"), &bytes);
    }
    println!(
        "{name}: {} executions ({} regressions, {} seeds, {mutations} mutations)",
        regressions.len() + seeds.len() + mutations as usize,
        regressions.len(),
        seeds.len()
    );
    if let Some(kib) = peak_kib() {
        assert!(kib < MEMORY_KIB, "{name} grew to {kib} KiB");
    }
}

/// The most memory that this process had, where the system says.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { exercise(stringify!($name)); })*

        #[test]
        fn every_target_is_run() {
            let run = [$(stringify!($name)),*];
            assert!(TARGETS.iter().all(|target| run.contains(&target.name)));
            assert!(TARGETS.len() >= 10);
        }
    };
}

targets!(
    batch,
    change,
    nearby,
    version_vector,
    bundle,
    bundle_import,
    folder,
    signed_changes,
    membership,
    keys,
    text_update,
    text_edits,
    value,
    entity_state,
    database,
    markdown_import,
    markup,
    quick_add,
    dates,
    arguments,
);

/// Seeds into `target/fuzz/corpus`, for libFuzzer; `cargo xtask fuzz` runs this.
#[test]
#[ignore = "writes files that only libFuzzer reads"]
fn write_the_seeds() {
    for target in TARGETS {
        corpus::write_seeds(target).expect("a folder to write into");
    }
}
