//! Nearby: two devices of one vault, connected over the loopback interface, as the app runs them. The
//! plain side sends the same over a socket and inserts it.

use crate::table::{Row, Times, timed};
use anyhow::{Context, Result, bail};
use holdfast_app::view::SameLists;
use holdfast_app::view::{NoteQuery, QuickAddDefaults, TaskPatch};
use holdfast_app::{Agreement, App, Home, Keeper, KeyStore, NewDevice};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Notes of a kilobyte each.
pub(crate) const NOTES: usize = 10_000;
const FIRST_SYNCS: usize = 3;
const EDITS: usize = 300;
/// So long anything may take before the measurement counts as stuck.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether something is seen: it makes a time longer by this at most.
const LOOK: Duration = Duration::from_micros(200);

/// One device with everything that its process runs.
struct Device {
    app: Arc<App>,
    keeper: Option<Keeper>,
}

impl Device {
    fn new(home: &Path) -> Result<Self> {
        Ok(Self { app: Arc::new(App::at(Home::at(home.to_owned()))?), keeper: None })
    }

    fn run(&mut self) {
        self.keeper = Some(Keeper::start(self.app.clone(), |_| {}));
    }

    fn notes(&self) -> Result<usize> {
        let query = NoteQuery { list: None, tag: None, limit: 1 };
        Ok(self.app.notes(&query)?.total as usize)
    }
}

fn new(name: &str) -> NewDevice<'_> {
    NewDevice { name, key_store: Some(KeyStore::File), passphrase: None, set_aside: None }
}

/// Waits as a window does: it reads anew whenever it is told that something changed, and only then.
fn wait_until_told(what: &str, app: &App, holds: impl Fn() -> Result<bool>) -> Result<()> {
    let (start, mut news) = (Instant::now(), app.subscribe());
    while !holds()? {
        while news.try_recv().is_err() {
            if start.elapsed() > PATIENCE {
                bail!("it never came to this: {what}");
            }
            thread::park_timeout(LOOK);
        }
    }
    Ok(())
}

fn wait_until(what: &str, holds: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !holds()? {
        if start.elapsed() > PATIENCE {
            bail!("it never came to this: {what}");
        }
        thread::park_timeout(LOOK);
    }
    Ok(())
}

pub(crate) fn body(number: usize) -> String {
    let line = format!("Plan {number}: boards, varnish, hinges and {} screws.\n", number % 97);
    line.repeat(1 + 1_000 / line.len()).chars().take(1_000).collect()
}

/// A laptop with some notes, whose network runs, and a phone that was paired with it and whose network
/// does not run yet.
fn paired(place: &Path, notes: usize) -> Result<[Device; 2]> {
    let mut laptop = Device::new(&place.join("laptop"))?;
    let phone = Device::new(&place.join("phone"))?;
    laptop.app.create(&new("Laptop"))?;
    if notes > 0 {
        let folder = place.join("notes");
        std::fs::create_dir(&folder)?;
        for number in 0..notes {
            std::fs::write(folder.join(format!("{number}.md")), body(number))?;
        }
        laptop.app.import_markdown(&folder)?;
    }
    laptop.app.set_mode(holdfast_app::view::Mode::Nearby)?;
    laptop.run();
    wait_until("the laptop listens", || Ok(!laptop.app.nearby()?.addresses.is_empty()))?;
    let (offer, _offering) = laptop.app.offer_pairing()?;
    let agree = |_: &_| Agreement::Yes(SameLists::Merge);
    phone.app.accept_pairing(&offer.address, &offer.code, &new("Phone"), agree)?;
    Ok([laptop, phone])
}

/// Reads one row as the plain side sends it: its length, and that many bytes.
fn read_row(from: &mut TcpStream) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length == 0 {
        return Ok(None);
    }
    let mut row = vec![0; length];
    from.read_exact(&mut row)?;
    Ok(Some(row))
}

fn write_row(to: &mut impl Write, row: &[u8]) -> Result<()> {
    to.write_all(&u32::try_from(row.len())?.to_be_bytes())?;
    Ok(to.write_all(row)?)
}

fn connected() -> Result<[TcpStream; 2]> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let here = TcpStream::connect(listener.local_addr()?)?;
    let (there, _) = listener.accept()?;
    for side in [&here, &there] {
        side.set_nodelay(true)?;
    }
    Ok([here, there])
}

const INSERT: &str = "INSERT INTO notes (id, body) VALUES (?1, ?2)";

