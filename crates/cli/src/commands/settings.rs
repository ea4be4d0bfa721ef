//! Policies and devices.

use clap::{Args, Subcommand, ValueEnum};
use holdfast_app::App;
use holdfast_app::view::{DeviceView, Policy};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, line, time};

/// What happens with edits that did not know of each other.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PolicyName {
    /// The newest stands; the others are in the history.
    Newest,
    /// They are merged.
    Merge,
    /// A person decides.
    Ask,
}

impl From<PolicyName> for Policy {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Newest => Self::Newest,
            PolicyName::Merge => Self::Merge,
            PolicyName::Ask => Self::Ask,
        }
    }
}

fn name(policy: Policy) -> &'static str {
    match policy {
        Policy::Newest => "newest",
        Policy::Merge => "merge",
        Policy::Ask => "ask",
    }
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    /// The kind of data, as `holdfastctl policies` names it.
    kind: String,
    /// What happens from now on, on all devices.
    policy: PolicyName,
}

/// `policy`
pub(crate) fn policy(arguments: PolicyArguments, context: &mut Context) -> Result<(), Failure> {
    let done = context.app()?.set_policy(&arguments.kind, arguments.policy.into())?;
    context.done(&done)
}

/// `policies`
pub(crate) fn policies(context: &mut Context) -> Result<(), Failure> {
    let policies = context.app()?.policies()?;
    context.answer(&policies, |policies| {
        let mut table = Table::default();
        for policy in policies {
            let choices: Vec<&str> = policy.choices.iter().copied().map(name).collect();
            let choices = format!("of {}", choices.join(", "));
            table.row([&policy.kind, name(policy.policy), &choices, &policy.label]);
        }
        table.text()
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Give a device another name, on all devices.
    Rename {
        /// Its name, or the beginning of its id.
        device: String,
        /// The new name.
        name: String,
    },
    /// Remove a device from the vault: it gets no key and no change from now on.
    Remove {
        /// Its name, or the beginning of its id.
        device: String,
    },
    /// Keep a device from connecting to this one and from pairing with it.
    Block {
        /// Its name, or the beginning of its id.
        device: String,
    },
    /// Let a blocked device connect and pair again.
    Unblock {
        /// Its name, or the beginning of its id.
        device: String,
    },
}

/// `device …`
pub(crate) fn device(command: DeviceCommand, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    match command {
        DeviceCommand::Rename { device, name } => {
            let done = app.rename_device(&find_device(app, &device)?.id, &name)?;
            context.done(&done)
        }
        DeviceCommand::Block { device } => {
            let device = find_device(app, &device)?;
            app.block_device(&device.id)?;
            context.answer(&json!({ "id": device.id, "blocked": true }), |_| {
                format!(
                    "{} can neither connect to this device nor pair with it.\n",
                    line(&device.name)
                )
            })
        }
        DeviceCommand::Unblock { device } => {
            let device = find_device(app, &device)?;
            app.unblock_device(&device.id)?;
            context.answer(&json!({ "id": device.id, "blocked": false }), |_| {
                format!("{} can connect and pair again.\n", line(&device.name))
            })
        }
        DeviceCommand::Remove { device } => {
            let id = find_device(app, &device)?.id;
            let removal = app.inspect_removal(&id)?;
            app.remove_device(&id)?;
            context.answer(&removal, |removal| {
                let mut text = format!("{} was removed from the vault.\n", line(&removal.name));
                for sentence in removal.does.iter().chain([&removal.cannot]) {
                    text.push_str(&format!("{}\n", line(sentence)));
                }
                text
            })
        }
    }
}

/// `devices`
pub(crate) fn devices(context: &mut Context) -> Result<(), Failure> {
    let devices = context.app()?.devices()?;
    context.answer(&devices, |devices| {
        let mut table = Table::default();
        for device in devices {
            let by = device.removed_by.as_deref().map(line).unwrap_or_default();
            let state = match (device.here, device.removed, device.last_seen) {
                (true, true, _) => format!("this device, removed by {by}"),
                (true, ..) => "this device".to_owned(),
                (_, true, _) => format!("removed by {by}"),
                (_, _, Some(seen)) => format!("last seen {}", time(seen)),
                (_, _, None) => "not seen yet".to_owned(),
            };
            table.row([&device.id, &device.name, &device.platform, &state, &device.fingerprint]);
        }
        table.text()
    })
}

/// The one device of that name, or whose id begins so.
pub(crate) fn find_device(app: &App, given: &str) -> Result<DeviceView, Failure> {
    let mut devices = app.devices()?;
    devices.retain(|device| !device.removed);
    let wanted = given.to_lowercase();
    let named = |device: &DeviceView| device.name.to_lowercase() == wanted;
    let by_name = devices.iter().any(named);
    devices.retain(|device| {
        if by_name { named(device) } else { !wanted.is_empty() && device.id.starts_with(&wanted) }
    });
    match <[DeviceView; 1]>::try_from(devices) {
        Ok([device]) => Ok(device),
        Err(found) if found.is_empty() => {
            Err(Failure::NoDevice(format!("no device is called '{given}'")))
        }
        Err(_) => Err(Failure::NoDevice(format!("more than one device is called '{given}'"))),
    }
}
