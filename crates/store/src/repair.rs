//! Repair: takes out what is damaged, keeps everything that is whole, and notes truly what is held.
//!
//! Nothing is thrown away here: every row that is taken out is handed back, for a file beside the
//! database. The views are not touched; [`Tx::rebuild`] makes them anew afterwards.

use crate::chain::{Link, Verdict};
use crate::{Hole, StoreError, Tx, Verify, columns, guard};
use holdfast_model::HybridClock;
use holdfast_model::change::Change;
use holdfast_oplog::{ActorId, ChangeId, Hash, LogId};
use std::collections::BTreeSet;

/// What repair asks of the keys.
pub struct RepairKeys<'a> {
    /// Checks a signature.
    pub verify: &'a Verify<'a>,
    /// Whether the public key of an actor is known; where it is not, no signature can be judged.
    pub knows: &'a dyn Fn(ActorId) -> bool,
    /// Under which this device writes.
    pub own: ActorId,
    /// Signs this device's changes again.
    pub sign: &'a dyn Fn(ChangeId, Hash) -> [u8; 64],
}

/// A row that was taken out, as it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Where it stood, in words.
    pub place: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a repair did.
#[derive(Debug, Clone, Default)]
pub struct Repaired {
    /// What was done, in sentences.
    pub lines: Vec<String>,
    /// What was taken out.
    pub removed: Vec<Removed>,
    /// Whether this device's own log was cut or has a hole: it must take a new actor before it writes.
    pub own_log: bool,
    /// Own changes that had left for nowhere and cannot come back from anywhere were taken out; what
    /// the views still show of them has to be written again.
    pub write_again: bool,
}

