//! Rows of the fault matrix that no other test is about, by their names in `docs/faults.md`.

use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, EntityState, Kind};
use holdfast_store::Store;
use holdfast_tests::replica::VAULT;
use holdfast_tests::vfs::{Disk, Fault, Kind as FaultKind};
use holdfast_tests::{Device, Replica, workload};
use std::fs;
use std::path::Path;
use std::process::Command;

const NOW: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;

fn item(name: &str) -> EntityId {
    EntityId::named(name)
}

fn make(replica: &mut Replica, now: i64, name: &str, kind: Kind, title: &str) {
    let mut draft = Draft::new(item(name), kind.as_str());
    draft.set(TITLE, title, &Seen::All);
    replica.edit(now, draft.finish().into_iter().collect()).unwrap();
}

fn state(replica: &mut Replica, name: &str) -> EntityState {
    replica.store.read(|tx| tx.expect_entity(item(name), "item")).unwrap().0
}

fn title(replica: &mut Replica, now: i64, name: &str, title: &str) {
    let state = state(replica, name);
    let mut draft = state.draft();
    draft.set(TITLE, title, &Seen::All);
    replica.edit(now, draft.finish().into_iter().collect()).unwrap();
}

/// The distinct values of a title, sorted.
fn titles(replica: &mut Replica, name: &str) -> Vec<String> {
    let register = state(replica, name).registers[TITLE].clone();
    let mut values: Vec<String> =
        register.distinct().iter().map(|v| v.value.as_str().unwrap_or_default().into()).collect();
    values.sort();
    values
}

fn exchange(one: &mut Replica, other: &mut Replica, now: i64) {
    other.fetch(now, one).unwrap();
    one.fetch(now, other).unwrap();
    assert_eq!(one.dump().unwrap(), other.dump().unwrap());
    assert_eq!(one.conflicts().unwrap(), other.conflicts().unwrap());
}

/// Two devices with a task whose title is disputed.
fn disputed() -> (Replica, Replica) {
    let (mut laptop, mut phone) = (Replica::new(1, 0).unwrap(), Replica::new(2, 0).unwrap());
    make(&mut laptop, NOW, "task", Kind::Task, "Buy boards");
    exchange(&mut laptop, &mut phone, NOW);
    title(&mut laptop, NOW + 1, "task", "Buy oak");
    title(&mut phone, NOW + 2, "task", "Buy ash");
    exchange(&mut laptop, &mut phone, NOW + 3);
    (laptop, phone)
}

#[test]
fn a_clock_that_jumps_back_between_two_starts_gives_no_time_out_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let mut device = Replica::new(1, 0).unwrap();
    device.store = Store::create(&path, VAULT).unwrap();
    let mut times = Vec::new();
    for (number, now) in
        [NOW, NOW - 48 * HOUR, NOW - 24 * HOUR, NOW - 48 * HOUR].into_iter().enumerate()
    {
        let name = number.to_string();
        make(&mut device, now, &name, Kind::Task, "Task");
        times.push(state(&mut device, &name).registers[TITLE].shown().unwrap().time);
        // The clock is in the database, not in the process.
        device.store = Store::open(&path).unwrap();
    }
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}

/// Dates are days and minutes of a day, whatever the zone of the machine.
#[test]
fn dates_stay_as_they_are_in_every_time_zone() {
    let device = Device::new("laptop").unwrap();
    device.ctl(&["init", "--name", "Laptop"]).unwrap();
    let dates =
        ["2038-01-19", "2038-01-20T03:14", "2027-03-28T02:30", "2027-10-31T02:30", "2100-02-28"];
    let ids: Vec<String> = dates
        .iter()
        .map(|date| {
            let id = device.ctl(&["add", "A day"]).unwrap();
            device.ctl(&["task", "set", &id, &format!("when={date}")]).unwrap();
            id
        })
        .collect();
    for zone in
        ["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
    {
        for (id, date) in ids.iter().zip(dates) {
            let mut command = Command::new(holdfast_tests::device::built("holdfastctl").unwrap());
            device.inhabit(&mut command);
            let output =
                command.env("TZ", zone).args(["task", "show", id, "--json"]).output().unwrap();
            let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(shown["when"], date, "{zone}: {shown}");
        }
    }
}

/// A check and a repair that have no room to work say so; the database stays as it is.
#[test]
fn a_check_on_a_full_disk_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let steps = workload::Workload::new().unwrap();
    let disk = Disk::new();
    let mut store = Store::create_with_vfs(&path, VAULT, disk.name()).unwrap();
    for step in 0..workload::STEPS {
        steps.step(&mut store, step).unwrap();
    }
    let before = workload::picture(&mut store).unwrap();
    disk.fail(Some(Fault { at: 0, sticky: true, kind: FaultKind::Full }));
    // Reading works; what would write says that the disk is full.
    let found = store.read(|tx| tx.check(&holdfast_tests::replica::verify, &|_| true)).unwrap();
    assert!(found.iter().all(|line| line.ok), "{found:?}");
    assert_eq!(store.write(|tx| tx.rebuild()).unwrap_err().code(), "disk_full");
    assert_eq!(workload::picture(&mut store).unwrap(), before);
    drop(store);
    disk.fail(None);
    let mut again = Store::open(&path).unwrap();
    assert_eq!(workload::picture(&mut again).unwrap(), before);
    assert_eq!(workload::problems(&mut again), [] as [String; 0]);
}

