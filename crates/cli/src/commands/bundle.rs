//! Bundles: changes that are carried in files, and joining a vault with one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use holdfast_app::view::{ExportRequest, PreviewChange, SameLists};
use serde_json::Value;

use super::pair::BringAlong;
use super::settings::find_device;
use super::vault::{NewDeviceArguments, RemainsArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, count, line, time};
use crate::secrets;

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Write changes into a file: those since the last export, where nothing else is said.
    Export {
        /// The file.
        file: PathBuf,
        /// What this device lacks: its name, or the beginning of its id.
        #[arg(long = "for", value_name = "DEVICE", conflicts_with_all = ["all", "invite"])]
        device: Option<String>,
        /// Everything.
        #[arg(long, conflicts_with = "invite")]
        all: bool,
        /// Everything, and an invitation for a new device under a passphrase.
        #[arg(long)]
        invite: bool,
        /// Lists marked Nearby go along this time.
        #[arg(long, conflicts_with = "invite")]
        nearby: bool,
    },
    /// Tell what importing a file would do. Changes nothing.
    Inspect {
        /// The file.
        file: PathBuf,
    },
    /// Take in the changes of a file.
    Import {
        /// The file.
        file: PathBuf,
        /// Also where it deletes much of what is here.
        #[arg(long)]
        yes: bool,
    },
}

/// `bundle …`
pub(crate) fn run(command: BundleCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        BundleCommand::Export { file, device, all, invite, nearby } => {
            let app = if invite { context.app_unlocked_without_file()? } else { context.app()? };
            let request = if invite {
                let passphrase = match context.passphrase_in_file()? {
                    Some(passphrase) => passphrase,
                    None => secrets::ask_new("the invitation")?,
                };
                ExportRequest::Invite { passphrase: passphrase.to_string() }
            } else if all {
                ExportRequest::Full
            } else {
                let device = device.map(|device| find_device(app, &device)).transpose()?;
                ExportRequest::Update { device: device.map(|device| device.id) }
            };
            let result = app.export_bundle_with(&request, nearby, &file)?;
            context.answer(&result, |result| {
                format!(
                    "{} for {} in {} ({} bytes)",
                    count(result.changes, "change"),
                    line(&result.recipient),
                    line(&result.file),
                    result.bytes
                )
            })
        }
        BundleCommand::Inspect { file } => inspect(&file, context),
        BundleCommand::Import { file, yes } => {
            let result = context.app()?.import_bundle(&file, yes)?;
            context.answer(&result, |result| {
                format!(
                    "Added {}, updated {}, deleted {}; {} to decide, {} merged automatically",
                    result.adds,
                    result.updates,
                    result.deletes,
                    count(result.conflicts, "conflict"),
                    result.merged
                )
            })
        }
    }
}

fn inspect(file: &std::path::Path, context: &mut Context) -> Result<(), Failure> {
    let preview = context.app()?.inspect_bundle(file)?;
    let mut answer = serde_json::to_value(&preview).map_err(std::io::Error::from)?;
    if let Value::Object(answer) = &mut answer {
        // For callers that may not see paths.
        answer.remove("token");
    }
    context.answer(&answer, |_| {
        let mut text = format!("From {}, made {}\n", line(&preview.from), time(preview.made));
        text.push_str(&format!(
            "Adds {}, updates {}, deletes {}, {}; {} here already\n",
            preview.adds,
            preview.updates,
            preview.deletes,
            count(preview.conflicts, "conflict"),
            count(preview.already, "change"),
        ));
        for notice in &preview.notices {
            text.push_str(&format!("{}\n", line(notice)));
        }
        let mut table = Table::default();
        for item in &preview.items {
            let what = match item.what {
                PreviewChange::Added => "added",
                PreviewChange::Changed => "changed",
                PreviewChange::Deleted => "deleted",
                PreviewChange::Conflict => "conflict",
            };
            table.row([&item.id, what, &item.kind, &item.title]);
        }
        text + &table.text()
    })
}

#[derive(Debug, Args)]
pub(crate) struct JoinArguments {
    /// The invitation bundle.
    file: PathBuf,
    /// Where there is a vault here already: bring along what is in it, and what becomes of lists that
    /// both have. The vault itself is kept beside.
    #[arg(long, value_name = "LISTS")]
    bring_along: Option<BringAlong>,
    #[command(flatten)]
    remains: RemainsArguments,
    #[command(flatten)]
    device: NewDeviceArguments,
}

/// `join`: the file with a passphrase is about the invitation; the one of this device's key may be in
/// HOLDFAST_PASSPHRASE.
pub(crate) fn join(arguments: JoinArguments, context: &mut Context) -> Result<(), Failure> {
    let invitation = match context.passphrase_in_file()? {
        Some(passphrase) => passphrase,
        None => secrets::ask("the invitation")?,
    };
    arguments.device.with(secrets::from_environment(), |new| {
        let lists = arguments.bring_along.map(SameLists::from);
        let app = context.app_without_vault();
        arguments
            .remains
            .with(new, |new| Ok(app.join_bringing(&arguments.file, &invitation, new, lists)?))
    })?;
    let identity = context.app_without_vault().identity()?;
    context.answer(&identity, |_| format!("{} has joined.", line(&arguments.device.name)))
}
