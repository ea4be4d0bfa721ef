//! Verifying this device's data, and repairing it: damaged changes are taken out and asked for again,
//! views are made anew.

use crate::difference::{self, Picture};
use crate::notices::kind;
use crate::session::Open;
use crate::view::BackupKind;
use crate::{App, AppError, view};
use holdfast_oplog::{ActorId, ChangeId, Hash, LogId, VaultId};
use holdfast_store::private_file;
use holdfast_store::{CheckLine, Removed, RepairKeys, Repaired, StoreError, Tx};
use holdfast_vault::{Membership, sign_change, verify_change};
use serde_json::json;
use std::io::Write;

/// Action code of what repair wrote again.
pub(crate) const REPAIR: &str = "repair";

/// Where nothing else helps.
const WAY_OUT: &str = "the database cannot be read in part. Nothing was deleted. Restore a backup, \
    or join the vault again from another device with an invitation";

/// Checks signatures by what the vault knows of its devices.
pub(crate) fn verifier(
    members: &Membership,
    vault: VaultId,
) -> impl Fn(LogId, u64, Hash, &[u8; 64]) -> bool {
    move |log: LogId, seq: u64, hash: Hash, signature: &[u8; 64]| {
        let id = ChangeId { space: log.space, actor: log.actor, seq };
        let mut of = members.public_of_any(log.actor);
        of.any(|public| verify_change(&public, vault, id, hash, signature))
    }
}

/// Whether anybody is known who could have signed under an identity.
fn is_anybodys(members: &Membership, actor: ActorId) -> bool {
    members.public_of_any(actor).next().is_some()
}

impl App {
    /// Verifies hashes, chains, signatures, views and attachments. `repair` takes out what is damaged,
    /// after a backup, and makes the views anew.
    pub fn check(&self, repair: bool) -> Result<view::CheckReport, AppError> {
        let report = self.with(|open| {
            let mut lines = Vec::new();
            let mut whole = true;
            if repair {
                let point = self.make_backup(BackupKind::BeforeRepair);
                match point {
                    Ok(point) => lines.push(format!("ok a backup was made before: {}", point.id())),
                    // What cannot be copied as a whole is repaired all the more.
                    Err(error) => {
                        lines.push(format!("note no backup could be made before: {error}"));
                    }
                }
                match self.repair(open) {
                    Ok(done) => {
                        lines.extend(done.into_iter().map(|line| format!("repaired {line}")));
                    }
                    Err(error) => {
                        whole = false;
                        lines.push(format!("PROBLEM {error}"));
                    }
                }
            }
            for line in open.look() {
                whole &= line.ok;
                lines.push(format!("{} {}", if line.ok { "ok" } else { "PROBLEM" }, line.text));
            }
            // A list that cannot be read is a finding of the look above.
            let missing = open.store.read(|tx| tx.holes()).map_or(0, |holes| holes.len());
            let refetch = u32::try_from(missing).unwrap_or(u32::MAX);
            // Nothing more is written where a check found something; a repair is worth a line either way.
            if (whole || repair)
                && let Err(error) =
                    open.note(kind::CHECK, &json!({ "repair": repair, "whole": whole }))
            {
                tracing::warn!(%error, "the check is not in the activity list");
            }
            Ok(view::CheckReport { ok: whole, lines, refetch })
        })?;
        if repair {
            self.tell(view::Changed::anything(0));
        }
        Ok(report)
    }

    /// Repairs, and says what was done.
    fn repair(&self, open: &mut Open) -> Result<Vec<String>, AppError> {
        let members = open.members()?;
        // First without keeping it, to know what will be taken out.
        // The log of the identity under which was written until now is this device's own.
        let own = open.actor;
        let planned = open.repaired(&members, own, true)?;
        let mut lines = Vec::new();
        if !planned.removed.is_empty() {
            lines
                .push(format!("what was taken out is in {}", self.keep_removed(&planned.removed)?));
        }
        // Views that can be read may show what the log has lost.
        let shown = if planned.write_again { open.store.read(Picture::of).ok() } else { None };
        if planned.own_log {
            open.distrust()?;
            open.after_restore(&[])?;
        }
        let done = open.repaired(&members, own, false)?;
        lines.extend(done.lines);
        if let Some(shown) = shown {
            let clock = open.clock.zoned();
            let outcome =
                open.write(|tx, author| difference::lead_to(&shown, tx, author, &clock, REPAIR))?;
            lines
                .push(format!("{} items were written again as they were shown", outcome.ids.len()));
            lines.extend(outcome.skipped);
        } else if planned.write_again {
            lines.push(
                "what those changes did is lost: the lists that showed it are damaged too".into(),
            );
        }
        Ok(lines)
    }

