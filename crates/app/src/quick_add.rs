//! Quick add, and dates in words: what the backend reads of what a person types. One reader for the
//! window, its date fields and the command line.

use crate::act::{self, Work};
use crate::tasks::checked_title;
use crate::{App, AppError, order, view};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{
    DEADLINE, LINKS, LIST, NOTES, ORDER, PARENT, PRIORITY, REPEAT, STATUS, TAGS, TITLE, WHEN,
};
use holdfast_model::quickadd::{self, Parsed};
use holdfast_model::{EntityId, Kind, dates};
use holdfast_store::query::SortedKind;

impl App {
    /// Adds a task from what was typed into quick add. `ignore` are UTF-16 ranges that stay text.
    pub fn quick_add(
        &self,
        text: &str,
        ignore: &[view::Range],
        defaults: &view::QuickAddDefaults,
    ) -> Result<view::Done, AppError> {
        let list = defaults.list.as_deref().map(|l| act::id(l, "list")).transpose()?;
        let parent = defaults.parent.as_deref().map(|p| act::id(p, "task")).transpose()?;
        self.with(|open| {
            open.act("task.add", |work| {
                let parsed = parse(text, ignore, work)?;
                let task = work.add_task(&parsed, list, parent, defaults.when.as_deref())?;
                work.ids.push(task);
                Ok(format!("'{}' added", parsed.title))
            })
        })
    }

    /// How quick add reads what is typed, for tints and chips.
    pub fn parse_quick_add(
        &self,
        text: &str,
        ignore: &[view::Range],
    ) -> Result<view::QuickAddView, AppError> {
        self.with(|open| {
            let now = open.clock.zoned();
            let parsed = quickadd::parse(text, &context(&now, text, ignore));
            open.store.read(|tx| {
                let mut spans = Vec::new();
                for span in &parsed.spans {
                    let mut label = span.label.clone();
                    if span.kind == quickadd::Kind::List
                        && let Some(name) = &parsed.list
                        && tx.list_named(name)?.is_none()
                    {
                        label = format!("Create '{name}'?");
                    }
                    spans.push(view::QuickAddSpan {
                        start: span.start16 as u32,
                        end: span.end16 as u32,
                        kind: span_kind(span.kind),
                        label,
                    });
                }
                Ok(view::QuickAddView { title: parsed.title, spans })
            })
        })
    }

    /// A date in words, as the date popover and the palette take it: the whole text, or nothing.
    pub fn read_when(&self, text: &str) -> Result<Option<view::When>, AppError> {
        self.with(|open| {
            let context = dates::Context::at(&open.clock.zoned());
            let read = dates::parse_when(text, &context).ok().flatten();
            Ok(read.map(|when| when.to_string()))
        })
    }
}

fn span_kind(kind: quickadd::Kind) -> view::QuickAddSpanKind {
    use view::QuickAddSpanKind as Span;
    match kind {
        quickadd::Kind::When => Span::When,
        quickadd::Kind::Deadline => Span::Deadline,
        quickadd::Kind::List => Span::List,
        quickadd::Kind::Tag => Span::Tag,
        quickadd::Kind::Priority => Span::Priority,
        quickadd::Kind::Repeat => Span::Repeat,
        quickadd::Kind::Note => Span::Note,
        quickadd::Kind::Link => Span::Link,
    }
}

/// Reads quick add input in the person's own time.
pub(crate) fn parse(
    text: &str,
    ignore: &[view::Range],
    work: &Work<'_, '_>,
) -> Result<Parsed, AppError> {
    let parsed = quickadd::parse(text, &context(&work.now, text, ignore));
    if parsed.title.trim().is_empty() {
        return Err(AppError::Invalid("Type what is to be done.".into()));
    }
    Ok(parsed)
}

/// What quick add needs to know; UTF-16 ranges become ranges of bytes.
pub(crate) fn context(now: &jiff::Zoned, text: &str, ignore: &[view::Range]) -> quickadd::Context {
    let byte_at = |utf16: usize| {
        let mut units = 0;
        for (at, c) in text.char_indices() {
            if units >= utf16 {
                return at;
            }
            units += c.len_utf16();
        }
        text.len()
    };
    quickadd::Context {
        dates: dates::Context::at(now),
        ignore: ignore
            .iter()
            .map(|range| byte_at(range.start as usize)..byte_at(range.end as usize))
            .collect(),
    }
}

impl Work<'_, '_> {
    /// Adds a task as quick add read it.
    pub(crate) fn add_task(
        &mut self,
        parsed: &Parsed,
        list: Option<EntityId>,
        parent: Option<EntityId>,
        when: Option<&str>,
    ) -> Result<EntityId, AppError> {
        let list = match &parsed.list {
            Some(name) => Some(self.list_named(name)?),
            None => list,
        };
        let (list, space) = match parent {
            Some(parent) => {
                let (state, space) = self.tx.expect_entity(parent, "task")?;
                (state.text(LIST).parse().ok(), space)
            }
            None => (list, self.space_of_list(list)?),
        };
        let tags =
            parsed.tags.iter().map(|tag| self.tag(tag, space)).collect::<Result<Vec<_>, _>>()?;
        let id = self.new_id(Kind::Task);
        let last = self.tx.last_sort(SortedKind::Task, list, parent)?;
        let mut draft = Draft::new(id, Kind::Task.as_str());
        let all = &Seen::All;
        let (title, links) = self.linked_title(parsed, space)?;
        draft.set(TITLE, checked_title(&title)?, all).set(STATUS, "open", all);
        for link in links {
            draft.add(LINKS, link.in_links().to_string());
        }
        draft.set(ORDER, order::after(&last), all);
        draft.set(LIST, list.map(|list| list.to_string()), all);
        draft.set(PARENT, parent.map(|parent| parent.to_string()), all);
        let planned = match &parsed.when {
            Some(when) => Some(when.to_string()),
            None => when.map(|when| self.when(when)).transpose()?.flatten(),
        };
        draft.set(WHEN, planned, all);
        draft.set(DEADLINE, parsed.deadline.map(|day| day.to_string()), all);
        draft.set(PRIORITY, parsed.priority.map(i64::from), all);
        draft.set(REPEAT, parsed.repeat.as_ref().map(ToString::to_string), all);
        for tag in tags {
            draft.add(TAGS, tag.to_string());
        }
        let (doc, pieces) = self.begin_text(id, parsed.note.as_deref().unwrap_or_default())?;
        self.push_with_text(space, draft, NOTES, doc, pieces);
        Ok(id)
    }
}

#[cfg(test)]
#[path = "quick_add_tests.rs"]
mod tests;
