//! Full-text search over tasks, notes and lists. The index is brought up to date before a search,
//! never in the transaction that saves what a person types.

use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;
use rusqlite::OptionalExtension;

/// Above so many hits ranking costs more than it helps: the newest come first.
const RANKED: i64 = 2_000;
/// After so many bytes of text one transaction indexes no more items.
const INDEXED: usize = 1024 * 1024;

/// What to search for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Words; the last one may be unfinished.
    pub words: String,
    /// Only in this list.
    pub list: Option<EntityId>,
    /// Only with this tag.
    pub tag: Option<EntityId>,
    /// Only `task`, `note` or `list`.
    pub kind: Option<String>,
    /// Only items with an open conflict.
    pub in_conflict: bool,
    /// Only tasks with this status.
    pub status: Option<String>,
    /// At most so many hits.
    pub limit: usize,
}

/// One hit.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The item.
    pub id: EntityId,
    /// What it is.
    pub kind: String,
    /// Whether it is in the trash.
    pub trashed: bool,
}

impl Tx<'_> {
    /// Brings the index up to date for at most `most` items; needs a write transaction. For how many it
    /// did: fewer where their texts are long, 0 where none waits.
    pub fn index_search(&self, most: usize) -> Result<usize, StoreError> {
        let mut done = 0_usize;
        let mut bytes = 0_usize;
        while done < most
            && bytes < INDEXED
            && let Some(no) = self.next_to_index()?
        {
            bytes = bytes.saturating_add(self.index(no)?);
            self.sql.prepare_cached("DELETE FROM search_due WHERE no = ?1")?.execute([no])?;
            done += 1;
        }
        Ok(done)
    }

    /// The newest item that waits to be indexed.
    fn next_to_index(&self) -> Result<Option<i64>, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT max(no) FROM search_due")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Writes what is found of an item. How many bytes its text has.
    fn index(&self, no: i64) -> Result<usize, StoreError> {
        let found: Option<(String, String, String, Option<String>)> = self
            .sql
            .prepare_cached(
                "SELECT e.kind, e.life, coalesce(t.title, n.title, l.title, g.title, ''), x.plain
                 FROM entities e
                 LEFT JOIN tasks t ON t.id = e.id LEFT JOIN notes n ON n.id = e.id
                 LEFT JOIN lists l ON l.id = e.id LEFT JOIN tags g ON g.id = e.id
                 LEFT JOIN texts x ON x.entity = e.id WHERE e.no = ?1",
            )?
            .query_row([no], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
            .optional()?;
        self.sql.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([no])?;
        let Some((kind, life, title, body)) = found else { return Ok(0) };
        let body = body.unwrap_or_default();
        if life != "purged" && kind != "tag" {
            self.sql
                .prepare_cached("INSERT INTO search (rowid, title, body) VALUES (?1, ?2, ?3)")?
                .execute((no, title, &body))?;
        }
        Ok(body.len())
    }

    /// How many items wait to be indexed.
    pub fn search_due(&self) -> Result<u64, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT count(*) FROM search_due")?;
        columns::seq(statement.query_row([], |row| row.get(0))?)
    }

    /// Searches. Returns the hits and how many there are in all. With few hits the best come first,
    /// with many the newest.
    pub fn search(&self, query: &SearchQuery) -> Result<(Vec<Hit>, u64), StoreError> {
        let words = fts_query(&query.words);
        let source = if words.is_some() {
            "search s JOIN entities e ON e.no = s.rowid"
        } else {
            "entities e"
        };
        let filter = format!(
            "FROM {source} LEFT JOIN tasks t ON t.id = e.id LEFT JOIN notes n ON n.id = e.id
             WHERE {} AND e.kind IN ('task', 'note', 'list') AND e.life <> 'purged'
               AND (?2 IS NULL OR e.kind = ?2)
               AND (?3 IS NULL OR coalesce(t.list, n.list) = ?3)
               AND (?4 IS NULL OR e.id IN (SELECT item FROM item_tags WHERE tag = ?4))
               AND (NOT ?5 OR e.id IN (SELECT entity FROM conflicts WHERE state = 'open'))
               AND (?6 IS NULL OR t.status = ?6)",
            if words.is_some() { "search MATCH ?1" } else { "?1 IS NULL" },
        );
        let params = (
            &words,
            &query.kind,
            query.list.map(|id| *id.as_bytes()),
            query.tag.map(|id| *id.as_bytes()),
            query.in_conflict,
            &query.status,
        );
        let total: i64 = self
            .sql
            .prepare_cached(&format!("SELECT count(*) {filter}"))?
            .query_row(params, |row| row.get(0))?;
        let order = if words.is_some() && total <= RANKED {
            "e.life = 'deleted', bm25(search, 8.0, 1.0), e.edited_ms DESC"
        } else {
            "e.life = 'deleted', e.edited_ms DESC"
        };
        let limit = query.limit.min(1_000);
        let mut statement = self.sql.prepare_cached(&format!(
            "SELECT e.id, e.kind, e.life {filter} ORDER BY {order} LIMIT {limit}"
        ))?;
        let hits = statement
            .query_map(params, |row| {
                Ok(Hit {
                    id: columns::entity_at(row, 0)?,
                    kind: row.get(1)?,
                    trashed: row.get::<_, String>(2)? == "deleted",
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok((hits, columns::seq(total)?))
    }
}

/// What a person typed as an FTS5 query: every word must occur, the last one may be unfinished.
/// Whatever is typed, it is no query language and cannot fail. `None` without a word.
fn fts_query(typed: &str) -> Option<String> {
    let words: Vec<String> = typed
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(32)
        .map(|word| format!("\"{word}\""))
        .collect();
    (!words.is_empty()).then(|| words.join(" ") + "*")
}

#[cfg(test)]
mod tests {
    use super::fts_query;

    #[test]
    fn anything_typed_is_a_valid_query() {
        assert_eq!(fts_query("oak boa").as_deref(), Some("\"oak\" \"boa\"*"));
        assert_eq!(fts_query("NEAR(\"x\" OR *").as_deref(), Some("\"NEAR\" \"x\" \"OR\"*"));
        assert_eq!(fts_query(" \"'- "), None);
    }
}
