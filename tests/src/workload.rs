//! What a device does in a while, step by step, the same each time: writing, typing, receiving, an
//! attachment, a search. Each step is one transaction, so that after any fault the database must show
//! what it showed after one of them.

use crate::Replica;
use crate::replica::{VAULT, seal, verify};
use holdfast_model::change::Edit;
use holdfast_model::entity::{DELETED, Draft, Seen};
use holdfast_model::fields::{TITLE, WHEN};
use holdfast_model::text::{TextDoc, writer_of};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, DeviceId, VersionVector};
use holdfast_store::{Author, Destination, Direction, LocalChange, Run, Store, StoreError, Tx};
use std::path::Path;

/// How many steps there are.
pub const STEPS: usize = 14;
/// Who writes.
pub const ACTOR: ActorId = ActorId([1; 16]);
const NOW: i64 = 1_800_000_000_000;

/// The first format of the tables, as the first release left it on disks.
const FIRST: &str = include_str!("../../crates/store/src/schema/1-first.sql");

/// What the steps need from outside: another device's changes.
#[derive(Debug)]
pub struct Workload {
    runs: Vec<Run>,
}

fn task(number: usize) -> EntityId {
    EntityId::named(&format!("task {number}"))
}

fn note() -> EntityId {
    EntityId::named("note")
}

fn new_item(id: EntityId, kind: Kind, title: &str) -> Vec<Edit> {
    let mut draft = Draft::new(id, kind.as_str());
    draft.set(TITLE, title, &Seen::All);
    draft.finish().into_iter().collect()
}

impl Workload {
    /// With the changes of another device, which knows the first tasks of this one.
    pub fn new() -> Result<Self, StoreError> {
        let mut other = Replica::new(2, 3_600_000)?;
        for number in 100..108 {
            other.edit(NOW, new_item(task(number), Kind::Task, "From the other device"))?;
        }
        let runs = other.runs(&VersionVector::new(), || 4)?;
        Ok(Self { runs })
    }

    /// Carries out one step. When this returns `Ok`, it is on the disk.
    pub fn step(&self, store: &mut Store, step: usize) -> Result<(), StoreError> {
        let now = NOW + 60_000 * step as i64;
        let author = Author { actor: ACTOR, sign: &seal, wall_ms: now };
        store.write(|tx| match step {
            0 | 2 | 5 => {
                let title =
                    format!("Task {step}, with a title of some length: {}", "oak ".repeat(40));
                append(tx, author, new_item(task(step), Kind::Task, &title), Vec::new())
            }
            1 => append(tx, author, new_item(note(), Kind::Note, "A note"), Vec::new()),
            3 | 9 => type_text(tx, author, step),
            4 | 8 => receive(tx, &self.runs[usize::from(step == 8)], now),
            6 => {
                let (state, _) = tx.expect_entity(task(100), "task")?;
                let mut draft = state.draft();
                draft.set(WHEN, "2026-12-01", &Seen::All);
                append(tx, author, draft.finish().into_iter().collect(), Vec::new())
            }
            7 => {
                let (state, _) = tx.expect_entity(task(2), "task")?;
                let mut draft = state.draft();
                draft.life(DELETED, &Seen::All);
                append(tx, author, draft.finish().into_iter().collect(), Vec::new())
            }
            10 => tx.add_blob(&vec![7; 20_000]).map(drop),
            11 => tx.index_search(usize::MAX).map(drop),
            12 => undo(tx, author),
            _ => append(tx, author, new_item(task(step), Kind::Task, "The last"), Vec::new()),
        })
    }
}

fn append(
    tx: &Tx<'_>,
    author: Author<'_>,
    edits: Vec<Edit>,
    texts: Vec<(EntityId, TextDoc)>,
) -> Result<(), StoreError> {
    let action = LocalChange { action: "test".into(), edits, texts, ..LocalChange::default() };
    tx.append(author, action).map(drop)
}

