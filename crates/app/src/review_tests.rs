//! What a decision removes, what an edit in passing ends, and how what was put aside comes back.

use crate::story_tests::{Device, add, carry, exchange, title, two};
use crate::view;

fn open(device: &Device) -> usize {
    device.app.conflicts(view::ConflictTab::Open).unwrap().len()
}

fn text(device: &Device, id: &str) -> String {
    device.app.note(id).unwrap().text.text
}

fn write(device: &Device, id: &str, from: &str, to: &str) {
    let entity = device.app.resolve_id("note", id).unwrap();
    let now = text(device, id);
    assert!(now.contains(from), "{now:?} has no {from:?}");
    device.app.replace_text(entity, &now.replacen(from, to, 1)).unwrap();
}

/// A note of which both devices edited the first sentence.
fn disputed_note() -> (Device, Device, String) {
    let (laptop, phone) = two();
    let id = laptop.app.add_note("Shop", None, "Buy oak.\nCall Bob.\n").unwrap().ids[0].clone();
    exchange(&laptop, &phone);
    write(&laptop, &id, "oak", "oak boards");
    write(&phone, &id, "oak", "oak beams");
    exchange(&laptop, &phone);
    assert_eq!((open(&laptop), open(&phone)), (1, 1));
    (laptop, phone, id)
}

/// A task to which both devices gave another title.
fn disputed_title() -> (Device, Device, String) {
    let (laptop, phone) = two();
    let id = add(&laptop, "Buy oak");
    exchange(&laptop, &phone);
    title(&laptop, &id, "Buy oak boards");
    title(&phone, &id, "Buy ash");
    exchange(&laptop, &phone);
    assert_eq!((open(&laptop), open(&phone)), (1, 1));
    (laptop, phone, id)
}

fn take(review: &view::Review, display: &str) -> view::Decision {
    let field = &review.fields[0];
    let version = field.versions.iter().find(|version| version.display == display).unwrap();
    view::Decision::Take { conflict: field.conflict.clone(), take: version.version.clone() }
}

fn titles(review: &view::Review) -> Vec<&str> {
    let mut titles: Vec<&str> =
        review.fields[0].versions.iter().map(|version| version.display.as_str()).collect();
    titles.sort_unstable();
    titles
}

#[test]
fn what_is_typed_into_a_disputed_note_is_in_a_column_and_survives_the_decision() {
    let (laptop, phone, id) = disputed_note();
    write(&phone, &id, "Call Bob.\n", "Call Bob.\nAsk for nails.\n");
    carry(&phone, &laptop);
    // Typing decided nothing.
    assert_eq!(open(&laptop), 1);
    let review = laptop.app.review(&id).unwrap();
    let column = |name: &str| {
        let versions = &review.texts[0].versions;
        versions.iter().find(|version| version.device.name == name).unwrap().clone()
    };
    assert_eq!(column("Laptop").text, "Buy oak boards.\nCall Bob.\n");
    assert_eq!(column("Phone").text, "Buy oak beams.\nCall Bob.\nAsk for nails.\n");
    let blocks = laptop
        .app
        .text_blocks(
            &id,
            "text",
            &column("Laptop").version,
            &column("Phone").version,
            Some(review.as_of),
        )
        .unwrap();
    assert!(blocks.iter().any(|block| block.kind == view::BlockKind::Right));
}

#[test]
fn a_decision_on_a_text_removes_nothing_that_came_after_it_was_read() {
    let (laptop, phone, id) = disputed_note();
    let review = laptop.app.review(&id).unwrap();
    let here = review.texts[0].versions.iter().find(|version| version.device.here).unwrap();
    let (conflict, version) = (review.texts[0].conflict.clone(), here.version.clone());
    write(&phone, &id, "Call Bob.\n", "Call Bob.\nAsk for nails.\n");
    carry(&phone, &laptop);

    let decision = view::Decision::Take { conflict, take: version };
    laptop.app.resolve(&id, &[decision], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!(text(device, &id), "Buy oak boards.\nCall Bob.\nAsk for nails.\n");
        assert_eq!(open(device), 0);
    }
}

#[test]
fn what_comes_into_the_disputed_sentence_meanwhile_is_asked_anew() {
    let (laptop, phone, id) = disputed_note();
    let review = laptop.app.review(&id).unwrap();
    write(&phone, &id, "Buy oak", "Today: buy oak");
    carry(&phone, &laptop);
    let decision = view::Decision::Text {
        conflict: review.texts[0].conflict.clone(),
        text: "Buy oak boards.\nCall Bob.\n".into(),
    };
    laptop.app.resolve(&id, &[decision], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert!(text(device, &id).contains("Today: buy oak boards"), "{}", text(device, &id));
        assert_eq!(open(device), 1);
    }
}

