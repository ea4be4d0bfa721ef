//! What the review screen shows of one item: the original and every version, field by field.

use crate::people::People;
use crate::{App, AppError, act, describe, items, view};
use holdfast_model::change::Dot;
use holdfast_model::conflict::{self, ConflictKind, Written};
use holdfast_model::fields::{self, LIFE, LIST, PARENT, TITLE};
use holdfast_model::text::{Divergence, diff, ending};
use holdfast_model::{EntityId, EntityState, Kind, Register};
use holdfast_store::{ConflictRecord, ConflictState, Tx};
use jiff::civil::Date;

/// The version that stands for "at the top" where moves closed a circle.
pub(crate) const TOP: &str = "top";
/// Clock difference above which times are called approximate.
const APPROXIMATE_MS: i64 = 120_000;

impl App {
    /// Everything to decide, or to look at, on one item.
    pub fn review(&self, entity: &str) -> Result<view::Review, AppError> {
        self.review_at(entity, None)
    }

    /// [`App::review`] as it was at a position of this device's log, without what came meanwhile.
    pub fn review_at(&self, entity: &str, as_of: Option<i64>) -> Result<view::Review, AppError> {
        let id = act::id(entity, "item")?;
        self.with(|open| {
            let people = open.people()?;
            let today = open.clock.zoned().date();
            open.store.read(|tx| {
                let (state, _) = tx.expect_entity(id, "item")?;
                let mut records = tx.conflicts(Some(id))?;
                let asked: Vec<ConflictRecord> =
                    records.iter().filter(|r| r.state == ConflictState::Open).cloned().collect();
                if !asked.is_empty() {
                    records = asked;
                }
                // Where it belongs decides which copy the other questions are about: it is asked alone,
                // and what then is still open comes after it.
                let space = ConflictKind::Space.as_str();
                if records.iter().any(|record| record.kind == space) {
                    records.retain(|record| record.kind == space);
                }
                let as_of = as_of.map_or_else(|| tx.position(), Ok)?;
                build(tx, &state, &records, &people, today, Read::At(as_of))
            })
        })
    }

    /// Aligned blocks of two versions of a text, with the words that each changed marked, as they were
    /// when the review was read.
    pub fn text_blocks(
        &self,
        entity: &str,
        field: &str,
        left: &str,
        right: &str,
        as_of: Option<i64>,
    ) -> Result<Vec<view::TextBlock>, AppError> {
        let review = self.review_at(entity, as_of)?;
        let text =
            review.texts.into_iter().find(|text| text.field == field).ok_or_else(|| {
                AppError::NoSuchItem { what: "conflict", given: field.to_owned() }
            })?;
        let side = |version: &str| {
            text.versions
                .iter()
                .find(|v| v.version == version)
                .map(|v| v.text.as_str())
                .ok_or_else(|| AppError::NoSuchItem { what: "version", given: version.to_owned() })
        };
        Ok(diff::blocks(&text.original.text, side(left)?, side(right)?)
            .into_iter()
            .map(block)
            .collect())
    }
}

fn block(block: diff::Block) -> view::TextBlock {
    let side = |side: diff::BlockSide| view::BlockSide {
        text: side.text,
        marks: side
            .marks
            .into_iter()
            .map(|mark| view::Mark {
                start: mark.start as u32,
                len: mark.len as u32,
                kind: match mark.kind {
                    diff::MarkKind::Added => view::MarkKind::Added,
                    diff::MarkKind::Removed => view::MarkKind::Removed,
                },
            })
            .collect(),
    };
    view::TextBlock {
        kind: match block.kind {
            diff::BlockKind::Same => view::BlockKind::Same,
            diff::BlockKind::LeftOnly => view::BlockKind::Left,
            diff::BlockKind::RightOnly => view::BlockKind::Right,
            diff::BlockKind::BothSame => view::BlockKind::Both,
            diff::BlockKind::Conflict => view::BlockKind::Conflict,
        },
        original: block.original,
        left: side(block.left),
        right: side(block.right),
    }
}

/// What of a review is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Read {
    /// For a row of a list: who disagrees about what, and not what their texts say.
    Row,
    /// All of it, as it stood at a position of this device's log.
    At(i64),
}

/// Builds the review of an item from its listed conflicts.
pub(crate) fn build(
    tx: &Tx<'_>,
    state: &EntityState,
    records: &[ConflictRecord],
    people: &People,
    today: Date,
    read: Read,
) -> Result<view::Review, AppError> {
    let mut fields = Vec::new();
    let mut texts = Vec::new();
    for record in records {
        if let Some(text) = &record.text {
            texts.extend(text_review(tx, state, record, text, people, read)?);
        } else if record.kind == ConflictKind::Space.as_str() {
            fields.push(crate::space_review::build(tx, state, record, people, today)?);
        } else {
            fields.push(field_review(tx, state, record, people, today, read)?);
        }
    }
    let text = tx.text(state.id)?.map(|text| text.plain).unwrap_or_default();
    Ok(view::Review {
        as_of: match read {
            Read::At(as_of) => as_of,
            Read::Row => tx.position()?,
        },
        entity: state.id.to_string(),
        entity_kind: entity_kind(&state.kind),
        title: items::note_name(state.text(TITLE), &text),
        summary: summary(&fields, &texts, records),
        fields,
        texts,
        automatic: !records.iter().any(|record| record.state == ConflictState::Open),
    })
}

