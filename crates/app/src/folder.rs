//! The exchange folder: choosing it, exchanging through it, and how that stands.

use crate::folder_settings::{FolderSettings, Held};
use crate::session::Open;
use crate::view::{Arriving, CommandError, FolderPreview, FolderView, HeldReason, Triggers};
use crate::{App, AppError, view};
use holdfast_model::Dot;
use holdfast_oplog::{ActorId, Space, VersionVector};
use holdfast_sync::{Carrier, Session, SyncError, membership, spaces};
use holdfast_transports::folder::{
    self, Folder, FolderError, FolderReport, FolderState, OsFiles, Take, refuse_as_exchange_folder,
};
use rand_core::OsRng;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};

/// What an exchange did, for the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Synced {
    /// Changes that went.
    pub sent: u64,
    /// Number of the record of what came.
    #[serde(skip)]
    pub exchange: Option<i64>,
    /// Changes that came.
    pub received: u64,
    /// Items that need a decision and did not before.
    pub conflicts: u64,
    /// Changes that other devices hold and that are not here yet.
    pub missing: u64,
    /// Files that are not whole yet.
    pub unfinished: u64,
    /// Devices whose files in the folder stay damaged.
    #[serde(skip)]
    pub damaged: Vec<String>,
    /// What the person should know, in words.
    pub notices: Vec<String>,
}

impl Synced {
    /// What came after it. `name` says how a writer is called.
    fn add(&mut self, report: FolderReport, name: impl Fn(ActorId) -> String) {
        self.damaged = report.damaged.iter().map(|actor| name(*actor)).collect();
        self.sent = self.sent.saturating_add(report.sent);
        (self.missing, self.unfinished) = (report.missing, report.unfinished);
        self.exchange = report.exchange.or(self.exchange);
        if let Some(preview) = report.preview {
            self.received = self.received.saturating_add(preview.changes);
            self.conflicts = self.conflicts.saturating_add(preview.conflicts);
            self.notices.extend(preview.notices);
        }
    }
}

impl App {
    /// The exchange folder, where one is set.
    pub fn folder(&self) -> Result<Option<FolderView>, AppError> {
        self.with(|open| Ok(open.folder_settings()?.map(|folder| folder.view())))
    }

    /// What turning a folder on would do. Refuses one that cannot be used; writes nothing.
    pub fn inspect_folder(&self, path: &Path) -> Result<FolderPreview, AppError> {
        refuse_as_exchange_folder(path, self.home.path())?;
        self.with(|open| open.inspect_folder(path))
    }

    /// Turns a folder on, in place of another, and exchanges through it.
    pub fn use_folder(
        &self,
        path: &Path,
        arriving: Arriving,
        triggers: Triggers,
    ) -> Result<FolderView, AppError> {
        refuse_as_exchange_folder(path, self.home.path())?;
        let path = std::path::absolute(path).map_err(AppError::file(path))?;
        self.with(|open| {
            let same = open.folder_settings()?.filter(|known| known.path == path);
            let settings = match same {
                Some(known) => FolderSettings { arriving, triggers, error: None, ..known },
                None => FolderSettings::new(path, arriving, triggers),
            };
            open.keep_folder(Some(&settings))
        })?;
        // What goes wrong now stands in the view.
        let _ = self.exchange_folder(None, false);
        self.folder()?.ok_or(AppError::NoDestination)
    }

    /// Changes how the folder is used.
    pub fn set_folder(
        &self,
        arriving: Arriving,
        triggers: Triggers,
    ) -> Result<FolderView, AppError> {
        self.with(|open| {
            let known = open.folder_settings()?.ok_or(AppError::NoDestination)?;
            let settings = FolderSettings { arriving, triggers, ..known };
            open.keep_folder(Some(&settings))?;
            Ok(settings.view())
        })
        .inspect(|_| self.tell(view::Changed::anything(0)))
    }

    /// Writes everything into an emptied or replaced folder again.
    pub fn republish_folder(&self) -> Result<FolderView, AppError> {
        self.exchange_folder(None, true)?;
        self.folder()?.ok_or(AppError::NoDestination)
    }

