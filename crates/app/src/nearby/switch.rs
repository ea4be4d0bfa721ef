//! What choosing a mode would do, before it is done.

use crate::{App, AppError, view};
use serde::Serialize;

/// What choosing a mode would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModePreview {
    /// The mode now.
    pub from: view::Mode,
    /// The mode to be chosen.
    pub to: view::Mode,
    /// Changes that some device lacks.
    pub pending: u32,
    /// What happens, in sentences.
    pub sentences: Vec<String>,
}

fn changes(count: u32) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

impl App {
    /// Says what choosing a mode would do; changes nothing.
    pub fn preview_mode(&self, to: view::Mode) -> Result<ModePreview, AppError> {
        let status = self.status()?;
        let (from, pending) = (status.mode, status.pending);
        let folder = self.folder()?.map(|folder| folder.path);
        let mut sentences = Vec::new();
        match to {
            _ if to == from => sentences.push("Nothing changes: this is the mode now.".to_owned()),
            view::Mode::Nearby => {
                sentences.push(
                    "Holdfast listens in the networks of this device and announces a random name there. Paired devices connect; what they send each other is encrypted.".to_owned(),
                );
                match status.destinations.len() {
                    0 => sentences.push("No device is paired yet.".into()),
                    _ => sentences.push(
                        "Lists marked Everywhere and Nearby go to all devices of the vault that are there, and what was approved of lists that ask first.".into(),
                    ),
                }
                if let Some(folder) = folder {
                    sentences.push(format!(
                        "The exchange folder {folder} is not looked at while this mode is on. It stays as it is."
                    ));
                }
            }
            view::Mode::Manual => {
                sentences.push(
                    "Holdfast stops listening and announcing. Pairings and addresses are kept."
                        .into(),
                );
                sentences.push(match folder {
                    Some(folder) => {
                        format!("Changes go through the exchange folder {folder} again.")
                    }
                    None => "Changes go by bundles that you carry.".to_owned(),
                });
            }
            view::Mode::Cloud => {
                return Err(AppError::Invalid(
                    "This version syncs in Manual mode and in Nearby mode.".into(),
                ));
            }
        }
        if to != from && pending > 0 {
            sentences.push(format!(
                "{} not with every device yet: they stay here and go by the new way.",
                changes(pending)
            ));
        }
        sentences
            .push("Bundles can be exported and imported in every mode. Nothing is deleted.".into());
        Ok(ModePreview { from, to, pending, sentences })
    }
}
