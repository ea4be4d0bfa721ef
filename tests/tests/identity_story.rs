//! A device's data used twice, through real processes: a copied folder, an older database put back, a
//! device that is removed.

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use std::path::Path;

const PASSPHRASE: &str = "correct horse battery";

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn join(laptop: &Device, other: &Device, name: &str) -> Result<()> {
    let (passphrase, invitation) = (laptop.file("passphrase"), laptop.file("invitation.holdfast"));
    std::fs::write(&passphrase, PASSPHRASE)?;
    let (passphrase, invitation) = (text(&passphrase), text(&invitation));
    laptop.ctl(&["bundle", "export", invitation, "--invite", "--passphrase-file", passphrase])?;
    other.ctl(&[
        "join",
        invitation,
        "--name",
        name,
        "--passphrase-file",
        passphrase,
        "--key-store",
        "file",
    ])?;
    carry(other, laptop)
}

fn carry(from: &Device, to: &Device) -> Result<()> {
    let bundle = from.file("bundle.holdfast");
    from.ctl(&["bundle", "export", text(&bundle), "--all"])?;
    to.ctl(&["bundle", "import", text(&bundle)])?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn activity(device: &Device) -> Result<String> {
    device.ctl(&["activity"])
}

#[test]
fn a_copied_folder_takes_a_new_identity_and_both_edits_arrive() -> Result<()> {
    let (laptop, clone, phone) =
        (Device::new("laptop")?, Device::new("clone")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    join(&laptop, &phone, "Phone")?;
    let shared = laptop.ctl(&["add", "Shared"])?;
    copy(&laptop.home(), &clone.home())?;
    laptop.ctl(&["add", "Written on the laptop"])?;
    clone.ctl(&["add", "Written on its copy"])?;
    clone.ctl(&["task", "set", shared.trim(), "title=Shared, as the copy has it"])?;
    carry(&laptop, &phone)?;
    carry(&clone, &phone)?;
    carry(&phone, &laptop)?;
    carry(&phone, &clone)?;
    let tasks = phone.ctl(&["tasks"])?;
    for title in ["Written on the laptop", "Written on its copy", "Shared, as the copy has it"] {
        ensure!(tasks.contains(title), "'{title}' is not on the phone: {tasks}");
    }
    let digests: Vec<_> = [&laptop, &clone, &phone]
        .iter()
        .map(|device| Ok(device.json(&["status"])?["digest"].clone()))
        .collect::<Result<_>>()?;
    ensure!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    ensure!(activity(&clone)?.contains("copy"), "{}", activity(&clone)?);
    ensure!(!activity(&laptop)?.contains("writes under a new identity"), "the laptop is itself");
    ensure!(activity(&laptop)?.contains("exist twice"), "{}", activity(&laptop)?);
    // The copy can undo what it did, before and after it was made.
    ensure!(clone.ctl(&["undo"])?.contains("Undone"));
    for device in [&laptop, &clone, &phone] {
        let report = device.ctl(&["check"])?;
        ensure!(!report.contains("PROBLEM"), "{report}");
    }
    Ok(())
}

#[test]
fn an_older_database_put_back_uses_no_number_again() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    join(&laptop, &phone, "Phone")?;
    laptop.ctl(&["add", "Before the backup"])?;
    let (database, backup) = (laptop.home().join("holdfast.db"), laptop.file("backup.db"));
    laptop.ctl(&["backup", text(&backup)])?;
    laptop.ctl(&["add", "After the backup"])?;
    carry(&laptop, &phone)?;
    for sidecar in ["holdfast.db-wal", "holdfast.db-shm"] {
        let _ = std::fs::remove_file(laptop.home().join(sidecar));
    }
    std::fs::copy(&backup, &database)?;
    laptop.ctl(&["add", "After the restore"])?;
    ensure!(activity(&laptop)?.contains("restored"), "{}", activity(&laptop)?);
    carry(&laptop, &phone)?;
    carry(&phone, &laptop)?;
    for device in [&laptop, &phone] {
        let tasks = device.ctl(&["tasks"])?;
        for title in ["Before the backup", "After the backup", "After the restore"] {
            ensure!(tasks.contains(title), "'{title}' is missing: {tasks}");
        }
    }
    let digest =
        |device: &Device| Ok::<_, anyhow::Error>(device.json(&["status"])?["digest"].clone());
    ensure!(digest(&laptop)? == digest(&phone)?);
    Ok(())
}

#[test]
fn one_folder_used_by_many_processes_keeps_its_identity() -> Result<()> {
    let laptop = Device::new("laptop")?;
    laptop.ctl(&["init", "--name", "Laptop"])?;
    std::thread::scope(|scope| -> Result<()> {
        let runs: Vec<_> = (0..6)
            .map(|number| {
                let laptop = &laptop;
                scope.spawn(move || laptop.ctl(&["add", &format!("Task {number}")]))
            })
            .collect();
        for run in runs {
            run.join().ok().context("a process could not be started")??;
        }
        Ok(())
    })?;
    laptop.ctl(&["add", "One more"])?;
    ensure!(!activity(&laptop)?.contains("new identity"), "{}", activity(&laptop)?);
    Ok(())
}

#[test]
fn row_44_a_removed_device_joins_again_as_a_new_one_and_the_old_one_stays_dead() -> Result<()> {
    let (laptop, phone, again) =
        (Device::new("laptop")?, Device::new("phone")?, Device::new("again")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    join(&laptop, &phone, "Phone")?;
    phone.ctl(&["add", "Before the removal"])?;
    carry(&phone, &laptop)?;
    laptop.ctl(&["device", "remove", "Phone"])?;
    ensure!(activity(&laptop)?.contains("Phone was removed"), "{}", activity(&laptop)?);
    phone.ctl(&["add", "After the removal"])?;
    let bundle = phone.file("late.holdfast");
    phone.ctl(&["bundle", "export", text(&bundle), "--all"])?;
    ensure!(!laptop.try_ctl(&["bundle", "import", text(&bundle)])?.status.success());
    join(&laptop, &again, "Phone")?;
    again.ctl(&["add", "Under the new identity"])?;
    carry(&again, &laptop)?;
    let tasks = laptop.ctl(&["tasks"])?;
    ensure!(tasks.contains("Before the removal") && tasks.contains("Under the new identity"));
    ensure!(!tasks.contains("After the removal"), "{tasks}");
    let devices = laptop.json(&["devices"])?;
    let phones: Vec<bool> = devices
        .as_array()
        .context("a list")?
        .iter()
        .filter(|device| device["name"] == "Phone")
        .map(|device| device["removed"] == true)
        .collect();
    ensure!(phones.len() == 2 && phones.contains(&true) && phones.contains(&false), "{devices}");
    // The old one learns that it was removed.
    let update = laptop.file("update.holdfast");
    laptop.ctl(&["bundle", "export", text(&update), "--all"])?;
    let refused = phone.try_ctl(&["bundle", "import", text(&update)])?;
    ensure!(!refused.status.success());
    let devices = phone.json(&["devices"])?;
    ensure!(
        devices
            .as_array()
            .context("a list")?
            .iter()
            .all(|d| d["name"] != "Phone" || d["removed"] == true),
        "{devices}"
    );
    Ok(())
}
