//! What happened on this device besides exchanges, for the activity list: its identity, devices that
//! left, backups, pruning, checks. Kept in the database, never sent.

use crate::session::Open;
use crate::{AppError, view};
use holdfast_model::Dot;
use holdfast_oplog::ActorId;
use holdfast_store::Notice;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// What a notice is about, as it is kept.
pub(crate) mod kind {
    /// This device took a new identity.
    pub(crate) const IDENTITY: &str = "identity";
    /// A log was found to part.
    pub(crate) const FORK: &str = "fork";
    /// This device exists twice.
    pub(crate) const TWICE: &str = "twice";
    /// This device joined another vault; what it had is kept.
    pub(crate) const JOINED: &str = "joined";
    /// What the earlier vault had came along.
    pub(crate) const ALONG: &str = "along";
    /// What the earlier vault had cannot be read.
    pub(crate) const LEFT: &str = "left";
    /// A device was removed here.
    pub(crate) const REMOVED: &str = "removed";
    /// Changes of a removed device were set aside.
    pub(crate) const QUARANTINE: &str = "quarantine";
    /// The person made a backup.
    pub(crate) const BACKUP: &str = "backup";
    /// A backup was restored.
    pub(crate) const RESTORE: &str = "restore";
    /// Old history went.
    pub(crate) const PRUNE: &str = "prune";
    /// The data was checked or repaired.
    pub(crate) const CHECK: &str = "check";
    /// Files of a device in the exchange folder are damaged.
    pub(crate) const DAMAGED: &str = "damaged";
    /// The data file held parts that are not this program's.
    pub(crate) const FOREIGN: &str = "foreign";
}

/// Notices in which the latest word on something is looked for.
const LOOKED_AT: usize = 1_000;

impl Open {
    /// Keeps a notice, in a transaction of its own.
    pub(crate) fn note(&mut self, kind: &str, detail: &Json) -> Result<(), AppError> {
        let now_ms = self.now_ms();
        self.store.write(|tx| Ok(tx.add_notice(now_ms, kind, detail)?))
    }

    /// Notes that more changes of removed devices were set aside than at the last time.
    pub(crate) fn note_set_aside(&mut self) -> Result<(), AppError> {
        let now_ms = self.now_ms();
        self.store.write(|tx| {
            let aside = tx.count_set_aside()?;
            if aside.is_empty() {
                return Ok(());
            }
            let noticed = tx.notices(LOOKED_AT)?;
            for (actor, count) in aside {
                let detail = json!({ "actor": actor.to_string(), "count": count });
                if !noticed.iter().any(|n| n.kind == kind::QUARANTINE && n.detail == detail) {
                    tx.add_notice(now_ms, kind::QUARANTINE, &detail)?;
                }
            }
            Ok(())
        })
    }

    /// Notes whose files in the exchange folder are damaged, once for as long as they stay so.
    pub(crate) fn note_damaged_files(
        &mut self,
        damaged: &BTreeSet<ActorId>,
        known: &BTreeSet<ActorId>,
    ) -> Result<(), AppError> {
        for actor in damaged.difference(known) {
            self.note(kind::DAMAGED, &json!({ "actor": actor.to_string() }))?;
        }
        Ok(())
    }

    /// The latest notices as lines of the activity, newest first.
    pub(crate) fn noted(&mut self, limit: usize) -> Result<Vec<view::ActivityEntry>, AppError> {
        let people = self.people()?;
        self.store.read(|tx| {
            let lines = tx.notices(limit)?.into_iter().map(|notice| {
                let actor = text(&notice, "actor").and_then(|actor| actor.parse().ok());
                let device = actor.map(|actor| people.of(Dot { actor, seq: 0 }));
                entry(&notice, device)
            });
            Ok(lines.collect())
        })
    }
}

/// What was taken out of a data file when it was opened, a sentence each.
pub(crate) fn taken_out(store: &holdfast_store::Store) -> Vec<String> {
    let parts = store.foreign_parts().iter();
    parts.map(|part| format!("Taken out, because it is not Holdfast's: {part}.")).collect()
}

fn text<'n>(notice: &'n Notice, name: &str) -> Option<&'n str> {
    notice.detail.get(name).and_then(Json::as_str)
}

fn number(notice: &Notice, name: &str) -> u64 {
    notice.detail.get(name).and_then(Json::as_u64).unwrap_or(0)
}

fn is(notice: &Notice, name: &str) -> bool {
    notice.detail.get(name).and_then(Json::as_bool) == Some(true)
}

