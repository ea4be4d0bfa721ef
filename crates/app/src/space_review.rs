//! Deciding how an item travels that several spaces hold: what each of them says, and what becomes of
//! the others.

use crate::act::Work;
use crate::people::People;
use crate::{AppError, describe, items, view};
use holdfast_model::entity::{LEFT, Seen, WITHDRAWN};
use holdfast_model::fields::{LIST, ORDER, SPACE, TITLE};
use holdfast_model::{EntityState, Kind, Moved, Register, Value};
use holdfast_oplog::Space;
use holdfast_store::{ConflictRecord, Stray, Tx};
use jiff::civil::Date;

/// The version that stands for going where the list went.
const ALONG: &str = "along";
/// The version that stands for leaving the list.
const INBOX: &str = "inbox";
/// Characters of a text that a version shows.
const SHOWN: usize = 400;

/// The question as the review shows it.
pub(crate) fn build(
    tx: &Tx<'_>,
    state: &EntityState,
    record: &ConflictRecord,
    people: &People,
    today: Date,
) -> Result<view::FieldReview, AppError> {
    let home = tx.home(state.id)?.unwrap_or_default();
    let mut versions = Vec::new();
    for stray in tx.strays(state.id)? {
        match stray {
            Stray::Version(space) => {
                let Some(copy) = tx.entity_in(state.id, space)? else { continue };
                if versions.is_empty() {
                    versions.push(version(tx, state, home, &copy, space, people, today)?);
                }
                versions.push(version(tx, &copy, space, state, home, people, today)?);
            }
            Stray::Apart { list, space } => {
                let title = tx.list_title(list)?.unwrap_or_default();
                let device = people.of_told(tx, home, state.edited.1)?;
                let time = state.edited.0.shown_ms();
                let choice = |version: &str, display: String| view::VersionView {
                    version: version.into(),
                    display,
                    value: None,
                    device: device.clone(),
                    time,
                    details: Vec::new(),
                };
                versions.push(choice(ALONG, format!("With '{title}', in {}", name(space))));
                versions.push(choice(INBOX, format!("Without a list, in {}", name(home))));
            }
        }
    }
    Ok(view::FieldReview {
        conflict: record.id.to_string(),
        field: SPACE.into(),
        label: describe::field(SPACE),
        kind: view::FieldReviewKind::Move,
        original: None,
        can_keep_both: versions.len() == 2
            && versions.iter().all(|version| version.version != ALONG && version.version != INBOX)
            && state.kind != Kind::List.as_str(),
        editor: view::FieldEditor::None,
        preselected: None,
        approximate: false,
        versions,
    })
}

fn name(space: Space) -> &'static str {
    match space {
        Space::Everywhere => "Everywhere",
        Space::Nearby => "Nearby",
        Space::Ask => "Ask",
        Space::Device => "Never leaves this device",
    }
}

/// A copy, and what it says that the other does not.
fn version(
    tx: &Tx<'_>,
    copy: &EntityState,
    space: Space,
    other: &EntityState,
    other_space: Space,
    people: &People,
    today: Date,
) -> Result<view::VersionView, AppError> {
    let mut says = Vec::new();
    if !copy.is_alive() {
        says.push("Deleted".to_owned());
    }
    let mut fields: Vec<&String> = copy.registers.keys().chain(other.registers.keys()).collect();
    fields.sort();
    fields.dedup();
    for field in fields.into_iter().filter(|field| *field != ORDER) {
        let shown = |state: &EntityState| -> Vec<Value> {
            let versions = state.register(field).map(Register::distinct).unwrap_or_default();
            versions.into_iter().map(|v| v.value.clone()).collect()
        };
        if shown(copy) != shown(other) {
            let value = describe::value(tx, field, copy.value(field), today)?;
            says.push(format!("{}: {value}", describe::field(field)));
        }
    }
    let text = tx.plain_in(copy.id, space)?;
    if text != tx.plain_in(other.id, other_space)? {
        let text = holdfast_model::text::ending::shown(&text);
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        says.push(format!("Text: {shown}"));
    }
    let last = copy.life.live().iter().max_by_key(|version| version.time);
    Ok(view::VersionView {
        version: space.as_str().into(),
        display: name(space).to_owned(),
        value: None,
        device: match last {
            Some(last) => {
                people.author(tx, (copy.id, space), holdfast_model::fields::LIFE, last)?
            }
            None => people.of_told(tx, space, copy.edited.1)?,
        },
        time: last.map_or(copy.edited.0.shown_ms(), |version| version.time.shown_ms()),
        details: says,
    })
}

