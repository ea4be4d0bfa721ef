//! One person, one device: from the first start over tasks and notes to the settings.

use anyhow::Result;
use holdfast_tests::{
    Device,
    window::{App, By},
};

use crate::steps::{
    choose_task, command, dismiss, editor_shows, go, go_to_list, quick_add, row, start_fresh, tab,
    write_note,
};

const TOAST: &str = "[role=group][aria-label=Message]";

async fn started(device: &Device) -> Result<App> {
    let app = App::open(device).await?;
    start_fresh(&app, "Laptop").await?;
    Ok(app)
}

#[tokio::test]
async fn the_first_start_asks_three_things_and_begins_empty() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = App::open(&laptop).await?;
    app.find(&By::role("heading", "Welcome to Holdfast")).await?;
    app.counts(&By::AnyOf("button"), 3).await?;
    app.picture("first-run").await?;
    for (way, heading) in [
        ("Start fresh", "Start fresh"),
        ("Join my other device", "Join my other device"),
        ("Import from another app", "Import from another app"),
    ] {
        app.click(&By::role_like("button", way)).await?;
        app.find(&By::role("heading", heading)).await?;
        app.picture(&format!("first-run-{}", way.split(' ').next().unwrap_or(way).to_lowercase()))
            .await?;
        app.click(&By::button("Back")).await?;
    }
    start_fresh(&app, "Laptop").await?;

    for (key, name, empty) in [
        ("today", "Today", "Nothing due today."),
        ("inbox", "Inbox", "Your Inbox is empty."),
        ("upcoming", "Upcoming", "Nothing scheduled. Press S on a task."),
        ("someday", "Someday", "Nothing without a date."),
        ("notes", "Notes", "No notes yet."),
        ("search", "Search", "Find tasks, notes and lists by their words"),
        ("completed", "Completed", "Nothing completed yet."),
        ("activity", "Activity", "Nothing has synced yet."),
        ("trash", "Trash", "Trash is empty."),
        ("devices", "Devices and sync", "Only this device so far."),
    ] {
        go(&app, key).await?;
        app.find(&By::role("heading", name)).await?;
        app.find(&By::text(empty)).await?;
        app.picture(&format!("empty-{key}")).await?;
    }
    app.press("Ctrl+5").await?;
    app.find(&By::text("No conflicts.")).await?;
    app.picture("empty-conflicts").await?;
    app.close().await?;

    // The same device the next day.
    let app = App::open(&laptop).await?;
    app.find(&By::role("heading", "Today")).await?;
    app.close().await
}

#[tokio::test]
async fn quick_add_reads_a_line_and_files_the_task() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = started(&laptop).await?;
    app.press("Ctrl+N").await?;
    app.type_into(&By::label("New task"), "Buy oak tomorrow 9am #Workshop @shop p1").await?;
    for words in ["tomorrow 9am", "#Workshop", "@shop", "p1"] {
        app.find(&By::button(&format!("Keep ‘{words}’ as plain text"))).await?;
    }
    app.picture("quick-add").await?;
    // Backspace right after a word that was recognised makes it plain again.
    app.press("Backspace").await?;
    app.gone(&By::button("Keep ‘p1’ as plain text")).await?;
    app.press("Backspace").await?;
    app.type_text("1").await?;
    app.find(&By::button("Keep ‘#Workshop’ as plain text")).await?;
    app.press("Enter").await?;
    app.gone(&By::label("New task")).await?;

    go_to_list(&app, "Workshop").await?;
    app.find(&row("Buy oak")).await?;
    app.type_into(&By::label("Add a task to Workshop"), "Sharpen the plane").await?;
    app.press("Enter").await?;
    app.find(&row("Sharpen the plane")).await?;
    app.picture("list").await?;

    app.press("Ctrl+2").await?;
    app.find(&By::role("heading", "Upcoming")).await?;
    app.find(&row("Buy oak")).await?;
    app.picture("upcoming").await?;

    app.press("Ctrl+3").await?;
    quick_add(&app, "Call the sawmill").await?;
    app.find(&row("Call the sawmill")).await?;
    app.gone(&row("Buy oak")).await?;
    app.picture("inbox").await?;

    app.press("Ctrl+1").await?;
    for line in ["Oil the bench p2 #Workshop", "Read the plan this evening", "Sweep the floor"] {
        app.type_into(&By::label("Add a task"), line).await?;
        app.press("Enter").await?;
        app.find(&row(line.split(" p2").next().unwrap_or(line).trim_end_matches(" this evening")))
            .await?;
    }
    quick_add(&app, "Order hinges today 10am @phone p1 //Four of brass").await?;
    app.find(&row("Order hinges")).await?;
    choose_task(&app, "Oil the bench").await?;
    app.find(&By::css("[data-pane=detail]")).await?;
    app.click(&By::css("[data-pane=detail] .cm-content")).await?;
    app.type_text("Two thin coats of linseed oil.\n- [ ] Wipe off the dust").await?;
    app.type_into(&By::label("Add a subtask"), "Buy linseed oil").await?;
    app.press("Enter").await?;
    app.find(&By::text("0/1")).await?;
    dismiss(&app).await?;
    app.picture("today").await?;
    app.close().await
}

