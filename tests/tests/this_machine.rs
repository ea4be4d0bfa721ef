//! What may be missing, broken or going on at once in a data folder, and what every command says then.

#![expect(clippy::disallowed_methods, reason = "a process is killed after a pause")]

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

/// A laptop with a task and a backup.
fn laptop() -> Result<(Device, String)> {
    let laptop = Device::new("laptop")?;
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["add", "Buy oak #Workshop"])?;
    laptop.ctl(&["backup"])?;
    let backups = laptop.json(&["backups"])?;
    let id = backups[0]["id"].as_str().context("a backup")?.to_owned();
    Ok((laptop, id))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// That a command fails with this code; what it said.
fn fails(device: &Device, code: &str, arguments: &[&str]) -> Result<String> {
    let output = device.try_ctl(arguments)?;
    let said = said(&output);
    ensure!(output.status.code() == Some(1), "{arguments:?}: {} {said}", output.status);
    ensure!(said.contains(&format!("[{code}]")), "{arguments:?}: {said}");
    Ok(said)
}

/// Every file of a folder with its bytes.
fn bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|ending| ending != "lock") {
                found.push((path.clone(), fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

const COMMANDS: [&[&str]; 11] = [
    &["tasks"],
    &["add", "Buy ash"],
    &["notes"],
    &["status"],
    &["search", "oak"],
    &["sync"],
    &["export", "out"],
    &["check"],
    &["backup"],
    &["undo"],
    &["mode", "nearby"],
];

#[test]
fn a_missing_database_is_said_by_every_command_and_nothing_is_made_in_its_place() -> Result<()> {
    let (laptop, id) = laptop()?;
    fs::remove_file(laptop.home().join("holdfast.db"))?;
    let before = bytes(&laptop.home());
    for command in COMMANDS {
        let said = fails(&laptop, "data_missing", command)?;
        ensure!(said.contains("its key, its settings and 2 backups"), "{said}");
        ensure!(said.contains("holdfastctl restore") && said.contains("--set-aside"), "{said}");
        ensure!(!said.contains("Start fresh"), "{said}");
    }
    fails(&laptop, "data_missing", &["init", "--name", "Laptop"])?;
    fails(&laptop, "data_missing", &["pair", "accept", "127.0.0.1:9", "--code", "48291760"])?;
    ensure!(laptop.ctl(&["backups"])?.contains(&id));
    ensure!(laptop.ctl(&["doctor"])?.contains("left: its key, its settings and 2 backups"));
    assert_eq!(bytes(&laptop.home()), before, "asking changes nothing");

    laptop.ctl(&["restore", &id])?;
    ensure!(laptop.ctl(&["tasks"])?.contains("Buy oak"));
    laptop.ctl(&["add", "Buy ash"])?;
    laptop.ctl(&["check"])?;
    Ok(())
}

#[test]
fn what_is_left_can_be_set_aside_by_name_and_restored_there() -> Result<()> {
    let (laptop, id) = laptop()?;
    fs::remove_file(laptop.home().join("holdfast.db"))?;
    laptop.ctl(&["init", "--name", "Laptop", "--set-aside"])?;
    ensure!(!laptop.ctl(&["tasks"])?.contains("Buy oak"));
    let aside: Vec<_> = fs::read_dir(laptop.home().join("earlier"))?.collect::<Result<_, _>>()?;
    assert_eq!(aside.len(), 1);
    let aside = aside[0].path().display().to_string();
    // It is a data folder of its own, and the way back works there.
    laptop.ctl(&["--home", &aside, "restore", &id])?;
    ensure!(laptop.ctl(&["--home", &aside, "tasks"])?.contains("Buy oak"));
    // Where nothing is missing there is nothing to set aside.
    fails(&laptop, "vault_exists", &["init", "--name", "Laptop", "--set-aside"])?;
    Ok(())
}

/// A typo in a passphrase, a file that is none: what is left lies where it did, and a backup can be put back.
#[test]
fn nothing_is_set_aside_for_a_vault_that_comes_to_nothing() -> Result<()> {
    let (laptop, id) = laptop()?;
    let phone = Device::new("phone")?;
    let [right, wrong] = ["right", "wrong"].map(|name| laptop.file(name).display().to_string());
    fs::write(&right, "correct horse battery")?;
    fs::write(&wrong, "correct horse batery")?;
    phone.ctl(&["init", "--name", "Phone"])?;
    let file = laptop.file("invite.holdfast").display().to_string();
    phone.ctl(&["bundle", "export", &file, "--invite", "--passphrase-file", &right])?;
    fs::remove_file(laptop.home().join("holdfast.db"))?;
    let join = |file: &str, passphrase: &str| {
        let join = ["join", file, "--name", "Laptop", "--set-aside", "--passphrase-file"];
        laptop.try_ctl(&[&join[..], &[passphrase]].concat())
    };
    for (file, passphrase) in [(&file, &wrong), (&right, &right)] {
        ensure!(!join(file, passphrase)?.status.success());
        ensure!(!laptop.home().join("earlier").exists());
        ensure!(laptop.ctl(&["backups"])?.contains(&id));
    }
    let pair = ["pair", "accept", "127.0.0.1:9", "--code", "48291760", "--set-aside"];
    ensure!(!laptop.try_ctl(&pair)?.status.success());
    fails(&laptop, "invalid", &["init", "--name", "", "--set-aside"])?;
    ensure!(!laptop.home().join("earlier").exists());
    laptop.ctl(&["restore", &id])?;
    ensure!(laptop.ctl(&["tasks"])?.contains("Buy oak"));

    fs::remove_file(laptop.home().join("holdfast.db"))?;
    ensure!(join(&file, &right)?.status.success());
    ensure!(!laptop.ctl(&["tasks"])?.contains("Buy oak"));
    let kept = fs::read_dir(laptop.home().join("earlier"))?.next().context("what was left")??;
    ensure!(kept.path().join("key").exists() && kept.path().join("backups").is_dir());
    laptop.ctl(&["check"])?;
    Ok(())
}

#[test]
fn a_device_whose_database_is_gone_fetches_everything_from_another_device() -> Result<()> {
    let (laptop, id) = laptop()?;
    let phone = Device::new("phone")?;
    let passphrase = laptop.file("passphrase");
    fs::write(&passphrase, "correct horse battery")?;
    let passphrase = passphrase.display().to_string();
    let invite = |from: &Device, name: &str| -> Result<String> {
        let file = laptop.file(name).display().to_string();
        from.ctl(&["bundle", "export", &file, "--invite", "--passphrase-file", &passphrase])?;
        Ok(file)
    };
    let file = invite(&laptop, "first.holdfast")?;
    phone.ctl(&["join", &file, "--name", "Phone", "--passphrase-file", &passphrase])?;
    fs::remove_file(laptop.home().join("holdfast.db"))?;
    let file = invite(&phone, "second.holdfast")?;
    let join = ["join", &file, "--name", "Laptop again", "--passphrase-file", &passphrase];
    fails(&laptop, "data_missing", &join)?;
    laptop.ctl(&[&join[..], &["--set-aside"]].concat())?;
    ensure!(laptop.ctl(&["tasks"])?.contains("Buy oak"));
    ensure!(!laptop.ctl(&["backups"])?.contains(&id), "it went with the vault that it is of");
    Ok(())
}

/// Files of a data folder without which the database cannot be opened.
#[test]
fn without_its_key_a_database_is_written_as_plain_files_and_never_replaced() -> Result<()> {
    for lost in ["key", "private.db"] {
        for damaged in [false, true] {
            let (laptop, id) = laptop()?;
            laptop.ctl(&["list", "add", "Diary", "--space", "device"])?;
            laptop.ctl(&["add", "Dear diary #Diary"])?;
            let path = laptop.home().join(lost);
            if damaged {
                fs::write(&path, "this is not what was here, and longer than a header would be")?;
            } else {
                fs::remove_file(&path)?;
            }
            let before = fs::read(laptop.home().join("holdfast.db"))?;
            let said = fails(&laptop, "key_missing", &["tasks"])?;
            ensure!(said.contains("--rescue") && !said.contains("database is damaged"), "{said}");
            fails(&laptop, "vault_exists", &["init", "--name", "Laptop"])?;
            let out = laptop.file("out");
            laptop.ctl(&["export", &out.display().to_string(), "--rescue"])?;
            let all = fs::read_to_string(out.join("holdfast.json"))?;
            ensure!(all.contains("Buy oak") && all.contains("Dear diary"), "{all}");
            ensure!(fs::read_to_string(out.join("Workshop/Tasks.md"))?.contains("Buy oak"));
            // A backup can be written in the same way.
            let old = laptop.file("old").display().to_string();
            laptop.ctl(&["export", &old, "--rescue", "--from", &id, "--format", "json"])?;
            let all = fs::read_to_string(laptop.file("old/holdfast.json"))?;
            ensure!(all.contains("Buy oak") && !all.contains("Dear diary"), "{all}");
            assert_eq!(fs::read(laptop.home().join("holdfast.db"))?, before);
        }
    }
    Ok(())
}

/// A key under a passphrase that nobody typed is not one that is lost.
#[test]
fn a_locked_device_is_not_rescued_past_its_passphrase() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let file = laptop.file("passphrase");
    fs::write(&file, "correct horse battery")?;
    let file = file.display().to_string();
    laptop.ctl(&[
        "init",
        "--name",
        "Laptop",
        "--key-store",
        "passphrase",
        "--passphrase-file",
        &file,
    ])?;
    laptop.ctl(&["add", "Buy oak", "--passphrase-file", &file])?;
    laptop.ctl(&["backup", "--passphrase-file", &file])?;
    let out = laptop.file("out").display().to_string();
    fails(&laptop, "locked", &["export", &out, "--rescue"])?;
    ensure!(!laptop.file("out").exists());
    // What is gone is restored with the passphrase.
    fs::remove_file(laptop.home().join("holdfast.db"))?;
    let backups = laptop.json(&["backups"])?;
    let id = backups[0]["id"].as_str().context("a backup")?.to_owned();
    fails(&laptop, "locked", &["restore", &id])?;
    laptop.ctl(&["restore", &id, "--passphrase-file", &file])?;
    ensure!(laptop.ctl(&["tasks", "--passphrase-file", &file])?.contains("Buy oak"));
    Ok(())
}

#[test]
fn of_many_that_begin_at_once_one_makes_the_vault_and_the_others_are_told() -> Result<()> {
    for round in 0..4 {
        let laptop = Device::new("laptop")?;
        let children: Vec<_> = (0..4)
            .map(|number| {
                let mut command = laptop.command("holdfastctl")?;
                command.args(["init", "--name", &format!("Laptop {number}")]);
                Ok(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?)
            })
            .collect::<Result<_>>()?;
        let mut won = Vec::new();
        for (number, child) in children.into_iter().enumerate() {
            let output = child.wait_with_output()?;
            let said = said(&output);
            if output.status.success() {
                won.push(number);
            } else {
                ensure!(said.contains("[vault_exists]"), "round {round}: {said}");
            }
        }
        assert_eq!(won.len(), 1, "round {round}");
        // The name is that of the one that won, and its key opens the data.
        let devices = laptop.ctl(&["devices"])?;
        ensure!(devices.contains(&format!("Laptop {}", won[0])), "{devices}");
        laptop.ctl(&["add", "Buy oak"])?;
        laptop.ctl(&["check"])?;
    }
    Ok(())
}

/// An attempt that ended half-way left a key, and nothing that anybody would miss.
#[test]
fn an_interrupted_beginning_is_not_taken_for_missing_data() -> Result<()> {
    let laptop = Device::new("laptop")?;
    fs::create_dir_all(laptop.home())?;
    for name in ["holdfast.db.new", "key", "private.db"] {
        fs::write(laptop.home().join(name), "half")?;
    }
    fails(&laptop, "no_vault", &["tasks"])?;
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["add", "Buy oak"])?;
    let kept = fs::read_dir(laptop.home())?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("key.leftover"));
    assert_eq!(kept.count(), 1, "a key is never deleted");
    Ok(())
}