impl Work<'_, '_> {
    /// Decides which copy of an item stands, as the person who read them at `as_of` meant it.
    pub(crate) fn decide_space(
        &mut self,
        state: &EntityState,
        home: Space,
        decision: &view::Decision,
        as_of: Option<i64>,
    ) -> Result<(), AppError> {
        if as_of.is_some_and(|as_of| {
            self.tx.last_touched(state.id).is_ok_and(|touched| touched > as_of)
        }) {
            return Err(crate::review::changed_meanwhile());
        }
        let unknown =
            |given: &str| AppError::NoSuchItem { what: "version", given: given.to_owned() };
        let mut spaces = Vec::new();
        for stray in self.tx.strays(state.id)? {
            match stray {
                Stray::Version(space) => spaces.push(space),
                Stray::Apart { space, .. } => {
                    return self.decide_list(state, home, space, decision);
                }
            }
        }
        match decision {
            view::Decision::Take { take, .. } if *take == home.as_str() => {}
            view::Decision::Take { take, .. } => {
                let taken = spaces.iter().copied().find(|space| space.as_str() == take);
                let taken = taken.ok_or_else(|| unknown(take))?;
                let copy = self.tx.entity_in(state.id, taken)?.ok_or_else(|| unknown(take))?;
                let mut edit = copy.written_anew(Some(state), None, &|_, _| true);
                edit.kept = None;
                let text = self.tx.plain_in(state.id, taken)?;
                self.write_text(&mut edit, home, &text)?;
                self.push_edit(home, edit);
            }
            view::Decision::KeepBoth { .. } if state.kind != Kind::List.as_str() => {
                let kind = if state.kind == Kind::Note.as_str() { Kind::Note } else { Kind::Task };
                for space in &spaces {
                    let Some(copy) = self.tx.entity_in(state.id, *space)? else { continue };
                    let mut edit = copy.written_anew(None, None, &|_, _| true);
                    edit.entity = self.new_id(kind);
                    edit.kept = None;
                    let text = self.tx.plain_in(state.id, *space)?;
                    self.write_text(&mut edit, home, &text)?;
                    self.ids.push(edit.entity);
                    self.push_edit(home, edit);
                }
            }
            _ => {
                return Err(AppError::Invalid(
                    "Take one of the versions, or keep both of a task or note.".into(),
                ));
            }
        }
        for space in spaces {
            let Some(copy) = self.tx.entity_in(state.id, space)? else { continue };
            let stood =
                |value: &str| copy.life.live().iter().any(|v| v.value.as_str() == Some(value));
            // As the move said; where two moves met, whoever holds no other copy keeps theirs.
            let how = if stood(WITHDRAWN) || (!stood(LEFT) && space > home) {
                Moved::Withdrawn
            } else {
                Moved::Left
            };
            self.push_edit(space, copy.moved_away(how));
        }
        Ok(())
    }

    /// An item in a list that lives elsewhere: it follows, or leaves the list.
    fn decide_list(
        &mut self,
        state: &EntityState,
        home: Space,
        to: Space,
        decision: &view::Decision,
    ) -> Result<(), AppError> {
        match decision {
            view::Decision::Take { take, .. } if take == ALONG => {
                self.move_with_edit(state.id, to, None)
            }
            view::Decision::Take { take, .. } if take == INBOX => {
                let mut draft = state.draft();
                draft.set(LIST, Value::Null, &Seen::All);
                self.push(home, draft);
                Ok(())
            }
            _ => Err(AppError::Invalid(format!(
                "Say whether '{}' follows its list.",
                items::note_name(state.text(TITLE), "")
            ))),
        }
    }

    /// Adds to an edit that the entity's text says this in a space.
    fn write_text(
        &mut self,
        edit: &mut holdfast_model::Edit,
        space: Space,
        text: &str,
    ) -> Result<(), AppError> {
        let Some(field) = Kind::parse(&edit.kind).and_then(Kind::text_field) else { return Ok(()) };
        let (texts, doc) = self.tx.text_anew(edit.entity, space, text)?;
        let mut texts = texts.into_iter();
        edit.text.extend(texts.next().map(|text| (field.to_owned(), text)));
        let rest: Vec<holdfast_model::Edit> =
            texts.map(|text| edit.only_text(field, text)).collect();
        if let Some(doc) = doc {
            self.push_text(edit.entity, doc);
        }
        for edit in rest {
            self.push_edit(space, edit);
        }
        Ok(())
    }
}
