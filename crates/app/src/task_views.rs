//! Tasks, notes and the sidebar as people see them.

use crate::people::People;
use crate::session::Open;
use crate::{App, AppError, act, describe, texts, view};
use holdfast_model::fields::{LIFE, TITLE};
use holdfast_model::recurrence::Repeat;
use holdfast_model::text::ending;
use holdfast_model::{EntityId, EntityState, Kind, dates};
use holdfast_store::Tx;
use holdfast_store::query::{NoteRow, TaskFilter, TaskRow};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Tasks on one page; more are said to be left out.
const PAGE: usize = 20_000;
/// Days that Upcoming shows one by one.
const DAYS: i32 = 14;

impl App {
    /// The tasks of a view, grouped as it shows them.
    pub fn tasks(&self, query: &view::TaskQuery) -> Result<view::TaskPage, AppError> {
        self.with(|open| {
            let today = open.clock.zoned().date();
            open.store.read(|tx| {
                let groups = groups(tx, query, today)?;
                let total = groups.iter().map(|group| group.tasks.len()).sum::<usize>();
                Ok(view::TaskPage {
                    as_of: tx.position()?,
                    groups,
                    total: total as u32,
                    truncated: total >= PAGE,
                })
            })
        })
    }

    /// One task with everything about it.
    pub fn task(&self, id: &str) -> Result<view::TaskDetail, AppError> {
        let id = act::id(id, "task")?;
        self.with(|open| {
            let people = open.people()?;
            let today = open.clock.zoned().date();
            open.store.read(|tx| {
                let id = tx.link_target(id)?;
                let (state, _) = tx.expect_entity(id, "task")?;
                let rows = tx.tasks(&TaskFilter::Ids(vec![id]), 1)?;
                let row = rows
                    .into_iter()
                    .next()
                    .ok_or_else(|| AppError::NoSuchItem { what: "task", given: id.to_string() })?;
                let (links, backlinks) = links(tx, id)?;
                let children = tx.tasks(&TaskFilter::Children(id), PAGE)?;
                Ok(view::TaskDetail {
                    as_of: tx.position()?,
                    repeat_rule: row.repeat.clone(),
                    task: task(row, 0),
                    notes: text_state(tx, id)?,
                    children: children.into_iter().map(|row| task(row, 1)).collect(),
                    links,
                    backlinks,
                    disputed: disputed(tx, &state, &people, today)?,
                    history: history(tx, id, &people, today)?,
                })
            })
        })
    }

    /// Notes, pinned ones first, then the last edited.
    pub fn notes(&self, query: &view::NoteQuery) -> Result<view::NotePage, AppError> {
        let list = query.list.as_deref().map(|l| act::id(l, "list")).transpose()?;
        self.with(|open| {
            open.store.read(|tx| {
                let tag = match &query.tag {
                    Some(name) => {
                        let Some(tag) = tx.tag_named(name)? else {
                            let as_of = tx.position()?;
                            return Ok(view::NotePage { as_of, notes: Vec::new(), total: 0 });
                        };
                        Some(tag)
                    }
                    None => None,
                };
                let (rows, total) = tx.notes(list, tag, None, query.limit as usize)?;
                Ok(view::NotePage {
                    as_of: tx.position()?,
                    notes: rows.into_iter().map(|row| note(tx, row)).collect::<Result<_, _>>()?,
                    total: total as u32,
                })
            })
        })
    }

    /// One note with everything about it.
    pub fn note(&self, id: &str) -> Result<view::NoteDetail, AppError> {
        let id = act::id(id, "note")?;
        self.with(|open| {
            let people = open.people()?;
            let today = open.clock.zoned().date();
            open.store.read(|tx| {
                let id = tx.link_target(id)?;
                let (state, _) = tx.expect_entity(id, "note")?;
                let (rows, _) = tx.notes(None, None, Some(id), 1)?;
                let row = rows
                    .into_iter()
                    .next()
                    .ok_or_else(|| AppError::NoSuchItem { what: "note", given: id.to_string() })?;
                let mut shown = note(tx, row)?;
                // In lists an untitled note shows its first line; here the title is what it is.
                state.text(TITLE).clone_into(&mut shown.title);
                let text = text_state(tx, id)?;
                Ok(view::NoteDetail {
                    as_of: tx.position()?,
                    note: shown,
                    words: crate::markup::word_count(&text.text) as u32,
                    text,
                    backlinks: links(tx, id)?.1,
                    history: history(tx, id, &people, today)?,
                    disputed: disputed(tx, &state, &people, today)?,
                })
            })
        })
    }
}