/// The kind as a view.
pub(crate) fn entity_kind(kind: &str) -> view::EntityKind {
    match Kind::parse(kind) {
        Some(Kind::Note) => view::EntityKind::Note,
        Some(Kind::List) => view::EntityKind::List,
        Some(Kind::Tag) => view::EntityKind::Tag,
        Some(Kind::Setting | Kind::Attachment) => view::EntityKind::Setting,
        Some(Kind::Task) | None => view::EntityKind::Task,
    }
}

fn field_review(
    tx: &Tx<'_>,
    state: &EntityState,
    record: &ConflictRecord,
    people: &People,
    today: Date,
    read: Read,
) -> Result<view::FieldReview, AppError> {
    let field = record.field.as_str();
    let history = tx.writes(state.id, field)?;
    let space = tx.home(state.id)?.unwrap_or_default();
    let mut versions = Vec::new();
    let mut authors: Vec<Dot> = Vec::new();
    let register = register_at(tx, state, field, read)?;
    for version in register.distinct() {
        authors.push(version.author());
        versions.push(view::VersionView {
            version: version.author().to_string(),
            display: describe::value(tx, field, &version.value, today)?,
            value: describe::control(&version.value),
            device: people.author(tx, (state.id, space), field, version)?,
            time: version.time.shown_ms(),
            details: Vec::new(),
        });
    }
    let circle = field == PARENT && versions.len() == 1;
    if circle {
        // Moved into something that was moved into it: stay at the top, or go elsewhere.
        let time = versions.first().map_or(0, |version| version.time);
        versions.push(view::VersionView {
            version: TOP.into(),
            display: "At the top".into(),
            value: None,
            device: people.here(),
            time,
            details: Vec::new(),
        });
    }
    // This device first, then the others; where all are others, the newest first.
    versions.sort_by_key(|version| !version.device.here);
    let original = if circle { None } else { conflict::original(&history, &authors) };
    let times: Vec<i64> = versions.iter().map(|version| version.time).collect();
    Ok(view::FieldReview {
        conflict: record.id.to_string(),
        field: field.to_owned(),
        label: describe::field(field),
        kind: match record.kind.as_str() {
            "delete" => view::FieldReviewKind::Delete,
            "move" => view::FieldReviewKind::Move,
            _ => view::FieldReviewKind::Field,
        },
        original: original.map(|written| original_value(tx, field, written, today)).transpose()?,
        can_keep_both: field == TITLE && versions.len() == 2,
        editor: editor(field),
        // Of a deletion and an edit, keeping is preselected: the edit loses more.
        preselected: (field == LIFE)
            .then(|| versions.iter().position(|v| v.value.as_deref() == Some("alive")))
            .flatten()
            .map(|at| at as u32),
        approximate: approximate(&history, &times),
        versions,
    })
}

/// A version that is older than what it replaced shows that clocks differ.
fn approximate(history: &[Written], times: &[i64]) -> bool {
    let ahead = history.iter().any(|written| {
        written.supersedes.iter().any(|dot| {
            history.iter().find(|before| before.dot == *dot).is_some_and(|before| {
                before.time.shown_ms() > written.time.shown_ms().saturating_add(APPROXIMATE_MS)
            })
        })
    });
    ahead && !times.is_empty()
}

fn original_value(
    tx: &Tx<'_>,
    field: &str,
    written: &Written,
    today: Date,
) -> Result<view::OriginalValue, AppError> {
    Ok(view::OriginalValue {
        display: describe::value(tx, field, &written.value, today)?,
        value: describe::control(&written.value),
        time: Some(written.time.shown_ms()),
    })
}

fn editor(field: &str) -> view::FieldEditor {
    match field {
        TITLE => view::FieldEditor::Text,
        fields::WHEN => view::FieldEditor::When,
        fields::DEADLINE => view::FieldEditor::Day,
        fields::PRIORITY => view::FieldEditor::Priority,
        fields::STATUS => view::FieldEditor::Status,
        fields::REPEAT => view::FieldEditor::Repeat,
        LIST => view::FieldEditor::List,
        _ => view::FieldEditor::None,
    }
}

/// A field as it is read.
fn register_at(
    tx: &Tx<'_>,
    state: &EntityState,
    field: &str,
    read: Read,
) -> Result<Register, AppError> {
    match read {
        Read::At(as_of) if tx.last_touched(state.id)? > as_of => {
            Ok(tx.register_at(state.id, field, as_of)?)
        }
        _ => Ok(state.register(field).cloned().unwrap_or_default()),
    }
}

