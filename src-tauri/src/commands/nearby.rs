//! Devices on the same network: pairing with them, how they stand, and which may not connect.

use holdfast_app::view::{
    Boot, FoundDevices, Id, JoinPreview, KeyStore, NearbyView, SameLists, ShownCode, Triggers,
};

use super::Holdfast;
use crate::error::{Answer, ask};

/// Everything about the network that the person can see.
#[tauri::command]
#[specta::specta]
pub(crate) async fn nearby(app: Holdfast<'_>) -> Answer<NearbyView> {
    ask(&app, move |app| app.nearby_view()).await
}

/// Shows a new code that lets another device in. Turns Nearby on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn show_code(app: Holdfast<'_>) -> Answer<ShownCode> {
    ask(&app, move |app| app.show_code()).await
}

/// The code that is shown, or what came of it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn shown_code(app: Holdfast<'_>) -> Answer<Option<ShownCode>> {
    ask(&app, move |app| app.shown_code()).await
}

/// Takes the code back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_showing(app: Holdfast<'_>) -> Answer<()> {
    ask(&app, move |app| app.stop_showing()).await
}

/// Begins to look for devices that show a code.
#[tauri::command]
#[specta::specta]
pub(crate) async fn start_looking(app: Holdfast<'_>) -> Answer<()> {
    ask(&app, move |app| app.start_looking()).await
}

/// The devices that were found so far.
#[tauri::command]
#[specta::specta]
pub(crate) async fn found_devices(app: Holdfast<'_>) -> Answer<FoundDevices> {
    ask(&app, move |app| Ok(app.found_devices())).await
}

/// Ends the search.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_looking(app: Holdfast<'_>) -> Answer<()> {
    ask(&app, move |app| {
        app.stop_looking();
        Ok(())
    })
    .await
}

/// Proves the code to the device that shows it, and tells what joining its vault would do.
#[tauri::command]
#[specta::specta]
pub(crate) async fn begin_joining(
    app: Holdfast<'_>,
    place: String,
    code: String,
    device_name: String,
    key_store: Option<KeyStore>,
    passphrase: Option<String>,
) -> Answer<JoinPreview> {
    ask(&app, move |app| app.begin_joining(&place, &code, &device_name, key_store, passphrase))
        .await
}

/// Joins, as the preview said.
#[tauri::command]
#[specta::specta]
pub(crate) async fn finish_joining(app: Holdfast<'_>, same: SameLists) -> Answer<Boot> {
    ask(&app, move |app| app.finish_joining(same)).await
}

/// Ends what was begun: nothing is paired.
#[tauri::command]
#[specta::specta]
pub(crate) async fn cancel_joining(app: Holdfast<'_>) -> Answer<()> {
    ask(&app, move |app| {
        app.cancel_joining();
        Ok(())
    })
    .await
}

/// When this device tells the others by itself, and whether also over metered networks.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_nearby(
    app: Holdfast<'_>,
    triggers: Triggers,
    on_metered: bool,
) -> Answer<NearbyView> {
    ask(&app, move |app| {
        app.set_nearby(triggers, on_metered)?;
        app.nearby_view()
    })
    .await
}

/// Remembers where a device may be reached that is not found by itself.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_address(app: Holdfast<'_>, address: String) -> Answer<()> {
    ask(&app, move |app| app.add_address(&address).map(drop)).await
}

/// Forgets an address.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_address(app: Holdfast<'_>, address: String) -> Answer<()> {
    ask(&app, move |app| app.remove_address(&address).map(drop)).await
}

/// A device may neither connect nor pair any more.
#[tauri::command]
#[specta::specta]
pub(crate) async fn block_device(app: Holdfast<'_>, id: Id) -> Answer<()> {
    ask(&app, move |app| app.block_device(&id)).await
}

/// A blocked key may connect and pair again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unblock_key(app: Holdfast<'_>, key: String) -> Answer<()> {
    ask(&app, move |app| app.unblock_key(&key)).await
}
