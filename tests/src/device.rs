//! A device of a story: a name, a data folder, and the command line over that folder.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// A device such as `laptop` or `phone`. Everything that it keeps is in one temporary folder, so
/// any number of them live beside each other and leave nothing behind.
pub struct Device {
    name: String,
    folder: TempDir,
    clock: Option<String>,
    files: Option<PathBuf>,
    network: Option<String>,
    announced: bool,
}

impl Device {
    /// A new, empty device.
    pub fn new(name: &str) -> Result<Self> {
        let folder = TempDir::with_prefix(format!("holdfast-{name}-"))?;
        let name = name.to_owned();
        Ok(Self { name, folder, clock: None, files: None, network: None, announced: true })
    }

    /// The same device with its clock off by `offset`, such as `+2h`.
    #[must_use]
    pub fn with_clock(mut self, offset: &str) -> Self {
        self.clock = Some(offset.to_owned());
        self
    }

    /// The same device, whose window takes files from `folder` and puts them there instead of
    /// asking with the system's dialogs. Two devices with one folder are what a memory stick is.
    #[must_use]
    pub fn with_files(mut self, folder: &Path) -> Self {
        self.files = Some(folder.to_owned());
        self
    }

    /// The same device on a network of its own: the namespace of that name, whose interface is `eth0`.
    #[must_use]
    pub fn in_network(mut self, namespace: &str) -> Self {
        self.network = Some(namespace.to_owned());
        self
    }

    /// The same device, found by nobody and looking for nobody: typed addresses alone lead to others.
    #[must_use]
    pub fn unannounced(mut self) -> Self {
        self.announced = false;
        self
    }

    /// A command that runs a program of this workspace as this device, where it is.
    pub fn command(&self, program: &str) -> Result<Command> {
        let program = built(program)?;
        let mut command = match &self.network {
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(program);
                command
            }
            None => Command::new(program),
        };
        self.inhabit(&mut command);
        Ok(command)
    }

    /// The name it goes by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its data folder.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A file of its own, beside the data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets `command` act as this device: its data folder, its clock, and no trace of the
    /// person who runs the tests.
    pub fn inhabit(&self, command: &mut Command) {
        let under = |name: &str| self.folder.path().join(name);
        command
            .env("HOLDFAST_HOME", self.home())
            .env("HOLDFAST_KEY_STORE", "file")
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", under("config"))
            .env("XDG_DATA_HOME", under("data"))
            .env("XDG_CACHE_HOME", under("cache"))
            .env("XDG_STATE_HOME", under("state"))
            // Tests never speak on the machine's own network.
            .env("HOLDFAST_LAN_INTERFACE", self.network.as_ref().map_or("lo", |_| "eth0"))
            .env("HOLDFAST_LAN_DISCOVERY", if self.announced { "on" } else { "off" })
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        match &self.clock {
            Some(offset) => command.env("HOLDFAST_TEST_CLOCK", offset),
            None => command.env_remove("HOLDFAST_TEST_CLOCK"),
        };
        match &self.files {
            Some(folder) => command.env("HOLDFAST_TEST_FILES", folder),
            None => command.env_remove("HOLDFAST_TEST_FILES"),
        };
    }

    /// Runs `holdfastctl` with `arguments` as this device, whatever comes of it.
    pub fn try_ctl(&self, arguments: &[&str]) -> Result<Output> {
        self.command("holdfastctl")?
            .args(arguments)
            .output()
            .context("holdfastctl could not be started")
    }

    /// Runs `holdfastctl` as this device and returns what it printed; a failure is an error that
    /// has its message.
    pub fn ctl(&self, arguments: &[&str]) -> Result<String> {
        let output = self.try_ctl(arguments)?;
        if !output.status.success() {
            bail!(
                "{}: holdfastctl {} failed ({}): {}",
                self.name,
                arguments.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// The same with `--json`, read.
    pub fn json(&self, arguments: &[&str]) -> Result<serde_json::Value> {
        let text = self.ctl(&[arguments, &["--json"]].concat())?;
        serde_json::from_str(&text).with_context(|| format!("not one JSON document: {text}"))
    }
}

/// A program of this workspace as it was built beside the running test.
pub fn built(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    // target/debug/deps/test-0123 → target/debug
    let folder = test.ancestors().nth(2).unwrap_or(Path::new("."));
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        bail!("{} is not built: run `cargo xtask test`, which builds it first", program.display());
    }
    Ok(program)
}
