//! The exchange folder, over a double of the program that carries it.

use super::super::tally::Group;
use super::super::world::World;
use super::syncer::{Syncer, View};
use super::{travels, union};
use crate::oracle::Past;
use holdfast_sync::{Carrier, open_acknowledgement};
use holdfast_transports::folder::{FolderMemory, FolderState, Name, Take, exchange};
use rand::Rng;

/// The folder, and what each device remembers of it.
#[derive(Default)]
pub(super) struct Exchange {
    syncer: Syncer,
    memories: Vec<FolderMemory>,
    /// Everything that anyone put there, ever.
    offered: Past,
}

impl World {
    fn take_folder(&mut self) -> Exchange {
        let mut exchange = self.carried.exchange.take().unwrap_or_default();
        if exchange.memories.is_empty() {
            exchange.memories = vec![FolderMemory::default(); self.devices.len()];
            exchange.syncer = Syncer::new(self.devices.len());
        }
        exchange
    }

    /// A device looks into the folder and puts there what it lacks.
    pub(crate) fn visit_folder(&mut self, device: usize, again: bool) {
        let carrier = Carrier::Folder;
        let mut folder = self.take_folder();
        let before = self.devices[device].holds();
        let now_ms = self.now_ms;
        let mut memory = folder.memories[device].clone();
        let mut take = Take::AtOnce;
        let (result, state) = loop {
            let mut view = View { syncer: &mut folder.syncer, device };
            let session = &mut self.devices[device].session(now_ms);
            match exchange(session, &mut view, &memory, take, again) {
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
        let written = std::mem::take(&mut folder.syncer.written);
        let here = self.devices[device].holds();
        let crashed = self.restart_crashed();
        match result {
            // Only changes that wait are worth a notice: nobody joins or leaves here, and nobody
            // puts anything there that is wrong.
            Ok(notices) => {
                let waits = !self.devices[device].read(|tx| tx.unapplied()).is_empty();
                assert!(notices.is_empty() || waits, "{notices:?}");
            }
            Err(error) => assert!(crashed, "device {device} cannot use the folder: {error}"),
        }
        self.came(device, &before, &folder.offered, false);
        if let Some(FolderState::Emptied { .. }) = state {
            assert!(written.is_empty(), "device {device} published again without being asked");
            self.tally.count(Group::Faults, "folder: found emptied, nothing deleted");
        }
        if !written.is_empty() {
            folder.offered = union(&folder.offered, &travels(&here, carrier));
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
            Name::Devices | Name::Piece { .. } => {}
        }
    }

    /// What a device says that it holds names no log that may not travel by this carrier.
    pub(super) fn inspect_acknowledgement(&mut self, said: &[u8], carrier: Carrier) {
        let said = open_acknowledgement(&self.founded.keyring, &self.founded.members, said)
            .expect("an acknowledgement on its way opens");
        for (log, _) in said.holds.iter() {
            let may = super::may_travel(log.space, carrier);
            assert!(may, "an acknowledgement names a log of '{}'", log.space);
        }
    }

    /// The program that carries the folder does something, right or wrong.
    pub(crate) fn syncer_works(&mut self, _: usize) {
        let mut folder = self.take_folder();
        for _ in 0..self.rng.gen_range(1..12) {
            if let Some(fault) = folder.syncer.works(&mut self.rng, true) {
                self.tally.count(Group::Faults, fault);
            }
        }
        let device = self.rng.gen_range(0..self.devices.len());
        if self.rng.gen_bool(0.1) && folder.syncer.mislay(device, &mut self.rng) {
            self.tally.count(Group::Faults, "folder: file gone and back");
        }
        if self.rng.gen_bool(0.04) && folder.syncer.empty() {
            self.tally.count(Group::Faults, "folder: emptied");
        }
        self.carried.exchange = Some(folder);
        self.event(format_args!("syncer"));
    }

    /// Nothing goes wrong any more: two rounds through the folder bring every device all that may
    /// travel by it.
    pub(crate) fn settle_by_folder(&mut self) {
        for _ in 0..2 {
            for device in 0..self.devices.len() {
                self.visit_folder(device, true);
                let mut folder = self.take_folder();
                folder.syncer.finish(&mut self.rng);
                self.carried.exchange = Some(folder);
            }
        }
        let all = (0..self.devices.len()).fold(Past::new(), |all, device| {
            union(&all, &travels(self.oracle.received(device), Carrier::Folder))
        });
        for device in 0..self.devices.len() {
            let has = travels(&self.devices[device].holds(), Carrier::Folder);
            assert_eq!(has, all, "device {device} did not get everything through the folder");
        }
        self.tally.count(Group::Checks, "all the same through the folder alone");
    }
}
