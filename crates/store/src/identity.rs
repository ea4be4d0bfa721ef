//! Under which names this device writes, and when it has to take a new one.
//!
//! Invariant: whoever writes under an actor is the only one who ever did. So a device takes a new
//! actor before it writes again, as soon as the actor's log parts or brings a change that this
//! database did not make.

use crate::{StoreError, Tx, columns};
use holdfast_oplog::{ActorId, LogId, decode, encode};
use serde_json::{Value as Json, json};

/// Names of the facts.
const ACTORS: &str = "own_actors";
const RENEW: &str = "renew_actor";
const TOKEN: &str = "token";

/// Something that happened to this device's identity.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Number on this device.
    pub id: i64,
    /// When, by this device's clock.
    pub time_ms: i64,
    /// What: `identity`, `fork`, `twice`, `removed`.
    pub kind: String,
    /// More of it.
    pub detail: Json,
}

impl Tx<'_> {
    /// The actors under which this database's changes were written, the current one last.
    pub fn own_actors(&self) -> Result<Vec<ActorId>, StoreError> {
        let bytes = self.meta(ACTORS)?;
        let actors = bytes.map(|bytes| decode(&bytes, 1024 * 1024, "own actors")).transpose();
        actors
            .map(Option::unwrap_or_default)
            .map_err(|error| StoreError::Damaged(error.to_string()))
    }

    /// From now on this device writes as `actor`.
    pub fn take_actor(&self, actor: ActorId) -> Result<(), StoreError> {
        let mut actors = self.own_actors()?;
        actors.retain(|known| *known != actor);
        actors.push(actor);
        self.set_meta(ACTORS, &encode(&actors)?)?;
        self.set_meta(RENEW, &[0])
    }

    /// Whether another actor has to be taken before anything is written as `actor`.
    pub fn must_renew(&self, actor: ActorId) -> Result<bool, StoreError> {
        if self.meta(RENEW)?.is_some_and(|flag| flag == [1]) {
            return Ok(true);
        }
        if self.own_actors()?.last().is_some_and(|current| *current != actor) {
            return Ok(true);
        }
        let mut statement = self.sql.prepare_cached("SELECT 1 FROM branches WHERE actor = ?1")?;
        Ok(statement.exists([actor.0])?)
    }

    /// Notes that changes of an actor came which were not made here.
    pub(crate) fn came_from_elsewhere(&self, actor: ActorId) -> Result<(), StoreError> {
        if self.own_actors()?.last() == Some(&actor)
            && self.meta(RENEW)?.is_none_or(|flag| flag != [1])
        {
            self.set_meta(RENEW, &[1])?;
            let now = self.clock()?.last().shown_ms();
            self.add_notice(now, "twice", &json!({ "actor": actor.to_string() }))?;
        }
        Ok(())
    }

    pub(crate) fn note_fork(&self, actor: ActorId, own: bool) -> Result<(), StoreError> {
        let now = self.clock()?.last().shown_ms();
        self.add_notice(now, "fork", &json!({ "actor": actor.to_string(), "own": own }))
    }

    /// Whether a log was written here.
    pub(crate) fn is_own(&self, log: LogId) -> Result<bool, StoreError> {
        if let Some(branch) = self.branch(log)? {
            return Ok(branch.own);
        }
        Ok(self.own_actors()?.contains(&log.actor))
    }

    /// The names of everything that was written here, for a device that writes as `actor` now.
    pub(crate) fn own_names(&self, actor: ActorId) -> Result<Vec<ActorId>, StoreError> {
        let mut names = self.own_actors()?;
        names.push(actor);
        let branches = self.branches()?;
        names.extend(branches.iter().filter(|branch| branch.own).map(|branch| branch.log.actor));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// What this device wrote last in each space under an actor.
    pub fn written(&self, actor: ActorId) -> Result<Vec<(String, u64)>, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT space, held FROM logs WHERE actor = ?1 ORDER BY space")?;
        let rows = statement
            .query_map([actor.0], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        rows.map(|row| {
            let (space, held) = row?;
            Ok((space, columns::seq(held)?))
        })
        .collect()
    }

    /// The token that ties this database to its data folder.
    pub fn token(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.meta(TOKEN)
    }

    /// Ties this database to its data folder.
    pub fn set_token(&self, token: &[u8]) -> Result<(), StoreError> {
        self.set_meta(TOKEN, token)
    }

    /// Writes something down for the activity list.
    pub fn add_notice(&self, time_ms: i64, kind: &str, detail: &Json) -> Result<(), StoreError> {
        self.sql.execute(
            "INSERT INTO notices (time_ms, kind, detail) VALUES (?1, ?2, ?3)",
            (time_ms, kind, detail.to_string()),
        )?;
        Ok(())
    }

    /// The latest entries about this device's identity, newest first.
    pub fn notices(&self, limit: usize) -> Result<Vec<Notice>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT id, time_ms, kind, detail FROM notices ORDER BY id DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([limit.min(10_000) as i64], |row| {
            let detail: String = row.get(3)?;
            Ok(Notice {
                id: row.get(0)?,
                time_ms: row.get(1)?,
                kind: row.get(2)?,
                detail: serde_json::from_str(&detail).unwrap_or(Json::Null),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
