//! What every command works with: the app over the chosen data folder, and where answers go.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast_app::{App, AppError, Home, plain_file, view};
use serde::Serialize;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output::line;
use crate::secrets::{self, Secret};
use crate::terminal;

/// What a command works with.
pub(crate) struct Context {
    app: Arc<App>,
    json: bool,
    passphrase_file: Option<PathBuf>,
}

impl Context {
    /// As the options say that stand before every command.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let home = arguments.home.as_ref().map_or_else(Home::default_place, Home::at);
        Ok(Self {
            app: Arc::new(App::at(home)?),
            json: arguments.json,
            passphrase_file: arguments.passphrase_file.clone(),
        })
    }

    /// The app, whether there is a vault or not.
    pub(crate) fn app_without_vault(&self) -> &App {
        &self.app
    }

    /// The app with its vault open.
    pub(crate) fn app(&self) -> Result<&App, Failure> {
        self.open(true)
    }

    /// The same for commands whose `--passphrase-file` is about something else than this device.
    pub(crate) fn app_unlocked_without_file(&self) -> Result<&App, Failure> {
        self.open(false)
    }

    fn open(&self, from_file: bool) -> Result<&App, Failure> {
        match self.app.open(None) {
            Err(AppError::Locked) => {
                let file = if from_file { self.passphrase_in_file()? } else { None };
                let passphrase = match file.or_else(secrets::from_environment) {
                    Some(passphrase) => passphrase,
                    None => secrets::ask("the data on this device")?,
                };
                self.app.open(Some(&passphrase))?;
            }
            opened => opened?,
        }
        Ok(&self.app)
    }

    /// The app, for commands that hand it to other threads.
    pub(crate) fn shared_app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// Makes the backup of this day, where the command opened the vault. That it cannot be made is said
    /// and does not make the command fail.
    pub(crate) fn backup_if_due(&self) {
        if let Err(error) = self.app.backup_if_due() {
            terminal::tell(&format!("note: the backup of this day could not be made: {error}\n"));
        }
    }

    /// The passphrase in the file that was named, if one was.
    pub(crate) fn passphrase_in_file(&self) -> Result<Option<Secret>, Failure> {
        self.passphrase_file.as_deref().map(secrets::from_file).transpose()
    }

    /// Whether the answer is to be JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Answers with a value: as JSON, or as `text` makes of it for people.
    pub(crate) fn answer<T: Serialize>(
        &mut self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            let mut json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
            json.push('\n');
            terminal::json(&json)
        } else {
            let mut text = text(value);
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            terminal::say(&text)
        }
    }

    /// Answers with what an action did.
    pub(crate) fn done(&mut self, done: &view::Done) -> Result<(), Failure> {
        self.answer(done, did)
    }

    /// Answers with what an action made: for people and scripts, its id alone.
    pub(crate) fn made(&mut self, done: &view::Done) -> Result<(), Failure> {
        self.answer(done, |done| done.ids.join("\n"))
    }
}

/// Bytes of a text that is handed in, at most: more than any note may have.
const TEXT: u64 = 64 * 1024 * 1024;

/// The text in a file, or of standard input where the file is `-`.
pub(crate) fn read_text(file: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::Input { name: file.display().to_string(), error };
    if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().lock().take(TEXT).read_to_string(&mut text).map_err(failed)?;
        Ok(text)
    } else {
        plain_file::read_handed_in(file, TEXT).map_err(failed)
    }
}

/// What an action did, and what it left alone.
pub(crate) fn did(done: &view::Done) -> String {
    let mut text = format!("{}\n", line(&done.label));
    for skipped in &done.skipped {
        text.push_str(&format!("Left alone: {}\n", line(skipped)));
    }
    text
}
