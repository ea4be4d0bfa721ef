//! How changes travel: the mode, one exchange now, and staying in step.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};
use holdfast_app::view::{Arriving, Mode, SyncStatus, Triggers};
use holdfast_app::{Keeper, Synced};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{count, line};
use crate::terminal;

/// How changes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// By bundles, and by an exchange folder where one is set.
    Manual,
    /// Straight to paired devices on the same network.
    Nearby,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Manual => Self::Manual,
            ModeName::Nearby => Self::Nearby,
        }
    }
}

/// What happens with what arrives in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ArrivingName {
    /// It is taken in.
    AtOnce,
    /// It waits until `holdfastctl sync --accept`.
    AskFirst,
}

#[derive(Debug, Args)]
pub(crate) struct ModeArguments {
    /// The mode; without it the present one is shown.
    mode: Option<ModeName>,
    /// The exchange folder: a folder that a stick, a share or a program that syncs files carries
    /// between your devices.
    #[arg(long, value_name = "DIR", requires = "mode", conflicts_with = "no_folder")]
    folder: Option<PathBuf>,
    /// Stop using the exchange folder. Deletes nothing, here or there.
    #[arg(long, requires = "mode")]
    no_folder: bool,
    /// What happens with changes that arrive in the folder.
    #[arg(long, value_name = "WHEN", requires = "mode")]
    arriving: Option<ArrivingName>,
    /// What Nearby does where the system counts what goes over the network.
    #[arg(long, value_name = "WHAT", requires = "mode")]
    metered: Option<MeteredName>,
    /// Only show what would happen.
    #[arg(long, requires = "mode")]
    preview: bool,
}

/// What Nearby does over a metered network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MeteredName {
    /// It waits for another network.
    Wait,
    /// It goes on.
    GoOn,
}

/// `mode`
pub(crate) fn mode(arguments: ModeArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let known = app.folder()?;
    if arguments.mode == Some(ModeName::Nearby)
        && (arguments.folder.is_some() || arguments.no_folder || arguments.arriving.is_some())
    {
        return Err(Failure::Usage("an exchange folder belongs to the mode manual".into()));
    }
    if let (Some(mode), true, None) = (arguments.mode, arguments.preview, &arguments.folder) {
        let preview = app.preview_mode(mode.into())?;
        return context.answer(&preview, |preview| {
            let sentences: Vec<String> =
                preview.sentences.iter().map(|text| line(text).into_owned()).collect();
            sentences.join("\n")
        });
    }
    let arriving = match arguments.arriving {
        Some(ArrivingName::AtOnce) => Arriving::AtOnce,
        Some(ArrivingName::AskFirst) => Arriving::AskFirst,
        None => known.as_ref().map(|folder| folder.arriving).unwrap_or_default(),
    };
    let triggers = known.as_ref().map_or_else(Triggers::default, |folder| folder.triggers);
    match (&arguments.folder, arguments.no_folder) {
        (Some(folder), _) if arguments.preview => {
            let preview = app.inspect_folder(folder)?;
            return context.answer(&preview, |preview| {
                let mut text = format!(
                    "Sends {}, {} in {} to {}. Its host sees only sealed files, their sizes and times.\n",
                    count(preview.tasks, "task"),
                    count(preview.notes, "note"),
                    count(preview.changes, "change"),
                    line(&preview.path)
                );
                text.push_str(&format!("Receives {}.\n", count(preview.incoming, "change")));
                for device in &preview.devices {
                    text.push_str(&format!("{} uses it already.\n", line(device)));
                }
                for list in &preview.left {
                    text.push_str(&format!("'{}' does not go into it.\n", line(list)));
                }
                text
            });
        }
        (Some(folder), _) => {
            app.inspect_folder(folder)?;
            app.use_folder(folder, arriving, triggers)?;
        }
        (None, true) => {
            app.stop_folder()?;
        }
        (None, false) if arguments.arriving.is_some() => {
            app.set_folder(arriving, triggers)?;
        }
        (None, false) => {}
    }
    if let Some(metered) = arguments.metered {
        let triggers = app.nearby()?.triggers;
        app.set_nearby(triggers, metered == MeteredName::GoOn)?;
    }
    if let Some(mode) = arguments.mode {
        app.set_mode(mode.into())?;
    }
    let status = app.status()?;
    if status.mode == Mode::Nearby {
        let nearby = app.nearby()?;
        let advice = if nearby.running {
            ""
        } else {
            "Nothing keeps the connections up now: open the app, or run 'holdfastctl watch'.\n"
        };
        let answer = json!({ "mode": "nearby", "nearby": nearby, "text": status.text });
        return context.answer(&answer, |_| {
            let others = status.destinations.len();
            let to = count(u32::try_from(others).unwrap_or(u32::MAX), "paired device");
            format!("Nearby: straight to {to}\n{}\n{advice}", line(&status.text))
        });
    }
    let answer = json!({ "mode": "manual", "folder": app.folder()?, "text": status.text });
    context.answer(&answer, |answer| {
        let folder = answer.pointer("/folder/path").and_then(Value::as_str);
        let place = folder.map_or_else(
            || "by bundles".to_owned(),
            |path| format!("by bundles and through {}", line(path)),
        );
        let text = answer.pointer("/text").and_then(Value::as_str).unwrap_or_default();
        format!("Manual: {place}\n{}\n", line(text))
    })
}