impl Tx<'_> {
    /// Repairs changes, logs, the small tables and attachments. Call [`Tx::rebuild`] afterwards.
    pub fn repair(&self, keys: &RepairKeys<'_>) -> Result<Repaired, StoreError> {
        let mut done = Repaired::default();
        let changed = guard::changed(&self.sql)?;
        if !self.structure_is_whole()? {
            self.sql.execute_batch("REINDEX")?;
            done.lines.push("indexes were made anew".into());
        }
        self.remove_strays(&mut done)?;
        if self.remove_unreadable_words()? > 0 {
            done.lines.push("what devices said that they hold was taken out where it cannot be read; they say it again".into());
        }
        let mut holes = self.holes().unwrap_or_default();
        for log in self.all_logs()? {
            self.repair_log(log, keys, &mut holes, &mut done)?;
        }
        holes.sort_by_key(|hole| (hole.log, hole.seq));
        self.set_holes(&holes)?;
        if changed.contains(&"logs") {
            for (log, _) in self.log_heads()? {
                if !(keys.knows)(log.actor) && self.last_row(log)?.is_none() {
                    self.sql.execute(
                        "DELETE FROM logs WHERE space = ?1 AND actor = ?2",
                        (log.space.as_str(), log.actor.0),
                    )?;
                }
            }
            // Naming a dependency twice does no harm; leaving one out would.
            self.sql.execute("UPDATE logs SET dep = 0", [])?;
            done.lines.push("how far logs are held was worked out again".into());
        }
        if changed.contains(&"departed") {
            // What may be elsewhere is never taken back.
            self.sql.execute(
                "INSERT OR REPLACE INTO departed (space, actor, seq) SELECT space, actor, held FROM logs",
                [],
            )?;
            done.lines.push("everything counts as having left this device".into());
        }
        if changed.contains(&"approvals") {
            // Nothing leaves that the person did not agree to: they are asked again.
            self.sql.execute("DELETE FROM approvals", [])?;
            done.lines.push("what waits for approval is asked again".into());
        }
        if changed.contains(&"meta") {
            self.repair_clock(keys.own)?;
            done.lines.push("the clock was set by this device's last change".into());
        }
        if changed.contains(&"destinations") {
            self.sql.execute("DELETE FROM destinations", [])?;
            done.lines.push("what other devices hold will be learned from them again".into());
        }
        self.repair_membership(&mut done)?;
        self.repair_blobs(&mut done)?;
        guard::accept(&self.sql)?;
        Ok(done)
    }

    /// Whether SQLite finds the file's own structure whole.
    pub(crate) fn structure_is_whole(&self) -> Result<bool, StoreError> {
        let found: String = self.sql.query_row("PRAGMA integrity_check(1)", [], |r| r.get(0))?;
        Ok(found == "ok")
    }

    /// Takes out rows whose place cannot be read, or that stand in another place than they say.
    fn remove_strays(&self, done: &mut Repaired) -> Result<(), StoreError> {
        let mut stray = Vec::new();
        {
            let mut statement = self
                .sql
                .prepare("SELECT pos, space, actor, seq, body FROM changes ORDER BY pos")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let position: i64 = row.get(0)?;
                let place = place_of(row);
                let body = row.get_ref(4)?.as_blob().unwrap_or_default();
                let known = place.as_ref().is_ok_and(|place| {
                    self.is_noted(place) || Change::decode(body, *place).is_ok()
                });
                if !known {
                    stray.push((position, body.to_vec()));
                }
            }
        }
        for (position, bytes) in stray {
            self.sql.execute("DELETE FROM changes WHERE pos = ?1", [position])?;
            done.lines.push("a change that stood in no known log was taken out".into());
            done.removed.push(Removed { place: format!("position {position}"), bytes });
        }
        Ok(())
    }

    fn is_noted(&self, place: &ChangeId) -> bool {
        let log = LogId { space: place.space, actor: place.actor };
        self.head(log).is_ok_and(|head| head.held > 0 || head.applied > 0)
    }

    fn all_logs(&self) -> Result<Vec<LogId>, StoreError> {
        let mut statement = self.sql.prepare(
            "SELECT space, actor FROM logs UNION SELECT space, actor FROM changes
             UNION SELECT space, actor FROM waiting",
        )?;
        let mut rows = statement.query([])?;
        let mut logs = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let space = columns::space(&row.get::<_, String>(0)?);
            let actor = columns::actor(&row.get::<_, Vec<u8>>(1)?);
            if let (Ok(space), Ok(actor)) = (space, actor) {
                logs.insert(LogId { space, actor });
            }
        }
        Ok(logs.into_iter().collect())
    }

    fn repair_log(
        &self,
        log: LogId,
        keys: &RepairKeys<'_>,
        holes: &mut Vec<Hole>,
        done: &mut Repaired,
    ) -> Result<(), StoreError> {
        let head = self.head(log).ok();
        let known: Vec<u64> = holes.iter().filter(|h| h.log == log).map(|h| h.seq).collect();
        let links = self.judge(log, head.as_ref(), keys)?;
        let mut damaged: Vec<&Link> = Vec::new();
        for link in &links {
            match &link.verdict {
                Verdict::Whole => {}
                Verdict::WrongHash(hash) => {
                    self.update_column(link, log, "hash", &hash.0)?;
                    done.lines.push(format!(
                        "the hash beside change {} of {} was worked out again",
                        link.seq, log.actor
                    ));
                }
                Verdict::WrongSignature(hash) if log.actor == keys.own => {
                    let place = ChangeId { space: log.space, actor: log.actor, seq: link.seq };
                    self.update_column(link, log, "signature", &(keys.sign)(place, *hash))?;
                    done.lines.push(format!("change {} of this device was signed again", link.seq));
                }
                Verdict::WrongSignature(_) | Verdict::Damaged(_) => damaged.push(link),
                Verdict::Stray => {
                    self.take_out(log, link, done)?;
                    done.lines.push(format!(
                        "a change that does not belong into the log of {} was taken out",
                        log.actor
                    ));
                }
            }
        }
        // What waits is not applied: it is dropped from the first damage on, and comes again.
        if let Some(first) = damaged.iter().find(|link| link.position.is_none()).map(|l| l.seq) {
            for link in links.iter().filter(|l| l.position.is_none() && l.seq >= first) {
                self.take_out(log, link, done)?;
            }
            done.lines.push(format!("changes from {first} on of {} wait to come again", log.actor));
        }
        let mut found: Vec<Hole> = Vec::new();
        for link in damaged {
            let Some(position) = link.position else { continue };
            self.take_out(log, link, done)?;
            let hash = match link.verdict {
                Verdict::Damaged(hash) => hash,
                Verdict::WrongSignature(hash) => Some(hash),
                _ => None,
            };
            found.push(Hole { log, seq: link.seq, position, hash, exchange: link.exchange });
        }
        found.extend(self.gaps(log, &links, &known)?);
        let own = log.actor == keys.own;
        found.sort_by_key(|hole| hole.seq);
        let lost = found.first().filter(|hole| own && !self.has_left(log, hole.seq)).map(|h| h.seq);
        if let Some(first) = lost {
            self.withdraw(log, first, done)?;
            holes.retain(|hole| hole.log != log || hole.seq < first);
            done.write_again = true;
            done.own_log = true;
        } else {
            for hole in found {
                done.lines.push(format!(
                    "change {} of {} is damaged and was taken out; it is asked for again",
                    hole.seq, log.actor
                ));
                done.own_log |= own;
                holes.push(hole);
            }
        }
        let short = head.as_ref().is_none_or(|head| {
            self.last_row(log).is_ok_and(|last| last.is_none_or(|(seq, _)| seq < head.held))
        });
        if short && !links.is_empty() && own {
            // The end is missing: nobody may take its numbers for something else.
            done.own_log = true;
        }
        if !links.is_empty() || head.is_none() {
            self.note_held(log, holes)?;
        }
        Ok(())
    }

    /// Numbers that are missing between those that are here.
    fn gaps(&self, log: LogId, links: &[Link], known: &[u64]) -> Result<Vec<Hole>, StoreError> {
        let mut gaps = Vec::new();
        let links: Vec<&Link> = links.iter().filter(|l| l.verdict != Verdict::Stray).collect();
        for pair in links.windows(2) {
            let [before, after] = pair else { continue };
            let (Some(from), Some(to)) = (before.position, after.position) else { continue };
            let mut position = from;
            for seq in before.seq.saturating_add(1)..after.seq {
                position = self.free_position(position, to)?;
                if !known.contains(&seq) {
                    gaps.push(Hole { log, seq, position, hash: None, exchange: None });
                }
            }
        }
        Ok(gaps)
    }

    /// The first place in the order that nothing takes.
    fn free_position(&self, after: i64, before: i64) -> Result<i64, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT 1 FROM changes WHERE pos = ?1")?;
        for position in after.saturating_add(1)..before {
            if !statement.exists([position])? {
                return Ok(position);
            }
        }
        Err(StoreError::Damaged(
            "the order of the changes has no place for one that is missing".into(),
        ))
    }

    /// Whether a change of this device may be somewhere else.
    fn has_left(&self, log: LogId, seq: u64) -> bool {
        // What cannot be read may say anything.
        let departed: Result<bool, _> = self.sql.query_row(
            "SELECT EXISTS (SELECT 1 FROM departed WHERE space = ?1 AND actor = ?2 AND seq >= ?3)",
            (log.space.as_str(), log.actor.0, columns::number(seq)),
            |row| row.get(0),
        );
        let nowhere =
            |all: Vec<crate::Destination>| all.iter().all(|known| known.holds.get(log) < seq);
        !departed.is_ok_and(|departed| !departed) || !self.destinations().is_ok_and(nowhere)
    }

    /// Takes out a log of this device from a number on.
    fn withdraw(&self, log: LogId, first: u64, done: &mut Repaired) -> Result<(), StoreError> {
        let from = columns::number(first);
        let mut statement = self.sql.prepare(
            "SELECT seq, body FROM changes WHERE space = ?1 AND actor = ?2 AND seq >= ?3 ORDER BY seq",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0, from))?;
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(0)?;
            let bytes = row.get_ref(1)?.as_blob().unwrap_or_default().to_vec();
            done.removed.push(Removed { place: format!("change {seq} of {}", log.actor), bytes });
        }
        drop(rows);
        self.sql.execute(
            "DELETE FROM changes WHERE space = ?1 AND actor = ?2 AND seq >= ?3",
            (log.space.as_str(), log.actor.0, from),
        )?;
        done.lines.push(format!(
            "change {first} of this device is damaged and had reached no other device: it and what \
             followed it were taken out, and what the lists still show of them is written again"
        ));
        Ok(())
    }

    fn take_out(&self, log: LogId, link: &Link, done: &mut Repaired) -> Result<(), StoreError> {
        let table = if link.position.is_some() { "changes" } else { "waiting" };
        let place = (log.space.as_str(), log.actor.0, columns::number(link.seq));
        let which = "WHERE space = ?1 AND actor = ?2 AND seq = ?3";
        let body = if table == "changes" { "coalesce(original, body)" } else { "body" };
        let bytes: Vec<u8> = self
            .sql
            .query_row(&format!("SELECT {body} FROM {table} {which}"), place, |row| row.get(0))
            .unwrap_or_default();
        self.sql.execute(&format!("DELETE FROM {table} {which}"), place)?;
        let place = format!("change {} of {} in {}", link.seq, log.actor, log.space);
        done.removed.push(Removed { place, bytes });
        Ok(())
    }

    fn update_column(
        &self,
        link: &Link,
        log: LogId,
        column: &str,
        value: &[u8],
    ) -> Result<(), StoreError> {
        let table = if link.position.is_some() { "changes" } else { "waiting" };
        self.sql.execute(
            &format!(
                "UPDATE {table} SET {column} = ?4 WHERE space = ?1 AND actor = ?2 AND seq = ?3"
            ),
            (log.space.as_str(), log.actor.0, columns::number(link.seq), value),
        )?;
        Ok(())
    }

    /// The clock goes on from this device's last change: it never gives a time out twice.
    fn repair_clock(&self, own: ActorId) -> Result<(), StoreError> {
        let mut statement = self
            .sql
            .prepare("SELECT pos, space, actor, seq, body FROM changes WHERE actor = ?1")?;
        let mut rows = statement.query([own.0])?;
        let mut last = holdfast_model::Hlc::default();
        while let Some(row) = rows.next()? {
            if let Ok(place) = place_of(row)
                && let Ok(change) = Change::decode(&row.get::<_, Vec<u8>>(4)?, place)
            {
                last = last.max(change.time);
            }
        }
        drop(rows);
        self.keep_clock(HybridClock::after(last))
    }

    /// Records of the list of devices come with every bundle: a damaged one is dropped.
    fn repair_membership(&self, done: &mut Repaired) -> Result<(), StoreError> {
        let mut damaged = Vec::new();
        {
            let mut statement = self.sql.prepare("SELECT hash, record FROM membership")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (hash, record): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
                if Hash::of(&record).0.as_slice() != hash.as_slice() {
                    damaged.push((hash, record));
                }
            }
        }
        for (hash, record) in damaged {
            self.sql.execute("DELETE FROM membership WHERE hash = ?1", [&hash])?;
            // Where only the hash beside it was damaged, the record counts as before.
            let whole =
                holdfast_vault::Membership::from_records(self.vault, std::slice::from_ref(&record));
            if whole.records().is_empty() {
                done.lines.push(
                    "a damaged record of the list of devices was taken out; every bundle brings it"
                        .into(),
                );
            } else {
                self.add_membership(&record)?;
                done.lines.push("a record of the list of devices was noted again".into());
            }
            done.removed.push(Removed { place: "list of devices".into(), bytes: record });
        }
        self.drop_idle_membership(done)
    }

    /// Takes out what no further record could make count, and what is over the bounds: an older app kept
    /// whatever came.
    fn drop_idle_membership(&self, done: &mut Repaired) -> Result<(), StoreError> {
        let all = self.membership()?;
        let members = holdfast_vault::Membership::from_records(self.vault, &all);
        let kept: std::collections::BTreeSet<&[u8]> =
            members.records().iter().map(Vec::as_slice).collect();
        let idle: Vec<Vec<u8>> =
            all.into_iter().filter(|record| !kept.contains(record.as_slice())).collect();
        if idle.is_empty() || kept.is_empty() {
            return Ok(());
        }
        self.keep_membership(members.records())?;
        done.lines.push(format!(
            "{} that can never count were taken out of the list of devices",
            if idle.len() == 1 { "1 record".into() } else { format!("{} records", idle.len()) }
        ));
        done.removed.extend(
            idle.into_iter().map(|bytes| Removed { place: "list of devices".into(), bytes }),
        );
        Ok(())
    }

    /// Content that does not match its hash is dropped; a full bundle brings it again.
    fn repair_blobs(&self, done: &mut Repaired) -> Result<(), StoreError> {
        let mut statement = self.sql.prepare("SELECT hash FROM blobs")?;
        let hashes: Vec<Vec<u8>> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for bytes in hashes {
            let hash = columns::hash(&bytes);
            let whole = hash.is_ok_and(|hash| self.blob(hash).is_ok() && self.is_noted_blob(hash));
            if !whole {
                self.sql.execute("DELETE FROM blobs WHERE hash = ?1", [&bytes])?;
                done.lines
                    .push("a damaged attachment was dropped; a full bundle brings it again".into());
            }
        }
        self.sql
            .execute("DELETE FROM blob_pieces WHERE hash NOT IN (SELECT hash FROM blobs)", [])?;
        Ok(())
    }

    fn is_noted_blob(&self, hash: Hash) -> bool {
        self.sql
            .query_row(
                "SELECT (size, pieces) IS (SELECT coalesce(sum(length(bytes)), 0), count(*)
                    FROM blob_pieces p WHERE p.hash = b.hash) FROM blobs b WHERE hash = ?1",
                [hash.0],
                |row| row.get(0),
            )
            .unwrap_or(false)
    }
}

fn place_of(row: &rusqlite::Row<'_>) -> Result<ChangeId, StoreError> {
    Ok(ChangeId {
        space: columns::space(&row.get::<_, String>(1)?)?,
        actor: columns::actor(&row.get::<_, Vec<u8>>(2)?)?,
        seq: columns::seq(row.get(3)?)?,
    })
}
