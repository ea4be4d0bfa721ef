//! Devices of the vault.

use holdfast_app::NewDevice;
use holdfast_app::view::{Boot, DeviceView, Done, Id};

use super::Holdfast;
use crate::error::{Answer, ask};

/// All devices.
#[tauri::command]
#[specta::specta]
pub(crate) async fn devices(app: Holdfast<'_>) -> Answer<Vec<DeviceView>> {
    ask(&app, move |app| app.devices()).await
}

/// Renames a device.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rename_device(app: Holdfast<'_>, id: Id, name: String) -> Answer<Done> {
    ask(&app, move |app| app.rename_device(&id, &name)).await
}

/// Removes a device from the vault.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_device(app: Holdfast<'_>, id: Id) -> Answer<Done> {
    ask(&app, move |app| app.remove_device(&id)).await
}

/// Founds the vault anew with all that this device holds: it was removed from its own.
#[tauri::command]
#[specta::specta]
pub(crate) async fn found_anew(
    app: Holdfast<'_>,
    name: String,
    passphrase: Option<String>,
) -> Answer<Boot> {
    ask(&app, move |app| {
        let passphrase = passphrase.as_deref();
        let new = NewDevice { name: &name, key_store: None, passphrase, set_aside: None };
        app.found_anew(&new)?;
        app.boot()
    })
    .await
}
