//! How syncing stands, in the one sentence of the status row and in its details.

use crate::folder_settings::FolderSettings;
use crate::people::People;
use crate::session::Open;
use crate::view::{FolderState, HeldView};
use crate::{App, AppError, view};
use holdfast_model::Dot;
use holdfast_store::Tx;
use holdfast_sync::{
    Carrier, Facts, SyncState, carried_status, moment, offered, settled_destinations, spaces,
};
use jiff::tz::TimeZone;
use std::sync::TryLockError;

/// What a bundle carries without any box ticked.
pub(crate) const BUNDLE: Carrier = Carrier::Bundle { nearby_ticked: false };

impl App {
    /// The status of syncing.
    pub fn status(&self) -> Result<view::SyncStatus, AppError> {
        let syncing = matches!(self.exchanging.try_lock(), Err(TryLockError::WouldBlock));
        let mut status = self.standing()?;
        if syncing && matches!(status.state, view::SyncState::Idle | view::SyncState::Waiting) {
            status.state = view::SyncState::Syncing;
            status.text = "Syncing".into();
        }
        Ok(status)
    }

    /// The status of syncing, whether an exchange runs at this moment or not: every window's row shows this,
    /// with what the network says and what is wrong with it.
    pub(crate) fn standing(&self) -> Result<view::SyncStatus, AppError> {
        let mut status = self.with(Open::status)?;
        if status.mode == view::Mode::Nearby {
            match self.nearby() {
                Ok(nearby) => with_nearby(&mut status, &nearby),
                Err(error) => with_unreadable(&mut status, &error),
            }
        }
        Ok(status)
    }

    /// Chooses the mode. Nothing is deleted or forgotten by that: pairings, addresses and the exchange
    /// folder stay as they are. Modes that this build does not have are refused.
    pub fn set_mode(&self, mode: view::Mode) -> Result<view::SyncStatus, AppError> {
        if mode == view::Mode::Cloud {
            return Err(AppError::Invalid(
                "This version syncs in Manual mode (bundles, an exchange folder) and in Nearby mode.".into(),
            ));
        }
        let before = self.with(|open| Ok(open.mode().ok()))?;
        if before != Some(mode) {
            self.keep_mode(mode)?;
            self.with(|open| {
                open.nothing_before_can_be_undone("Choosing how to sync");
                Ok(())
            })?;
        }
        self.status()
    }
}

impl Open {
    /// The status of syncing, from what others acknowledged: [`App::standing`] adds what the network says.
    fn status(&mut self) -> Result<view::SyncStatus, AppError> {
        let others = self.others()?;
        let people = self.people()?;
        // What cannot be read is told; the status is about more.
        let mut unreadable = None;
        let mode = told(self.mode(), &mut unreadable).unwrap_or(view::Mode::Manual);
        let nearby = mode == view::Mode::Nearby;
        // The folder is the other half of Manual mode.
        let folder = if nearby { Ok(None) } else { self.folder_settings() };
        let folder = told(folder, &mut unreadable).flatten();
        let facts_nearby = self.nearby_facts().unwrap_or_default();
        let paused = told(self.paused(), &mut unreadable).flatten();
        let zone = TimeZone::system();
        let now_ms = self.now_ms();
        self.store.read(|tx| {
            let held = tx.held()?;
            let destinations = settled_destinations(tx)?;
            let carrier = match (nearby, &folder) {
                (true, _) => Carrier::Lan,
                (false, Some(_)) => Carrier::Folder,
                (false, None) => BUNDLE,
            };
            let by_itself = nearby || folder.is_some();
            let offered = offered(tx, carrier)?;
            let facts = Facts {
                held: &held,
                offered: &offered,
                others: &others,
                destinations: &destinations,
                carried: &spaces(carrier),
                now_ms,
                zone: &zone,
            };
            let status =
                if by_itself { carried_status(facts) } else { holdfast_sync::status(facts) };
            let mut answer = view::SyncStatus {
                mode,
                state: match status.state {
                    _ if !by_itself && status.state != SyncState::UpToDate => {
                        view::SyncState::Manual
                    }
                    SyncState::UpToDate | SyncState::NothingToSend => view::SyncState::Idle,
                    SyncState::NotExported | SyncState::Waiting => view::SyncState::Waiting,
                },
                text: status.text,
                pending: status.pending as u32,
                last_export: status.last_export_ms,
                conflicts: tx.conflict_counts()?.0 as u32,
                destinations: status.destinations.into_iter().map(device).collect(),
                error: None,
                modes: vec![view::Mode::Manual, view::Mode::Nearby],
                parked: parked(tx, &people)?,
                can_sync_now: by_itself,
                paused,
                held: Vec::new(),
                approvals: status.awaiting as u32,
            };
            if let Some(folder) = &folder {
                answer.held = held_views(folder, &people);
                with_folder(&mut answer, folder, now_ms, &zone);
            } else if nearby {
                answer.held = facts_nearby.held_views(&people);
            }
            if by_itself {
                with_waiting(&mut answer, now_ms, &zone);
            }
            if let Some(error) = &unreadable {
                with_unreadable(&mut answer, error);
            }
            Ok(answer)
        })
    }

