//! Two people writing one blog post for an hour, keystroke by keystroke, as recorded, each on their own
//! device: the devices exchange changes wherever the recording says that one had seen the other's.
//!
//! Law: both devices end in exactly the recorded text, and their data are equal byte for byte.

use holdfast_model::change::Edit;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{TEXT, TITLE, VALUE};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, Kind, Policies, Policy};
use holdfast_oplog::{Range, Space};
use holdfast_store::{LocalChange, StoreError, Tx};
use holdfast_tests::Replica;
use holdfast_tests::replica::log;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;

const START: i64 = 1_800_000_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    end_content: String,
    txns: Vec<Txn>,
}

#[derive(Deserialize)]
struct Txn {
    parents: Vec<usize>,
    agent: usize,
    patches: Vec<(usize, usize, String)>,
}

/// The recording, where the shared test data lies beside the workspace.
fn trace(name: &str) -> Option<Trace> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("HOLDFAST_SHARED").map_or_else(beside, PathBuf::from);
    let path = shared.join("data/editing-traces").join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: {} is not there; set HOLDFAST_SHARED", path.display());
        return None;
    };
    let mut json = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut json).unwrap();
    Some(serde_json::from_str(&json).unwrap())
}

/// One writer's place.
struct Seat {
    device: Replica,
    /// Own transactions that are typed but not yet saved.
    typed: Vec<usize>,
    /// The last transaction in each own change; the one at `n` has the number `n + 1 + offset`.
    saved: Vec<usize>,
    offset: u64,
}

impl Seat {
    fn new(number: u8, offset: u64) -> Self {
        let device = Replica::new(number, 0).unwrap();
        Self { device, typed: Vec::new(), saved: Vec::new(), offset }
    }

    /// Saves what was typed: as an editor does that saves after a pause, several keystrokes are one
    /// change, which ends where the other will have seen so much and no more.
    fn save(&mut self, note: EntityId, trace: &Trace, seen: &BTreeSet<usize>) {
        if self.typed.is_empty() {
            return;
        }
        let author = self.device.author(START);
        let typed = std::mem::take(&mut self.typed);
        let pieces: Vec<&[usize]> = typed.split_inclusive(|txn| seen.contains(txn)).collect();
        self.saved.extend(pieces.iter().filter_map(|piece| piece.last()));
        self.device
            .store
            .write(|tx| {
                for piece in pieces {
                    let splices: Vec<Splice> = piece
                        .iter()
                        .flat_map(|txn| &trace.txns[*txn].patches)
                        .map(|(pos, delete, insert)| Splice::new(*pos, *delete, insert.as_str()))
                        .collect();
                    tx.append(author, keystrokes(tx, note, writer_of(&author.actor.0), &splices)?)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    /// Fetches the changes of the other up to one transaction, and no later ones.
    fn fetch_up_to(&mut self, other: &mut Self, txn: usize) {
        let at = other.saved.binary_search(&txn).unwrap() as u64;
        let log = log(Space::Everywhere, other.device.actor);
        let first = self.device.held().unwrap().get(log) + 1;
        let range = Range { log, first, last: at + 1 + other.offset };
        let run = other.device.store.read(|tx| tx.run(range)).unwrap().unwrap();
        assert_eq!(run.last(), range.last, "one run holds what is typed between two exchanges");
        self.device.take_in(START, &run).unwrap();
    }
}

/// Before which transactions a writer has to fetch, and up to which one of the other.
fn exchanges(trace: &Trace) -> BTreeMap<usize, usize> {
    let mut has = [vec![false; trace.txns.len()], vec![false; trace.txns.len()]];
    let mut exchanges = BTreeMap::new();
    for (number, txn) in trace.txns.iter().enumerate() {
        let mut open = txn.parents.clone();
        while let Some(before) = open.pop() {
            if !std::mem::replace(&mut has[txn.agent][before], true) {
                let last = exchanges.entry(number).or_insert(before);
                *last = before.max(*last);
                open.extend(&trace.txns[before].parents);
            }
        }
        has[txn.agent][number] = true;
    }
    exchanges
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

/// Chooses the policy for note texts.
fn choose(device: &mut Replica, policy: Policy) {
    let id = Policies::setting("text");
    let known = device.store.read(|tx| tx.entity(id)).unwrap();
    let mut draft = known
        .as_ref()
        .map_or_else(|| Draft::new(id, Kind::Setting.as_str()), |(state, _)| state.draft());
    draft.set(VALUE, policy.as_str(), &Seen::All);
    device.edit(START, draft.finish().into_iter().collect()).unwrap();
}

fn new_note(id: EntityId) -> Vec<Edit> {
    let mut draft = Draft::new(id, Kind::Note.as_str());
    draft.set(TITLE, "Friends forever", &Seen::All);
    draft.finish().into_iter().collect()
}

#[test]
fn two_writers_end_in_the_recorded_text() {
    let Some(trace) = trace("friendsforever.json.gz") else { return };
    let note = EntityId::named("friends forever");
    // The first writer's first changes make the note and say that nothing is asked meanwhile.
    let mut seats = [Seat::new(1, 2), Seat::new(2, 0)];
    let [first, second] = &mut seats;
    first.device.edit(START, new_note(note)).unwrap();
    choose(&mut first.device, Policy::Newest);
    second.device.fetch(START, &mut first.device).unwrap();
    let exchanges = exchanges(&trace);
    let seen: BTreeSet<usize> = exchanges.values().copied().collect();
    for (number, txn) in trace.txns.iter().enumerate() {
        let [first, second] = &mut seats;
        let (own, other) = if txn.agent == 0 { (first, second) } else { (second, first) };
        if let Some(last) = exchanges.get(&number) {
            own.save(note, &trace, &seen);
            other.save(note, &trace, &seen);
            own.fetch_up_to(other, *last);
        }
        own.typed.push(number);
    }
    let [first, second] = &mut seats;
    first.save(note, &trace, &seen);
    second.save(note, &trace, &seen);
    first.device.fetch(START, &mut second.device).unwrap();
    second.device.fetch(START, &mut first.device).unwrap();
    eprintln!("{} transactions, {} exchanges", trace.txns.len(), exchanges.len());
    for seat in [&mut *first, &mut *second] {
        let text = seat.device.store.read(|tx| tx.text(note)).unwrap().unwrap();
        assert_eq!(text.plain, trace.end_content);
    }
    assert_eq!(first.device.dump().unwrap(), second.device.dump().unwrap());
    assert_eq!(first.device.listed().unwrap(), []);
    // Asked now, both find the same passages that the two had edited apart.
    choose(&mut first.device, Policy::Merge);
    second.device.fetch(START, &mut first.device).unwrap();
    assert_eq!(first.device.listed().unwrap().len(), 1);
    assert_eq!(first.device.conflicts().unwrap(), second.device.conflicts().unwrap());
}
