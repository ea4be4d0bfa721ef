//! What the next occurrence of a repeating task keeps, and what ends a series.

use crate::repeats_tests::{all, at, done, open, third};
use crate::story_tests::{Device, add, device, exchange, new, two};
use crate::{AppError, view};

fn alone() -> Device {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    laptop
}

fn sub(device: &Device, parent: &str, text: &str) -> String {
    let defaults = view::QuickAddDefaults { parent: Some(parent.into()), ..Default::default() };
    device.app.quick_add(text, &[], &defaults).unwrap().ids[0].clone()
}

fn edit(device: &Device, id: &str, patch: &view::TaskPatch) {
    device.app.edit_tasks(&[id.to_owned()], patch, None).unwrap();
}

fn when(day: &str) -> view::TaskPatch {
    view::TaskPatch { when: Some(Some(day.into())), ..Default::default() }
}

fn cancels(occurrences: Option<view::Occurrences>) -> view::TaskPatch {
    view::TaskPatch { status: Some(view::TaskStatus::Cancelled), occurrences, ..Default::default() }
}

/// The open task without parent.
fn current(device: &Device) -> view::TaskDetail {
    let tasks = all(device);
    let mut open = tasks.iter().filter(|task| task.status == "open" && task.parent.is_none());
    let id = open.next().unwrap().id.to_string();
    assert!(open.next().is_none(), "one occurrence is open");
    device.app.task(&id).unwrap()
}

const NOTES: &str = "- [x] soil\n- [ ] water\n\n`- [x]` stays";

fn plants(device: &Device) -> (String, [String; 3]) {
    let text = format!("Water plants 2026-11-23 9am !2026-11-24 *every week @home p2 //{NOTES}");
    let id = add(device, &text);
    let ferns = sub(device, &id, "Ferns 2026-11-22 //- [x] mist");
    let moss = sub(device, &ferns, "Moss @damp");
    let cacti = sub(device, &id, "Cacti");
    done(device, &cacti);
    (id, [ferns, moss, cacti])
}

fn titles(tasks: &[view::TaskView]) -> Vec<(&str, &str, Option<&str>)> {
    tasks.iter().map(|t| (t.title.as_str(), t.status.as_str(), t.when.as_deref())).collect()
}

#[test]
fn the_next_occurrence_keeps_notes_unticked_subtasks_tags_and_all_fields() {
    let mut laptop = alone();
    let (id, [ferns, moss, cacti]) = plants(&laptop);
    at(&mut laptop, "2026-11-23T10:00");
    done(&laptop, &id);
    let next = current(&laptop);
    assert_eq!(next.task.when.as_deref(), Some("2026-11-30T09:00"));
    assert_eq!(next.task.deadline.as_deref(), Some("2026-12-01"));
    assert_eq!((next.task.priority, next.task.tags.join(" ")), (2, "home".into()));
    assert_eq!(next.notes.text, "- [ ] soil\n- [ ] water\n\n`- [x]` stays");
    assert_eq!(
        titles(&next.children),
        [("Ferns", "open", Some("2026-11-29")), ("Cacti", "open", None)]
    );
    let below = laptop.app.task(&next.children[0].id).unwrap();
    assert_eq!(below.notes.text, "- [ ] mist");
    assert_eq!(titles(&below.children), [("Moss", "open", None)]);
    assert_eq!(below.children[0].tags, ["damp"]);
    // What was finished stays as it was; what was not is waited for in the next one alone.
    assert_eq!(laptop.app.task(&id).unwrap().notes.text, NOTES);
    let status = |id: &str| laptop.app.task(id).unwrap().task.status;
    assert_eq!([status(&ferns), status(&moss), status(&cacti)], ["cancelled", "cancelled", "done"]);
    laptop.app.undo().unwrap();
    assert_eq!([status(&ferns), status(&moss), status(&cacti)], ["open", "open", "done"]);
    assert_eq!(current(&laptop).task.id, id);
    assert_eq!(all(&laptop).len(), 4, "and nothing of the next one is left");
}

