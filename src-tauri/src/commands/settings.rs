//! Settings, the check, and links out of the app.

use holdfast_app::view::{CheckReport, Done, Policy, PolicyView, Prefs, PruneView, StorageView};

use tauri::AppHandle;
use tauri_plugin_opener::OpenerExt;

use super::Holdfast;
use crate::{
    CommandError,
    error::{Answer, ask},
    links,
};

/// Keeps how the app looks and behaves here.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_prefs(app: Holdfast<'_>, prefs: Prefs) -> Answer<()> {
    ask(&app, move |app| app.set_prefs(&prefs)).await
}

/// What happens when two devices change the same thing, by kind of data.
#[tauri::command]
#[specta::specta]
pub(crate) async fn policies(app: Holdfast<'_>) -> Answer<Vec<PolicyView>> {
    ask(&app, move |app| app.policies()).await
}

/// Chooses what happens for one kind of data.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_policy(app: Holdfast<'_>, kind: String, policy: Policy) -> Answer<Done> {
    ask(&app, move |app| app.set_policy(&kind, policy)).await
}

/// How much room everything takes, and how long history is kept.
#[tauri::command]
#[specta::specta]
pub(crate) async fn storage(app: Holdfast<'_>) -> Answer<StorageView> {
    ask(&app, move |app| app.storage()).await
}

/// Chooses for how many days history is kept; none means for ever.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_history_days(app: Holdfast<'_>, days: Option<u32>) -> Answer<Done> {
    ask(&app, move |app| app.set_history_days(days)).await
}

/// Prunes what is older than the history period, or only says what that would do.
#[tauri::command]
#[specta::specta]
pub(crate) async fn prune(app: Holdfast<'_>, dry_run: bool) -> Answer<PruneView> {
    ask(&app, move |app| app.prune(None, dry_run)).await
}

/// Checks what is stored.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check(app: Holdfast<'_>, repair: bool) -> Answer<CheckReport> {
    ask(&app, move |app| app.check(repair)).await
}

/// Opens a link of a note with the program that the system has for it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_link(shell: AppHandle, url: String) -> Answer<()> {
    let failed = |message: String, remedy: &str| CommandError {
        code: "link".to_owned(),
        message,
        remedy: Some(remedy.to_owned()),
    };
    let address = links::outside(&url).ok_or_else(|| {
        failed(
            "This link is not a web or mail address, so it is not opened.".to_owned(),
            "Copy it and open it yourself if you trust it.",
        )
    })?;
    shell.opener().open_url(address.as_str(), None::<&str>).map_err(|error| {
        failed(
            format!("The system could not open the link ({error})."),
            "Copy it into your browser.",
        )
    })
}
