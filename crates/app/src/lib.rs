//! Use cases for the shell and the command line: commands in, views out.
//!
//! Owns what a person can do and what they see of it. Knows no window, no Tauri, no SQL; merging is
//! the model's, storing the store's, carrying the transports'.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod act;
mod activity;
mod authorship;
mod backup;
mod boot;
mod bundles;
mod check;
mod clock;
mod closed_home;
mod conflicts;
mod database_file;
mod describe;
mod difference;
mod error;
mod export;
mod folder;
mod folder_settings;
mod held;
mod home;
mod identity;
pub mod import;
mod import_markdown;
mod indexing;
mod inspect;
mod items;
mod joining;
mod keeper;
mod kept;
mod kept_choices;
mod keystore;
mod links;
mod lists;
pub mod markup;
mod move_back;
mod nearby;
mod new_device;
mod next_occurrence;
mod notices;
mod order;
mod parts;
mod pause;
mod people;
mod policies;
mod quick_add;
mod removal;
mod reopen;
mod repeats;
mod rescue;
mod resolve;
mod restore;
mod review;
mod rotation;
mod search;
mod secrets;
mod session;
mod set_aside;
mod snapshot_points;
mod space_review;
mod storage;
mod sync_status;
mod tags;
mod task_views;
mod tasks;
mod texts;
mod trash;
mod travel;
mod turn_into_task;
mod undo;
pub mod view;
mod watch;

#[cfg(test)]
mod deep_tests;
#[cfg(test)]
mod exchanges_tests;
#[cfg(test)]
mod memory_tests;
#[cfg(test)]
mod missing_tests;
#[cfg(test)]
mod newer_tests;
#[cfg(test)]
mod next_occurrence_tests;
#[cfg(test)]
mod recovered_tests;
#[cfg(test)]
mod repeats_tests;
#[cfg(test)]
mod review_tests;
#[cfg(test)]
mod story_tests;
#[cfg(test)]
mod texts_tests;
#[cfg(test)]
mod trash_tests;
#[cfg(test)]
mod undo_laws_tests;
#[cfg(test)]
mod undo_tests;

pub use boot::suggested_name;
pub use clock::Clock;
pub use error::AppError;
pub use folder::Synced;
pub use holdfast_oplog::Space;
pub use holdfast_store::plain_file;
pub use home::{Home, Remains};
pub use keeper::Keeper;
pub use keystore::KeyStore;
pub use nearby::{
    Agreement, Met, ModePreview, Nearby, Offering, PairingOffer, PairingPreview, PeerView,
};
pub use session::{App, NewDevice};
pub use watch::Watch;