/// The rows of one database over a socket, inserted into another in one transaction.
fn plain_copy(from: &Path, to: &Path) -> Result<()> {
    let [here, mut there] = connected()?;
    let source = crate::plain::open(from)?;
    let sending = thread::spawn(move || -> Result<()> {
        let mut out = std::io::BufWriter::new(here);
        let mut statement = source.prepare("SELECT body FROM notes")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            write_row(&mut out, row.get_ref(0)?.as_bytes()?)?;
        }
        write_row(&mut out, &[])
    });
    let mut target = crate::plain::open(to)?;
    let tx = target.transaction()?;
    let mut insert = tx.prepare(INSERT)?;
    let mut number = 0_usize;
    while let Some(row) = read_row(&mut there)? {
        insert.execute((number.to_be_bytes(), String::from_utf8(row)?))?;
        number += 1;
    }
    drop(insert);
    tx.commit()?;
    sending.join().map_err(|_| anyhow::anyhow!("the sending thread ended early"))?
}

/// A vault of 10,000 notes to a device that was just paired: from the moment at which its network
/// starts until all notes are there and both hold the same.
pub(crate) fn first_sync() -> Result<Row> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..FIRST_SYNCS {
        let place = tempfile::tempdir()?;
        let [laptop, mut phone] = paired(place.path(), NOTES)?;
        ours.push(timed(|| {
            phone.run();
            wait_until_told("all notes on the phone", &phone.app, || Ok(phone.notes()? == NOTES))
        })?);
        let same = || Ok(laptop.app.digests()? == phone.app.digests()?);
        wait_until("both hold the same", same)?;
        let [from, to] = ["from.db", "to.db"].map(|name| place.path().join(name));
        let mut source = crate::plain::open(&from)?;
        let tx = source.transaction()?;
        for number in 0..NOTES {
            tx.execute(INSERT, (number.to_be_bytes(), body(number)))?;
        }
        tx.commit()?;
        theirs.push(timed(|| plain_copy(&from, &to))?);
    }
    Ok(Row { ours: Times::new(ours), plain: Times::new(theirs) })
}

/// One edit of a title on the laptop until the phone's view shows it, while they are connected; beside
/// it, a durable update, a round trip and a durable update.
pub(crate) fn edit() -> Result<Row> {
    let place = tempfile::tempdir()?;
    let [laptop, mut phone] = paired(place.path(), 100)?;
    let defaults = QuickAddDefaults { list: None, when: None, parent: None };
    let task = laptop.app.quick_add("Order boards", &[], &defaults)?.ids;
    let id = task.first().context("a task")?;
    phone.run();
    wait_until("the task on the phone", || Ok(phone.app.task(id).is_ok()))?;
    let mut plain = PlainPair::new(place.path())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..EDITS {
        // As far apart as a person's edits, at no fixed beat of anything that looks regularly.
        thread::park_timeout(Duration::from_millis(20 + (number as u64 * 37) % 61));
        let title = format!("Order boards {number}");
        let patch = TaskPatch { title: Some(title.clone()), ..TaskPatch::default() };
        let mut seen = phone.app.subscribe();
        ours.push(timed(|| {
            laptop.app.edit_tasks(&task, &patch, None)?;
            let start = Instant::now();
            loop {
                // The window reads anew when it is told that something changed, and only then.
                if seen.try_recv().is_ok() && phone.app.task(id)?.task.title == title {
                    return Ok(());
                }
                if start.elapsed() > PATIENCE {
                    bail!("edit {number} was never seen");
                }
                thread::park_timeout(LOOK);
            }
        })?);
        theirs.push(timed(|| plain.edit(number))?);
    }
    Ok(Row { ours: Times::new(ours), plain: Times::new(theirs) })
}

/// Two plain databases with a socket between them.
struct PlainPair {
    here: TcpStream,
    database: rusqlite::Connection,
}

impl PlainPair {
    fn new(place: &Path) -> Result<Self> {
        let [here, mut there] = connected()?;
        let database = crate::plain::open(&place.join("a.db"))?;
        let other = crate::plain::open(&place.join("b.db"))?;
        // Ends with the connection.
        thread::spawn(move || -> Result<()> {
            while let Some(row) = read_row(&mut there)? {
                keep(&other, &row)?;
                write_row(&mut there, b"seen")?;
            }
            Ok(())
        });
        Ok(Self { here, database })
    }

    fn edit(&mut self, number: usize) -> Result<()> {
        let row = format!("Order boards {number}").into_bytes();
        keep(&self.database, &row)?;
        write_row(&mut self.here, &row)?;
        read_row(&mut self.here)?.context("an answer")?;
        Ok(())
    }
}

fn keep(database: &rusqlite::Connection, row: &[u8]) -> Result<()> {
    let body = String::from_utf8(row.to_vec())?;
    database.execute("INSERT OR REPLACE INTO notes (id, body) VALUES (x'00', ?1)", [body])?;
    Ok(())
}
