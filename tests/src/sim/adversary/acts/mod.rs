//! Everything that may happen in a history, and how often: what the adversary makes, the ways by which it
//! hands that over, and what people do meanwhile.

mod attachments;
mod batches;
mod changes;
mod files;
mod records;
mod snapshots;
mod ways;
mod words;

use super::history::History;

/// An act. Whether anything was done.
type Act = fn(&mut History) -> bool;

/// An act with its weight and its row in the table.
pub(super) type Row = (u32, &'static str, Act);

/// Those of some kinds, told by how their rows begin, with what people do and the ways that things go; all
/// where no kind is named.
pub(super) fn allowed(only: &[String]) -> Vec<Row> {
    let is = |row: &str| {
        let named = only.iter().any(|kind| row.starts_with(kind.as_str()));
        only.is_empty() || named || row.starts_with("honest") || row.starts_with("way")
    };
    ALL.iter().filter(|(_, row, _)| is(row)).copied().collect()
}

/// All of them.
pub(super) const ALL: &[Row] = &[
    (60, "honest: writes or deletes", History::people_write),
    (50, "honest: visits the folder", History::people_visit),
    (40, "honest: connection", History::people_meet),
    (6, "honest: bundle", History::people_carry),
    (14, "honest: removes a hostile device", History::people_remove),
    (70, "way: file", History::put_file),
    (60, "way: answers over a connection", History::answer_honest),
    (14, "way: asks over a connection", History::ask_something),
    (10, "way: bundle", History::hand_bundle),
    (10, "record: keys of an epoch", History::hand_out_keys),
    (10, "record: removes an honest device", History::remove_honest),
    (4, "record: removes a device of its own", History::remove_own),
    (8, "record: lets in a device of its own", History::let_in),
    (6, "record: joins by a found invitation", History::join_by_found),
    (8, "record: new identities", History::take_identities),
    (6, "record: claims another's identity", History::claim_identity),
    (8, "record: unknown kinds", History::unknown_kinds),
    (6, "record: malformed", History::malformed_records),
    (5, "record: renames", History::rename_someone),
    (5, "record: says what counts of a device", History::accept_something),
    (2, "record: hundreds", History::hundreds_of_records),
    (5, "handover: made by hand", History::make_handovers),
    (10, "change: new item", History::write_item),
    (10, "change: other title", History::write_title),
    (8, "change: another kind", History::call_otherwise),
    (14, "change: deletes a few", History::delete_few),
    (8, "change: deletes everything", History::delete_all),
    (6, "change: purges", History::purge_all),
    (6, "change: withdraws", History::withdraw_all),
    (6, "change: empties", History::empty_all),
    (12, "change: in another's name", History::write_as_another),
    (8, "change: malformed", History::malformed_change),
    (6, "change: text by another writer", History::write_text),
    (5, "change: waits for what does not exist", History::wait_for_nothing),
    (5, "change: of a newer app", History::newer_change),
    (8, "log: forked", History::fork),
    (6, "log: branch of another's", History::branch_of_another),
    (6, "log: under an invented identity", History::invented_identity),
    (6, "log: under another's identity", History::another_identity),
    (6, "log: numbers that do not join", History::far_numbers),
    (5, "log: damaged batch", History::damaged_batch),
    (12, "snapshot: records left out", History::snapshot_without),
    (10, "snapshot: records altered", History::snapshot_altered),
    (6, "snapshot: records invented", History::snapshot_invented),
    (5, "snapshot: heads that nobody signed", History::snapshot_unsigned),
    (10, "word: holds what it does not", History::lie_about_holding),
    (4, "word: of another device", History::speak_for_another),
    (6, "attachment: does not match", History::false_attachment),
    (8, "file: name that says something else", History::false_name),
    (6, "file: empty with a far number", History::empty_file),
    (5, "file: any name", History::any_name),
    (6, "file: damages one of another", History::damage_file),
];
