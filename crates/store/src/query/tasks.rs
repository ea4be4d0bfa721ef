use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;
use rusqlite::Row;

/// Which tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskFilter {
    /// Open, in no list or in one that is not here; subtasks too, whatever became of their parent.
    Inbox,
    /// Open and planned or due up to a day (`YYYY-MM-DD`).
    Until(String),
    /// Open and planned or due after a day.
    After(String),
    /// Open, in a list, neither planned nor due; of subtasks those that no open parent leads to.
    Someday,
    /// Done or cancelled, newest first.
    Completed,
    /// Completed since a time.
    CompletedSince(i64),
    /// In a list.
    List(EntityId),
    /// With a tag, open.
    Tag(EntityId),
    /// Subtasks of a task, without those whose move closed a circle.
    Children(EntityId),
    /// These.
    Ids(Vec<EntityId>),
    /// Everything alive.
    All,
}

/// A task as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// The task.
    pub id: EntityId,
    /// Title.
    pub title: String,
    /// `open`, `done`, `cancelled`, or what a newer app wrote.
    pub status: String,
    /// When it is planned.
    pub when: Option<String>,
    /// Until when it must be done.
    pub deadline: Option<String>,
    /// 0 none, 1 high to 3 low.
    pub priority: i64,
    /// List, whether it is alive or not.
    pub list: Option<EntityId>,
    /// Title of the list.
    pub list_title: Option<String>,
    /// Parent, where it is alive and the move does not close a circle.
    pub parent: Option<EntityId>,
    /// Order among siblings.
    pub sort: String,
    /// Repeat rule.
    pub repeat: Option<String>,
    /// When it was completed.
    pub completed_ms: Option<i64>,
    /// When it was made.
    pub created_ms: i64,
    /// When it was last edited.
    pub edited_ms: i64,
    /// Whether it has notes.
    pub has_notes: bool,
    /// `alive` or `deleted`.
    pub life: String,
    /// Titles of its tags.
    pub tags: Vec<String>,
    /// Subtasks that are done, and all.
    pub subtasks: (u32, u32),
    /// Whether a person has to decide something.
    pub conflict: bool,
    /// Whether its notes were merged and not looked at.
    pub merged: bool,
}

const SELECT: &str = "SELECT t.id, t.title, t.status, t.plan, t.deadline, t.priority, t.list, l.title,
    CASE WHEN c.entity IS NULL AND p.life = 'alive' THEN t.parent END,
    t.sort, t.repeat, t.completed_ms, t.created_ms, t.edited_ms, t.has_notes, t.life,
    (SELECT group_concat(g.title, char(31)) FROM item_tags i JOIN tags g ON g.id = i.tag WHERE i.item = t.id),
    (SELECT count(*) FROM tasks s WHERE s.parent = t.id AND s.life = 'alive' AND s.status IN ('done', 'cancelled')
        AND s.id NOT IN (SELECT entity FROM cut_moves)),
    (SELECT count(*) FROM tasks s WHERE s.parent = t.id AND s.life = 'alive'
        AND s.id NOT IN (SELECT entity FROM cut_moves)),
    EXISTS (SELECT 1 FROM conflicts k WHERE k.entity = t.id AND k.state = 'open'),
    EXISTS (SELECT 1 FROM conflicts k WHERE k.entity = t.id AND k.state = 'merged')
    FROM tasks t LEFT JOIN lists l ON l.id = t.list
    LEFT JOIN tasks p ON p.id = t.parent LEFT JOIN cut_moves c ON c.entity = t.id";

/// In no list, or in one of which nothing is here (it travels more narrowly than the task): whoever has a
/// task finds it. The lists that tasks name are stepped through in the index, so that this costs what
/// there are lists and not what there are tasks.
const IN_NO_LIST: &str = "(t.list IS NULL OR t.list IN (
    WITH RECURSIVE named (list) AS (
        SELECT (SELECT min(list) FROM tasks)
        UNION ALL
        SELECT (SELECT min(n.list) FROM tasks n WHERE n.list > named.list) FROM named
        WHERE named.list IS NOT NULL)
    SELECT list FROM named WHERE list IS NOT NULL AND list NOT IN (SELECT id FROM lists)))";