#[test]
fn accepting_a_merge_accepts_only_what_was_shown() {
    let (laptop, phone, id) = disputed_note();
    let review = laptop.app.review(&id).unwrap();
    write(&phone, &id, "Bob", "Ann");
    carry(&phone, &laptop);
    let conflict = review.texts[0].conflict.clone();
    let both = view::Decision::KeepBoth { conflict, keep_both: view::Yes };
    laptop.app.resolve(&id, &[both], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    assert!(text(&phone, &id).contains("Call Ann."));
    assert_eq!((open(&laptop), open(&phone)), (0, 0));
}

#[test]
fn who_wrote_on_after_reading_is_asked_to_look_again_and_nothing_changes() {
    let (laptop, _, id) = disputed_note();
    let review = laptop.app.review(&id).unwrap();
    write(&laptop, &id, "Bob", "Ann");
    let before = text(&laptop, &id);
    let decision = view::Decision::Text {
        conflict: review.texts[0].conflict.clone(),
        text: "Buy oak.\n".into(),
    };
    let refused = laptop.app.resolve(&id, &[decision], Some(review.as_of));
    assert!(refused.unwrap_err().to_string().contains("look at it once more"));
    assert_eq!((text(&laptop, &id), open(&laptop)), (before, 1));
}

#[test]
fn versions_have_the_numbers_that_they_had_when_they_were_read() {
    let (laptop, phone, id) = disputed_title();
    let review = laptop.app.review(&id).unwrap();
    // The phone goes on: what was shown is no version any more, and a newer one is.
    title(&phone, &id, "Buy ash boards");
    title(&laptop, &id, "Buy oak boards, planed");
    carry(&phone, &laptop);
    let then = laptop.app.review_at(&id, Some(review.as_of)).unwrap();
    assert_eq!(then.fields[0].versions, review.fields[0].versions);
    assert_eq!(then.as_of, review.as_of);
    let now = laptop.app.review(&id).unwrap();
    assert_eq!(titles(&now), ["Buy ash boards", "Buy oak boards, planed"]);
    // Deciding for what was shown then removes nothing that was not.
    laptop.app.resolve(&id, &[take(&then, "Buy ash")], Some(then.as_of)).unwrap();
    let now = laptop.app.review(&id).unwrap();
    assert_eq!(titles(&now), ["Buy ash", "Buy ash boards", "Buy oak boards, planed"]);
}

#[test]
fn an_edit_in_passing_is_listed_as_resolved_with_who_and_when_and_can_be_reopened() {
    let (laptop, phone, id) = disputed_title();
    title(&phone, &id, "Buy beech");
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!(open(device), 0);
        let rows = device.app.conflicts(view::ConflictTab::Resolved).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].entity, id);
        assert_eq!(rows[0].sides[0].device.name, "Phone");
        assert_eq!(rows[0].resolved_time, Some(rows[0].sides[0].time));
        assert!(rows[0].outcome.as_ref().unwrap().contains("title 'Buy beech'"));
        assert!(rows[0].can_reopen);
    }
    laptop.app.reopen(&id).unwrap();
    // Reopening can be undone like anything else, and what it took back is listed again.
    laptop.app.undo().unwrap();
    assert_eq!(laptop.app.task(&id).unwrap().task.title, "Buy beech");
    assert_eq!(open(&laptop), 0);
    assert_eq!(laptop.app.conflicts(view::ConflictTab::Resolved).unwrap().len(), 1);
    laptop.app.reopen(&id).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let review = device.app.review(&id).unwrap();
        assert_eq!(titles(&review), ["Buy ash", "Buy beech", "Buy oak boards"]);
        assert!(device.app.conflicts(view::ConflictTab::Resolved).unwrap().is_empty());
    }
    let review = laptop.app.review(&id).unwrap();
    laptop.app.resolve(&id, &[take(&review, "Buy oak boards")], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    assert_eq!((open(&laptop), open(&phone)), (0, 0));
    assert_eq!(phone.app.task(&id).unwrap().task.title, "Buy oak boards");
}

#[test]
fn an_edit_of_another_field_or_under_a_disputed_deletion_decides_nothing() {
    let (laptop, phone, id) = disputed_title();
    let other = add(&laptop, "Call Ada");
    exchange(&laptop, &phone);
    title(&laptop, &other, "Call Ada Lovelace");
    phone.app.delete_items(std::slice::from_ref(&other), None).unwrap();
    exchange(&laptop, &phone);
    assert_eq!((open(&laptop), open(&phone)), (2, 2));
    let day = view::TaskPatch { deadline: Some(Some("2026-12-24".into())), ..Default::default() };
    phone.app.edit_tasks(&[id, other.clone()], &day, None).unwrap();
    title(&phone, &other, "Call Ada L.");
    exchange(&laptop, &phone);
    assert_eq!((open(&laptop), open(&phone)), (2, 2));
    assert!(laptop.app.conflicts(view::ConflictTab::Resolved).unwrap().is_empty());
    // Deleting it once more is about the deletion: that is said.
    phone.app.delete_items(std::slice::from_ref(&other), None).unwrap();
    exchange(&laptop, &phone);
    let rows = laptop.app.conflicts(view::ConflictTab::Resolved).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].labels, ["deletion"]);
    laptop.app.reopen(&other).unwrap();
    assert_eq!(open(&laptop), 2);
}

