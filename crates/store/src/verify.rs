//! What a check looks at beyond the chains: the columns beside the bodies, how far logs are held, texts,
//! the small tables, attachments, and the views against ones made anew.

use crate::check::{CheckLine, line};
use crate::{StoreError, Tx, columns, guard};
use holdfast_model::change::Change;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ChangeId, Hash, LogId};
use std::collections::BTreeSet;

/// At most so many findings of one kind are named.
const NAMED: usize = 20;

/// The views that are compared row by row with ones made anew, by what identifies a row in both.
const COMPARED: [(&str, &str); 14] = [
    ("items", "SELECT id, kind, space, life, disputed, edited_ms, state FROM entities ORDER BY id"),
    ("texts", "SELECT entity, field, version, plain FROM texts ORDER BY entity"),
    (
        "copies",
        "SELECT entity, space, kind, life, state, field, version, plain FROM copies ORDER BY 1, 2",
    ),
    (
        "tasks",
        "SELECT id, life, title, status, plan, deadline, priority, list, parent, sort, repeat,
            completed_ms, created_ms, edited_ms, has_notes FROM tasks ORDER BY id",
    ),
    (
        "notes",
        "SELECT id, life, title, excerpt, list, pinned, created_ms, edited_ms FROM notes ORDER BY id",
    ),
    (
        "lists",
        "SELECT id, life, title, parent, sort, color, archived, space FROM lists ORDER BY id",
    ),
    ("tags", "SELECT id, life, title FROM tags ORDER BY id"),
    ("tags of items", "SELECT item, tag FROM item_tags ORDER BY 1, 2"),
    ("links", "SELECT item, target FROM item_links ORDER BY 1, 2"),
    ("moves", "SELECT entity FROM cut_moves ORDER BY 1"),
    ("conflicts", "SELECT id, entity, kind, field, state, detail FROM conflicts ORDER BY id"),
    ("history", "SELECT entity, pos FROM touched ORDER BY 1, 2"),
    (
        "search",
        "SELECT e.id, w.term, w.col, w.offset FROM temp.search_words w
        JOIN entities e ON e.no = w.doc ORDER BY 1, 2, 3, 4",
    ),
    ("search, in all", "SELECT count(*) FROM temp.search_words"),
];