    /// The same, with what it did.
    pub fn publish_again(&self) -> Result<Synced, AppError> {
        self.exchange_folder(None, true)
    }

    /// Stops using the folder. Deletes nothing, here or there.
    pub fn stop_folder(&self) -> Result<view::SyncStatus, AppError> {
        self.with(|open| open.keep_folder(None))?;
        self.tell(view::Changed::anything(0));
        self.status()
    }

    /// One exchange by the present mode, now.
    pub fn sync_now(self: &Arc<Self>) -> Result<Synced, AppError> {
        match self.with(|open| open.mode())? {
            view::Mode::Nearby => self.sync_nearby(),
            view::Mode::Manual | view::Mode::Cloud => self.exchange_folder(None, false),
        }
    }

    /// Exchanges through the folder on a connection of its own; listeners are told. `take` is what
    /// happens with what came, where it is not what the person chose for the folder.
    pub(crate) fn exchange_folder(
        &self,
        take: Option<Take>,
        again: bool,
    ) -> Result<Synced, AppError> {
        let _one = self.exchanging.lock().unwrap_or_else(PoisonError::into_inner);
        let mut twin = self.with(|open| open.twin(&self.home))?;
        let mut synced = Synced::default();
        let mut again = again;
        loop {
            let outcome = twin.exchange_folder(take, again);
            if let Ok(report) = &outcome
                && let Some(keyring) = report.keyring.clone()
            {
                self.with(|open| open.keep_keyring(keyring))?;
            }
            self.notice_changes()?;
            self.tell(view::Changed::anything(0));
            let report = outcome?;
            // What the person looked at and agreed to is what one look reads.
            let goes_on = report.more && take.is_none() && report.preview.is_some();
            let people = self.with(|open| open.people())?;
            synced.add(report, |actor| people.of(Dot { actor, seq: 0 }).name);
            if !goes_on {
                return Ok(synced);
            }
            again = false;
        }
    }
}

impl Open {
    fn files(&self, folder: &FolderSettings) -> OsFiles {
        OsFiles::new(&folder.path, self.vault())
    }

    pub(crate) fn session<'a>(&'a mut self, rng: &'a mut OsRng) -> Session<'a> {
        Session {
            wall_ms: self.clock.now_ms(),
            store: &mut self.store,
            keys: &self.keys,
            keyring: &self.keyring,
            actor: self.actor,
            rng,
        }
    }

    /// Exchanges and keeps how it went.
    fn exchange_folder(
        &mut self,
        take: Option<Take>,
        again: bool,
    ) -> Result<FolderReport, AppError> {
        let mut settings = self.folder_settings()?.ok_or(AppError::NoDestination)?;
        let take = take.unwrap_or(match settings.arriving {
            Arriving::AtOnce => Take::AtOnce,
            Arriving::AskFirst => Take::Not,
        });
        let outcome = self.exchange_with(&settings, take, again);
        let now = self.now_ms();
        settings.last_look = Some(now);
        // Settings may have been changed by the person meanwhile: only what was found out is kept.
        if let Some(current) = self.folder_settings()?.filter(|now| now.path == settings.path) {
            settings.arriving = current.arriving;
            settings.triggers = current.triggers;
        }
        match &outcome {
            Ok((report, held)) => {
                settings.memory = report.memory.clone();
                settings.emptied = report.state != FolderState::Ready;
                settings.error = None;
                settings.failing_since = None;
                let since = settings.held.as_ref().map_or(now, |held| held.since);
                settings.held = held.clone().map(|held| Held { since, ..held });
            }
            Err(error) => {
                settings.failing_since.get_or_insert(now);
                settings.error = Some(CommandError {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                    remedy: error.remedy().map(str::to_owned),
                });
            }
        }
        self.keep_folder(Some(&settings))?;
        outcome.map(|(report, _)| report)
    }