#[test]
fn devices_that_complete_it_apart_make_one_next_occurrence_with_its_notes_and_subtasks_once() {
    let (mut laptop, mut phone) = two();
    let tablet = third(&laptop);
    let (id, _) = plants(&laptop);
    exchange(&laptop, &phone);
    exchange(&laptop, &tablet);
    at(&mut laptop, "2026-11-23T10:00");
    at(&mut phone, "2026-11-23T21:00");
    done(&laptop, &id);
    done(&phone, &id);
    for _ in 0..2 {
        exchange(&laptop, &phone);
        exchange(&phone, &tablet);
    }
    for device in [&laptop, &phone, &tablet] {
        let next = current(device);
        assert_eq!(next.notes.text, "- [ ] soil\n- [ ] water\n\n`- [x]` stays");
        assert_eq!(all(device).len(), 8, "four of each occurrence");
        assert!(device.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
        assert!(device.app.conflicts(view::ConflictTab::Merged).unwrap().is_empty());
    }
}

#[test]
fn subtasks_do_not_pile_up_over_many_occurrences() {
    let mut laptop = alone();
    plants(&laptop);
    let id = current(&laptop).task.id;
    // One of the parts repeats by itself and is done more often than the whole.
    let daily = sub(&laptop, &id, "Light 2026-11-23 *every day");
    at(&mut laptop, "2026-11-23T10:00");
    done(&laptop, &daily);
    for day in ["2026-11-23", "2026-11-30", "2026-12-07"] {
        at(&mut laptop, &format!("{day}T10:00"));
        done(&laptop, &current(&laptop).task.id);
    }
    let next = current(&laptop);
    assert_eq!(next.task.when.as_deref(), Some("2026-12-14T09:00"));
    let names: Vec<&str> = next.children.iter().map(|child| child.title.as_str()).collect();
    assert_eq!(names, ["Ferns", "Cacti", "Light"]);
    let open = all(&laptop).into_iter().filter(|task| task.status == "open").count();
    assert_eq!(open, 5, "the whole and its four parts");
}

#[test]
fn the_day_of_the_month_is_the_tasks_own_and_moves_only_with_a_person() {
    let mut laptop = alone();
    let follow = |laptop: &mut Device, days: &[&str]| {
        for day in days {
            let task = current(laptop);
            let own = task.task.when.or(task.task.deadline).unwrap();
            assert_eq!(own, *day);
            at(laptop, &format!("{day}T22:00"));
            done(laptop, &task.task.id);
        }
    };
    at(&mut laptop, "2026-11-05T10:00");
    let id = add(&laptop, "Rent *monthly");
    // The date is set after the repeat, in words, and is not today's.
    edit(&laptop, &id, &when("31 jan 2027"));
    follow(&mut laptop, &["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]);
    // A person moves it from the 31st to the 30th, and then to the 12th.
    edit(&laptop, &current(&laptop).task.id, &when("2027-05-30"));
    follow(&mut laptop, &["2027-05-30", "2027-06-30", "2027-07-30"]);
    edit(&laptop, &current(&laptop).task.id, &when("2027-08-12"));
    follow(&mut laptop, &["2027-08-12", "2027-09-12"]);
    // Another time on the same day moves nothing.
    edit(&laptop, &current(&laptop).task.id, &when("2027-10-31"));
    follow(&mut laptop, &["2027-10-31"]);
    edit(&laptop, &current(&laptop).task.id, &when("2027-11-30T09:00"));
    edit(&laptop, &current(&laptop).task.id, &when("2027-11-30"));
    follow(&mut laptop, &["2027-11-30", "2027-12-31"]);
    // One that was said stays, and a deadline alone is the task's own date too.
    let id = current(&laptop).task.id;
    edit(&laptop, &id, &cancels(Some(view::Occurrences::Following)));
    add(&laptop, "Tax !2028-01-31 *monthly");
    follow(&mut laptop, &["2028-01-31", "2028-02-29", "2028-03-31"]);
    let id = current(&laptop).task.id;
    edit(&laptop, &id, &cancels(Some(view::Occurrences::Following)));
    add(&laptop, "Pay 2028-01-31 *every 31st");
    edit(&laptop, &current(&laptop).task.id, &when("2028-01-12"));
    follow(&mut laptop, &["2028-01-12", "2028-01-31", "2028-02-29"]);
}

#[test]
fn deleting_a_surplus_occurrence_after_reopening_does_not_end_the_series() {
    let mut laptop = alone();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    for _ in 0..3 {
        at(&mut laptop, "2026-11-23T10:00");
        done(&laptop, &id);
        assert_eq!(open(&laptop), ["2026-11-30"]);
        let surplus = current(&laptop).task.id;
        let reopen = view::TaskPatch { status: Some(view::TaskStatus::Open), ..Default::default() };
        edit(&laptop, &id, &reopen);
        laptop.app.delete_items(&[surplus], None).unwrap();
        assert_eq!(open(&laptop), ["2026-11-23"]);
    }
    laptop.app.purge_items(&[laptop.app.trash().unwrap()[0].id.clone()]).unwrap();
    done(&laptop, &id);
    assert_eq!(open(&laptop), ["2026-11-30"], "the series goes on");
}

#[test]
fn cancelling_asks_whether_this_one_or_all_that_follow_are_meant() {
    let mut laptop = alone();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    at(&mut laptop, "2026-11-23T10:00");
    let asked = laptop.app.edit_tasks(std::slice::from_ref(&id), &cancels(None), None);
    assert!(matches!(asked, Err(AppError::WhichOccurrences(title)) if title == "Water plants"));
    assert_eq!(open(&laptop), ["2026-11-23"], "and nothing was changed");
    edit(&laptop, &id, &cancels(Some(view::Occurrences::This)));
    assert_eq!(laptop.app.task(&id).unwrap().task.status, "cancelled");
    assert_eq!(open(&laptop), ["2026-11-30"]);
    // Taken up again, the first one stands beside the next; all that follow are both.
    let reopen = view::TaskPatch { status: Some(view::TaskStatus::Open), ..Default::default() };
    edit(&laptop, &id, &reopen);
    edit(&laptop, &id, &cancels(Some(view::Occurrences::Following)));
    assert_eq!(open(&laptop), [""; 0]);
    laptop.app.undo().unwrap();
    assert_eq!(open(&laptop), ["2026-11-23", "2026-11-30"]);
    // One that does not repeat is cancelled without a question, and so is one that is over.
    let other = add(&laptop, "Buy soil");
    edit(&laptop, &other, &cancels(None));
    let over = current_of(&laptop, "2026-11-30");
    done(&laptop, &over);
    edit(&laptop, &over, &cancels(None));
}

fn current_of(device: &Device, day: &str) -> String {
    let found = all(device).into_iter().find(|task| task.when.as_deref() == Some(day));
    found.unwrap().id.to_string()
}

#[test]
fn after_a_clock_was_wrong_once_the_times_shown_are_right_at_once() {
    let (mut laptop, phone) = two();
    at(&mut laptop, "2027-12-28T10:00");
    let wrong = add(&laptop, "From the year after");
    at(&mut laptop, "2026-11-23T10:00");
    let id = add(&laptop, "Buy oak");
    done(&laptop, &id);
    exchange(&laptop, &phone);
    let day = |ms: i64| {
        let at = jiff::Timestamp::from_millisecond(ms).unwrap();
        at.to_zoned(jiff::tz::TimeZone::system()).date().to_string()
    };
    for device in [&laptop, &phone] {
        let detail = device.app.task(&id).unwrap();
        let shown = [detail.task.created, detail.task.completed.unwrap()];
        assert_eq!(shown.map(day), ["2026-11-23", "2026-11-23"]);
        assert!(detail.history.iter().all(|entry| day(entry.time) == "2026-11-23"));
        assert_eq!(day(device.app.task(&wrong).unwrap().task.created), "2027-12-28");
    }
    let today = laptop.app.tasks(&view::TaskQuery::Today).unwrap();
    assert!(today.groups.iter().any(|group| group.group == "done"), "done today is of today");
}

#[test]
fn whether_an_occurrence_is_followed_is_asked_past_deleted_ones() {
    let mut laptop = alone();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    at(&mut laptop, "2026-11-23T10:00");
    let reopen = view::TaskPatch { status: Some(view::TaskStatus::Open), ..Default::default() };
    let follows = |laptop: &Device| {
        laptop.app.with(|open| {
            let mut follows = false;
            open.act("test", |work| {
                let (state, _) = work.tx.expect_entity(id.parse().unwrap(), "task")?;
                follows = work.has_successor(&state)?;
                Ok(String::new())
            })?;
            Ok(follows)
        })
    };
    assert!(!follows(&laptop).unwrap());
    for _ in 0..2 {
        done(&laptop, &id);
        assert!(follows(&laptop).unwrap(), "the second one stands past the deleted first");
        let next = current(&laptop).task.id;
        edit(&laptop, &id, &reopen);
        laptop.app.delete_items(&[next], None).unwrap();
        assert!(!follows(&laptop).unwrap());
    }
}
