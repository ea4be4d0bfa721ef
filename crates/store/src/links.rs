//! Links between items: which item a link's address names, what links to what, and how a text reads for
//! those who do not get all of it. See [`holdfast_model::links`].

use crate::{StoreError, Tx, columns};
use holdfast_model::links::{self, Written};
use holdfast_model::{EntityId, EntityState, Value, fields};
use holdfast_oplog::Space;
use rusqlite::OptionalExtension;
use std::collections::BTreeSet;

/// What a link reads as whose target is not there.
pub const PRIVATE: &str = "Private note";

impl Tx<'_> {
    /// The item that a link names, by its id or by its name; what it names itself where nothing is known of it.
    pub fn link_target(&self, named: EntityId) -> Result<EntityId, StoreError> {
        if !named.is_link_name() {
            return Ok(named);
        }
        let mut statement =
            self.sql.prepare_cached("SELECT entity FROM link_names WHERE name = ?1")?;
        let found: Option<Option<[u8; 16]>> =
            statement.query_row([named.as_bytes()], |row| row.get(0)).optional()?;
        Ok(found.flatten().map_or(named, |id| EntityId(uuid::Uuid::from_bytes(id))))
    }

    /// What a task, a note or a list is called that is not gone for good, by its id or its name in links;
    /// empty for one without a title.
    pub fn title_of(&self, named: EntityId) -> Result<Option<String>, StoreError> {
        let id = self.link_target(named)?;
        let mut statement = self.sql.prepare_cached(
            "SELECT coalesce(t.title, n.title, l.title) FROM entities e
             LEFT JOIN tasks t ON t.id = e.id LEFT JOIN notes n ON n.id = e.id
             LEFT JOIN lists l ON l.id = e.id WHERE e.id = ?1 AND e.life <> 'purged'",
        )?;
        let title = statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
        Ok(title.flatten())
    }

    /// Items that an item links to, and items that link to it.
    pub fn links(&self, id: EntityId) -> Result<(Vec<EntityId>, Vec<EntityId>), StoreError> {
        let read = |sql: &str, named: EntityId| -> Result<BTreeSet<EntityId>, StoreError> {
            let mut statement = self.sql.prepare_cached(sql)?;
            let rows = statement.query_map([named.as_bytes()], |row| columns::entity_at(row, 0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        let mut targets = BTreeSet::new();
        for named in read("SELECT target FROM item_links WHERE item = ?1", id)? {
            targets.insert(self.link_target(named)?);
        }
        let to_it = "SELECT item FROM item_links WHERE target = ?1";
        let mut items = read(to_it, id)?;
        items.extend(read(to_it, id.in_links())?);
        Ok((targets.into_iter().collect(), items.into_iter().collect()))
    }

    /// Where a text has links that are not stored as they should be: what they become. Whoever wrote them
    /// here knows their targets; that is kept.
    pub fn settled_links(
        &self,
        text: &str,
    ) -> Result<Vec<(std::ops::Range<usize>, String)>, StoreError> {
        links::rewritten(text, |link| {
            if !link.item.is_link_name() && self.entity(link.item)?.is_some() {
                self.know_link(link.item)?;
            }
            let title = match &link.words {
                Some(_) => self.title_of(link.item)?,
                None => None,
            };
            Ok(links::stored(text, link, title.as_deref()))
        })
    }

    /// A text for those who get only what is in spaces that `takes` lets through: links say their words, and
    /// those to anything else neither whose they are nor what they are called.
    pub fn spelled_out(
        &self,
        text: &str,
        takes: impl Fn(Space) -> bool,
    ) -> Result<String, StoreError> {
        let changes = links::rewritten(text, |link| -> Result<Written, StoreError> {
            let target = self.link_target(link.item)?;
            let title = self.title_of(target)?;
            let goes = self.home(target)?.is_some_and(&takes);
            let own = link.words.as_deref().map(str::trim).filter(|words| !words.is_empty());
            let own = own.filter(|own| title.as_ref().is_none_or(|title| !links::says(own, title)));
            let words = match (own, title) {
                (Some(own), _) => own.to_owned(),
                (None, Some(title)) if goes => title,
                _ => PRIVATE.to_owned(),
            };
            Ok(Some(match (goes, &link.words) {
                (true, Some(_)) => links::link_saying(&words, target),
                (true, None) => format!("holdfast:{}", target.in_links()),
                (false, _) => words,
            }))
        })?;
        Ok(links::changed(text, &changes))
    }

    /// Notes and tasks in use that are called so, with where they are; two at most.
    pub fn items_called(&self, title: &str) -> Result<Vec<(EntityId, Space)>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT e.id, e.space FROM entities e WHERE e.life = 'alive' AND e.id IN (
                SELECT id FROM notes WHERE title = ?1 COLLATE NOCASE
                UNION ALL SELECT id FROM tasks WHERE title = ?1 COLLATE NOCASE) LIMIT 2",
        )?;
        let mut rows = statement.query([title])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((columns::entity_at(row, 0)?, columns::space(&row.get::<_, String>(1)?)?));
        }
        Ok(found)
    }

    /// Keeps under which name links speak of an item. For whoever writes a link to it.
    pub fn know_link(&self, item: EntityId) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO link_names (name, entity, looked) VALUES (?1, ?2, 1)
                 ON CONFLICT (name) DO UPDATE SET entity = excluded.entity, looked = 1",
            )?
            .execute((item.in_links().as_bytes(), item.as_bytes()))?;
        Ok(())
    }

    /// Links set on the item, and those that stand in its text.
    pub(crate) fn project_links(
        &self,
        state: &EntityState,
        text: &str,
        new: bool,
    ) -> Result<(), StoreError> {
        let set = state.elements(fields::LINKS).into_iter().filter_map(Value::as_str);
        let set = set.filter_map(|id| id.parse().ok());
        let in_text = links::addresses(text).filter_map(|address| address.item);
        let targets: BTreeSet<EntityId> = set.chain(in_text).collect();
        if !new {
            self.sql
                .prepare_cached("DELETE FROM item_links WHERE item = ?1")?
                .execute([state.id.as_bytes()])?;
        }
        for target in targets {
            self.sql
                .prepare_cached(
                    "INSERT INTO item_links (item, target) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute((state.id.as_bytes(), target.as_bytes()))?;
            if target.is_link_name() {
                self.sql
                    .prepare_cached(
                        "INSERT INTO link_names (name, entity, looked) VALUES (?1, NULL, 0)
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute([target.as_bytes()])?;
            }
        }
        Ok(())
    }

    /// Finds the items whose names came in links: those that came just now among everything, and those that
    /// are waited for among what is new. Cost: nothing to speak of where no such name came.
    pub(crate) fn find_link_targets(
        &self,
        new: impl Iterator<Item = EntityId>,
    ) -> Result<(), StoreError> {
        let some = |sql: &str| -> Result<bool, StoreError> {
            Ok(self.sql.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        };
        if !some("SELECT EXISTS (SELECT 1 FROM link_names WHERE entity IS NULL)")? {
            return Ok(());
        }
        if some("SELECT EXISTS (SELECT 1 FROM link_names WHERE looked = 0)")? {
            let mut statement = self.sql.prepare_cached("SELECT id FROM entities")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                self.find_link_target(columns::entity_at(row, 0)?)?;
            }
            self.sql.execute("UPDATE link_names SET looked = 1 WHERE looked = 0", [])?;
            return Ok(());
        }
        for id in new {
            self.find_link_target(id)?;
        }
        Ok(())
    }

    fn find_link_target(&self, id: EntityId) -> Result<(), StoreError> {
        self.sql
            .prepare_cached("UPDATE link_names SET entity = ?2 WHERE name = ?1 AND entity IS NULL")?
            .execute((id.in_links().as_bytes(), id.as_bytes()))?;
        Ok(())
    }
}
