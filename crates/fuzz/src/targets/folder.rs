//! Files of an exchange folder, as a syncer may mangle them and as somebody may forge them: looking at
//! them changes nothing here.

use crate::Target;
use crate::world::{self, World};
use holdfast_transports::folder::{FolderMemory, Name, OsFiles, Take, exchange, look};
use std::cell::RefCell;
use std::fs;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const TARGET: Target = Target { name: "folder", run, seeds, mutations: 1_000 };

struct Ready {
    world: World,
    before: String,
    _keep: TempDir,
    files: OsFiles,
    /// What the laptop put there.
    there: Vec<(PathBuf, Vec<u8>)>,
}

thread_local! {
    static READY: RefCell<Option<ManuallyDrop<Ready>>> = const { RefCell::new(None) };
}

fn ready() -> Ready {
    let mut world = world::used(5, 12);
    let keep = tempfile::tempdir().expect("a folder");
    let mut files = OsFiles::new(keep.path(), world.laptop.store.vault());
    let memory = FolderMemory::default();
    exchange(&mut world.laptop.session(), &mut files, &memory, Take::AtOnce, false)
        .expect("what a device puts there");
    let mut there = Vec::new();
    for writer in fs::read_dir(files.root()).expect("a folder").flatten() {
        for file in fs::read_dir(writer.path()).expect("a folder").flatten() {
            there.push((file.path(), fs::read(file.path()).expect("a file")));
        }
    }
    there.sort();
    let before = world.phone.trace();
    Ready { world, before, _keep: keep, files, there }
}

fn seeds() -> Vec<Vec<u8>> {
    let ready = ready();
    let numbered = ready.there.iter().zip(0_u8..);
    numbered.map(|((_, content), number)| [&[number][..], content].concat()).collect()
}

fn run(data: &[u8]) {
    let Some((which, content)) = data.split_first() else { return };
    READY.with_borrow_mut(|slot| {
        let ready = slot.get_or_insert_with(|| ManuallyDrop::new(ready()));
        let Ready { world, before, files, there, .. } = &mut **ready;
        let (path, whole) = &there[usize::from(*which) % there.len()];
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let (name, hash) = Name::parse(&name.unwrap_or_default()).expect("a name of ours");
        assert!(name.of(whole).contains(&hash), "a whole file has the hash of its name");
        // Under its name it is not whole; under the name that fits it is a forged one.
        let forged = path.with_file_name(name.of(content));
        fs::write(path, content).expect("a file");
        let _ = look(&mut world.phone.session(), files).map_err(|error| error.to_string());
        fs::remove_file(path).expect("a file");
        fs::write(&forged, content).expect("a file");
        let _ = look(&mut world.phone.session(), files).map_err(|error| error.to_string());
        fs::remove_file(&forged).expect("a file");
        fs::write(path, whole).expect("a file");
        assert_eq!(world.phone.trace(), *before, "looking changed something");
    });
    if let Some((name, hash)) = Name::parse(&String::from_utf8_lossy(data)) {
        assert!(!hash.contains(['/', '\\', '.']));
        let written = name.of(b"content");
        assert_eq!(Name::parse(&written).map(|(name, _)| name), Some(name));
    }
}
