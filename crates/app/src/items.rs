//! Actions on lists and notes.

use crate::act::{self, Work};
use crate::tasks::checked_title;
use crate::{App, AppError, order, view};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{ARCHIVED, COLOR, LIST, ORDER, PARENT, PINNED, TAGS, TEXT, TITLE};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::Space;
use holdfast_store::query::{ListRow, SortedKind};
use std::collections::BTreeMap;

impl App {
    /// Adds a list, nested in another where one is named.
    pub fn add_list(
        &self,
        title: &str,
        parent: Option<&str>,
        space: Space,
    ) -> Result<view::Done, AppError> {
        let parent = parent.map(|p| act::id(p, "list")).transpose()?;
        self.with(|open| {
            open.act("list.add", |work| {
                let id = work.add_list(title, parent, space)?;
                work.ids.push(id);
                Ok(format!("List '{}' added", title.trim()))
            })
        })
    }

    /// Changes a list.
    pub fn edit_list(
        &self,
        id: &str,
        patch: &view::ListPatch,
        as_of: Option<i64>,
    ) -> Result<view::Done, AppError> {
        let id = act::id(id, "list")?;
        self.with(|open| {
            open.act("list.edit", |work| {
                let (state, space) = work.tx.expect_entity(id, "list")?;
                let mut draft = state.draft();
                let mut move_to = None;
                if let Some(title) = &patch.title {
                    let title = required(title, "A list needs a name.")?;
                    work.set(&mut draft, &state, TITLE, title, as_of)?;
                }
                if let Some(parent) = &patch.parent {
                    let parent = parent.as_deref().map(|p| act::id(p, "list")).transpose()?;
                    move_to = work.check_list_parent(id, parent)?;
                    work.set(&mut draft, &state, PARENT, parent.map(|p| p.to_string()), as_of)?;
                }
                if let Some(color) = &patch.color {
                    work.set(&mut draft, &state, COLOR, color.clone(), as_of)?;
                }
                if let Some(archived) = patch.archived {
                    work.set(&mut draft, &state, ARCHIVED, archived, as_of)?;
                }
                match move_to {
                    Some(to) => work.move_with_edit(id, to, draft.finish())?,
                    None => work.push(space, draft),
                }
                work.ids.push(id);
                Ok(format!("List '{}' changed", state.text(TITLE)))
            })
        })
    }

    /// Adds a note.
    pub fn add_note(
        &self,
        title: &str,
        list: Option<&str>,
        text: &str,
    ) -> Result<view::Done, AppError> {
        let list = list.map(|l| act::id(l, "list")).transpose()?;
        self.with(|open| {
            open.act("note.add", |work| {
                let id = work.add_note(title, list, text, &[])?;
                work.ids.push(id);
                Ok(format!("Note '{}' added", note_name(title, text)))
            })
        })
    }

    /// Changes one or several notes.
    pub fn edit_notes(
        &self,
        ids: &[String],
        patch: &view::NotePatch,
        as_of: Option<i64>,
    ) -> Result<view::Done, AppError> {
        let ids = act::ids(ids)?;
        self.with(|open| {
            open.act("note.edit", |work| {
                for id in &ids {
                    let (state, home) = work.tx.expect_entity(*id, "note")?;
                    let mut space = home;
                    let mut draft = state.draft();
                    if let Some(title) = &patch.title {
                        work.set(&mut draft, &state, TITLE, checked_title(title)?, as_of)?;
                    }
                    if let Some(pinned) = patch.pinned {
                        work.set(&mut draft, &state, PINNED, pinned, as_of)?;
                    }
                    if let Some(list) = &patch.list {
                        let list = list.as_deref().map(|l| act::id(l, "list")).transpose()?;
                        space = work.space_of_list(list)?;
                        work.set(&mut draft, &state, LIST, list.map(|l| l.to_string()), as_of)?;
                    }
                    for name in patch.add_tags.iter().flatten() {
                        let tag = work.tag(name, space)?;
                        draft.add(TAGS, tag.to_string());
                    }
                    for name in patch.remove_tags.iter().flatten() {
                        for tag in work.tags_called(&state, name)? {
                            draft.remove(TAGS, tag);
                        }
                    }
                    if space == home {
                        work.push(space, draft);
                    } else {
                        work.move_with_edit(*id, space, draft.finish())?;
                    }
                }
                work.ids.clone_from(&ids);
                Ok(if ids.len() == 1 {
                    "Note changed".into()
                } else {
                    format!("{} notes changed", ids.len())
                })
            })
        })
    }
}

