//! What is marked to stay does not leave: not one byte.
//!
//! A real device writes lists of all four spaces, with words that occur nowhere else in titles, notes,
//! tags, names of lists, attachments, and in texts that were deleted again; moves lists from wide to
//! narrow and from narrow to wide. A second device that has the vault's keys then reads everything that
//! the first one lets out, as it travels and opened. What may travel must be found, so that the test can
//! fail; what may not must not: no word, no id, no header.

use holdfast_app::view::{
    Copies, ExportFormat, ExportRequest, QuickAddDefaults, Splice, TaskPatch,
};
use holdfast_app::{App, Home, KeyStore, NewDevice, Space};
use holdfast_model::EntityId;
use holdfast_oplog::{ActorId, Hash, Range, VersionVector};
use holdfast_store::Store;
use holdfast_sync::{Carrier, Session, SyncError, Transport, exchange, membership};
use holdfast_tests::opened::{Captured, Reader, plain_files};
use holdfast_transports::bundle::{self, BundleError, Joining};
use holdfast_transports::folder::{self, FolderMemory, OsFiles, Take};
use holdfast_vault::{DeviceKeys, Keyring, Passphrase};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const PASSPHRASE: &str = "four words of oak";

/// The device whose person marked what stays.
struct Laptop {
    app: App,
    folder: TempDir,
    files: u32,
}

/// Words and ids that belong together and travel together.
#[derive(Clone)]
struct Marked {
    name: String,
    needles: Vec<(String, Vec<u8>)>,
    /// Ids in bytes, as changes hold them in text, and hashes of attachments.
    ids: Vec<Vec<u8>>,
}

impl Marked {
    fn id(&mut self, id: &str) {
        self.ids.push(id.as_bytes().to_vec());
        let id: EntityId = id.parse().unwrap();
        self.ids.push(id.as_bytes().to_vec());
    }
    fn word(&mut self, what: &str) -> String {
        // No spaces: a word stays in one piece however it is kept.
        let word = format!("needle{}{what}", self.name);
        self.needles.push((what.to_owned(), word.clone().into_bytes()));
        word
    }
}

impl Laptop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::at(Home::at(folder.path().join("home"))).unwrap();
        let new = NewDevice {
            name: "Laptop",
            key_store: Some(KeyStore::File),
            passphrase: None,
            set_aside: None,
        };
        app.create(&new).unwrap();
        Self { app, folder, files: 0 }
    }

    fn file(&mut self, ending: &str) -> PathBuf {
        self.files += 1;
        self.folder.path().join(format!("{}{ending}", self.files))
    }

    fn export(&mut self, request: &ExportRequest, nearby: bool) -> PathBuf {
        let path = self.file(".holdfast");
        self.app.export_bundle_with(request, nearby, &path).unwrap();
        path
    }

    /// A list with a task, a note, tags, and words that were deleted again.
    fn list(&mut self, name: &str, space: Space) -> (String, Marked) {
        let mut marked = Marked { name: name.into(), needles: Vec::new(), ids: Vec::new() };
        let list = self.app.add_list(&marked.word("list"), None, space).unwrap().ids[0].clone();
        marked.id(&list);
        self.fill(&list, &mut marked, "");
        (list, marked)
    }

    fn fill(&mut self, list: &str, marked: &mut Marked, when: &str) {
        let mut word = |what: &str| marked.word(&format!("{when}{what}"));
        let quick = format!("{} @{} //{}", word("title"), word("tag"), word("tasknotes"));
        let defaults = QuickAddDefaults { list: Some(list.into()), when: None, parent: None };
        let task = self.app.quick_add(&quick, &[], &defaults).unwrap().ids[0].clone();
        let gone = word("deletedtext");
        let text = format!("{} and {gone} and\nthe end", word("text"));
        let note = self.app.add_note(&word("note"), Some(list), &text).unwrap().ids[0].clone();
        self.app.replace_text(note.parse().unwrap(), &text.replace(&gone, "that")).unwrap();
        let trashed = self.app.quick_add(&word("trashed"), &[], &defaults).unwrap().ids[0].clone();
        self.app.delete_items(std::slice::from_ref(&trashed), None).unwrap();
        let before = word("titlebefore");
        let patch = |title: &str| TaskPatch { title: Some(title.into()), ..TaskPatch::default() };
        let retitled = self.app.quick_add(&before, &[], &defaults).unwrap().ids[0].clone();
        self.app.edit_tasks(std::slice::from_ref(&retitled), &patch("Plain"), None).unwrap();
        for id in [&task, &note, &trashed, &retitled] {
            marked.id(id);
        }
    }

    /// A list with a note that shows a picture, as an import makes it.
    fn import(&mut self, name: &str) -> (String, Marked) {
        let mut marked = Marked { name: name.into(), needles: Vec::new(), ids: Vec::new() };
        let root = self.file("");
        let title = marked.word("importedlist");
        let folder = root.join(&title);
        fs::create_dir_all(&folder).unwrap();
        let picture = format!("{}.png", marked.word("filename"));
        let content = marked.word("content").repeat(20);
        fs::write(folder.join(&picture), &content).unwrap();
        marked.ids.push(Hash::of(content.as_bytes()).0.to_vec());
        marked.ids.push(Hash::of(content.as_bytes()).to_hex().into_bytes());
        let text = format!("{} ![]({picture})", marked.word("importedtext"));
        fs::write(folder.join(format!("{}.md", marked.word("importednote"))), text).unwrap();
        self.app.import_markdown(&root).unwrap();
        let list = self.app.resolve_list(&title).unwrap().to_string();
        marked.id(&list);
        (list, marked)
    }
}

