//! The data folder belongs to one account of the computer, whatever the umask; what is elsewhere keeps to the
//! umask, save for what is secret.
#![cfg(unix)]

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use holdfast_tests::device::built;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).map_or(0, |found| found.permissions().mode() & 0o7777)
}

fn set(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

/// Runs `holdfastctl` as a device, in a shell with another umask.
fn ctl(device: &Device, umask: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("sh");
    device.inhabit(&mut command);
    let script = format!("umask {umask}; exec \"$0\" \"$@\"");
    let output =
        command.args(["-c", &script]).arg(built("holdfastctl")?).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "umask {umask}: {arguments:?}: {said}");
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// Everything in a folder, itself first.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        if path.is_dir() {
            found.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

/// What of a data folder is open to others, or not as it should be.
fn open_to_others(home: &Path) -> Vec<String> {
    let wrong = |path: &PathBuf| mode(path) != if path.is_dir() { 0o700 } else { 0o600 };
    let found = all(home).into_iter().filter(wrong);
    found.map(|path| format!("{:o} {}", mode(&path), path.display())).collect()
}

/// A device under a umask, used for all that makes files in its data folder.
fn used(umask: &str) -> Result<Device> {
    let laptop = Device::new("laptop")?;
    let run = |arguments: &[&str]| ctl(&laptop, umask, arguments);
    run(&["init", "--name", "Laptop"])?;
    run(&["add", "Buy oak"])?;
    run(&["backup"])?;
    run(&["check", "--repair"])?;
    let name = run(&["backups"])?;
    let name = name.split_whitespace().next().context("a backup")?.to_owned();
    run(&["restore", &name])?;
    // A database that cannot be opened is set aside before a backup takes its place.
    fs::write(laptop.home().join("holdfast.db"), "no database at all, and long enough to be one")?;
    run(&["restore", &name])?;
    // One that is gone is put away, and another vault is made.
    fs::remove_file(laptop.home().join("holdfast.db"))?;
    run(&["init", "--name", "Laptop", "--set-aside"])?;
    run(&["add", "Buy ash"])?;
    Ok(laptop)
}

#[test]
fn nothing_in_a_data_folder_is_open_to_other_accounts_whatever_the_umask() -> Result<()> {
    for umask in ["000", "022", "077", "027", "007"] {
        let laptop = used(umask)?;
        let home = laptop.home();
        assert_eq!(open_to_others(&home), [] as [String; 0], "umask {umask}");
        let names: Vec<String> = all(&home).iter().map(|path| path.display().to_string()).collect();
        for made in ["/holdfast.db", "/private.db", "/key", "/backups/", "/damaged/", "/earlier/"] {
            assert!(names.iter().any(|name| name.contains(made)), "{made} in {names:?}");
        }
    }
    Ok(())
}

/// What SQLite puts beside a database while it is open, and what is unfinished, is closed too.
#[test]
fn files_beside_an_open_database_are_closed_while_they_are_there() -> Result<()> {
    use holdfast_app::{App, Home, KeyStore, NewDevice, view};
    let laptop = Device::new("laptop")?;
    let app = App::at(Home::at(laptop.home()))?;
    app.create(&NewDevice {
        name: "Laptop",
        key_store: Some(KeyStore::File),
        passphrase: None,
        set_aside: None,
    })?;
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    app.quick_add("Buy oak", &[], &none)?;
    for name in ["holdfast.db-wal", "holdfast.db-shm", "private.db-wal", "private.db-shm"] {
        assert_eq!(mode(&laptop.home().join(name)), 0o600, "{name}");
    }
    assert_eq!(open_to_others(&laptop.home()), [] as [String; 0]);
    Ok(())
}

#[test]
fn a_data_folder_that_was_open_is_closed_at_the_next_start_and_nothing_around_it_is_changed()
-> Result<()> {
    let laptop = used("022")?;
    let home = laptop.home();
    let around = home.parent().context("a folder")?.to_owned();
    let beside = around.join("beside.txt");
    fs::write(&beside, "not ours")?;
    std::os::unix::fs::symlink(&beside, home.join("link"))?;
    for path in all(&home) {
        if !path.is_symlink() {
            set(&path, if path.is_dir() { 0o755 } else { 0o644 })?;
        }
    }
    for (path, mode) in [(&around, 0o755), (&beside, 0o644)] {
        set(path, mode)?;
    }
    ctl(&laptop, "022", &["lists"])?;
    fs::remove_file(home.join("link"))?;
    assert_eq!(open_to_others(&home), [] as [String; 0]);
    assert_eq!((mode(&around), mode(&beside)), (0o755, 0o644));
    // A key that its owner made stricter stays so.
    set(&home.join("key"), 0o400)?;
    ctl(&laptop, "022", &["lists"])?;
    assert_eq!(mode(&home.join("key")), 0o400);
    Ok(())
}

#[test]
fn elsewhere_what_is_secret_is_closed_and_exports_and_the_exchange_folder_keep_the_umask()
-> Result<()> {
    for (umask, file, folder) in
        [("000", 0o666, 0o777), ("027", 0o640, 0o750), ("077", 0o600, 0o700)]
    {
        let laptop = Device::new("laptop")?;
        let run = |arguments: &[&str]| ctl(&laptop, umask, arguments);
        run(&["init", "--name", "Laptop"])?;
        run(&["add", "Buy oak #Workshop"])?;
        let place = laptop.file("stick");
        fs::create_dir(&place)?;
        set(&place, 0o755)?;
        let at = |name: &str| place.join(name);
        let name = |name: &str| at(name).display().to_string();
        let passphrase = laptop.file("passphrase");
        fs::write(&passphrase, "correct horse battery")?;
        let passphrase = passphrase.display().to_string();
        run(&["bundle", "export", &name("all.holdfast"), "--all"])?;
        run(&[
            "bundle",
            "export",
            &name("in.holdfast"),
            "--invite",
            "--passphrase-file",
            &passphrase,
        ])?;
        run(&["backup", &name("backup.db")])?;
        for secret in ["all.holdfast", "in.holdfast", "backup.db"] {
            assert_eq!(mode(&at(secret)), 0o600, "umask {umask}: {secret}");
        }
        run(&["export", &name("out")])?;
        let exchange = laptop.file("exchange");
        fs::create_dir(&exchange)?;
        set(&exchange, 0o755)?;
        run(&["mode", "manual", "--folder", &exchange.display().to_string()])?;
        run(&["sync"])?;
        let given = [all(&at("out")), all(&exchange).split_off(1)].concat();
        assert!(given.len() > 5, "{given:?}");
        for path in given {
            let expected = if path.is_dir() { folder } else { file };
            assert_eq!(mode(&path), expected, "umask {umask}: {}", path.display());
        }
        assert_eq!((mode(&place), mode(&exchange)), (0o755, 0o755));
    }
    Ok(())
}
