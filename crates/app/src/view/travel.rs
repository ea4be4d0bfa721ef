//! What travels where.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DeviceRef, Id, Space, WaitingItem};

/// What becomes of the copies that other devices hold of a list that becomes narrower.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Copies {
    /// They stay.
    #[default]
    Leave,
    /// The other devices are asked to remove them.
    Remove,
}

/// What moving a list to another space would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SpacePreview {
    /// The list.
    pub list: Id,
    /// The list's title.
    pub title: String,
    /// Where it is.
    pub from: Space,
    /// Where it would be.
    pub to: Space,
    /// Tasks that move.
    pub tasks: u32,
    /// Notes that move.
    pub notes: u32,
    /// Lists that move, itself among them.
    pub lists: u32,
    /// Tags and attachments that only they use and that move along.
    pub along: u32,
    /// Whether fewer ways of travelling may carry it than before.
    pub narrower: bool,
    /// Devices that have copies already.
    pub holders: Vec<DeviceRef>,
    /// Whether copies went out to nobody in particular.
    pub went_out: bool,
    /// Whether the person has to say what becomes of those copies.
    pub asks_about_copies: bool,
    /// The same in sentences.
    pub says: Vec<String>,
}

/// What waits for an approval before it may leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// How many changes.
    pub changes: u32,
    /// The items that they are about.
    pub items: Vec<WaitingItem>,
}

/// What waits for an approval in one list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalView {
    /// The list; of items that are in none, their own id.
    pub list: Id,
    /// Its title.
    pub title: String,
    /// How many changes.
    pub changes: u32,
    /// The items that they are about.
    pub items: Vec<WaitingItem>,
}

/// A list and how far it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TravelRow {
    /// The list.
    pub list: Id,
    /// Its title.
    pub title: String,
    /// How far it travels.
    pub space: Space,
    /// Devices that have it, by name.
    pub devices: Vec<String>,
    /// Whether it went out to nobody in particular.
    pub went_out: bool,
}

/// Something that never syncs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NeverSyncs {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// The settings screen "What travels where".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Travel {
    /// All lists.
    pub lists: Vec<TravelRow>,
    /// What waits for an approval.
    pub approval: Approval,
    /// What never syncs.
    pub never: Vec<NeverSyncs>,
}
