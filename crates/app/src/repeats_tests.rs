//! Repeating tasks on several devices: one occurrence has one successor, whatever the clocks say.

use crate::story_tests::{Device, add, carry, exchange, two};
use crate::{App, Clock, view};
use holdfast_store::query::{TaskFilter, TaskRow};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// From now on the device's clock shows this local time, such as `2026-11-23T23:58`.
pub(crate) fn at(device: &mut Device, local: &str) {
    let local: DateTime = local.parse().unwrap();
    let moment = local.to_zoned(TimeZone::system()).unwrap().timestamp().to_string();
    let mut app = App::at(device.app.home().clone()).unwrap();
    app.clock = Clock::starting(&moment);
    device.app = app;
}

/// A third device of the same vault.
pub(crate) fn third(laptop: &Device) -> Device {
    let tablet = crate::story_tests::device();
    let file = laptop.folder.path().join("invite-tablet.holdfast");
    let request = view::ExportRequest::Invite { passphrase: "correct horse".into() };
    laptop.app.export_bundle(&request, &file).unwrap();
    tablet.app.join(&file, "correct horse", &crate::story_tests::new("Tablet")).unwrap();
    carry(&tablet, laptop);
    tablet
}

pub(crate) fn done(device: &Device, id: &str) {
    let patch = view::TaskPatch { status: Some(view::TaskStatus::Done), ..Default::default() };
    device.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
}

fn reschedule(device: &Device, id: &str, when: &str) {
    let patch = view::TaskPatch { when: Some(Some(when.into())), ..Default::default() };
    device.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
}

pub(crate) fn all(device: &Device) -> Vec<TaskRow> {
    device.app.with(|open| Ok(open.store.read(|tx| tx.tasks(&TaskFilter::All, 1_000))?)).unwrap()
}

/// Days of the open tasks.
pub(crate) fn open(device: &Device) -> Vec<String> {
    let open = all(device).into_iter().filter(|task| task.status == "open");
    let mut days: Vec<String> = open.map(|task| task.when.unwrap_or_default()).collect();
    days.sort();
    days
}

/// What is asked: the item and what about it.
fn asked(device: &Device) -> Vec<(String, Vec<String>)> {
    let rows = device.app.conflicts(view::ConflictTab::Open).unwrap();
    rows.into_iter().map(|row| (row.entity, row.labels)).collect()
}

/// Everyone gets everything.
fn meet(devices: &[&Device]) {
    for _ in 0..2 {
        for (number, one) in devices.iter().enumerate() {
            for other in devices.iter().skip(number + 1) {
                carry(one, other);
                carry(other, one);
            }
        }
    }
    for device in &devices[1..] {
        assert_eq!(device.app.dump(None).unwrap(), devices[0].app.dump(None).unwrap());
        assert_eq!(asked(device), asked(devices[0]));
    }
}

fn three() -> [Device; 3] {
    let (laptop, phone) = two();
    let tablet = third(&laptop);
    [laptop, phone, tablet]
}

/// Completes one task on three devices at three local times; the days of what is open then, and how
/// much is asked.
fn completed_apart(task: &str, times: [&str; 3]) -> (Vec<String>, usize) {
    let [mut laptop, mut phone, mut tablet] = three();
    let id = add(&laptop, task);
    meet(&[&laptop, &phone, &tablet]);
    for (device, time) in [&mut laptop, &mut phone, &mut tablet].into_iter().zip(times) {
        at(device, time);
        done(device, &id);
    }
    meet(&[&laptop, &phone, &tablet]);
    assert_eq!(all(&phone).len(), 2, "the finished one and the next one");
    let first = phone.app.task(&id).unwrap().task;
    assert_eq!(first.status, "done");
    assert!(!first.conflict, "done on all is one completion");
    (open(&phone), asked(&phone).len())
}

#[test]
fn a_repeating_task_done_on_three_devices_around_midnight_has_one_next_occurrence() {
    let times = ["2026-11-23T23:58", "2026-11-24T00:02", "2026-11-23T12:00"];
    let on_time = completed_apart("Water plants 2026-11-23 *every day", times);
    assert_eq!(on_time, (vec!["2026-11-24".into()], 0));
}

#[test]
fn a_late_repeating_task_done_on_three_devices_on_different_days_is_one_task_and_one_question() {
    // The same hour in three time zones: three dates, and none of the devices knows of the others.
    let times = ["2026-11-23T23:58", "2026-11-24T00:02", "2026-11-25T08:00"];
    let (days, questions) = completed_apart("Water plants 2026-11-22 *every day", times);
    assert_eq!((days.len(), questions), (1, 1));
    let (days, questions) = completed_apart("Water plants 2026-11-22 *every! 3 days", times);
    assert_eq!((days.len(), questions), (1, 1));
}

#[test]
fn a_device_a_year_ahead_makes_no_second_occurrence() {
    let times = ["2026-11-23T10:00", "2027-11-23T10:00", "2026-11-23T11:00"];
    let (days, questions) = completed_apart("Water plants 2026-11-23 *every week", times);
    assert_eq!((days.len(), questions), (1, 1));
}

