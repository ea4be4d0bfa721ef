//! The exchange folder, over a double of the program that carries it.

use super::super::tally::Group;
use super::super::world::World;
use super::union;
use crate::oracle::Past;
use crate::syncer::{Mischief, SyncedFolder, Syncer};
use holdfast_sync::{Carrier, open_acknowledgement};
use holdfast_transports::folder::{
    Entry, Files, FolderError, FolderMemory, FolderState, Name, Take, exchange,
};
use rand::Rng;
use std::cell::RefCell;
use std::rc::Rc;

/// The folder, and what each device remembers of it.
pub(super) struct Exchange {
    syncer: Rc<RefCell<Syncer>>,
    memories: Vec<FolderMemory>,
    /// Everything that anyone put there, ever.
    offered: Past,
}

/// The folder as a device sees it; keeps what the device puts there.
struct Watched {
    folder: SyncedFolder,
    written: Vec<(String, Vec<u8>)>,
}

impl Files for Watched {
    fn is_there(&self) -> bool {
        self.folder.is_there()
    }
    fn writers(&self) -> Result<Vec<String>, FolderError> {
        self.folder.writers()
    }
    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError> {
        self.folder.list(writer)
    }
    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError> {
        self.folder.read(writer, name, limit)
    }
    fn put(&mut self, writer: &str, name: &str, content: &[u8]) -> Result<(), FolderError> {
        self.folder.put(writer, name, content)?;
        self.written.push((name.to_owned(), content.to_vec()));
        Ok(())
    }
    fn remove(&mut self, writer: &str, name: &str) -> Result<(), FolderError> {
        self.folder.remove(writer, name)
    }
}

impl World {
    fn take_folder(&mut self) -> Exchange {
        let devices = self.devices.len();
        self.carried.exchange.take().unwrap_or_else(|| Exchange {
            syncer: Syncer::new(devices),
            memories: vec![FolderMemory::default(); devices],
            offered: Past::new(),
        })
    }

    /// A device looks into the folder and puts there what it lacks.
    pub(crate) fn visit_folder(&mut self, device: usize, again: bool) {
        let carrier = Carrier::Folder;
        let mut folder = self.take_folder();
        let before = self.devices[device].holds();
        let now_ms = self.now_ms;
        let mut memory = folder.memories[device].clone();
        let mut take = Take::AtOnce;
        let shown = Syncer::folder(&folder.syncer, device);
        let gone = !shown.is_there();
        let mut files = Watched { folder: shown, written: Vec::new() };
        let (result, state) = loop {
            let session = &mut self.devices[device].session(now_ms);
            match exchange(session, &mut files, &memory, take, again) {
                Ok(report) if report.waits.is_some() => {
                    assert!(take == Take::AtOnce, "what the person agreed to waits again");
                    memory = report.memory;
                    take = Take::Confirmed;
                    self.tally.count(Group::Faults, "large deletion held back");
                }
                Ok(report) => {
                    folder.memories[device] = report.memory;
                    let notices = report.preview.map(|preview| preview.notices);
                    break (Ok(notices.unwrap_or_default()), Some(report.state));
                }
                Err(error) => break (Err(error), None),
            }
        };
        let Watched { written, .. } = files;
        let here = self.devices[device].holds();
        let crashed = self.restart_crashed();
        match result {
            // Only changes that wait are worth a notice: nobody joins or leaves here, and nobody
            // puts anything there that is wrong.
            Ok(notices) => {
                let waits = !self.devices[device].read(|tx| tx.unapplied()).is_empty();
                assert!(notices.is_empty() || waits, "{notices:?}");
            }
            Err(error) => {
                assert!(crashed || gone, "device {device} cannot use the folder: {error}");
            }
        }
        self.came(device, &before, &folder.offered, false);
        if let Some(FolderState::Emptied { .. }) = state {
            assert!(written.is_empty(), "device {device} published again without being asked");
            self.tally.count(Group::Faults, "folder: found emptied, nothing deleted");
        }
        if !written.is_empty() {
            folder.offered = union(&folder.offered, &self.travels(&here, carrier));
        }
        for (name, content) in &written {
            self.inspect_file(name, content);
        }
        self.carried.exchange = Some(folder);
        self.tally.count(Group::Exchanges, "folder");
        self.event(format_args!("{device} at the folder: {} files", written.len()));
    }

    /// A file that is put into the folder says nothing of what may not go there.
    fn inspect_file(&mut self, name: &str, content: &[u8]) {
        let carrier = Carrier::Folder;
        match Name::parse(name).expect("a device puts only its own kinds of files there").0 {
            Name::Batch { log, .. } => {
                assert!(
                    super::may_travel(log.space, carrier),
                    "{name} names what may not go there"
                );
                self.inspect(content, carrier);
            }
            Name::Head { .. } => self.inspect_acknowledgement(content, carrier),
            Name::Devices | Name::Piece { .. } | Name::Snapshot { .. } => {}
        }
    }

    /// What a device says that it holds names no log that may not travel by this carrier.
    pub(super) fn inspect_acknowledgement(&mut self, said: &[u8], carrier: Carrier) {
        let said = open_acknowledgement(&self.founded.keyring, &self.founded.members, said)
            .expect("an acknowledgement on its way opens");
        self.inspect_named(&said.holds, carrier);
    }

    /// The program that carries the folder does something, right or wrong.
    pub(crate) fn syncer_works(&mut self, _: usize) {
        let folder = self.take_folder();
        let before = folder.syncer.borrow().mischief;
        for _ in 0..self.rng.gen_range(1..20) {
            folder.syncer.borrow_mut().step(&mut self.rng);
        }
        let after = folder.syncer.borrow().mischief;
        self.carried.exchange = Some(folder);
        #[allow(clippy::type_complexity, reason = "a table, read where it stands")]
        let rows: [(&str, fn(&Mischief) -> u64); 7] = [
            ("folder: file cut, later whole", |m| m.cut),
            ("folder: file overtaken by a later one", |m| m.overtaken),
            ("folder: conflicted copy", |m| m.copies),
            ("folder: name in capitals", |m| m.capitals),
            ("folder: placeholder instead of content", |m| m.evicted),
            ("folder: seems to be empty", |m| m.emptied),
            ("folder: not there", |m| m.gone),
        ];
        for (row, of) in rows {
            self.tally.add(Group::Faults, row, of(&after) - of(&before));
        }
        self.event(format_args!("syncer {after:?}"));
    }

    /// Nothing goes wrong any more: two rounds through the folder bring every device all that may
    /// travel by it.
    pub(crate) fn settle_by_folder(&mut self) {
        let folder = self.take_folder();
        folder.syncer.borrow_mut().calm();
        self.carried.exchange = Some(folder);
        for _ in 0..2 {
            for device in 0..self.devices.len() {
                self.visit_folder(device, true);
                let folder = self.take_folder();
                folder.syncer.borrow_mut().calm();
                self.carried.exchange = Some(folder);
            }
        }
        let all = (0..self.devices.len()).fold(Past::new(), |all, device| {
            union(&all, &self.travels(self.oracle.received(device), Carrier::Folder))
        });
        for device in 0..self.devices.len() {
            let holds = self.devices[device].holds();
            let has = self.travels(&holds, Carrier::Folder);
            assert_eq!(has, all, "device {device} did not get everything through the folder");
        }
        self.tally.count(Group::Checks, "all the same through the folder alone");
    }
}
