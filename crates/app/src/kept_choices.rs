//! How choices of the person are stored on this device. What views call them may change; these do not.

use crate::view;
use serde::{Deserialize, Serialize};

/// How changes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum KeptMode {
    Manual,
    Nearby,
    Cloud,
}

impl From<KeptMode> for view::Mode {
    fn from(kept: KeptMode) -> Self {
        match kept {
            KeptMode::Manual => Self::Manual,
            KeptMode::Nearby => Self::Nearby,
            KeptMode::Cloud => Self::Cloud,
        }
    }
}
impl From<view::Mode> for KeptMode {
    fn from(mode: view::Mode) -> Self {
        match mode {
            view::Mode::Manual => Self::Manual,
            view::Mode::Nearby => Self::Nearby,
            view::Mode::Cloud => Self::Cloud,
        }
    }
}

/// When to sync by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptTriggers {
    on_launch: bool,
    on_change: bool,
    every_minutes: Option<u32>,
}

impl Default for KeptTriggers {
    fn default() -> Self {
        view::Triggers::default().into()
    }
}
impl From<KeptTriggers> for view::Triggers {
    fn from(kept: KeptTriggers) -> Self {
        let KeptTriggers { on_launch, on_change, every_minutes } = kept;
        Self { on_launch, on_change, every_minutes }
    }
}
impl From<view::Triggers> for KeptTriggers {
    fn from(triggers: view::Triggers) -> Self {
        let view::Triggers { on_launch, on_change, every_minutes } = triggers;
        Self { on_launch, on_change, every_minutes }
    }
}
