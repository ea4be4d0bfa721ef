//! What was put aside, beside the main stories in `review_tests`.

use super::*;
use crate::repeats_tests::at;
use crate::story_tests::{Device, add, exchange, two};
use std::slice::from_ref;

fn status(device: &Device, id: &String, status: view::TaskStatus) {
    let patch = view::TaskPatch { status: Some(status), ..view::TaskPatch::default() };
    device.app.edit_tasks(from_ref(id), &patch, None).unwrap();
}

#[test]
fn a_cancelled_occurrence_that_was_put_aside_comes_back_without_a_question() {
    let (laptop, mut phone) = two();
    let id = add(&laptop, "Water plants 2026-11-23 *every week");
    status(&laptop, &id, view::TaskStatus::Done);
    exchange(&laptop, &phone);
    // What is over is cancelled without a question, and taken up again elsewhere later.
    status(&laptop, &id, view::TaskStatus::Cancelled);
    at(&mut phone, "2030-01-01T10:00");
    status(&phone, &id, view::TaskStatus::Open);
    exchange(&laptop, &phone);
    assert_eq!(laptop.app.task(&id).unwrap().task.status, "open");
    let rows = laptop.app.put_aside().unwrap();
    let row = rows.iter().find(|row| row.field == STATUS).unwrap();
    laptop.app.bring_aside_back(&row.id).unwrap();
    assert_eq!(laptop.app.task(&id).unwrap().task.status, "cancelled");
}

#[test]
fn values_that_one_change_brought_back_have_rows_of_their_own() {
    let dot = Dot { actor: holdfast_oplog::ActorId([1; 16]), seq: 1 };
    let how = view::SetAsideHow::Decision;
    let id = |value: &str| row_id(EntityId::named("oak"), TITLE, dot, how, &value.into());
    assert_ne!(id("Buy ash"), id("Buy pine"));
}
