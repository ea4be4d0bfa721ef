//! Edits whose writer called some writers otherwise than they are called here.
//!
//! When a device's data was used twice, two different runs of operations carry the same writer and
//! the same numbers. Each run then goes under a writer id of its own; edits that were made before
//! anyone knew of it name the old one. Here they are read in their maker's names and taken in under
//! ours. Operations stay the same one by one, so every device arrives at the same text and numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::crdt::{JsonChange, JsonContent, JsonOp, JsonText, OpId, TextDoc};
use super::error::TextError;
use super::version::Version;

/// How the maker of an edit called the writers whose operations are called otherwise here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriterNames {
    /// The maker's name of a writer, and ours for its operations one run after the other.
    paths: BTreeMap<u64, Vec<u64>>,
    /// Our writers whose operations the maker did not have under any name that would fit.
    aside: BTreeSet<u64>,
}

impl WriterNames {
    /// No writer is called otherwise.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether every writer is called alike.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.aside.is_empty()
    }

    /// The maker's `writer` is what is called `ours` here, one run of operations after the other.
    pub fn add(&mut self, writer: u64, ours: Vec<u64>) {
        if ours != [writer] {
            self.paths.insert(writer, ours);
        }
    }

    /// The maker of the edit cannot have known what this writer of ours wrote.
    pub fn set_aside(&mut self, ours: u64) {
        self.aside.insert(ours);
    }

    /// A version in the maker's names, in ours. `held` is what the text holds here.
    pub fn version(&self, version: &Version, held: &Version) -> Version {
        let mut entries: BTreeMap<u64, u32> = BTreeMap::new();
        for (writer, count) in version.entries() {
            let Some(path) = self.paths.get(&writer) else {
                entries.insert(writer, count);
                continue;
            };
            let mut left = count;
            for ours in path {
                let part = left.min(held.count(*ours));
                if part > 0 {
                    entries.insert(*ours, part);
                }
                left -= part;
            }
        }
        Version::from_entries(entries)
    }
}

/// Where a run of the maker's operations begins in its numbers, and what it is called here.
struct Place {
    theirs: u64,
    ours: u64,
    start: i32,
}

impl TextDoc {
    /// Takes in an edit of `writer`, as its maker called it. What it added, encoded in our names: to
    /// be kept in place of the edit. Taking one in again does nothing.
    ///
    /// Errors: as [`TextDoc::import`]; then nothing was taken in.
    pub fn import_renamed(
        &mut self,
        update: &[u8],
        writer: u64,
        names: &WriterNames,
    ) -> Result<Vec<u8>, TextError> {
        if update.is_empty() {
            return Ok(Vec::new());
        }
        let places = self.places(names)?;
        let mut theirs = TextDoc::new(super::writer_of(&[0; 16]));
        theirs.take_changes(in_their_names(self.all_changes()?, &places, names))?;
        let mut changes = theirs.decode(update, writer)?;
        for change in &mut changes {
            rename_to_ours(change, &places);
        }
        if changes.is_empty() { Ok(Vec::new()) } else { self.take_changes(changes) }
    }

    fn places(&self, names: &WriterNames) -> Result<Vec<Place>, TextError> {
        let held = self.version();
        let mut places = Vec::new();
        for (theirs, path) in &names.paths {
            let mut start = 0_u32;
            for ours in path {
                let at = i32::try_from(start).map_err(|_| TextError::TooLong)?;
                places.push(Place { theirs: *theirs, ours: *ours, start: at });
                start = start.checked_add(held.count(*ours)).ok_or(TextError::TooLong)?;
            }
        }
        Ok(places)
    }
}

