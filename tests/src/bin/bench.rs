//! Measures Holdfast's store beside plain SQLite doing the same writes, in one run on one disk, and
//! prints a table. `bench NAME` runs only the rows whose name contains NAME. Asserts no time.

#[path = "../bench/folder.rs"]
mod folder;
#[path = "../bench/keystroke.rs"]
mod keystroke;
#[path = "../bench/nearby.rs"]
mod nearby;
#[path = "../bench/plain.rs"]
mod plain;
#[path = "../bench/search.rs"]
mod search;
#[path = "../bench/table.rs"]
mod table;
#[path = "../bench/tasks.rs"]
mod tasks;

use anyhow::Result;
use std::process::Command;
use table::Row;

/// Items in the store where a row says so.
const ITEMS: usize = 10_000;

type Measurement = (&'static str, fn() -> Result<Row>);

const MEASUREMENTS: &[Measurement] = &[
    ("startup: open, first page of 10,000 tasks", tasks::startup),
    ("add a task to 10,000, durable", tasks::add),
    ("apply 10,000 changes of another device", tasks::apply),
    ("keystroke in a 100 KB note until stored", keystroke::keystroke),
    ("1,000 notes of 1 KB into an exchange folder", folder::out),
    ("1,000 notes of 1 KB out of it, second device", folder::take_in),
    ("nearby: first sync of 10,000 notes of 1 KB over loopback", nearby::first_sync),
    ("nearby: an edit on A seen on B", nearby::edit),
    ("search as you type over 10,000 items", search::as_you_type),
];

/// Which network interface Nearby uses, where it is not all.
const INTERFACE: &str = "HOLDFAST_LAN_INTERFACE";

fn main() -> Result<()> {
    if std::env::var_os(INTERFACE).is_none_or(|name| name != "lo") {
        // Nothing that is measured speaks on the machine's own network.
        let mut again = Command::new(std::env::current_exe()?);
        let status = again.args(std::env::args_os().skip(1)).env(INTERFACE, "lo").status()?;
        anyhow::ensure!(status.success(), "the measurements ended with {status}");
        return Ok(());
    }
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let mut rows = Vec::new();
    for (name, measure) in MEASUREMENTS.iter().filter(|(name, _)| name.contains(&wanted)) {
        eprintln!("{name} …");
        rows.push((*name, measure()?));
    }
    print!("{}", table::render(&rows));
    Ok(())
}