    /// Puts up the barrier before which nothing is undone, after something that was done already: that it
    /// could not be put up does not make that undone.
    pub(crate) fn nothing_before_can_be_undone(&mut self, what: &str) {
        if let Err(error) = self.store.write(|tx| tx.cannot_undo(what)) {
            tracing::warn!(%error, what, "what was done before it can be undone still");
        }
    }
}

/// What could be read; the first error is kept, to be told.
fn told<T>(read: Result<T, AppError>, unreadable: &mut Option<AppError>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(error) => {
            unreadable.get_or_insert(error);
            None
        }
    }
}

/// Something that this device keeps for syncing cannot be read.
fn with_unreadable(answer: &mut view::SyncStatus, error: &AppError) {
    let error = view::CommandError::from(error);
    answer.state = view::SyncState::Error;
    answer.text = format!("Can't sync: {}", error.message);
    answer.error = Some(error);
}

/// What the folder adds: its own row, and the sentence where it matters more than who lacks what.
fn with_folder(
    answer: &mut view::SyncStatus,
    folder: &FolderSettings,
    now_ms: i64,
    zone: &TimeZone,
) {
    let shown = folder.view();
    let looked = folder.last_look.map(|ms| format!(" · last looked {}", moment(ms, now_ms, zone)));
    let state = match shown.state {
        FolderState::Watching => format!("Watching{}", looked.unwrap_or_default()),
        FolderState::Missing => "Folder is missing: choose it again".to_owned(),
        FolderState::Emptied => {
            "The folder was emptied or replaced. Nothing was deleted here.".to_owned()
        }
        FolderState::Failing => shown.error.as_ref().map(|e| e.message.clone()).unwrap_or_default(),
    };
    let name = folder.path.file_name().map(|name| name.to_string_lossy().into_owned());
    answer.destinations.push(view::Destination {
        id: "folder".into(),
        name: name.unwrap_or_else(|| shown.path.clone()),
        kind: view::DestinationKind::Folder,
        state,
        missing_there: 0,
        missing_here: folder
            .held
            .as_ref()
            .map_or(0, |held| held.authors.iter().map(|(_, count)| *count as u32).sum()),
        last_seen: folder.last_look,
    });
    let trouble = match shown.state {
        FolderState::Watching => None,
        FolderState::Missing => Some(("Can't sync: folder missing".to_owned(), shown.error)),
        FolderState::Emptied => Some((
            "Can't sync: folder emptied".to_owned(),
            Some(view::CommandError {
                code: "folder_emptied".into(),
                message: "The exchange folder was emptied or replaced. Nothing was deleted here."
                    .into(),
                remedy: Some(
                    "Publish again, choose another folder, or wait until its files are back."
                        .into(),
                ),
            }),
        )),
        FolderState::Failing => {
            let short =
                shown.error.as_ref().map_or("the folder cannot be used", |error| {
                    match error.code.as_str() {
                        "folder_full" => "the folder is full",
                        "disk_full" => "the disk is full",
                        "folder_read_only" => "the folder may not be written",
                        _ => "the folder cannot be used",
                    }
                });
            Some((format!("Can't sync: {short}"), shown.error))
        }
    };
    if let Some((text, error)) = trouble {
        answer.state = view::SyncState::Error;
        answer.text = text;
        answer.error = error;
    }
}