fn type_text(tx: &Tx<'_>, author: Author<'_>, step: usize) -> Result<(), StoreError> {
    let (state, _) = tx.expect_entity(note(), "note")?;
    let mut doc = tx.open_text(note(), writer_of(&ACTOR.0))?;
    let update = doc.replace(&format!("{}Typed in step {step}.\n", doc.plain()))?.update;
    let mut draft = state.draft();
    draft.text(Kind::Note.text_field().unwrap_or_default(), update);
    append(tx, author, draft.finish().into_iter().collect(), vec![(note(), doc)])
}

fn receive(tx: &Tx<'_>, run: &Run, now: i64) -> Result<(), StoreError> {
    let device = DeviceId([2; 16]);
    let exchange = tx.begin_exchange(Direction::Received, "bundle", Some(device), now, "other")?;
    tx.receive(run, Some(exchange))?;
    tx.apply_ready(now)?;
    let holds = [(run.log, run.last())].into_iter().collect();
    tx.keep_destination(&Destination {
        device,
        holds,
        last_seen_ms: Some(now),
        last_export_ms: None,
    })
}

fn undo(tx: &Tx<'_>, author: Author<'_>) -> Result<(), StoreError> {
    let Some(step) = tx.undo_step(ACTOR)? else { return Ok(()) };
    let plan = tx.plan_undo(&step.changes[..1], ACTOR, &step.changes)?;
    append(tx, author, plan.edits, plan.texts)
}

/// All that a person could see of a database, and what it says that it holds.
pub fn picture(store: &mut Store) -> Result<String, StoreError> {
    store.read(|tx| {
        let blobs = tx.blobs()?;
        Ok(format!(
            "{}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
            tx.dump(None)?,
            tx.conflicts(None)?,
            tx.held()?,
            blobs,
            tx.exchanges(100)?,
            tx.destinations()?
        ))
    })
}

/// The pictures after no step, the first step, and so on.
pub fn pictures(workload: &Workload) -> Result<Vec<String>, StoreError> {
    let mut store = Store::in_memory(VAULT)?;
    let mut pictures = vec![picture(&mut store)?];
    for step in 0..STEPS {
        workload.step(&mut store, step)?;
        pictures.push(picture(&mut store)?);
    }
    Ok(pictures)
}

/// What a check finds wrong: nothing, in a database that is whole.
pub fn problems(store: &mut Store) -> Vec<String> {
    let found = store.read(|tx| {
        let mut lines = tx.check(&verify, &|_| true)?;
        lines.extend(tx.check_rows());
        lines.extend(tx.check_missing());
        Ok::<_, StoreError>(lines)
    });
    let views = store.read(|tx| tx.dump(None)).and_then(|shown| {
        store.try_out(|tx| {
            let before = tx.view_sums()?;
            tx.rebuild()?;
            Ok::<_, StoreError>((shown == tx.dump(None)?, before, tx.view_sums()?))
        })
    });
    let mut problems: Vec<String> = match found {
        Ok(lines) => lines.into_iter().filter(|line| !line.ok).map(|line| line.text).collect(),
        Err(error) => vec![error.to_string()],
    };
    match views {
        Ok((same, before, after)) => {
            if !same {
                problems.push("the dump is not what the changes make".into());
            }
            problems.extend(
                before.iter().zip(&after).filter(|(a, b)| a != b).map(|(a, _)| a.0.to_owned()),
            );
        }
        Err(error) => problems.push(error.to_string()),
    }
    problems
}

/// A database of the first format with nothing in it.
pub fn first_format(path: &Path) -> rusqlite::Result<()> {
    let conn = rusqlite::Connection::open(path)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.execute_batch(FIRST)?;
    conn.execute("INSERT INTO meta (key, value) VALUES ('vault', ?1)", [&VAULT.0])?;
    conn.pragma_update(None, "user_version", 1)
}
