//! What of this device's own changes nothing outside has seen yet, and taking items out of it.
//!
//! A list that was written under 'everywhere' and is then marked to stay must not leave with the next
//! bundle, because its changes still stand in a log that travels. As long as nothing was handed out
//! they can be taken out: the changes keep their numbers and lose what they said about the items; hashes
//! and signatures are made anew. What was handed out once is never touched: to change it would look
//! like a fork to whoever has it.
//!
//! Invariant: whoever hands changes out marks them with [`Tx::departing`] first, in a transaction that is
//! on disk before a byte leaves. The sealing of batches refuses what is not marked.

use crate::log::Author;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Change, Op};
use holdfast_model::copying::is_moved;
use holdfast_model::text::TextDoc;
use holdfast_model::{Dot, EntityId, EntityState, Kind};
use holdfast_oplog::{ChangeId, Hash, LogId, Space, VersionVector, chain_hash};
use rusqlite::OptionalExtension;
use std::collections::{BTreeMap, BTreeSet};

impl Tx<'_> {
    /// Up to which change each log was ever handed to something that leaves this device.
    pub fn departed(&self) -> Result<VersionVector, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT space, actor, seq FROM departed")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?))
        })?;
        let mut departed = VersionVector::new();
        for row in rows {
            let (space, actor, seq) = row?;
            let log = LogId { space: columns::space(&space)?, actor: columns::actor(&actor)? };
            departed.advance(log, columns::seq(seq)?);
        }
        Ok(departed)
    }

    /// Marks changes as handed out.
    pub fn departing(&self, offered: &VersionVector) -> Result<(), StoreError> {
        let departed = self.departed()?;
        for (log, seq) in offered.iter().filter(|(log, seq)| departed.get(*log) < *seq) {
            self.sql
                .prepare_cached(
                    "INSERT INTO departed (space, actor, seq) VALUES (?1, ?2, ?3)
                     ON CONFLICT (space, actor) DO UPDATE SET seq = max(seq, excluded.seq)",
                )?
                .execute((log.space.as_str(), log.actor.0, columns::number(seq)))?;
        }
        Ok(())
    }

    /// Takes items that were moved away out of this device's changes of a space that were not handed
    /// out yet. How many changes were written anew.
    pub fn take_back(
        &self,
        author: Author<'_>,
        space: Space,
        ids: &BTreeSet<EntityId>,
    ) -> Result<u64, StoreError> {
        let log = LogId { space, actor: author.actor };
        let gone: Vec<EntityId> = self.elsewhere(space, ids)?;
        let whole = self.never_left(log, &gone)?;
        if !self.is_complete(space)? {
            // Without the whole history a copy cannot be worked out anew; what left before stays said.
            return self.rewrite(author, log, &whole, &BTreeSet::new());
        }
        let part: BTreeSet<EntityId> = gone.into_iter().filter(|id| !whole.contains(id)).collect();
        let rewritten = self.rewrite(author, log, &whole, &part)?;
        for id in &part {
            self.replay_copy(*id, space)?;
        }
        Ok(rewritten)
    }

    /// Those that are shown from another space by now.
    fn elsewhere(
        &self,
        space: Space,
        ids: &BTreeSet<EntityId>,
    ) -> Result<Vec<EntityId>, StoreError> {
        let mut found = Vec::new();
        for id in ids {
            if self.home(*id)?.is_some_and(|home| home != space) {
                found.push(*id);
            }
        }
        Ok(found)
    }

    /// Those of which this space has nothing but changes of this log that were not handed out.
    fn never_left(&self, log: LogId, ids: &[EntityId]) -> Result<BTreeSet<EntityId>, StoreError> {
        let departed = self.departed()?.get(log);
        let mut found = BTreeSet::new();
        for id in ids {
            let left: Option<i64> = self
                .sql
                .prepare_cached(
                    "SELECT 1 FROM touched t JOIN changes c ON c.pos = t.pos
                     WHERE t.entity = ?1 AND c.space = ?2 AND (c.actor <> ?3 OR c.seq <= ?4) LIMIT 1",
                )?
                .query_row(
                    (id.as_bytes(), log.space.as_str(), log.actor.0, columns::number(departed)),
                    |row| row.get(0),
                )
                .optional()?;
            if left.is_none() {
                found.insert(*id);
            }
        }
        Ok(found)
    }

    /// Whether the space's logs are held from their first changes on.
    fn is_complete(&self, space: Space) -> Result<bool, StoreError> {
        let cut: i64 = self.sql.query_row(
            "SELECT count(*) FROM logs l WHERE l.space = ?1 AND l.applied > 0 AND NOT EXISTS (
                SELECT 1 FROM changes c WHERE c.space = l.space AND c.actor = l.actor AND c.seq = 1)",
            [space.as_str()],
            |row| row.get(0),
        )?;
        Ok(cut == 0)
    }

    /// Writes the changes anew that were not handed out: without anything about `whole`, and of `part`
    /// with nothing but that they were moved away.
    fn rewrite(
        &self,
        author: Author<'_>,
        log: LogId,
        whole: &BTreeSet<EntityId>,
        part: &BTreeSet<EntityId>,
    ) -> Result<u64, StoreError> {
        let departed = self.departed()?.get(log);
        let rows: Vec<(i64, u64, Vec<u8>, Vec<u8>)> = {
            let mut statement = self.sql.prepare_cached(
                "SELECT pos, seq, hash, body FROM changes
                 WHERE space = ?1 AND actor = ?2 AND seq > ?3 ORDER BY seq",
            )?;
            let key = (log.space.as_str(), log.actor.0, columns::number(departed));
            let mut rows = statement.query(key)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((row.get(0)?, columns::seq(row.get(1)?)?, row.get(2)?, row.get(3)?));
            }
            found
        };
        let mut before = if departed == 0 {
            Hash::ZERO
        } else {
            let bytes: Vec<u8> = self.sql.query_row(
                "SELECT hash FROM changes WHERE space = ?1 AND actor = ?2 AND seq = ?3",
                (log.space.as_str(), log.actor.0, columns::number(departed)),
                |row| row.get(0),
            )?;
            columns::hash(&bytes)?
        };
        let mut rewritten = 0;
        // What stood before the writes that go: what replaced these now replaces that.
        let mut stood: BTreeMap<(EntityId, Dot), Vec<Dot>> = BTreeMap::new();
        for (pos, seq, old, body) in rows {
            let place = ChangeId { space: log.space, actor: log.actor, seq };
            let mut change = Change::decode(&body, place)?;
            let (dot, mut altered, mut gone) = (change.dot(), false, Vec::new());
            change.ops.retain_mut(|op| {
                let Op::Edit(edit) = op else { return true };
                let id = edit.entity;
                let moved = edit.life.as_ref().is_some_and(|life| is_moved(&life.value));
                let goes = whole.contains(&id) || (part.contains(&id) && !moved);
                if let Some(life) = &mut edit.life {
                    let known = life.supersedes.iter();
                    let replaced: BTreeSet<Dot> = known
                        .flat_map(|by| stood.get(&(id, *by)).cloned().unwrap_or_else(|| vec![*by]))
                        .collect();
                    let replaced: Vec<Dot> = replaced.into_iter().collect();
                    if goes {
                        stood.insert((id, dot), replaced);
                    } else if life.supersedes.iter().any(|by| stood.contains_key(&(id, *by))) {
                        life.supersedes = replaced;
                        altered = true;
                    }
                }
                if goes {
                    gone.push(id);
                    altered = true;
                }
                !goes
            });
            let body = if altered { change.encode()? } else { body };
            let hash = chain_hash(before, &body);
            before = hash;
            if hash == columns::hash(&old)? {
                continue;
            }
            let signature = (author.sign)(place, hash);
            self.sql
                .prepare_cached(
                    "UPDATE changes SET hash = ?2, signature = ?3, body = ?4 WHERE pos = ?1",
                )?
                .execute((pos, hash.0, signature, body))?;
            for id in gone.iter().filter(|id| !change.edits().any(|edit| edit.entity == **id)) {
                self.sql
                    .prepare_cached("DELETE FROM touched WHERE entity = ?1 AND pos = ?2")?
                    .execute((id.as_bytes(), pos))?;
            }
            rewritten += 1;
        }
        self.sql
            .prepare_cached("UPDATE logs SET held_hash = ?3 WHERE space = ?1 AND actor = ?2")?
            .execute((log.space.as_str(), log.actor.0, before.0))?;
        for id in whole {
            self.sql
                .prepare_cached("DELETE FROM copies WHERE entity = ?1 AND space = ?2")?
                .execute((id.as_bytes(), log.space.as_str()))?;
            self.list_strays(*id)?;
        }
        Ok(rewritten)
    }

    /// Works a copy out anew from the changes of its space.
    fn replay_copy(&self, id: EntityId, space: Space) -> Result<(), StoreError> {
        let mut state: Option<EntityState> = None;
        let mut doc: Option<TextDoc> = None;
        for item in self.history_in(id, space)? {
            let change = &item.change;
            for edit in item.edits_of(id) {
                let now = state.get_or_insert_with(|| {
                    EntityState::new(id, &edit.kind, change.time, change.dot())
                });
                now.apply(edit, change.dot(), change.time);
                let field = Kind::parse(&edit.kind).and_then(Kind::text_field);
                let texts = edit.text.iter().filter(|(name, _)| field == Some(name.as_str()));
                for (_, text) in texts {
                    let writer = text.writer(id, space, change.actor);
                    let doc = doc.get_or_insert_with(|| TextDoc::new(1));
                    // What could not be taken over when it came cannot be now.
                    let _ = doc.import(&text.update, writer);
                }
            }
        }
        let Some(state) = state else { return Ok(()) };
        self.sql
            .prepare_cached("DELETE FROM copies WHERE entity = ?1 AND space = ?2")?
            .execute((id.as_bytes(), space.as_str()))?;
        let field = Kind::parse(&state.kind).and_then(Kind::text_field);
        let text = match (doc, field) {
            (Some(doc), Some(field)) => {
                Some(crate::texts::OpenText::apart(None, Some(doc))?.copied(field)?)
            }
            _ => None,
        };
        self.save_copy(&state, space, text.as_ref())?;
        self.list_strays(id)
    }
}
