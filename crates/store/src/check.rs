use crate::apply::Applier;
use crate::history::change_at;
use crate::{StoreError, Tx, columns};
use holdfast_model::Change;
use holdfast_oplog::{ActorId, Hash, LogId, chain_hash};
use rusqlite::Row;

/// One finding of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLine {
    /// Whether this part is in order.
    pub ok: bool,
    /// What was looked at and what was found.
    pub text: String,
}

/// Checks the signature on a change: its log, number, hash, and the signature.
pub type Verify<'a> = dyn Fn(LogId, u64, Hash, &[u8; 64]) -> bool + 'a;

/// Tells a stored change, which may take a part of it into the texts at hand already.
pub(crate) type Reader<'a, 's> =
    dyn for<'t> FnMut(&Row<'_>, &mut Applier<'t, 's>) -> Result<Change, StoreError> + 'a;

/// Tables that are made of the changes alone, in an order in which they can be emptied.
const VIEWS: &[&str] = &[
    "search_due",
    "spellings",
    "conflicts",
    "cut_moves",
    "item_links",
    "link_names",
    "item_tags",
    "tags",
    "lists",
    "notes",
    "tasks",
    "text_updates",
    "text_bases",
    "text_reviews",
    "texts",
    "copies",
    "entities",
    "touched",
];

impl Tx<'_> {
    /// Verifies the database's own structure, the hash chain of every log and the attachments. The
    /// signature of each signed change is checked by `verify`, where `knows` says that the keys of its author
    /// are known: what somebody wrote who is none of the vault's devices any more cannot be verified, and is
    /// not damaged by that.
    pub fn check(
        &self,
        verify: &Verify<'_>,
        knows: &dyn Fn(ActorId) -> bool,
    ) -> Result<Vec<CheckLine>, StoreError> {
        let mut lines = Vec::new();
        let integrity: String =
            self.sql.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        lines.push(line(integrity == "ok", format!("database structure: {integrity}")));
        let mut broken = Vec::new();
        let (mut changes, mut signed, mut unknown) = (0_u64, 0_u64, 0_u64);
        let mut statement = self.sql.prepare(
            "SELECT space, actor, seq, hash, signature, coalesce(original, body) FROM changes
             UNION ALL SELECT space, actor, seq, hash, signature, body FROM waiting
             ORDER BY space, actor, seq",
        )?;
        let mut rows = statement.query([])?;
        let mut at: Option<(LogId, u64, Hash)> = None;
        while let Some(row) = rows.next()? {
            let log = LogId {
                space: columns::space(&row.get::<_, String>(0)?)?,
                actor: columns::actor(&row.get::<_, Vec<u8>>(1)?)?,
            };
            let seq = columns::seq(row.get(2)?)?;
            let stored = columns::hash(&row.get::<_, Vec<u8>>(3)?)?;
            let (last, previous) = match at {
                Some((known, last, hash)) if known == log => (last, hash),
                _ => self.before_first(log)?,
            };
            let hash = chain_hash(previous, &row.get::<_, Vec<u8>>(5)?);
            changes += 1;
            if seq != last + 1 {
                broken.push(format!(
                    "changes {} to {} of {} are missing",
                    last + 1,
                    seq.saturating_sub(1),
                    log.actor
                ));
            } else if hash != stored {
                broken.push(format!("change {seq} of {} does not match its hash", log.actor));
            }
            if let Some(signature) = row.get::<_, Option<Vec<u8>>>(4)? {
                let author = self.author_of(log)?;
                let is_known = knows(author.actor);
                signed += u64::from(is_known);
                unknown += u64::from(!is_known);
                let valid = signature
                    .try_into()
                    .is_ok_and(|signature: [u8; 64]| verify(author, seq, stored, &signature));
                if is_known && !valid {
                    broken.push(format!("the signature of change {seq} of {} is wrong", log.actor));
                }
            }
            at = Some((log, seq, stored));
        }
        drop(rows);
        for head in self.base_heads()? {
            if !knows(head.log.actor) {
                unknown += 1;
                continue;
            }
            signed += 1;
            if !verify(head.log, head.seq, head.hash, &head.signature) {
                let (seq, actor) = (head.seq, head.log.actor);
                broken.push(format!(
                    "the signature under the base at change {seq} of {actor} is wrong"
                ));
            }
        }
        lines.push(line(
            broken.is_empty(),
            format!("{changes} changes in their logs, {signed} signatures verified"),
        ));
        lines.extend(broken.into_iter().take(20).map(|text| line(false, text)));
        if unknown > 0 {
            let text =
                "signatures of devices that do not belong to the vault, which nobody can verify";
            lines.push(line(true, format!("{unknown} {text}")));
        }
        let (mut whole, mut damaged) = (0, 0);
        for hash in self.blobs()? {
            match self.blob(hash) {
                Ok(_) => whole += 1,
                Err(_) => damaged += 1,
            }
        }
        lines.push(line(damaged == 0, format!("{whole} attachments whole, {damaged} damaged")));
        Ok(lines)
    }

    /// Where the chain of a log begins: at the base, at zero, or for a branch where it leaves another.
    pub(crate) fn before_first(&self, log: LogId) -> Result<(u64, Hash), StoreError> {
        if let Some(head) = self.base_head(log)? {
            return Ok((head.seq, head.hash));
        }
        let Some(branch) = self.branch(log)? else { return Ok((0, Hash::ZERO)) };
        let last = branch.first.saturating_sub(1);
        Ok((last, self.hash_before(log, last)?.unwrap_or(Hash::ZERO)))
    }
}

impl<'s> Tx<'s> {
    /// Makes every view anew from the base and the changes. Nothing else is touched.
    pub fn rebuild(&self) -> Result<u64, StoreError> {
        self.rebuild_with(&mut |row, _| change_at(row))
    }

    /// The same, with the changes as `read` tells them.
    pub(crate) fn rebuild_with(&self, read: &mut Reader<'_, 's>) -> Result<u64, StoreError> {
        for table in VIEWS {
            self.sql.execute(&format!("DELETE FROM {table}"), [])?;
        }
        self.sql.execute("INSERT INTO search (search) VALUES ('delete-all')", [])?;
        self.load_base()?;
        let last = self.position()?;
        let mut applier = Applier::new(self)?;
        let mut done = 0;
        let mut from = 0;
        while from < last {
            let mut statement = self.sql.prepare_cached(
                "SELECT pos, space, actor, seq, hash, body, original FROM changes
                 WHERE pos > ?1 ORDER BY pos LIMIT 1000",
            )?;
            let mut rows = statement.query([from])?;
            let before = from;
            while let Some(row) = rows.next()? {
                from = row.get("pos")?;
                applier.at_position(from);
                let change = read(row, &mut applier)?;
                applier.replay(&change)?;
                done += 1;
            }
            if from == before {
                break;
            }
        }
        applier.finish()?;
        Ok(done)
    }
}

pub(crate) fn line(ok: bool, text: String) -> CheckLine {
    CheckLine { ok, text }
}