/// None where the text was not in conflict when it was read.
fn text_review(
    tx: &Tx<'_>,
    state: &EntityState,
    record: &ConflictRecord,
    listed: &Divergence,
    people: &People,
    read: Read,
) -> Result<Option<view::TextReview>, AppError> {
    let text = match read {
        Read::Row => listed.clone(),
        Read::At(as_of) => {
            let doc = tx.open_text(state.id, READER)?;
            let version = tx.text_version_at(state.id, &record.field, &doc, as_of)?;
            let version = version.ok_or_else(changed_meanwhile)?;
            match record.text_at(state, &doc, &version)? {
                Some(text) => text,
                None => return Ok(None),
            }
        }
    };
    let mut history = tx.history(state.id)?;
    history.retain(|item| {
        let read = match read {
            Read::Row => true,
            Read::At(as_of) => item.position <= as_of,
        };
        read && item.edits_of(state.id).any(|edit| edit.text.contains_key(&record.field))
    });
    let writers = tx.writers(tx.home(state.id)?.unwrap_or_default())?;
    let time_of = |writer: u64| {
        history
            .iter()
            .filter(|item| writers.of(item.change.actor) == writer)
            .map(|item| item.change.time.shown_ms())
            .max()
            .unwrap_or(0)
    };
    let place = (state.id, tx.home(state.id)?.unwrap_or_default());
    let mut versions = Vec::with_capacity(text.versions.len());
    for side in &text.versions {
        versions.push(view::TextReviewVersion {
            version: side.writer.to_string(),
            device: people.writer_told(tx, place, side.writer)?,
            time: time_of(side.writer),
            text: ending::shown(&side.text).to_owned(),
        });
    }
    versions.sort_by_key(|version| (!version.device.here, std::cmp::Reverse(version.time)));
    let since = versions.iter().map(|version| version.time).min();
    let original_time = history
        .iter()
        .map(|item| item.change.time.shown_ms())
        .filter(|ms| since.is_none_or(|since| *ms < since))
        .max();
    Ok(Some(view::TextReview {
        conflict: record.id.to_string(),
        field: record.field.clone(),
        label: describe::field(&record.field),
        original: view::OriginalText {
            text: ending::shown(&text.original).to_owned(),
            time: original_time,
        },
        versions,
        merged: ending::shown(&text.merged).to_owned(),
    }))
}

/// Nothing is decided about what nobody looked at.
pub(crate) fn changed_meanwhile() -> AppError {
    AppError::Invalid("It was changed again meanwhile: look at it once more, then decide.".into())
}

/// Writer id of texts that are only read.
const READER: u64 = 1;

/// "Both changed the title", for the list.
pub(crate) fn row_label(record: &ConflictRecord) -> String {
    match (record.kind.as_str(), &record.text) {
        (_, Some(text)) => {
            let passages = match text.passages {
                1 => "1 passage".into(),
                many => format!("{many} passages"),
            };
            match record.state {
                ConflictState::Open => {
                    format!("Both edited {passages} of the {}", describe::field(&record.field))
                }
                ConflictState::Merged => {
                    format!("Edits of the {} merged", describe::field(&record.field))
                }
            }
        }
        ("delete", _) => "Deleted on one device, edited on another".into(),
        ("space", _) => "Edited in one place after it was moved to another".into(),
        ("move", _) => format!("Moved to different places ({})", describe::field(&record.field)),
        _ => format!("Both changed the {}", describe::field(&record.field)),
    }
}

/// "You and Desktop both changed the title and 2 passages."
fn summary(
    fields: &[view::FieldReview],
    texts: &[view::TextReview],
    records: &[ConflictRecord],
) -> String {
    let mut names: Vec<(bool, String)> = Vec::new();
    let devices = fields
        .iter()
        .flat_map(|field| field.versions.iter().filter(|v| v.version != TOP).map(|v| &v.device))
        .chain(texts.iter().flat_map(|text| text.versions.iter().map(|v| &v.device)));
    for device in devices {
        let name = if device.here { "you".to_owned() } else { device.name.clone() };
        if !names.iter().any(|(_, known)| *known == name) {
            names.push((!device.here, name));
        }
    }
    names.sort();
    let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
    let mut who = describe::enumerate(&names);
    if let Some(first) = who.get(..1) {
        who = first.to_uppercase() + who.get(1..).unwrap_or_default();
    }
    let mut what: Vec<String> = fields
        .iter()
        .map(|field| match field.kind {
            view::FieldReviewKind::Delete => "whether it stays".into(),
            _ => format!("the {}", field.label),
        })
        .collect();
    for record in records {
        if let Some(text) = &record.text {
            what.push(match text.passages {
                1 => format!("1 passage of the {}", describe::field(&record.field)),
                many => format!("{many} passages of the {}", describe::field(&record.field)),
            });
        }
    }
    let both = if names.len() == 2 { "both " } else { "" };
    format!("{who} {both}changed {}.", describe::enumerate(&what))
}

/// The listed conflict with this id on an item.
pub(crate) fn find(records: &[ConflictRecord], id: EntityId) -> Result<&ConflictRecord, AppError> {
    records
        .iter()
        .find(|record| record.id == id)
        .ok_or_else(|| AppError::NoSuchItem { what: "open conflict", given: id.to_string() })
}
