//! The real app in a real window, on a virtual screen of its own, driven through WebDriver.
//!
//! Each [`App`] has its own screen, session bus and driver, so a story may have two devices open
//! at once. Waiting is by what can be seen, never by time.

mod driver;
mod element;
mod keys;

use std::{future::Future, process::Command, time::Duration};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, elements::Element};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use xtask::{display::VirtualDisplay, screenshot, workspace};

pub use element::By;

use crate::Device;
use driver::Driver;

/// How long anything on the screen may take to appear. Long, because the machine may be busy;
/// nothing waits longer than it must.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// What the system says about light and dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Theme {
    /// How a picture in this theme is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A running app with its window.
pub struct App {
    client: Client,
    // Dropped in this order: the driver takes the app with it, then its screen goes.
    driver: Driver,
    display: VirtualDisplay,
}

impl App {
    /// Starts the app on `device`, in the light theme, and waits for its page.
    pub async fn open(device: &Device) -> Result<Self> {
        Self::open_in(device, Theme::Light).await
    }

    /// Starts the app on `device` where the system asks for `theme`.
    pub async fn open_in(device: &Device, theme: Theme) -> Result<Self> {
        let display = VirtualDisplay::open()?;
        let mut command = Command::new("WebKitWebDriver");
        display.attach(&mut command);
        device.inhabit(&mut command);
        command.env("GTK_THEME", if theme == Theme::Dark { "Adwaita:dark" } else { "Adwaita" });
        let driver = Driver::start(command)?;
        let client = driver.open(&crate::device::built("holdfast")?).await?;
        let app = Self { client, driver, display };
        app.until("the page is loaded", || async {
            Ok(app.script("return document.readyState", vec![]).await? == "complete")
        })
        .await?;
        Ok(app)
    }

    /// Starts the app once more, on this screen and for this session's desktop: on the same device, or on
    /// another one.
    pub fn start_again(&self, device: &Device) -> Result<std::process::Child> {
        let mut command = device.command("holdfast")?;
        self.display.attach(&mut command);
        device.inhabit(&mut command);
        command.spawn().context("the app could not be started again")
    }

    /// Closes the window as a person does, and waits until the app has ended.
    pub async fn close(self) -> Result<()> {
        self.client.clone().close().await.context("the app could not be closed")
    }

    /// Ends the app at once, as a crash or a power cut does.
    pub fn kill(self) {
        self.driver.kill();
    }

    /// Waits for exactly what `by` describes and returns the first of it.
    pub async fn find(&self, by: &By) -> Result<Element> {
        let start = Instant::now();
        loop {
            let mut found = self.all(by).await?;
            if !found.is_empty() {
                return Ok(found.swap_remove(0));
            }
            if start.elapsed() > PATIENCE {
                bail!("{by} did not appear. There was: {}", self.choices(by).await?);
            }
            sleep(PAUSE).await;
        }
    }

