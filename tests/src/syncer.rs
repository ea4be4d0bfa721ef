//! A double of a program that syncs files between devices, with everything such programs do to them:
//! files arrive late, in any order, cut and completed later, twice under another name, in capitals;
//! they are evicted to placeholders, removed and brought back.
//!
//! It never changes what is in a file for good: what real ones promise, and all that is asked of
//! them. [`Syncer::calm`] ends all mischief.

use holdfast_transports::folder::{Entry, Files, FolderError};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A directory and a file in it.
type Key = (String, String);

/// What one device's copy of the folder shows of a file.
#[derive(Debug, Clone)]
struct Copy {
    content: Rc<Vec<u8>>,
    /// How many bytes of it are there yet.
    shown: usize,
    /// A placeholder: listed, but not readable now.
    evicted: bool,
}

/// Something on its way to a device.
#[derive(Debug, Clone)]
enum Event {
    Write(Key, Rc<Vec<u8>>),
    Remove(Key),
}

/// One device's copy of the folder.
#[derive(Debug, Default)]
struct Side {
    files: BTreeMap<Key, Copy>,
    /// Set aside while the folder seems to be empty.
    hidden: Option<BTreeMap<Key, Copy>>,
    gone: bool,
}

/// How often each kind of mischief was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mischief {
    /// Files that arrived cut.
    pub cut: u64,
    /// Events that were overtaken by later ones.
    pub overtaken: u64,
    /// Conflicted copies.
    pub copies: u64,
    /// Names given back in capitals.
    pub capitals: u64,
    /// Files evicted to placeholders.
    pub evicted: u64,
    /// Folders that seemed to be empty for a while.
    pub emptied: u64,
    /// Folders that were not there for a while.
    pub gone: u64,
}

/// The program, and each device's copy of the one folder.
#[derive(Debug)]
pub struct Syncer {
    sides: Vec<Side>,
    under_way: Vec<(usize, Event)>,
    /// What was done so far.
    pub mischief: Mischief,
}

/// The folder as one device sees it.
#[derive(Debug, Clone)]
pub struct SyncedFolder {
    syncer: Rc<RefCell<Syncer>>,
    side: usize,
}

impl Syncer {
    /// A folder between so many devices.
    pub fn new(devices: usize) -> Rc<RefCell<Self>> {
        let sides = (0..devices).map(|_| Side::default()).collect();
        Rc::new(RefCell::new(Self { sides, under_way: Vec::new(), mischief: Mischief::default() }))
    }

    /// The folder as one device sees it.
    pub fn folder(this: &Rc<RefCell<Self>>, device: usize) -> SyncedFolder {
        SyncedFolder { syncer: Rc::clone(this), side: device }
    }

    /// How many events are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// One thing happens, as the seed decides.
    pub fn step(&mut self, rng: &mut ChaCha8Rng) {
        match rng.gen_range(0..20) {
            0..=11 => self.deliver_one(rng),
            12..=13 => self.complete_one(rng),
            14 => self.evict(rng),
            15 => self.copy(rng),
            16 => self.fold_case(rng),
            17 => self.empty(rng),
            18 => self.lose(rng),
            _ => self.bring_back(rng),
        }
    }

    /// Everything arrives, is whole, readable and where it belongs. Conflicted copies stay: nobody
    /// tidies them away.
    pub fn calm(&mut self) {
        for side in &mut self.sides {
            side.gone = false;
            if let Some(hidden) = side.hidden.take() {
                for (key, copy) in hidden {
                    side.files.entry(key).or_insert(copy);
                }
            }
        }
        for (to, event) in std::mem::take(&mut self.under_way) {
            self.arrive(to, event, usize::MAX);
        }
        for copy in self.sides.iter_mut().flat_map(|side| side.files.values_mut()) {
            copy.shown = copy.content.len();
            copy.evicted = false;
        }
    }

