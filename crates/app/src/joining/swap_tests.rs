use super::*;
use crate::home::Home;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A data folder with an old vault, and the finished files of a new one beside.
fn prepared() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    for name in ["holdfast.db", "holdfast.db-wal", "private.db", "key", "backups/one.db"] {
        write(&home.path().join(name), "old");
    }
    for name in ["holdfast.db", "private.db", "key"] {
        write(&home.joining().path().join(name), "new");
    }
    (folder, home)
}

fn everything_is_in_its_place(home: &Home) {
    let text = |path: PathBuf| fs::read_to_string(path).unwrap();
    for name in ["holdfast.db", "private.db", "key"] {
        assert_eq!(text(home.path().join(name)), "new");
    }
    let earlier = home.earlier().join("7");
    for name in ["holdfast.db", "holdfast.db-wal", "private.db", "key", "backups/one.db"] {
        assert_eq!(text(earlier.join(name)), "old");
    }
    assert!(!home.path().join("holdfast.db-wal").exists());
    assert!(!home.joining().path().exists());
}

#[test]
fn the_new_vault_takes_the_place_of_the_old_which_is_kept_whole() {
    let (_folder, home) = prepared();
    swap(&home, "7").unwrap();
    everything_is_in_its_place(&home);
    complete(&home).unwrap();
    everything_is_in_its_place(&home);
    assert_ne!(free_name(&home, 7), "7", "the name of an earlier vault is not used again");
}

/// Wherever the power goes, the next start completes it: each number of moves is tried.
#[test]
fn an_interrupted_swap_is_completed_at_the_next_start() {
    for done in 0..9 {
        let (_folder, home) = prepared();
        fs::create_dir_all(home.earlier().join("7")).unwrap();
        let mut mark = Mark { earlier: "7".into(), is_cleared: false };
        mark.keep(&home.joining()).unwrap();
        let out: Vec<_> = files(&home).into_iter().filter(|file| file.exists()).collect();
        for file in out.iter().take(done) {
            move_into(file, &home.earlier().join("7")).unwrap();
        }
        if let Some(more) = done.checked_sub(out.len()) {
            mark.is_cleared = true;
            mark.keep(&home.joining()).unwrap();
            for file in files(&home.joining()).into_iter().rev().take(more) {
                move_into(&file, home.path()).unwrap();
            }
        }
        complete(&home).unwrap();
        everything_is_in_its_place(&home);
    }
}

#[test]
fn a_mark_that_cannot_be_read_is_said_and_moves_nothing() {
    let (_folder, home) = prepared();
    write(&home.joining().path().join(MARK), "{");
    assert_eq!(complete(&home).unwrap_err().code(), "invalid");
    assert_eq!(fs::read_to_string(home.database()).unwrap(), "old");
}