#[tokio::test]
async fn a_task_is_done_deleted_brought_back_and_found() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = started(&laptop).await?;
    app.press("Ctrl+3").await?;
    for line in ["Buy oak", "Plane the boards", "Cut the joints"] {
        quick_add(&app, line).await?;
        app.find(&row(line)).await?;
    }

    // Done, and not done after all.
    choose_task(&app, "Buy oak").await?;
    app.press("Space").await?;
    app.find(&By::role("checkbox", "Open ‘Buy oak’ again")).await?;
    app.find(&By::css(TOAST)).await?;
    app.picture("undo-toast").await?;
    app.click(&By::button("Undo")).await?;
    app.find(&By::role("checkbox", "Complete ‘Buy oak’")).await?;

    // Several at once.
    choose_task(&app, "Buy oak").await?;
    app.press("X").await?;
    app.press("Shift+Down").await?;
    app.find(&By::text("2 selected")).await?;
    app.picture("selection").await?;
    app.press("Delete").await?;
    app.gone(&row("Buy oak")).await?;
    app.press("Ctrl+Z").await?;
    app.find(&row("Buy oak")).await?;
    app.press("Ctrl+Y").await?;
    app.gone(&row("Buy oak")).await?;

    go(&app, "trash").await?;
    app.find(&By::button("Restore ‘Buy oak’")).await?;
    app.picture("trash").await?;
    app.click(&By::button("Restore ‘Buy oak’")).await?;
    app.gone(&By::button("Restore ‘Buy oak’")).await?;
    app.press("Ctrl+3").await?;
    app.find(&row("Buy oak")).await?;

    app.press("Ctrl+K").await?;
    app.find(&By::role("dialog", "Command palette")).await?;
    app.type_text("oak").await?;
    app.find(&By::role_like("option", "Buy oak")).await?;
    app.picture("palette").await?;
    app.press("Esc").await?;
    command(&app, "Go to Upcoming").await?;
    app.find(&By::role("heading", "Upcoming")).await?;

    app.press("Ctrl+Shift+F").await?;
    app.find(&By::role("heading", "Search")).await?;
    app.type_text("oak").await?;
    app.find(&By::role_like("option", "Buy oak")).await?;
    app.picture("search").await?;
    app.press("Ctrl+A").await?;
    app.type_text("mahogany").await?;
    app.find(&By::button("Create task ‘mahogany’")).await?;
    app.close().await
}

