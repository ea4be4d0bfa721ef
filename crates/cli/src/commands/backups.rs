//! Backups: making, showing and restoring them.

use std::path::{Path, PathBuf};

use clap::Args;
use holdfast_app::AppError;
use holdfast_app::view::BackupKind;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, count, line, time};
use crate::secrets;

/// `backup`
pub(crate) fn backup(file: Option<&Path>, context: &mut Context) -> Result<(), Failure> {
    let Some(file) = file else {
        let made = context.app()?.backup_now()?;
        return context.answer(&made, |made| format!("{} bytes in {}", made.bytes, line(&made.id)));
    };
    let bytes = context.app()?.backup(file)?;
    let name = file.display().to_string();
    context.answer(&json!({ "file": name, "bytes": bytes }), |_| {
        format!("{bytes} bytes in {}. The keys are not in it.", line(&name))
    })
}

/// `backups`
pub(crate) fn backups(context: &mut Context) -> Result<(), Failure> {
    // Also where the database cannot be opened: that is when they are needed.
    let backups = context.app_without_vault().backups()?;
    context.answer(&backups, |backups| {
        let mut table = Table::default();
        for backup in backups {
            let kind = match backup.kind {
                BackupKind::Daily => "of the day",
                BackupKind::BeforeMigration => "before an update",
                BackupKind::BeforeRepair => "before a repair",
                BackupKind::BeforeRestore => "before a restore",
                BackupKind::Manual => "asked for",
            };
            table.row([&backup.id, &time(backup.time), kind, &format!("{} bytes", backup.bytes)]);
        }
        table.text()
    })
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup: its name in 'holdfastctl backups', or a file.
    backup: PathBuf,
    /// Write what the backup shows as one change that all devices get, instead of only going back here.
    #[arg(long)]
    propagate: bool,
    /// Show what would happen, and change nothing.
    #[arg(long, conflicts_with = "propagate")]
    preview: bool,
}

/// `restore`
pub(crate) fn restore(arguments: RestoreArguments, context: &mut Context) -> Result<(), Failure> {
    let path = context.app_without_vault().backup_path(&arguments.backup)?;
    if arguments.preview {
        let preview = context.app()?.preview_restore(&path)?;
        return context.answer(&preview, |preview| {
            format!(
                "{} there again, {} with other content, {} gone.\n{} on this device are newer, {} of \
                 them on no other device.",
                count(preview.adds, "item"),
                preview.updates,
                preview.deletes,
                count(preview.newer_here, "change"),
                preview.only_here
            )
        });
    }
    // A damaged database cannot be opened, a missing one neither, and that is what a backup is for.
    let passphrase = match context.app() {
        Err(Failure::App(AppError::Store(_) | AppError::DataMissing { .. })) => {
            context.passphrase_in_file()?.or_else(secrets::from_environment)
        }
        Err(other) => return Err(other),
        Ok(_) => None,
    };
    let app = context.app_without_vault();
    let restored =
        app.restore(&path, arguments.propagate, passphrase.as_deref().map(String::as_str))?;
    context.answer(&restored, |restored| {
        let point = restored.point.as_ref().map(|point| &point.id);
        let mut text = format!(
            "{} there again, {} with other content, {} gone.\n",
            count(restored.adds, "item"),
            restored.updates,
            restored.deletes,
        );
        if let Some(before) = point.or(restored.aside.as_ref()) {
            text.push_str(&format!("What was here before is in {}.\n", line(before)));
        }
        for skipped in &restored.skipped {
            text.push_str(&format!("Left alone: {}\n", line(skipped)));
        }
        text
    })
}
