//! Runs: stretches of a log as they leave this device, cut where a signature vouches for them.

use crate::base::BaseHead;
use crate::{StoreError, Tx, columns};
use holdfast_oplog::{Hash, LogId, Range, Space, limits};

/// Consecutive changes of one log with the signature on the last.
#[derive(Debug, Clone)]
pub struct Run {
    /// The log.
    pub log: LogId,
    /// Number of the first change.
    pub first: u64,
    /// Hash of the change before it.
    pub prev_hash: Hash,
    /// Encoded changes.
    pub changes: Vec<Vec<u8>>,
    /// Hash of the last change.
    pub last_hash: Hash,
    /// Signature on the last change.
    pub signature: [u8; 64],
}

impl Run {
    /// Number of the last change.
    pub fn last(&self) -> u64 {
        self.first + (self.changes.len() as u64).saturating_sub(1)
    }
}

impl Tx<'_> {
    /// The first part of a range that fits into one batch, cut at a change that carries a signature.
    /// `None` when nothing of the range is held; [`StoreError::Pruned`] when its begin is in the base.
    pub fn run(&self, range: Range) -> Result<Option<Run>, StoreError> {
        let branch = self.branch(range.log)?;
        // A branch begins in the middle of the log that it leaves, and its changes name its author.
        let after = branch.map_or(0, |branch| branch.first.saturating_sub(1));
        let (first, last) = (range.first.saturating_add(after), range.last.saturating_add(after));
        let author = branch.map_or(range.log.actor, |branch| branch.actor);
        let pruned = self.base_head(range.log)?.map_or(0, |head| head.seq);
        if first <= pruned {
            return Err(StoreError::Pruned { actor: range.log.actor.to_string(), seq: pruned });
        }
        let prev_hash = if first <= 1 {
            Hash::ZERO
        } else {
            self.hash_before(range.log, first - 1)?
                .ok_or_else(|| StoreError::Damaged("a change is missing from a log".into()))?
        };
        let mut gathered = Gathered::default();
        self.gather_run(range.log, first, last, &mut gathered)?;
        // What two branches have in common may have come in one run with one of them: then only a
        // change of the branch carries the signature that vouches for it.
        let mut at = range.log;
        // In the space 'ask' that may be one which nobody approved: there it waits.
        while gathered.signed.is_none()
            && range.log.space != Space::Ask
            && last >= self.head(at)?.held
        {
            let Some(next) = self.first_branch(at)? else { break };
            gathered.until_signed = true;
            self.gather_run(next.log, next.first, self.head(next.log)?.held, &mut gathered)?;
            at = next.log;
        }
        let Gathered { mut changes, signed, .. } = gathered;
        Ok(signed.map(|(count, last_hash, signature)| {
            changes.truncate(count);
            let log = LogId { actor: author, ..range.log };
            Run { log, first, prev_hash, changes, last_hash, signature }
        }))
    }

    /// The last change of a log that is held with its author's signature, whether it is in the log or
    /// was pruned from it: what tells whose the log is. None where nothing signed is held of it.
    pub fn signed_head(&self, log: LogId) -> Result<Option<BaseHead>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT seq, hash, signature FROM changes
             WHERE space = ?1 AND actor = ?2 AND length(signature) = 64
             UNION ALL
             SELECT seq, hash, signature FROM waiting
             WHERE space = ?1 AND actor = ?2 AND length(signature) = 64
             ORDER BY seq DESC LIMIT 1",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        let Some(row) = rows.next()? else { return self.base_head(log) };
        let signature: Vec<u8> = row.get(2)?;
        let signature = signature
            .try_into()
            .map_err(|_| StoreError::Damaged("a signature has a wrong length".into()))?;
        let (seq, hash) = (columns::seq(row.get(0)?)?, columns::hash(&row.get::<_, Vec<u8>>(1)?)?);
        Ok(Some(BaseHead { log, seq, hash, signature }))
    }

    /// Adds a log's changes to a run, as far as they fit.
    fn gather_run(
        &self,
        log: LogId,
        first: u64,
        last: u64,
        into: &mut Gathered,
    ) -> Result<(), StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT seq, hash, signature, coalesce(original, body) FROM changes
             WHERE space = ?1 AND actor = ?2 AND seq BETWEEN ?3 AND ?4
             UNION ALL
             SELECT seq, hash, signature, body FROM waiting
             WHERE space = ?1 AND actor = ?2 AND seq BETWEEN ?3 AND ?4
             ORDER BY seq",
        )?;
        let mut rows = statement.query((
            log.space.as_str(),
            log.actor.0,
            columns::number(first),
            columns::number(last),
        ))?;
        while let Some(row) = rows.next()? {
            let body: Vec<u8> = row.get(3)?;
            into.size += body.len() + 8;
            // A received run is never larger than a batch, so a cut is found before this is exceeded.
            let full = into.changes.len() >= limits::BATCH_CHANGES || into.size > BATCH_TARGET;
            if (full || into.until_signed) && into.signed.is_some() {
                break;
            }
            into.changes.push(body);
            let signature: Option<Vec<u8>> = row.get(2)?;
            if let Some(signature) = signature {
                let signature = signature
                    .try_into()
                    .map_err(|_| StoreError::Damaged("a signature has a wrong length".into()))?;
                let hash = columns::hash(&row.get::<_, Vec<u8>>(1)?)?;
                into.signed = Some((into.changes.len(), hash, signature));
            }
        }
        Ok(())
    }
}

/// Changes of a run in the making.
#[derive(Default)]
struct Gathered {
    changes: Vec<Vec<u8>>,
    size: usize,
    /// Up to where there is a signature, with the hash there.
    signed: Option<(usize, Hash, [u8; 64])>,
    /// Whether no more than a signature is needed.
    until_signed: bool,
}

/// Bytes of changes from which on a batch is closed; well under the sealed bound, since text that
/// does not compress must fit too.
const BATCH_TARGET: usize = 512 * 1024;
