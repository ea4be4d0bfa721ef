use crate::story_tests::{add, carry, exchange, title, two};

const NOW: u32 = 0;

#[test]
fn the_history_period_is_the_same_on_all_devices() {
    let (laptop, phone) = two();
    assert_eq!(laptop.app.storage().unwrap().history_days, Some(365));
    laptop.app.set_history_days(Some(90)).unwrap();
    exchange(&laptop, &phone);
    assert_eq!(phone.app.storage().unwrap().history_days, Some(90));
    phone.app.set_history_days(None).unwrap();
    exchange(&phone, &laptop);
    assert_eq!(laptop.app.storage().unwrap().history_days, None);
    assert!(laptop.app.set_history_days(Some(3)).is_err());
    // Kept for ever: nothing is old.
    assert_eq!(laptop.app.prune(None, false).unwrap().old, 0);
}

#[test]
fn pruning_says_who_holds_it_back_and_takes_what_all_confirmed() {
    let (laptop, phone) = two();
    let oak = add(&laptop, "Buy oak");
    title(&laptop, &oak, "Buy oak boards");
    let report = laptop.app.prune(Some(NOW), true).unwrap();
    assert!(report.dry_run && report.waiting_for.len() == 1);
    assert!(report.waiting_for[0].text.starts_with("Phone has not confirmed since "));
    exchange(&laptop, &phone);
    let dump = laptop.app.dump(None).unwrap();
    std::thread::park_timeout(std::time::Duration::from_millis(5));
    let tried = laptop.app.prune(Some(NOW), true).unwrap();
    assert_eq!(laptop.app.storage().unwrap().changes, 2, "trying changed something");
    let report = laptop.app.prune(Some(NOW), false).unwrap();
    assert_eq!((report.pruned, tried.pruned), (2, 2));
    assert!(report.waiting_for.is_empty(), "{:?}", report.waiting_for);
    assert_eq!((report.storage.changes, report.storage.log), (0, 0));
    assert!(report.storage.base > 0 && report.full_bundle > 0 && report.snapshot > 0);
    assert_eq!(laptop.app.dump(None).unwrap(), dump);
    assert!(laptop.app.check(false).unwrap().ok);
    // Life goes on: an edit on what was pruned, its undo, and a conflict with its original.
    title(&laptop, &oak, "Buy oak planks");
    laptop.app.undo().unwrap();
    assert_eq!(laptop.app.task(&oak).unwrap().task.title, "Buy oak boards");
    exchange(&laptop, &phone);
    title(&laptop, &oak, "Buy elm");
    title(&phone, &oak, "Buy fir");
    carry(&phone, &laptop);
    let review = laptop.app.review(&oak).unwrap();
    let original = review.fields[0].original.as_ref().unwrap();
    assert_eq!(original.display, "Buy oak boards");
}

#[test]
fn little_is_not_pruned_by_itself() {
    let (laptop, _) = two();
    add(&laptop, "Buy oak");
    assert_eq!(laptop.app.prune_when_due().unwrap(), 0);
    assert_eq!(laptop.app.storage().unwrap().changes, 1);
}

/// Prints how large everything is after ten edits an item, before and after pruning:
/// `cargo nextest run -p holdfast-app sizes_after_ten_edits --run-ignored only --no-capture`.
#[test]
#[ignore = "measures sizes"]
fn sizes_after_ten_edits_an_item() {
    let laptop = crate::story_tests::device();
    laptop.app.create(&crate::story_tests::new("Laptop")).unwrap();
    for number in 0..200 {
        let id = add(&laptop, &format!("Task {number}: plane the boards for the shelf"));
        for edit in 0..10 {
            title(&laptop, &id, &format!("Task {number}: plane board {edit} for the shelf"));
        }
    }
    std::thread::park_timeout(std::time::Duration::from_millis(5));
    let before = laptop.app.prune(Some(36_500), false).unwrap();
    let after = laptop.app.prune(Some(NOW), false).unwrap();
    for (name, report) in [("before", &before), ("after", &after)] {
        let sizes = &report.storage;
        println!(
            "{name}: live {} database {} (free {}) log {} base {} full bundle {} snapshot {}",
            sizes.live,
            sizes.database,
            sizes.free,
            sizes.log,
            sizes.base,
            report.full_bundle,
            report.snapshot,
        );
    }
    assert_eq!(before.pruned, 0);
    assert!(after.pruned > 2_000 && after.full_bundle < before.full_bundle);
    assert!(after.storage.database < before.storage.database);
}