/// A device below the app that has the vault's keys.
struct Observer {
    store: Store,
    keys: DeviceKeys,
    keyring: Keyring,
    actor: ActorId,
    rng: ChaCha20Rng,
}

impl Observer {
    fn join(invitation: &std::path::Path) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let actor = ActorId([9; 16]);
        let keys = DeviceKeys::generate(&mut rng);
        let joining = Joining {
            passphrase: &Passphrase::typed(PASSPHRASE),
            keys: &keys,
            name: "Observer",
            platform: "linux",
            actor,
            wall_ms: 1_900_000_000_000,
        };
        let joined = bundle::join(invitation, joining, |vault| {
            Store::in_memory(vault).map_err(BundleError::from)
        })
        .unwrap();
        Self { store: joined.store, keys, keyring: joined.keyring, actor, rng }
    }

    fn session(&mut self) -> Session<'_> {
        Session {
            store: &mut self.store,
            keys: &self.keys,
            keyring: &self.keyring,
            actor: self.actor,
            wall_ms: 1_900_000_000_000,
            rng: &mut self.rng,
        }
    }

    fn read<T>(&mut self, work: impl FnOnce(Reader<'_>) -> anyhow::Result<T>) -> T {
        let members = self.store.read(membership).unwrap();
        work(Reader { keyring: &self.keyring, members: &members }).unwrap()
    }

    fn sends_by(&mut self, carrier: Carrier) -> Vec<Vec<u8>> {
        let mut wire = Wire::default();
        exchange(&mut self.session(), &mut wire, carrier).unwrap();
        wire.pushed
    }
}

/// A connection that keeps every byte.
#[derive(Default)]
struct Wire {
    pushed: Vec<Vec<u8>>,
}

impl Transport for Wire {
    fn holds(&mut self) -> Result<VersionVector, SyncError> {
        Ok(VersionVector::new())
    }
    fn pull(&mut self, _: Range) -> Result<Option<Vec<u8>>, SyncError> {
        Ok(None)
    }
    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError> {
        self.pushed.push(batch);
        Ok(())
    }
    fn notified(&mut self) -> Result<bool, SyncError> {
        Ok(false)
    }
    fn acknowledge(&mut self, _: Vec<u8>) -> Result<(), SyncError> {
        Ok(())
    }
    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        Ok(Vec::new())
    }
}

fn travels(captured: &Captured, marked: &Marked, but: &[&str]) {
    for (what, needle) in marked.needles.iter().filter(|(what, _)| !but.contains(&what.as_str())) {
        assert!(
            captured.has(needle),
            "{}: '{what}' of {} should be found, or this test sees nothing",
            captured.name,
            marked.name
        );
    }
}

