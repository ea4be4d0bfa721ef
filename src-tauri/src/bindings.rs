//! The one list of commands. It feeds the handler in the app, the types in `ui/src/bindings.ts`
//! (`cargo xtask bindings`) and, read by `build.rs`, the permission of the main window.

use std::path::Path;

use holdfast_app::view::Changed;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands};

use crate::{CommandError, commands};

/// Every command of the interface, with its types.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .commands(collect_commands![
            commands::backups::backups,
            commands::backups::back_up_now,
            commands::backups::preview_restore,
            commands::backups::restore_backup,
            commands::backups::restore_missing,
            commands::backups::begin_anew,
            commands::backups::rescue_export,
            commands::conflicts::conflicts,
            commands::conflicts::review,
            commands::conflicts::text_blocks,
            commands::conflicts::resolve,
            commands::conflicts::reopen,
            commands::conflicts::set_aside,
            commands::conflicts::bring_back,
            commands::devices::devices,
            commands::devices::rename_device,
            commands::devices::remove_device,
            commands::devices::found_anew,
            commands::files::pick_markdown,
            commands::files::import_markdown,
            commands::files::export_all,
            commands::folder::folder,
            commands::folder::pick_folder,
            commands::folder::use_folder,
            commands::folder::set_folder,
            commands::folder::republish_folder,
            commands::folder::stop_folder,
            commands::folder::sync_now,
            commands::folder::pause_sync,
            commands::folder::resume_sync,
            commands::folder::inspect_held,
            commands::folder::accept_held,
            commands::items::search,
            commands::items::trash,
            commands::items::delete_items,
            commands::items::restore_items,
            commands::items::purge_items,
            commands::items::undo,
            commands::items::redo,
            commands::lists::sidebar,
            commands::lists::add_list,
            commands::lists::edit_list,
            commands::nearby::nearby,
            commands::nearby::show_code,
            commands::nearby::shown_code,
            commands::nearby::stop_showing,
            commands::nearby::start_looking,
            commands::nearby::found_devices,
            commands::nearby::stop_looking,
            commands::nearby::begin_joining,
            commands::nearby::finish_joining,
            commands::nearby::cancel_joining,
            commands::nearby::set_nearby,
            commands::nearby::add_address,
            commands::nearby::remove_address,
            commands::nearby::block_device,
            commands::nearby::unblock_key,
            commands::notes::notes,
            commands::notes::note,
            commands::notes::add_note,
            commands::notes::edit_notes,
            commands::notes::splice_text,
            commands::notes::text_since,
            commands::notes::render_markdown,
            commands::notes::turn_into_task,
            commands::notes::attachment,
            commands::settings::set_prefs,
            commands::settings::policies,
            commands::settings::set_policy,
            commands::settings::storage,
            commands::settings::set_history_days,
            commands::settings::prune,
            commands::settings::check,
            commands::settings::open_link,
            commands::sync::status,
            commands::sync::set_mode,
            commands::sync::waiting,
            commands::sync::activity,
            commands::sync::exchanges,
            commands::sync::undo_exchange,
            commands::sync::export_bundle,
            commands::sync::inspect_bundle,
            commands::sync::import_bundle,
            commands::tasks::tasks,
            commands::tasks::task,
            commands::tasks::parse_quick_add,
            commands::tasks::read_when,
            commands::tasks::quick_add,
            commands::tasks::edit_tasks,
            commands::tasks::move_task,
            commands::travel::travel,
            commands::travel::preview_space,
            commands::travel::set_space,
            commands::travel::approvals,
            commands::travel::approve,
            commands::vault::boot,
            commands::vault::create_vault,
            commands::vault::unlock,
            commands::vault::pick_invitation,
            commands::vault::join,
        ])
        // A failed command rejects with a `CommandError`.
        .error_handling(ErrorHandlingMode::Throw)
        .typ::<CommandError>()
        .typ::<Changed>()
        // Times, positions and sizes: all far below 2^53, see `holdfast_app::view`.
        .dangerously_cast_bigints_to_number()
        // A type looks the same in both directions; two of each would only confuse the interface.
        .disable_serde_phases()
}

/// Writes the TypeScript side of [`builder`] to `path`.
///
/// # Errors
/// When a type cannot be expressed in TypeScript, or the file cannot be written.
pub fn export(path: &Path) -> anyhow::Result<()> {
    let language = specta_typescript::Typescript::default()
        .header("// Written by `cargo xtask bindings`; do not edit.\n");
    builder().export(language, path)?;
    Ok(())
}
