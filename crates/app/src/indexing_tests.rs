use super::*;
use crate::{Home, KeyStore, NewDevice};
use std::time::Instant;

/// Notes: more than one search indexes by itself.
const NOTES: usize = AT_ONCE * 2 + 50;

/// A device that has just taken much in.
fn device() -> (Arc<App>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let app = App::at(Home::at(folder.path().join("home"))).unwrap();
    let new = NewDevice {
        name: "Laptop",
        key_store: Some(KeyStore::File),
        passphrase: None,
        set_aside: None,
    };
    app.create(&new).unwrap();
    let notes = folder.path().join("notes");
    std::fs::create_dir(&notes).unwrap();
    for number in 0..NOTES {
        std::fs::write(notes.join(format!("{number}.md")), "All of them are of oak.").unwrap();
    }
    app.import_markdown(&notes).unwrap();
    (Arc::new(app), folder)
}

#[test]
fn a_search_says_how_much_it_could_not_look_at() {
    let (app, _folder) = device();
    let page = app.search("oak", 10).unwrap();
    assert!(page.waiting > 0 && (page.total as usize) < NOTES, "{} {}", page.waiting, page.total);
    assert!(page.total as usize + page.waiting as usize >= NOTES, "{}", page.waiting);
    // What is written now is found now, whatever waits.
    app.add_note("Buy elm", None, "").unwrap();
    assert_eq!(app.search("elm", 10).unwrap().total, 1);
    let whole = app.search_whole("oak", 10).unwrap();
    assert_eq!((whole.total as usize, whole.waiting), (NOTES, 0));
}

#[test]
fn what_waits_is_indexed_beside_everything_else_and_whoever_searched_is_told() {
    let (app, _folder) = device();
    let mut news = app.subscribe();
    let indexer = Indexer::start(app.clone());
    let start = Instant::now();
    let told = |changed: view::Changed| changed.as_of == 0 && changed.ids.is_empty();
    while !news.try_recv().is_ok_and(told) {
        assert!(start.elapsed() < Duration::from_secs(60), "nobody was told");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    let page = app.search("oak", 10).unwrap();
    assert_eq!((page.total as usize, page.waiting), (NOTES, 0));
    drop(indexer);
}