fn stays(captured: &Captured, marked: &Marked) {
    for (what, needle) in &marked.needles {
        assert!(!captured.has(needle), "{}: '{what}' of {} left", captured.name, marked.name);
    }
    for id in &marked.ids {
        assert!(!captured.has(id), "{}: an id of {} left", captured.name, marked.name);
    }
}

/// Without words that were deleted or replaced: what is written anew has the present ones alone.
const PAST: [&str; 2] = ["deletedtext", "titlebefore"];

#[test]
fn not_one_byte_of_what_is_marked_leaves() {
    let mut laptop = Laptop::new();
    let invitation = laptop.export(&ExportRequest::Invite { passphrase: PASSPHRASE.into() }, false);
    let mut observer = Observer::join(&invitation);

    let (_, everywhere) = laptop.list("everywhere", Space::Everywhere);
    let (_, nearby) = laptop.list("nearby", Space::Nearby);
    let (ask_list, approved) = laptop.list("approved", Space::Ask);
    let (_, device) = laptop.list("device", Space::Device);
    // Written under the widest mark and narrowed before anything left.
    let (list, narrowed) = laptop.list("narrowed", Space::Everywhere);
    laptop.app.set_space(&list, Space::Device, Copies::Leave).unwrap();
    let (list, mut near) = laptop.list("tonearby", Space::Everywhere);
    laptop.app.set_space(&list, Space::Nearby, Copies::Remove).unwrap();
    laptop.fill(&list, &mut near, "later");
    let (list, picture) = laptop.import("picture");
    laptop.app.set_space(&list, Space::Device, Copies::Leave).unwrap();
    let (_, shown) = laptop.import("shown");
    // Written to stay, then let out: what was deleted before stays.
    let (list, widened) = laptop.list("widened", Space::Device);
    laptop.app.set_space(&list, Space::Everywhere, Copies::Leave).unwrap();
    // One item that goes from a wide list to a narrow one.
    let (_, mut single) = laptop.list("single", Space::Device);
    let lists = laptop.app.lists().unwrap();
    let private = lists.iter().find(|list| list.title.contains("single")).unwrap().id.clone();
    let open = QuickAddDefaults { list: None, when: None, parent: None };
    let title = single.word("carried");
    let task = laptop.app.quick_add(&title, &[], &open).unwrap().ids[0].clone();
    single.id(&task);
    let patch = TaskPatch { list: Some(Some(private)), ..TaskPatch::default() };
    laptop.app.edit_tasks(&[task], &patch, None).unwrap();
    assert!(laptop.app.awaiting_approval().unwrap().changes > 0);
    laptop.app.approve().unwrap();
    let mut waiting = Marked { name: "waiting".into(), needles: Vec::new(), ids: Vec::new() };
    laptop.fill(&ask_list, &mut waiting, "");

    let never = [&device, &narrowed, &picture, &single, &waiting];
    let mut captured = Vec::new();
    for (name, request) in [
        ("update", ExportRequest::Update { device: None }),
        ("full", ExportRequest::Full),
        ("invite", ExportRequest::Invite { passphrase: PASSPHRASE.into() }),
    ] {
        let path = laptop.export(&request, false);
        captured.push(observer.read(|reader| reader.bundle(name, &path)));
    }
    let ticked = laptop.export(&ExportRequest::Full, true);
    let ticked_bytes = observer.read(|reader| reader.bundle("full, nearby ticked", &ticked));
    for capture in &captured {
        assert!(capture.batches > 0 && capture.pieces > 0, "{}", capture.name);
        travels(capture, &everywhere, &[]);
        travels(capture, &shown, &[]);
        travels(capture, &approved, &[]);
        travels(capture, &widened, &PAST);
        stays(capture, &nearby);
        stays(capture, &near);
        assert!(
            !capture.spaces.contains(&Space::Nearby) && !capture.spaces.contains(&Space::Device)
        );
    }
    travels(&ticked_bytes, &nearby, &[]);
    travels(&ticked_bytes, &near, &[&PAST[..], &["trashed"]].concat());
    captured.push(ticked_bytes);

    // What another device passes on of it, by every other way.
    bundle::import(&mut observer.session(), &ticked, false).unwrap();
    for (name, carrier) in [("a connection", Carrier::Lan), ("a relay", Carrier::Relay)] {
        let sent = observer.sends_by(carrier);
        let capture = observer.read(|reader| reader.batches(name, &sent));
        travels(&capture, &everywhere, &[]);
        travels(&capture, &approved, &[]);
        if carrier == Carrier::Lan {
            travels(&capture, &nearby, &[]);
        } else {
            stays(&capture, &nearby);
        }
        captured.push(capture);
    }
    let shared = tempfile::tempdir().unwrap();
    let mut files = OsFiles::new(shared.path(), observer.store.vault());
    let memory = FolderMemory::default();
    folder::exchange(&mut observer.session(), &mut files, &memory, Take::AtOnce, false).unwrap();
    let capture = observer.read(|reader| reader.folder("a folder", shared.path()));
    travels(&capture, &everywhere, &[]);
    stays(&capture, &nearby);
    captured.push(capture);

    for capture in &captured {
        for marked in never {
            stays(capture, marked);
        }
        for past in PAST {
            let (_, needle) = widened.needles.iter().find(|(what, _)| what == past).unwrap();
            assert!(!capture.has(needle), "{}: '{past}' was deleted before it went", capture.name);
        }
        assert!(!capture.spaces.contains(&Space::Device), "{}", capture.name);
    }
}