#[test]
fn a_broken_backup_is_called_that_and_never_a_damaged_database() -> Result<()> {
    let (laptop, id) = laptop()?;
    let good = fs::read(laptop.home().join("backups").join(format!("{id}.db")))?;
    let mut flipped = good.clone();
    for byte in flipped.iter_mut().skip(good.len() / 3).take(4096) {
        *byte ^= 0x55;
    }
    let broken: [(&str, Vec<u8>); 5] = [
        ("empty.db", Vec::new()),
        ("text.db", b"This is a shopping list and no backup at all.".repeat(40)),
        ("short.db", good[..good.len() / 2].to_vec()),
        ("header.db", good[..100].to_vec()),
        ("flipped.db", flipped),
    ];
    let before = laptop.ctl(&["dump"])?;
    for (name, content) in broken {
        let file = laptop.file(name);
        fs::write(&file, content)?;
        let file = file.display().to_string();
        for arguments in [
            vec!["restore", &file, "--preview"],
            vec!["restore", &file],
            vec!["restore", &file, "--propagate"],
        ] {
            let said = fails(&laptop, "backup_unusable", &arguments)?;
            ensure!(said.contains(name) && said.contains("Choose another backup"), "{said}");
            ensure!(!said.contains("check --repair") && !said.contains("database is"), "{said}");
        }
        assert_eq!(laptop.ctl(&["dump"])?, before, "{name}");
    }
    let parts = fs::read_dir(laptop.home())?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().contains(".part"));
    assert_eq!(parts.count(), 0);
    Ok(())
}

