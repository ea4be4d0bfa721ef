//! Incoming changes that wait for the person: looking at them, and taking them in.

use crate::nearby::HELD;
use crate::session::Open;
use crate::{App, AppError, activity, bundles, view};
use holdfast_model::Op;
use holdfast_model::entity::{ALIVE, DELETED, Seen};
use holdfast_oplog::DeviceId;
use holdfast_store::{Direction, Exchange, With};
use holdfast_transports::folder::Take;
use rand_core::{OsRng, RngCore};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What waits in the exchange folder.
const FOLDER: &str = "folder";
/// How long a device may take to hand over what the person accepted.
const REACHED: Duration = Duration::from_secs(20);

/// Exchanges of a device that are looked through first for those that were accepted just now.
const LOOKED_AT: usize = 64;

impl App {
    /// What waiting changes would do. Changes nothing.
    pub fn inspect_held(&self, id: &str) -> Result<view::BundlePreview, AppError> {
        if let Some(device) = nearby_device(id) {
            return self.inspect_nearby(id, device);
        }
        expect_folder(id)?;
        let preview = self.with(|open| open.look_into_folder())?;
        let preview = preview.ok_or(AppError::NothingTo("look at any more"))?;
        Ok(view::BundlePreview { token: id.to_owned(), ..bundles::preview(preview, FOLDER.into()) })
    }

    /// Takes waiting changes in. `keep` brings back what they delete, as a change of this device.
    pub fn accept_held(&self, id: &str, keep: bool) -> Result<view::ImportResult, AppError> {
        if let Some(device) = nearby_device(id) {
            return self.accept_nearby(device, keep);
        }
        expect_folder(id)?;
        let before = self.with(|open| open.look_into_folder())?;
        let preview = before.ok_or(AppError::NothingTo("take in any more"))?;
        let exchange = self.exchange_folder(Some(Take::Confirmed), false)?.exchange;
        if let Some(exchange) = exchange.filter(|_| keep) {
            self.bring_back(&[exchange])?;
        }
        Ok(view::ImportResult {
            exchange: exchange.map(|id| id.to_string()).unwrap_or_default(),
            adds: preview.adds as u32,
            updates: preview.updates as u32,
            deletes: if keep { 0 } else { preview.deletes as u32 },
            conflicts: preview.conflicts as u32,
            merged: preview.merged as u32,
        })
    }
}

impl App {
    /// What a device's large deletion would do, as it was when it came and was not taken in.
    fn inspect_nearby(&self, id: &str, device: DeviceId) -> Result<view::BundlePreview, AppError> {
        self.with(|open| {
            let facts = open.nearby_facts()?;
            let since = facts.held.iter().find(|(of, ..)| *of == device).map(|held| held.2);
            let since = since.ok_or(AppError::NothingTo("look at any more"))?;
            let report = facts.held_reports.into_iter().find(|(of, _)| *of == device);
            let report = report.map(|(_, report)| report).unwrap_or_default();
            let number = |name: &str| {
                let count = report.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
                u32::try_from(count).unwrap_or(u32::MAX)
            };
            let (items, notices) = activity::reported(&report);
            let from = open.people()?.device(device).name;
            Ok(view::BundlePreview {
                token: id.to_owned(),
                file: String::new(),
                from,
                made: since,
                adds: number("adds"),
                updates: number("updates"),
                deletes: number("deletes"),
                conflicts: number("conflicts"),
                already: number("already"),
                items,
                notices,
            })
        })
    }

