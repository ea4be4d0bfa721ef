//! Bundle files, carried by hand: taken to any device, at any time, again, cut off or damaged.

use super::super::tally::Group;
use super::super::world::World;
use super::{includes, temporary_folder};
use crate::oracle::Past;
use holdfast_oplog::DeviceId;
use holdfast_sync::Carrier;
use holdfast_transports::bundle::format::{BundleReader, SectionKind};
use holdfast_transports::bundle::{BundleError, ExportRequest, ExportScope, export, import};
use rand::Rng;
use std::io::Cursor;
use std::path::PathBuf;

/// A file that someone carries about.
pub(super) struct Bundle {
    path: PathBuf,
    from: usize,
    /// What its maker held.
    holds: Past,
    /// What it says that the receiver must hold already.
    since: Past,
}

impl World {
    /// A device writes a bundle.
    pub(crate) fn export_bundle(&mut self, from: usize) {
        let folder = self.carried.bundle_folder.get_or_insert_with(temporary_folder);
        let path = folder.path().join(format!("{}.holdfast", self.step));
        let other = self.rng.gen_range(0..self.devices.len());
        let (scope, row) = match self.rng.gen_range(0..3) {
            0 => (ExportScope::Full, "bundle: full"),
            1 if other != from => {
                let device: DeviceId = self.devices[other].keys().device_id();
                (ExportScope::Update { device: Some(device) }, "bundle: for one device")
            }
            _ => (ExportScope::Update { device: None }, "bundle: update"),
        };
        let nearby = self.rng.gen_bool(0.3);
        let now_ms = self.now_ms;
        let holds = self.devices[from].holds();
        let request = ExportRequest { scope, nearby };
        let result = export(&mut self.devices[from].session(now_ms), request, &path);
        if self.restart_crashed() {
            return;
        }
        if let Err(error) = result {
            panic!("device {from} could not write a bundle: {error}");
        }
        let carrier = Carrier::Bundle { nearby_ticked: nearby };
        let since = self.look_into(&path, carrier);
        self.tally.count(Group::Exchanges, row);
        if nearby {
            self.tally.count(Group::Exchanges, "bundle: with Nearby");
        }
        self.event(format_args!("{from} wrote a bundle"));
        let holds = self.travels(&holds, carrier);
        self.carried.bundles.push(Bundle { path, from, holds, since });
    }

    /// Looks at everything in a bundle; returns what the receiver must hold.
    fn look_into(&mut self, path: &PathBuf, carrier: Carrier) -> Past {
        let bytes = std::fs::read(path).unwrap();
        let mut reader = BundleReader::open(Cursor::new(&bytes)).expect("a bundle is whole");
        let header = reader.header().clone();
        self.inspect_named(&header.holds, carrier);
        self.inspect_named(&header.since, carrier);
        while let Some(section) = reader.next_section().unwrap() {
            if section.kind == SectionKind::Batch {
                self.inspect(&section.bytes, carrier);
            }
        }
        header.since.iter().collect()
    }

    /// Someone takes a bundle to a device.
    pub(crate) fn import_bundle(&mut self, to: usize, faults: bool) {
        if self.carried.bundles.is_empty() {
            return;
        }
        let at = self.rng.gen_range(0..self.carried.bundles.len());
        let Bundle { path, from, holds, since } = &self.carried.bundles[at];
        let (path, from, holds, since) = (path.clone(), *from, holds.clone(), since.clone());
        if faults && self.rng.gen_bool(0.2) {
            return self.import_damaged(to, &path);
        }
        let before = self.devices[to].holds();
        let now_ms = self.now_ms;
        let mut result = import(&mut self.devices[to].session(now_ms), &path, false);
        if matches!(result, Err(BundleError::MassDeletion { .. })) {
            // Nothing happens until the person agrees.
            assert_eq!(self.devices[to].holds(), before);
            self.tally.count(Group::Faults, "large deletion held back");
            result = import(&mut self.devices[to].session(now_ms), &path, true);
        }
        if self.restart_crashed() {
            assert!(result.is_err(), "device {to} crashed and said that all was well");
            assert_eq!(self.devices[to].holds(), before, "half a bundle was taken in");
            return;
        }
        match result {
            Ok(imported) => {
                assert!(includes(&before, &since), "a bundle came in before what it builds on");
                // Only changes that wait are worth a notice: nobody joins or leaves here.
                let notices = imported.preview.notices.len();
                let waits = !self.devices[to].read(|tx| tx.unapplied()).is_empty();
                assert!(notices == 0 || waits, "{:?}", imported.preview.notices);
                self.came(to, &before, &holds, true);
                self.tally.count(Group::Exchanges, "bundle taken in");
            }
            Err(BundleError::EarlierMissing { .. }) => {
                assert!(!includes(&before, &since), "a bundle was refused without a reason");
                assert_eq!(self.devices[to].holds(), before);
                self.tally.count(Group::Faults, "bundle before an earlier one");
            }
            Err(error) => panic!("device {to} refused a bundle of {from}: {error}"),
        }
        self.event(format_args!("{to} imports a bundle of {from}"));
    }

    /// A file that is cut off or damaged is refused, and changes nothing.
    fn import_damaged(&mut self, to: usize, path: &PathBuf) {
        let mut bytes = std::fs::read(path).unwrap();
        let at = self.rng.gen_range(0..bytes.len());
        let row = if self.rng.gen_bool(0.5) {
            bytes.truncate(at);
            "bundle cut off"
        } else {
            bytes[at] ^= 1 << self.rng.gen_range(0..8);
            "bundle damaged"
        };
        let damaged = path.with_extension("part");
        std::fs::write(&damaged, &bytes).unwrap();
        let before = self.devices[to].holds();
        let now_ms = self.now_ms;
        let result = import(&mut self.devices[to].session(now_ms), &damaged, true);
        self.restart_crashed();
        assert!(result.is_err(), "device {to} took a damaged bundle in");
        assert_eq!(self.devices[to].holds(), before, "a damaged bundle changed device {to}");
        self.tally.count(Group::Faults, row);
        self.event(format_args!("{to} refuses a {row}"));
    }
}
