use super::tests::{Pulled, pull_some};
use crate::bundle::fixture_tests::{Device, devices};
use holdfast_model::EntityId;

/// So large a title that few fit into one batch.
fn large(number: usize) -> String {
    format!("{number} {}", "oak ".repeat(60_000))
}

fn here(device: &mut Device, ids: &[EntityId]) -> usize {
    ids.iter().filter(|id| device.has(**id)).count()
}

fn batches(pulled: &Pulled) -> usize {
    pulled.asked.iter().filter(|asked| *asked == "Batch").count()
}

/// A device that has nothing takes in what comes as it comes, and a cut costs it no more than what is on
/// its way.
#[test]
fn a_newcomer_keeps_every_batch_that_came_before_a_cut() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..15).map(|number| laptop.add(&large(number))).collect();
    let all = batches(&pull_some(&mut phone, &mut laptop, usize::MAX, false));
    assert!(all >= 5, "{all}");
    let mut most = 0;
    for cut in 1..=all {
        let [mut laptop, mut phone] = devices(["laptop", "phone"]);
        let ids: Vec<_> = (0..15).map(|number| laptop.add(&large(number))).collect();
        // The first question is for a snapshot.
        let first = pull_some(&mut phone, &mut laptop, cut, false);
        assert_eq!(first.outcome.unwrap_err().code(), "unreachable");
        let came = here(&mut phone, &ids);
        assert!(came > most || cut == 1, "after {cut} questions {came} were here");
        most = came;
        // And no batch is asked for again.
        let second = pull_some(&mut phone, &mut laptop, usize::MAX, false);
        assert_eq!(cut - 1 + batches(&second), all, "cut after {cut}");
        assert_eq!(here(&mut phone, &ids), ids.len());
    }
    assert!(ids.len() > most && most > 0);
}

/// Where something stood before, nothing is taken in before it can be judged.
#[test]
fn a_deletion_in_several_batches_is_judged_as_one() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..30).map(|number| laptop.add(&format!("task {number}"))).collect();
    pull_some(&mut phone, &mut laptop, usize::MAX, false).outcome.unwrap();
    // Twelve are not half; with the eight in another batch they are more.
    laptop.delete(&ids[..12]);
    let between: Vec<_> = (0..6).map(|number| laptop.add(&large(number))).collect();
    laptop.delete(&ids[12..20]);
    let held = pull_some(&mut phone, &mut laptop, usize::MAX, false);
    assert!(batches(&held) >= 3);
    assert_eq!(held.outcome.unwrap_err().code(), "mass_deletion");
    assert_eq!((here(&mut phone, &ids), here(&mut phone, &between)), (30, 0));
}

/// What comes and goes before a newcomer has all of it was never there to be lost.
#[test]
fn what_a_newcomer_never_had_is_no_large_deletion() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let ids: Vec<_> = (0..30).map(|number| laptop.add(&format!("task {number}"))).collect();
    let between: Vec<_> = (0..9).map(|number| laptop.add(&large(number))).collect();
    laptop.delete(&ids);
    let pulled = pull_some(&mut phone, &mut laptop, usize::MAX, false);
    assert!(batches(&pulled) >= 3);
    pulled.outcome.unwrap();
    assert_eq!(here(&mut phone, &between), 9);
    assert_eq!(phone.dump(), laptop.dump());
}
