//! The lists of conflicts: what needs a person, what merged by itself, what was resolved.

use crate::people::People;
use crate::{App, AppError, describe, items, review, view};
use holdfast_model::change::{Change, Edit};
use holdfast_model::fields::{LIFE, REVIEWED, TITLE};
use holdfast_model::{EntityId, EntityState, Policies, Policy, Value};
use holdfast_store::{ConflictRecord, ConflictState, Decision, Tx};
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
        let review = review::build(tx, &state, &records, people, today, review::Read::Row)?;
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

/// What ended disagreements in the last thirty days and was not taken back: decisions, and edits in
/// passing of fields about which people are asked.
fn resolved(
    tx: &Tx<'_>,
    people: &People,
    since: i64,
    today: Date,
) -> Result<Vec<view::ConflictRow>, AppError> {
    const ROWS: usize = 500;
    let policies = tx.policies()?;
    let mut rows = Vec::new();
    for decision in tx.decisions(since, ROWS)? {
        let mut items: Vec<EntityId> = decision.fields.iter().map(|field| field.entity).collect();
        if decision.change.action == RESOLVE {
            items.extend(decision.change.edits().next().map(|edit| edit.entity));
        }
        items.sort_unstable();
        items.dedup();
        for entity in items {
            let Some((state, _)) = tx.entity(entity)? else { continue };
            let Some(ended) = Ended::of(&decision, &state, &policies) else { continue };
            if is_taken_back(tx, entity, &decision.change)? {
                continue;
            }
            let text = tx.text(entity)?.map(|text| text.plain).unwrap_or_default();
            let (labels, kinds) = ended.labels();
            let change = &decision.change;
            rows.push(view::ConflictRow {
                entity: entity.to_string(),
                entity_kind: review::entity_kind(&state.kind),
                title: items::note_name(state.text(TITLE), &text),
                labels,
                kinds,
                sides: vec![view::ConflictSide {
                    device: people.of(change.dot()),
                    time: change.time.shown_ms(),
                }],
                outcome: Some(ended.outcome(tx, people, today)?),
                resolved_time: Some(change.time.shown_ms()),
                can_reopen: true,
            });
        }
    }
    Ok(rows)
}

/// Whether somebody took a change back since, and that was not taken back in turn.
pub(crate) fn is_taken_back(
    tx: &Tx<'_>,
    entity: EntityId,
    change: &Change,
) -> Result<bool, AppError> {
    let history = tx.history(entity)?;
    // What takes back comes after: from the last to the first, each stands or does not.
    let mut back: Vec<holdfast_model::Dot> = Vec::new();
    for item in history.iter().rev().filter(|item| item.change.space == change.space) {
        let dot = item.change.dot();
        if let Some(reverts) = item.change.reverts
            && !back.contains(&dot)
        {
            back.push(reverts);
        }
    }
    Ok(back.contains(&change.dot()))
}

/// Action code of a decision made in the review.
pub(crate) const RESOLVE: &str = "conflict.resolve";

/// What a change ended on one item.
pub(crate) struct Ended<'a> {
    change: &'a Change,
    /// Fields and what was written to them; `life` among them.
    fields: Vec<(&'a str, &'a Value)>,
    text: bool,
}

impl<'a> Ended<'a> {
    /// None where it ended nothing that people are asked about.
    pub(crate) fn of(
        decision: &'a Decision,
        state: &EntityState,
        policies: &Policies,
    ) -> Option<Self> {
        let change = &decision.change;
        if change.action != RESOLVE {
            let asked = |field: &str| policies.of_field(&state.kind, field) == Policy::Ask;
            let fields: Vec<(&str, &Value)> = decision
                .fields
                .iter()
                .filter(|field| field.entity == state.id && asked(&field.field))
                .map(|field| (field.field.as_str(), &field.value))
                .collect();
            return (!fields.is_empty()).then_some(Self { change, fields, text: false });
        }
        let mut ended = Self { change, fields: Vec::new(), text: false };
        let own = || change.edits().filter(|edit| edit.entity == state.id);
        // A later piece of a long text: its first one is the decision.
        if own().next().is_some() && own().all(Edit::goes_on_with_text) {
            return None;
        }
        for edit in own() {
            ended
                .fields
                .extend(edit.set.iter().map(|(field, write)| (field.as_str(), &write.value)));
            ended.text |= edit.add.contains_key(REVIEWED);
            if edit.set.is_empty() && !ended.text {
                ended.fields.extend(edit.life.iter().map(|life| (LIFE, &life.value)));
            }
        }
        Some(ended)
    }

    fn labels(&self) -> (Vec<String>, Vec<view::ConflictKind>) {
        let (mut labels, mut kinds) = (Vec::new(), Vec::new());
        for (field, _) in &self.fields {
            labels.push(if *field == LIFE { "deletion".into() } else { describe::field(field) });
            kinds.push(kind(holdfast_model::conflict::ConflictKind::of_field(field).as_str()));
        }
        if self.text {
            labels.push("text".into());
            kinds.push(view::ConflictKind::Text);
        }
        (labels, kinds)
    }

    /// "Resolved on Desktop: title 'Buy oak boards', date Fri".
    fn outcome(&self, tx: &Tx<'_>, people: &People, today: Date) -> Result<String, AppError> {
        let mut parts = Vec::new();
        for (field, value) in &self.fields {
            let said = describe::value(tx, field, value, today)?;
            parts.push(if *field == LIFE {
                said.to_lowercase()
            } else {
                format!("{} '{said}'", describe::field(field))
            });
        }
        if self.text {
            parts.push("text decided".into());
        }
        let who = people.of(self.change.dot());
        let place = if who.here { "here".to_owned() } else { format!("on {}", who.name) };
        Ok(format!("Resolved {place}: {}", parts.join(", ")))
    }
}
