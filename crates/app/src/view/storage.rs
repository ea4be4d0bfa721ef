//! How much room the data takes, and how long its history is kept.

use super::{Id, Millis};
use serde::Serialize;
use specta::Type;

/// How much room everything takes on this device, in bytes unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StorageView {
    /// The database file.
    pub database: u64,
    /// Of it, what is free and will be used again.
    pub free: u64,
    /// What is alive: fields and texts of everything that was not deleted for good.
    pub live: u64,
    /// The history: every change that is still kept one by one.
    pub log: u64,
    /// The same, how many changes.
    pub changes: u32,
    /// The state from which the history begins.
    pub base: u64,
    /// Texts with their versions.
    pub texts: u64,
    /// Attachments.
    pub attachments: u64,
    /// For how many days history is kept; none means for ever.
    pub history_days: Option<u32>,
    /// When this device last looked for changes to prune.
    pub last_pruned: Option<Millis>,
    /// Who does not have everything yet that is older than the history period, so that it is kept.
    pub holders: Vec<HoldsBack>,
}

/// What pruning did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PruneView {
    /// Whether it only looked.
    pub dry_run: bool,
    /// Changes that went.
    pub pruned: u32,
    /// Their size in bytes.
    pub bytes: u64,
    /// Changes that are older than the history period, those that went among them.
    pub old: u32,
    /// Who holds pruning back.
    pub waiting_for: Vec<HoldsBack>,
    /// Why else old changes stay, in sentences.
    pub notices: Vec<String>,
    /// The room that everything takes now.
    pub storage: StorageView,
    /// Size of a bundle of everything, in bytes.
    pub full_bundle: u64,
    /// Size of a snapshot of what is alive, in bytes.
    pub snapshot: u64,
}

/// A device that has not confirmed old changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HoldsBack {
    /// The device.
    pub device: Id,
    /// Its name.
    pub name: String,
    /// How many old changes it has not confirmed.
    pub changes: u32,
    /// When it was last heard of.
    pub last_seen: Option<Millis>,
    /// The same in words: "Tablet has not confirmed since Tue".
    pub text: String,
}