    /// Brings back everything that exchanges made vanish, as one action of this device: what was deleted is in
    /// use again, what went from the trash lies in it again, and what was emptied or hidden is as it was where
    /// nobody has changed it since.
    fn bring_back(&self, exchanges: &[i64]) -> Result<(), AppError> {
        self.with(|open| {
            let (mut lost, mut purged) = (BTreeSet::new(), BTreeSet::new());
            let mut changes = Vec::new();
            open.store.read(|tx| {
                for exchange in exchanges {
                    lost.extend(tx.lost_by(*exchange)?);
                    purged.extend(tx.purged_by(*exchange)?);
                    changes.extend(tx.changes_of_exchange(*exchange)?);
                }
                Ok::<_, AppError>(())
            })?;
            if lost.is_empty() && purged.is_empty() {
                return Ok(());
            }
            let group = OsRng.next_u64();
            let mut altered = BTreeSet::new();
            open.act("restore", |work| {
                work.group = Some(group);
                for id in &lost {
                    let Some((state, space)) = work.tx.entity(*id)? else { continue };
                    if state.is_alive() {
                        altered.insert(*id);
                        continue;
                    }
                    let mut draft = state.draft();
                    draft.life(ALIVE, &Seen::All);
                    work.push(space, draft);
                    work.ids.push(*id);
                }
                for id in purged.iter().filter(|id| !lost.contains(id)) {
                    let Some((state, space)) = work.tx.entity(*id)? else { continue };
                    if state.is_purged() {
                        let mut draft = state.draft();
                        draft.life(DELETED, &Seen::All);
                        work.push(space, draft);
                        work.ids.push(*id);
                    }
                }
                Ok("What was deleted is back".to_owned())
            })?;
            for change in &mut changes {
                change
                    .ops
                    .retain(|op| matches!(op, Op::Edit(edit) if altered.contains(&edit.entity)));
            }
            changes.retain(|change| !change.ops.is_empty());
            if !changes.is_empty() {
                open.reverse_within(&changes, "exchange.undo", None, Some(group))?;
            }
            Ok(())
        })
    }

    /// Lets a device's large deletion in: it is asked for again, and taken in.
    fn accept_nearby(&self, device: DeviceId, keep: bool) -> Result<view::ImportResult, AppError> {
        let (waits, running) = (
            self.with(|open| Ok(open.nearby_facts()?.held.iter().any(|(of, ..)| *of == device)))?,
            self.nearby_runs(),
        );
        if !waits {
            return Err(AppError::NothingTo("take in any more"));
        }
        if !running {
            return Err(AppError::NearbyNotRunning);
        }
        let before = self.with(|open| open.last_exchange())?;
        self.with(|open| open.confirm_deletion(device))?;
        let start = Instant::now();
        while self
            .with(|open| Ok(open.nearby_facts()?.held.iter().any(|(of, ..)| *of == device)))?
        {
            if start.elapsed() > REACHED {
                return Err(AppError::NobodyNearby);
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        // The device may have sent it in several exchanges.
        let taken = self.with(|open| open.received_from(device, before))?;
        let latest = taken.first().ok_or(AppError::NothingTo("take in any more"))?;
        let number = |name: &str| {
            let counts = taken.iter().filter_map(|one| one.report.get(name)?.as_u64());
            u32::try_from(counts.fold(0, u64::saturating_add)).unwrap_or(u32::MAX)
        };
        if keep {
            let ids: Vec<i64> = taken.iter().map(|one| one.id).collect();
            self.bring_back(&ids)?;
        }
        Ok(view::ImportResult {
            exchange: latest.id.to_string(),
            adds: number("adds"),
            updates: number("updates"),
            deletes: if keep { 0 } else { number("deletes") },
            conflicts: number("conflicts"),
            merged: number("merged"),
        })
    }
}

impl Open {
    /// The number of the last exchange that was recorded.
    fn last_exchange(&mut self) -> Result<i64, AppError> {
        Ok(self.store.read(|tx| tx.exchanges(1))?.first().map_or(0, |exchange| exchange.id))
    }

    /// What came from a device after an exchange, the newest first.
    fn received_from(&mut self, device: DeviceId, after: i64) -> Result<Vec<Exchange>, AppError> {
        let is_it = |exchange: &Exchange| {
            exchange.device == Some(device) && exchange.direction == Direction::Received
        };
        let mut most = LOOKED_AT;
        loop {
            let latest = self.store.read(|tx| tx.exchanges_with(With::Device(device), most))?;
            // All that came after it are among them; else more are looked at.
            if latest.len() < most || latest.last().is_some_and(|last| last.id <= after) {
                let later = latest.into_iter().take_while(|exchange| exchange.id > after);
                return Ok(later.filter(is_it).collect());
            }
            most = most.saturating_mul(4);
        }
    }
}

/// The device whose changes wait, where the id says so.
fn nearby_device(id: &str) -> Option<DeviceId> {
    id.strip_prefix(HELD)?.parse().ok()
}

fn expect_folder(id: &str) -> Result<(), AppError> {
    if id == FOLDER {
        Ok(())
    } else {
        Err(AppError::NoSuchItem { what: "waiting exchange", given: id.to_owned() })
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
