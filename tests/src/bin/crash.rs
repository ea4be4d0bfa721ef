//! A process that is meant to be killed: writes to a database on the disk and says on standard output,
//! one line each, what was acknowledged.
//!
//! `crash write FILE ACTOR` appends changes without end. `crash migrate FILE` opens a database.
//! `crash rebuild FILE` makes the views anew without end. `crash copy FILE TO` copies without end.

use anyhow::{Context, Result, bail};
use holdfast_model::change::Edit;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, Space};
use holdfast_store::{Author, LocalChange, Store, StoreError};
use holdfast_tests::replica::{log, seal};
use std::io::Write;
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = PathBuf::from(arguments.get(1).context("no file was named")?);
    match (arguments.first().map(String::as_str), arguments.get(2)) {
        (Some("write"), Some(actor)) => write(&path, ActorId([actor.parse()?; 16])),
        (Some("migrate"), None) => {
            say("ready")?;
            drop(Store::open(&path)?);
            say("open")
        }
        (Some("rebuild"), None) => {
            let mut store = Store::open(&path)?;
            loop {
                say("ready")?;
                store.write(|tx| tx.rebuild())?;
            }
        }
        (Some("copy"), Some(to)) => {
            let store = Store::open(&path)?;
            for number in 0_u64.. {
                say("ready")?;
                store.copy_to(&Path::new(to).join(number.to_string()))?;
            }
            Ok(())
        }
        _ => bail!("what to do?"),
    }
}

/// Writes without end, as the last number of the log says where it stopped.
fn write(path: &Path, actor: ActorId) -> Result<()> {
    let mut store = Store::open(path)?;
    let mut number =
        store.read(|tx| Ok::<_, StoreError>(tx.held()?.get(log(Space::Everywhere, actor))))?;
    loop {
        number += 1;
        let author = Author { actor, sign: &seal, wall_ms: 1_800_000_000_000 };
        let mut draft =
            Draft::new(EntityId::named(&format!("{actor} {number}")), Kind::Task.as_str());
        draft.set(TITLE, format!("Task {number}"), &Seen::All);
        let edits: Vec<Edit> = draft.finish().into_iter().collect();
        let action = LocalChange { action: "test".into(), edits, ..LocalChange::default() };
        store.write(|tx| tx.append(author, action))?;
        say(&number.to_string())?;
    }
}

/// One write, so that a line is said whole or not at all.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()?;
    Ok(())
}
