//! Deciding conflicts: all decisions on one item are one change and one undo step.

use crate::act::Work;
use crate::{App, AppError, act, items, review, view};
use holdfast_model::conflict::ConflictKind;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{LIFE, LIST, PARENT, PRIORITY, REVIEWED, TITLE, WHEN};
use holdfast_model::text::{TextDoc, Version, ending};
use holdfast_model::{EntityId, EntityState, Value, fields};
use holdfast_store::{ConflictRecord, StoreError};

impl App {
    /// Decides conflicts of one item, as the person who read them at `as_of` meant it.
    pub fn resolve(
        &self,
        entity: &str,
        decisions: &[view::Decision],
        as_of: Option<i64>,
    ) -> Result<view::Done, AppError> {
        let id = act::id(entity, "item")?;
        if decisions.is_empty() {
            return Err(AppError::Invalid("Choose for at least one difference.".into()));
        }
        self.with(|open| {
            open.act("conflict.resolve", |work| {
                let (state, space) = work.tx.expect_entity(id, "item")?;
                let records = work.tx.conflicts(Some(id))?;
                let mut draft = state.draft();
                let mut text: Option<TextDecided<'_>> = None;
                for decision in decisions {
                    let conflict = act::id(decision.conflict(), "conflict")?;
                    let record = review::find(&records, conflict)?;
                    if record.kind == ConflictKind::Space.as_str() {
                        if decisions.len() > 1 {
                            return Err(AppError::Invalid(
                                "Decide first where it belongs, then the rest.".into(),
                            ));
                        }
                        work.decide_space(&state, space, decision, as_of)?;
                    } else if record.text.is_some() {
                        if text.is_some() {
                            return Err(AppError::Invalid("Decide about the text once.".into()));
                        }
                        text = Some(work.decide_text(&state, record, decision, &mut draft, as_of)?);
                    } else {
                        work.decide_field(&state, record, decision, &mut draft, as_of)?;
                    }
                }
                match text {
                    Some(TextDecided { field, doc, pieces }) => {
                        work.push_with_text(space, draft, field, doc, pieces);
                    }
                    None => work.push(space, draft),
                }
                work.ids.push(id);
                let text = work.tx.text(id)?.map(|text| text.plain).unwrap_or_default();
                Ok(format!("'{}' resolved", items::note_name(state.text(TITLE), &text)))
            })
        })
    }
}

/// A text as it was decided: the pieces of the edit, which `doc` holds already.
struct TextDecided<'r> {
    field: &'r str,
    doc: TextDoc,
    pieces: Vec<Vec<u8>>,
}

impl Work<'_, '_> {
    fn decide_field(
        &self,
        state: &EntityState,
        record: &ConflictRecord,
        decision: &view::Decision,
        draft: &mut Draft<'_>,
        as_of: Option<i64>,
    ) -> Result<(), AppError> {
        let field = record.field.as_str();
        let seen = self.seen(state, field, as_of)?;
        // What the person chose between.
        let register = match (as_of, &seen) {
            (Some(as_of), Seen::Versions(_)) => self.tx.register_at(state.id, field, as_of)?,
            _ => state.register(field).cloned().unwrap_or_default(),
        };
        let value = match decision {
            view::Decision::Take { take, .. } if take == review::TOP => Value::Null,
            // What a change wrote itself comes before what another says that it wrote.
            view::Decision::Take { take, .. } => register
                .live()
                .iter()
                .find(|version| version.dot.to_string() == *take && version.origin.is_none())
                .or_else(|| register.live().iter().find(|v| v.author().to_string() == *take))
                .map(|version| version.value.clone())
                .ok_or_else(|| AppError::NoSuchItem { what: "version", given: take.clone() })?,
            view::Decision::Value { value, .. } => self.typed(field, value.as_deref())?,
            view::Decision::KeepBoth { .. } if field == TITLE => {
                let mut titles: Vec<String> = register
                    .distinct()
                    .iter()
                    .filter_map(|version| version.value.as_str().map(str::to_owned))
                    .collect();
                titles.reverse();
                titles.join(" / ").into()
            }
            _ => {
                return Err(AppError::Invalid(format!(
                    "Only one {} can be kept: take one version, or give a value.",
                    fields::label(field)
                )));
            }
        };
        if field == LIFE {
            draft.life(value.as_str().unwrap_or_default(), &seen);
        } else if seen == Seen::All {
            // Deciding for the value that is shown is a decision too, so it is always written.
            let dots =
                state.register(field).map(holdfast_model::Register::dots).unwrap_or_default();
            draft.set(field, value, &Seen::Versions(dots));
        } else {
            draft.set(field, value, &seen);
        }
        Ok(())
    }

