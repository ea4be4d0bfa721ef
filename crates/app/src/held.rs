//! Incoming changes that wait for the person: looking at them, and taking them in.

use crate::{App, AppError, bundles, view};
use holdfast_store::ItemEvent;
use holdfast_transports::folder::Take;

/// The one source of waiting changes so far.
const FOLDER: &str = "folder";

impl App {
    /// What waiting changes would do. Changes nothing.
    pub fn inspect_held(&self, id: &str) -> Result<view::BundlePreview, AppError> {
        expect_folder(id)?;
        let preview = self.with(|open| open.look_into_folder())?;
        let preview = preview.ok_or(AppError::NothingTo("look at any more"))?;
        Ok(view::BundlePreview { token: id.to_owned(), ..bundles::preview(preview, FOLDER.into()) })
    }

    /// Takes waiting changes in. `keep` brings back what they delete, as a change of this device.
    pub fn accept_held(&self, id: &str, keep: bool) -> Result<view::ImportResult, AppError> {
        expect_folder(id)?;
        let before = self.with(|open| open.look_into_folder())?;
        let preview = before.ok_or(AppError::NothingTo("take in any more"))?;
        self.exchange_folder(Some(Take::Confirmed), false)?;
        let latest = self.with(|open| {
            let exchanges = open.store.read(|tx| tx.exchanges(20))?;
            let received = holdfast_store::Direction::Received;
            Ok(exchanges.into_iter().find(|e| e.direction == received).map(|e| e.id))
        })?;
        if keep {
            let deleted: Vec<String> = preview
                .items
                .iter()
                .filter(|item| item.event == ItemEvent::Deleted)
                .map(|item| item.id.to_string())
                .collect();
            if !deleted.is_empty() {
                self.restore_items(&deleted)?;
            }
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

fn expect_folder(id: &str) -> Result<(), AppError> {
    if id == FOLDER {
        Ok(())
    } else {
        Err(AppError::NoSuchItem { what: "waiting exchange", given: id.to_owned() })
    }
}
