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

/// The app's configuration, its pages, and what each window may ask for.
fn context() -> tauri::Context {
    tauri::generate_context!()
}

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
    let mut context = context();
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

#[cfg(test)]
mod tests {
    use tauri::ipc::Origin;

    /// Row 59: the main window's own page may ask for each command; a page from elsewhere in it, and any
    /// other window, for none.
    #[test]
    fn only_the_main_windows_own_page_is_answered() {
        let mut context = super::context();
        let authority = context.runtime_authority_mut();
        let list = include_str!("bindings.rs");
        let commands: Vec<&str> = list
            .lines()
            .filter_map(|line| line.trim().strip_prefix("commands::")?.strip_suffix(','))
            .filter_map(|path| path.rsplit("::").next())
            .collect();
        assert!(commands.len() > 50, "{commands:?}");
        let remote = |url: &str| Origin::Remote { url: url.parse().unwrap() };
        for command in commands {
            let asks = |window: &str, origin: &Origin| {
                authority.resolve_access(command, window, window, origin).is_some()
            };
            assert!(asks("main", &Origin::Local), "{command}");
            for origin in ["https://example.org/", "http://localhost:8000/", "file:///tmp/x.html"] {
                assert!(!asks("main", &remote(origin)), "{command} for {origin}");
            }
            for window in ["popover", "main2", "*", ""] {
                assert!(!asks(window, &Origin::Local), "{command} for the window '{window}'");
            }
        }
        for plugin in ["plugin:dialog|open", "plugin:opener|open_url", "plugin:window|close"] {
            assert!(authority.resolve_access(plugin, "main", "main", &Origin::Local).is_none());
        }
    }
}
