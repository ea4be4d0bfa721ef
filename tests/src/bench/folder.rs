//! The exchange folder: real programs on two devices, as a person would run them.

use crate::table::{Row, Times, timed};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Notes of a kilobyte each.
const NOTES: usize = 1_000;
const ROUNDS: usize = 3;

fn words(number: usize) -> String {
    let line = format!("Plan {number}: boards, varnish, hinges and {} screws.\n", number % 97);
    line.repeat(1 + 1_000 / line.len()).chars().take(1_000).collect()
}

struct Device {
    home: PathBuf,
}

impl Device {
    fn ctl(&self, arguments: &[&str]) -> Result<()> {
        let program = std::env::current_exe()?.with_file_name("holdfastctl");
        let output = Command::new(&program)
            .arg("--home")
            .arg(&self.home)
            .args(arguments)
            .env("HOLDFAST_KEY_STORE", "file")
            .output()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

/// Two devices of one vault; the first has the notes.
fn devices(place: &Path) -> Result<[Device; 2]> {
    let [laptop, phone] = ["laptop", "phone"].map(|name| Device { home: place.join(name) });
    let text = |path: &Path| path.display().to_string();
    let (secret, invitation) = (text(&place.join("secret")), text(&place.join("i.holdfast")));
    fs::write(&secret, "four words of oak")?;
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["bundle", "export", &invitation, "--invite", "--passphrase-file", &secret])?;
    phone.ctl(&["join", &invitation, "--name", "Phone", "--passphrase-file", &secret])?;
    let notes = place.join("notes");
    fs::create_dir_all(&notes)?;
    for number in 0..NOTES {
        fs::write(notes.join(format!("{number}.md")), words(number))?;
    }
    laptop.ctl(&["import", "markdown", &text(&notes)])?;
    Ok([laptop, phone])
}

/// What a program that keeps one file a note must do at least: write each durably, or read each and
/// insert it.
fn plain_out(place: &Path) -> Result<()> {
    fs::create_dir_all(place)?;
    for number in 0..NOTES {
        let file = place.join(format!("{number}.md"));
        fs::write(&file, words(number))?;
        fs::File::open(&file)?.sync_all()?;
    }
    Ok(())
}

fn plain_in(place: &Path, database: &Path) -> Result<()> {
    let mut conn = crate::plain::open(database)?;
    let tx = conn.transaction()?;
    for number in 0..NOTES {
        let body = fs::read_to_string(place.join(format!("{number}.md")))?;
        tx.execute(
            "INSERT INTO notes (id, body) VALUES (?1, ?2)",
            (number.to_be_bytes().to_vec(), body),
        )?;
    }
    Ok(tx.commit()?)
}

/// 1,000 notes of 1 KB from one device into an empty folder.
pub(crate) fn out() -> Result<Row> {
    measured(
        |laptop, _, folder| laptop.ctl(&["mode", "manual", "--folder", folder]),
        |place| plain_out(&place.join("plain")),
    )
}

/// The same from the folder into the second device.
pub(crate) fn take_in() -> Result<Row> {
    measured_after(
        |laptop, _, folder| laptop.ctl(&["mode", "manual", "--folder", folder]),
        |_, phone, folder| phone.ctl(&["mode", "manual", "--folder", folder]),
        |place| plain_out(&place.join("plain")),
        |place| plain_in(&place.join("plain"), &place.join("plain.db")),
    )
}

type Step = fn(&Device, &Device, &str) -> Result<()>;
type Plain = fn(&Path) -> Result<()>;

fn measured(work: Step, plain: Plain) -> Result<Row> {
    measured_after(|_, _, _| Ok(()), work, |_| Ok(()), plain)
}

fn measured_after(before: Step, work: Step, plain_before: Plain, plain: Plain) -> Result<Row> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let place = tempfile::tempdir()?;
        let [laptop, phone] = devices(place.path())?;
        let exchange = place.path().join("exchange");
        fs::create_dir(&exchange)?;
        let folder = exchange.display().to_string();
        before(&laptop, &phone, &folder)?;
        ours.push(timed(|| work(&laptop, &phone, &folder))?);
        plain_before(place.path())?;
        theirs.push(timed(|| plain(place.path()))?);
    }
    Ok(Row { ours: Times::new(ours), plain: Times::new(theirs) })
}
