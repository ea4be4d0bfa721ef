//! Notes that show pictures: what takes long on the way, and comes after the changes that name it.

use crate::Device;
use anyhow::{Context, Result};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Notes with pictures, as an import makes them. Returns how many bytes of pictures there are.
pub fn import(device: &Device, count: usize, picture: usize) -> Result<u64> {
    let folder = device.file("pictures");
    std::fs::create_dir(&folder)?;
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for number in 0..count {
        let mut bytes = vec![0; picture];
        random.fill_bytes(&mut bytes);
        std::fs::write(folder.join(format!("{number}.png")), bytes)?;
        let text =
            format!("Note {number}\n\n![]({number}.png)\n{}", "Some words in it.\n".repeat(40));
        std::fs::write(folder.join(format!("{number}.md")), text)?;
    }
    device.ctl(&["import", "markdown", folder.to_str().context("a path")?])?;
    Ok((count * picture) as u64)
}

/// Everything that an export has of pictures, sorted.
pub fn pictures(device: &Device) -> Result<Vec<Vec<u8>>> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("export");
    device.ctl(&["export", place.to_str().context("a path")?])?;
    let mut pictures = Vec::new();
    let mut open = vec![place];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "png") {
                pictures.push(std::fs::read(path)?);
            }
        }
    }
    pictures.sort();
    Ok(pictures)
}
