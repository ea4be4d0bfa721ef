//! What the machine must have beyond Rust: how each thing is recognised, and under which name each
//! system installs it.
//!
//! A C compiler is not in the list: without one this program would not have been built.

use anyhow::{Result, bail};

use crate::{packages, platform::Platform, process};

/// One thing that must be on the machine.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// What it is, for the person.
    pub name: &'static str,
    present: Present,
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Present {
    Program(&'static str),
    Library(&'static str),
}

const fn program(
    name: &'static str,
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
) -> Need {
    Need { name, present: Present::Program(name), debian, fedora, arch }
}

const fn library(
    name: &'static str,
    pkg_config: &'static str,
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
) -> Need {
    Need { name, present: Present::Library(pkg_config), debian, fedora, arch }
}

/// What building the app takes on Linux.
pub const BUILD: &[Need] = &[
    program("pkg-config", "pkg-config", "pkgconf-pkg-config", "pkgconf"),
    library(
        "WebKitGTK 4.1",
        "webkit2gtk-4.1",
        "libwebkit2gtk-4.1-dev",
        "webkit2gtk4.1-devel",
        "webkit2gtk-4.1",
    ),
    library("D-Bus", "dbus-1", "libdbus-1-dev", "dbus-devel", "dbus"),
    library("librsvg", "librsvg-2.0", "librsvg2-dev", "librsvg2-devel", "librsvg"),
    library(
        "Ayatana AppIndicator",
        "ayatana-appindicator3-0.1",
        "libayatana-appindicator3-dev",
        "libayatana-appindicator-gtk3-devel",
        "libayatana-appindicator",
    ),
];

/// What a window without a screen takes on Linux.
pub const VIRTUAL_DISPLAY: &[Need] = &[
    program("Xvfb", "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"),
    program("dbus-daemon", "dbus-daemon", "dbus-daemon", "dbus"),
];

/// What keeping a picture of that window takes.
pub const SCREENSHOT: &[Need] = &[program("import", "imagemagick", "ImageMagick", "imagemagick")];

/// What driving a window from a test takes.
pub const WEBDRIVER: &[Need] =
    &[program("WebKitWebDriver", "webkit2gtk-driver", "webkitgtk6.0", "webkitgtk-6.0")];

impl Need {
    /// The package that brings it, where the system's package manager is known.
    pub fn package(&self, platform: Platform) -> Option<&'static str> {
        match platform {
            Platform::Debian => Some(self.debian),
            Platform::Fedora => Some(self.fedora),
            Platform::Arch => Some(self.arch),
            Platform::OtherLinux | Platform::MacOs | Platform::Windows => None,
        }
    }

    fn is_present(&self) -> bool {
        match self.present {
            Present::Program(name) => process::find(name).is_some(),
            Present::Library(name) => process::succeeds("pkg-config", &["--exists", name]),
        }
    }
}

/// Checks Node and, for building the app, what this system needs; installs what it can.
pub fn ensure_build() -> Result<()> {
    packages::ensure_node()?;
    match Platform::here() {
        Platform::MacOs => packages::ensure_macos(),
        Platform::Windows => packages::ensure_windows(),
        _ => ensure(BUILD),
    }
}

/// Installs those of `needs` that are missing, or says exactly what to do.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let platform = Platform::here();
    if !platform.is_linux() {
        return Ok(());
    }
    let missing: Vec<&Need> = needs.iter().filter(|need| !need.is_present()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|need| need.name).collect();
    println!("Missing on this machine: {}", names.join(", "));
    let Some(wanted) =
        missing.iter().map(|need| need.package(platform)).collect::<Option<Vec<_>>>()
    else {
        bail!(
            "This Linux's package manager is not known here. Install {} (with the development \
             files of the libraries) and run this again.",
            names.join(", ")
        );
    };
    packages::install(platform, &wanted)?;
    let still: Vec<_> =
        missing.iter().filter(|need| !need.is_present()).map(|need| need.name).collect();
    if !still.is_empty() {
        bail!("{} was installed, but {} is still not found", wanted.join(" "), still.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_a_package_on_every_known_system() {
        for need in BUILD.iter().chain(VIRTUAL_DISPLAY).chain(SCREENSHOT).chain(WEBDRIVER) {
            for platform in [Platform::Debian, Platform::Fedora, Platform::Arch] {
                assert!(
                    need.package(platform).is_some_and(|name| !name.is_empty()),
                    "{}",
                    need.name
                );
            }
            assert_eq!(need.package(Platform::OtherLinux), None);
        }
    }
}
