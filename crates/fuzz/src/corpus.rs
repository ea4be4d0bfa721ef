//! Where inputs are kept: regressions beside the sources, the rest under `target/`.

use crate::Target;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Inputs that once broke something, or stand for a kind of input; committed.
pub fn regressions(target: &Target) -> io::Result<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(target.name);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        inputs.push((name.unwrap_or_default(), fs::read(&path)?));
    }
    inputs.sort();
    Ok(inputs)
}

/// The folder of generated and found inputs: `target/fuzz`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz")
}

/// Writes the seeds of a target into its corpus folder, for libFuzzer to start from.
pub fn write_seeds(target: &Target) -> io::Result<PathBuf> {
    let folder = folder().join("corpus").join(target.name);
    fs::create_dir_all(&folder)?;
    let regressions = regressions(target)?.into_iter().map(|(_, bytes)| bytes);
    for bytes in (target.seeds)().into_iter().chain(regressions) {
        fs::write(folder.join(blake3::hash(&bytes).to_hex().as_str()), &bytes)?;
    }
    Ok(folder)
}

/// Keeps an input that broke something; where it is.
pub fn keep_found(target: &Target, bytes: &[u8]) -> io::Result<PathBuf> {
    let folder = folder().join("found").join(target.name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(&blake3::hash(bytes).to_hex().as_str()[..16]);
    fs::write(&path, bytes)?;
    Ok(path)
}
