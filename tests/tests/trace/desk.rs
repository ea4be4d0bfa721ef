//! Devices on which recorded keystrokes are typed, and devices that only read along.

use crate::recording::Trace;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{TEXT, TITLE};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{Range, Space};
use holdfast_store::{LocalChange, StoreError, Tx};
use holdfast_tests::Replica;
use holdfast_tests::replica::log;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

const NOW: i64 = 1_800_000_000_000;

/// One writer's place.
pub(crate) struct Seat {
    pub(crate) device: Replica,
    /// Transactions that are typed but not yet saved.
    pub(crate) typed: Vec<usize>,
    /// The last transaction in each own change; the one at `n` has the number `n + 1 + offset`.
    saved: Vec<usize>,
    offset: u64,
}

impl Seat {
    /// `offset` changes come before the first that is typed.
    pub(crate) fn new(number: u8, offset: u64) -> Self {
        let device = Replica::new(number, 0).unwrap();
        Self { device, typed: Vec::new(), saved: Vec::new(), offset }
    }

    /// Makes the note.
    pub(crate) fn start(&mut self, note: EntityId) {
        let mut draft = Draft::new(note, Kind::Note.as_str());
        draft.set(TITLE, "A recorded note", &Seen::All);
        self.device.edit(NOW, draft.finish().into_iter().collect()).unwrap();
    }

    /// Saves what was typed: as an editor does that saves after a pause, several keystrokes are one
    /// change, which ends where the other will have seen so much and no more. `most` says how many
    /// keystrokes the next change has at most.
    pub(crate) fn save(
        &mut self,
        note: EntityId,
        trace: &Trace,
        seen: &BTreeSet<usize>,
        mut most: impl FnMut() -> usize,
    ) {
        let author = self.device.author(NOW);
        let mut pieces: Vec<Vec<usize>> = Vec::new();
        let mut left = 0;
        for txn in std::mem::take(&mut self.typed) {
            let ends = |piece: &Vec<usize>| piece.last().is_some_and(|last| seen.contains(last));
            if left == 0 || pieces.last().is_none_or(ends) {
                pieces.push(Vec::new());
                left = most().max(1);
            }
            left -= 1;
            pieces.last_mut().unwrap().push(txn);
        }
        self.saved.extend(pieces.iter().filter_map(|piece| piece.last()));
        for piece in pieces {
            let splices: Vec<Splice> = piece
                .iter()
                .flat_map(|txn| &trace.txns[*txn].patches)
                .map(|(pos, delete, insert)| Splice::new(*pos, *delete, insert.as_str()))
                .collect();
            self.device
                .store
                .write(|tx| {
                    tx.append(author, keystrokes(tx, note, writer_of(&author.actor.0), &splices)?)
                })
                .unwrap();
        }
    }

    /// Fetches the changes of the other up to one transaction, and no later ones, in runs of at most
    /// so many changes.
    pub(crate) fn fetch_up_to(
        &mut self,
        other: &mut Self,
        txn: usize,
        mut most: impl FnMut() -> u64,
    ) {
        let at = other.saved.binary_search(&txn).unwrap() as u64;
        let log = log(Space::Everywhere, other.device.actor);
        let last = at + 1 + other.offset;
        let mut first = self.device.held().unwrap().get(log) + 1;
        while first <= last {
            let until = first.saturating_add(most().max(1) - 1).min(last);
            let range = Range { log, first, last: until };
            let run = other.device.store.read(|tx| tx.run(range)).unwrap().unwrap();
            first = run.last() + 1;
            self.device.take_in(NOW, &run).unwrap();
        }
    }
}

/// A device hands another a random part of what that one lacks, in runs of random size and in any
/// order; some arrive twice, and the rest not this time.
pub(crate) fn trickle(from: &mut Replica, to: &mut Replica, rng: &mut ChaCha8Rng) {
    let most = rng.gen_range(1..60);
    let mut runs = from.runs(&to.held().unwrap(), || rng.gen_range(1..=most)).unwrap();
    // Later runs of a log are refused until the earlier ones are there: mostly in order, then.
    if rng.gen_bool(0.3) {
        runs.shuffle(rng);
    }
    let arriving = rng.gen_range(0..=runs.len());
    for run in &runs[..arriving] {
        to.take_in(NOW, run).unwrap();
        if rng.gen_bool(0.1) {
            to.take_in(NOW, run).unwrap();
        }
    }
}

fn keystrokes(
    tx: &Tx<'_>,
    note: EntityId,
    writer: u64,
    splices: &[Splice],
) -> Result<LocalChange, StoreError> {
    let mut doc = tx.open_text(note, writer)?;
    let update = doc.splice(splices)?.update;
    let (state, space) = tx.expect_entity(note, "note")?;
    let mut draft = state.draft();
    draft.text(TEXT, update);
    Ok(LocalChange {
        space,
        action: "note.text".into(),
        edits: draft.finish().into_iter().collect(),
        texts: vec![(note, doc)],
        ..LocalChange::default()
    })
}

/// Everyone gets everything: all have the recorded text, the same data and the same list of conflicts,
/// and so has a device that gets it all in another order, and one that makes everything anew.
pub(crate) fn all_the_same(
    devices: &mut [&mut Replica],
    note: EntityId,
    trace: &Trace,
    rng: &mut ChaCha8Rng,
) -> Vec<(EntityId, String, bool)> {
    for _ in 0..2 {
        for to in 0..devices.len() {
            for from in 0..devices.len() {
                if let Ok([from, to]) = devices.get_disjoint_mut([from, to]) {
                    to.fetch(NOW, from).unwrap();
                }
            }
        }
    }
    let mut late = Replica::new(99, 0).unwrap();
    while late.held().unwrap() != devices[0].held().unwrap() {
        trickle(devices[0], &mut late, rng);
    }
    let (dump, conflicts) = (devices[0].dump().unwrap(), devices[0].conflicts().unwrap());
    for device in devices.iter_mut().map(|device| &mut **device).chain([&mut late]) {
        let text = device.store.read(|tx| tx.text(note)).unwrap().unwrap();
        assert!(text.plain == trace.end_content, "not the text that was recorded");
        assert!(device.dump().unwrap() == dump, "the data differ");
        assert!(device.conflicts().unwrap() == conflicts, "the conflicts differ");
    }
    late.store.write(|tx| tx.rebuild()).unwrap();
    assert!(late.conflicts().unwrap() == conflicts, "made anew, the conflicts differ");
    devices[0].listed().unwrap()
}
