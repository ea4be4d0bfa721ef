//! Disks that are full or cannot be written, as real ones: small file systems in memory, mounted in a mount
//! namespace that each test makes for itself.
#![cfg(target_os = "linux")]

use anyhow::{Result, ensure};
use holdfast_tests::Device;
use holdfast_tests::device::built;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a shell script as a device, with a file system of `megabytes` mounted on its data folder's parent
/// `$DISK`. `ctl` runs `holdfastctl`; `$OTHER` is a folder on another disk. None where this system does not
/// let a test mount; an error where that is a machine that tests (`CI` is set).
fn on_a_disk(device: &Device, megabytes: u32, script: &str) -> Result<Option<Output>> {
    let disk = device.file("disk");
    let other = device.file("other");
    fs::create_dir_all(&disk)?;
    fs::create_dir_all(&other)?;
    let mut probe = Command::new("unshare");
    probe.args(["--mount", "--map-root-user", "mount", "-t", "tmpfs", "none"]).arg(&disk);
    if !probe.output().is_ok_and(|tried| tried.status.success()) {
        // Where nobody looks at what was skipped, skipping would be passing.
        ensure!(
            std::env::var_os("CI").is_none(),
            "this system does not let a test mount a file system"
        );
        println!("skipped: this system does not let a test mount a file system");
        return Ok(None);
    }
    let mut command = Command::new("unshare");
    device.inhabit(&mut command);
    let whole = format!(
        "set -eu\nmount -t tmpfs -o size={megabytes}m none \"$DISK\"\n\
         ctl() {{ \"$PROGRAM\" \"$@\"; }}\n\
         fails() {{ word=$1; shift; if said=$(ctl \"$@\" 2>&1); then echo \"no failure: $*\"; exit 7; fi\n\
           case $said in *\"$word\"*) ;; *) echo \"$* said: $said\"; exit 8;; esac; }}\n\
         fill() {{ dd if=/dev/zero of=\"$DISK/fill\" bs=4k 2>/dev/null || true; sync; }}\n\
         free() {{ truncate -s \"-$1\" \"$DISK/fill\"; }}\n{script}"
    );
    let output = command
        .args(["--mount", "--map-root-user", "sh", "-c", &whole])
        .env("DISK", &disk)
        .env("OTHER", &other)
        .env("HOLDFAST_HOME", disk.join("home"))
        .env("PROGRAM", built("holdfastctl")?)
        // SQLite's own unfinished files must not need the other disk either.
        .env("TMPDIR", &disk)
        .output()?;
    Ok(Some(output))
}

fn well(output: &Output) {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        output.status,
        said(&output.stdout),
        said(&output.stderr)
    );
}

const BEGIN: &str = r#"
ctl init --name Laptop
ctl list add Workshop
ctl add "Buy oak #Workshop @shop"
printf 'The plan.\nTwo lines about acorns.\n' | ctl note add --title Plan -
ctl search acorns
ctl backup
"#;

const READ: &str = r#"
ctl tasks | grep -q "Buy oak"
ctl tasks --json | grep -q "Buy oak"
ctl notes | grep -q Plan
ctl lists | grep -q Workshop
ctl search acorns | grep -q Plan
ctl search oak | grep -q "Buy oak"
ctl status --json | grep -q digest
ctl conflicts
ctl activity
ctl devices | grep -q Laptop
ctl backups | grep -q manual
ctl dump | grep -q acorns
ctl doctor --json
"#;

fn given(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_default()
}

#[test]
fn on_a_quite_full_disk_all_can_be_read_backed_up_and_exported_elsewhere_and_the_word_is_full()
-> Result<()> {
    for free in ["0", "4k", "40k", "64k"] {
        let laptop = Device::new("laptop")?;
        let script = format!(
            "{BEGIN}\nfill\nfree {free}\n{READ}\n\
             ctl backup \"$OTHER/backup.db\"\nctl export \"$OTHER/out\"\n\
             ctl export \"$OTHER/tables\" --format csv\n{READ}\n\
             free 0\nfill\nfails full backup\nfails full export \"$DISK/out\"\n\
             rm \"$DISK/fill\"\nctl add \"Buy ash\"\nctl check\nctl tasks | grep -q 'Buy ash'"
        );
        let Some(output) = on_a_disk(&laptop, 8, &script)? else { return Ok(()) };
        well(&output);
        let out = laptop.file("other").join("out");
        assert!(given(&out, "holdfast.json").contains("acorns"), "{free} free");
        // The backup is one: another device folder can be restored from it.
        let backup = laptop.file("other").join("backup.db");
        assert!(fs::metadata(backup)?.len() > 10_000);
    }
    Ok(())
}

/// What does not fit is refused with the word, and is not half there.
#[test]
fn what_does_not_fit_on_a_full_disk_is_refused_whole() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let script = format!(
        "{BEGIN}\nbefore=$(ctl dump)\nfill\n\
         head -c 200000 /dev/zero | tr '\\0' 'x' > \"$OTHER/long\"\n\
         fails full note add --title Long \"$OTHER/long\"\n\
         test \"$before\" = \"$(ctl dump)\"\nrm \"$DISK/fill\"\nctl check"
    );
    let Some(output) = on_a_disk(&laptop, 8, &script)? else { return Ok(()) };
    well(&output);
    Ok(())
}

#[test]
fn a_read_only_disk_can_be_read_and_exported_whole() -> Result<()> {
    for closed in [
        // Closed in order: no file of SQLite's is beside the database.
        "",
        // As a process leaves it that was killed: what is newest is in the write-ahead log alone.
        "\"$PROGRAM\" watch >/dev/null 2>&1 & watching=$!\nsleep 1\nctl add 'Buy ash'\nkill -9 $watching\n\
         wait $watching || true\ntest -s \"$DISK/home/holdfast.db-wal\"\n",
        "\"$PROGRAM\" watch >/dev/null 2>&1 & watching=$!\nsleep 1\nctl add 'Buy ash'\nkill -9 $watching\n\
         wait $watching || true\ntest -s \"$DISK/home/holdfast.db-wal\"\n\
         rm -f \"$DISK/home/holdfast.db-shm\" \"$DISK/home/private.db-shm\"\n",
    ] {
        let laptop = Device::new("laptop")?;
        let newest = if closed.is_empty() { "" } else { "ctl tasks | grep -q 'Buy ash'\n" };
        let script = format!(
            "{BEGIN}\n{closed}\nmount -o remount,ro \"$DISK\"\n{READ}\n{newest}\
             ctl backup \"$OTHER/backup.db\"\nctl export \"$OTHER/out\"\n\
             ctl export \"$OTHER/tables\" --format ics\nctl check\n{READ}\n\
             fails read-only add 'Buy pine'\nfails read-only undo\n\
             mount -o remount,rw \"$DISK\"\nctl add 'Buy pine'\nctl tasks | grep -q 'Buy pine'\nctl check"
        );
        let Some(output) = on_a_disk(&laptop, 16, &script)? else { return Ok(()) };
        well(&output);
        let out = laptop.file("other").join("out");
        assert!(given(&out, "holdfast.json").contains("acorns"), "{closed}");
    }
    Ok(())
}