fn changes(count: u64) -> String {
    counted(count, "change")
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn entry(notice: &Notice, device: Option<view::DeviceRef>) -> view::ActivityEntry {
    let name = device.as_ref().map_or("a device", |device| &device.name);
    let twice = "If this device's data is in use on two machines, remove the device on one of them \
        and join there anew.";
    let (kind, title, detail) = match notice.kind.as_str() {
        kind::IDENTITY => {
            let what = match text(notice, "why") {
                Some("copied") => "This device's data folder is a copy",
                Some("machine") => "This device's data is on another machine now",
                Some("twice") => "Changes of this device came that were not made here",
                _ => "This device's data was restored from an older copy",
            };
            (
                view::ActivityKind::Identity,
                format!("{what}: it writes under a new identity from now on"),
                "Nothing was lost, and nothing that others have is overwritten.",
            )
        }
        kind::FORK if is(notice, "own") => (
            view::ActivityKind::Identity,
            "This device's data was used twice: both versions of what followed are kept".to_owned(),
            twice,
        ),
        kind::FORK => (
            view::ActivityKind::Identity,
            format!("The data of {name} was used twice: both versions of what followed are kept"),
            "If its data is in use on two machines, remove the device on one of them and join there \
             anew.",
        ),
        kind::TWICE => (
            view::ActivityKind::Identity,
            "This device seems to exist twice, or was restored from an older copy".to_owned(),
            twice,
        ),
        kind::JOINED => (
            view::ActivityKind::Device,
            "This device joined another vault".to_owned(),
            "What it had comes along once this device has heard of the others. Its earlier vault is kept whole.",
        ),
        kind::ALONG => (
            view::ActivityKind::Device,
            format!(
                "Brought along from the earlier vault: {}, {}",
                counted(number(notice, "tasks"), "task"),
                counted(number(notice, "notes"), "note")
            ),
            "The earlier vault is kept whole.",
        ),
        kind::LEFT => (
            view::ActivityKind::Device,
            "What this device had before cannot be read, and did not come along".to_owned(),
            "It is kept as it is, with its backups; it is tried again at each start.",
        ),
        kind::REMOVED => (
            view::ActivityKind::Device,
            format!("{} was removed from the vault", text(notice, "name").unwrap_or("A device")),
            "The vault has a new key that it does not get. It keeps what it has read.",
        ),
        kind::QUARANTINE => (
            view::ActivityKind::Quarantine,
            format!("{} of {name} set aside", changes(number(notice, "count"))),
            "They were written after the device was removed. They are kept, and shown nowhere.",
        ),
        kind::BACKUP => {
            (view::ActivityKind::Backup, "Made a backup".to_owned(), "It was opened and compared.")
        }
        kind::RESTORE if text(notice, "scope") == Some("everywhere") => (
            view::ActivityKind::Restore,
            "Restored a backup for all devices".to_owned(),
            "A restore point was made first.",
        ),
        kind::RESTORE => (
            view::ActivityKind::Restore,
            "Restored a backup on this device".to_owned(),
            if is(notice, "over_damage") {
                "What could not be opened was set aside as it was."
            } else {
                "A restore point was made first."
            },
        ),
        kind::PRUNE => (
            view::ActivityKind::Prune,
            format!(
                "Removed old history: {} that every device has",
                changes(number(notice, "count"))
            ),
            "Items are untouched.",
        ),
        kind::CHECK if is(notice, "repair") && is(notice, "whole") => (
            view::ActivityKind::Check,
            "Repaired this device's data".to_owned(),
            "A backup was made first. What is missing comes again with the next exchange.",
        ),
        kind::CHECK if is(notice, "repair") => (
            view::ActivityKind::Check,
            "Repaired this device's data in part".to_owned(),
            "Run the check in Settings again to see what is left.",
        ),
        kind::CHECK => (
            view::ActivityKind::Check,
            "Checked this device's data".to_owned(),
            "No problem was found.",
        ),
        kind::DAMAGED => (
            view::ActivityKind::Check,
            format!("Files of {name} in the exchange folder are damaged"),
            "On that device, or on another that has the same, open the settings of the folder and choose \
             Publish again.",
        ),
        kind::FOREIGN => (
            view::ActivityKind::Check,
            "The data file held parts that Holdfast did not make: they were taken out".to_owned(),
            "They were never run. Whoever put them there could write into the data folder.",
        ),
        other => (view::ActivityKind::Device, other.to_owned(), ""),
    };
    let place = text(notice, "folder").map(|folder| format!("It lies in {folder}."));
    let skipped = notice.detail.get("skipped").and_then(Json::as_array).into_iter().flatten();
    let skipped = skipped.filter_map(Json::as_str).map(str::to_owned);
    view::ActivityEntry {
        id: format!("notice-{}", notice.id),
        kind,
        time: notice.time_ms,
        title,
        details: Some(detail)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .into_iter()
            .chain(place)
            .chain(skipped)
            .collect(),
        counts: None,
        items: Vec::new(),
        device,
        can_undo: false,
    }
}