/// Our operations as the maker of an edit would have called them, without those that it cannot have
/// had.
fn in_their_names(
    changes: Vec<JsonChange>,
    places: &[Place],
    names: &WriterNames,
) -> Vec<JsonChange> {
    let mut changes = changes;
    changes.sort_by_key(|change| (change.lamport, change.id.peer, change.id.counter));
    // From which operation on a writer's are left out.
    let mut out: BTreeMap<u64, i32> = names.aside.iter().map(|writer| (*writer, 0)).collect();
    let mut kept = Vec::with_capacity(changes.len());
    for mut change in changes {
        let is_out = |id: &OpId| out.get(&id.peer).is_some_and(|from| id.counter >= *from);
        if is_out(&change.id) || change.deps.iter().any(is_out) {
            let from = out.entry(change.id.peer).or_insert(change.id.counter);
            *from = (*from).min(change.id.counter);
            continue;
        }
        let theirs = |id: OpId| {
            places
                .iter()
                .find(|place| place.ours == id.peer)
                .map_or(id, |place| OpId::new(place.theirs, id.counter.saturating_add(place.start)))
        };
        let moved = theirs(change.id).counter.saturating_sub(change.id.counter);
        change.id = theirs(change.id);
        change.deps = change.deps.iter().copied().map(theirs).collect();
        for op in &mut change.ops {
            op.counter = op.counter.saturating_add(moved);
            if let JsonContent::Text(JsonText::Delete { start_id, .. }) = &mut op.content {
                *start_id = theirs(*start_id);
            }
        }
        kept.push(change);
    }
    kept
}

/// What one of the maker's operations is called here.
fn ours(id: OpId, places: &[Place]) -> OpId {
    // Runs follow one another: the last that begins at or before the operation holds it. One that
    // is empty begins where the next does.
    let place =
        places.iter().rev().find(|place| place.theirs == id.peer && place.start <= id.counter);
    place.map_or(id, |place| OpId::new(place.ours, id.counter - place.start))
}

fn rename_to_ours(change: &mut JsonChange, places: &[Place]) {
    let id = ours(change.id, places);
    let moved = id.counter.saturating_sub(change.id.counter);
    change.id = id;
    for dep in &mut change.deps {
        *dep = ours(*dep, places);
    }
    let ops = std::mem::take(&mut change.ops);
    for op in ops {
        change.ops.extend(split_at_runs(op, places).into_iter().map(|mut op| {
            op.counter = op.counter.saturating_add(moved);
            op
        }));
    }
}

/// A removal of characters that lie in several runs becomes one removal for each run, because their
/// names no longer follow one another.
fn split_at_runs(op: JsonOp, places: &[Place]) -> Vec<JsonOp> {
    let JsonContent::Text(JsonText::Delete { pos, len, start_id }) = &op.content else {
        return vec![op];
    };
    let (pos, len, first) = (*pos, *len, *start_id);
    let count = i32::try_from(len.unsigned_abs()).unwrap_or(i32::MAX);
    let mut bounds: Vec<i32> = places
        .iter()
        .filter(|place| place.theirs == first.peer)
        .map(|place| place.start.saturating_sub(first.counter))
        .filter(|at| *at > 0 && *at < count)
        .collect();
    bounds.push(0);
    bounds.push(count);
    bounds.sort_unstable();
    bounds.dedup();
    let mut parts: Vec<(i32, i32)> =
        bounds.iter().zip(bounds.iter().skip(1)).map(|(from, to)| (*from, to - from)).collect();
    // A removal backwards takes the last character first.
    if len < 0 {
        parts.reverse();
    }
    let mut done = 0;
    parts
        .into_iter()
        .map(|(from, size)| {
            let id = OpId::new(first.peer, first.counter.saturating_add(from));
            let part = JsonOp {
                container: op.container.clone(),
                counter: op.counter.saturating_add(done),
                content: JsonContent::Text(JsonText::Delete {
                    pos: if len < 0 { pos.saturating_sub(done) } else { pos },
                    len: if len < 0 { -size } else { size },
                    start_id: ours(id, places),
                }),
            };
            done = done.saturating_add(size);
            part
        })
        .collect()
}