    /// Every byte that any device's copy holds or that is under way.
    pub fn everything(&self) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for side in &self.sides {
            for ((directory, file), copy) in side.files.iter().chain(side.hidden.iter().flatten()) {
                all.push((format!("{directory}/{file}"), copy.content.to_vec()));
            }
        }
        for (_, event) in &self.under_way {
            if let Event::Write((directory, file), content) = event {
                all.push((format!("{directory}/{file}"), content.to_vec()));
            }
        }
        all
    }

    fn side(&mut self, rng: &mut ChaCha8Rng) -> usize {
        rng.gen_range(0..self.sides.len())
    }

    fn arrive(&mut self, to: usize, event: Event, shown: usize) {
        let Some(side) = self.sides.get_mut(to) else { return };
        let files = side.hidden.as_mut().unwrap_or(&mut side.files);
        match event {
            Event::Write(key, content) => {
                let shown = shown.min(content.len());
                files.insert(key, Copy { content, shown, evicted: false });
            }
            Event::Remove(key) => {
                files.remove(&key);
            }
        }
    }

    fn deliver_one(&mut self, rng: &mut ChaCha8Rng) {
        if self.under_way.is_empty() {
            return;
        }
        let at = rng.gen_range(0..self.under_way.len());
        self.mischief.overtaken += u64::from(at > 0);
        let (to, event) = self.under_way.remove(at);
        let mut shown = usize::MAX;
        if let Event::Write(_, content) = &event
            && rng.gen_bool(0.3)
        {
            shown = rng.gen_range(0..=content.len());
            self.mischief.cut += u64::from(shown < content.len());
        }
        self.arrive(to, event, shown);
    }

    /// A random file of a random side that is not like this already.
    fn pick(&mut self, rng: &mut ChaCha8Rng, fits: impl Fn(&Copy) -> bool) -> Option<(usize, Key)> {
        let side = self.side(rng);
        let keys: Vec<Key> = self
            .sides
            .get(side)?
            .files
            .iter()
            .filter(|(_, copy)| fits(copy))
            .map(|(key, _)| key.clone())
            .collect();
        keys.choose(rng).cloned().map(|key| (side, key))
    }

    fn copy_mut(&mut self, side: usize, key: &Key) -> Option<&mut Copy> {
        self.sides.get_mut(side)?.files.get_mut(key)
    }

    fn complete_one(&mut self, rng: &mut ChaCha8Rng) {
        let unfinished = |copy: &Copy| copy.evicted || copy.shown < copy.content.len();
        if let Some((side, key)) = self.pick(rng, unfinished)
            && let Some(copy) = self.copy_mut(side, &key)
        {
            copy.shown = copy.content.len();
            copy.evicted = false;
        }
    }

    fn evict(&mut self, rng: &mut ChaCha8Rng) {
        if let Some((side, key)) = self.pick(rng, |copy| !copy.evicted)
            && let Some(copy) = self.copy_mut(side, &key)
        {
            copy.evicted = true;
            self.mischief.evicted += 1;
        }
    }

    fn copy(&mut self, rng: &mut ChaCha8Rng) {
        if let Some((side, (directory, file))) = self.pick(rng, |_| true)
            && let Some(side) = self.sides.get_mut(side)
            && let Some(copy) = side.files.get(&(directory.clone(), file.clone())).cloned()
        {
            let name = file.replacen('.', " (conflicted copy 2026-11-22).", 1);
            side.files.insert((directory, name), copy);
            self.mischief.copies += 1;
        }
    }

    fn fold_case(&mut self, rng: &mut ChaCha8Rng) {
        if let Some((side, key)) = self.pick(rng, |_| true)
            && let Some(side) = self.sides.get_mut(side)
            && let Some(copy) = side.files.remove(&key)
        {
            side.files.insert((key.0, key.1.to_uppercase()), copy);
            self.mischief.capitals += 1;
        }
    }

    fn empty(&mut self, rng: &mut ChaCha8Rng) {
        let at = self.side(rng);
        if let Some(side) = self.sides.get_mut(at)
            && side.hidden.is_none()
        {
            side.hidden = Some(std::mem::take(&mut side.files));
            self.mischief.emptied += 1;
        }
    }

    fn lose(&mut self, rng: &mut ChaCha8Rng) {
        let at = self.side(rng);
        if let Some(side) = self.sides.get_mut(at)
            && !side.gone
        {
            side.gone = true;
            self.mischief.gone += 1;
        }
    }

    fn bring_back(&mut self, rng: &mut ChaCha8Rng) {
        let at = self.side(rng);
        if let Some(side) = self.sides.get_mut(at) {
            side.gone = false;
            if let Some(hidden) = side.hidden.take() {
                for (key, copy) in hidden {
                    side.files.entry(key).or_insert(copy);
                }
            }
        }
    }
}

