//! WebKitWebDriver: starting it, opening a session with the app, and ending both.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// A driver for one app. Dropping it ends both.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts `command`, which is WebKitWebDriver with the environment that the app shall have.
    #[expect(clippy::disallowed_methods, reason = "the driver does not say when it listens")]
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        // Taken from the system and let go again; the driver cannot choose one itself.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let process = command
            .args(["--host=127.0.0.1".to_owned(), format!("--port={port}")])
            // Without this the web view does not let itself be driven.
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .spawn()
            .context("WebKitWebDriver could not be started")?;
        let driver = Self { process, port };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if start.elapsed() > Duration::from_secs(20) {
                bail!("WebKitWebDriver does not answer on port {port}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(driver)
    }

    /// Lets the driver start `app`, and connects to its window.
    pub(crate) async fn open(&self, app: &Path) -> Result<Client> {
        let wanted = json!({ "webkitgtk:browserOptions": { "binary": app, "args": [] } });
        let serde_json::Value::Object(capabilities) = wanted else {
            bail!("capabilities are an object");
        };
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .with_context(|| format!("{} could not be driven", app.display()))
    }

    /// Ends the app and the driver at once.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // The app is the driver's child, and would outlive it.
        for pid in descendants(self.process.id()) {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                // Gone already is as good.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

fn descendants(parent: u32) -> Vec<u32> {
    let children: Vec<u32> = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect();
    children.iter().copied().chain(children.iter().flat_map(|pid| descendants(*pid))).collect()
}
