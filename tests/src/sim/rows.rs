//! The rows of the table: what a full run has to exercise.

use super::tally::{Group, Tally};
use super::world::Meant;
use holdfast_store::{ConflictRecord, ConflictState};

pub(super) const EDITS: &[&str] = &[
    "make a task",
    "make a note",
    "make a list",
    "make a tag",
    "field: title",
    "field: when",
    "field: deadline",
    "field: status",
    "field: priority",
    "field: repeat",
    "field: order",
    "field: list",
    "field: parent",
    "field: pinned",
    "field: archived",
    "field: color",
    "field: value",
    "field: mood",
    "set: add to tags",
    "set: add to links",
    "set: add to reviewed",
    "set: remove from tags",
    "set: remove from links",
    "text: insert",
    "text: delete",
    "text: replace",
    "delete",
    "restore",
    "purge",
    "several items in one change",
    "attach a file",
    "make many tasks at once",
    "delete all tasks at once",
    "next occurrence",
    "next occurrence, made on a second device",
    "decide a conflict",
    "decide without having seen the newest edit",
    "undo",
    "redo",
    "newer app: operation",
    "newer app: kind",
    "newer app: schema",
    "in space everywhere",
    "in space nearby",
    "in space ask",
    "in space device",
    "move to a wider space",
    "move to a narrower space",
    "move to another space with what is in it",
    "say yes to what asks",
    "prune",
    "changes pruned",
    "prune, and wait for a device",
];

pub(super) const CONFLICTS: &[&str] = &[
    "field: title",
    "field: when",
    "field: deadline",
    "field: status",
    "field: priority",
    "field: repeat",
    "field: color",
    "field: mood",
    "delete: life",
    "move: list",
    "move: parent",
    "text: notes",
    "text: text",
    "merged: notes",
    "merged: text",
];

pub(super) const FAULTS: &[&str] = &[
    "crash at a commit",
    "restart",
    "connection cut",
    "batch damaged",
    "batch sent twice",
    "batch delivered twice",
    "batch overtaken by a later one",
    "batch before an earlier one",
    "change before what it depends on",
    "change of a newer app parked",
    "other side told old news",
    "relay emptied",
    "bundle before an earlier one",
    "bundle cut off",
    "bundle damaged",
    "large deletion held back",
    "relay emptied of what was pruned",
    "folder: file cut, later whole",
    "folder: file overtaken by a later one",
    "folder: conflicted copy",
    "folder: name in capitals",
    "folder: placeholder instead of content",
    "folder: seems to be empty",
    "folder: not there",
    "folder: found emptied, nothing deleted",
    "network: connection cut",
    "network: nothing gets through one way",
    "network: nothing gets through either way",
    "network: silence noticed",
    "network: device gone without a word",
    "network: news overtaken by later ones",
    "network: cut while something was taken in",
    "clock set ahead",
    "clock set back",
    "clock set a year ahead",
    "weeks pass",
];

pub(super) const EXCHANGES: &[&str] = &[
    "connection",
    "relay",
    "network: connection",
    "network: news",
    "network: batch asked for",
    "network: words of others asked for",
    "network: piece of a content asked for",
    "network: snapshot for a newcomer",
    "network: batches taken in",
    "network: changes of a third device passed on",
    "network: several devices at once",
    "posted batches",
    "folder",
    "bundle: full",
    "bundle: update",
    "bundle: for one device",
    "bundle: with Nearby",
    "bundle taken in",
];

pub(super) const DEVICES: &[&str] = &["2", "3", "4", "5", "6", "7", "8"];

pub(super) const HISTORIES: &[&str] =
    &["liveness", "safety", "with a database on disk", "run twice, same trace"];

pub(super) const CHECKS: &[&str] = &[
    "acknowledged changes",
    "device against the oracle",
    "all devices the same",
    "all devices the same in what asked",
    "all the same through the folder alone",
    "all the same over the network alone",
    "contents of attachments came along",
    "another order gives the same",
    "a newcomer on the network gets the same",
    "everything again changes nothing",
    "views made anew are the same",
    "log verified",
    "carried batches opened and searched",
];

/// Counts what one change did.
pub(super) fn count_edits(tally: &mut Tally, action: &str, meant: &[Meant]) {
    for edit in meant.iter().map(|meant| &meant.edit) {
        for field in edit.set.keys() {
            tally.count(Group::Edits, &format!("field: {field}"));
        }
        for field in edit.add.keys() {
            tally.count(Group::Edits, &format!("set: add to {field}"));
        }
        for field in edit.remove.keys() {
            tally.count(Group::Edits, &format!("set: remove from {field}"));
        }
    }
    if meant.len() > 1 {
        tally.count(Group::Edits, "several items in one change");
    }
    if action == holdfast_store::UNDO || action == holdfast_store::REDO {
        tally.count(Group::Edits, action);
    }
}

/// Counts a conflict that is listed.
pub(super) fn count_conflict(tally: &mut Tally, conflict: &ConflictRecord) {
    let kind = match conflict.state {
        ConflictState::Open => conflict.kind.as_str(),
        ConflictState::Merged => "merged",
    };
    tally.count(Group::Conflicts, &format!("{kind}: {}", conflict.field));
}
