//! The main story through the command line: two devices, real processes, real bundle files.

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use serde_json::Value;
use std::path::{Path, PathBuf};

const PASSPHRASE: &str = "correct horse battery";

/// A laptop with a vault and a phone that joined it, with clocks off by what is said.
fn two(laptop_clock: Option<&str>, phone_clock: Option<&str>) -> Result<(Device, Device)> {
    let device = |name: &str, clock: Option<&str>| -> Result<Device> {
        let device = Device::new(name)?;
        Ok(match clock {
            Some(offset) => device.with_clock(offset),
            None => device,
        })
    };
    let laptop = device("laptop", laptop_clock)?;
    let phone = device("phone", phone_clock)?;
    laptop.ctl(&["init", "--name", "Laptop", "--key-store", "file"])?;
    join(&laptop, &phone)?;
    Ok((laptop, phone))
}

fn join(laptop: &Device, phone: &Device) -> Result<()> {
    let passphrase = laptop.file("passphrase");
    std::fs::write(&passphrase, PASSPHRASE)?;
    let invitation = laptop.file("invitation.holdfast");
    let (passphrase, invitation) = (text(&passphrase), text(&invitation));
    laptop.ctl(&["bundle", "export", invitation, "--invite", "--passphrase-file", passphrase])?;
    phone.ctl(&[
        "join",
        invitation,
        "--name",
        "Phone",
        "--passphrase-file",
        passphrase,
        "--key-store",
        "file",
    ])?;
    carry(phone, laptop)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// Everything that `from` has, to `to`.
fn carry(from: &Device, to: &Device) -> Result<()> {
    let bundle = from.file("bundle.holdfast");
    from.ctl(&["bundle", "export", text(&bundle), "--all"])?;
    to.ctl(&["bundle", "import", text(&bundle)])?;
    Ok(())
}

fn exchange(one: &Device, other: &Device) -> Result<()> {
    carry(one, other)?;
    carry(other, one)?;
    let digest =
        |device: &Device| -> Result<Value> { Ok(device.json(&["status"])?["digest"].clone()) };
    ensure!(digest(one)? == digest(other)?, "the devices differ after an exchange");
    Ok(())
}

/// The shared test data, where it is.
fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(path);
    let root = std::env::var_os("HOLDFAST_SHARED")
        .map_or(root, |dir| PathBuf::from(dir).join("data").join(path));
    if root.exists() {
        Some(root)
    } else {
        println!("skipped: {} is not here", root.display());
        None
    }
}

#[test]
fn a_book_goes_from_one_device_to_the_other_whole() -> Result<()> {
    let Some(book) = shared("notes/rust-book") else { return Ok(()) };
    let laptop = Device::new("laptop")?;
    let phone = Device::new("phone")?;
    laptop.ctl(&["init", "--name", "Laptop", "--key-store", "file"])?;
    laptop.ctl(&["import", "markdown", text(&book)])?;
    join(&laptop, &phone)?;
    exchange(&laptop, &phone)?;
    let notes = phone.json(&["notes"])?;
    ensure!(notes.as_array().context("notes are a list")?.len() == 95, "95 chapters arrive");
    let hits = phone.json(&["search", "ownership is a set of rules"])?;
    ensure!(hits.to_string().to_lowercase().contains("ownership"), "the phrase is found: {hits}");
    ensure!(laptop.json(&["status"])?["digests"] == phone.json(&["status"])?["digests"]);
    let report = phone.ctl(&["check"])?;
    ensure!(!report.contains("PROBLEM"), "{report}");
    Ok(())
}

#[test]
fn the_same_conflicts_whatever_the_clocks_say() -> Result<()> {
    let mut seen: Vec<Vec<Value>> = Vec::new();
    for (laptop_clock, phone_clock) in [(None, None), (Some("+2h"), None), (None, Some("+2h"))] {
        let (laptop, phone) = two(laptop_clock, phone_clock)?;
        let disputed = laptop.ctl(&["add", "Buy oak"])?.trim().to_owned();
        let merged = laptop.ctl(&["add", "Call Ada"])?.trim().to_owned();
        let agreed = laptop.ctl(&["add", "Paint"])?.trim().to_owned();
        exchange(&laptop, &phone)?;
        laptop.ctl(&["task", "set", &disputed, "title=Buy oak boards"])?;
        phone.ctl(&["task", "set", &disputed, "title=Buy ash"])?;
        laptop.ctl(&["task", "set", &merged, "title=Call Ada Lovelace"])?;
        phone.ctl(&["task", "set", &merged, "deadline=2026-12-24"])?;
        laptop.ctl(&["task", "set", &agreed, "title=Paint the door"])?;
        phone.ctl(&["task", "set", &agreed, "title=Paint the door"])?;
        exchange(&laptop, &phone)?;
        let mut kinds = Vec::new();
        for device in [&laptop, &phone] {
            let conflicts = device.json(&["conflicts"])?;
            let conflicts = conflicts.as_array().context("conflicts are a list")?.clone();
            ensure!(conflicts.len() == 1, "one question: {conflicts:?}");
            let conflict = &conflicts[0];
            ensure!(conflict["original"] == "Buy oak", "{conflict}");
            let mut values: Vec<String> = conflict["versions"]
                .as_array()
                .context("versions")?
                .iter()
                .map(|version| version["value"].to_string())
                .collect();
            values.sort();
            ensure!(values == ["\"Buy ash\"", "\"Buy oak boards\""], "{values:?}");
            kinds.push(Value::from(format!(
                "{} {} {values:?}",
                conflict["kind"], conflict["field"]
            )));
        }
        let shown = phone.json(&["task", "show", &merged])?;
        ensure!(shown["title"] == "Call Ada Lovelace" && shown["deadline"] == "2026-12-24");
        seen.push(kinds);
        // One decision on one device settles both.
        let id = laptop.json(&["conflicts"])?[0]["id"].as_str().unwrap_or_default().to_owned();
        laptop.ctl(&["resolve", &id, "--value", "Buy oak or ash"])?;
        exchange(&laptop, &phone)?;
        ensure!(phone.json(&["conflicts"])?.as_array().is_some_and(Vec::is_empty));
        ensure!(phone.json(&["task", "show", &disputed])?["title"] == "Buy oak or ash");
    }
    ensure!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    Ok(())
}