impl Open {
    /// Who is who.
    pub(crate) fn people(&mut self) -> Result<People, AppError> {
        let mut people = People::new(&self.members()?, self.device());
        let branches = self.store.read(|tx| {
            let branches = tx.branches()?.into_iter();
            branches
                .map(|branch| {
                    let writer = tx.writers(branch.log.space)?.of(branch.log.actor);
                    Ok::<_, holdfast_store::StoreError>((branch, writer))
                })
                .collect::<Result<Vec<_>, _>>()
        })?;
        for (branch, writer) in branches {
            people.also_writes(branch.actor, branch.log.actor, writer);
        }
        Ok(people)
    }
}

fn groups(
    tx: &Tx<'_>,
    query: &view::TaskQuery,
    today: Date,
) -> Result<Vec<view::TaskGroup>, AppError> {
    use view::TaskQuery as Q;
    let one = |rows: Vec<TaskRow>| vec![group("", "", tree(rows))];
    Ok(match query {
        Q::Inbox => one(tx.tasks(&TaskFilter::Inbox, PAGE)?),
        Q::Someday => one(tx.tasks(&TaskFilter::Someday, PAGE)?),
        Q::Tag { tag } => match tx.tag_named(tag)? {
            Some(id) => one(tx.tasks(&TaskFilter::Tag(id), PAGE)?),
            None => Vec::new(),
        },
        Q::List { list, with_completed } => {
            let rows = tx.tasks(&TaskFilter::List(act::id(list, "list")?), PAGE)?;
            let (open, done): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| !is_done(row));
            let mut groups = one(open);
            if *with_completed && !done.is_empty() {
                groups.push(group("done", "Completed", flat(done)));
            }
            groups
        }
        Q::Today => {
            let day = today.to_string();
            let rows = tx.tasks(&TaskFilter::Until(day.clone()), PAGE)?;
            let (mut overdue, mut now, mut evening) = (Vec::new(), Vec::new(), Vec::new());
            for row in rows {
                let planned = row.when.as_deref().and_then(|when| when.get(..10));
                let late = row.deadline.as_deref().is_some_and(|due| due < day.as_str())
                    || planned.is_some_and(|planned| planned < day.as_str());
                if late {
                    overdue.push(row);
                } else if is_evening(row.when.as_deref()) && planned == Some(day.as_str()) {
                    evening.push(row);
                } else {
                    now.push(row);
                }
            }
            let midnight = today
                .to_zoned(jiff::tz::TimeZone::system())
                .map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond());
            let done = tx.tasks(&TaskFilter::CompletedSince(midnight), PAGE)?;
            [
                ("overdue", "Overdue", overdue),
                ("today", "Today", now),
                ("evening", "This evening", evening),
                ("done", "Done today", done),
            ]
            .into_iter()
            .filter(|(_, _, rows)| !rows.is_empty())
            .map(|(key, label, rows)| group(key, label, flat(rows)))
            .collect()
        }
        Q::Upcoming => by_day(tx.tasks(&TaskFilter::After(today.to_string()), PAGE)?, today),
        Q::Completed => {
            let rows = tx.tasks(&TaskFilter::Completed, PAGE)?;
            let mut days: Vec<(String, String, Vec<TaskRow>)> = Vec::new();
            for row in rows {
                let day = row
                    .completed_ms
                    .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
                    .map_or(today, |at| at.to_zoned(jiff::tz::TimeZone::system()).date());
                push_day(&mut days, day.to_string(), dates::format_relative(day, today), row);
            }
            days.into_iter().map(|(key, label, rows)| group(&key, &label, flat(rows))).collect()
        }
    })
}

