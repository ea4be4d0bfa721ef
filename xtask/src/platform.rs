//! Which kind of machine this is, as far as installing things goes.

use std::fs;

/// A family of systems that install packages in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Debian, Ubuntu and what derives from them: `apt-get`.
    Debian,
    /// Fedora and its relatives: `dnf`.
    Fedora,
    /// Arch and its relatives: `pacman`.
    Arch,
    /// A Linux whose package manager is not known here.
    OtherLinux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The machine that this runs on.
    pub fn here() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(target_os = "windows") {
            Self::Windows
        } else {
            Self::of_os_release(&fs::read_to_string("/etc/os-release").unwrap_or_default())
        }
    }

    /// Whether this is any Linux.
    pub fn is_linux(self) -> bool {
        matches!(self, Self::Debian | Self::Fedora | Self::Arch | Self::OtherLinux)
    }

    /// Reads the `ID` and `ID_LIKE` of an os-release file.
    fn of_os_release(text: &str) -> Self {
        let names: Vec<String> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
            .flat_map(|(_, value)| {
                value.trim_matches('"').split_whitespace().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let is = |wanted: &str| names.iter().any(|name| name == wanted);
        if is("debian") || is("ubuntu") {
            Self::Debian
        } else if is("fedora") || is("rhel") {
            Self::Fedora
        } else if is("arch") {
            Self::Arch
        } else {
            Self::OtherLinux
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn families_are_found_by_their_likeness() {
        let mint = "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
        assert_eq!(Platform::of_os_release(mint), Platform::Debian);
        assert_eq!(Platform::of_os_release("ID=fedora\n"), Platform::Fedora);
        assert_eq!(Platform::of_os_release("ID=manjaro\nID_LIKE=arch\n"), Platform::Arch);
        assert_eq!(Platform::of_os_release("ID=void\n"), Platform::OtherLinux);
        assert_eq!(Platform::of_os_release(""), Platform::OtherLinux);
    }
}
