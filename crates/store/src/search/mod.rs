//! Full-text search over tasks, notes and lists. The index is brought up to date before a search,
//! never in the transaction that saves what a person types.
//!
//! Indexed is what a reader sees ([`markdown::plain`]), folded ([`words`]) into terms that need no further
//! rule: SQLite's own tokenizer only cuts at spaces. Asked is what was typed, folded alike ([`query`]).

mod query;
mod typos;
mod words;

use crate::{StoreError, Tx, columns};
use holdfast_model::{EntityId, markdown};
use query::{Asked, Meant};
use rusqlite::OptionalExtension;
use std::collections::BTreeSet;
use std::ops::Range;

/// Above so many hits ranking costs more than it helps: the newest come first.
const RANKED: i64 = 2_000;
/// More hits are not handed out at once.
const MOST: usize = 1_000;
/// After so many bytes of text one transaction indexes no more items.
const INDEXED: usize = 1024 * 1024;
/// With fewer hits than this, words that are spelled almost like those asked for are looked for too.
const FEW: u64 = 3;
/// So far into a text the place of a hit is looked for.
const SHOWN: usize = 256 * 1024;

/// What to search for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Words; the last one may be unfinished, and quotes hold a phrase together.
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

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The first ones.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: u64,
    /// What to look for in the texts that were found.
    pub marks: Marks,
}

/// What was looked for, and what was found in its place.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    asked: Asked,
    meant: Meant,
}

impl Marks {
    /// Where a hit stands in a text, in bytes; the beginning of a very long text is looked at.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        let mut end = SHOWN.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.asked.find(text.get(..end)?, &self.meant)
    }
}

/// Whether there is anything to look for in what was typed.
pub fn has_words(typed: &str) -> bool {
    !query::read(typed).is_empty()
}

impl Tx<'_> {
    /// Brings the index up to date for at most `most` items; needs a write transaction. For how many it
    /// did: fewer where their texts are long, 0 where none waits.
    pub fn index_search(&self, most: usize) -> Result<usize, StoreError> {
        let mut done = 0_usize;
        let mut bytes = 0_usize;
        let mut known = BTreeSet::new();
        while done < most
            && bytes < INDEXED
            && let Some(no) = self.next_to_index()?
        {
            bytes = bytes.saturating_add(self.index(no, &mut known)?);
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
    fn index(&self, no: i64, known: &mut BTreeSet<String>) -> Result<usize, StoreError> {
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
            // What a link leads to is found itself: neither its id nor its title is indexed here.
            let read = |text: &str| {
                words::fold(&markdown::drawn(&markdown::plain(text, markdown::EVERYTHING), |_| {
                    String::new()
                }))
            };
            let (title, text) = (words::fold(&markdown::title(&title)), read(&body));
            let signs = [title.sign_terms(), text.sign_terms()].join(" ");
            self.sql
                .prepare_cached(
                    "INSERT INTO search (rowid, title, body, signs) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((no, title.terms(), text.terms(), signs.trim()))?;
            self.keep_spellings(&title, known)?;
            self.keep_spellings(&text, known)?;
        }
        Ok(body.len())
    }

    /// How many items wait to be indexed.
    pub fn search_due(&self) -> Result<u64, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT count(*) FROM search_due")?;
        columns::seq(statement.query_row([], |row| row.get(0))?)
    }

    /// Searches. With few hits the best come first, with many the newest. Where there are very few, items
    /// with words that are spelled almost alike come after them.
    pub fn search(&self, query: &SearchQuery) -> Result<Found, StoreError> {
        let asked = query::read(&query.words);
        let mut marks = Marks { asked, meant: Meant::new() };
        if marks.asked.is_empty() {
            let (hits, total) = self.matching(None, query)?;
            return Ok(Found { hits, total, marks });
        }
        let exact = marks.asked.expression();
        let (mut hits, mut total) = self.matching(Some(&exact), query)?;
        if total < FEW {
            let meant = self.meant(&marks.asked, total == 0)?;
            let wide = marks.asked.wide_expression(&meant);
            if wide != exact && !wide.is_empty() {
                let (others, all) = self.matching(Some(&wide), query)?;
                let known: BTreeSet<EntityId> = hits.iter().map(|hit| hit.id).collect();
                hits.extend(others.into_iter().filter(|hit| !known.contains(&hit.id)));
                hits.truncate(query.limit.min(MOST));
                total = all.max(total);
                marks.meant = meant;
            }
        }
        Ok(Found { hits, total, marks })
    }

    /// What matches an expression of the index and the filters, and how much that is in all.
    fn matching(
        &self,
        words: Option<&str>,
        query: &SearchQuery,
    ) -> Result<(Vec<Hit>, u64), StoreError> {
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
            words,
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
            "e.life = 'deleted', bm25(search, 8.0, 1.0, 0.0), e.edited_ms DESC"
        } else {
            "e.life = 'deleted', e.edited_ms DESC"
        };
        let limit = query.limit.min(MOST);
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