/// Two weeks day by day, then by month.
fn by_day(rows: Vec<TaskRow>, today: Date) -> Vec<view::TaskGroup> {
    let mut groups: Vec<(String, String, Vec<TaskRow>)> = Vec::new();
    for row in rows {
        let day = row
            .when
            .as_deref()
            .and_then(|when| when.get(..10))
            .or(row.deadline.as_deref())
            .and_then(|day| day.parse::<Date>().ok());
        let Some(day) = day else { continue };
        let near = today.until(day).is_ok_and(|span| span.get_days() <= DAYS);
        if near {
            push_day(&mut groups, day.to_string(), dates::format_relative(day, today), row);
        } else {
            let month = day.strftime("%Y-%m").to_string();
            push_day(&mut groups, month, day.strftime("%B %Y").to_string(), row);
        }
    }
    groups.into_iter().map(|(key, label, rows)| group(&key, &label, flat(rows))).collect()
}

fn push_day(
    groups: &mut Vec<(String, String, Vec<TaskRow>)>,
    key: String,
    label: String,
    row: TaskRow,
) {
    match groups.last_mut() {
        Some((last, _, rows)) if *last == key => rows.push(row),
        _ => groups.push((key, label, vec![row])),
    }
}

fn group(key: &str, label: &str, tasks: Vec<view::TaskView>) -> view::TaskGroup {
    view::TaskGroup { group: key.into(), label: label.into(), tasks }
}

fn flat(rows: Vec<TaskRow>) -> Vec<view::TaskView> {
    rows.into_iter().map(|row| task(row, 0)).collect()
}

/// Tasks with their subtasks below them. Every row is shown exactly once.
fn tree(rows: Vec<TaskRow>) -> Vec<view::TaskView> {
    let here: std::collections::BTreeSet<EntityId> = rows.iter().map(|row| row.id).collect();
    let mut children: BTreeMap<Option<EntityId>, Vec<TaskRow>> = BTreeMap::new();
    for row in rows {
        let parent = row.parent.filter(|parent| here.contains(parent));
        children.entry(parent).or_default().push(row);
    }
    let mut shown = Vec::new();
    let mut open: Vec<(u32, TaskRow)> =
        children.remove(&None).unwrap_or_default().into_iter().rev().map(|row| (0, row)).collect();
    while let Some((depth, row)) = open.pop() {
        let below = children.remove(&Some(row.id)).unwrap_or_default();
        open.extend(below.into_iter().rev().map(|child| (depth + 1, child)));
        shown.push(task(row, depth));
    }
    shown
}

fn is_done(row: &TaskRow) -> bool {
    matches!(row.status.as_str(), "done" | "cancelled")
}

fn is_evening(when: Option<&str>) -> bool {
    when.and_then(|when| when.get(11..13))
        .and_then(|hour| hour.parse::<i8>().ok())
        .is_some_and(|hour| hour >= dates::EVENING_STARTS)
}

/// A row as a view.
pub(crate) fn task(row: TaskRow, depth: u32) -> view::TaskView {
    view::TaskView {
        id: row.id.to_string(),
        title: row.title,
        status: row.status,
        evening: is_evening(row.when.as_deref()),
        when: row.when,
        deadline: row.deadline,
        priority: u8::try_from(row.priority).unwrap_or(0),
        tags: row.tags,
        list: row.list.map(|id| id.to_string()),
        list_title: row.list_title,
        parent: row.parent.map(|id| id.to_string()),
        depth,
        repeat: row.repeat.map(|rule| {
            rule.parse::<Repeat>().map_or_else(|_| rule.clone(), |repeat| repeat.describe())
        }),
        has_notes: row.has_notes,
        subtasks: view::SubtaskCount { done: row.subtasks.0, total: row.subtasks.1 },
        completed: row.completed_ms,
        created: row.created_ms,
        conflict: row.conflict,
        merged: row.merged,
    }
}

