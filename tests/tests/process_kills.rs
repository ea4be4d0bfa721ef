//! Real processes, killed with SIGKILL at random instants. What they acknowledged is there.

#![expect(clippy::disallowed_methods, reason = "a process is killed after a random pause")]

use holdfast_oplog::{ActorId, Space};
use holdfast_store::Store;
use holdfast_tests::replica::{VAULT, log};
use holdfast_tests::{Device, device, workload};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_crash"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the process this test started, and returns all that it said before.
fn kill(mut child: Child) -> String {
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    said
}

/// Waits for the first line, so that the process is killed at its work and not in its start.
fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let mut byte = [0];
    let out = child.stdout.as_mut().unwrap();
    while out.read(&mut byte).unwrap() == 1 && byte != [b'\n'] {
        line.push(char::from(byte[0]));
    }
    line
}

/// Kills a writing process `kills` times over a few databases, one of three times in its start.
fn killed_while_writing(seed: u64, kills: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let actor = ActorId([seed as u8; 16]);
    let number = seed.to_string();
    let mut acknowledged_in_all = 0;
    for round in 0..kills.div_ceil(30) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        drop(Store::create(&path, VAULT).unwrap());
        let mut promised = 0;
        for kill_number in 0..30_usize.min(kills - 30 * round) {
            let mut child = start(&["write", path.to_str().unwrap(), &number]);
            let first = if kill_number % 3 == 0 { String::new() } else { first_line(&mut child) };
            std::thread::sleep(Duration::from_micros(rng.gen_range(0..15_000)));
            let said = first + "\n" + &kill(child);
            let last = said.lines().filter_map(|line| line.parse::<u64>().ok()).max();
            promised = promised.max(last.unwrap_or(0));
            let mut store = Store::open(&path).unwrap();
            let held = store.read(|tx| tx.held()).unwrap().get(log(Space::Everywhere, actor));
            assert!(held >= promised, "{promised} were promised, {held} are there");
            // At most one was written that nobody was told of.
            assert!(held <= promised + 1, "{promised} were promised, {held} are there");
            promised = held;
            if kill_number % 10 == 9 {
                assert_eq!(workload::problems(&mut store), [] as [String; 0]);
            }
        }
        acknowledged_in_all += promised;
    }
    assert!(acknowledged_in_all > kills as u64, "the processes did not get to their work");
    println!("{kills} kills, {acknowledged_in_all} changes");
}

#[test]
fn a_hundred_and_sixty_kills_lose_no_acknowledged_change() {
    killed_while_writing(1, 160);
}

#[test]
fn another_hundred_and_sixty_kills_lose_no_acknowledged_change() {
    killed_while_writing(2, 160);
}

#[test]
fn kills_in_a_migration_leave_the_old_tables_or_the_new() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..25 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        workload::first_format(&path).unwrap();
        let mut child = start(&["migrate", path.to_str().unwrap()]);
        first_line(&mut child);
        std::thread::sleep(Duration::from_micros(rng.gen_range(0..6_000)));
        kill(child);
        let mut store = Store::open(&path).unwrap();
        assert_eq!(workload::problems(&mut store), [] as [String; 0]);
        workload::Workload::new().unwrap().step(&mut store, 0).unwrap();
    }
}

#[test]
fn kills_while_views_are_made_anew_or_copied_leave_them_as_they_were() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let steps = workload::Workload::new().unwrap();
    for round in 0..24 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        let mut store = Store::create(&path, VAULT).unwrap();
        for step in 0..workload::STEPS {
            steps.step(&mut store, step).unwrap();
        }
        let before = workload::picture(&mut store).unwrap();
        drop(store);
        let (file, to) = (path.to_str().unwrap(), folder.path().to_str().unwrap());
        let mut child =
            if round % 2 == 0 { start(&["rebuild", file]) } else { start(&["copy", file, to]) };
        first_line(&mut child);
        std::thread::sleep(Duration::from_micros(rng.gen_range(0..30_000)));
        kill(child);
        let mut store = Store::open(&path).unwrap();
        assert_eq!(workload::picture(&mut store).unwrap(), before);
        assert_eq!(workload::problems(&mut store), [] as [String; 0]);
    }
}

