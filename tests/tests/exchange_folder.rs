//! The exchange folder between devices, under a double of a file syncer and between real processes.

use anyhow::{Context, Result, bail};
use holdfast_model::entity::{DELETED, Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, Space, VaultId};
use holdfast_store::{Author, LocalChange, Store};
use holdfast_sync::Session;
use holdfast_tests::Device as Process;
use holdfast_tests::device::built;
use holdfast_tests::syncer::{Mischief, Syncer};
use holdfast_transports::folder::{
    FolderError, FolderMemory, FolderReport, FolderState, Take, exchange,
};
use holdfast_vault::membership::{Introduction, found, invite, join};
use holdfast_vault::{DeviceKeys, InviteKey, Keyring, sign_change};
use rand::{Rng, SeedableRng};
use rand_chacha::{ChaCha8Rng, ChaCha20Rng};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const NOW: i64 = 1_795_000_000_000;

struct Device {
    store: Store,
    keys: DeviceKeys,
    keyring: Keyring,
    actor: ActorId,
    rng: ChaCha20Rng,
    memory: FolderMemory,
    wall_ms: i64,
    made: u32,
}

fn devices(count: u8) -> Vec<Device> {
    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(count));
    let mut keys: Vec<DeviceKeys> = (0..count).map(|_| DeviceKeys::generate(&mut rng)).collect();
    let who = |place: u8| Introduction {
        name: ["laptop", "phone", "tablet", "desktop"][usize::from(place)],
        platform: "linux",
        actor: ActorId([place + 1; 16]),
        time: 1,
    };
    let (vault, genesis): (VaultId, _) = found(&keys[0], who(0), &mut rng).unwrap();
    let mut records = vec![genesis];
    for place in 1..count {
        let key = InviteKey::generate(&mut rng);
        let (invited, hash) = invite(vault, &keys[0], &key, None, 2).unwrap();
        let joined = join(vault, &keys[usize::from(place)], &key, hash, who(place)).unwrap();
        records.extend([invited, joined]);
    }
    let keyring = Keyring::generate(vault, &mut rng);
    (0..count)
        .map(|place| {
            let mut store = Store::in_memory(vault).unwrap();
            store
                .write(|tx| records.iter().try_for_each(|r| tx.add_membership(r).map(|_| ())))
                .unwrap();
            Device {
                store,
                keys: keys.remove(0),
                keyring: keyring.clone(),
                actor: ActorId([place + 1; 16]),
                rng: ChaCha20Rng::seed_from_u64(u64::from(place)),
                memory: FolderMemory::default(),
                wall_ms: NOW,
                made: 0,
            }
        })
        .collect()
}

impl Device {
    fn act(&mut self, rng: &mut ChaCha8Rng) {
        let alive: Vec<_> = self
            .store
            .read(|tx| tx.entities_of(Kind::Task.as_str()))
            .unwrap()
            .into_iter()
            .filter(|(state, _)| state.is_alive())
            .collect();
        let edit = if alive.len() < 3 || rng.gen_bool(0.4) {
            self.made += 1;
            let id = EntityId::named(&format!("{}/{}", self.actor, self.made));
            let mut draft = Draft::new(id, Kind::Task.as_str());
            draft.set(TITLE, format!("task {}", self.made), &Seen::All);
            draft.finish()
        } else {
            let (state, _) = &alive[rng.gen_range(0..alive.len())];
            let mut draft = state.draft();
            if rng.gen_bool(0.2) {
                draft.life(DELETED, &Seen::All);
            } else {
                draft.set(TITLE, format!("edit {}", rng.gen_range(0..9)), &Seen::All);
            }
            draft.finish()
        };
        self.wall_ms += 1_000;
        let (keys, vault) = (&self.keys, self.store.vault());
        let sign = |id, hash| sign_change(keys, vault, id, hash);
        let author = Author { actor: self.actor, sign: &sign, wall_ms: self.wall_ms };
        let change = LocalChange { edits: edit.into_iter().collect(), ..Default::default() };
        self.store.write(|tx| tx.append(author, change)).unwrap();
    }

    fn exchange(
        &mut self,
        files: &mut dyn holdfast_transports::folder::Files,
        again: bool,
    ) -> Result<FolderReport, FolderError> {
        self.wall_ms += 1_000;
        let mut session = Session {
            store: &mut self.store,
            keys: &self.keys,
            keyring: &self.keyring,
            actor: self.actor,
            wall_ms: self.wall_ms,
            rng: &mut self.rng,
        };
        // A person is there who says yes to large deletions.
        let report = exchange(&mut session, files, &self.memory, Take::Confirmed, again)?;
        self.memory = report.memory.clone();
        Ok(report)
    }

