//! The app opens its window with the built interface in it, in the theme that the system asks for,
//! and lets the page do nothing but what was declared.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use holdfast_tests::{
    Device,
    window::{App, By, Theme},
};
use tokio::time::sleep;

const IS_DARK: &str = "return matchMedia('(prefers-color-scheme: dark)').matches";

#[tokio::test]
async fn the_window_shows_the_interface_in_both_themes() -> Result<()> {
    for theme in [Theme::Light, Theme::Dark] {
        let laptop = Device::new("laptop")?;
        let app = App::open_in(&laptop, theme).await?;
        app.find(&By::AnyOf("heading")).await?;
        assert_eq!(app.script(IS_DARK, vec![]).await?, theme == Theme::Dark);
        app.screenshot(&format!("start-{}", theme.name())).await?;
        app.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_page_may_call_declared_commands_only() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = App::open(&laptop).await?;
    assert_eq!(app.invoke("boot").await?["version"], env!("CARGO_PKG_VERSION"));
    for denied in ["not_a_command", "plugin:dialog|open", "plugin:window|close"] {
        let answer = app.invoke(denied).await?;
        let text = answer.as_str().unwrap_or_default();
        assert!(text.contains("not allowed"), "{denied}: {answer}");
    }
    app.close().await
}

/// Row 48: whoever starts the app again gets the one that is running; another folder is another device.
#[tokio::test]
async fn a_second_start_on_one_folder_is_the_first_and_another_folder_runs_beside() -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(20);
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    let app = App::open(&laptop).await?;
    let mut second = app.start_again(&laptop)?;
    let start = Instant::now();
    let ended = loop {
        match second.try_wait()? {
            Some(status) => break status,
            None if start.elapsed() > PATIENCE => {
                second.kill()?;
                bail!("the second start goes on beside the first");
            }
            None => sleep(Duration::from_millis(50)).await,
        }
    };
    assert!(ended.success(), "{ended}");
    assert_eq!(app.invoke("boot").await?["version"], env!("CARGO_PKG_VERSION"));
    // The other one lives longer than the second start did, and longer than it takes to be told to end.
    let longer = start.elapsed() + Duration::from_secs(3);
    let mut other = app.start_again(&phone)?;
    sleep(longer).await;
    let still = other.try_wait()?;
    other.kill()?;
    other.wait()?;
    assert_eq!(still, None, "another folder is another device");
    app.close().await
}

/// Row 58: what people and other devices can call things runs nowhere that it is shown.
#[tokio::test]
async fn no_name_or_title_runs_as_a_script() -> Result<()> {
    const RUN: &str = "(window.ran=(window.ran||0)+1)";
    const FOUND: &str = "const marks = '[onerror],[onload],[onfocus],[ontoggle],svg script,iframe,object'; \
        return [window.ran || 0, document.querySelectorAll(marks).length, document.body.innerText]";
    let names = [
        format!("<img src=x onerror={RUN}>"),
        format!("<svg onload={RUN}>"),
        format!("<script>{RUN}</script>"),
        format!("\"><iframe srcdoc='<script>parent.{RUN}</script>'>"),
        format!("[x](javascript:{RUN})"),
    ];
    let laptop = Device::new("laptop")?;
    laptop.ctl(&["init", "--name", &names[0]])?;
    for (number, name) in names.iter().enumerate() {
        laptop.ctl(&["list", "add", &format!("{name} list")])?;
        let task = laptop.json(&["add", &format!("Task {number} @tag{number}")])?;
        let id = task["ids"][0].as_str().unwrap_or_default().to_owned();
        laptop.ctl(&["task", "set", &id, &format!("title={name} task")])?;
        let text = laptop.file("note.md");
        std::fs::write(&text, format!("{name}\n\n![{name}](x.png)"))?;
        let text = text.to_string_lossy().into_owned();
        laptop.ctl(&["note", "add", "--title", &format!("{name} note"), &text])?;
    }
    let app = App::open(&laptop).await?;
    let looked = async |what: &str| -> Result<String> {
        let found = app.script(FOUND, vec![]).await?;
        assert_eq!((&found[0], &found[1]), (&0.into(), &0.into()), "in {what}: {found}");
        Ok(found[2].as_str().unwrap_or_default().to_owned())
    };
    app.click(&By::css("[role=treeitem][data-key='inbox']")).await?;
    app.find(&By::css("[role=row][data-id]")).await?;
    assert!(looked("tasks").await?.contains("<img src=x onerror="), "titles are shown as they are");
    app.click(&By::css("[role=row][data-id]")).await?;
    looked("a task").await?;
    for (screen, shown) in [("notes", "[role=option]"), ("devices", "main"), ("settings", "main")] {
        app.click(&By::css(&format!("[role=treeitem][data-key={screen:?}]"))).await?;
        app.find(&By::css(shown)).await?;
        looked(screen).await?;
    }
    app.click(&By::css("[role=treeitem][data-key='notes']")).await?;
    app.counts(&By::css("[role=option]"), names.len()).await?;
    for at in 0..names.len() {
        let rows = app.all(&By::css("[role=option]")).await?;
        let Some(row) = rows.get(at) else { bail!("{} notes are shown", rows.len()) };
        row.click().await?;
        app.find(&By::css(".cm-content")).await?;
        looked("a note").await?;
    }
    app.press("Ctrl+K").await?;
    app.type_text("onerror").await?;
    app.find(&By::css("[role=dialog] [role=option]")).await?;
    looked("the palette").await?;
    app.close().await
}
