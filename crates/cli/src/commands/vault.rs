//! Making a vault, and how it stands.

use std::sync::OnceLock;

use clap::{Args, ValueEnum};
use holdfast_app::{KeyStore, NewDevice};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{count, line, rfc3339};
use crate::secrets::{self, Secret};
use crate::terminal;

/// Where this device's key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyStoreName {
    /// The system keychain.
    Keychain,
    /// A file under a passphrase.
    Passphrase,
    /// A plain file that only your account can read, like an SSH key without a passphrase.
    File,
}

impl From<KeyStoreName> for KeyStore {
    fn from(name: KeyStoreName) -> Self {
        match name {
            KeyStoreName::Keychain => Self::Keychain,
            KeyStoreName::Passphrase => Self::Passphrase,
            KeyStoreName::File => Self::File,
        }
    }
}

/// What a new device is told.
#[derive(Debug, Args)]
pub(crate) struct NewDeviceArguments {
    /// What this device is called, such as Laptop.
    #[arg(long)]
    pub(crate) name: String,
    #[command(flatten)]
    key: KeyArguments,
}

/// Where a new device's key is kept.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// Where its key is kept. Where nothing is said: the system keychain; where there is none, a file
    /// under a passphrase.
    #[arg(long, env = "HOLDFAST_KEY_STORE")]
    key_store: Option<KeyStoreName>,
}

impl NewDeviceArguments {
    /// The new device. `passphrase` is asked for where it is needed and not given.
    pub(crate) fn with<T>(
        &self,
        passphrase: Option<Secret>,
        make: impl FnOnce(&NewDevice<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.key.with(&self.name, passphrase, make)
    }
}

impl KeyArguments {
    /// Whether the key will be kept under a passphrase that a person has to be asked for.
    fn needs_passphrase(&self) -> bool {
        match self.key_store {
            Some(store) => store == KeyStoreName::Passphrase,
            None => {
                !KeyStore::available().contains(&KeyStore::Keychain) && crate::terminal::can_ask()
            }
        }
    }

    /// The new device of that name. `passphrase` is asked for where it is needed and not given.
    pub(crate) fn with<T>(
        &self,
        name: &str,
        passphrase: Option<Secret>,
        make: impl FnOnce(&NewDevice<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let passphrase = match passphrase {
            None if self.needs_passphrase() => Some(secrets::ask_new("this device's key")?),
            given => given,
        };
        make(&NewDevice {
            name,
            key_store: self.key_store.map(KeyStore::from),
            passphrase: passphrase.as_ref().map(|passphrase| passphrase.as_str()),
            set_aside: None,
        })
    }
}

/// What becomes of what is left of a vault whose database is gone.
#[derive(Debug, Args)]
pub(crate) struct RemainsArguments {
    /// Where the database of this data folder is missing, and keys, settings or backups are left: put them
    /// into a folder of their own, below 'earlier', once the new vault is made. Nothing is deleted.
    #[arg(long)]
    set_aside: bool,
}

impl RemainsArguments {
    /// Makes a new device, in the place of what is left where the person said so, and tells where that is now.
    pub(crate) fn with<T>(
        &self,
        new: &NewDevice<'_>,
        make: impl FnOnce(&NewDevice<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let told = OnceLock::new();
        let made = make(&NewDevice { set_aside: self.set_aside.then_some(&told), ..new.clone() });
        if let Some(folder) = told.get() {
            // Beside the answer, which may be JSON.
            let folder = folder.display().to_string();
            terminal::tell(&format!("What was left is in {} now.\n", line(&folder)));
        }
        made
    }
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    device: NewDeviceArguments,
    #[command(flatten)]
    remains: RemainsArguments,
}

/// `init`
pub(crate) fn init(arguments: InitArguments, context: &mut Context) -> Result<(), Failure> {
    let given = context.passphrase_in_file()?.or_else(secrets::from_environment);
    arguments.device.with(given, |new| {
        arguments.remains.with(new, |new| Ok(context.app_without_vault().create(new)?))
    })?;
    let app = context.app_without_vault();
    let home = app.home().path().display().to_string();
    let mut answer = app.identity()?;
    insert(&mut answer, "home", home.into());
    context.answer(&answer, |_| {
        format!("{} is the first device of a new vault.", line(&arguments.device.name))
    })
}

/// `found-anew`
pub(crate) fn found_anew(device: NewDeviceArguments, context: &mut Context) -> Result<(), Failure> {
    let given = context.passphrase_in_file()?.or_else(secrets::from_environment);
    context.app()?;
    device.with(given, |new| Ok(context.app()?.found_anew(new)?))?;
    let mut answer = context.app()?.identity()?;
    let home = context.app()?.home().path().display().to_string();
    insert(&mut answer, "home", home.into());
    context.answer(&answer, |_| {
        format!(
            "{} is the first device of a new vault, with everything that it held. The vault before is kept beside it.\n",
            line(&device.name)
        )
    })
}

/// `status`
pub(crate) fn status(context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let status = app.status()?;
    let mut answer = app.identity()?;
    let digests: Map<String, Value> = app
        .digests()?
        .into_iter()
        .map(|(space, digest)| (space.as_str().to_owned(), digest.into()))
        .collect();
    let destinations: Vec<Value> = status
        .destinations
        .iter()
        .map(|to| {
            json!({
                "id": to.id,
                "name": to.name,
                "kind": to.kind,
                "state": to.state,
                "missing_there": to.missing_there,
                "missing_here": to.missing_here,
                "last_seen": to.last_seen.map(rfc3339),
            })
        })
        .collect();
    for (name, value) in [
        ("mode", json!(status.mode)),
        ("state", json!(status.state)),
        ("text", json!(status.text)),
        ("pending", json!(status.pending)),
        ("approvals", json!(status.approvals)),
        ("last_export", json!(status.last_export.map(rfc3339))),
        ("destinations", destinations.into()),
        ("conflicts", json!(status.conflicts)),
        ("parked", json!(status.parked)),
        ("digest", digests.get("everywhere").cloned().unwrap_or_default()),
        ("digests", digests.into()),
    ] {
        insert(&mut answer, name, value);
    }
    context.answer(&answer, |_| {
        let mut text = format!("{}\n", line(&status.text));
        for to in &status.destinations {
            text.push_str(&format!("{}: {}\n", line(&to.name), line(&to.state)));
        }
        if status.conflicts > 0 {
            text.push_str(&format!("{} to decide\n", count(status.conflicts, "conflict")));
        }
        for parked in &status.parked {
            text.push_str(&format!("{}\n", line(parked)));
        }
        text
    })
}

/// Adds to a JSON object; other values stay as they are.
fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}
