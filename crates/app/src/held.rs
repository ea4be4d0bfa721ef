//! Incoming changes that wait for the person: looking at them, and taking them in.

use crate::nearby::HELD;
use crate::session::Open;
use crate::{App, AppError, activity, bundles, view};
use holdfast_oplog::DeviceId;
use holdfast_store::{Direction, Exchange, ItemEvent};
use holdfast_transports::folder::Take;
use std::time::{Duration, Instant};

/// What waits in the exchange folder.
const FOLDER: &str = "folder";
/// How long a device may take to hand over what the person accepted.
const REACHED: Duration = Duration::from_secs(20);

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
        self.exchange_folder(Some(Take::Confirmed), false)?;
        let latest = self.with(|open| open.latest_received())?.map(|latest| latest.id);
        if keep {
            let gone = preview.items.iter().filter(|item| item.event == ItemEvent::Deleted);
            self.bring_back(gone.map(|item| item.id.to_string()).collect())?;
        }
        Ok(view::ImportResult {
            exchange: latest.map(|id| id.to_string()).unwrap_or_default(),
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
            let facts = open.nearby_facts();
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

    fn bring_back(&self, deleted: Vec<String>) -> Result<(), AppError> {
        if !deleted.is_empty() {
            self.restore_items(&deleted)?;
        }
        Ok(())
    }

    /// Lets a device's large deletion in: it is asked for again, and taken in.
    fn accept_nearby(&self, device: DeviceId, keep: bool) -> Result<view::ImportResult, AppError> {
        let (waits, running) = (
            self.with(|open| Ok(open.nearby_facts().held.iter().any(|(of, ..)| *of == device)))?,
            self.nearby_runs(),
        );
        if !waits {
            return Err(AppError::NothingTo("take in any more"));
        }
        if !running {
            return Err(AppError::NearbyNotRunning);
        }
        self.with(|open| open.confirm_deletion(device))?;
        let start = Instant::now();
        while self.with(|open| Ok(open.nearby_facts().held.iter().any(|(of, ..)| *of == device)))? {
            if start.elapsed() > REACHED {
                return Err(AppError::NobodyNearby);
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        let latest = self.with(|open| open.latest_received())?;
        let latest = latest.ok_or(AppError::NothingTo("take in any more"))?;
        let number = |name: &str| {
            let count = latest.report.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        if keep {
            let items = latest.report.get("items").and_then(serde_json::Value::as_array);
            let text = |item: &serde_json::Value, name: &str| {
                item.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
            };
            let gone = items.into_iter().flatten().filter(|item| text(item, "event") == "deleted");
            self.bring_back(gone.map(|item| text(item, "id")).collect())?;
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
    fn latest_received(&mut self) -> Result<Option<Exchange>, AppError> {
        let exchanges = self.store.read(|tx| tx.exchanges(20))?;
        Ok(exchanges.into_iter().find(|exchange| exchange.direction == Direction::Received))
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
