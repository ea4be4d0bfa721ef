//! Whether everything is well.

use std::fs;

use clap::Args;
use holdfast_app::{AppError, KeyStore};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::line;

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Take out what is damaged, after a backup, and make the views anew.
    #[arg(long)]
    repair: bool,
}

/// `check`
pub(crate) fn check(arguments: CheckArguments, context: &mut Context) -> Result<(), Failure> {
    let report = context.app()?.check(arguments.repair)?;
    context.answer(&report, |report| {
        let lines: Vec<String> = report.lines.iter().map(|text| line(text).to_string()).collect();
        lines.join("\n")
    })?;
    if report.ok { Ok(()) } else { Err(Failure::CheckFailed) }
}

/// `doctor`: what a person, or someone who helps them, needs to know about this device. It answers also
/// where there is no vault, or where it cannot be opened, and says so.
pub(crate) fn doctor(context: &mut Context) -> Result<(), Failure> {
    let app = context.app_without_vault();
    let home = app.home().path().to_owned();
    let now = app.clock().zoned();
    let stores: Vec<&str> = KeyStore::available().into_iter().map(KeyStore::as_str).collect();
    let has_vault = app.has_vault();
    let bytes: u64 = fs::read_dir(&home).map_or(0, |entries| {
        entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.metadata().ok())
            .map(|data| data.len())
            .sum()
    });
    // The folder may not exist yet; what is above it is on the same disk.
    let free = home.ancestors().find_map(|folder| fs4::available_space(folder).ok());
    let database = database(context, has_vault)?;
    let answer = json!({
        "versions": {
            "holdfastctl": env!("CARGO_PKG_VERSION"),
            "system": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
        },
        "clock": {
            "now": now.timestamp().to_string(),
            "zone": now.time_zone().iana_name(),
            "test": std::env::var("HOLDFAST_TEST_CLOCK").ok(),
        },
        "keychain": { "works": stores.contains(&"keychain"), "stores": stores },
        "home": {
            "path": home.display().to_string(),
            "vault": has_vault,
            "missing": app.home().remains().map(|left| format!("the database; left: {left}")),
            "bytes": bytes,
        },
        "database": database,
        "disk": { "free": free },
        "network": { "used": false, "mode": "manual" },
    });
    context.answer(&answer, |answer| text_of(answer, ""))
}

/// The check of the database; an answer also where it cannot be opened.
fn database(context: &Context, has_vault: bool) -> Result<Value, Failure> {
    if !has_vault {
        return Ok(Value::Null);
    }
    let checked: Result<_, Failure> =
        context.app().and_then(|app| app.check(false).map_err(|error: AppError| error.into()));
    match checked {
        Ok(report) => Ok(json!({ "ok": report.ok, "lines": report.lines })),
        Err(Failure::App(error)) => {
            Ok(json!({ "ok": false, "lines": [error.to_string()], "code": error.code() }))
        }
        Err(other) => Err(other),
    }
}

/// Nested values as lines "name part: value".
fn text_of(value: &Value, name: &str) -> String {
    match value {
        Value::Object(parts) => parts
            .iter()
            .map(|(part, value)| text_of(value, format!("{name} {part}").trim_start()))
            .collect(),
        Value::Array(parts) => parts.iter().map(|part| text_of(part, name)).collect(),
        Value::Null => String::new(),
        Value::String(text) => format!("{name}: {}\n", line(text)),
        other => format!("{name}: {other}\n"),
    }
}
