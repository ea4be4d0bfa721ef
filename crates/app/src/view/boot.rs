//! What the interface needs before it can show anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{CommandError, Day, DeviceRef};

/// Where this device stands when the app starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Boot {
    /// Whether there is a vault, and whether it is open.
    pub state: BootState,
    /// The version of the running app, such as `0.1.0`.
    pub version: String,
    /// The operating system.
    pub platform: Platform,
    /// Today, by this device's clock.
    pub today: Day,
    /// What this device could be called: the name of the computer.
    pub suggested_device_name: String,
    /// Which key stores work here, best first.
    pub key_stores: Vec<KeyStore>,
    /// How the person wants the app to look and behave on this device.
    pub prefs: Prefs,
    /// This device; none before there is a vault.
    pub device: Option<DeviceRef>,
    /// What is wrong, where the state says that something is missing.
    pub trouble: Option<CommandError>,
    /// What is left, where the data are missing.
    pub remains: Option<RemainsView>,
}

/// What is left of a vault whose database is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemainsView {
    /// In words: "its key, its settings and 3 backups".
    pub text: String,
    /// The data folder, for people to read.
    pub folder: String,
    /// Backups that can be restored.
    pub backups: u32,
    /// Whether the keys are there, without which a backup can only be written as plain files.
    pub has_keys: bool,
    /// Whether the keys are under a passphrase.
    pub asks_for_passphrase: bool,
}

/// What was left of a vault, set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// The folder that it is in now.
    pub folder: String,
    /// How this device stands now.
    pub boot: Boot,
}

/// Whether there is a vault, and whether it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BootState {
    /// No vault yet: first run.
    New,
    /// A passphrase is needed.
    Locked,
    /// Open.
    Ready,
    /// The database is gone, while what belongs to it is there.
    DataMissing,
    /// The database is there, and its keys are gone or cannot be read.
    KeyMissing,
}

/// The operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Platform {
    /// Linux, and whatever is neither of the other two.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// Where this device's key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum KeyStore {
    /// The system keychain.
    Keychain,
    /// A file under a passphrase.
    Passphrase,
    /// A plain file that only the person's account can read.
    File,
}

/// How the app looks and behaves on this device. Never synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Prefs {
    /// Colours.
    pub theme: Theme,
    /// Row heights.
    pub density: Density,
    /// Whether single letters act on the focused list.
    pub single_keys: bool,
    /// The first day of a week.
    pub week_start: WeekStart,
    /// Small state of the interface (pane widths, folded groups), as it likes to keep it.
    pub layout: BTreeMap<String, String>,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            density: Density::Comfortable,
            single_keys: true,
            week_start: WeekStart::Monday,
            layout: BTreeMap::new(),
        }
    }
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system says.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// High contrast.
    Contrast,
}

/// Row heights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Density {
    /// Tall rows.
    Comfortable,
    /// Low rows.
    Compact,
}

/// The first day of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WeekStart {
    /// Monday.
    Monday,
    /// Sunday.
    Sunday,
}