#[derive(Debug, Args)]
pub(crate) struct SyncArguments {
    /// Take in what waits for a look, large deletions too.
    #[arg(long, conflicts_with_all = ["look", "publish_again"])]
    accept: bool,
    /// Show what waits for a look, and change nothing.
    #[arg(long, conflicts_with = "publish_again")]
    look: bool,
    /// Write everything into an exchange folder that was emptied or replaced.
    #[arg(long)]
    publish_again: bool,
}

/// `sync`
pub(crate) fn sync(arguments: SyncArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    if arguments.look {
        let held = app.status()?.held.into_iter().next().map(|held| held.id);
        let preview = app.inspect_held(held.as_deref().unwrap_or("folder"))?;
        return context.answer(&preview, |preview| {
            let mut text = format!(
                "From {}: adds {}, updates {}, deletes {}, {}\n",
                line(&preview.from),
                preview.adds,
                preview.updates,
                preview.deletes,
                count(preview.conflicts, "conflict")
            );
            for item in &preview.items {
                text.push_str(&format!("{} '{}'\n", line(&item.kind), line(&item.title)));
            }
            text
        });
    }
    if arguments.accept {
        let held = app.status()?.held.into_iter().next().map(|held| held.id);
        let taken = app.accept_held(held.as_deref().unwrap_or("folder"), false)?;
        return context.answer(&taken, |taken| {
            format!(
                "Added {}, updated {}, deleted {}, {}\n",
                taken.adds,
                taken.updates,
                taken.deletes,
                count(taken.conflicts, "conflict")
            )
        });
    }
    let shared = context.shared_app();
    let synced = if arguments.publish_again { app.publish_again()? } else { shared.sync_now()? };
    let status = app.status()?;
    let mut answer = serde_json::to_value(&synced).map_err(std::io::Error::from)?;
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("state".into(), json!(status.state));
        answer.insert("text".into(), json!(status.text));
        answer.insert("held".into(), json!(status.held));
        answer.insert("error".into(), json!(status.error));
    }
    context.answer(&answer, |_| said(&synced, &status))?;
    match status.error {
        // Nothing went out: a script must not take that for done.
        Some(error) => Err(Failure::NotSynced(error)),
        None => Ok(()),
    }
}

/// So many things, in words.
fn number(number: u64, thing: &str) -> String {
    count(u32::try_from(number).unwrap_or(u32::MAX), thing)
}

fn said(synced: &Synced, status: &SyncStatus) -> String {
    let mut text = format!(
        "Sent {}, received {}\n{}\n",
        number(synced.sent, "change"),
        number(synced.received, "change"),
        line(&status.text)
    );
    if synced.unfinished > 0 {
        text.push_str(&format!(
            "{} not whole yet: looked at again next time\n",
            number(synced.unfinished, "file")
        ));
    }
    for name in &synced.damaged {
        text.push_str(&format!(
            "Files of {} in the folder are damaged: run `holdfastctl sync --publish-again` there, or on \
             another device that has the same\n",
            line(name)
        ));
    }
    for notice in &synced.notices {
        text.push_str(&format!("{}\n", line(notice)));
    }
    text
}

/// `watch`
pub(crate) fn watch(context: &mut Context) -> Result<(), Failure> {
    context.app()?;
    let json = context.json();
    let app = context.shared_app();
    let stop = Arc::new(AtomicBool::new(false));
    for signal in signals() {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    if !json {
        terminal::say("Staying in step until interrupted (Ctrl+C)\n")?;
    }
    let for_status = Arc::clone(&app);
    let keeper = Keeper::start(Arc::clone(&app), move |outcome| {
        if json {
            return;
        }
        let text = match outcome {
            Ok(synced) if synced.sent == 0 && synced.received == 0 => return,
            Ok(synced) => match for_status.status() {
                Ok(status) => said(synced, &status),
                Err(error) => format!("{}\n", line(&error.to_string())),
            },
            Err(error) => format!("{}\n", line(&error.to_string())),
        };
        // Whoever read it is gone: syncing goes on.
        let _ = terminal::say(&text);
    });
    while !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    drop(keeper);
    if json {
        let status = app.status()?;
        return context.answer(&status, |_| String::new());
    }
    Ok(())
}

#[cfg(unix)]
pub(crate) const fn signals() -> [i32; 3] {
    [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
}
#[cfg(not(unix))]
pub(crate) const fn signals() -> [i32; 2] {
    [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM]
}