#[test]
fn two_different_decisions_made_apart_are_a_new_conflict() {
    let (mut laptop, mut phone) = disputed();
    title(&mut laptop, NOW + 10, "task", "Buy oak");
    title(&mut phone, NOW + 11, "task", "Buy ash");
    assert_eq!((laptop.listed().unwrap(), phone.listed().unwrap()), (vec![], vec![]));
    exchange(&mut laptop, &mut phone, NOW + 12);
    assert_eq!(titles(&mut laptop, "task"), ["Buy ash", "Buy oak"]);
    assert_eq!(phone.listed().unwrap(), [(item("task"), TITLE.to_owned(), true)]);
}

#[test]
fn an_edit_that_no_one_had_seen_survives_a_decision() {
    let (mut laptop, mut phone) = disputed();
    let mut tablet = Replica::new(3, 0).unwrap();
    tablet.fetch(NOW + 4, &mut laptop).unwrap();
    title(&mut tablet, NOW + 5, "task", "Buy pine");
    title(&mut laptop, NOW + 6, "task", "Buy oak");
    exchange(&mut laptop, &mut phone, NOW + 7);
    assert_eq!(phone.listed().unwrap(), []);
    exchange(&mut phone, &mut tablet, NOW + 8);
    assert_eq!(titles(&mut tablet, "task"), ["Buy oak", "Buy pine"]);
}

/// The number on the badge is the length of the list.
#[test]
fn the_number_of_conflicts_is_that_of_the_list() {
    let (mut laptop, mut phone) = disputed();
    for number in 0..5 {
        make(&mut laptop, NOW + 20, &number.to_string(), Kind::Task, "First");
    }
    exchange(&mut laptop, &mut phone, NOW + 21);
    for number in 0..5 {
        title(&mut laptop, NOW + 22, &number.to_string(), "On the laptop");
        title(&mut phone, NOW + 23, &number.to_string(), "On the phone");
    }
    exchange(&mut laptop, &mut phone, NOW + 24);
    let counted = |replica: &mut Replica| {
        let (open, _) = replica.store.read(|tx| tx.conflict_counts()).unwrap();
        let listed = replica.listed().unwrap().iter().filter(|(_, _, open)| *open).count();
        assert_eq!(open as usize, listed);
        listed
    };
    assert_eq!((counted(&mut laptop), counted(&mut phone)), (6, 6));
    for number in 0..5 {
        title(&mut phone, NOW + 30, &number.to_string(), "Decided");
        assert_eq!(counted(&mut phone), 5 - number);
    }
    exchange(&mut laptop, &mut phone, NOW + 31);
    assert_eq!((counted(&mut laptop), counted(&mut phone)), (1, 1));
}

/// A conflict that nobody decides holds nothing up: neither other items nor the disputed one.
#[test]
fn a_conflict_that_is_never_decided_stops_nothing() {
    let (mut laptop, mut phone) = disputed();
    for number in 0..20 {
        make(&mut laptop, NOW + 10 + number, &format!("l{number}"), Kind::Task, "From the laptop");
        make(&mut phone, NOW + 10 + number, &format!("p{number}"), Kind::Note, "From the phone");
        let state = state(&mut phone, "task");
        let mut draft = state.draft();
        draft.set("when", format!("2027-01-{:02}", number + 1), &Seen::All);
        phone.edit(NOW + 10 + number, draft.finish().into_iter().collect()).unwrap();
        exchange(&mut laptop, &mut phone, NOW + 11 + number);
    }
    assert_eq!(state(&mut laptop, "task").text("when"), "2027-01-20");
    assert_eq!(laptop.listed().unwrap(), [(item("task"), TITLE.to_owned(), true)]);
}

