use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;
use holdfast_oplog::Space;
use std::collections::BTreeSet;

/// A list as the sidebar shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The list.
    pub id: EntityId,
    /// Title.
    pub title: String,
    /// The list it is nested in, where that is shown and the move does not close a circle.
    pub parent: Option<EntityId>,
    /// Order among siblings.
    pub sort: String,
    /// Colour.
    pub color: Option<String>,
    /// Whether it is archived.
    pub archived: bool,
    /// How far it may travel.
    pub space: Space,
    /// Deleted, but with items or nested lists that are alive: additions that the deletion had not seen.
    pub recovered: bool,
    /// Open tasks in it.
    pub open_tasks: u64,
    /// Notes in it.
    pub notes: u64,
    /// Whether a person has to decide something.
    pub conflict: bool,
}

/// A tag and how often it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    /// The tag.
    pub id: EntityId,
    /// Title.
    pub title: String,
    /// Items that are alive and have it.
    pub count: u64,
}

impl Tx<'_> {
    /// Lists that are alive, and deleted ones that still hold something, in order.
    pub fn lists(&self) -> Result<Vec<ListRow>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT l.id, l.title, CASE WHEN c.entity IS NULL THEN l.parent END,
                l.sort, l.color, l.archived, l.space, l.life <> 'alive',
                (SELECT count(*) FROM tasks t WHERE t.list = l.id AND t.life = 'alive'
                    AND t.status NOT IN ('done', 'cancelled')),
                (SELECT count(*) FROM notes n WHERE n.list = l.id AND n.life = 'alive'),
                EXISTS (SELECT 1 FROM conflicts k WHERE k.entity = l.id AND k.state = 'open'),
                l.life = 'alive' OR EXISTS (SELECT 1 FROM tasks t WHERE t.list = l.id AND t.life = 'alive')
                    OR EXISTS (SELECT 1 FROM notes n WHERE n.list = l.id AND n.life = 'alive')
                    OR EXISTS (SELECT 1 FROM lists i WHERE i.parent = l.id AND i.life = 'alive'
                        AND i.id NOT IN (SELECT entity FROM cut_moves))
             FROM lists l LEFT JOIN cut_moves c ON c.entity = l.id
             ORDER BY l.sort, l.id",
        )?;
        let mut rows = statement.query([])?;
        let mut lists = Vec::new();
        while let Some(row) = rows.next()? {
            if !row.get::<_, bool>(11)? {
                continue;
            }
            lists.push(ListRow {
                id: columns::entity_at(row, 0)?,
                title: row.get(1)?,
                parent: columns::entity_or_null(row, 2)?,
                sort: row.get(3)?,
                color: row.get(4)?,
                archived: row.get(5)?,
                space: columns::space(&row.get::<_, String>(6)?)?,
                recovered: row.get(7)?,
                open_tasks: columns::seq(row.get(8)?)?,
                notes: columns::seq(row.get(9)?)?,
                conflict: row.get(10)?,
            });
        }
        // Below a list that is not shown there is nothing: what was there moves to the top.
        let shown: BTreeSet<EntityId> = lists.iter().map(|list| list.id).collect();
        for list in &mut lists {
            list.parent = list.parent.filter(|parent| shown.contains(parent));
        }
        Ok(lists)
    }

    /// Title of a list, whether it is alive or not.
    pub fn list_title(&self, id: EntityId) -> Result<Option<String>, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT title FROM lists WHERE id = ?1")?;
        let mut rows = statement.query([id.as_bytes()])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// The first list that is alive and has this title, in any case of letters.
    pub fn list_named(&self, title: &str) -> Result<Option<EntityId>, StoreError> {
        let wanted = title.to_lowercase();
        Ok(self
            .lists()?
            .into_iter()
            .find(|l| !l.recovered && l.title.to_lowercase() == wanted)
            .map(|l| l.id))
    }

    /// Tags that are in use, by title.
    pub fn tags(&self) -> Result<Vec<TagRow>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT g.id, g.title, count(i.item) FROM tags g
             LEFT JOIN item_tags i ON i.tag = g.id AND EXISTS (
                SELECT 1 FROM entities e WHERE e.id = i.item AND e.life = 'alive')
             WHERE g.life = 'alive' GROUP BY g.id ORDER BY g.title COLLATE NOCASE, g.id",
        )?;
        let mut rows = statement.query([])?;
        let mut tags = Vec::new();
        while let Some(row) = rows.next()? {
            tags.push(TagRow {
                id: columns::entity_at(row, 0)?,
                title: row.get(1)?,
                count: columns::seq(row.get(2)?)?,
            });
        }
        Ok(tags)
    }

    /// The tag with this title, in any case of letters.
    pub fn tag_named(&self, title: &str) -> Result<Option<EntityId>, StoreError> {
        let wanted = title.to_lowercase();
        Ok(self
            .tags()?
            .into_iter()
            .find(|tag| tag.title.to_lowercase() == wanted)
            .map(|tag| tag.id))
    }
}