    fn exchange_with(
        &mut self,
        settings: &FolderSettings,
        take: Take,
        again: bool,
    ) -> Result<(FolderReport, Option<Held>), AppError> {
        if !settings.path.is_dir() {
            return Err(FolderError::Missing(settings.path.clone()).into());
        }
        self.before_writing()?;
        let mut files = self.files(settings);
        let mut rng = OsRng;
        let report = folder::exchange(
            &mut self.session(&mut rng),
            &mut files,
            &settings.memory,
            take,
            again,
        )?;
        if let Some(keyring) = report.keyring.clone() {
            self.keep_keyring(keyring)?;
        }
        self.note_twins()?;
        self.note_set_aside()?;
        self.note_damaged_files(&report.damaged, &settings.memory.useless.damaged())?;
        let reason = match (&report.waits, take) {
            (Some(_), _) => Some(HeldReason::Deletions),
            (None, Take::Not) => Some(HeldReason::Ask),
            _ => None,
        };
        let held = match reason {
            Some(reason) => {
                let folder = Folder::open(&mut files, self.actor, &report.memory)?;
                let authors = self.store.read(|tx| folder::waiting(tx, &folder))?;
                (!authors.is_empty()).then_some(Held { authors, reason, since: 0 })
            }
            None => None,
        };
        Ok((report, held))
    }

    fn inspect_folder(&mut self, path: &Path) -> Result<FolderPreview, AppError> {
        let mut files = OsFiles::new(path, self.vault());
        writable(path)?;
        let mut folder = Folder::open(&mut files, self.actor, &folder::FolderMemory::default())?;
        let people = self.people()?;
        let carried = spaces(Carrier::Folder);
        let members = self.members()?;
        // What a name claims is anybody's: only what opens is counted.
        folder::check(&mut folder, &self.keyring, &members)?;
        self.store.read(|tx| {
            let there = folder.known().within(&carried);
            let held = tx.held()?.within(&carried);
            let missing = held.missing_in(&there);
            let mut items = BTreeSet::new();
            for range in &missing {
                items.extend(tx.touched_in(*range, usize::MAX)?.into_keys());
            }
            let (mut tasks, mut notes) = (0, 0);
            for id in items {
                match tx.entity(id)?.filter(|(state, _)| state.is_alive()) {
                    Some((state, _)) if state.kind == "task" => tasks += 1,
                    Some((state, _)) if state.kind == "note" => notes += 1,
                    _ => {}
                }
            }
            let changes = count(&held, &there);
            let incoming =
                folder::waiting(tx, &folder)?.iter().map(|(_, count)| count).sum::<u64>();
            let members = membership(tx)?;
            let here = self.keys.device_id();
            let mut devices: Vec<String> = folder
                .writers()
                .into_iter()
                .filter_map(|actor| members.device_of(actor))
                .filter(|device| device.id != here)
                .map(|device| people.device(device.id).name)
                .collect();
            devices.sort();
            devices.dedup();
            let left = tx
                .lists()?
                .into_iter()
                .filter(|list| !carried.contains(&list.space) || list.space == Space::Ask)
                .map(|list| list.title)
                .collect();
            Ok::<_, AppError>(FolderPreview {
                token: String::new(),
                path: path.display().to_string(),
                tasks,
                notes,
                changes: u32::try_from(changes).unwrap_or(u32::MAX),
                incoming: u32::try_from(incoming).unwrap_or(u32::MAX),
                devices,
                left,
            })
        })
    }

    /// What taking in what waits in the folder would do.
    pub(crate) fn look_into_folder(
        &mut self,
    ) -> Result<Option<holdfast_transports::bundle::Preview>, AppError> {
        let settings = self.folder_settings()?.ok_or(AppError::NoDestination)?;
        let mut files = self.files(&settings);
        let mut rng = OsRng;
        Ok(folder::look(&mut self.session(&mut rng), &mut files)?)
    }
}

fn count(held: &VersionVector, there: &VersionVector) -> u64 {
    held.missing_in(there)
        .iter()
        .fold(0, |sum: u64, range| sum.saturating_add(range.last.saturating_sub(range.first) + 1))
}

/// Refuses a folder that this device cannot write into.
fn writable(path: &Path) -> Result<(), AppError> {
    tempfile::Builder::new()
        .prefix(".holdfast-")
        .tempfile_in(path)
        .map(|_| ())
        .map_err(|_| FolderError::ReadOnly(path.to_owned()).into())
}

impl From<SyncError> for AppError {
    fn from(error: SyncError) -> Self {
        Self::Folder(error.into())
    }
}