fn parts(folder: &Path) -> Result<Vec<String>> {
    let names =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
    let names: Vec<String> = names.collect::<std::io::Result<_>>()?;
    Ok(names.into_iter().filter(|name| name.contains(".part")).collect())
}

/// Unfinished copies that killed processes left go with the next backup; those of others stay.
#[test]
fn killed_backups_leave_no_unfinished_files_for_ever() -> Result<()> {
    let (laptop, _) = laptop()?;
    let note = laptop.file("note.md");
    fs::write(&note, "A line that is not short at all.\n".repeat(20_000))?;
    for _ in 0..4 {
        laptop.ctl(&["note", "add", "--title", "Long", &note.display().to_string()])?;
    }
    let place = laptop.file("stick");
    fs::create_dir(&place)?;
    let mut left = 0;
    for round in 0..40 {
        let to = place.join(format!("{round}.db")).display().to_string();
        let arguments = if round % 2 == 0 { vec!["backup"] } else { vec!["backup", &to] };
        let mut child = laptop
            .command("holdfastctl")?
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        std::thread::sleep(Duration::from_millis(20 + round * 4));
        child.kill()?;
        child.wait()?;
        left += parts(&place)?.len() + parts(&laptop.home().join("backups"))?.len();
        if left > 1 && round > 10 {
            break;
        }
    }
    // Whatever was left, as older versions named it, and beside it one of another program's.
    fs::write(laptop.home().join("backups/.holdfast-AbCdEf.part"), "old")?;
    fs::write(laptop.home().join("backups/.holdfast-AbCdEf.part-journal"), "old")?;
    fs::write(laptop.home().join(".holdfast-GhIjKl.part"), "old")?;
    fs::write(place.join(".holdfast-MnOpQr.part"), "a bundle of another device")?;
    laptop.ctl(&["backup"])?;
    laptop.ctl(&["backup", &place.join("last.db").display().to_string()])?;
    assert_eq!(parts(&laptop.home())?, [] as [String; 0]);
    assert_eq!(parts(&laptop.home().join("backups"))?, [] as [String; 0]);
    assert_eq!(parts(&place)?, [".holdfast-MnOpQr.part"]);
    println!("{left} unfinished files were left on the way");
    laptop.ctl(&["check"])?;
    Ok(())
}

