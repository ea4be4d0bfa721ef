//! Files of released formats, kept for ever in `golden/`: they open, show what they showed, and go on.

use anyhow::{Context, Result, ensure};
use holdfast_oplog::Hash;
use holdfast_tests::Device;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A day after the files were made.
const CLOCK: &str = "2026-03-02T09:00:00Z";

/// The files of the first format and their hashes. A golden file never changes; new formats get new
/// files.
const FIRST: &[(&str, &str)] = &[
    ("everywhere.dump.json", "f40be5b6b2c99f9075f7aa5d91d755ba12894fa7ece5a985eccdcbc9ef44ed80"),
    ("full.holdfast", "d0bf8dae863dc5fcaaaf7fc76186ecde1c3066d360d5731a0aae323a1f5435b9"),
    ("invitation.holdfast", "054d421083f54298ded883a833f4427f388f03cffbeec37dcf51aa13e2d8b0a7"),
    ("laptop.conflicts.json", "35a52ec7d98d24ff7dbd48b28c13b1a5850bcf526eb7876ff954246039f4d382"),
    ("laptop.dump.json", "1c504fbfa25eddc78c997c5fde75971236f99e964c4d6d545de562f6857c8e94"),
    ("laptop.status.json", "9abe7830ffff137fd0583b1f9cfd6e6b6e7e914286de45f7e55fe40513501ed3"),
    ("laptop/holdfast.db", "640a3150ef68d07b7a7462f96800758f06c38464f694c37c307892d537d190a9"),
    ("laptop/key", "8193dc8cef77e34afc12978113cb7e82ca48089f9b94cbb0815e2d413493dcbd"),
    ("laptop/private.db", "c37a86873d0d88c669a669ba1c8ad5e956c791e036b58de14ff3dd825aaf9cd5"),
    ("passphrase", "3e32b62bb2f43ae66190db7980d9c1fa30bb050294290ec8cf3ba48bdf9e2f0b"),
    ("phone-updated.dump.json", "f40be5b6b2c99f9075f7aa5d91d755ba12894fa7ece5a985eccdcbc9ef44ed80"),
    ("phone.conflicts.json", "34f955c09794655a5206c09d31243e34a6b261fd3c0c965c19b44d4c10c5a02d"),
    ("phone.dump.json", "a40b376ede86203831d3369c10d2704f80e810d8bc849fe77a2a59a835a0552f"),
    ("phone.status.json", "13a797531da55cbc4841f82d0bb9780b809f82b42fbaa5b50165843e7fe7c39e"),
    ("phone/holdfast.db", "4d6e0e21f01eabbbfe0aca85fbc95312b4b1a009a322712d2ed9b94d854d3180"),
    ("phone/key", "03b19d10a34af2bb4e7466366476281a7395eb6b2c511f1258d09db7280f5371"),
    ("phone/private.db", "1e4596bc2d1c3265421ceadd681cec7533e097ee06b95e59d5d8751e8c6a1234"),
    ("update.holdfast", "d730524b9e2959ec6c2981cd29ddc3699789d288f739f07c7456c38057c593e7"),
];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/first").join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn expected(name: &str) -> Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(golden(name))?)?)
}

/// What was shown in a space, or in all. The line end of a text's last line was shown then, and is not now.
fn expected_dump(name: &str, space: Option<&str>) -> Result<Value> {
    let mut dump = expected(&format!("{name}.dump.json"))?;
    let items = dump["items"].as_array_mut().context("items")?;
    items.retain(|item| space.is_none_or(|space| item["space"] == space));
    for item in items {
        for field in ["text", "notes"] {
            if let Some(text) = item["fields"][field].as_str() {
                item["fields"][field] = text.strip_suffix('\n').unwrap_or(text).into();
            }
        }
    }
    Ok(dump)
}

/// A device with a copy of the data folder that one of the first devices had.
fn first(name: &str) -> Result<Device> {
    let device = Device::new(name)?.with_clock(CLOCK);
    std::fs::create_dir_all(device.home())?;
    for part in ["holdfast.db", "private.db", "key"] {
        std::fs::copy(golden(name).join(part), device.home().join(part))?;
    }
    Ok(device)
}

fn carry(from: &Device, to: &Device) -> Result<()> {
    let bundle = from.file("carry.holdfast");
    from.ctl(&["bundle", "export", text(&bundle), "--all"])?;
    to.ctl(&["bundle", "import", text(&bundle)])?;
    Ok(())
}

fn digest(device: &Device) -> Result<Value> {
    Ok(device.json(&["status"])?["digest"].clone())
}

