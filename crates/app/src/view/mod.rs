//! What the shell and the command line say to the app and hear from it: plain values that become
//! JSON and, for the interface, TypeScript (`ui/src/backend/contract.ts` has the same shapes).
//!
//! They hold no logic, know no database and never travel between devices: wire types live in
//! `oplog` and `model`. Fields are written in camelCase. Where a field may be left out and may also be
//! emptied, it is an `Option<Option<T>>`: `None` is "unchanged", `Some(None)` is "emptied".

mod activity;
mod backup;
mod boot;
mod bundle;
mod conflicts;
mod device;
mod error;
mod folder;
mod list;
mod nearby;
mod note;
mod present;
mod quick_add;
mod search;
mod set_aside;
mod settings;
mod storage;
mod sync;
mod task;
mod text;
mod travel;

#[cfg(test)]
mod tests;

pub use activity::{
    ActivityEntry, ActivityKind, Carrier, Changed, Direction, Done, ExchangeCounts, ExchangeView,
    TrashItem, Way,
};
pub use backup::{
    BackupKind, BackupView, BackupsView, RestorePreview, RestoreResult, RestoreScope,
};
pub use boot::{
    Boot, BootState, Density, KeyStore, Platform, Prefs, RemainsView, SetAside, Theme, WeekStart,
};
pub use bundle::{
    BundlePreview, ExportAllResult, ExportFailure, ExportFormat, ExportRequest, ExportResult,
    ImportResult, InvitationFile, MarkdownPreview, PreviewChange, PreviewItem, SkippedFile,
};
pub use conflicts::{
    ConflictKind, ConflictRow, ConflictSide, ConflictTab, Decision, FieldEditor, FieldReview,
    FieldReviewKind, OriginalText, OriginalValue, Review, TextReview, TextReviewVersion,
    VersionView, Yes,
};
pub use device::{DeviceRef, DeviceRemoval, DeviceView};
pub use error::CommandError;
pub use folder::{
    Arriving, FolderPreview, FolderState, FolderView, HeldReason, HeldView, PauseLength, Paused,
    Triggers,
};
pub use list::{ListPatch, ListView, Sidebar, SidebarCounts, Space, TagView};
pub use nearby::{
    FoundDevice, FoundDevices, JoinPreview, JoiningDevice, NearbyDevice, NearbyView, Proof,
    SameLists, ShownCode, TypedAddress,
};
pub use note::{NoteDetail, NotePage, NotePatch, NoteQuery, NoteView};
pub use quick_add::{QuickAddDefaults, QuickAddSpan, QuickAddSpanKind, QuickAddView, Range};
pub use search::{SearchHit, SearchPage};
pub use set_aside::{SetAsideHow, SetAsideRow, SetAsideWay};
pub use settings::{CheckReport, Policy, PolicyView};
pub use storage::{HoldsBack, PruneView, StorageView};
pub use sync::{Destination, DestinationKind, Mode, SyncState, SyncStatus, WaitingItem};
pub use task::{
    DisputedField, FieldVersion, HistoryEntry, LinkKind, LinkView, Occurrences, SubtaskCount,
    TaskDetail, TaskGroup, TaskPage, TaskPatch, TaskQuery, TaskStatus, TaskView,
};
pub use text::{
    Attachment, BlockKind, BlockSide, Mark, MarkKind, Splice, SpliceResult, TextBlock, TextChanges,
    TextState,
};
pub use travel::{Approval, ApprovalView, Copies, NeverSyncs, SpacePreview, Travel, TravelRow};

/// The id of an entity or device: a UUID in its usual form with hyphens.
pub type Id = String;
/// A day, `YYYY-MM-DD`.
pub type Day = String;
/// A day or a minute of a day: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`, without a time zone.
pub type When = String;
/// Milliseconds since 1970, UTC. Below 2^53, so that JavaScript holds it exactly.
pub type Millis = i64;
/// A position in the log of this device's store: how much was known when a view was read. Below 2^53.
pub type Position = i64;

/// What kind of thing an id names, where only these three can be meant.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, specta::Type,
)]
#[serde(rename_all = "camelCase")]
pub enum ItemKind {
    /// A task.
    Task,
    /// A note.
    Note,
    /// A list.
    List,
}

/// What kind of thing a conflict or a preview is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, specta::Type,
)]
#[serde(rename_all = "camelCase")]
pub enum EntityKind {
    /// A task.
    Task,
    /// A note.
    Note,
    /// A list.
    List,
    /// A tag.
    Tag,
    /// A synced setting.
    Setting,
}
