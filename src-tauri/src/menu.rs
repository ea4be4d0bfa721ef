//! The menu bar, on macOS, where an app without one looks broken. Elsewhere the interface has its own.
//!
//! An item carries the id of an action of the interface's keyboard map, which does the work.

use tauri::{
    AppHandle, Runtime,
    menu::{AboutMetadata, Menu, MenuBuilder, MenuItemBuilder, Submenu, SubmenuBuilder},
};

use crate::events;

/// An item: action, title, keys. Undo and redo have none: their keys belong to the text that is being
/// edited, and only outside of texts to the app.
type Item = (&'static str, &'static str, Option<&'static str>);

const SETTINGS: &[Item] = &[("go.settings", "Settings…", Some("Cmd+,"))];
const FILE: &[Item] = &[
    ("task.new", "New Task", Some("Cmd+N")),
    ("note.new", "New Note", Some("Cmd+Shift+N")),
    ("list.new", "New List", None),
    ("sync.now", "Sync Now", Some("Cmd+S")),
    ("sync.export", "Export Changes…", None),
    ("sync.import", "Import Changes…", None),
    ("device.add", "Add a Device…", None),
    ("device.join", "Join Another Device’s Vault…", None),
    ("sync.invite", "Invite Another Device…", None),
    ("sync.folder", "Choose an Exchange Folder…", None),
    ("data.markdown", "Import a Folder of Markdown…", None),
    ("data.export", "Export Everything as Files…", None),
    ("backup.now", "Back Up Now", None),
];
const UNDO: &[Item] = &[("edit.undo", "Undo", None), ("edit.redo", "Redo", None)];
const FIND: &[Item] = &[
    ("find.open", "Find", Some("Cmd+F")),
    ("search.open", "Search Everywhere", Some("Cmd+Shift+F")),
];
const VIEW: &[Item] = &[
    ("palette.open", "Command Palette", Some("Cmd+K")),
    ("palette.switch", "Quick Switch", Some("Cmd+O")),
    ("window.sidebar", "Show or Hide the Sidebar", Some("Cmd+B")),
    ("window.pane", "Next Pane", Some("F6")),
];
const GO: &[Item] = &[
    ("go.today", "Today", Some("Cmd+1")),
    ("go.upcoming", "Upcoming", Some("Cmd+2")),
    ("go.inbox", "Inbox", Some("Cmd+3")),
    ("go.notes", "Notes", Some("Cmd+4")),
    ("go.conflicts", "Conflicts", Some("Cmd+5")),
    ("go.someday", "Someday", None),
    ("go.completed", "Completed", None),
    ("go.activity", "Activity", None),
    ("go.trash", "Trash", None),
    ("go.devices", "Devices and Sync", None),
    ("go.map", "Sync Map", None),
    ("go.travel", "What Travels Where", None),
    ("go.backup", "Backups", None),
    ("go.back", "Back", Some("Cmd+[")),
];
const HELP: &[Item] = &[("help.open", "Keyboard Shortcuts", None)];

/// Sets the menu bar and passes its items on to the interface.
///
/// # Errors
/// When the system refuses a menu.
pub(crate) fn install(app: &AppHandle) -> tauri::Result<()> {
    if cfg!(target_os = "macos") {
        app.set_menu(bar(app)?)?;
        app.on_menu_event(|app, event| {
            if is_action(event.id().as_ref()) {
                events::action(app, event.id().as_ref());
            }
        });
    }
    Ok(())
}

fn is_action(id: &str) -> bool {
    [SETTINGS, FILE, UNDO, FIND, VIEW, GO, HELP].concat().iter().any(|(action, ..)| *action == id)
}

fn bar<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<Menu<R>> {
    let name = app.package_info().name.clone();
    let about = AboutMetadata {
        version: Some(app.package_info().version.to_string()),
        license: Some("Apache-2.0 OR MIT".to_owned()),
        ..AboutMetadata::default()
    };
    let own = add(SubmenuBuilder::new(app, &name).about(Some(about)).separator(), app, SETTINGS)?
        .separator()
        .services()
        .separator()
        .hide()
        .hide_others()
        .show_all()
        .separator()
        .quit();
    let file = add(SubmenuBuilder::new(app, "File"), app, FILE)?.separator().close_window();
    let edit = add(SubmenuBuilder::new(app, "Edit"), app, UNDO)?
        .separator()
        .cut()
        .copy()
        .paste()
        .select_all()
        .separator();
    let edit = add(edit, app, FIND)?;
    let view = add(SubmenuBuilder::new(app, "View"), app, VIEW)?.separator().fullscreen();
    let go = add(SubmenuBuilder::new(app, "Go"), app, GO)?;
    let window = SubmenuBuilder::new(app, "Window").minimize().maximize();
    let help = add(SubmenuBuilder::new(app, "Help"), app, HELP)?;
    let menus: Vec<Submenu<R>> = [own, file, edit, view, go, window, help]
        .into_iter()
        .map(SubmenuBuilder::build)
        .collect::<tauri::Result<_>>()?;
    menus.iter().fold(MenuBuilder::new(app), |bar, menu| bar.item(menu)).build()
}

fn add<'m, R: Runtime>(
    mut menu: SubmenuBuilder<'m, R, AppHandle<R>>,
    app: &AppHandle<R>,
    items: &[Item],
) -> tauri::Result<SubmenuBuilder<'m, R, AppHandle<R>>> {
    for (id, title, keys) in items {
        let mut item = MenuItemBuilder::with_id(*id, *title);
        if let Some(keys) = keys {
            item = item.accelerator(*keys);
        }
        menu = menu.item(&item.build(app)?);
    }
    Ok(menu)
}

#[cfg(test)]
mod tests {
    use super::{FILE, FIND, GO, HELP, SETTINGS, UNDO, VIEW, is_action};

    /// Every item does something: the interface's table of actions has its id.
    #[test]
    fn every_item_is_an_action_of_the_keyboard_map() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/state/keymap.ts");
        let keymap = std::fs::read_to_string(path).unwrap();
        for (id, title, _) in [SETTINGS, FILE, UNDO, FIND, VIEW, GO, HELP].concat() {
            assert!(keymap.contains(&format!("\"{id}\"")), "{title}: {id}");
            assert!(is_action(id));
        }
        assert!(!is_action("quit"));
    }
}