impl SyncedFolder {
    fn shown<T>(&self, look: impl FnOnce(&Side) -> T) -> Option<T> {
        let syncer = self.syncer.borrow();
        syncer.sides.get(self.side).filter(|side| !side.gone).map(look)
    }

    /// A name in either case is one file.
    fn same(key: &Key, directory: &str, file: &str) -> bool {
        key.0.eq_ignore_ascii_case(directory) && key.1.eq_ignore_ascii_case(file)
    }
}

impl Files for SyncedFolder {
    fn is_there(&self) -> bool {
        self.shown(|_| ()).is_some()
    }

    fn writers(&self) -> Result<Vec<String>, FolderError> {
        let mut writers = self
            .shown(|side| side.files.keys().map(|key| key.0.clone()).collect::<Vec<String>>())
            .unwrap_or_default();
        writers.dedup();
        Ok(writers)
    }

    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError> {
        let entries = self.shown(|side| {
            let of_writer = side.files.iter().filter(|(key, _)| key.0 == writer);
            of_writer
                .map(|(key, copy)| Entry { name: key.1.clone(), size: copy.shown as u64 })
                .collect()
        });
        Ok(entries.unwrap_or_default())
    }

    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError> {
        let content = self.shown(|side| {
            let found = side.files.iter().find(|(key, _)| Self::same(key, writer, name));
            found
                .filter(|(_, copy)| !copy.evicted && copy.shown <= limit)
                .and_then(|(_, copy)| copy.content.get(..copy.shown).map(<[u8]>::to_vec))
        });
        Ok(content.flatten())
    }

    fn put(&mut self, writer: &str, name: &str, content: &[u8]) -> Result<(), FolderError> {
        let mut syncer = self.syncer.borrow_mut();
        if syncer.sides.get(self.side).is_none_or(|side| side.gone) {
            return Err(FolderError::Missing("the exchange folder".into()));
        }
        let key = (writer.to_owned(), name.to_owned());
        let content = Rc::new(content.to_vec());
        if let Some(side) = syncer.sides.get_mut(self.side) {
            let copy = Copy { shown: content.len(), content: Rc::clone(&content), evicted: false };
            side.files.insert(key.clone(), copy);
        }
        for to in (0..syncer.sides.len()).filter(|to| *to != self.side) {
            syncer.under_way.push((to, Event::Write(key.clone(), Rc::clone(&content))));
        }
        Ok(())
    }

    fn remove(&mut self, writer: &str, name: &str) -> Result<(), FolderError> {
        let mut syncer = self.syncer.borrow_mut();
        let key = (writer.to_owned(), name.to_owned());
        if let Some(side) = syncer.sides.get_mut(self.side) {
            side.files.retain(|known, _| !Self::same(known, writer, name));
        }
        for to in (0..syncer.sides.len()).filter(|to| *to != self.side) {
            syncer.under_way.push((to, Event::Remove(key.clone())));
        }
        Ok(())
    }
}