impl Tx<'_> {
    /// The tasks that a filter names, at most `limit`.
    pub fn tasks(&self, filter: &TaskFilter, limit: usize) -> Result<Vec<TaskRow>, StoreError> {
        const OPEN: &str = "t.life = 'alive' AND t.status NOT IN ('done', 'cancelled')";
        const BY_ORDER: &str = "t.sort, t.id";
        let day_bound = "t.life = 'alive' AND t.status NOT IN ('done', 'cancelled') AND";
        let (condition, order, text, id): (String, &str, Option<String>, Option<EntityId>) =
            match filter {
                TaskFilter::Inbox => (format!("{OPEN} AND {IN_NO_LIST}"), BY_ORDER, None, None),
                TaskFilter::Until(day) => (
                    format!("{day_bound} (substr(t.plan, 1, 10) <= ?1 OR t.deadline <= ?1)"),
                    "coalesce(min(substr(t.plan, 1, 10), t.deadline), substr(t.plan, 1, 10), t.deadline), t.plan, t.sort, t.id",
                    Some(day.clone()),
                    None,
                ),
                TaskFilter::After(day) => (
                    format!(
                        "{day_bound} coalesce(substr(t.plan, 1, 10), t.deadline) > ?1
                    AND coalesce(t.deadline, '9999') > ?1"
                    ),
                    "coalesce(substr(t.plan, 1, 10), t.deadline), t.plan, t.sort, t.id",
                    Some(day.clone()),
                    None,
                ),
                TaskFilter::Someday => (
                    format!(
                        "{OPEN} AND t.list IS NOT NULL AND t.plan IS NULL AND t.deadline IS NULL
                    AND (c.entity IS NOT NULL OR p.life IS NULL OR p.life <> 'alive'
                        OR p.status IN ('done', 'cancelled'))"
                    ),
                    BY_ORDER,
                    None,
                    None,
                ),
                TaskFilter::Completed => (
                    "t.life = 'alive' AND t.completed_ms IS NOT NULL".into(),
                    "t.completed_ms DESC, t.id",
                    None,
                    None,
                ),
                TaskFilter::CompletedSince(ms) => (
                    "t.life = 'alive' AND t.completed_ms >= CAST(?1 AS INTEGER)".into(),
                    "t.completed_ms DESC, t.id",
                    Some(ms.to_string()),
                    None,
                ),
                TaskFilter::List(list) => {
                    ("t.life = 'alive' AND t.list = ?2".into(), BY_ORDER, None, Some(*list))
                }
                TaskFilter::Tag(tag) => (
                    format!("{OPEN} AND t.id IN (SELECT item FROM item_tags WHERE tag = ?2)"),
                    BY_ORDER,
                    None,
                    Some(*tag),
                ),
                TaskFilter::Children(parent) => (
                    "t.life = 'alive' AND t.parent = ?2 AND c.entity IS NULL".into(),
                    BY_ORDER,
                    None,
                    Some(*parent),
                ),
                TaskFilter::Ids(ids) => {
                    let mut rows = Vec::with_capacity(ids.len());
                    let sql = format!("{SELECT} WHERE t.id = ?1");
                    let mut statement = self.sql.prepare_cached(&sql)?;
                    for id in ids {
                        rows.extend(statement.query_map([id.as_bytes()], task)?.collect::<Result<
                            Vec<_>,
                            _,
                        >>(
                        )?);
                    }
                    return Ok(rows);
                }
                TaskFilter::All => ("t.life = 'alive'".into(), BY_ORDER, None, None),
            };
        let sql = format!(
            "{SELECT} WHERE (?1 IS NULL OR 1) AND (?2 IS NULL OR 1) AND {condition} ORDER BY {order} LIMIT ?3"
        );
        let mut statement = self.sql.prepare_cached(&sql)?;
        let rows = statement
            .query_map((text, id.map(|id| *id.as_bytes()), columns::number(limit as u64)), task)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many tasks are in the inbox, planned or due up to a day, and overdue before it.
    pub fn task_counts(&self, today: &str) -> Result<(u64, u64, u64), StoreError> {
        let inbox: i64 = self
            .sql
            .prepare_cached(
                &format!(
                    "SELECT count(*) FROM tasks t
                     WHERE t.life = 'alive' AND t.status NOT IN ('done', 'cancelled') AND {IN_NO_LIST}"
                ),
            )?
            .query_row([], |row| row.get(0))?;
        let mut due = self.sql.prepare_cached(
            "SELECT count(*) FROM tasks t WHERE t.life = 'alive' AND t.status NOT IN ('done', 'cancelled')
               AND (substr(t.plan, 1, 10) <= ?1 OR t.deadline <= ?1)",
        )?;
        let until: i64 = due.query_row([today], |row| row.get(0))?;
        let mut before = self.sql.prepare_cached(
            "SELECT count(*) FROM tasks t WHERE t.life = 'alive' AND t.status NOT IN ('done', 'cancelled')
               AND (substr(t.plan, 1, 10) < ?1 OR t.deadline < ?1)",
        )?;
        let overdue: i64 = before.query_row([today], |row| row.get(0))?;
        Ok((columns::seq(inbox)?, columns::seq(until)?, columns::seq(overdue)?))
    }

    /// The last order key among open siblings in a list, with a parent, or in the inbox.
    pub fn last_sort(
        &self,
        table: SortedKind,
        list: Option<EntityId>,
        parent: Option<EntityId>,
    ) -> Result<String, StoreError> {
        let sql = match table {
            SortedKind::Task => {
                "SELECT coalesce(max(sort), '') FROM tasks WHERE list IS ?1 AND parent IS ?2"
            }
            SortedKind::List => {
                "SELECT coalesce(max(sort), '') FROM lists WHERE ?1 IS NULL AND parent IS ?2"
            }
        };
        Ok(self
            .sql
            .prepare_cached(sql)?
            .query_row((list.map(|id| *id.as_bytes()), parent.map(|id| *id.as_bytes())), |row| {
                row.get(0)
            })?)
    }
}

/// What has an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortedKind {
    /// Tasks.
    Task,
    /// Lists.
    List,
}

fn task(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    let tags: Option<String> = row.get(16)?;
    let mut tags: Vec<String> =
        tags.map(|tags| tags.split('\u{1f}').map(str::to_owned).collect()).unwrap_or_default();
    tags.sort();
    Ok(TaskRow {
        id: columns::entity_at(row, 0)?,
        title: row.get(1)?,
        status: row.get(2)?,
        when: row.get(3)?,
        deadline: row.get(4)?,
        priority: row.get(5)?,
        list: columns::entity_or_null(row, 6)?,
        list_title: row.get(7)?,
        parent: columns::entity_or_null(row, 8)?,
        sort: row.get(9)?,
        repeat: row.get(10)?,
        completed_ms: row.get(11)?,
        created_ms: row.get(12)?,
        edited_ms: row.get(13)?,
        has_notes: row.get(14)?,
        life: row.get(15)?,
        tags,
        subtasks: (row.get(17)?, row.get(18)?),
        conflict: row.get(19)?,
        merged: row.get(20)?,
    })
}
