//! A second device on one machine: a data folder of its own, by name.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// The identifier of the app, which names its data folder.
const IDENTIFIER: &str = "app.holdfast.desktop";

/// The data folder of profile `name`.
pub fn folder(name: &str) -> Result<PathBuf> {
    Ok(data_folder().context("this account has no home folder")?.join(under_app(name)?))
}

fn under_app(name: &str) -> Result<PathBuf> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        bail!("A profile's name has letters, digits, - and _ only; '{name}' has something else");
    }
    Ok(Path::new(IDENTIFIER).join("profiles").join(name))
}

/// Where this system keeps the data of a person's programs.
fn data_folder() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(target_os = "windows") {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        Some(set("HOME")?.join("Library/Application Support"))
    } else {
        set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))
    }
}

#[cfg(test)]
mod tests {
    use super::under_app;

    #[test]
    fn a_name_never_leaves_the_profiles_folder() {
        assert!(under_app("phone").is_ok_and(|path| path.ends_with("profiles/phone")));
        for name in ["", "..", "a/b", "a\\b", "C:"] {
            assert!(under_app(name).is_err(), "{name}");
        }
    }
}
