//! Passphrases: from a file, a variable, or a person at a terminal.

use std::io::{self, Read};
use std::path::Path;

use holdfast_app::plain_file;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::terminal;

/// The variable with the passphrase of this device's key.
pub(crate) const VARIABLE: &str = "HOLDFAST_PASSPHRASE";

/// More than any passphrase has.
const MOST: u64 = 64 * 1024;

/// A passphrase, wiped from memory when it is no longer needed.
pub(crate) type Secret = Zeroizing<String>;

/// The passphrase in a file, without the line end that editors add.
pub(crate) fn from_file(path: &Path) -> Result<Secret, Failure> {
    let failed = |error| Failure::Input { name: path.display().to_string(), error };
    let mut text = Zeroizing::new(plain_file::read_handed_in(path, MOST).map_err(failed)?);
    let kept = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(kept);
    Ok(text)
}

/// The pairing code in a file, or of standard input where the file is `-`.
pub(crate) fn code_in(path: &Path) -> Result<Secret, Failure> {
    let code = if path.as_os_str() == "-" {
        let failed = |error| Failure::Input { name: "standard input".to_owned(), error };
        let mut text = Zeroizing::new(String::new());
        io::stdin().lock().take(MOST).read_to_string(&mut text).map_err(failed)?;
        text
    } else {
        from_file(path)?
    };
    Ok(Zeroizing::new(code.trim().to_owned()))
}

/// Asks the person at the terminal for the pairing code, which is not shown as it is typed.
pub(crate) fn ask_code() -> Result<Secret, Failure> {
    if !terminal::can_ask() {
        return Err(Failure::NoCode);
    }
    let failed = |error| Failure::Input { name: "the terminal".to_owned(), error };
    rpassword::prompt_password("The code that the other device shows: ")
        .map(|code| Zeroizing::new(code.trim().to_owned()))
        .map_err(failed)
}

/// The passphrase in [`VARIABLE`].
pub(crate) fn from_environment() -> Option<Secret> {
    std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

/// Asks the person at the terminal; `what` says for which passphrase.
pub(crate) fn ask(what: &'static str) -> Result<Secret, Failure> {
    if !terminal::can_ask() {
        return Err(Failure::NoPassphrase(what));
    }
    let failed = |error| Failure::Input { name: "the terminal".to_owned(), error };
    rpassword::prompt_password(format!("Passphrase for {what}: "))
        .map(Zeroizing::new)
        .map_err(failed)
}

/// Asks for a new passphrase, twice.
pub(crate) fn ask_new(what: &'static str) -> Result<Secret, Failure> {
    let first = ask(what)?;
    if *ask("the same again")? == *first {
        Ok(first)
    } else {
        Err(Failure::Usage("The two passphrases are not the same.".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::from_file;

    #[test]
    fn only_the_line_end_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passphrase");
        for (written, read) in
            [("oak  \n", "oak  "), ("oak\r\n", "oak"), ("two words", "two words")]
        {
            std::fs::write(&file, written).unwrap();
            assert_eq!(*from_file(&file).unwrap(), read);
        }
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(from_file(&file).is_err());
        assert!(from_file(&folder.path().join("none")).is_err());
    }
}
