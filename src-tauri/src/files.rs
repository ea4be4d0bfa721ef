//! Files and folders that the person chose. The interface never sees a path: it gets a token, and
//! only what was chosen in a dialog has one.

use std::{
    collections::VecDeque,
    ffi::OsStr,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rand_core::{OsRng, RngCore};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder};

use crate::{
    CommandError,
    error::{Answer, aside},
};

/// The variable that names a folder from which files are chosen without a dialog. For tests of the
/// window, which cannot press the buttons of the system's dialogs: "save" writes to the suggested name
/// in that folder, "open" takes its newest bundle, "choose a folder" takes its folder `folder`, or
/// itself where there is none.
const TEST_FILES: &str = "HOLDFAST_TEST_FILES";

/// The ending of bundle files.
pub(crate) const BUNDLE: &str = "holdfast";

/// How many choices are remembered; older ones have to be made again.
const REMEMBERED: usize = 32;

/// Asks the person for a file or folder. `None` is "cancelled".
pub(crate) trait Picker: Send + Sync {
    /// Where to write a bundle.
    fn save_bundle(&self, title: &str, suggested: &str) -> Option<PathBuf>;
    /// Which bundle to read.
    fn open_bundle(&self, title: &str) -> Option<PathBuf>;
    /// Which folder to read or write.
    fn folder(&self, title: &str) -> Option<PathBuf>;
}

/// The picker for this run: the system's dialogs, unless [`TEST_FILES`] names a folder.
fn picker(app: &AppHandle) -> Arc<dyn Picker> {
    match std::env::var_os(TEST_FILES).filter(|folder| !folder.is_empty()) {
        Some(folder) => Arc::new(FolderOfFiles(folder.into())),
        None => Arc::new(Dialogs(app.clone())),
    }
}

/// The system's dialogs. Each call waits for the person, so never on the window's thread.
struct Dialogs(AppHandle);

impl Dialogs {
    fn dialog(&self, title: &str) -> FileDialogBuilder<tauri::Wry> {
        use tauri::Manager;
        let dialog = self.0.dialog().file().set_title(title);
        match self.0.get_webview_window("main") {
            Some(window) => dialog.set_parent(&window),
            None => dialog,
        }
    }
}

impl Picker for Dialogs {
    fn save_bundle(&self, title: &str, suggested: &str) -> Option<PathBuf> {
        let chosen = self
            .dialog(title)
            .set_file_name(suggested)
            .add_filter("Holdfast bundle", &[BUNDLE])
            .blocking_save_file()?;
        let mut path = chosen.into_path().ok()?;
        // Some systems leave the ending to the person.
        if path.extension().is_none() {
            path.set_extension(BUNDLE);
        }
        Some(path)
    }

    fn open_bundle(&self, title: &str) -> Option<PathBuf> {
        let dialog = self.dialog(title).add_filter("Holdfast bundle", &[BUNDLE]);
        dialog.blocking_pick_file()?.into_path().ok()
    }

    fn folder(&self, title: &str) -> Option<PathBuf> {
        self.dialog(title).blocking_pick_folder()?.into_path().ok()
    }
}

/// Answers from one folder, see [`TEST_FILES`].
struct FolderOfFiles(PathBuf);

impl Picker for FolderOfFiles {
    fn save_bundle(&self, _title: &str, suggested: &str) -> Option<PathBuf> {
        Some(self.0.join(suggested))
    }

    fn open_bundle(&self, _title: &str) -> Option<PathBuf> {
        let files = fs::read_dir(&self.0).ok()?.filter_map(Result::ok);
        files
            .filter(|file| file.path().extension() == Some(OsStr::new(BUNDLE)))
            .filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file.path())))
            .max()
            .map(|(_, path)| path)
    }

    fn folder(&self, _title: &str) -> Option<PathBuf> {
        let folder = self.0.join("folder");
        Some(if folder.is_dir() { folder } else { self.0.clone() })
    }
}

/// How commands come to files: asking the person, and remembering the answers.
pub(crate) struct Files {
    picker: Arc<dyn Picker>,
    picked: Picked,
}

impl Files {
    /// With the picker of this run.
    pub(crate) fn new(app: &AppHandle) -> Self {
        Self { picker: picker(app), picked: Picked::default() }
    }

    /// Asks the person, away from the window's thread.
    pub(crate) async fn ask(
        &self,
        question: impl FnOnce(&dyn Picker) -> Option<PathBuf> + Send + 'static,
    ) -> Answer<Option<PathBuf>> {
        let picker = Arc::clone(&self.picker);
        aside(move || Ok(question(&*picker))).await
    }

    /// See [`Picked::keep`].
    pub(crate) fn keep(&self, path: PathBuf) -> String {
        self.picked.keep(path)
    }

    /// See [`Picked::path`].
    pub(crate) fn path(&self, token: &str) -> Answer<PathBuf> {
        self.picked.path(token)
    }
}

/// What the person chose, by token. Lives as long as the app runs.
#[derive(Default)]
struct Picked(Mutex<VecDeque<(String, PathBuf)>>);

impl Picked {
    /// Remembers a choice and returns its token.
    fn keep(&self, path: PathBuf) -> String {
        let mut bytes = [0; 16];
        OsRng.fill_bytes(&mut bytes);
        let token = format!("{:032x}", u128::from_be_bytes(bytes));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= REMEMBERED {
            kept.pop_front();
        }
        kept.push_back((token.clone(), path));
        token
    }

    /// The choice behind a token.
    fn path(&self, token: &str) -> Answer<PathBuf> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == token).map(|(_, path)| path.clone()).ok_or_else(
            || CommandError {
                code: "choice_expired".to_owned(),
                message: "The chosen file is no longer known.".to_owned(),
                remedy: Some("Choose it again.".to_owned()),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{FolderOfFiles, Picked, Picker, REMEMBERED};

    #[test]
    fn a_token_leads_to_what_was_chosen_and_nothing_else() {
        let picked = Picked::default();
        let first = picked.keep(PathBuf::from("/a"));
        let second = picked.keep(PathBuf::from("/b"));
        assert_ne!(first, second);
        assert_eq!(picked.path(&first).unwrap(), Path::new("/a"));
        assert_eq!(picked.path(&second).unwrap(), Path::new("/b"));
        for unknown in ["", "/a", "/etc/passwd"] {
            assert_eq!(picked.path(unknown).unwrap_err().code, "choice_expired");
        }
    }

    #[test]
    fn only_the_latest_choices_are_remembered() {
        let picked = Picked::default();
        let first = picked.keep(PathBuf::from("/first"));
        for _ in 0..REMEMBERED {
            picked.keep(PathBuf::from("/later"));
        }
        assert!(picked.path(&first).is_err());
    }

    #[test]
    fn a_folder_answers_in_place_of_the_dialogs() {
        let folder = tempfile::tempdir().unwrap();
        let picker = FolderOfFiles(folder.path().to_owned());
        assert_eq!(picker.open_bundle(""), None);
        assert_eq!(picker.folder("").unwrap(), folder.path());
        let bundle = picker.save_bundle("", "a.holdfast").unwrap();
        std::fs::write(&bundle, "x").unwrap();
        std::fs::write(folder.path().join("later.txt"), "x").unwrap();
        assert_eq!(picker.open_bundle("").unwrap(), bundle);
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        assert_eq!(picker.folder("").unwrap(), folder.path().join("folder"));
    }
}