/// A code in a file or on standard input is read; without a terminal nobody is asked.
#[test]
fn a_pairing_code_need_not_stand_in_the_list_of_processes() -> Result<()> {
    let phone = Device::new("phone")?;
    let said = fails(&phone, "no_code", &["pair", "accept", "127.0.0.1:9", "--name", "Phone"])?;
    ensure!(said.contains("--code-file"), "{said}");
    let file = phone.file("code");
    let file_name = file.display().to_string();
    let accept = ["pair", "accept", "127.0.0.1:9", "--name", "Phone", "--code-file", &file_name];
    fails(&phone, "file", &accept)?;
    // What is in the file is the code: one that is none is refused as such, a good one goes on to the
    // network, where nobody is.
    fs::write(&file, "not a code\n")?;
    let refused = said_of(&phone, &accept)?;
    fs::write(&file, "4829 1760\n")?;
    let tried = said_of(&phone, &accept)?;
    assert_ne!(refused, tried);
    ensure!(!tried.contains("4829"), "{tried}");
    let both = phone.try_ctl(&[&accept[..], &["--code", "48291760"]].concat())?;
    assert_eq!(both.status.code(), Some(2), "one or the other");
    Ok(())
}

fn said_of(device: &Device, arguments: &[&str]) -> Result<String> {
    let output = device.try_ctl(arguments)?;
    ensure!(!output.status.success());
    Ok(said(&output))
}

