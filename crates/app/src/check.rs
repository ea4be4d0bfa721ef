//! Verifying this device's data, and making the views anew.

use crate::{App, AppError, view};
use holdfast_oplog::{ChangeId, Hash, LogId};
use holdfast_vault::verify_change;

impl App {
    /// Verifies hashes, chains, signatures, views and attachments; `repair` makes the views anew.
    pub fn check(&self, repair: bool) -> Result<view::CheckReport, AppError> {
        self.with(|open| {
            let members = open.members()?;
            let vault = open.vault();
            let verify = |log: LogId, seq: u64, hash: Hash, signature: &[u8; 64]| {
                let id = ChangeId { space: log.space, actor: log.actor, seq };
                members
                    .public_of(log.actor)
                    .is_some_and(|public| verify_change(&public, vault, id, hash, signature))
            };
            let found = open.store.read(|tx| tx.check(&verify))?;
            let mut ok = found.iter().all(|line| line.ok);
            let mut lines: Vec<String> = found
                .into_iter()
                .map(|line| format!("{} {}", if line.ok { "ok" } else { "PROBLEM" }, line.text))
                .collect();
            let shown = open.store.read(|tx| tx.dump(None))?;
            let rebuilt = open.store.try_out(|tx| {
                tx.rebuild()?;
                tx.dump(None)
            })?;
            let same = shown == rebuilt;
            ok &= same || repair;
            lines.push(if same {
                "ok views agree with the log".into()
            } else if repair {
                "repaired views did not agree with the log and were made anew".into()
            } else {
                "PROBLEM views do not agree with the log: repair makes them anew".into()
            });
            if repair {
                let changes = open.store.write(|tx| tx.rebuild())?;
                lines.push(format!("ok views made anew from {changes} changes"));
            }
            Ok(view::CheckReport { ok, lines })
        })
    }
}