fn checked(device: &Device) -> Result<()> {
    let report = device.ctl(&["check"])?;
    ensure!(!report.contains("PROBLEM"), "{}: {report}", device.name());
    Ok(())
}

/// Everything in `old` is in `new`: what is shown may have more fields than it had.
fn includes(new: &Value, old: &Value, at: &str) -> Result<()> {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            for (key, value) in old {
                let found = new.get(key).with_context(|| format!("{at}.{key} is gone"))?;
                includes(found, value, &format!("{at}.{key}"))?;
            }
        }
        (Value::Array(new), Value::Array(old)) => {
            ensure!(new.len() == old.len(), "{at}: {} instead of {}", new.len(), old.len());
            for (index, (new, old)) in new.iter().zip(old).enumerate() {
                includes(new, old, &format!("{at}[{index}]"))?;
            }
        }
        _ => ensure!(new == old, "{at}: {new} instead of {old}"),
    }
    Ok(())
}

#[test]
fn golden_files_never_change() -> Result<()> {
    let mut changed = Vec::new();
    for (name, hash) in FIRST {
        let found = Hash::of(&std::fs::read(golden(name))?).to_hex();
        if found != *hash {
            changed.push(format!("{name} {found}"));
        }
    }
    ensure!(changed.is_empty(), "changed: {changed:#?}");
    let count = |folder: PathBuf| -> Result<usize> { Ok(std::fs::read_dir(folder)?.count()) };
    // Two folders and what is in them.
    let found = count(golden(""))? - 2 + count(golden("laptop"))? + count(golden("phone"))?;
    ensure!(found == FIRST.len(), "{found} files, {} listed", FIRST.len());
    Ok(())
}

#[test]
fn a_folder_of_the_first_format_opens_and_shows_what_it_showed() -> Result<()> {
    for name in ["laptop", "phone"] {
        let device = first(name)?;
        let status = device.json(&["status"])?;
        let before = expected(&format!("{name}.status.json"))?;
        for part in ["vault", "conflicts"] {
            ensure!(status[part] == before[part], "{name}: {part} is {}", status[part]);
        }
        let spaces = before["digests"].as_object().context("digests")?;
        for space in spaces.keys() {
            let shown = expected_dump(name, Some(space))?.to_string();
            let digest = Hash::of(shown.as_bytes()).to_hex();
            ensure!(status["digests"][space] == digest, "{name}: {space} shows something else");
        }
        ensure!(status["digest"] == status["digests"]["everywhere"], "{name}");
        includes(&status["device"], &before["device"], "device")?;
        let dump = device.json(&["dump"])?;
        ensure!(dump == expected_dump(name, None)?, "{name} shows something else");
        let conflicts = device.json(&["conflicts"])?;
        let had = expected(&format!("{name}.conflicts.json"))?;
        let of = |list: &Value| -> Vec<String> {
            let mut of: Vec<String> = list
                .as_array()
                .into_iter()
                .flatten()
                .map(|c| {
                    let original = c["original"].as_str().map(|text| text.trim_end_matches('\n'));
                    format!("{} {} {} {original:?}", c["id"], c["kind"], c["field"])
                })
                .collect();
            of.sort();
            of
        };
        ensure!(of(&conflicts) == of(&had), "{name}: {conflicts:#}");
        checked(&device)?;
        // It was really brought up to date, and once is enough.
        let version = |device: &Device| -> Result<Vec<u8>> {
            Ok(std::fs::read(device.home().join("holdfast.db"))?[60..64].to_vec())
        };
        let now = version(&device)?;
        ensure!(now > 1_u32.to_be_bytes().to_vec(), "{name} is still at version 1");
        ensure!(digest(&device)? == status["digest"] && version(&device)? == now);
    }
    Ok(())
}

#[test]
fn devices_of_the_first_format_are_edited_and_exchange_both_ways() -> Result<()> {
    let (laptop, phone) = (first("laptop")?, first("phone")?);
    let task = laptop.ctl(&["add", "Added after the update #Workshop @wood p2"])?;
    let note = laptop.json(&["notes"])?;
    let note = note.as_array().context("notes")?.iter().find(|note| note["title"] == "Joints");
    let note = note.context("the note")?["id"].as_str().context("an id")?.to_owned();
    laptop.ctl(&["note", "splice", &note, "0", "0", "Once more. "])?;
    phone.ctl(&["note", "splice", &note, "0", "0", "Typed on the phone. "])?;
    carry(&laptop, &phone)?;
    carry(&phone, &laptop)?;
    ensure!(digest(&laptop)? == digest(&phone)?, "they differ after an exchange");
    for device in [&laptop, &phone] {
        ensure!(device.json(&["task", "show", &task])?["priority"] == 2);
        let shown = device.ctl(&["note", "show", &note, "--markdown"])?;
        ensure!(shown.contains("Once more. ") && shown.contains("Typed on the phone. "), "{shown}");
        checked(device)?;
    }
    laptop.ctl(&["task", "set", &task, "title=Renamed"])?;
    laptop.ctl(&["undo"])?;
    ensure!(laptop.json(&["task", "show", &task])?["title"] == "Added after the update");
    Ok(())
}