/// The app may be open, with somebody typing, while the command line checks.
#[test]
fn a_check_beside_somebody_who_writes_reports_no_damage() -> Result<()> {
    let (laptop, _) = laptop()?;
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writes = scope.spawn(|| -> Result<u32> {
            let mut written = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) && written < 200 {
                laptop.ctl(&["add", "Buy more oak"])?;
                written += 1;
            }
            Ok(written)
        });
        let checked = (0..15).try_for_each(|_| -> Result<()> {
            let report = laptop.ctl(&["check"])?;
            ensure!(!report.contains("PROBLEM"), "{report}");
            Ok(())
        });
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        ensure!(writes.join().expect("it did not panic")? > 0, "nothing was written meanwhile");
        checked
    })
}

fn run_sql(file: &Path, sql: &str) -> Result<()> {
    Ok(rusqlite::Connection::open(file)?.execute_batch(sql)?)
}

/// A backup that lacks a table is refused before anything is replaced; that the present database lacks one is
/// no reason to refuse a good backup.
#[test]
fn a_backup_without_a_table_is_refused_and_a_database_without_one_is_replaced() -> Result<()> {
    let (laptop, id) = laptop()?;
    let good = laptop.home().join("backups").join(format!("{id}.db"));
    let before = laptop.ctl(&["dump"])?;
    for table in ["notices", "words", "changes", "losses"] {
        let bad = laptop.file("bad.db");
        fs::copy(&good, &bad)?;
        run_sql(&bad, &format!("DROP TABLE {table}"))?;
        let said = fails(&laptop, "backup_unusable", &["restore", &bad.display().to_string()])?;
        ensure!(said.contains(table), "{said}");
        ensure!(laptop.ctl(&["dump"])? == before, "{table}");
    }
    for table in ["notices", "words"] {
        run_sql(&laptop.home().join("holdfast.db"), &format!("DROP TABLE {table}"))?;
        let said = fails(&laptop, "damaged", &["tasks"])?;
        ensure!(said.contains("backup"), "{said}");
        laptop.ctl(&["restore", &good.display().to_string()])?;
        ensure!(laptop.ctl(&["dump"])? == before, "{table}");
    }
    Ok(())
}

/// A row of what devices said that cannot be read stops nothing; repair takes it out.
#[test]
fn a_word_that_cannot_be_read_is_found_passed_over_and_taken_out() -> Result<()> {
    let (laptop, _) = laptop()?;
    let folder = laptop.file("exchange");
    fs::create_dir_all(&folder)?;
    laptop.ctl(&["mode", "manual", "--folder", &folder.display().to_string()])?;
    let database = laptop.home().join("holdfast.db");
    run_sql(&database, "INSERT INTO words VALUES (x'0102', 1, x'03', x'04')")?;
    laptop.ctl(&["sync"])?;
    let output = laptop.try_ctl(&["check"])?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(!output.status.success() && report.contains("say it again"), "{report}");
    laptop.ctl(&["check", "--repair"])?;
    ensure!(!laptop.ctl(&["check"])?.contains("PROBLEM"));
    Ok(())
}
