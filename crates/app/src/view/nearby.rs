//! Devices on the same network: pairing with them, and how they stand.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{CommandError, Id, Millis, Triggers};

/// A code that is shown, or what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ShownCode {
    /// Tells one code from another.
    pub number: u64,
    /// To be typed on the other device: "4829 1760". Empty once it is spent.
    pub code: String,
    /// Where the other device reaches this one, the likeliest first.
    pub addresses: Vec<String>,
    /// This device's name.
    pub name: String,
    /// For how many milliseconds the code is still good.
    pub left_ms: Millis,
    /// The device that proved that it knows the code; its person is asked now.
    pub joining: Option<JoiningDevice>,
    /// Four words that are the same on both screens, once the code is proved.
    pub words: Vec<String>,
    /// The device that was paired, by name.
    pub paired: Option<String>,
    /// Why it came to nothing.
    pub error: Option<CommandError>,
}

/// A device that is about to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JoiningDevice {
    /// Its name.
    pub name: String,
    /// Its operating system.
    pub platform: String,
}

/// A device in this network that shows a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundDevice {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
}

/// The devices that show a code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundDevices {
    /// Whether it is still looked.
    pub looking: bool,
    /// What was found.
    pub devices: Vec<FoundDevice>,
    /// Why it cannot be looked.
    pub error: Option<CommandError>,
}

/// What joining the vault of another device would do. Nothing has moved yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JoinPreview {
    /// The other device's name.
    pub name: String,
    /// Its operating system.
    pub platform: String,
    /// Tasks that it sends.
    pub tasks: u64,
    /// Notes that it sends.
    pub notes: u64,
    /// Lists that it sends, by title.
    pub lists: Vec<String>,
    /// Four words that are the same on both screens.
    pub words: Vec<String>,
    /// Whether the person has to say that they are.
    pub check_words: bool,
    /// Tasks that this device brings along.
    pub brings_tasks: u64,
    /// Notes that it brings along.
    pub brings_notes: u64,
    /// Titles of lists that both have.
    pub same_lists: Vec<String>,
    /// Devices of this device's present vault, by name: they stay in it.
    pub left_behind: Vec<String>,
}

/// What becomes of lists of one title that both devices have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SameLists {
    /// What is in them comes together in one.
    Merge,
    /// Each stays a list of its own.
    KeepBoth,
}

/// How this device knows that another one is what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// A code was typed on one of the two.
    Code,
    /// A device of the vault let it in and signed that.
    LetIn,
    /// It made the vault.
    Founded,
}

/// How a device stands that belongs to the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NearbyDevice {
    /// Its id.
    pub id: Id,
    /// Whether it is connected now.
    pub connected: bool,
    /// Where it is or was last.
    pub address: Option<String>,
    /// By how many milliseconds its clock is ahead of this one's; known while Nearby runs.
    pub clock_ahead_ms: Option<Millis>,
    /// Why it is not connected.
    pub error: Option<CommandError>,
    /// How this device knows it.
    pub proof: Proof,
    /// Who let it in, by name.
    pub proof_by: Option<String>,
    /// When that was.
    pub proof_time: Millis,
    /// The key by which it is known, for blocking.
    pub key: String,
    /// Whether it may not connect.
    pub blocked: bool,
}

/// An address that the person typed, and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TypedAddress {
    /// As it was typed.
    pub address: String,
    /// Whether a device is connected there.
    pub connected: bool,
    /// Why not.
    pub error: Option<CommandError>,
}

/// What Nearby does on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NearbyView {
    /// Whether the mode is on.
    pub on: bool,
    /// Whether the network runs.
    pub running: bool,
    /// Where other devices reach this one.
    pub addresses: Vec<String>,
    /// Addresses that the person typed.
    pub typed: Vec<TypedAddress>,
    /// Every other device that is or was in the vault.
    pub devices: Vec<NearbyDevice>,
    /// Keys that may not connect and belong to no device of the vault.
    pub blocked_keys: Vec<String>,
    /// Whether this device's key is kept under a passphrase, which joining another vault then needs.
    pub asks_for_passphrase: bool,
    /// Why the network could not be begun.
    pub error: Option<CommandError>,
    /// When this device tells the others by itself.
    pub triggers: Triggers,
    /// Whether Nearby goes on where the system counts what goes over the network.
    pub on_metered: bool,
    /// Whether it waits for another network, because this one is metered.
    pub metered: bool,
}