#[test]
fn exports_leave_out_what_is_marked_and_say_so() {
    let mut laptop = Laptop::new();
    let (_, everywhere) = laptop.list("everywhere", Space::Everywhere);
    let (_, nearby) = laptop.list("nearby", Space::Nearby);
    let (_, device) = laptop.list("device", Space::Device);
    let (list, picture) = laptop.import("picture");
    laptop.app.set_space(&list, Space::Device, Copies::Leave).unwrap();
    let past = ["deletedtext", "titlebefore", "list", "trashed", "tag"];
    for all in [false, true] {
        let exports = ["markdown", "json", "csv", "ics"].map(|name| (name, laptop.file("-export")));
        for (name, folder) in &exports {
            let result = match *name {
                "markdown" => laptop.app.export_all(ExportFormat::Markdown, folder, all),
                "json" => laptop.app.export_all(ExportFormat::Json, folder, all),
                "csv" => laptop.app.export_csv(folder, all),
                _ => laptop.app.export_ics(folder, all),
            };
            assert_eq!(result.unwrap().left_out > 0, !all, "{name}");
            let capture = plain_files(name, folder);
            let capture = capture.unwrap();
            if *name != "ics" {
                // No task here has a date.
                travels(&capture, &everywhere, &past);
                travels(&capture, &nearby, &past);
            }
            if all && *name == "markdown" {
                travels(&capture, &device, &past);
                travels(&capture, &picture, &[]);
            } else if !all {
                stays(&capture, &device);
                stays(&capture, &picture);
            }
        }
    }
}

/// Everything that a person can write in lists that travel and that links to an item which does not.
fn links_to(laptop: &mut Laptop, target: &str, title: &str) {
    let folder = laptop.file("-linked");
    let app = &laptop.app;
    let link = format!("see [{title}](holdfast:{target}) [{title}][1]\n\n[1]: holdfast:{target}\n");
    app.add_note("Added", None, &link).unwrap();
    // Named by its first line, as a file of an export too.
    app.add_note("", None, &link).unwrap();
    let note = app.add_note("Edited", None, "before").unwrap().ids[0].clone();
    app.replace_text(note.parse().unwrap(), &link).unwrap();
    let version = app.note(&note).unwrap().text.version;
    let splice = Splice { pos: 0, delete: 3, insert: link.clone() };
    app.splice_text(&note, &version, &[splice]).unwrap();
    let defaults = QuickAddDefaults::default();
    app.quick_add(&format!("Call today //{link}"), &[], &defaults).unwrap();
    let task = app.quick_add(&format!("Ask about [[{title}]] today"), &[], &defaults).unwrap();
    let patch = TaskPatch { title: Some(link.clone()), ..TaskPatch::default() };
    app.edit_tasks(&task.ids, &patch, None).unwrap();
    app.undo().unwrap();
    app.redo().unwrap();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("Imported.md"), &link).unwrap();
    app.import_markdown(&folder).unwrap();
    // Written beside its target, then let out without it.
    let list = app.add_list("Let out", None, Space::Device).unwrap().ids[0].clone();
    app.add_note("Beside", Some(&list), &link).unwrap();
    app.set_space(&list, Space::Everywhere, Copies::Leave).unwrap();
}

