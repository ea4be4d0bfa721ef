//! Devices that exchange bundles in any order, again and again, come to hold the same.

use super::fixture_tests::{Device, EVERYTHING, UPDATE, devices, update_for};
use holdfast_model::EntityId;
use proptest::prelude::*;
use std::path::PathBuf;

#[derive(Debug, Clone)]
enum Step {
    Add,
    Retitle(usize),
    Delete(usize),
    Jot,
    Prune,
    Export { how: u8, to: usize },
    Import(usize),
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        2 => Just(Step::Add),
        2 => any::<usize>().prop_map(Step::Retitle),
        1 => any::<usize>().prop_map(Step::Delete),
        2 => Just(Step::Jot),
        2 => Just(Step::Prune),
        4 => (0..3_u8, 0..3_usize).prop_map(|(how, to)| Step::Export { how, to }),
        6 => any::<usize>().prop_map(Step::Import),
    ];
    (0..3_usize, step)
}

fn run(devices: &mut [Device; 3], steps: Vec<(usize, Step)>) {
    let ids: Vec<_> = devices.iter().map(Device::id).collect();
    let mut tasks: Vec<EntityId> = Vec::new();
    let mut bundles: Vec<PathBuf> = Vec::new();
    for (number, (who, step)) in steps.into_iter().enumerate() {
        let device = &mut devices[who];
        match step {
            Step::Add => tasks.push(device.add(&format!("task {number}"))),
            Step::Retitle(of) | Step::Delete(of) => {
                let known: Vec<_> =
                    tasks.iter().copied().filter(|task| device.has(*task)).collect();
                if known.is_empty() {
                    continue;
                }
                let task = known[of % known.len()];
                if matches!(step, Step::Delete(_)) {
                    device.delete(&[task]);
                } else {
                    device.retitle(task, &format!("title {number}"));
                }
            }
            Step::Jot => device.jot(EntityId::named("note"), &format!("line {number}\n")),
            Step::Prune => {
                // Everything is old, so only what the others confirmed counts.
                let before = device.dump();
                device.prune(i64::MAX);
                assert_eq!(device.dump(), before);
            }
            Step::Export { how, to } => {
                let request = match how {
                    0 => EVERYTHING,
                    1 if to != who => update_for(ids[to]),
                    _ => UPDATE,
                };
                bundles.push(device.export(request).0);
            }
            Step::Import(of) => {
                if bundles.is_empty() {
                    continue;
                }
                let path = &bundles[of % bundles.len()];
                let before = device.trace();
                let shown = device.inspect(path);
                assert_eq!(device.trace(), before);
                match (device.import(path), shown) {
                    (Ok(imported), Ok(shown)) => assert_eq!(imported.preview, shown),
                    (Err(error), _) => {
                        assert_eq!(error.code(), "earlier_missing");
                        assert_eq!(device.trace(), before);
                    }
                    (Ok(_), Err(error)) => panic!("shown as {error}, yet imported"),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn bundles_in_any_order_with_duplicates_converge(
        steps in proptest::collection::vec(step(), 1..40)
    ) {
        let mut all = devices(["laptop", "phone", "tablet"]);
        run(&mut all, steps);
        // Whatever happened before: once everyone's everything went round, all hold the same.
        for _ in 0..2 {
            for from in 0..3 {
                let (path, _) = all[from].export(EVERYTHING);
                for to in (0..3).filter(|to| *to != from) {
                    all[to].import(&path).unwrap();
                }
            }
        }
        let [mut laptop, mut phone, mut tablet] = all;
        prop_assert_eq!(laptop.dump(), phone.dump());
        prop_assert_eq!(laptop.dump(), tablet.dump());
    }
}
