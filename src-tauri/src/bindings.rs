//! The one list of commands. It feeds the handler in the app, the types in `ui/src/bindings.ts`
//! (`cargo xtask bindings`) and, read by `build.rs`, the permission of the main window.

use std::path::Path;

use tauri_specta::{Builder, collect_commands};

use crate::{CommandError, commands};

/// Every command of the interface, with its types.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .commands(collect_commands![commands::about::app_version,])
        .typ::<CommandError>()
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
