//! Starting other programs: shown before they run, and failing with what was run.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Where `name` is found in `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(&paths).find_map(|folder| {
        endings.iter().map(|end| folder.join(format!("{name}{end}"))).find(|path| path.is_file())
    })
}

/// A command for `name`, with the ending that Windows needs for scripts such as `npm.cmd`.
pub fn command(name: &str) -> Command {
    Command::new(find(name).unwrap_or_else(|| name.into()))
}

/// What `command` looks like when typed.
pub fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    std::iter::once(program)
        .chain(command.get_args().map(|argument| argument.to_string_lossy().into_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs `command` with this process's output, and fails if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let text = shown(command);
    println!("$ {text}");
    let status = command.status().with_context(|| format!("`{text}` could not be started"))?;
    if !status.success() {
        bail!("`{text}` failed ({status})");
    }
    Ok(())
}

/// Runs `command`, passing its output on line by line, and returns those lines and whether it
/// succeeded. Both streams go to this process's standard output, so their order is kept as well as
/// two pipes allow.
pub fn run_watched(command: &mut Command) -> Result<(Vec<String>, bool)> {
    let text = shown(command);
    println!("$ {text}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{text}` could not be started"))?;
    let errors = child.stderr.take().map(|stream| std::thread::spawn(move || pass_on(stream)));
    let mut lines = child.stdout.take().map(pass_on).unwrap_or_default();
    if let Some(errors) = errors {
        lines.extend(errors.join().unwrap_or_default());
    }
    Ok((lines, child.wait()?.success()))
}

fn pass_on(stream: impl std::io::Read) -> Vec<String> {
    let mut lines = Vec::new();
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        // A closed output is no reason to stop the tests.
        let _ = writeln!(std::io::stdout(), "{line}");
        lines.push(line);
        bytes.clear();
    }
    lines
}

/// Whether `program` runs and succeeds with `arguments`; its output is dropped.
pub fn succeeds(program: &str, arguments: &[&str]) -> bool {
    command(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What `program` prints with `arguments`, trimmed; nothing if it fails.
pub fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
