//! The command line at work on the data folder of an open window.

use anyhow::{Context, Result};
use holdfast_tests::{
    Device,
    window::{App, By},
};

use crate::steps::{editor_shows, editor_text, go, go_to_list, row, start_fresh, write_note};

/// Where the cursor stands, as the text of its line up to it.
const BEFORE_CURSOR: &str = "const at = getSelection(); \
     const line = at.anchorNode.parentElement.closest('.cm-line') ?? at.anchorNode; \
     const range = document.createRange(); range.setStart(line, 0); \
     range.setEnd(at.anchorNode, at.anchorOffset); return range.toString();";

#[tokio::test]
async fn what_the_command_line_adds_appears_in_the_open_window() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = App::open(&laptop).await?;
    start_fresh(&app, "Laptop").await?;
    laptop.ctl(&["add", "Oil the bench today #Workshop"])?;
    app.find(&row("Oil the bench")).await?;
    go_to_list(&app, "Workshop").await?;
    app.find(&row("Oil the bench")).await?;
    app.picture("alongside").await?;
    app.close().await
}

#[tokio::test]
async fn what_the_command_line_writes_into_a_note_does_not_disturb_typing() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = App::open(&laptop).await?;
    start_fresh(&app, "Laptop").await?;
    write_note(&app, "Workbench", "Oak.\nBy the window.").await?;
    let mut id = String::new();
    app.until("the note is stored", || {
        let found = laptop.json(&["notes"]);
        let stored = found.and_then(|notes| {
            let id = notes.pointer("/0/id").and_then(serde_json::Value::as_str);
            let id = id.context("no note yet")?.to_owned();
            let text = laptop.ctl(&["note", "show", &id, "--markdown"])?;
            Ok((id, text.contains("window.")))
        });
        if let Ok((found, _)) = &stored {
            id.clone_from(found);
        }
        async move { Ok(stored?.1) }
    })
    .await?;

    // The cursor is at the end of the second line; before it text comes in from elsewhere.
    app.type_text(" And a").await?;
    laptop.ctl(&["note", "splice", &id, "0", "0", "Made of: "])?;
    app.type_text(" vice").await?;
    editor_shows(&app, "Made of: Oak.").await?;
    app.type_text(" beside").await?;
    assert_eq!(editor_text(&app).await?, "Made of: Oak.\nBy the window. And a vice beside");
    let before = app.script(BEFORE_CURSOR, vec![]).await?;
    assert_eq!(before, "By the window. And a vice beside");

    // Both are stored, and stay.
    app.until("both are stored", || async {
        let text = laptop.ctl(&["note", "show", &id, "--markdown"])?;
        Ok(text.trim_end() == "Made of: Oak.\nBy the window. And a vice beside")
    })
    .await?;
    go(&app, "today").await?;
    go(&app, "notes").await?;
    app.click(&By::role_like("option", "Workbench")).await?;
    editor_shows(&app, "And a vice beside").await?;
    app.close().await
}