/// Starts the real command line as a device, to be killed.
fn start_ctl(device: &Device, arguments: &[&str]) -> Child {
    let mut command = Command::new(device::built("holdfastctl").unwrap());
    device.inhabit(&mut command);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Two devices of one vault, the first with a book of notes.
fn two_devices(notes: usize) -> (Device, Device) {
    let (laptop, phone) = (Device::new("laptop").unwrap(), Device::new("phone").unwrap());
    laptop.ctl(&["init", "--name", "Laptop"]).unwrap();
    let passphrase = laptop.file("passphrase");
    fs::write(&passphrase, "correct horse battery staple").unwrap();
    let invitation = laptop.file("invitation.holdfast");
    let (invitation, passphrase) = (invitation.to_str().unwrap(), passphrase.to_str().unwrap());
    laptop
        .ctl(&["bundle", "export", invitation, "--invite", "--passphrase-file", passphrase])
        .unwrap();
    phone.ctl(&["join", invitation, "--name", "Phone", "--passphrase-file", passphrase]).unwrap();
    let folder = laptop.file("notes");
    fs::create_dir(&folder).unwrap();
    for number in 0..notes {
        let text = format!("# Note {number}\n\n{}\n", "Some words of text. ".repeat(40));
        fs::write(folder.join(format!("{number}.md")), text).unwrap();
    }
    laptop.ctl(&["import", "markdown", folder.to_str().unwrap()]).unwrap();
    (laptop, phone)
}

fn digest(device: &Device) -> String {
    device.json(&["status"]).unwrap()["digest"].as_str().unwrap().to_owned()
}

/// How long a command takes when nobody kills it.
fn time_of(device: &Device, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    device.ctl(arguments).unwrap();
    start.elapsed()
}

/// Pauses before `kills` kills, spread over the time that the work takes: on a slow machine as on a
/// fast one, some come before it is done.
fn pauses(work: Duration, kills: u32) -> impl Iterator<Item = Duration> {
    (0..kills).map(move |number| work * number / kills)
}

fn partial_names(folder: &Path, name: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| entry.unwrap().file_name() == name)
}

#[test]
fn kills_in_an_import_take_in_the_bundle_wholly_or_not_at_all() {
    let (laptop, phone) = two_devices(150);
    let bundle = laptop.file("all.holdfast");
    let bundle = bundle.to_str().unwrap();
    laptop.ctl(&["bundle", "export", bundle, "--all"]).unwrap();
    let (before, after) = (digest(&phone), digest(&laptop));
    // Looking into it takes as long as taking it in.
    let work = time_of(&phone, &["bundle", "inspect", bundle]);
    let mut untouched = 0;
    for pause in pauses(work, 24) {
        let child = start_ctl(&phone, &["bundle", "import", bundle]);
        std::thread::sleep(pause);
        kill(child);
        let now = digest(&phone);
        assert!(now == before || now == after);
        untouched += usize::from(now == before);
        if now == after {
            break;
        }
    }
    assert!(untouched > 0, "every import was done before the kill");
    phone.ctl(&["bundle", "import", bundle]).unwrap();
    assert_eq!(digest(&phone), after);
    phone.ctl(&["check"]).unwrap();
}

#[test]
fn kills_in_an_export_leave_no_partial_file_under_the_final_name() {
    let (laptop, phone) = two_devices(150);
    let folder = laptop.file("out");
    fs::create_dir(&folder).unwrap();
    let bundle = folder.join("all.holdfast");
    let work = time_of(&laptop, &["bundle", "export", bundle.to_str().unwrap(), "--all"]);
    fs::remove_file(&bundle).unwrap();
    let mut killed = 0;
    for pause in pauses(work, 16) {
        let child = start_ctl(&laptop, &["bundle", "export", bundle.to_str().unwrap(), "--all"]);
        std::thread::sleep(pause);
        kill(child);
        if partial_names(&folder, "all.holdfast") {
            // It was done: then it is whole.
            phone.ctl(&["bundle", "inspect", bundle.to_str().unwrap()]).unwrap();
            fs::remove_file(&bundle).unwrap();
        } else {
            killed += 1;
        }
    }
    assert!(killed > 0, "every export was done before the kill");
    laptop.ctl(&["check"]).unwrap();
    laptop.ctl(&["bundle", "export", bundle.to_str().unwrap(), "--all"]).unwrap();
    phone.ctl(&["bundle", "import", bundle.to_str().unwrap()]).unwrap();
    assert_eq!(digest(&phone), digest(&laptop));
}

#[test]
fn kills_in_a_backup_or_restore_leave_the_old_data_or_the_new() {
    let (laptop, _) = two_devices(100);
    let before = digest(&laptop);
    let backup = laptop.file("before.db");
    laptop.ctl(&["backup", backup.to_str().unwrap()]).unwrap();
    let work = time_of(&laptop, &["restore", backup.to_str().unwrap()]);
    laptop.ctl(&["add", "Added after the backup"]).unwrap();
    let after = digest(&laptop);
    for (round, pause) in pauses(work, 16).enumerate() {
        let child = if round % 4 == 3 {
            start_ctl(&laptop, &["backup"])
        } else {
            start_ctl(&laptop, &["restore", backup.to_str().unwrap()])
        };
        std::thread::sleep(pause);
        kill(child);
        let now = digest(&laptop);
        assert!(now == before || now == after, "round {round}");
        laptop.ctl(&["check"]).unwrap();
        // What stands in the folder of backups under a name can be restored.
        if let Some(backup) = laptop.json(&["backups"]).unwrap().as_array().unwrap().first() {
            laptop.ctl(&["restore", backup["id"].as_str().unwrap(), "--preview"]).unwrap();
        }
    }
    laptop.ctl(&["restore", backup.to_str().unwrap()]).unwrap();
    assert_eq!(digest(&laptop), before);
    laptop.ctl(&["add", "Goes on"]).unwrap();
    laptop.ctl(&["check"]).unwrap();
}
