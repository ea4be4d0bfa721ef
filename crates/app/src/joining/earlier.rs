//! The vault that this device had before: put away, and brought along when the time has come.
//!
//! Invariants: the new key is kept where and as the person has just shown that they can open it. What is to
//! come along at once is there before anybody sees the new vault, whatever cut it short in between.

use super::{along, swap};
use crate::difference::Picture;
use crate::home::Home;
use crate::kept::Fact;
use crate::notices::kind;
use crate::session::{NewDevice, Open};
use crate::view::SameLists;
use crate::{App, AppError, KeyStore};
use holdfast_oplog::ActorId;
use holdfast_store::{Access, PrivateStore, Store, StoreError};
use holdfast_vault::{DeviceKeys, Keyring};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::sync::PoisonError;

/// What shall come along.
const FACT: Fact<Bringing> = Fact::new(
    "bringing",
    "an earlier vault that should come along",
    "That vault is whole, in the folder 'earlier' of the data folder.",
);

/// Notices among which the same one is looked for.
const LOOKED_AT: usize = 1_000;

/// What shall come along from an earlier vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bringing {
    /// Its folder below `earlier`.
    pub(crate) folder: String,
    /// What becomes of lists of one title.
    pub(crate) lists: SameLists,
    /// Whether nothing has to be waited for.
    #[serde(default)]
    pub(crate) at_once: bool,
}

/// What becomes of what an earlier vault shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Along {
    lists: SameLists,
    at_once: bool,
}

impl Along {
    /// It comes along before the new vault is seen: all that there is to know of that one is here.
    pub(crate) const fn at_once(lists: SameLists) -> Self {
        Self { lists, at_once: true }
    }

    /// It comes along when this device has what the others of the new vault have.
    pub(crate) const fn when_settled(lists: SameLists) -> Self {
        Self { lists, at_once: false }
    }
}

/// A new device in the place of this one, and where its key is kept.
#[derive(Debug)]
pub(crate) struct Successor<'a> {
    new: NewDevice<'a>,
    key_store: KeyStore,
}

impl Successor<'_> {
    /// What people call it.
    pub(crate) const fn name(&self) -> &str {
        self.new.name
    }
}

impl App {
    /// A new device in the place of this one. Where it is not said how its key is kept, that is as before: under
    /// a passphrase only where that opens what is here, so that a slip locks nobody out.
    pub(crate) fn successor<'a>(&self, new: &NewDevice<'a>) -> Result<Successor<'a>, AppError> {
        let key_store = match new.key_store {
            Some(chosen) => chosen,
            None => self.with(|open| open.key_store())?,
        };
        if new.key_store.is_none() && key_store == KeyStore::Passphrase {
            self.open_secrets(Some(new.passphrase.ok_or(AppError::Locked)?))?;
        }
        Ok(Successor { new: new.clone(), key_store })
    }

    /// Another vault takes the place of this device's own, which is kept whole and comes along later.
    pub(crate) fn change_vault(
        &self,
        new: &Successor<'_>,
        actor: ActorId,
        along: Along,
        make: impl FnOnce(&Path) -> Result<(Store, DeviceKeys, Keyring), AppError>,
    ) -> Result<(), AppError> {
        let prefs = self.with(|open| Ok(open.private.get(crate::boot::PREFS)?))?;
        let new = NewDevice { key_store: Some(new.key_store), ..new.new.clone() };
        let joining = self.free_joining()?;
        let laid = self.lay_out(&joining, &new, actor, make)?;
        let folder = swap::free_name(self.home(), self.clock().now_ms());
        let Along { lists, at_once } = along;
        let bringing = Bringing { folder: folder.clone(), lists, at_once };
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

    /// The folder in which the files of a vault are made that takes the place of what is here, empty.
    pub(crate) fn free_joining(&self) -> Result<Home, AppError> {
        let joining = self.home().joining();
        // An attempt of before that came to nothing; a key is never deleted.
        if joining.path().exists() && fs::remove_dir(joining.path()).is_err() {
            let aside =
                self.home().path().join(format!("joining.leftover-{}", self.clock().now_ms()));
            fs::rename(joining.path(), &aside).map_err(AppError::file(&aside))?;
        }
        Ok(joining)
    }

    /// Brings along what an earlier vault shows where nothing has to be waited for. Whether there was any.
    pub(crate) fn bring_along_at_once(&self) -> Result<bool, AppError> {
        let is_due = self.with(|open| {
            let Some(bringing) = open.bringing()? else { return Ok(false) };
            Ok(bringing.at_once || open.others()?.is_empty())
        })?;
        if is_due { self.bring_along() } else { Ok(false) }
    }

    /// [`App::bring_along_at_once`], for whoever opens the vault. A full disk is said, and tried again at the
    /// next start. What is wrong with the earlier vault would be wrong then too: it is told in the activity, and
    /// keeps nobody out of this one. What cannot be written to is read as it is.
    pub(crate) fn bring_along_on_opening(&self) -> Result<(), AppError> {
        let writes = self.with(|open| Ok(open.store.access() == Access::Full))?;
        match if writes { self.bring_along_at_once() } else { Ok(false) } {
            Ok(_) => Ok(()),
            Err(AppError::Store(
                error @ (StoreError::Damaged(_)
                | StoreError::NewerDatabase { .. }
                | StoreError::Sqlite(_)
                | StoreError::Model(_)
                | StoreError::Oplog(_)),
            )) => self.with(|open| open.note_left_behind(self.home(), &error)),
            Err(error) => Err(error),
        }
    }

    /// Brings along what the earlier vault shows, as soon as this device has what the others have. Whether
    /// it did so now.
    pub(crate) fn bring_along_when_settled(&self) -> Result<bool, AppError> {
        let is_due = self.with(|open| Ok(open.bringing()?.is_some() && open.is_settled()?))?;
        if is_due { self.bring_along() } else { Ok(false) }
    }

    /// Brings along what the earlier vault shows, now. Whether there was any.
    pub(super) fn bring_along(&self) -> Result<bool, AppError> {
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

    /// Notes, once, that the earlier vault cannot be read.
    fn note_left_behind(&mut self, home: &Home, error: &StoreError) -> Result<(), AppError> {
        tracing::error!(%error, "an earlier vault cannot be brought along");
        let Some(bringing) = self.bringing()? else { return Ok(()) };
        let folder = home.earlier().join(&bringing.folder).display().to_string();
        let detail = json!({ "folder": folder, "skipped": [error.to_string()] });
        let noted = self.store.read(|tx| tx.notices(LOOKED_AT))?;
        if noted.iter().any(|known| known.kind == kind::LEFT && known.detail == detail) {
            return Ok(());
        }
        self.note(kind::LEFT, &detail)
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
