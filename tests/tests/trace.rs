//! Two people writing one blog post for an hour, keystroke by keystroke, as recorded, each on their own
//! device: the devices exchange changes wherever the recording says that one had seen the other's.
//!
//! Law: both devices end in exactly the recorded text, and their data are equal byte for byte.

use holdfast_model::change::Edit;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{TEXT, TITLE};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{Range, Space};
use holdfast_store::{LocalChange, StoreError, Tx};
use holdfast_tests::Replica;
use holdfast_tests::replica::log;
use serde::Deserialize;
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
    /// Which transactions of the recording are here.
    has: Vec<bool>,
    /// Own transactions that are typed but not yet saved.
    typed: Vec<usize>,
    /// All own transactions; the change of the one at `n` has the number `n + 1 + offset`.
    own: Vec<usize>,
    offset: u64,
}

impl Seat {
    fn new(number: u8, txns: usize, offset: u64) -> Self {
        let device = Replica::new(number, 0).unwrap();
        Self { device, has: vec![false; txns], typed: Vec::new(), own: Vec::new(), offset }
    }

    fn write(&mut self, txn: usize) {
        self.has[txn] = true;
        self.typed.push(txn);
        self.own.push(txn);
    }

    /// Saves what was typed, one change a transaction of the recording, in one write.
    fn save(&mut self, note: EntityId, trace: &Trace) {
        if self.typed.is_empty() {
            return;
        }
        let author = self.device.author(START);
        let typed = std::mem::take(&mut self.typed);
        self.device
            .store
            .write(|tx| {
                for txn in typed {
                    let splices: Vec<Splice> = trace.txns[txn]
                        .patches
                        .iter()
                        .map(|(pos, delete, insert)| Splice::new(*pos, *delete, insert.as_str()))
                        .collect();
                    tx.append(author, keystroke(tx, note, writer_of(&author.actor.0), &splices)?)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    /// The last transaction of the other that stands before `heads` and is not here yet.
    fn lacks(&mut self, heads: &[usize], trace: &Trace) -> Option<usize> {
        let mut open = heads.to_vec();
        let mut last = None;
        while let Some(txn) = open.pop() {
            if !std::mem::replace(&mut self.has[txn], true) {
                last = last.max(Some(txn));
                open.extend(&trace.txns[txn].parents);
            }
        }
        last
    }

    /// Fetches the changes of the other up to one transaction, and no later ones.
    fn fetch_up_to(&mut self, other: &mut Self, txn: usize) {
        let at = other.own.binary_search(&txn).unwrap() as u64;
        let log = log(Space::Everywhere, other.device.actor);
        let first = self.device.held().unwrap().get(log) + 1;
        let range = Range { log, first, last: at + 1 + other.offset };
        let run = other.device.store.read(|tx| tx.run(range)).unwrap().unwrap();
        assert_eq!(run.last(), range.last, "one run holds what is typed between two exchanges");
        self.device.take_in(START, &run).unwrap();
    }
}

fn keystroke(
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

fn new_note(id: EntityId) -> Vec<Edit> {
    let mut draft = Draft::new(id, Kind::Note.as_str());
    draft.set(TITLE, "Friends forever", &Seen::All);
    draft.finish().into_iter().collect()
}

#[test]
fn two_writers_end_in_the_recorded_text() {
    let Some(trace) = trace("friendsforever.json.gz") else { return };
    let note = EntityId::named("friends forever");
    // The first writer's first change makes the note.
    let mut seats = [Seat::new(1, trace.txns.len(), 1), Seat::new(2, trace.txns.len(), 0)];
    let [first, second] = &mut seats;
    first.device.edit(START, new_note(note)).unwrap();
    second.device.fetch(START, &mut first.device).unwrap();
    let mut exchanges = 0;
    for (number, txn) in trace.txns.iter().enumerate() {
        let [first, second] = &mut seats;
        let (own, other) = if txn.agent == 0 { (first, second) } else { (second, first) };
        if let Some(last) = own.lacks(&txn.parents, &trace) {
            own.save(note, &trace);
            other.save(note, &trace);
            own.fetch_up_to(other, last);
            exchanges += 1;
        }
        own.write(number);
    }
    let [first, second] = &mut seats;
    first.save(note, &trace);
    second.save(note, &trace);
    first.device.fetch(START, &mut second.device).unwrap();
    second.device.fetch(START, &mut first.device).unwrap();
    eprintln!("{} transactions, {exchanges} exchanges", trace.txns.len());
    for seat in [&mut *first, &mut *second] {
        let text = seat.device.store.read(|tx| tx.text(note)).unwrap().unwrap();
        assert_eq!(text.plain, trace.end_content);
    }
    assert_eq!(first.device.dump().unwrap(), second.device.dump().unwrap());
    assert_eq!(first.device.conflicts().unwrap(), second.device.conflicts().unwrap());
}
