//! One running app for each data folder: what makes two starts the same, and what the second does.

use std::{
    ffi::OsString,
    hash::{DefaultHasher, Hash, Hasher},
};

use tauri::{AppHandle, Manager};

/// The name under which this instance is known to the desktop. Two starts with the same
/// `HOLDFAST_HOME` get the same one, so the second only brings the first to the front; other
/// folders are other devices and run beside it, each with its own window state and web view data.
pub(crate) fn identifier(default: &str) -> String {
    of_home(default, std::env::var_os("HOLDFAST_HOME"))
}

fn of_home(default: &str, home: Option<OsString>) -> String {
    let Some(home) = home.filter(|home| !home.is_empty()) else {
        return default.to_owned();
    };
    // The folder may not exist yet; then its name as given has to do.
    let folder = std::fs::canonicalize(&home).map_or(home, OsString::from);
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    // A letter first: parts of a D-Bus name must not start with a digit.
    format!("{default}.h{:016x}", hasher.finish())
}

/// Shows the main window and gives it the keyboard.
pub(crate) fn show_main(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        for done in [window.show(), window.unminimize(), window.set_focus()] {
            if let Err(error) = done {
                tracing::warn!(%error, "the main window could not be brought to the front");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of_home;

    #[test]
    fn without_a_folder_the_identifier_is_the_apps_own() {
        assert_eq!(of_home("app.x", None), "app.x");
        assert_eq!(of_home("app.x", Some("".into())), "app.x");
    }

    #[test]
    fn each_folder_is_an_instance_of_its_own() {
        let laptop = of_home("app.x", Some("/nowhere/laptop".into()));
        assert_eq!(laptop, of_home("app.x", Some("/nowhere/laptop".into())));
        assert_ne!(laptop, of_home("app.x", Some("/nowhere/phone".into())));
        assert!(laptop.starts_with("app.x.h"));
    }
}
