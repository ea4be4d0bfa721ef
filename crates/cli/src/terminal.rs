//! The one way to a terminal. Titles, names and reasons come from other devices, some from strangers: what
//! people read goes out without anything that steers a terminal or turns the direction of the text.
//!
//! Nothing else in this crate writes to standard output or standard error (`tests/tests/directions.rs`).

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crate::failure::Failure;

/// Characters of one name, title or reason on a line; the JSON form has all of it.
const LINE: usize = 1_000;
/// Characters of one message on standard error.
const MESSAGE: usize = 4_000;
/// Stands for a character that is not shown.
const INSTEAD: char = '\u{fffd}';

/// Answers for people, on standard output.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    write_out(&harmless(text))
}

/// One JSON document, on standard output. Its form allows no control characters within; what it allows and
/// turns a text is escaped, which says the same.
pub(crate) fn json(text: &str) -> Result<(), Failure> {
    write_out(&escaped(text))
}

/// A JSON document without characters that steer a terminal: they stand in its strings alone.
fn escaped(json: &str) -> Cow<'_, str> {
    let steers = |c: char| matches!(c, '\u{7f}'..='\u{9f}') || turns(c);
    if !json.contains(steers) {
        return json.into();
    }
    let mut text = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if steers(c) {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text.into()
}

/// What went wrong, of a length that leaves room for a code and a remedy.
pub(crate) fn message(text: &str) -> Cow<'_, str> {
    bounded(text, MESSAGE / 2)
}

/// What a person stores, on standard output: to the letter into a file or another program, and as what
/// people read at a terminal.
pub(crate) fn content(text: &str) -> Result<(), Failure> {
    if io::stdout().is_terminal() { say(text) } else { write_out(text) }
}

/// A message on standard error. Where even that cannot be written, the exit status has to do.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().write_all(bounded(&harmless(text), MESSAGE).as_bytes());
}

/// Help, the version, or what is wrong with a command line: what was typed is repeated in it. The exit status
/// for it.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() {
        tell(&text);
    } else if say(&text).is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Whether a person can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Where logs go.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        tell(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A text of one line, of a length that leaves room for others: line breaks and tabs become spaces.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() || turns(c);
    if !text.contains(steers) {
        return bounded(text, LINE);
    }
    let shown: String = text
        .chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if steers(c) => INSTEAD,
            c => c,
        })
        .collect();
    Cow::Owned(bounded(&shown, LINE).into_owned())
}

/// A text of several lines.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || turns(c);
    if !text.contains(steers) {
        return text.into();
    }
    let text = text.replace("\r\n", "\n");
    text.chars().map(|c| if steers(c) { INSTEAD } else { c }).collect::<String>().into()
}

/// Characters that turn the direction of what stands beside them, and so can make one text look like
/// another, and those that break a line where no line should end. Letters that are written from right to left
/// need none of them.
const fn turns(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

fn bounded(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

fn write_out(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every character that a terminal obeys, and every one that turns the direction.
    fn steering() -> impl Iterator<Item = char> {
        let controls = (0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control());
        let turning =
            [0x61c, 0x200e, 0x200f].into_iter().chain(0x2028..=0x202e).chain(0x2066..=0x2069);
        controls.chain(turning.filter_map(char::from_u32))
    }

    #[test]
    fn nothing_that_steers_a_terminal_or_turns_a_text_gets_through() {
        assert_eq!(steering().count(), 65 + 14);
        for c in steering() {
            let text = format!("a{c}b");
            assert!(!line(&text).contains(c), "{c:?}");
            let kept = matches!(c, '\n' | '\t');
            assert_eq!(harmless(&text).contains(c), kept, "{c:?}");
        }
        assert_eq!(line("a\u{1b}[2Jb\nc\u{202e}d"), "a\u{fffd}[2Jb c\u{fffd}d");
        assert_eq!(harmless("a\u{1b}]0;x\u{7}\r\n\tb"), "a\u{fffd}]0;x\u{fffd}\n\tb");
        for plain in ["Plän 🌳 木材", "שלום עולם", "مرحبا", "👩\u{200d}👩\u{200d}👧"]
        {
            assert_eq!((line(plain), harmless(plain)), (plain.into(), plain.into()));
        }
    }

    #[test]
    fn json_says_the_same_without_what_turns_a_text() {
        let value = serde_json::json!({ "title": "a\u{202e}b\u{85}c", "plain": "שלום" });
        let text = value.to_string();
        let shown = escaped(&text);
        assert!(!shown.contains(['\u{202e}', '\u{85}']) && shown.contains("שלום"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn a_line_has_an_end_and_a_text_is_all_there() {
        let long = "é".repeat(5_000);
        assert_eq!(line(&long).chars().count(), LINE + 1);
        assert!(line(&long).ends_with('…'));
        assert_eq!(line(&"\u{1b}".repeat(5_000)).chars().count(), LINE + 1);
        assert_eq!(harmless(&long).chars().count(), 5_000);
        assert_eq!(bounded(&long, MESSAGE).chars().count(), MESSAGE + 1);
    }
}
