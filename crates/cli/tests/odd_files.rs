//! Pipes, devices and giants where a command expects a file: refused at once, with words.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfastctl"))
        .args(arguments)
        .env("HOLDFAST_HOME", home)
        .env("HOLDFAST_KEY_STORE", "file")
        .env_remove("HOLDFAST_PASSPHRASE")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn no_command_waits_for_a_pipe_or_reads_a_device() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("home");
    let made = run(&home, &["init", "--name", "Laptop"]);
    assert!(made.status.success(), "{made:?}");
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    for odd in [pipe, "/dev/zero", place.path().to_str().unwrap()] {
        for command in [
            &["bundle", "inspect", odd][..],
            &["bundle", "import", odd],
            &["restore", odd],
            &["restore", odd, "--preview"],
        ] {
            let refused = run(&home, command);
            assert!(!refused.status.success(), "{command:?}");
            let said = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(said.starts_with("error: "), "{command:?}: {said}");
        }
    }
    // The files of the data folder itself. Nothing hangs, and nothing is made in their place.
    for name in ["holdfast.db", "private.db", "key"] {
        let file = home.join(name);
        let aside = place.path().join("aside");
        std::fs::rename(&file, &aside).unwrap();
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        let refused = run(&home, &["tasks"]);
        assert!(!refused.status.success(), "{name}: {refused:?}");
        std::fs::remove_file(&file).unwrap();
        std::fs::rename(&aside, &file).unwrap();
    }
    assert!(run(&home, &["tasks"]).status.success());
}