#[test]
fn bundles_of_the_first_format_are_shown_and_taken_in() -> Result<()> {
    for bundle in ["update.holdfast", "full.holdfast"] {
        let phone = first("phone")?;
        let before = digest(&phone)?;
        let file = golden(bundle);
        phone.json(&["bundle", "inspect", text(&file)])?;
        ensure!(digest(&phone)? == before, "{bundle}: looking at it changed something");
        phone.ctl(&["bundle", "import", text(&file)])?;
        ensure!(phone.json(&["dump"])? == expected_dump("phone-updated", None)?, "{bundle}");
        let everywhere = phone.json(&["dump", "--space", "everywhere"])?;
        ensure!(everywhere == expected_dump("everywhere", None)?, "{bundle}");
        checked(&phone)?;
        // Again, and on the device that made it: nothing new.
        let after = digest(&phone)?;
        phone.ctl(&["bundle", "import", text(&file)])?;
        ensure!(digest(&phone)? == after);
        let laptop = first("laptop")?;
        let before = digest(&laptop)?;
        laptop.ctl(&["bundle", "import", text(&file)])?;
        ensure!(digest(&laptop)? == before);
    }
    Ok(())
}

#[test]
fn a_device_of_today_joins_by_an_invitation_of_the_first_format() -> Result<()> {
    let tablet = Device::new("tablet")?.with_clock(CLOCK);
    let (invitation, passphrase) = (golden("invitation.holdfast"), golden("passphrase"));
    tablet.ctl(&[
        "join",
        text(&invitation),
        "--name",
        "Slate",
        "--passphrase-file",
        text(&passphrase),
        "--key-store",
        "file",
    ])?;
    let laptop = first("laptop")?;
    // The invite is in the bundle alone: the laptop's folder was copied before it heard of the join.
    ensure!(digest(&tablet)? == digest(&laptop)?, "the new device holds something else");
    checked(&tablet)?;
    tablet.ctl(&["add", "Added on the new device"])?;
    carry(&tablet, &laptop)?;
    laptop.ctl(&["add", "Added on the old device"])?;
    carry(&laptop, &tablet)?;
    ensure!(digest(&tablet)? == digest(&laptop)?);
    let devices = laptop.json(&["devices"])?.to_string();
    ensure!(devices.contains("Slate"), "{devices}");
    Ok(())
}

/// Formats after today's: each is refused with what to do, and nothing is changed.
#[test]
fn files_of_newer_formats_are_refused_and_nothing_is_changed() -> Result<()> {
    let laptop = first("laptop")?;
    let before = digest(&laptop)?;
    let mut bundle = std::fs::read(golden("update.holdfast"))?;
    bundle[8..12].copy_from_slice(&2_u32.to_be_bytes());
    let newer = laptop.file("newer.holdfast");
    std::fs::write(&newer, bundle)?;
    for command in ["inspect", "import"] {
        let output = laptop.try_ctl(&["bundle", command, text(&newer)])?;
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        ensure!(output.status.code() == Some(1) && said.contains("update"), "{said}");
    }
    ensure!(digest(&laptop)? == before, "a refused bundle changed something");
    for name in ["private.db", "holdfast.db"] {
        let path = laptop.home().join(name);
        let whole = std::fs::read(&path)?;
        let mut newer = whole.clone();
        newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
        std::fs::write(&path, &newer)?;
        let files = || -> Result<Vec<String>> {
            let mut names = std::fs::read_dir(laptop.home())?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect::<Result<Vec<_>>>()?;
            names.sort();
            Ok(names)
        };
        let there = files()?;
        let output = laptop.try_ctl(&["status"])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(1) && said.contains("[newer_database]"), "{said}");
        ensure!(std::fs::read(&path)? == newer, "{name} was changed");
        ensure!(files()? == there, "files were left beside {name}");
        std::fs::write(&path, &whole)?;
    }
    ensure!(digest(&laptop)? == before);
    Ok(())
}