#[test]
fn bad_bundles_change_nothing_and_say_what_to_do() -> Result<()> {
    let (laptop, phone) = two(None, None)?;
    laptop.ctl(&["add", "Buy oak"])?;
    let bundle = laptop.file("bundle.holdfast");
    laptop.ctl(&["bundle", "export", text(&bundle), "--all"])?;
    let whole = std::fs::read(&bundle)?;
    let before = phone.json(&["status"])?["digest"].clone();
    let stranger = Device::new("stranger")?;
    stranger.ctl(&["init", "--name", "Stranger", "--key-store", "file"])?;
    stranger.ctl(&["add", "Not yours"])?;
    let foreign = stranger.file("foreign.holdfast");
    stranger.ctl(&["bundle", "export", text(&foreign), "--all"])?;
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let bad = phone.file("bad.holdfast");
    let bad_ones: [(&str, Vec<u8>); 4] = [
        ("cut", whole[..whole.len() / 2].to_vec()),
        ("flipped", flipped),
        ("foreign", std::fs::read(&foreign)?),
        ("no bundle", b"hello".to_vec()),
    ];
    for (what, bytes) in bad_ones {
        std::fs::write(&bad, bytes)?;
        for command in [["bundle", "inspect"], ["bundle", "import"]] {
            let output = phone.try_ctl(&[command[0], command[1], text(&bad)])?;
            ensure!(output.status.code() == Some(1), "{what}: {:?}", output.status);
            ensure!(!output.stderr.is_empty(), "{what} says nothing");
        }
        ensure!(phone.json(&["status"])?["digest"] == before, "{what} changed something");
    }
    std::fs::write(&bad, &whole)?;
    phone.ctl(&["bundle", "import", text(&bad)])?;
    let after = phone.json(&["status"])?["digest"].clone();
    ensure!(after != before);
    // The same bundle again: nothing new, no error.
    phone.ctl(&["bundle", "import", text(&bad)])?;
    ensure!(phone.json(&["status"])?["digest"] == after);
    Ok(())
}

#[test]
fn what_no_vault_and_wrong_usage_say() -> Result<()> {
    let nobody = Device::new("nobody")?;
    let output = nobody.try_ctl(&["tasks"])?;
    ensure!(output.status.code() == Some(1));
    ensure!(String::from_utf8_lossy(&output.stderr).contains("init"), "the remedy is named");
    ensure!(nobody.try_ctl(&["no-such-command"])?.status.code() == Some(2));
    Ok(())
}

/// What a person marks by the command line stays: a list moved to "device" before anything was sent,
/// one that waits for approval, and an export.
#[test]
fn spaces_by_the_command_line() -> Result<()> {
    let (laptop, phone) = two(None, None)?;
    laptop.ctl(&["list", "add", "Salary"])?;
    let task = laptop.ctl(&["add", "Ask for 5000 #Salary"])?;
    let preview = laptop.json(&["space", "Salary", "device", "--preview"])?;
    ensure!(preview["tasks"] == 1 && preview["asksAboutCopies"] == false, "{preview}");
    laptop.ctl(&["space", "Salary", "device"])?;
    ensure!(laptop.json(&["task", "show", &task])?["space"] == "device");
    laptop.ctl(&["list", "add", "Doctor", "--space", "ask"])?;
    laptop.ctl(&["add", "Call #Doctor"])?;
    exchange(&laptop, &phone)?;
    ensure!(
        phone.try_ctl(&["task", "show", &task])?.status.code() != Some(0),
        "it must not be there"
    );
    ensure!(!phone.ctl(&["lists"])?.contains("Doctor"), "it was not approved");
    let status = laptop.json(&["status"])?;
    ensure!(status["approvals"] == 2, "{status}");
    let waiting = laptop.json(&["approve", "--preview"])?;
    ensure!(waiting["changes"] == 2, "{waiting}");
    laptop.ctl(&["approve"])?;
    exchange(&laptop, &phone)?;
    ensure!(phone.ctl(&["lists"])?.contains("Doctor"), "it was approved");
    let folder = laptop.file("export");
    let said = laptop.ctl(&["export", text(&folder)])?;
    ensure!(said.contains("Left out: 2 items"), "{said}");
    let json = std::fs::read_to_string(folder.join("holdfast.json"))?;
    ensure!(json.contains("Call") && !json.contains("Ask for 5000"));
    laptop.ctl(&["undo"])?;
    ensure!(laptop.ctl(&["check"])?.contains("signatures verified"));
    Ok(())
}
