//! Search as you type: every prefix of what a person types, over 10,000 items.

use crate::ITEMS;
use crate::plain;
use crate::table::{Row, Times, timed};
use crate::tasks::{fill, on_disk, title};
use anyhow::Result;
use holdfast_store::SearchQuery;

const TYPED: [&str; 4] = ["varnish", "order clamps", "receipts job 77", "hinges and plans"];
const LIMIT: usize = 50;

/// Searches for every prefix of a few queries; beside it, a plain full-text table ranked by relevance.
pub(crate) fn as_you_type() -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let mut replica = on_disk(&folder.path().join("ours.db"))?;
    fill(&mut replica, ITEMS)?;
    while replica.store.write(|tx| tx.index_search(usize::MAX))? > 0 {}
    let conn = plain::open(&folder.path().join("plain.db"))?;
    conn.execute_batch("CREATE VIRTUAL TABLE found USING fts5 (title); BEGIN")?;
    for number in 0..ITEMS {
        conn.prepare_cached("INSERT INTO found (rowid, title) VALUES (?1, ?2)")?
            .execute((number as i64, title(number)))?;
    }
    conn.execute_batch("COMMIT")?;
    let (mut own, mut plain_times) = (Vec::new(), Vec::new());
    for typed in TYPED.iter().cycle().take(TYPED.len() * 5) {
        for (end, _) in typed.char_indices().skip(1) {
            let Some(words) = typed.get(..end) else { continue };
            let query =
                SearchQuery { words: words.to_owned(), limit: LIMIT, ..SearchQuery::default() };
            own.push(timed(|| Ok(replica.store.read(|tx| tx.search(&query))?))?);
            let quoted: Vec<String> =
                words.split_whitespace().map(|word| format!("\"{word}\"")).collect();
            let bare = quoted.join(" ") + "*";
            plain_times.push(timed(|| {
                let sql = "SELECT rowid FROM found WHERE found MATCH ?1 ORDER BY rank LIMIT ?2";
                let mut statement = conn.prepare_cached(sql)?;
                let rows =
                    statement.query_map((&bare, LIMIT as i64), |row| row.get::<_, i64>(0))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })?);
        }
    }
    Ok(Row { ours: Times::new(own), plain: Times::new(plain_times) })
}