#[test]
fn the_same_note_made_on_two_devices_is_two_notes() {
    let (mut laptop, mut phone) = (Replica::new(1, 0).unwrap(), Replica::new(2, 0).unwrap());
    make(&mut laptop, NOW, "on the laptop", Kind::Note, "Groceries");
    make(&mut phone, NOW, "on the phone", Kind::Note, "Groceries");
    exchange(&mut laptop, &mut phone, NOW + 1);
    let notes = laptop.store.read(|tx| tx.notes(None, None, None, 10)).unwrap().0;
    assert_eq!(notes.len(), 2);
    assert!(notes.iter().all(|note| note.title == "Groceries"));
}

/// Several processes on one folder at once: each write is there, none waits for ever.
#[test]
fn several_processes_on_one_folder_lose_nothing() {
    let device = Device::new("laptop").unwrap();
    device.ctl(&["init", "--name", "Laptop"]).unwrap();
    let children: Vec<_> = (0..8)
        .map(|number| {
            let mut command = Command::new(holdfast_tests::device::built("holdfastctl").unwrap());
            device.inhabit(&mut command);
            command.args(["add", &format!("Task {number}")]).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let tasks = device.json(&["tasks"]).unwrap().to_string();
    for number in 0..8 {
        assert!(tasks.contains(&format!("Task {number}")), "{tasks}");
    }
    device.ctl(&["check"]).unwrap();
}

/// Names that lead elsewhere stay inside the folder that was asked for: titles of lists, notes and tasks,
/// tags, the device's own name, and names of attachments, in both forms of an export.
#[test]
fn no_string_leads_to_a_file_outside_the_folder() {
    let device = Device::new("laptop").unwrap();
    device.ctl(&["init", "--name", "../../../etc"]).unwrap();
    let names = [
        "../../outside",
        "/etc/outside",
        "..",
        ".",
        "CON",
        "a/../../outside",
        "C:\\outside",
        "nul.txt",
        "outside\u{0}.txt",
        "\u{202e}outside",
        "COM1.md",
        "outside. ",
        "~/outside",
        "file:///outside",
    ];
    let notes = device.file("in");
    fs::create_dir(&notes).unwrap();
    fs::write(notes.join("picture.png"), b"\x89PNG\r\n\x1a\n of an oak").unwrap();
    let mut made = 0;
    for (number, name) in names.into_iter().enumerate() {
        // A program's arguments hold no NUL: that one comes in a file.
        let text = format!("---\ntitle: {name:?}\ntags: [{name:?}]\n---\n![{name}](picture.png)\n");
        fs::write(notes.join(format!("{number}.md")), text).unwrap();
        if name.contains('\0') {
            continue;
        }
        device.ctl(&["list", "add", name]).unwrap();
        device.ctl(&["add", &format!("Task {number}")]).unwrap();
        let note = device.file("note.md");
        fs::write(&note, "text").unwrap();
        device.ctl(&["note", "add", "--title", name, note.to_str().unwrap()]).unwrap();
        made += 1;
    }
    device.ctl(&["import", "markdown", notes.to_str().unwrap()]).unwrap();
    for form in ["markdown", "json"] {
        let folder = device.file(&format!("out-{form}"));
        device.ctl(&["export", "--format", form, folder.to_str().unwrap()]).unwrap();
        let mut files = 0;
        let mut open = vec![folder.clone()];
        let whole = folder.canonicalize().unwrap();
        while let Some(path) = open.pop() {
            assert!(path.canonicalize().unwrap().starts_with(&whole), "{}", path.display());
            if path.is_dir() {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                files += 1;
            }
        }
        assert!(form == "json" || files > made, "{files}");
    }
    // What is beside the folder is what was there before.
    let around = fs::read_dir(device.home().parent().unwrap()).unwrap();
    let around: Vec<String> =
        around.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(around.iter().all(|name| !name.contains("outside")), "{around:?}");
    assert!(!Path::new("/etc/outside").exists() && !Path::new("/outside").exists());
}
