//! Tasks: opening a store that is full of them, adding one, taking in another device's.

use crate::table::{Row, Times, timed};
use crate::{ITEMS, plain};
use anyhow::Result;
use holdfast_model::change::Edit;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{ORDER, TITLE, WHEN};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, VersionVector};
use holdfast_store::query::TaskFilter;
use holdfast_store::{Arrivals, LocalChange, Run, Store, StoreError};
use holdfast_tests::Replica;
use holdfast_tests::replica::VAULT;
use std::path::Path;

const NOW: i64 = 1_800_000_000_000;
const ROUNDS: usize = 300;
/// Rows of the first page that a window shows.
const PAGE: usize = 100;

pub(crate) fn id(number: usize) -> EntityId {
    EntityId::named(&format!("task {number}"))
}

pub(crate) fn title(number: usize) -> String {
    const WORDS: [&str; 8] =
        ["boards", "varnish", "hinges", "screws", "clamps", "chisels", "plans", "receipts"];
    let (first, second) = (WORDS[number % 8], WORDS[number / 8 % 8]);
    format!("Order {first} and {second} for job {number}")
}

pub(crate) fn sort(number: usize) -> String {
    format!("a{number:06}")
}

fn new_task(number: usize) -> Vec<Edit> {
    let mut draft = Draft::new(id(number), Kind::Task.as_str());
    draft.set(TITLE, title(number), &Seen::All);
    draft.set(WHEN, "2026-12-01", &Seen::All);
    draft.set(ORDER, sort(number), &Seen::All);
    draft.finish().into_iter().collect()
}

/// A device whose store lies on disk.
pub(crate) fn on_disk(path: &Path) -> Result<Replica> {
    Ok(Replica { store: Store::create(path, VAULT)?, actor: ActorId([1; 16]), skew_ms: 0 })
}

/// Puts tasks into a store, one change each.
pub(crate) fn fill(replica: &mut Replica, count: usize) -> Result<()> {
    let author = replica.author(NOW);
    replica.store.write(|tx| {
        for number in 0..count {
            let edits = new_task(number);
            tx.append(
                author,
                LocalChange { action: "task.add".into(), edits, ..LocalChange::default() },
            )?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

fn fill_plain(conn: &rusqlite::Connection, count: usize) -> Result<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    for number in 0..count {
        plain::insert(conn, number)?;
    }
    conn.execute_batch("COMMIT")?;
    Ok(())
}

/// Opens the store and reads the first page of the inbox; beside it, the same rows of a plain table.
pub(crate) fn startup() -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let (ours, theirs) = (folder.path().join("ours.db"), folder.path().join("plain.db"));
    fill(&mut on_disk(&ours)?, ITEMS)?;
    fill_plain(&plain::open(&theirs)?, ITEMS)?;
    let (mut own, mut plain_times) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        own.push(timed(|| Ok(Store::open(&ours)?.read(|tx| tx.tasks(&TaskFilter::Inbox, PAGE))?))?);
        plain_times.push(timed(|| {
            let conn = plain::open(&theirs)?;
            let mut statement = conn.prepare(
                "SELECT id, title, plan FROM tasks WHERE status = 'open' ORDER BY sort, id LIMIT ?1",
            )?;
            let rows = statement.query_map([PAGE as i64], |row| row.get::<_, String>(1))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })?);
    }
    Ok(Row { ours: Times::new(own), plain: Times::new(plain_times) })
}

/// Adds tasks one by one, each on disk before the next; beside it, one durable insert each.
pub(crate) fn add() -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let mut replica = on_disk(&folder.path().join("ours.db"))?;
    let conn = plain::open(&folder.path().join("plain.db"))?;
    fill(&mut replica, ITEMS)?;
    fill_plain(&conn, ITEMS)?;
    let (mut own, mut plain_times) = (Vec::new(), Vec::new());
    for number in ITEMS..ITEMS + ROUNDS {
        own.push(timed(|| Ok(replica.edit(NOW, new_task(number))?))?);
        plain_times.push(timed(|| plain::insert(&conn, number))?);
    }
    Ok(Row { ours: Times::new(own), plain: Times::new(plain_times) })
}

/// Takes in 10,000 changes of another device in one transaction: log, states and views; beside it, as
/// many rows in one transaction.
pub(crate) fn apply() -> Result<Row> {
    let mut phone = Replica::new(2, 0)?;
    fill(&mut phone, ITEMS)?;
    let runs: Vec<Run> = phone.runs(&VersionVector::new(), || u64::MAX)?;
    let (mut own, mut plain_times) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let folder = tempfile::tempdir()?;
        let mut replica = on_disk(&folder.path().join("ours.db"))?;
        let conn = plain::open(&folder.path().join("plain.db"))?;
        own.push(timed(|| {
            Ok(replica.store.write(|tx| {
                let mut arrivals = Arrivals::new(tx, NOW);
                for run in &runs {
                    arrivals.receive(run, None)?;
                }
                arrivals.finish()
            })?)
        })?);
        plain_times.push(timed(|| fill_plain(&conn, ITEMS))?);
    }
    Ok(Row { ours: Times::new(own), plain: Times::new(plain_times) })
}
