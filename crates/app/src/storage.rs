//! How much room the data takes, how long history is kept, and pruning what is older.

use crate::notices::kind;
use crate::session::Open;
use crate::{App, AppError, sync_status, view};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::VALUE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{DeviceId, Space};
use holdfast_store::{PruneReport, StoreError, Tx};
use holdfast_sync::snapshot::{outgoing_snapshot, vouched};
use holdfast_sync::{SyncError, membership, moment, offer, outgoing, prune, spaces};
use jiff::tz::TimeZone;
use rand_core::OsRng;
use serde_json::json;

/// Until the person chooses.
const HISTORY_DAYS: i64 = 365;
/// History that undo, decisions and their taking back rely on in daily use.
const LEAST_DAYS: u32 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Below so many old changes automatic pruning is not worth its writing.
const WORTH: u64 = 500;
/// Private fact: when this device last looked for something to prune.
const LOOKED: &str = "pruned_ms";

/// The setting that keeps the history period: days, 0 for ever.
fn setting() -> EntityId {
    EntityId::named("setting/history-days")
}

/// For how many days history is kept; `None` means for ever. What is no number of days counts as never
/// chosen.
fn history_days(tx: &Tx<'_>) -> Result<Option<u32>, StoreError> {
    let chosen = tx
        .entity(setting())?
        .filter(|(state, _)| state.is_alive())
        .and_then(|(state, _)| state.value(VALUE).as_int());
    let days = chosen.filter(|days| *days == 0 || *days >= i64::from(LEAST_DAYS));
    let days = u32::try_from(days.unwrap_or(HISTORY_DAYS)).unwrap_or(u32::MAX);
    Ok((days > 0).then_some(days))
}

fn before(now_ms: i64, days: u32) -> i64 {
    now_ms.saturating_sub(i64::from(days).saturating_mul(DAY_MS))
}

