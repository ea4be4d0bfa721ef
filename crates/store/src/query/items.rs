use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;

/// A note as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// The note.
    pub id: EntityId,
    /// Title, or the first line where it has none.
    pub title: String,
    /// The beginning of its text.
    pub excerpt: String,
    /// List, whether it is alive or not.
    pub list: Option<EntityId>,
    /// Title of the list.
    pub list_title: Option<String>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Titles of its tags.
    pub tags: Vec<String>,
    /// When it was last edited.
    pub edited_ms: i64,
    /// When it was made.
    pub created_ms: i64,
    /// Whether a person has to decide something.
    pub conflict: bool,
    /// Whether it was merged and not looked at.
    pub merged: bool,
    /// `alive` or `deleted`.
    pub life: String,
}

/// Something in the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashRow {
    /// The item.
    pub id: EntityId,
    /// `task`, `note` or `list`.
    pub kind: String,
    /// Title.
    pub title: String,
}

impl Tx<'_> {
    /// Notes that are alive, pinned ones first, then the last edited; and how many there are.
    pub fn notes(
        &self,
        list: Option<EntityId>,
        tag: Option<EntityId>,
        only: Option<EntityId>,
        limit: usize,
    ) -> Result<(Vec<NoteRow>, u64), StoreError> {
        const CONDITION: &str = "(?1 IS NULL OR n.list = ?1)
            AND (?2 IS NULL OR n.id IN (SELECT item FROM item_tags WHERE tag = ?2))
            AND ((?3 IS NULL AND n.life = 'alive') OR n.id = ?3)";
        let ids = (
            list.map(|id| *id.as_bytes()),
            tag.map(|id| *id.as_bytes()),
            only.map(|id| *id.as_bytes()),
        );
        let total: i64 = self
            .sql
            .prepare_cached(&format!("SELECT count(*) FROM notes n WHERE {CONDITION}"))?
            .query_row(ids, |row| row.get(0))?;
        let mut statement = self.sql.prepare_cached(&format!(
            "SELECT n.id, n.title, n.excerpt, n.list, l.title, n.pinned,
                (SELECT group_concat(g.title, char(31)) FROM item_tags i JOIN tags g ON g.id = i.tag
                    WHERE i.item = n.id),
                n.edited_ms, n.created_ms,
                EXISTS (SELECT 1 FROM conflicts k WHERE k.entity = n.id AND k.state = 'open'),
                EXISTS (SELECT 1 FROM conflicts k WHERE k.entity = n.id AND k.state = 'merged'), n.life
             FROM notes n LEFT JOIN lists l ON l.id = n.list WHERE {CONDITION}
             ORDER BY n.pinned DESC, n.edited_ms DESC, n.id LIMIT ?4"
        ))?;
        let rows =
            statement.query_map((ids.0, ids.1, ids.2, columns::number(limit as u64)), |row| {
                let tags: Option<String> = row.get(6)?;
                let mut tags: Vec<String> = tags
                    .map(|t| t.split('\u{1f}').map(str::to_owned).collect())
                    .unwrap_or_default();
                tags.sort();
                Ok(NoteRow {
                    id: columns::entity_at(row, 0)?,
                    title: row.get(1)?,
                    excerpt: row.get(2)?,
                    list: columns::entity_or_null(row, 3)?,
                    list_title: row.get(4)?,
                    pinned: row.get(5)?,
                    tags,
                    edited_ms: row.get(7)?,
                    created_ms: row.get(8)?,
                    conflict: row.get(9)?,
                    merged: row.get(10)?,
                    life: row.get(11)?,
                })
            })?;
        Ok((rows.collect::<Result<_, _>>()?, columns::seq(total)?))
    }

    /// What is in the trash, the last edited first.
    pub fn trash(&self, limit: usize) -> Result<Vec<TrashRow>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT e.id, e.kind, coalesce(t.title, n.title, l.title, '') FROM entities e
             LEFT JOIN tasks t ON t.id = e.id LEFT JOIN notes n ON n.id = e.id
             LEFT JOIN lists l ON l.id = e.id
             WHERE e.life = 'deleted' AND e.kind IN ('task', 'note', 'list')
             ORDER BY e.edited_ms DESC, e.id LIMIT ?1",
        )?;
        let rows = statement.query_map([columns::number(limit as u64)], |row| {
            Ok(TrashRow { id: columns::entity_at(row, 0)?, kind: row.get(1)?, title: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many items are in the trash.
    pub fn trash_count(&self) -> Result<u64, StoreError> {
        let count: i64 = self.sql.query_row(
            "SELECT count(*) FROM entities WHERE life = 'deleted' AND kind IN ('task', 'note', 'list')",
            [],
            |row| row.get(0),
        )?;
        columns::seq(count)
    }
}