    /// Writes what was taken out into a file of its own, one line each.
    fn keep_removed(&self, removed: &[Removed]) -> Result<String, AppError> {
        let folder = self.home.path().join("damaged");
        private_file::create_folder(&folder).map_err(AppError::file(&folder))?;
        let path = folder.join(format!("{}.txt", self.clock.now_ms()));
        let mut text = String::new();
        for row in removed {
            text.push_str(&format!("{}: ", row.place));
            for byte in &row.bytes {
                text.push_str(&format!("{byte:02x}"));
            }
            text.push('\n');
        }
        let written = private_file::create_new(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(AppError::file(&path))?;
        Ok(path.display().to_string())
    }
}

impl Open {
    /// Repairs the database and makes its views anew, or only tries it out.
    fn repaired(
        &mut self,
        members: &Membership,
        own: ActorId,
        try_out: bool,
    ) -> Result<Repaired, AppError> {
        let (keys, vault) = (&self.keys, self.store.vault());
        let verify = verifier(members, vault);
        let repair = |tx: &Tx<'_>| {
            let keys = RepairKeys {
                verify: &verify,
                knows: &|actor| is_anybodys(members, actor),
                own,
                sign: &|id: ChangeId, hash: Hash| sign_change(keys, vault, id, hash),
            };
            let done = tx.repair(&keys)?;
            tx.rebuild()?;
            Ok::<_, StoreError>(done)
        };
        let done = if try_out { self.store.try_out(repair) } else { self.store.write(repair) };
        Ok(done?)
    }

    /// Looks at everything; what cannot be read is a finding.
    fn look(&mut self) -> Vec<CheckLine> {
        let mut lines = Vec::new();
        let vault = self.vault();
        let found = self.members().and_then(|members| {
            let verify = verifier(&members, vault);
            Ok(self.store.read(|tx| tx.check(&verify, &|actor| is_anybodys(&members, actor)))?)
        });
        match found {
            Ok(found) => lines.extend(found),
            Err(error) => lines.push(problem(error.to_string())),
        }
        let rows = self
            .store
            .read(|tx| Ok::<_, StoreError>([tx.check_rows(), tx.check_missing()].concat()));
        match rows {
            Ok(rows) => lines.extend(rows),
            Err(error) => lines.push(problem(error.to_string())),
        }
        lines.extend(self.compare_views());
        let unreadable = lines.iter().any(|line| !line.ok && line.text.contains("malformed"));
        if unreadable {
            lines.push(problem(WAY_OUT.into()));
        }
        lines
    }

    /// Compares what is shown with what the changes make.
    fn compare_views(&mut self) -> Vec<CheckLine> {
        // In one transaction: another process may write at any time.
        let sums = self.store.try_out(|tx| {
            let (shown, before) = (tx.dump(None)?, tx.view_sums()?);
            tx.rebuild()?;
            let same = tx.dump(None)? == shown;
            Ok::<_, StoreError>((same, before, tx.view_sums()?))
        });
        let (same, before, after) = match sums {
            Ok(sums) => sums,
            Err(error) => return vec![problem(format!("views cannot be read: {error}"))],
        };
        let differ: Vec<&str> = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| before != after)
            .map(|((name, _), _)| *name)
            .collect();
        if same && differ.is_empty() {
            return vec![CheckLine { ok: true, text: "views agree with the log".into() }];
        }
        let text = format!(
            "views do not agree with the log ({}): repair makes them anew",
            if differ.is_empty() { "items".into() } else { differ.join(", ") }
        );
        vec![problem(text)]
    }
}

fn problem(text: String) -> CheckLine {
    CheckLine { ok: false, text }
}
