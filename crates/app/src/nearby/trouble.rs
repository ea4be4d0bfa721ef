//! What goes wrong between two devices, as one sentence and what to do about it.

use crate::view::CommandError;

/// The sentence and the remedy for a trouble that is known by a stable name; `message` is what whoever
/// noticed it said, with the remedy after a colon.
pub(crate) fn told(code: &str, message: &str) -> CommandError {
    let (message, remedy) = match known(code) {
        Some((message, remedy)) => (message.to_owned(), remedy.to_owned()),
        None => match message.rsplit_once(": ") {
            Some((what, remedy)) => (sentence(what), sentence(remedy)),
            None => (sentence(message), "Try again.".to_owned()),
        },
    };
    CommandError { code: code.to_owned(), message, remedy: Some(remedy) }
}

fn known(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "pairing_wrong_code" => (
            "That code isn't right. It cannot be used again.",
            "Show a new code on the other device, and type that one.",
        ),
        "pairing_wrong_try" => (
            "A device tried a wrong code, and that used this one up.",
            "Show a new code. If it was not you who mistyped it, somebody in this network tries codes.",
        ),
        "pairing_busy" => (
            "Other devices are trying to pair with that device just now.",
            "Try again in a moment, with the same code.",
        ),
        "pairing_burned" => (
            "This code was used already.",
            "Show a new code on the device that lets the other one in.",
        ),
        "pairing_expired" => ("The code expired.", "Show a new code. It is good for two minutes."),
        "pairing_no_code" => (
            "The other device shows no code now.",
            "There choose Settings, Devices, Add a device. Then type the code that it shows.",
        ),
        "pairing_not_a_code" => {
            ("A code has eight digits.", "Type it as the other device shows it, such as 4829 1760.")
        }
        "pairing_declined" => (
            "The other device declined. Nothing was paired.",
            "Show a new code if you want to try again.",
        ),
        "pairing_cancelled" => {
            ("The pairing was ended. Nothing was paired.", "Begin again with a new code.")
        }
        "pairing_withdrawn" => ("The code was taken back.", "Show a new code."),
        "already_paired" => {
            ("These devices are paired already.", "Turn on Nearby on both: they find each other.")
        }
        "nobody_nearby" => (
            "No device of that name shows a code in this network.",
            "Guest Wi-Fi and VPNs hide devices: type the address that the other device shows.",
        ),
        "nearby_not_running" => (
            "Nearby has not begun.",
            "Check that this device is connected to a network, then try again.",
        ),
        "nearby_paused" => {
            ("Syncing is paused on this device.", "Resume it to pair with another device.")
        }
        "nearby_changed_key" => (
            "This device has a different key than before. A reinstall does this; so does an impostor. Sync with it is stopped.",
            "Remove it and pair it again, if it was you who reinstalled it.",
        ),
        "nearby_removed" | "not_a_member" => (
            "This device was removed from the vault. What is here stays here, and is synced no more.",
            "To take part again, let it join with a new code from another device.",
        ),
        "nearby_silent" | "nearby_too_slow" | "nearby_lost" => (
            "The connection to the other device broke.",
            "Check that both devices are on and in the same network, then try again.",
        ),
        _ => return None,
    })
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) || text.is_empty() { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::told;
    use crate::{AppError, view::CommandError};
    use holdfast_vault::pairing::PairingError;

    #[test]
    fn every_trouble_has_a_sentence_and_a_remedy() {
        let troubles = [
            AppError::from(PairingError::WrongCode),
            PairingError::Expired.into(),
            PairingError::TooMany { again_in_ms: 4_000 }.into(),
            PairingError::SameDevice.into(),
            AppError::NobodyNearby,
            AppError::NearbyNotRunning,
            AppError::Nearby(holdfast_transports::nearby::NearbyError::UpdateThisDevice {
                app: "2.1".into(),
            }),
        ];
        for error in troubles {
            let told = CommandError::from(&error);
            assert!(told.message.ends_with('.'), "{told:?}");
            assert!(told.message.starts_with(char::is_uppercase), "{told:?}");
            assert!(told.remedy.is_some_and(|remedy| remedy.ends_with('.')), "{error}");
        }
    }

    #[test]
    fn what_was_said_is_parted_from_what_to_do() {
        let error = told("x", "what answers there is not Holdfast (a: b): check the address");
        assert_eq!(error.message, "What answers there is not Holdfast (a: b).");
        assert_eq!(error.remedy.as_deref(), Some("Check the address."));
        assert_eq!(told("x", "").message, "");
    }
}