/// A row as a view.
pub(crate) fn note(tx: &Tx<'_>, row: NoteRow) -> Result<view::NoteView, AppError> {
    Ok(view::NoteView {
        id: row.id.to_string(),
        title: row.title,
        excerpt: crate::links::drawn(tx, &row.excerpt)?,
        list: row.list.map(|id| id.to_string()),
        list_title: row.list_title,
        pinned: row.pinned,
        tags: row.tags,
        edited: row.edited_ms,
        created: row.created_ms,
        conflict: row.conflict,
        merged: row.merged,
    })
}

fn text_state(tx: &Tx<'_>, id: EntityId) -> Result<view::TextState, AppError> {
    Ok(match tx.text(id)? {
        Some(text) => view::TextState {
            version: texts::version_text(&text.version),
            text: ending::shown(&text.plain).to_owned(),
        },
        None => view::TextState {
            text: String::new(),
            version: texts::version_text(&holdfast_model::text::Version::empty()),
        },
    })
}

fn links(
    tx: &Tx<'_>,
    id: EntityId,
) -> Result<(Vec<view::LinkView>, Vec<view::LinkView>), AppError> {
    let show = |ids: Vec<EntityId>| -> Result<Vec<view::LinkView>, AppError> {
        let mut views = Vec::new();
        for id in ids {
            let Some((state, _)) = tx.entity(id)? else { continue };
            let kind = match Kind::parse(&state.kind) {
                Some(Kind::Task) => view::LinkKind::Task,
                Some(Kind::Note) => view::LinkKind::Note,
                _ => continue,
            };
            let text = tx.text(id)?.map(|text| text.plain).unwrap_or_default();
            let title = crate::items::note_name(state.text(TITLE), &text);
            views.push(view::LinkView { id: id.to_string(), kind, title });
        }
        Ok(views)
    };
    let (links, backlinks) = tx.links(id)?;
    Ok((show(links)?, show(backlinks)?))
}

fn disputed(
    tx: &Tx<'_>,
    state: &EntityState,
    people: &People,
    today: Date,
) -> Result<Vec<view::DisputedField>, AppError> {
    let policies = tx.policies()?;
    let space = tx.home(state.id)?.unwrap_or_default();
    let mut fields = Vec::new();
    for field in state.disputes(&policies) {
        let Some(register) = state.register(field) else { continue };
        let mut versions = Vec::new();
        for version in register.distinct() {
            versions.push(view::FieldVersion {
                version: version.author().to_string(),
                display: describe::value(tx, field, &version.value, today)?,
                device: people.author(tx, (state.id, space), field, version)?,
                time: version.time.shown_ms(),
            });
        }
        fields.push(view::DisputedField {
            field: field.to_owned(),
            label: describe::field(field),
            versions,
        });
    }
    Ok(fields)
}

/// What happened to an item, newest first.
fn history(
    tx: &Tx<'_>,
    id: EntityId,
    people: &People,
    today: Date,
) -> Result<Vec<view::HistoryEntry>, AppError> {
    const ENTRIES: usize = 200;
    let mut entries = Vec::new();
    for item in tx.history(id)?.into_iter().rev().take(ENTRIES) {
        let mut parts = Vec::new();
        for edit in item.edits_of(id) {
            for (field, write) in &edit.set {
                if field == holdfast_model::fields::ORDER {
                    continue;
                }
                let value = match write.again.as_slice() {
                    [] => describe::value(tx, field, &write.value, today)?,
                    several => format!("{} versions again", several.len()),
                };
                parts.push(format!("{}: {value}", describe::field(field)));
            }
            let life = edit.life.as_ref().filter(|life| life.value.as_str() != Some("alive"));
            if let Some(life) = life {
                parts.push(describe::value(tx, LIFE, &life.value, today)?);
            }
            parts
                .extend(edit.text.keys().map(|field| format!("{} edited", describe::field(field))));
            if !edit.add.is_empty() || !edit.remove.is_empty() {
                parts.push("tags or links changed".into());
            }
        }
        entries.push(view::HistoryEntry {
            change: item.change.id().to_string(),
            device: people.of(item.change.dot()),
            time: item.change.time.shown_ms(),
            summary: match parts.as_slice() {
                [] => describe::action(&item.change.action).to_owned(),
                _ => format!("{} ({})", describe::action(&item.change.action), parts.join("; ")),
            },
        });
    }
    Ok(entries)
}