    fn held(&mut self) -> holdfast_oplog::VersionVector {
        self.store.read(|tx| tx.held()).unwrap()
    }

    fn digest(&mut self) -> String {
        self.store.read(|tx| tx.digest(Space::Everywhere)).unwrap()
    }
}

/// One history: people work, devices exchange, the syncer does what syncers do. What a device holds
/// only ever grows, nothing is an error but a folder that is not there, and once the syncer behaves
/// all devices show the same.
fn history(seed: u64) -> Mischief {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let count = rng.gen_range(2..=4);
    let mut devices = devices(count);
    let syncer = Syncer::new(devices.len());
    for _ in 0..rng.gen_range(60..200) {
        let at = rng.gen_range(0..devices.len());
        match rng.gen_range(0..10) {
            0..=2 => devices[at].act(&mut rng),
            3..=5 => {
                let before = devices[at].held();
                let again = rng.gen_bool(0.1);
                match devices[at].exchange(&mut Syncer::folder(&syncer, at), again) {
                    Ok(_) | Err(FolderError::Missing(_)) => {}
                    Err(error) => panic!("seed {seed}: {error}"),
                }
                assert!(devices[at].held().includes(&before), "seed {seed}: something was lost");
            }
            _ => syncer.borrow_mut().step(&mut rng),
        }
    }
    for _ in 0..4 {
        for (at, device) in devices.iter_mut().enumerate() {
            syncer.borrow_mut().calm();
            let report = device.exchange(&mut Syncer::folder(&syncer, at), false).unwrap();
            // What is back needs no question; what a removal took for good, the person publishes.
            if report.state != FolderState::Ready {
                device.exchange(&mut Syncer::folder(&syncer, at), true).unwrap();
            }
        }
    }
    let (held, digest) = (devices[0].held(), devices[0].digest());
    for device in &mut devices[1..] {
        assert_eq!(device.held(), held, "seed {seed}: a device lacks something");
        assert_eq!(device.digest(), digest, "seed {seed}: devices differ");
    }
    // Each knows from the others' own word that they have everything.
    let ids: Vec<_> = devices.iter().map(|device| device.keys.device_id()).collect();
    for (at, device) in devices.iter_mut().enumerate() {
        for other in ids.iter().filter(|id| **id != ids[at]) {
            let known = device.store.read(|tx| tx.destination(*other)).unwrap().unwrap();
            assert_eq!(known.holds, held, "seed {seed}");
        }
    }

    syncer.borrow().mischief
}

/// Rows 14, 25 and 27 of the fault matrix, at random.
#[test]
fn a_syncer_can_do_what_it_likes() {
    let mut done = Mischief::default();
    for seed in 0..60 {
        let one = history(seed);
        for (sum, more) in [
            (&mut done.cut, one.cut),
            (&mut done.overtaken, one.overtaken),
            (&mut done.copies, one.copies),
            (&mut done.capitals, one.capitals),
            (&mut done.evicted, one.evicted),
            (&mut done.emptied, one.emptied),
            (&mut done.gone, one.gone),
        ] {
            *sum += more;
        }
    }
    println!("{done:?}");
    let Mischief { cut, overtaken, copies, capitals, evicted, emptied, gone } = done;
    for (what, times) in [
        ("cut", cut),
        ("overtaken", overtaken),
        ("copies", copies),
        ("capitals", capitals),
        ("evicted", evicted),
        ("emptied", emptied),
        ("gone", gone),
    ] {
        assert!(times > 20, "{what} only {times} times: this proves little");
    }
}

