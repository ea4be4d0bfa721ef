//! The commands that the interface calls, one file a subject. Each is listed once, in `bindings`.
//!
//! They hold no logic: they pass their arguments to [`holdfast_app::App`], away from the window's
//! thread, and ask the person for files where the app needs one. Names and arguments are those of
//! `ui/src/backend/contract.ts`, in snake_case.

use std::sync::Arc;

use holdfast_app::App;

pub(crate) mod backups;
pub(crate) mod conflicts;
pub(crate) mod devices;
pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod items;
pub(crate) mod lists;
pub(crate) mod nearby;
pub(crate) mod notes;
pub(crate) mod settings;
pub(crate) mod sync;
pub(crate) mod tasks;
pub(crate) mod travel;
pub(crate) mod vault;

/// The app, as Tauri hands it to a command.
pub(crate) type Holdfast<'a> = tauri::State<'a, Arc<App>>;
