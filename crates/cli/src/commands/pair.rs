//! Pairing with devices on the same network, and where they are.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use zeroize::Zeroizing;

use super::sync::signals;
use super::vault::{KeyArguments, RemainsArguments};
use holdfast_app::view::{SameLists, ShownCode};
use holdfast_app::{Agreement, AppError, PairingPreview};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{count, line};
use crate::{secrets, terminal};

/// Pairing.
#[derive(Debug, Subcommand)]
pub(crate) enum PairCommand {
    /// Show a code that lets another device in. Returns at once where the app or `watch` is running;
    /// else it stays until the device is paired or the code expires.
    Offer,
    /// The code that is shown, or what came of it; the four words once a device typed it.
    Show,
    /// Join the vault of a device that shows a code.
    Accept(AcceptArguments),
    /// Where a device may be reached that is not found by itself; without one, those that are known.
    Address {
        /// Host and port, such as 192.168.1.5:4829.
        address: Option<String>,
        /// Forget it.
        #[arg(long, requires = "address")]
        forget: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArguments {
    /// The address or the name that the other device shows.
    device: String,
    /// The code that the other device shows. Other accounts of this computer can see it in the list of
    /// processes: where that matters, leave it out to be asked, or give it in a file.
    #[arg(long, conflicts_with = "code_file")]
    code: Option<String>,
    /// A file with the code; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// What this device is called; the computer's own name where nothing is said.
    #[arg(long)]
    name: Option<String>,
    /// Where there is a vault here already: bring along what is in it, and what becomes of lists that
    /// both have. The vault itself is kept beside.
    #[arg(long, value_name = "LISTS")]
    bring_along: Option<BringAlong>,
    #[command(flatten)]
    remains: RemainsArguments,
    #[command(flatten)]
    key: KeyArguments,
}

/// What becomes of lists of one title.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BringAlong {
    /// What is in them comes together in one.
    Merge,
    /// Each stays a list of its own.
    KeepBoth,
}

impl From<BringAlong> for SameLists {
    fn from(chosen: BringAlong) -> Self {
        match chosen {
            BringAlong::Merge => Self::Merge,
            BringAlong::KeepBoth => Self::KeepBoth,
        }
    }
}

/// `pair …`
pub(crate) fn run(command: PairCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        PairCommand::Offer => offer(context),
        PairCommand::Show => {
            let shown = context.app()?.shown_code()?;
            context.answer(&shown, |shown| match shown {
                Some(ShownCode { paired: Some(name), .. }) => {
                    format!("Paired with {}.\n", line(name))
                }
                Some(ShownCode { error: Some(error), .. }) => format!(
                    "{} {}\n",
                    line(&error.message),
                    line(error.remedy.as_deref().unwrap_or_default())
                ),
                Some(ShownCode { joining: Some(device), words, .. }) => typed(&device.name, words),
                Some(ShownCode { code, .. }) => format!("{}\n", line(code)),
                None => "No code is shown: 'holdfastctl pair offer' shows one.\n".to_owned(),
            })
        }
        PairCommand::Accept(arguments) => accept(arguments, context),
        PairCommand::Address { address, forget } => {
            let app = context.app()?;
            let nearby = match address {
                Some(address) if forget => app.remove_address(&address)?,
                Some(address) => app.add_address(&address)?,
                None => app.nearby()?,
            };
            context.answer(&nearby, |nearby| {
                let mut text = String::new();
                for address in &nearby.typed {
                    text.push_str(&format!("{}\n", line(address)));
                }
                text
            })
        }
    }
}

fn offer(context: &mut Context) -> Result<(), Failure> {
    context.app()?;
    let app = context.shared_app();
    let stop = Arc::new(AtomicBool::new(false));
    for signal in signals() {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let (offer, offering) = app.offer_pairing()?;
    let answer = json!({
        "code": offer.code,
        "address": offer.address,
        "name": offer.name,
        "expires": offer.expires,
    });
    context.answer(&answer, |_| {
        format!(
            "The code: {}\nOn the other device: holdfastctl pair accept {}   (it asks for the code)\nThe code is good for two minutes and one try.\n",
            line(&offer.code),
            line(&offer.address)
        )
    })?;
    if !offering.ends_with_this() {
        return Ok(());
    }
    let paired = app.wait_for_pairing(
        &offering,
        || stop.load(Ordering::Relaxed),
        |met| terminal::tell(&typed(&met.name, &met.words)),
    )?;
    if let Some(name) = paired
        && !context.json()
    {
        terminal::say(&format!("Paired with {}.\n", line(&name)))?;
    }
    Ok(())
}

/// What the device that shows the code says of the one on which it was typed.
fn typed(name: &str, words: &[String]) -> String {
    format!(
        "{} typed the code. It shows the same four words: {}\n",
        line(name),
        line(&words.join(" "))
    )
}

fn accept(arguments: AcceptArguments, context: &mut Context) -> Result<(), Failure> {
    let given = context.passphrase_in_file()?.or_else(secrets::from_environment);
    let code = match (arguments.code.map(Zeroizing::new), &arguments.code_file) {
        (Some(code), _) => code,
        (None, Some(file)) => secrets::code_in(file)?,
        (None, None) => secrets::ask_code()?,
    };
    let name = arguments.name.unwrap_or_else(holdfast_app::suggested_name);
    let lists = arguments.bring_along.map(SameLists::from);
    let other = arguments.key.with(&name, given, |new| {
        let app = context.shared_app();
        if app.has_vault() && lists.is_none() {
            return Err(AppError::VaultExists(app.home().path().display().to_string()).into());
        }
        let agree = |preview: &PairingPreview| {
            if preview.check_words && !words_are_the_same(preview) {
                return Agreement::No;
            }
            // Whoever typed the code agreed to the rest.
            Agreement::Yes(lists.unwrap_or(SameLists::KeepBoth))
        };
        arguments
            .remains
            .with(new, |new| Ok(app.accept_pairing(&arguments.device, &code, new, agree)?))
    })?;
    let mut answer = serde_json::to_value(&other).map_err(std::io::Error::from)?;
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("device".into(), context.app()?.identity()?);
    }
    context.answer(&answer, |_| {
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        format!(
            "Paired with {}, which sends {} and {}. Both devices can show: {}\nStay in step with 'holdfastctl watch', or open the app.\n",
            line(&other.name),
            count(number(other.tasks), "task"),
            count(number(other.notes), "note"),
            line(&other.words.join(" "))
        )
    })
}

/// Asks the person at a terminal whether the other device shows the same four words. Where nobody can be
/// asked, the code has to do.
fn words_are_the_same(preview: &PairingPreview) -> bool {
    if !terminal::can_ask() {
        return true;
    }
    terminal::tell(&format!(
        "{} shows four words (in its window, or with 'holdfastctl pair show'). Are they: {}? [y/N] ",
        line(&preview.name),
        line(&preview.words.join(" "))
    ));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && answer.trim().eq_ignore_ascii_case("y")
}
