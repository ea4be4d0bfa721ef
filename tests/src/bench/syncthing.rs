//! The same over Syncthing, where it is installed: two processes that share a folder over the loopback
//! interface, without discovery, relays and reports.

use crate::table::{Row, Times, timed};
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const FIRST_SYNCS: usize = 2;
const EDITS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(400);
/// How often it is looked for one file, and how often all are counted: not so often that it takes the
/// time of what is measured.
const LOOK: Duration = Duration::from_millis(1);
const COUNT: Duration = Duration::from_millis(100);

/// Whether it can be measured here.
pub(crate) fn is_installed() -> bool {
    Command::new("syncthing").arg("--version").output().is_ok_and(|out| out.status.success())
}

struct Side {
    home: PathBuf,
    folder: PathBuf,
    id: String,
    port: u16,
    process: Option<Child>,
}

impl Drop for Side {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Side {
    fn new(place: &Path, name: &str) -> Result<Self> {
        let (home, folder) = (place.join(format!("{name}-home")), place.join(name));
        fs::create_dir_all(&folder)?;
        let mut generate = Command::new("syncthing");
        generate.args(["generate", "--no-default-folder", "--skip-port-probing", "--home"]);
        let made = generate.arg(&home).output()?;
        if !made.status.success() {
            bail!("syncthing generate: {}", String::from_utf8_lossy(&made.stderr));
        }
        let config = fs::read_to_string(home.join("config.xml"))?;
        let id = config.split("<device id=\"").nth(1).and_then(|rest| rest.split('"').next());
        let id = id.context("a device id")?.to_owned();
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self { home, folder, id, port, process: None })
    }

    fn configure(&self, other: &Self) -> Result<()> {
        let device = |side: &Self| {
            format!(
                "<device id=\"{}\" name=\"d\"><address>tcp://127.0.0.1:{}</address></device>",
                side.id, side.port
            )
        };
        let config = format!(
            "<configuration version=\"35\">
             <folder id=\"notes\" path=\"{folder}\" type=\"sendreceive\" rescanIntervalS=\"3600\"
                fsWatcherEnabled=\"true\" fsWatcherDelayS=\"1\">
             <device id=\"{own}\"/><device id=\"{its}\"/></folder>{here}{there}
             <gui enabled=\"false\"/>
             <options><listenAddress>tcp://127.0.0.1:{port}</listenAddress>
             <globalAnnounceEnabled>false</globalAnnounceEnabled>
             <localAnnounceEnabled>false</localAnnounceEnabled>
             <relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
             <urAccepted>-1</urAccepted><crashReportingEnabled>false</crashReportingEnabled>
             <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
             <reconnectionIntervalS>1</reconnectionIntervalS>
             <startBrowser>false</startBrowser></options></configuration>",
            folder = self.folder.display(),
            own = self.id,
            its = other.id,
            here = device(self),
            there = device(other),
            port = self.port,
        );
        Ok(fs::write(self.home.join("config.xml"), config)?)
    }

    /// Starts it; what it says first is read on by a thread of its own.
    fn run(&mut self) -> Result<BufReader<std::process::ChildStdout>> {
        let mut command = Command::new("syncthing");
        command.args(["serve", "--no-browser", "--no-restart", "--no-upgrade", "--home"]);
        let mut process =
            command.arg(&self.home).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let said = process.stdout.take().context("its output")?;
        self.process = Some(process);
        Ok(BufReader::new(said))
    }
}

fn wait_until(what: &str, look: Duration, holds: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !holds()? {
        if start.elapsed() > PATIENCE {
            bail!("it never came to this: {what}");
        }
        thread::park_timeout(look);
    }
    Ok(())
}

fn drain(said: BufReader<std::process::ChildStdout>) {
    // Ends with the process.
    thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));
}

fn sides(place: &Path, files: usize) -> Result<[Side; 2]> {
    let (mut here, there) = (Side::new(place, "here")?, Side::new(place, "there")?);
    here.configure(&there)?;
    there.configure(&here)?;
    for number in 0..files {
        fs::write(here.folder.join(format!("{number}.md")), crate::nearby::body(number))?;
    }
    let mut said = here.run()?;
    let mut line = String::new();
    while !line.contains("Completed initial scan") {
        line.clear();
        if said.read_line(&mut line)? == 0 {
            bail!("syncthing ended early");
        }
    }
    drain(said);
    Ok([here, there])
}

fn notes_in(folder: &Path) -> Result<usize> {
    let names = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.file_name());
    Ok(names.filter(|name| !name.to_string_lossy().starts_with('.')).count())
}

/// 10,000 notes of 1 KB: ours beside its files.
pub(crate) fn first_sync() -> Result<Row> {
    let mut theirs = Vec::new();
    for _ in 0..FIRST_SYNCS {
        let place = tempfile::tempdir()?;
        let [_here, mut there] = sides(place.path(), crate::nearby::NOTES)?;
        theirs.push(timed(|| {
            drain(there.run()?);
            wait_until("all files", COUNT, || Ok(notes_in(&there.folder)? == crate::nearby::NOTES))
        })?);
    }
    Ok(Row { ours: crate::nearby::first_sync()?.ours, plain: Times::new(theirs) })
}

/// An edit on one device until it is seen on the other: ours beside its.
pub(crate) fn edit() -> Result<Row> {
    let mut theirs = Vec::new();
    let place = tempfile::tempdir()?;
    let [here, mut there] = sides(place.path(), 100)?;
    drain(there.run()?);
    wait_until("all files", COUNT, || Ok(notes_in(&there.folder)? == 100))?;
    for number in 0..EDITS {
        thread::park_timeout(Duration::from_secs(1));
        let text = format!("Order boards {number}");
        theirs.push(timed(|| {
            fs::write(here.folder.join("0.md"), &text)?;
            let seen = there.folder.join("0.md");
            // While it is written anew it may not be there for a moment.
            wait_until("the edit", LOOK, || {
                Ok(fs::read_to_string(&seen).is_ok_and(|now| now == text))
            })
        })?);
    }
    Ok(Row { ours: crate::nearby::edit()?.ours, plain: Times::new(theirs) })
}