#[test]
fn links_carry_neither_titles_nor_ids_out_of_a_space() {
    let mut laptop = Laptop::new();
    let invitation = laptop.export(&ExportRequest::Invite { passphrase: PASSPHRASE.into() }, false);
    let mut observer = Observer::join(&invitation);
    let mut marked = Vec::new();
    for (name, space) in [("device", Space::Device), ("ask", Space::Ask), ("nearby", Space::Nearby)]
    {
        let mut secret = Marked { name: name.into(), needles: Vec::new(), ids: Vec::new() };
        let list = laptop.app.add_list(&secret.word("list"), None, space).unwrap().ids[0].clone();
        let title = secret.word("target");
        let target = laptop.app.add_note(&title, Some(&list), "four thousand").unwrap();
        let target = target.ids[0].clone();
        secret.id(&list);
        secret.id(&target);
        links_to(&mut laptop, &target, &title);
        let backlinks = laptop.app.note(&target).unwrap().backlinks;
        assert!(backlinks.len() >= 6, "{backlinks:?}");
        for link in backlinks {
            assert!(!link.title.contains(&title), "{}", link.title);
        }
        let hits = laptop.app.search("see", 100).unwrap().hits;
        assert!(hits.iter().any(|hit| hit.snippet.contains(&title)), "it is drawn here");
        marked.push(secret);
    }
    let mut captured = Vec::new();
    for (name, request) in [
        ("update", ExportRequest::Update { device: None }),
        ("full", ExportRequest::Full),
        ("invite", ExportRequest::Invite { passphrase: PASSPHRASE.into() }),
    ] {
        let path = laptop.export(&request, false);
        captured.push(observer.read(|reader| reader.bundle(name, &path)));
    }
    let ticked = laptop.export(&ExportRequest::Full, true);
    let with_nearby = observer.read(|reader| reader.bundle("full, nearby ticked", &ticked));
    let full = laptop.export(&ExportRequest::Full, false);
    bundle::import(&mut observer.session(), &full, false).unwrap();
    for (name, carrier) in [("a connection", Carrier::Lan), ("a relay", Carrier::Relay)] {
        let sent = observer.sends_by(carrier);
        captured.push(observer.read(|reader| reader.batches(name, &sent)));
    }
    let shared = tempfile::tempdir().unwrap();
    let mut files = OsFiles::new(shared.path(), observer.store.vault());
    let memory = FolderMemory::default();
    folder::exchange(&mut observer.session(), &mut files, &memory, Take::AtOnce, false).unwrap();
    captured.push(observer.read(|reader| reader.folder("a folder", shared.path())));
    for capture in &captured {
        assert!(capture.has(b"holdfast:"), "{}: the links should be found", capture.name);
        for secret in &marked {
            stays(capture, secret);
        }
    }
    for secret in marked.iter().filter(|secret| secret.name != "nearby") {
        stays(&with_nearby, secret);
    }
    for name in ["markdown", "json", "csv", "ics"] {
        let folder = laptop.file("-export");
        match name {
            "markdown" => laptop.app.export_all(ExportFormat::Markdown, &folder, false),
            "json" => laptop.app.export_all(ExportFormat::Json, &folder, false),
            "csv" => laptop.app.export_csv(&folder, false),
            _ => laptop.app.export_ics(&folder, false),
        }
        .unwrap();
        let capture = plain_files(name, &folder).unwrap();
        assert!(capture.has(b"Private note"), "{name}");
        for secret in marked.iter().filter(|secret| secret.name == "device") {
            stays(&capture, secret);
        }
    }
}