    /// All that `by` describes and that can be seen now, in the order of the page.
    pub async fn all(&self, by: &By) -> Result<Vec<Element>> {
        let start = Instant::now();
        loop {
            match self.script(element::FIND, vec![by.query()]).await {
                Ok(answer) => return element::found(&self.client, answer),
                // The page drew itself anew while it answered.
                Err(error)
                    if format!("{error:#}").contains("Stale element")
                        && start.elapsed() < PATIENCE => {}
                Err(error) => return Err(error),
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits until nothing that `by` describes can be seen.
    pub async fn gone(&self, by: &By) -> Result<()> {
        self.until(&format!("{by} is gone"), || async { Ok(self.all(by).await?.is_empty()) }).await
    }

    /// Waits until what `by` describes is there, and clicks it.
    pub async fn click(&self, by: &By) -> Result<()> {
        // Between finding and clicking the page may have drawn it anew.
        let start = Instant::now();
        loop {
            match self.find(by).await?.click().await {
                Ok(()) => return Ok(()),
                Err(error) if start.elapsed() > PATIENCE => {
                    return Err(error).with_context(|| format!("{by} could not be clicked"));
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// The text that a person sees in what `by` describes.
    pub async fn text(&self, by: &By) -> Result<String> {
        Ok(self.find(by).await?.text().await?)
    }

    /// What stands in a field.
    pub async fn value(&self, by: &By) -> Result<String> {
        Ok(self.find(by).await?.prop("value").await?.unwrap_or_default())
    }

    /// Clicks a field and types `text` at the end of what stands there.
    pub async fn type_into(&self, by: &By, text: &str) -> Result<()> {
        self.click(by).await?;
        self.press("End").await?;
        self.type_text(text).await
    }

    /// Clicks a field and types `text` in place of what stands there.
    pub async fn fill(&self, by: &By, text: &str) -> Result<()> {
        self.click(by).await?;
        self.press("Ctrl+A").await?;
        self.type_text(text).await
    }

    /// Types `text` wherever the keyboard is.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        self.client.perform_actions(keys::typed(text)).await.context("typing failed")
    }

    /// Presses keys together, such as `Ctrl+Shift+N`, `F7` or `Enter`.
    pub async fn press(&self, chord: &str) -> Result<()> {
        self.client
            .perform_actions(keys::chord(chord)?)
            .await
            .with_context(|| format!("{chord} could not be pressed"))
    }

    /// Waits until `holds` says yes; `what` is for the message.
    pub async fn until<F, Fut>(&self, what: &str, mut holds: F) -> Result<()>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<bool>>,
    {
        let start = Instant::now();
        while !holds().await? {
            if start.elapsed() > PATIENCE {
                bail!("waited {} s, but not: {what}", PATIENCE.as_secs());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Runs `code` in the page, for what cannot be seen from outside.
    pub async fn script(&self, code: &str, arguments: Vec<Value>) -> Result<Value> {
        self.client.execute(code, arguments).await.context("a script in the page failed")
    }

    /// What the backend answers when the page calls `command` without arguments: a value, or the
    /// error as text.
    pub async fn invoke(&self, command: &str) -> Result<Value> {
        const CALL: &str = "const [command, done] = arguments; \
             window.__TAURI_INTERNALS__.invoke(command).then(done, (error) => done(error));";
        self.client
            .execute_async(CALL, vec![command.into()])
            .await
            .with_context(|| format!("{command} gave no answer"))
    }

    /// Makes the window `width` × `height`, as by dragging its corner.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        Ok(self.client.set_window_size(width, height).await?)
    }

    /// Keeps a picture of the window as `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        // What moves or fades comes to its end; two frames later all of it is drawn.
        const DRAWN: &str = "const done = arguments[arguments.length - 1]; \
             const ends = (one) => Number.isFinite(one.effect?.getComputedTiming().endTime); \
             const frame = () => new Promise((next) => requestAnimationFrame(next)); \
             frame() \
               .then(() => Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished))) \
               .then(frame).then(frame).then(() => done(true));";
        self.client.execute_async(DRAWN, vec![]).await?;
        let file = workspace::target().join("screenshots").join(format!("{name}.png"));
        screenshot::take(&self.display, &file)
    }

    /// Keeps two pictures of the window, `NAME-light` and `NAME-dark`. The page is painted as it
    /// paints itself when the system's theme changes, and keeps everything that it shows.
    pub async fn picture(&self, name: &str) -> Result<()> {
        const PAINT: &str = "const before = document.documentElement.dataset.theme; \
             document.documentElement.dataset.theme = arguments[0]; return before;";
        for theme in [Theme::Dark, Theme::Light] {
            let before = self.script(PAINT, vec![theme.name().into()]).await?;
            self.screenshot(&format!("{name}-{}", theme.name())).await?;
            self.script(PAINT, vec![before]).await?;
        }
        Ok(())
    }

    /// Waits until what `by` describes can be seen exactly `count` times.
    pub async fn counts(&self, by: &By, count: usize) -> Result<()> {
        self.until(&format!("{by}, {count} times"), || async {
            Ok(self.all(by).await?.len() == count)
        })
        .await
    }

    /// The WebDriver client, for what has no shorter way here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn choices(&self, by: &By) -> Result<String> {
        let names = self.script(element::FIND, vec![by.choices()]).await?;
        Ok(names.as_str().unwrap_or("nothing").to_owned())
    }
}
