//! What every command works with: the app over the chosen data folder, and where answers go.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast_app::{App, AppError, Home, view};
use serde::Serialize;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output::line;
use crate::secrets::{self, Secret};

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
            let text = format!("note: the backup of this day could not be made: {error}\n");
            let _ = io::stderr().write_all(text.as_bytes());
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
            raw(&json)
        } else {
            let mut text = text(value);
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            raw(&text)
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

/// Writes to standard output as it is.
pub(crate) fn raw(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// The text in a file, or of standard input where the file is `-`.
pub(crate) fn read_text(file: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::Input { name: file.display().to_string(), error };
    let mut text = String::new();
    if file.as_os_str() == "-" {
        io::stdin().lock().read_to_string(&mut text).map_err(failed)?;
    } else {
        File::open(file).and_then(|mut file| file.read_to_string(&mut text)).map_err(failed)?;
    }
    Ok(text)
}

/// What an action did, and what it left alone.
pub(crate) fn did(done: &view::Done) -> String {
    let mut text = format!("{}\n", line(&done.label));
    for skipped in &done.skipped {
        text.push_str(&format!("Left alone: {}\n", line(skipped)));
    }
    text
}