/// A laptop and a phone of one vault, both with the folder; real programs.
fn processes() -> Result<(Process, Process, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let (laptop, phone) = (Process::new("laptop")?, Process::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    let passphrase = folder.path().join("passphrase");
    std::fs::write(&passphrase, "four words of oak")?;
    let passphrase = passphrase.display().to_string();
    let invitation = folder.path().join("invitation.holdfast").display().to_string();
    let with = ["--passphrase-file", passphrase.as_str()];
    laptop.ctl(&[&["bundle", "export", &invitation, "--invite"], &with[..]].concat())?;
    phone.ctl(&[&["join", &invitation, "--name", "Phone"], &with[..]].concat())?;
    std::fs::create_dir(folder.path().join("exchange"))?;
    Ok((laptop, phone, folder))
}

fn until(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience {
        if done()? {
            return Ok(());
        }
        std::thread::park_timeout(Duration::from_millis(150));
    }
    bail!("did not happen: {what}")
}

/// A `holdfastctl watch` that ends with the test.
struct Watching(Child);

impl Watching {
    fn start(device: &Process) -> Result<Self> {
        let mut command = Command::new(built("holdfastctl")?);
        device.inhabit(&mut command);
        let child = command.arg("watch").stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_processes_stay_in_step_over_a_folder() -> Result<()> {
    let (laptop, phone, place) = processes()?;
    let folder = place.path().join("exchange").display().to_string();
    laptop.ctl(&["add", "before the folder"])?;
    let preview = laptop.json(&["mode", "manual", "--folder", &folder, "--preview"])?;
    assert_eq!(preview["tasks"], 1);
    assert!(std::fs::read_dir(&folder)?.next().is_none(), "a preview wrote something");
    for device in [&laptop, &phone] {
        device.ctl(&["mode", "manual", "--folder", &folder])?;
    }
    let _one = Watching::start(&laptop)?;
    let _two = Watching::start(&phone)?;
    until("what was there before arrives", || Ok(phone.ctl(&["tasks"])?.contains("before")))?;
    // Another process of the same device writes: the one that watches sends it.
    phone.ctl(&["add", "from the phone"])?;
    laptop.ctl(&["add", "from the laptop"])?;
    until("both have everything", || {
        let (a, b) = (laptop.json(&["status"])?, phone.json(&["status"])?);
        Ok(a["digest"] == b["digest"] && laptop.ctl(&["tasks"])?.contains("from the phone"))
    })?;
    until("both know it", || {
        let up = |device: &Process| -> Result<bool> {
            let text = device.json(&["status"])?["text"].as_str().map(str::to_owned);
            Ok(text.context("no text")?.starts_with("Up to date"))
        };
        Ok(up(&laptop)? && up(&phone)?)
    })
}

/// Row 14 for real folders, as a script sees it.
#[test]
fn an_emptied_folder_is_said_and_published_again_when_asked() -> Result<()> {
    let (laptop, phone, place) = processes()?;
    let folder = place.path().join("exchange").display().to_string();
    laptop.ctl(&["add", "oak"])?;
    for device in [&laptop, &phone] {
        device.ctl(&["mode", "manual", "--folder", &folder])?;
        device.ctl(&["sync"])?;
    }
    std::fs::remove_dir_all(&folder)?;
    let gone = laptop.try_ctl(&["sync"])?;
    assert!(String::from_utf8_lossy(&gone.stderr).contains("[folder_missing]"));
    assert_eq!(laptop.json(&["status"])?["text"], "Can't sync: folder missing");
    std::fs::create_dir(&folder)?;
    let emptied = laptop.try_ctl(&["sync"])?;
    assert_eq!(emptied.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&emptied.stderr).contains("[folder_emptied]"));
    assert!(laptop.ctl(&["tasks"])?.contains("oak"));
    laptop.ctl(&["sync", "--publish-again"])?;
    phone.ctl(&["sync"])?;
    assert!(phone.ctl(&["tasks"])?.contains("oak"));
    assert_eq!(laptop.json(&["status"])?["digest"], phone.json(&["status"])?["digest"]);
    Ok(())
}

/// Row 28.
#[test]
fn the_live_database_in_a_synced_folder_is_refused_with_the_reason() -> Result<()> {
    let laptop = Process::new("laptop")?;
    laptop.ctl(&["init", "--name", "Laptop"])?;
    let home = laptop.home();
    let above = home.parent().context("no parent")?;
    for folder in [home.as_path(), above] {
        let refused =
            laptop.try_ctl(&["mode", "manual", "--folder", &folder.display().to_string()])?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            said.contains("[folder_holds_database]") && said.contains("live database"),
            "{said}"
        );
    }
    let synced = tempfile::tempdir()?;
    let home = synced.path().join("Dropbox").join("holdfast").display().to_string();
    let refused = laptop.try_ctl(&["--home", &home, "init", "--name", "Other"])?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("[synced_home]") && said.contains("Dropbox"), "{said}");
    assert!(!std::path::Path::new(&home).exists());
    Ok(())
}
