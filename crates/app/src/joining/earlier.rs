//! The vault that this device had before: put away, and brought along when the time has come.

use super::{along, swap};
use crate::difference::Picture;
use crate::kept::Fact;
use crate::notices::kind;
use crate::session::{NewDevice, Open};
use crate::view::SameLists;
use crate::{App, AppError};
use holdfast_oplog::ActorId;
use holdfast_store::{PrivateStore, Store};
use holdfast_vault::{DeviceKeys, Keyring};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::sync::PoisonError;

/// What shall come along.
const FACT: Fact<Bringing> =
    Fact::new("bringing", "an earlier vault that should come along; it is whole, under 'earlier'");

/// What shall come along from an earlier vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bringing {
    /// Its folder below `earlier`.
    pub(crate) folder: String,
    /// What becomes of lists of one title.
    pub(crate) lists: SameLists,
}

impl App {
    /// Another vault takes the place of this device's own, which is kept whole and comes along later.
    pub(crate) fn change_vault(
        &self,
        new: &NewDevice<'_>,
        actor: ActorId,
        lists: SameLists,
        make: impl FnOnce(&Path) -> Result<(Store, DeviceKeys, Keyring), AppError>,
    ) -> Result<(), AppError> {
        let prefs = self.with(|open| Ok(open.private.get(crate::boot::PREFS)?))?;
        let key_store = match new.key_store {
            Some(chosen) => chosen,
            None => self.with(|open| open.key_store())?,
        };
        let new = NewDevice { key_store: Some(key_store), ..new.clone() };
        let joining = self.home().joining();
        if joining.path().exists() {
            // An attempt of before that came to nothing; a key is never deleted.
            let aside =
                self.home().path().join(format!("joining.leftover-{}", self.clock().now_ms()));
            fs::rename(joining.path(), &aside).map_err(AppError::file(&aside))?;
        }
        let laid = self.lay_out(&joining, &new, actor, make)?;
        let folder = swap::free_name(self.home(), self.clock().now_ms());
        let bringing = Bringing { folder: folder.clone(), lists };
        let mut private = PrivateStore::open(&joining.private())?;
        FACT.keep(&mut private, &bringing)?;
        if let Some(prefs) = prefs {
            private.set(crate::boot::PREFS, &prefs)?;
        }
        // Closed, so that it is whole without its write-ahead log.
        drop(private);
        let exchanging = self.exchanging.lock().unwrap_or_else(PoisonError::into_inner);
        self.close();
        swap::swap(self.home(), &folder)?;
        let mut open = self.take_up(laid, actor)?;
        let place = self.home().earlier().join(&folder).display().to_string();
        open.note(kind::JOINED, &json!({ "folder": place }))?;
        drop(exchanging);
        self.adopt(open);
        Ok(())
    }

    /// Brings along what the earlier vault shows, as soon as this device has what the others have. Whether
    /// it did so now.
    pub(crate) fn bring_along_when_settled(&self) -> Result<bool, AppError> {
        let is_due = self.with(|open| Ok(open.bringing()?.is_some() && open.is_settled()?))?;
        if is_due { self.bring_along() } else { Ok(false) }
    }

    /// Brings along what the earlier vault shows, now. Whether there was any.
    pub(crate) fn bring_along(&self) -> Result<bool, AppError> {
        let brought = self.with(|open| {
            let Some(bringing) = open.bringing()? else { return Ok(false) };
            let place = self.home().earlier().join(&bringing.folder);
            let database = place.join("holdfast.db");
            if !database.exists() {
                // Moved away by the person: it comes along when it is back.
                return Ok(false);
            }
            let mut old = Store::open(&database)?;
            let now = open.clock.zoned();
            old.read(|old| {
                let picture = Picture::of(old)?;
                let (tasks, notes) = along::counts(&picture);
                open.write(|tx, author| {
                    for hash in picture.contents() {
                        if !tx.has_blob(hash)?
                            && let Some(bytes) = old.blob(hash)?
                        {
                            tx.add_blob(&bytes)?;
                        }
                    }
                    let old = along::Old { picture: &picture, tx: old };
                    let outcome = along::bring(&old, bringing.lists, tx, author, &now)?;
                    let detail = json!({
                        "tasks": tasks,
                        "notes": notes,
                        "skipped": outcome.skipped,
                        "folder": place.display().to_string(),
                    });
                    tx.add_notice(author.wall_ms, kind::ALONG, &detail)?;
                    Ok(())
                })
            })?;
            // Should this be lost, doing it again does nothing.
            FACT.forget(&mut open.private)?;
            Ok(true)
        })?;
        Ok(brought)
    }
}

impl Open {
    /// What shall come along, where something is still to.
    pub(crate) fn bringing(&self) -> Result<Option<Bringing>, AppError> {
        FACT.read(&self.private)
    }

    /// Whether this device heard of another one and has all that is known of.
    fn is_settled(&mut self) -> Result<bool, AppError> {
        let (_, missing) = self.open_ends()?;
        let heard = self.heard_of()?;
        let waits = self.store.read(|tx| tx.unapplied())?;
        // What only a newer app can read may wait for long.
        Ok(missing == 0 && !heard.is_empty() && waits.iter().all(|(_, is_newer, _)| *is_newer))
    }
}