    /// A value that the person typed instead of taking a version.
    fn typed(&self, field: &str, value: Option<&str>) -> Result<Value, AppError> {
        let Some(text) = value.filter(|text| !text.is_empty()) else { return Ok(Value::Null) };
        Ok(match field {
            TITLE => crate::tasks::checked_title(text)?.into(),
            WHEN => self.when(text)?.into(),
            fields::DEADLINE => self.day(text)?.into(),
            PRIORITY => text
                .parse::<i64>()
                .ok()
                .filter(|priority| (0..=3).contains(priority))
                .ok_or_else(|| AppError::Invalid("The priority is 0, 1, 2 or 3.".into()))?
                .into(),
            LIST | PARENT => act::id(text, "list")?.to_string().into(),
            _ => text.into(),
        })
    }

    fn decide_text<'r>(
        &self,
        state: &EntityState,
        record: &'r ConflictRecord,
        decision: &view::Decision,
        draft: &mut Draft<'_>,
        as_of: Option<i64>,
    ) -> Result<TextDecided<'r>, AppError> {
        let mut doc = self.text(state.id)?;
        let read = match as_of {
            None => doc.version(),
            Some(as_of) => self
                .tx
                .text_version_at(state.id, &record.field, &doc, as_of)?
                .ok_or_else(review::changed_meanwhile)?,
        };
        // Nobody decides about a text that was not in conflict when they read it.
        let text = record.text_at(state, &doc, &read)?;
        let text = text.ok_or_else(review::changed_meanwhile)?;
        let wanted = match decision {
            view::Decision::Take { take, .. } => {
                let side = text.versions.into_iter().find(|side| side.writer.to_string() == *take);
                let none = || AppError::NoSuchItem { what: "version", given: take.clone() };
                Some(side.ok_or_else(none)?.text)
            }
            view::Decision::Text { text, .. } => Some(ending::stored(text)),
            view::Decision::Value { value, .. } => {
                Some(ending::stored(value.as_deref().unwrap_or_default()))
            }
            // The merge stands as it is.
            view::Decision::KeepBoth { .. } | view::Decision::LooksRight { .. } => None,
        };
        let (pieces, decided_up_to) = match wanted {
            Some(wanted) => doc.replace_at(&read, &wanted).map_err(StoreError::from)?,
            None => (Vec::new(), read),
        };
        decided(state, decided_up_to, draft);
        Ok(TextDecided { field: &record.field, doc, pieces })
    }
}

/// Writes down up to which version a text is decided; earlier decisions that it covers go.
fn decided(state: &EntityState, version: Version, draft: &mut Draft<'_>) {
    for earlier in state.elements(REVIEWED) {
        if let Value::Bytes(bytes) = earlier
            && Version::from_bytes(bytes).is_ok_and(|earlier| version.covers(&earlier))
        {
            draft.remove(REVIEWED, earlier.clone());
        }
    }
    draft.add(REVIEWED, Value::Bytes(version.to_bytes()));
}

/// For callers that name a conflict rather than its item.
impl App {
    /// The item that an open or merged conflict belongs to, by a prefix of the conflict's id.
    pub fn item_of_conflict(&self, prefix: &str) -> Result<(EntityId, EntityId), AppError> {
        let wanted = prefix.to_lowercase();
        self.with(|open| {
            let all = open.store.read(|tx| tx.conflicts(None))?;
            let mut found = all.iter().filter(|record| {
                let id = record.id.to_string();
                id.starts_with(&wanted) || id.replace('-', "").starts_with(&wanted)
            });
            match (found.next(), found.next()) {
                (Some(record), None) if !wanted.is_empty() => Ok((record.entity, record.id)),
                _ => Err(AppError::NoSuchItem { what: "conflict", given: prefix.to_owned() }),
            }
        })
    }
}