fn priority(device: &Device, id: &str, priority: u8) {
    let patch = view::TaskPatch { priority: Some(priority), ..Default::default() };
    device.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
}

#[test]
fn what_a_newer_value_put_aside_is_listed_and_comes_back() {
    let (laptop, phone) = two();
    let id = add(&laptop, "Buy oak");
    exchange(&laptop, &phone);
    priority(&laptop, &id, 1);
    priority(&phone, &id, 3);
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let rows = device.app.put_aside().unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].how, view::SetAsideHow::Newest);
        let shown = [rows[0].display.as_str(), rows[0].stands.as_str()];
        assert!(shown == ["High", "Low"] || shown == ["Low", "High"]);
    }
    let rows = laptop.app.put_aside().unwrap();
    let (aside, stood) = (rows[0].display.clone(), rows[0].stands.clone());
    laptop.app.bring_aside_back(&rows[0].id[..8]).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        let rows = device.app.put_aside().unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].how, view::SetAsideHow::Edit);
        assert_eq!((&rows[0].display, &rows[0].stands), (&stood, &aside));
        assert!(rows[0].by.name == "Laptop");
    }
    laptop.app.undo().unwrap();
    let rows = laptop.app.put_aside().unwrap();
    assert_eq!((&rows[0].display, &rows[0].stands), (&aside, &stood));
}

#[test]
fn what_a_decision_put_aside_is_listed_and_comes_back() {
    let (laptop, phone, id) = disputed_title();
    let review = laptop.app.review(&id).unwrap();
    laptop.app.resolve(&id, &[take(&review, "Buy oak boards")], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    let rows = phone.app.put_aside().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].how, view::SetAsideHow::Decision);
    assert_eq!(rows[0].display, "Buy ash");
    assert_eq!(rows[0].device.as_ref().unwrap().name, "Phone");
    phone.app.bring_aside_back(&rows[0].id).unwrap();
    assert_eq!(phone.app.task(&id).unwrap().task.title, "Buy ash");
    assert!(phone.app.put_aside().unwrap().is_empty());
    assert!(phone.app.bring_aside_back(&rows[0].id).is_err());
}

#[test]
fn decided_and_merged_texts_are_listed_with_their_ways_back() {
    let (laptop, phone, id) = disputed_note();
    let review = laptop.app.review(&id).unwrap();
    let decision = view::Decision::Text {
        conflict: review.texts[0].conflict.clone(),
        text: "Buy oak boards.\nCall Bob.\n".into(),
    };
    laptop.app.resolve(&id, &[decision], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    let rows = phone.app.put_aside().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].way, view::SetAsideWay::Reopen);
    phone.app.bring_aside_back(&rows[0].id).unwrap();
    assert_eq!(open(&phone), 1);
    assert!(phone.app.put_aside().unwrap().is_empty());
    phone.app.undo().unwrap();
    exchange(&laptop, &phone);

    write(&laptop, &id, "boards", "planks");
    write(&phone, &id, "Bob", "Ann");
    exchange(&laptop, &phone);
    let rows = laptop.app.put_aside().unwrap();
    let merged = rows.iter().find(|row| row.how == view::SetAsideHow::Merge).unwrap();
    assert_eq!(merged.way, view::SetAsideWay::Review);
}

/// More than one change can hold.
#[test]
fn a_text_that_is_larger_than_one_change_is_decided_reopened_and_undone_as_one() {
    let (laptop, phone, id) = disputed_note();
    let merged = text(&laptop, &id);
    let review = laptop.app.review(&id).unwrap();
    let typed = "Nothing of all that, but this line instead.\n".repeat(12_000);
    let conflict = review.texts[0].conflict.clone();
    let decision = view::Decision::Text { conflict, text: typed.clone() };
    laptop.app.resolve(&id, &[decision], Some(review.as_of)).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert!(text(device, &id) == typed);
        assert_eq!(open(device), 0);
        assert_eq!(device.app.conflicts(view::ConflictTab::Resolved).unwrap().len(), 1);
    }
    laptop.app.reopen(&id).unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert_eq!((text(device, &id), open(device)), (merged.clone(), 1));
    }
    laptop.app.undo().unwrap();
    exchange(&laptop, &phone);
    for device in [&laptop, &phone] {
        assert!(text(device, &id) == typed);
        assert_eq!(open(device), 0);
    }
}