#[tokio::test]
async fn a_note_is_written_with_headings_and_a_checklist() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = started(&laptop).await?;
    // The editor continues the list by itself, and an empty item ends it.
    let text = "# Wood\nThe bench is made of **oak**.\n- [ ] Buy boards\nPlane them\n\n## Tools\nA plane and a saw.";
    write_note(&app, "Workbench", text).await?;
    editor_shows(&app, "A plane and a saw.").await?;
    app.press("Ctrl+Home").await?;
    app.click(&By::css(".cm-content input[type=checkbox]")).await?;
    app.find(&By::css(".cm-content input[type=checkbox]:checked")).await?;
    app.picture("note").await?;

    // What was typed is stored, as Markdown, and found by a word of its text.
    app.until("the note is stored", || async {
        let notes = laptop.json(&["notes"])?;
        let id = notes
            .pointer("/0/id")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let stored = laptop.ctl(&["note", "show", &id, "--markdown"])?;
        Ok(stored.contains("- [x] Buy boards\n- [ ] Plane them\n")
            && stored.contains("## Tools\nA plane and a saw."))
    })
    .await?;
    app.press("Ctrl+Shift+F").await?;
    app.find(&By::role("heading", "Search")).await?;
    app.type_text("saw").await?;
    app.find(&By::role_like("option", "Workbench")).await?;
    app.picture("search-note").await?;
    app.press("Enter").await?;
    editor_shows(&app, "A plane and a saw.").await?;
    go(&app, "notes").await?;
    app.find(&By::role_like("option", "Workbench")).await?;
    app.picture("notes").await?;
    app.close().await
}

#[tokio::test]
async fn settings_are_kept_and_shown_at_every_size() -> Result<()> {
    const THEME: &str = "return document.documentElement.dataset.theme";
    let laptop = Device::new("laptop")?;
    let app = started(&laptop).await?;
    app.press("Ctrl+,").await?;
    for name in [
        "General",
        "Sync",
        "What travels where",
        "Devices",
        "Shortcuts",
        "Appearance",
        "Backup",
        "Import & export",
        "Storage & check",
    ] {
        tab(&app, name).await?;
        let file: String =
            name.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
        app.picture(&format!("settings-{}", file.replace(' ', "-").replace("--", "-"))).await?;
    }
    app.click(&By::button("Check now")).await?;
    app.find(&By::text("Everything is in order.")).await?;

    // Only what works is offered.
    tab(&app, "Sync").await?;
    app.counts(&By::css(".mode"), 2).await?;
    app.find(&By::role("heading", "Manual In use")).await?;
    // The mode is chosen here, and chosen back; what happens is said before.
    for (mode, heading) in [("Nearby devices", "Nearby In use"), ("Manual", "Manual In use")] {
        app.click(&By::button("Change how changes travel…")).await?;
        app.click(&By::role_like("radio", mode)).await?;
        app.find(&By::text("Switching never deletes or overwrites.")).await?;
        app.picture(&format!("mode-{}", mode.split(' ').next().unwrap_or_default())).await?;
        app.click(&By::button("Switch now")).await?;
        app.find(&By::role("heading", heading)).await?;
    }

    tab(&app, "Appearance").await?;
    app.click(&By::role("radio", "Dark")).await?;
    app.until("it is dark", || async { Ok(app.script(THEME, vec![]).await? == "dark") }).await?;
    app.press("F1").await?;
    app.find(&By::role("dialog", "Keyboard shortcuts")).await?;
    app.picture("shortcuts").await?;
    app.close().await?;

    let app = App::open(&laptop).await?;
    app.find(&By::role("heading", "Today")).await?;
    app.until("it is still dark", || async { Ok(app.script(THEME, vec![]).await? == "dark") })
        .await?;
    app.resize(720, 520).await?;
    app.until("the window is small", || async {
        Ok(app.script("return innerWidth <= 720", vec![]).await? == true)
    })
    .await?;
    app.find(&By::text("Nothing due today.")).await?;
    app.picture("smallest").await?;
    app.close().await
}