fn number(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Prunes, and notes it for the activity list.
fn pruned(
    tx: &Tx<'_>,
    me: DeviceId,
    before_ms: i64,
    now_ms: i64,
) -> Result<PruneReport, StoreError> {
    let report = prune(tx, me, before_ms)?;
    if report.pruned > 0 {
        tx.add_notice(now_ms, kind::PRUNE, &json!({ "count": report.pruned }))?;
    }
    Ok(report)
}

impl App {
    /// How much room everything takes, and how long history is kept.
    pub fn storage(&self) -> Result<view::StorageView, AppError> {
        self.with(|open| {
            let Some(days) = open.store.read(history_days)? else {
                return open.storage(Vec::new());
            };
            let (me, before) = (open.device(), before(open.now_ms(), days));
            let old = open.store.read(|tx| {
                Ok::<_, StoreError>(tx.oldest_change_ms()?.is_some_and(|oldest| oldest < before))
            })?;
            // Only where something is old is it worth to see who lacks it.
            let report =
                if old { Some(open.store.try_out(|tx| prune(tx, me, before))?) } else { None };
            let holders = report.map(|report| open.holders(&report)).transpose()?;
            open.storage(holders.unwrap_or_default())
        })
    }

    /// Keeps history for some days on all devices; `None` means for ever.
    pub fn set_history_days(&self, days: Option<u32>) -> Result<view::Done, AppError> {
        if days.is_some_and(|days| days < LEAST_DAYS) {
            return Err(AppError::Invalid(format!(
                "History is kept for {LEAST_DAYS} days at least: undo and decisions need it."
            )));
        }
        self.with(|open| {
            open.act("history.set", |work| {
                let value = i64::from(days.unwrap_or(0));
                if let Some((state, space)) = work.tx.entity(setting())? {
                    let mut draft = state.draft();
                    draft.set(VALUE, value, &Seen::All);
                    work.push(space, draft);
                } else {
                    let mut draft = Draft::new(setting(), Kind::Setting.as_str());
                    draft.set(VALUE, value, &Seen::All);
                    work.push(Space::Everywhere, draft);
                }
                Ok(match days {
                    Some(days) => format!("History is kept for {days} days"),
                    None => "History is kept for ever".to_owned(),
                })
            })
        })
    }

    /// Prunes what is older than the history period, or than some days; `dry_run` only says what that
    /// would do.
    pub fn prune(
        &self,
        older_than_days: Option<u32>,
        dry_run: bool,
    ) -> Result<view::PruneView, AppError> {
        self.with(|open| {
            let days = match older_than_days {
                Some(days) => Some(days),
                None => open.store.read(history_days)?,
            };
            let (me, now_ms) = (open.device(), open.now_ms());
            // Kept for ever: nothing is older.
            let before = days.map_or(i64::MIN, |days| before(now_ms, days));
            let report = if dry_run {
                open.store.try_out(|tx| prune(tx, me, before))?
            } else {
                let report = open.store.write(|tx| pruned(tx, me, before, now_ms))?;
                open.looked(now_ms)?;
                if report.pruned > 0 {
                    open.nothing_before_can_be_undone("Removing old changes");
                    open.store.compact()?;
                }
                report
            };
            open.prune_view(&report, dry_run)
        })
    }

    /// Prunes what is older than the history period, at most once a day and where there is enough of
    /// it. Costs next to nothing when nothing is to do. How many changes went.
    pub fn prune_when_due(&self) -> Result<u64, AppError> {
        self.with(|open| {
            let now_ms = open.now_ms();
            let looked = open.looked_last()?;
            // A clock that was set back does not keep it from looking again.
            if looked.is_some_and(|then| then <= now_ms && now_ms - then < DAY_MS) {
                return Ok(0);
            }
            let Some(days) = open.store.read(history_days)? else { return Ok(0) };
            let before = before(now_ms, days);
            let due = open.store.read(|tx| {
                let old = tx.oldest_change_ms()?.is_some_and(|oldest| oldest < before);
                Ok::<_, StoreError>(old && tx.changes_before(before)? >= WORTH)
            })?;
            let me = open.device();
            let count =
                if due { open.store.write(|tx| pruned(tx, me, before, now_ms))?.pruned } else { 0 };
            open.looked(now_ms)?;
            Ok(count)
        })
    }

    /// [`App::prune_when_due`] beside something else that must not fail because of it.
    pub(crate) fn tidy(&self) {
        if let Err(error) = self.prune_when_due() {
            tracing::warn!(%error, "old changes were not pruned; nothing was changed");
        }
    }
}

impl Open {
    fn looked_last(&self) -> Result<Option<i64>, AppError> {
        let bytes = self.private.get(LOOKED)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes))
    }

    fn looked(&mut self, now_ms: i64) -> Result<(), AppError> {
        Ok(self.private.set(LOOKED, &now_ms.to_be_bytes())?)
    }

    fn storage(&mut self, holders: Vec<view::HoldsBack>) -> Result<view::StorageView, AppError> {
        let last_pruned = self.looked_last()?;
        self.store.read(|tx| {
            let sizes = tx.sizes()?;
            Ok(view::StorageView {
                database: sizes.database,
                free: sizes.free,
                live: sizes.live,
                log: sizes.log,
                changes: number(sizes.changes),
                base: sizes.base,
                texts: sizes.texts,
                attachments: sizes.attachments,
                history_days: history_days(tx)?,
                last_pruned,
                holders,
            })
        })
    }

    /// Who holds pruning back.
    fn holders(&mut self, report: &PruneReport) -> Result<Vec<view::HoldsBack>, AppError> {
        let people = self.people()?;
        let now_ms = self.now_ms();
        let known = self.store.read(|tx| tx.destinations())?;
        let zone = TimeZone::system();
        let waiting_for = report.waiting_for.iter().map(|(device, changes)| {
            let name = people.device(*device).name;
            let last_seen =
                known.iter().find(|to| to.device == *device).and_then(|to| to.last_seen_ms);
            let text = match last_seen {
                Some(ms) => format!("{name} has not confirmed since {}", moment(ms, now_ms, &zone)),
                None => format!("{name} has never confirmed anything"),
            };
            let changes = number(*changes);
            view::HoldsBack { device: device.to_string(), name, changes, last_seen, text }
        });
        Ok(waiting_for.collect())
    }

    fn prune_view(
        &mut self,
        report: &PruneReport,
        dry_run: bool,
    ) -> Result<view::PruneView, AppError> {
        let waiting_for = self.holders(report)?;
        let mut notices = Vec::new();
        if report.unverified > 0 {
            notices.push("Old changes whose author cannot be verified are kept.".to_owned());
        }
        if report.newer > 0 {
            notices.push("Old changes that only a newer version understands are kept.".to_owned());
        }
        let (full_bundle, snapshot) = self.travel_sizes()?;
        let storage = self.storage(waiting_for.clone())?;
        Ok(view::PruneView {
            dry_run,
            pruned: number(report.pruned),
            bytes: report.bytes,
            old: number(report.old),
            waiting_for,
            notices,
            storage,
            full_bundle,
            snapshot,
        })
    }

    /// Sizes of what a bundle of everything holds of changes, and of a snapshot of what is alive.
    /// Attachments are not counted: they are the same in both.
    fn travel_sizes(&mut self) -> Result<(u64, u64), AppError> {
        let (keyring, keys) = (&self.keyring, &self.keys);
        let carried = spaces(sync_status::BUNDLE);
        let sizes = self.store.try_out(|tx| {
            let size = |tx: &Tx<'_>| -> Result<u64, SyncError> {
                let none = |_: Vec<u8>| Ok::<_, SyncError>(());
                let sent = outgoing_snapshot(tx, keyring, keys, &carried, 0, &mut OsRng, none)?;
                Ok(sent.bytes)
            };
            let base = tx.base_vector()?.within(&carried);
            let mut full = if base.is_empty() { 0 } else { size(tx)? };
            // Only measured: that it was handed out is undone with the rest.
            for range in offer(tx, sync_status::BUNDLE)?.missing_in(&base) {
                outgoing(tx, keyring, range, &mut OsRng, |_, batch| {
                    full = full.saturating_add(batch.len() as u64);
                    Ok::<_, SyncError>(())
                })?;
            }
            let members = membership(tx)?;
            tx.fold_log(&vouched(&members, tx.vault()))?;
            Ok::<_, SyncError>((full, size(tx)?))
        });
        Ok(sizes.map_err(holdfast_transports::bundle::BundleError::from)?)
    }
}

#[cfg(test)]
#[path = "storage_tests.rs"]
mod tests;