impl Tx<'_> {
    /// A sum over each view, in people's words for it; the same for views that show the same. Needs a
    /// transaction that writes, and leaves one table for looking into the search index behind: see
    /// [`crate::Store::try_out`].
    pub fn view_sums(&self) -> Result<Vec<(&'static str, Hash)>, StoreError> {
        while self.index_search(usize::MAX)? > 0 {}
        self.sql.execute_batch(
            "DROP TABLE IF EXISTS temp.search_words;
             CREATE VIRTUAL TABLE temp.search_words USING fts5vocab(main, search, instance);",
        )?;
        let sums = COMPARED
            .iter()
            .map(|(name, query)| Ok((*name, guard::sum_of_rows(&self.sql, query)?)))
            .collect();
        self.sql.execute_batch("DROP TABLE temp.search_words")?;
        sums
    }

    /// Verifies what stands beside the bodies of the changes. A part that cannot be read is a finding.
    pub fn check_rows(&self) -> Vec<CheckLine> {
        let mut lines = Vec::new();
        let mut part = |what: &str, found: Result<Vec<String>, StoreError>| match found {
            Ok(found) if found.is_empty() => lines.push(line(true, what.to_owned())),
            Ok(found) => lines.extend(found.into_iter().take(NAMED).map(|text| line(false, text))),
            Err(_) => lines
                .push(line(false, format!("cannot be read, so it is not known whether {what}"))),
        };
        part("small tables are as they were written", self.changed_tables());
        part("changes stand under their own names", self.misplaced_changes());
        part("logs are held as far as noted", self.misnoted_logs());
        part("texts can be opened", self.damaged_texts());
        part("list of devices whole", self.damaged_membership());
        part("attachments have their sizes", self.misnoted_blobs());
        part("what devices say that they hold can be read", self.unreadable_said());
        part("notices can be read", self.notices(usize::MAX).map(|_| Vec::new()));
        lines
    }

    /// Damage that was repaired as far as it can be here: what has to come from another device.
    pub fn check_missing(&self) -> Vec<CheckLine> {
        let holes = match self.holes() {
            Ok(holes) => holes,
            Err(error) => return vec![line(false, format!("list of missing changes: {error}"))],
        };
        let mut lines: Vec<CheckLine> = holes
            .iter()
            .take(NAMED)
            .map(|hole| {
                line(
                    false,
                    format!(
                        "change {} of {} was damaged and taken out: a full bundle, or an exchange with \
                         another device, brings it back",
                        hole.seq, hole.log.actor
                    ),
                )
            })
            .collect();
        match self.missing_attachments() {
            // Attachments may come later than their notes: what is missing is said, and no damage.
            Ok(names) => lines.extend(names.into_iter().take(NAMED).map(|name| {
                line(true, format!("the content of '{name}' is not here: a full bundle brings it"))
            })),
            Err(error) => lines.push(line(false, format!("attachments: {error}"))),
        }
        lines
    }

    fn unreadable_said(&self) -> Result<Vec<String>, StoreError> {
        self.destinations()?;
        let lines = match self.unreadable_words()? {
            0 => None,
            some => Some(format!(
                "{some} of what devices said that they hold cannot be read: they say it again"
            )),
        };
        Ok(lines.into_iter().collect())
    }

    fn changed_tables(&self) -> Result<Vec<String>, StoreError> {
        Ok(guard::changed(&self.sql)?
            .into_iter()
            .map(|table| format!("the table '{table}' is not as it was written"))
            .collect())
    }

    /// Columns that say something else than the body that they stand beside.
    fn misplaced_changes(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.sql.prepare(
            "SELECT c.space, c.actor, c.seq, c.time_ms, c.action, c.body,
                c.exchange IS NULL OR EXISTS (SELECT 1 FROM exchanges e WHERE e.id = c.exchange)
             FROM changes c ORDER BY c.pos",
        )?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let log = LogId {
                space: columns::space(&row.get::<_, String>(0)?)?,
                actor: columns::actor(&row.get::<_, Vec<u8>>(1)?)?,
            };
            let seq = columns::seq(row.get(2)?)?;
            let place = ChangeId { space: log.space, actor: log.actor, seq };
            let body: Vec<u8> = row.get(5)?;
            let fits = Change::decode_kept(&body, place).is_ok_and(|change| {
                row.get::<_, i64>(3).is_ok_and(|time| time == change.time.shown_ms())
                    && row.get::<_, String>(4).is_ok_and(|action| action == change.action)
            });
            if !fits || !row.get::<_, bool>(6)? {
                found.push(format!("what is noted beside change {seq} of {} is wrong", log.actor));
            }
        }
        Ok(found)
    }

    fn misnoted_logs(&self) -> Result<Vec<String>, StoreError> {
        let holes = self.holes()?;
        let mut found = Vec::new();
        for (log, head) in self.log_heads()? {
            let name = log.actor;
            let Some((last, hash)) = self.last_row(log)? else { continue };
            if holes.iter().any(|hole| hole.log == log) {
                continue;
            }
            if head.dep > head.applied {
                found.push(format!("the log of {name} is noted as depended on beyond its end"));
            }
            if last < head.held {
                found.push(format!("changes {} to {} of {name} are missing", last + 1, head.held));
            } else if last != head.held || hash != head.held_hash {
                found.push(format!("the end of the log of {name} is noted wrongly"));
            }
            if self.last_applied(log)?.is_some_and(|last| last != head.applied) {
                found.push(format!("how far the log of {name} is applied is noted wrongly"));
            }
        }
        Ok(found)
    }

    fn damaged_texts(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.sql.prepare("SELECT entity FROM texts ORDER BY entity")?;
        let ids: Vec<EntityId> =
            statement.query_map([], |row| columns::entity_at(row, 0))?.collect::<Result<_, _>>()?;
        let mut found = Vec::new();
        for id in ids {
            let stored = self.text(id);
            let whole = self.open_text(id, 1).is_ok_and(|doc| {
                stored.is_ok_and(|stored| {
                    stored.is_some_and(|stored| {
                        stored.plain == doc.plain() && stored.version == doc.version()
                    })
                })
            });
            if !whole {
                found.push(format!("the text of {id} is not what its edits make"));
            }
        }
        let stray: i64 = self.sql.query_row(
            "SELECT count(*) FROM text_updates WHERE entity NOT IN (SELECT entity FROM texts)",
            [],
            |row| row.get(0),
        )?;
        if stray > 0 {
            found.push(format!("{stray} edits belong to no text"));
        }
        Ok(found)
    }

    fn damaged_membership(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.sql.prepare("SELECT hash, record FROM membership")?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let mut damaged = 0;
        for row in rows {
            let (hash, record) = row?;
            damaged += u32::from(columns::hash(&hash)? != Hash::of(&record));
        }
        Ok((damaged > 0)
            .then(|| format!("{damaged} records of the list of devices do not match their hash"))
            .into_iter()
            .collect())
    }

    fn misnoted_blobs(&self) -> Result<Vec<String>, StoreError> {
        let count: i64 = self.sql.query_row(
            "SELECT (SELECT count(*) FROM blobs b WHERE
                    (size, pieces) IS NOT (SELECT coalesce(sum(length(bytes)), 0), count(*)
                        FROM blob_pieces p WHERE p.hash = b.hash))
                + (SELECT count(*) FROM blob_pieces WHERE hash NOT IN (SELECT hash FROM blobs))",
            [],
            |row| row.get(0),
        )?;
        Ok((count > 0)
            .then(|| format!("{count} attachments or pieces of them are noted wrongly"))
            .into_iter()
            .collect())
    }

    /// Names of attachments whose content is not here.
    pub fn missing_attachments(&self) -> Result<Vec<String>, StoreError> {
        let here: BTreeSet<String> = self.blobs()?.into_iter().map(Hash::to_hex).collect();
        Ok(self
            .entities_of(Kind::Attachment.as_str())?
            .into_iter()
            .filter(|(state, _)| state.is_alive() && !here.contains(state.text("hash")))
            .map(|(state, _)| state.text("name").to_owned())
            .collect())
    }
}
