//! The lists of conflicts: what needs a person, what merged by itself, what was resolved.

use crate::people::People;
use crate::{App, AppError, describe, items, review, view};
use holdfast_model::EntityId;
use holdfast_model::change::Change;
use holdfast_model::fields::{REVIEWED, TITLE};
use holdfast_store::{ConflictRecord, ConflictState, Tx};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// How long a resolved conflict can be reopened from the list.
const REOPEN_MS: i64 = 30 * 24 * 3_600_000;

impl App {
    /// One row per item.
    pub fn conflicts(&self, tab: view::ConflictTab) -> Result<Vec<view::ConflictRow>, AppError> {
        self.with(|open| {
            let people = open.people()?;
            let today = open.clock.zoned().date();
            let since = open.now_ms().saturating_sub(REOPEN_MS);
            open.store.read(|tx| match tab {
                view::ConflictTab::Open => listed(tx, &people, ConflictState::Open, today),
                view::ConflictTab::Merged => listed(tx, &people, ConflictState::Merged, today),
                view::ConflictTab::Resolved => resolved(tx, &people, since, today),
            })
        })
    }
}

fn listed(
    tx: &Tx<'_>,
    people: &People,
    wanted: ConflictState,
    today: Date,
) -> Result<Vec<view::ConflictRow>, AppError> {
    let mut by_item: BTreeMap<EntityId, Vec<ConflictRecord>> = BTreeMap::new();
    for record in tx.conflicts(None)?.into_iter().filter(|record| record.state == wanted) {
        by_item.entry(record.entity).or_default().push(record);
    }
    let mut rows = Vec::new();
    for (entity, records) in by_item {
        let Some((state, _)) = tx.entity(entity)? else { continue };
        let review = review::build(tx, &state, &records, people, today)?;
        let mut sides: Vec<view::ConflictSide> = Vec::new();
        let fields = review.fields.iter().flat_map(|f| &f.versions).map(|v| (&v.device, v.time));
        let texts = review.texts.iter().flat_map(|t| &t.versions).map(|v| (&v.device, v.time));
        for (device, time) in fields.chain(texts) {
            match sides.iter_mut().find(|side| side.device.id == device.id) {
                Some(side) => side.time = side.time.max(time),
                None => sides.push(view::ConflictSide { device: device.clone(), time }),
            }
        }
        sides.sort_by_key(|side| (!side.device.here, side.device.name.clone()));
        rows.push(view::ConflictRow {
            entity: entity.to_string(),
            entity_kind: review.entity_kind,
            title: review.title,
            labels: records.iter().map(review::row_label).collect(),
            kinds: records.iter().map(|record| kind(&record.kind)).collect(),
            sides,
            outcome: None,
            resolved_time: None,
            can_reopen: false,
        });
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.sides.iter().map(|side| side.time).max()));
    Ok(rows)
}

fn kind(name: &str) -> view::ConflictKind {
    match name {
        "text" => view::ConflictKind::Text,
        "delete" => view::ConflictKind::Delete,
        "move" | "space" => view::ConflictKind::Move,
        _ => view::ConflictKind::Field,
    }
}

/// Decisions of the last thirty days that were not taken back.
fn resolved(
    tx: &Tx<'_>,
    people: &People,
    since: i64,
    today: Date,
) -> Result<Vec<view::ConflictRow>, AppError> {
    const ROWS: usize = 500;
    let mut rows = Vec::new();
    for change in tx.decisions(since, ROWS)? {
        let Some(entity) = change.edits().next().map(|edit| edit.entity) else { continue };
        let taken_back = tx.history(entity)?.iter().any(|item| {
            item.change.reverts == Some(change.dot()) && item.change.space == change.space
        });
        let Some((state, _)) = tx.entity(entity)? else { continue };
        if taken_back {
            continue;
        }
        let text = tx.text(entity)?.map(|text| text.plain).unwrap_or_default();
        let (labels, kinds) = what_was_decided(&change);
        rows.push(view::ConflictRow {
            entity: entity.to_string(),
            entity_kind: review::entity_kind(&state.kind),
            title: items::note_name(state.text(TITLE), &text),
            labels,
            kinds,
            sides: vec![view::ConflictSide {
                device: people.of(change.dot()),
                time: change.time.ms,
            }],
            outcome: Some(outcome(tx, &change, people, today)?),
            resolved_time: Some(change.time.ms),
            can_reopen: true,
        });
    }
    Ok(rows)
}

fn what_was_decided(change: &Change) -> (Vec<String>, Vec<view::ConflictKind>) {
    let (mut labels, mut kinds) = (Vec::new(), Vec::new());
    for edit in change.edits() {
        for field in edit.set.keys() {
            labels.push(describe::field(field));
            kinds.push(kind(holdfast_model::conflict::ConflictKind::of_field(field).as_str()));
        }
        if edit.add.contains_key(REVIEWED) {
            labels.push("text".into());
            kinds.push(view::ConflictKind::Text);
        }
        if edit.set.is_empty() && edit.life.is_some() && !edit.add.contains_key(REVIEWED) {
            labels.push("deletion".into());
            kinds.push(view::ConflictKind::Delete);
        }
    }
    (labels, kinds)
}

/// "Resolved on Desktop: title 'Buy oak boards', date Fri".
fn outcome(tx: &Tx<'_>, change: &Change, people: &People, today: Date) -> Result<String, AppError> {
    let mut parts = Vec::new();
    for edit in change.edits() {
        for (field, write) in &edit.set {
            let value = describe::value(tx, field, &write.value, today)?;
            parts.push(format!("{} '{value}'", describe::field(field)));
        }
        if edit.add.contains_key(REVIEWED) {
            parts.push("text decided".into());
        }
        if parts.is_empty()
            && let Some(life) = &edit.life
        {
            let value = describe::value(tx, holdfast_model::fields::LIFE, &life.value, today)?;
            parts.push(value.to_lowercase());
        }
    }
    let who = people.of(change.dot());
    let place = if who.here { "here".to_owned() } else { format!("on {}", who.name) };
    Ok(format!("Resolved {place}: {}", parts.join(", ")))
}
