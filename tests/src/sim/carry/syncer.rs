//! A double of a program that keeps a folder the same on all devices, as such programs really do:
//! late, in any order, files in part first, copies after a quarrel, names in another case,
//! placeholders instead of content, files gone and back again.

use holdfast_transports::folder::{Entry, Files, FolderError};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Writer and name, as they are written there.
type Place = (String, String);

/// A file as one device sees it.
#[derive(Debug, Clone)]
struct Seen {
    content: Vec<u8>,
    /// How much of it is there.
    length: usize,
    /// Whether only its name is there.
    evicted: bool,
}

/// Something that has not reached a device yet.
#[derive(Debug, Clone)]
enum Pending {
    Written(Vec<u8>),
    Removed,
}

/// The folder as each device sees it, and what is on its way.
#[derive(Debug, Default)]
pub(super) struct Syncer {
    views: Vec<BTreeMap<Place, Seen>>,
    pending: Vec<(usize, Place, Pending)>,
    /// Every file that anyone wrote since this was taken last.
    pub(super) written: Vec<(String, Vec<u8>)>,
}

/// The folder as one device sees it now.
pub(super) struct View<'a> {
    pub(super) syncer: &'a mut Syncer,
    pub(super) device: usize,
}

impl Syncer {
    pub(super) fn new(devices: usize) -> Self {
        Self { views: vec![BTreeMap::new(); devices], ..Self::default() }
    }

    /// Brings something of what is on its way to where it belongs; says what went wrong with it.
    pub(super) fn works(&mut self, rng: &mut ChaCha8Rng, faults: bool) -> Option<&'static str> {
        if self.pending.is_empty() {
            return None;
        }
        let at = rng.gen_range(0..self.pending.len());
        let (device, place, what) = self.pending[at].clone();
        let Pending::Written(content) = what else {
            self.pending.swap_remove(at);
            self.views[device].remove(&place);
            return None;
        };
        let fault = if faults { rng.gen_range(0..14) } else { 99 };
        let whole = Seen { length: content.len(), content, evicted: false };
        let (writer, name) = place.clone();
        let fault = match fault {
            0 => {
                // The rest comes another time.
                let length = rng.gen_range(0..whole.length.max(1));
                self.views[device].insert(place, Seen { length, ..whole });
                return Some("folder: file in part, later whole");
            }
            1 => {
                let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
                let copy = format!("{stem} (conflicted copy).{extension}");
                self.views[device].insert((writer, copy), whole.clone());
                self.views[device].insert(place, whole);
                Some("folder: conflicted copy")
            }
            2 => {
                let folded = (writer.to_uppercase(), name.to_uppercase());
                self.views[device].insert(folded, whole);
                Some("folder: case folded")
            }
            3 => {
                self.views[device].insert(place.clone(), Seen { evicted: true, ..whole.clone() });
                // Its content comes when it is fetched again.
                self.pending[at].2 = Pending::Written(whole.content);
                return Some("folder: placeholder instead of content");
            }
            _ => {
                self.views[device].insert(place, whole);
                None
            }
        };
        self.pending.swap_remove(at);
        fault
    }

    /// Everything arrives.
    pub(super) fn finish(&mut self, rng: &mut ChaCha8Rng) {
        while !self.pending.is_empty() {
            self.works(rng, false);
        }
    }

    /// A file goes missing on a device, and comes back some time.
    pub(super) fn mislay(&mut self, device: usize, rng: &mut ChaCha8Rng) -> bool {
        let places: Vec<Place> = self.views[device].keys().cloned().collect();
        if places.is_empty() {
            return false;
        }
        let place = places[rng.gen_range(0..places.len())].clone();
        if let Some(seen) = self.views[device].remove(&place) {
            self.pending.push((device, place, Pending::Written(seen.content)));
        }
        true
    }

    /// Somebody empties the folder, for all devices.
    pub(super) fn empty(&mut self) -> bool {
        let any = self.views.iter().any(|view| !view.is_empty());
        self.views.iter_mut().for_each(BTreeMap::clear);
        self.pending.clear();
        any
    }
}

impl Files for View<'_> {
    fn is_there(&self) -> bool {
        true
    }

    fn writers(&self) -> Result<Vec<String>, FolderError> {
        let mut writers: Vec<String> =
            self.syncer.views[self.device].keys().map(|(writer, _)| writer.clone()).collect();
        writers.dedup();
        Ok(writers)
    }

    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError> {
        let files = self.syncer.views[self.device].iter().filter(|((of, _), _)| of == writer);
        Ok(files
            .map(|((_, name), seen)| Entry { name: name.clone(), size: seen.length as u64 })
            .collect())
    }

    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError> {
        let place = (writer.to_owned(), name.to_owned());
        let seen = self.syncer.views[self.device].get(&place).filter(|seen| !seen.evicted);
        Ok(seen
            .map(|seen| seen.content[..seen.length].to_vec())
            .filter(|content| content.len() <= limit))
    }

    fn put(&mut self, writer: &str, name: &str, content: &[u8]) -> Result<(), FolderError> {
        let place = (writer.to_owned(), name.to_owned());
        let whole = Seen { length: content.len(), content: content.to_vec(), evicted: false };
        self.syncer.written.push((name.to_owned(), content.to_vec()));
        for device in (0..self.syncer.views.len()).filter(|device| *device != self.device) {
            let written = Pending::Written(content.to_vec());
            self.syncer.pending.push((device, place.clone(), written));
        }
        self.syncer.views[self.device].insert(place, whole);
        Ok(())
    }

    fn remove(&mut self, writer: &str, name: &str) -> Result<(), FolderError> {
        let place = (writer.to_owned(), name.to_owned());
        self.syncer.views[self.device].remove(&place);
        for device in (0..self.syncer.views.len()).filter(|device| *device != self.device) {
            self.syncer.pending.push((device, place.clone(), Pending::Removed));
        }
        Ok(())
    }
}
