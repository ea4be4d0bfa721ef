//! Settings and the check of what is stored.

use holdfast_model as model;
use serde::{Deserialize, Serialize};
use specta::Type;

/// What happens when two devices change the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// The kind of data.
    pub kind: String,
    /// What people call it.
    pub label: String,
    /// What happens now.
    pub policy: Policy,
    /// What can be chosen.
    pub choices: Vec<Policy>,
    /// Whether a person chose it, rather than Holdfast.
    pub set: bool,
}

/// What happens with edits that did not know of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Policy {
    /// The newest stands; the others are in the history.
    Newest,
    /// They are merged.
    Merge,
    /// A person decides.
    Ask,
}

impl From<Policy> for model::Policy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Newest => Self::Newest,
            Policy::Merge => Self::Merge,
            Policy::Ask => Self::Ask,
        }
    }
}

impl From<model::Policy> for Policy {
    fn from(policy: model::Policy) -> Self {
        match policy {
            model::Policy::Newest => Self::Newest,
            model::Policy::Merge => Self::Merge,
            model::Policy::Ask => Self::Ask,
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// Whether everything is as it must be.
    pub ok: bool,
    /// What was looked at and found, in sentences.
    pub lines: Vec<String>,
    /// How many damaged changes were taken out and will be fetched again from other devices or bundles.
    pub refetch: u32,
}
