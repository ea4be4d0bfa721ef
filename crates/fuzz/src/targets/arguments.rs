//! Command lines of `holdfastctl`: understood, or refused as wrong usage.
#![allow(clippy::octal_escapes, reason = "zero bytes stand between words")]

use crate::Target;
use std::ffi::OsString;

pub(crate) const TARGET: Target = Target { name: "arguments", run, seeds, mutations: 2_500 };

fn seeds() -> Vec<Vec<u8>> {
    [
        "init\0--name\0Laptop\0--key-store\0file",
        "list\0add\0Work\0--parent\001\0--space\0nearby",
        "add\0Buy oak tomorrow 9am #Workshop @shop p1 !fri *every 2 weeks",
        "tasks\0--list\0L\0--view\0today\0--query\0Q\0--json",
        "task\0set\001\0title=x\0when=tomorrow\0tags=+a,-b",
        "note\0splice\001\03\00\0-x\0--json",
        "undo\03",
        "bundle\0export\0F\0--invite\0--passphrase-file\0P",
        "resolve\001\0--take\01",
        "dump\0--json\0--space\0everywhere",
        "--home\0D\0check\0--repair",
        "help\0task",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

#[cfg(unix)]
fn word(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}
#[cfg(not(unix))]
fn word(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

fn run(data: &[u8]) {
    let words = data.split(|byte| *byte == 0).take(64).map(word);
    let understood = holdfast_cli::understand(std::iter::once("holdfastctl".into()).chain(words));
    if let Err(status) = understood {
        // Help and version were asked for, or the usage is wrong.
        assert!(matches!(status, 0 | 2), "exit status {status}");
    }
}
