//! Judging each change of a log by its neighbours: whether its body, the hash beside it or its signature
//! is what was damaged.

use crate::log::Head;
use crate::repair::RepairKeys;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::Change;
use holdfast_oplog::{ChangeId, Hash, LogId, chain_hash};
use rusqlite::Row;

/// What was found of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is as it was written.
    Whole,
    /// The body is right, and this is its hash; the one beside it is not.
    WrongHash(Hash),
    /// Body and hash are right, the signature is not.
    WrongSignature(Hash),
    /// The body is not as it was written; its hash, where that can be relied on.
    Damaged(Option<Hash>),
    /// It stands after a gap and does not belong there.
    Stray,
}

/// One change of a log.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    /// Where it was applied; none while it waits.
    pub(crate) position: Option<i64>,
    pub(crate) exchange: Option<i64>,
    pub(crate) verdict: Verdict,
}

/// What is kept of a change until its successor is read.
struct Before {
    link: Link,
    stored: Option<Hash>,
    worked_out: Hash,
}

impl Tx<'_> {
    /// Judges all changes of a log that are here, in order.
    pub(crate) fn judge(
        &self,
        log: LogId,
        head: Option<&Head>,
        keys: &RepairKeys<'_>,
    ) -> Result<Vec<Link>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT seq, hash, signature, coalesce(original, body), exchange, pos FROM changes WHERE space = ?1 AND actor = ?2
             UNION ALL SELECT seq, hash, signature, body, exchange, NULL FROM waiting
             WHERE space = ?1 AND actor = ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        let author = self.author_of(log)?;
        // Where the log begins here, and what its first change follows.
        let (begin, begin_hash) = self.before_first(log)?;
        let mut links = Vec::new();
        let mut before: Option<Before> = None;
        while let Some(row) = rows.next()? {
            let seq = columns::seq(row.get(0)?)?;
            let next = before.as_ref().is_some_and(|b| b.link.seq.checked_add(1) == Some(seq));
            let stored = columns::hash(&row.get::<_, Vec<u8>>(1)?).ok();
            let body: Vec<u8> = row.get(3)?;
            let (by_stored, by_body) = match &before {
                Some(before) if next => {
                    let by_body = chain_hash(before.worked_out, &body);
                    (before.stored.map_or(by_body, |hash| chain_hash(hash, &body)), by_body)
                }
                // After a gap only the change itself can tell.
                _ if begin.checked_add(1) == Some(seq) => {
                    let hash = chain_hash(begin_hash, &body);
                    (hash, hash)
                }
                _ => {
                    let place = ChangeId { space: log.space, actor: author.actor, seq };
                    if Change::decode(&body, place).is_err() {
                        let (position, exchange) = (row.get(5)?, row.get(4)?);
                        links.extend(before.take().map(|before| before.link));
                        links.push(Link { seq, position, exchange, verdict: Verdict::Stray });
                        continue;
                    }
                    let hash = stored.unwrap_or(Hash::ZERO);
                    (hash, hash)
                }
            };
            if let Some(mut before) = before.take() {
                if next && before.stored != Some(before.worked_out) {
                    before.link.verdict = if stored == Some(by_body) {
                        Verdict::WrongHash(before.worked_out)
                    } else if stored == Some(by_stored) {
                        Verdict::Damaged(before.stored)
                    } else {
                        Verdict::Damaged(None)
                    };
                }
                links.push(before.link);
            }
            let worked_out = if stored == Some(by_stored) { by_stored } else { by_body };
            let verdict = if stored == Some(worked_out) {
                judge_signature(author, seq, worked_out, row, keys)?
            } else {
                // Stands where no successor says more: the noted end of the log, or the signature.
                let noted = head.is_some_and(|h| h.held == seq && h.held_hash == worked_out);
                let signed =
                    signature(row)?.is_some_and(|s| (keys.verify)(author, seq, worked_out, &s));
                if noted || signed {
                    Verdict::WrongHash(worked_out)
                } else {
                    Verdict::Damaged(None)
                }
            };
            let link = Link { seq, position: row.get(5)?, exchange: row.get(4)?, verdict };
            before = Some(Before { link, stored, worked_out });
        }
        links.extend(before.map(|before| before.link));
        Ok(links)
    }
}

fn signature(row: &Row<'_>) -> Result<Option<[u8; 64]>, StoreError> {
    let bytes: Option<Vec<u8>> = row.get(2)?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
}

fn judge_signature(
    log: LogId,
    seq: u64,
    hash: Hash,
    row: &Row<'_>,
    keys: &RepairKeys<'_>,
) -> Result<Verdict, StoreError> {
    if !(keys.knows)(log.actor) || row.get_ref(2)? == rusqlite::types::ValueRef::Null {
        return Ok(Verdict::Whole);
    }
    let valid = signature(row)?.is_some_and(|s| (keys.verify)(log, seq, hash, &s));
    Ok(if valid { Verdict::Whole } else { Verdict::WrongSignature(hash) })
}
