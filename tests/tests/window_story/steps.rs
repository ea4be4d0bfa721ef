//! What a person does again and again, in their words.

use anyhow::{Result, bail};
use holdfast_tests::window::{App, By};

/// Chooses "Start fresh", names the device and waits for the empty app.
pub(crate) async fn start_fresh(app: &App, name: &str) -> Result<()> {
    app.click(&By::role_like("button", "Start fresh")).await?;
    app.fill(&By::label("Name of this device"), name).await?;
    app.click(&By::role_like("radio", "In a file beside the data")).await?;
    app.click(&By::button("Start")).await?;
    app.find(&By::role("heading", "Today")).await?;
    Ok(())
}

/// Goes to a view, list, tag or screen by its name in the sidebar.
pub(crate) async fn go(app: &App, name: &str) -> Result<()> {
    app.click(&By::css(&format!("[role=treeitem][data-key={name:?}]"))).await
}

/// Goes to the list `title`.
pub(crate) async fn go_to_list(app: &App, title: &str) -> Result<()> {
    app.click(&By::role_like("treeitem", title)).await?;
    app.find(&By::role("heading", title)).await?;
    Ok(())
}

/// Presses Ctrl+K, types `words` and takes the first answer.
pub(crate) async fn command(app: &App, words: &str) -> Result<()> {
    app.press("Ctrl+K").await?;
    app.find(&By::role("dialog", "Command palette")).await?;
    app.type_text(words).await?;
    app.find(&By::role_like("option", words)).await?;
    app.press("Enter").await?;
    app.gone(&By::role("dialog", "Command palette")).await
}

/// Writes one line into "New task" and adds it.
pub(crate) async fn quick_add(app: &App, line: &str) -> Result<()> {
    app.press("Ctrl+N").await?;
    app.type_into(&By::label("New task"), line).await?;
    app.press("Enter").await?;
    app.gone(&By::label("New task")).await
}

/// The row of a task whose title contains `title`.
pub(crate) fn row(title: &str) -> By {
    By::css(&format!("[role=row][data-id]:has([aria-label*=\"‘{title}’\"])"))
}

/// Gives the task's row the keyboard, and opens it beside the list.
pub(crate) async fn choose_task(app: &App, title: &str) -> Result<()> {
    app.click(&row(title)).await
}

/// Makes a note with a title and a text, and waits until it is stored under that title.
pub(crate) async fn write_note(app: &App, title: &str, text: &str) -> Result<()> {
    app.press("Ctrl+Shift+N").await?;
    app.find(&By::css("textarea[aria-label=Title]:focus")).await?;
    app.type_text(title).await?;
    app.press("Enter").await?;
    app.find(&By::css(".cm-content:focus")).await?;
    app.type_text(text).await?;
    app.find(&By::role_like("option", title)).await?;
    Ok(())
}

/// The Markdown of the open note as the editor has it.
pub(crate) async fn editor_text(app: &App) -> Result<String> {
    const LINES: &str = "return [...document.querySelectorAll('.cm-content .cm-line')]\
                         .map((line) => line.textContent).join('\\n')";
    let text = app.script(LINES, vec![]).await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// Waits until the open note shows `part`.
pub(crate) async fn editor_shows(app: &App, part: &str) -> Result<()> {
    app.until(&format!("the text shows '{part}'"), || async {
        Ok(editor_text(app).await?.contains(part))
    })
    .await
}

/// Chooses the tab `name` of the tabs that are shown.
pub(crate) async fn tab(app: &App, name: &str) -> Result<()> {
    app.click(&By::role("tab", name)).await?;
    app.find(&By::css("[role=tab][aria-selected=true]")).await?;
    Ok(())
}

/// Puts the message away, where one is shown; it goes by itself too.
pub(crate) async fn dismiss(app: &App) -> Result<()> {
    let button = By::button("Dismiss");
    app.until("no message is shown", || async {
        let shown = app.all(&button).await?;
        if let Some(button) = shown.first() {
            // It may have gone between looking and clicking.
            let _ = button.click().await;
        }
        Ok(shown.is_empty())
    })
    .await
}

/// Fails unless `text` contains `part`.
pub(crate) fn contains(text: &str, part: &str) -> Result<()> {
    if !text.contains(part) {
        bail!("'{part}' is not in: {text}");
    }
    Ok(())
}
