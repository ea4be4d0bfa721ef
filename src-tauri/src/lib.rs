//! The shell: the window, the list of commands that the interface may call, and what the desktop
//! offers (one instance, remembered window size, dialogs, notifications, opening links).
//!
//! It holds no logic: each command passes its arguments to `holdfast-app` and returns what that
//! says. It never opens the database, never decides a merge, never reads the network.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use std::sync::Arc;

use holdfast_app::{App, Home, Keeper, Watch};
use tauri::Manager;
use tracing_subscriber::EnvFilter;

pub mod bindings;
mod closing;
mod commands;
mod error;
mod events;
mod files;
mod instance;
mod links;
mod menu;

pub use error::CommandError;

/// Starts the app and returns when its last window is closed.
///
/// # Errors
/// When the web view or a plugin cannot be started; the message says which.
pub fn run() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("HOLDFAST_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    let commands = bindings::builder();
    let holdfast = Arc::new(App::at(Home::default_place())?);
    let mut context = tauri::generate_context!();
    let identifier = instance::identifier(&context.config().identifier);
    context.config_mut().identifier = identifier;

    tauri::Builder::default()
        // First: a second start must stop before any other plugin acts.
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| {
            instance::show_main(app);
        }))
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(commands.invoke_handler())
        .plugin(
            tauri::plugin::Builder::<tauri::Wry>::new("own-pages")
                .on_navigation(|_, url| links::inside(url))
                .build(),
        )
        .on_window_event(closing::on_window_event)
        .setup(move |app| {
            commands.mount_events(app);
            menu::install(app.handle())?;
            app.manage(files::Files::new(app.handle()));
            events::forward_changes(&holdfast, app.handle());
            // Lives as long as the app: dropping it ends the watch.
            app.manage(Watch::start(Arc::clone(&holdfast)));
            // What it does stands in the status and the activity.
            app.manage(Keeper::start(Arc::clone(&holdfast), |_| {}));
            app.manage(holdfast);
            Ok(())
        })
        .run(context)?;
    Ok(())
}