impl Work<'_, '_> {
    /// Adds a list.
    pub(crate) fn add_list(
        &mut self,
        title: &str,
        parent: Option<EntityId>,
        space: Space,
    ) -> Result<EntityId, AppError> {
        let title = required(title, "A list needs a name.")?;
        if let Some(parent) = parent {
            let (state, parent_space) = self.tx.expect_entity(parent, "list")?;
            if parent_space != space && parent_space != Space::Everywhere {
                return Err(holdfast_store::StoreError::OtherSpace(state.text(TITLE).into()).into());
            }
        }
        let id = self.new_id(Kind::List);
        let last = self.tx.last_sort(SortedKind::List, None, parent)?;
        let mut draft = Draft::new(id, Kind::List.as_str());
        draft.set(TITLE, title, &Seen::All).set(ORDER, order::after(&last), &Seen::All).set(
            PARENT,
            parent.map(|p| p.to_string()),
            &Seen::All,
        );
        self.push(space, draft);
        Ok(id)
    }

    /// Adds a note.
    pub(crate) fn add_note(
        &mut self,
        title: &str,
        list: Option<EntityId>,
        text: &str,
        tags: &[String],
    ) -> Result<EntityId, AppError> {
        let space = self.space_of_list(list)?;
        let tags = tags.iter().map(|tag| self.tag(tag, space)).collect::<Result<Vec<_>, _>>()?;
        let id = self.new_id(Kind::Note);
        let mut draft = Draft::new(id, Kind::Note.as_str());
        draft.set(TITLE, checked_title(title)?, &Seen::All).set(
            LIST,
            list.map(|l| l.to_string()),
            &Seen::All,
        );
        for tag in tags {
            draft.add(TAGS, tag.to_string());
        }
        let (doc, pieces) = self.begin_text(id, text)?;
        self.push_with_text(space, draft, TEXT, doc, pieces);
        Ok(id)
    }

    /// Checks where a list may be nested. A list follows into a narrower folder, and keeps its way in a
    /// wider one: the space that it has to move to, if any.
    fn check_list_parent(
        &self,
        id: EntityId,
        parent: Option<EntityId>,
    ) -> Result<Option<Space>, AppError> {
        let lists: BTreeMap<EntityId, ListRow> =
            self.tx.lists()?.into_iter().map(|row| (row.id, row)).collect();
        let space = self.tx.expect_entity(id, "list")?.1;
        let mut at = parent;
        let mut move_to = None;
        for _ in 0..=lists.len() {
            let Some(ancestor) = at else { return Ok(move_to) };
            if ancestor == id {
                break;
            }
            let Some(row) = lists.get(&ancestor) else {
                return Err(AppError::NoSuchItem { what: "list", given: ancestor.to_string() });
            };
            if row.space > space {
                move_to = move_to.max(Some(row.space));
            } else if row.space != space && row.space != Space::Everywhere {
                return Err(holdfast_store::StoreError::OtherSpace(row.title.clone()).into());
            }
            at = row.parent;
        }
        Err(AppError::Invalid("A list cannot be a part of itself.".into()))
    }

    /// "'Buy oak' deleted", "3 items deleted".
    pub(crate) fn what(&self, ids: &[EntityId], done: &str) -> Result<String, AppError> {
        Ok(match ids {
            [id] => {
                let (state, _) = self.tx.expect_entity(*id, "item")?;
                let text = self.tx.text(*id)?.map(|text| text.plain).unwrap_or_default();
                format!("'{}' {done}", note_name(state.text(TITLE), &text))
            }
            several => format!("{} items {done}", several.len()),
        })
    }
}

/// The title, or the first line of the text.
pub(crate) fn note_name(title: &str, text: &str) -> String {
    holdfast_model::markdown::name(title, text)
}

fn required(title: &str, or: &str) -> Result<String, AppError> {
    let title = checked_title(title)?;
    if title.is_empty() { Err(AppError::Invalid(or.into())) } else { Ok(title) }
}