/// What waits for the person, where nothing is wrong.
fn with_waiting(answer: &mut view::SyncStatus, now_ms: i64, zone: &TimeZone) {
    if answer.error.is_some() {
        return;
    }
    if let Some(paused) = answer.paused {
        answer.state = view::SyncState::Paused;
        let until = paused.until.map(|ms| format!(" until {}", moment(ms, now_ms, zone)));
        let rest = if answer.pending > 0 {
            format!(" · {} not sent", answer.pending)
        } else {
            String::new()
        };
        answer.text = format!("Paused{}{rest}", until.unwrap_or_default());
    } else if let Some(first) = answer.held.first() {
        answer.state = view::SyncState::Look;
        let count: u32 = answer.held.iter().map(|held| held.changes).sum();
        let (changes, wait) = if count == 1 { ("change", "waits") } else { ("changes", "wait") };
        answer.text =
            format!("{count} {changes} from {} {wait} for you to look", first.device.name);
    } else if answer.approvals > 0 {
        answer.state = view::SyncState::Approve;
    }
}

/// What the connections add: who is connected now, and why nobody can be.
fn with_nearby(answer: &mut view::SyncStatus, nearby: &crate::Nearby) {
    for to in &mut answer.destinations {
        let here =
            |peer: &&crate::PeerView| peer.device.as_ref().is_some_and(|device| device.id == to.id);
        match nearby.peers.iter().find(here) {
            Some(peer) if peer.connected => to.state = format!("Connected · {}", to.state),
            Some(crate::PeerView { error: Some(error), .. }) => {
                to.state = format!("{} · {}", error.message, to.state);
            }
            _ => {}
        }
    }
    if nearby.metered && answer.paused.is_none() {
        answer.state = view::SyncState::Error;
        let rest = match answer.pending {
            0 => String::new(),
            pending => format!(" · {pending} not sent"),
        };
        answer.text = format!("Waiting: this network is metered{rest}");
        answer.error = Some(view::CommandError::from(&AppError::Metered));
    }
    if let Some(error) = &nearby.error {
        answer.state = view::SyncState::Error;
        answer.text = format!("Can't sync: {}", error.message);
        answer.error = Some(error.clone());
    }
}

fn held_views(folder: &FolderSettings, people: &People) -> Vec<HeldView> {
    let Some(held) = &folder.held else { return Vec::new() };
    let Some((first, _)) = held.authors.first() else { return Vec::new() };
    vec![HeldView {
        id: "folder".into(),
        device: people.of(Dot { actor: *first, seq: 0 }),
        changes: held.authors.iter().map(|(_, count)| *count as u32).sum(),
        reason: held.reason,
        since: held.since,
    }]
}

fn device(to: holdfast_sync::DestinationStatus) -> view::Destination {
    view::Destination {
        id: to.device.to_string(),
        name: to.name,
        kind: view::DestinationKind::Device,
        state: to.text,
        missing_there: to.missing_there as u32,
        missing_here: to.missing_here as u32,
        last_seen: to.last_seen_ms,
    }
}

/// Changes that wait for an update of the app or for another device's changes, in words.
fn parked(tx: &Tx<'_>, people: &People) -> Result<Vec<String>, AppError> {
    let mut parked = Vec::new();
    for (actor, newer, count) in tx.unapplied()? {
        let name = people.of(Dot { actor, seq: 0 }).name;
        let changes = if count == 1 { "1 change".into() } else { format!("{count} changes") };
        parked.push(if newer {
            format!("Update this device to see {changes} from {name}")
        } else {
            format!("{changes} from {name} wait for changes of another device")
        });
    }
    for (actor, count) in tx.count_set_aside()? {
        let name = people.of(Dot { actor, seq: 0 }).name;
        let changes = if count == 1 { "1 change".into() } else { format!("{count} changes") };
        let beyond = tx.count_beyond_aside(actor)?;
        let more = if beyond == 0 {
            String::new()
        } else {
            format!("; at least {beyond} later ones were not kept")
        };
        parked.push(format!("{changes} of {name} set aside: written after it was removed{more}"));
    }
    Ok(parked)
}
