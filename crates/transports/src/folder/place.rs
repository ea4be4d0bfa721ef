//! Where an exchange folder and where a data folder may be: never one within the other.

use super::FolderError;
use std::path::{Path, PathBuf};

/// Files and folders by which programs that sync mark a folder as theirs.
const MARKS: [(&str, &str); 6] = [
    (".stfolder", "Syncthing"),
    (".dropbox", "Dropbox"),
    (".dropbox.cache", "Dropbox"),
    (".owncloudsync.log", "ownCloud"),
    (".nextcloudsync.log", "Nextcloud"),
    (".sync", "Resilio Sync"),
];

/// Names that such folders have by default.
const NAMES: [(&str, &str); 9] = [
    ("dropbox", "Dropbox"),
    ("onedrive", "OneDrive"),
    ("google drive", "Google Drive"),
    ("googledrive", "Google Drive"),
    ("iclouddrive", "iCloud Drive"),
    ("mobile documents", "iCloud Drive"),
    ("nextcloud", "Nextcloud"),
    ("owncloud", "ownCloud"),
    ("syncthing", "Syncthing"),
];

/// The beginning of the directory of a vault in an exchange folder.
const VAULT: &str = "holdfast-";

/// Refuses a folder as the exchange folder when this device's live database lies in it, or it in the
/// data folder.
pub fn refuse_as_exchange_folder(folder: &Path, home: &Path) -> Result<(), FolderError> {
    if !folder.is_dir() {
        return Err(FolderError::Missing(folder.to_owned()));
    }
    let (real_folder, real_home) = (real(folder), real(home));
    if real_home.starts_with(&real_folder) || real_folder.starts_with(&real_home) {
        return Err(FolderError::LiveDatabase { folder: folder.to_owned(), home: home.to_owned() });
    }
    Ok(())
}

/// Refuses a data folder that lies in a folder which another program syncs, or in an exchange folder.
pub fn refuse_as_home(home: &Path) -> Result<(), FolderError> {
    let real_home = real(home);
    for folder in real_home.ancestors() {
        if let Some(program) = synced_by(folder) {
            return Err(FolderError::SyncedHome {
                home: home.to_owned(),
                folder: folder.to_owned(),
                program,
            });
        }
    }
    Ok(())
}

fn synced_by(folder: &Path) -> Option<&'static str> {
    let name = folder.file_name()?.to_string_lossy().to_lowercase();
    let by_name = NAMES.iter().find(|(known, _)| {
        // "Dropbox (Work)", "OneDrive - Company".
        name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    let by_mark = || MARKS.iter().find(|(mark, _)| folder.join(mark).exists());
    by_name.or_else(by_mark).map(|(_, program)| *program).or_else(|| {
        let entries = std::fs::read_dir(folder).ok()?;
        let vault = entries.flatten().any(|entry| {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let id = name.strip_prefix(VAULT).unwrap_or_default();
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        vault.then_some("Holdfast's own exchange")
    })
}

/// The path without links and dots, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in absolute.ancestors() {
        if let (Ok(found), Ok(rest)) = (ancestor.canonicalize(), absolute.strip_prefix(ancestor)) {
            return found.join(rest);
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::create_dir_all;

    #[test]
    fn a_live_database_is_never_in_an_exchange_folder() {
        let place = tempfile::tempdir().unwrap();
        let (home, folder) = (place.path().join("data"), place.path().join("exchange"));
        create_dir_all(&home).unwrap();
        create_dir_all(&folder).unwrap();
        refuse_as_exchange_folder(&folder, &home).unwrap();
        let inside = folder.join("deep/data");
        for (folder, home) in [
            (folder.as_path(), inside.as_path()),
            (home.as_path(), home.as_path()),
            (place.path(), home.as_path()),
        ] {
            let refused = refuse_as_exchange_folder(folder, home).unwrap_err();
            assert_eq!(refused.code(), "folder_holds_database", "{refused}");
        }
        let within = home.join("exchange");
        create_dir_all(&within).unwrap();
        assert_eq!(
            refuse_as_exchange_folder(&within, &home).unwrap_err().code(),
            "folder_holds_database"
        );
        let gone = place.path().join("gone");
        assert_eq!(refuse_as_exchange_folder(&gone, &home).unwrap_err().code(), "folder_missing");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_hides_nothing() {
        let place = tempfile::tempdir().unwrap();
        let (home, link) = (place.path().join("data"), place.path().join("link"));
        create_dir_all(&home).unwrap();
        std::os::unix::fs::symlink(place.path(), &link).unwrap();
        assert_eq!(
            refuse_as_exchange_folder(&link, &home).unwrap_err().code(),
            "folder_holds_database"
        );
    }

    #[test]
    fn a_data_folder_that_another_program_syncs_is_refused_by_name() {
        let place = tempfile::tempdir().unwrap();
        refuse_as_home(&place.path().join("plain/data")).unwrap();
        for (folder, program) in [
            ("Dropbox (Work)/a", "Dropbox"),
            ("OneDrive - Oak Ltd", "OneDrive"),
            ("Nextcloud/deep/er", "Nextcloud"),
        ] {
            let home = place.path().join(folder).join("holdfast");
            let refused = refuse_as_home(&home).unwrap_err();
            assert_eq!(refused.code(), "synced_home");
            assert!(refused.to_string().contains(program), "{refused}");
        }
        create_dir_all(place.path().join("shared/.stfolder")).unwrap();
        let refused = refuse_as_home(&place.path().join("shared/notes")).unwrap_err();
        assert!(refused.to_string().contains("Syncthing"), "{refused}");
        let vault = "holdfast-00112233445566778899aabbccddeeff";
        create_dir_all(place.path().join("stick").join(vault)).unwrap();
        assert!(refuse_as_home(&place.path().join("stick/data")).is_err());
    }
}
