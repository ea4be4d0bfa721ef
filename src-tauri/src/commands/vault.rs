//! The vault: whether there is one, making, joining and unlocking it.

use holdfast_app::view::{Boot, InvitationFile, KeyStore};

use tauri::State;

use super::Holdfast;
use crate::{
    error::{Answer, ask},
    files::Files,
};

/// What the interface needs before it can show anything.
#[tauri::command]
#[specta::specta]
pub(crate) async fn boot(app: Holdfast<'_>) -> Answer<Boot> {
    ask(&app, move |app| app.boot()).await
}

/// Makes a new vault with this as its first device.
#[tauri::command]
#[specta::specta]
pub(crate) async fn create_vault(
    app: Holdfast<'_>,
    device_name: String,
    key_store: KeyStore,
    passphrase: Option<String>,
) -> Answer<Boot> {
    ask(&app, move |app| app.create_vault(&device_name, key_store, passphrase.as_deref())).await
}

/// Opens the vault with its passphrase.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unlock(app: Holdfast<'_>, passphrase: String) -> Answer<Boot> {
    ask(&app, move |app| app.unlock(&passphrase)).await
}

/// Asks for an invitation bundle; none when the person cancelled.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pick_invitation(
    app: Holdfast<'_>,
    files: State<'_, Files>,
) -> Answer<Option<InvitationFile>> {
    let Some(path) = files.ask(|picker| picker.open_bundle("Choose an invitation")).await? else {
        return Ok(None);
    };
    let file = path.clone();
    let invitation = ask(&app, move |app| app.inspect_invitation(&file)).await?;
    Ok(Some(InvitationFile { token: files.keep(path), ..invitation }))
}

/// Makes this a new device of the vault that invited it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn join(
    app: Holdfast<'_>,
    files: State<'_, Files>,
    token: String,
    invite_passphrase: String,
    device_name: String,
    key_store: KeyStore,
    passphrase: Option<String>,
) -> Answer<Boot> {
    let path = files.path(&token)?;
    ask(&app, move |app| {
        app.join_vault(&path, &invite_passphrase, &device_name, key_store, passphrase.as_deref())
    })
    .await
}
