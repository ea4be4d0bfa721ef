//! The app opens its window with the built interface in it, in the theme that the system asks for,
//! and lets the page do nothing but what was declared.

use anyhow::Result;
use holdfast_tests::{
    Device,
    window::{App, By, Theme},
};

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