#[test]
fn a_repeat_from_completion_done_on_all_on_one_day_asks_nothing() {
    let times = ["2026-11-25T09:00", "2026-11-25T21:00", "2026-11-25T12:00"];
    let task = "Water plants 2026-11-23 *every! 3 days";
    assert_eq!(completed_apart(task, times), (vec!["2026-11-28".into()], 0));
}

#[test]
fn a_device_offline_over_several_occurrences_multiplies_nothing_and_undoes_no_completion() {
    for rule in ["*every week", "*every! 7 days"] {
        let (mut laptop, mut phone) = two();
        let id = add(&laptop, &format!("Water plants 2026-11-23 {rule}"));
        exchange(&laptop, &phone);
        let mut current = id.clone();
        for day in ["2026-11-23", "2026-11-30", "2026-12-07"] {
            at(&mut laptop, &format!("{day}T10:00"));
            done(&laptop, &current);
            let next = all(&laptop).into_iter().find(|task| task.status == "open").unwrap();
            current = next.id.to_string();
        }
        assert_eq!(open(&laptop), ["2026-12-14"]);
        at(&mut phone, "2026-12-10T10:00");
        done(&phone, &id);
        exchange(&laptop, &phone);
        assert_eq!(open(&phone), ["2026-12-14"], "{rule}");
        assert_eq!(all(&phone).len(), 4, "{rule}: three completions and one to do");
        assert!(asked(&phone).len() <= 1, "{rule}: {:?}", asked(&phone));
        assert_eq!(asked(&laptop), asked(&phone));
    }
}

#[test]
fn done_here_and_rescheduled_there_is_one_question() {
    let (mut laptop, mut phone) = two();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    exchange(&laptop, &phone);
    at(&mut laptop, "2026-11-23T10:00");
    at(&mut phone, "2026-11-23T10:05");
    done(&laptop, &id);
    reschedule(&phone, &id, "2026-11-25");
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!(asked(device), [(id.clone(), vec!["Both changed the date".to_owned()])]);
        assert_eq!(open(device), ["2026-11-30"]);
    }
    let review = laptop.app.review(&id).unwrap();
    let version = review.fields[0].versions.iter().find(|v| v.device.here).unwrap();
    let decision = view::Decision::Take {
        conflict: review.fields[0].conflict.clone(),
        take: version.version.clone(),
    };
    laptop.app.resolve(&id, &[decision], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!((asked(device), open(device)), (Vec::new(), vec!["2026-11-30".to_owned()]));
    }
}

#[test]
fn done_here_and_rescheduled_and_done_there_is_still_one_task() {
    let (mut laptop, mut phone) = two();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    exchange(&laptop, &phone);
    at(&mut laptop, "2026-11-23T10:00");
    done(&laptop, &id);
    at(&mut phone, "2026-11-25T10:00");
    reschedule(&phone, &id, "2026-11-25");
    done(&phone, &id);
    exchange(&laptop, &phone);
    assert_eq!(open(&laptop).len(), 1);
    assert_eq!(all(&laptop).len(), 2);
}

#[test]
fn completing_a_task_that_was_reopened_makes_no_second_occurrence() {
    let (mut laptop, _) = two();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    at(&mut laptop, "2026-11-23T10:00");
    done(&laptop, &id);
    let reopen = view::TaskPatch { status: Some(view::TaskStatus::Open), ..Default::default() };
    laptop.app.edit_tasks(std::slice::from_ref(&id), &reopen, None).unwrap();
    at(&mut laptop, "2026-12-09T10:00");
    done(&laptop, &id);
    assert_eq!(open(&laptop), ["2026-11-30"]);
}

#[test]
fn undoing_a_completion_takes_the_next_occurrence_back() {
    let (mut laptop, phone) = two();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    at(&mut laptop, "2026-11-23T10:00");
    done(&laptop, &id);
    laptop.app.undo().unwrap();
    assert_eq!(open(&laptop), ["2026-11-23"]);
    exchange(&laptop, &phone);
    assert_eq!((open(&phone), asked(&phone)), (vec!["2026-11-23".into()], Vec::new()));
}

#[test]
fn leap_days_last_weekdays_and_clock_changes_keep_their_date_and_time() {
    let next = |when: &str, repeat: &str| {
        let mut laptop = crate::story_tests::device();
        laptop.app.create(&crate::story_tests::new("Laptop")).unwrap();
        let id = add(&laptop, "Something");
        let patch = view::TaskPatch {
            when: Some(Some(when.into())),
            repeat: Some(Some(repeat.into())),
            ..Default::default()
        };
        laptop.app.edit_tasks(std::slice::from_ref(&id), &patch, None).unwrap();
        at(&mut laptop, &format!("{}T10:00", &when[..10]));
        done(&laptop, &id);
        open(&laptop).join(" ")
    };
    assert_eq!(next("2028-02-29", "every year"), "2029-02-28");
    assert_eq!(next("2027-01-31", "every month"), "2027-02-28");
    assert_eq!(next("2026-11-27", "FREQ=MONTHLY;BYDAY=-1FR"), "2026-12-25");
    // In the night in which clocks go back or forward in many places, the time stays what it was.
    assert_eq!(next("2026-10-24T02:30", "every day"), "2026-10-25T02:30");
    assert_eq!(next("2027-03-27T02:30", "every day"), "2027-03-28T02:30");
}
