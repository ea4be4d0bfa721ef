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
             FROM lists l LEFT JOIN cut_moves c ON c.entity = l.id
             ORDER BY l.sort, l.id",
        )?;
        let mut rows = statement.query([])?;
        let mut lists = Vec::new();
        // Deleted ones of which nothing is known yet that would keep them.
        let mut empty: BTreeSet<EntityId> = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let list = ListRow {
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
            };
            if !row.get::<_, bool>(11)? {
                empty.insert(list.id);
            }
            lists.push(list);
        }
        // A list that lives in it keeps a deleted one.
        if !empty.is_empty() {
            for parent in lists.iter().filter(|list| !list.recovered).filter_map(|l| l.parent) {
                empty.remove(&parent);
            }
            lists.retain(|list| !empty.contains(&list.id));
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

#[cfg(test)]
mod tests {
    use crate::{Author, LocalChange, Store};
    use holdfast_model::entity::{Draft, Seen};
    use holdfast_model::fields::{PARENT, TITLE};
    use holdfast_model::{EntityId, Kind};
    use holdfast_oplog::{ActorId, Space, VaultId};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A store with lists nested in each other.
    fn nested(count: u32) -> Store {
        let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
        let id = |at: u32| EntityId::named(&at.to_string());
        let edits = (0..count).map(|at| {
            let mut draft = Draft::new(id(at), Kind::List.as_str());
            draft.set(TITLE, format!("{at}"), &Seen::All);
            draft.set(PARENT, at.checked_sub(1).map(|at| id(at).to_string()), &Seen::All);
            draft.finish().unwrap()
        });
        let author = Author { actor: ActorId([1; 16]), sign: &|_, _| [0; 64], wall_ms: 1_000 };
        let edits = edits.collect();
        let change = LocalChange { space: Space::Everywhere, edits, ..Default::default() };
        store.write(|tx| tx.append(author, change)).unwrap();
        store
    }

    /// Steps of SQLite's machine that reading the lists takes.
    fn steps(count: u32) -> u64 {
        let mut store = nested(count);
        let counter = Arc::new(AtomicU64::new(0));
        let counts = Arc::clone(&counter);
        let count_step = move || {
            counts.fetch_add(1, Ordering::Relaxed);
            false
        };
        store.connection().progress_handler(1, Some(count_step)).unwrap();
        let lists = store.read(|tx| tx.lists()).unwrap();
        assert_eq!(lists.len(), count as usize);
        assert_eq!(lists.iter().filter(|list| list.parent.is_some()).count(), count as usize - 1);
        counter.load(Ordering::Relaxed)
    }

    #[test]
    fn reading_nested_lists_costs_as_much_as_there_are() {
        let (some, twice) = (steps(400), steps(800));
        assert!(twice < some * 5 / 2, "{some} steps for 400 lists, {twice} for 800");
    }
}
