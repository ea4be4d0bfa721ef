//! Pictures of a virtual screen.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{display::VirtualDisplay, process};

/// Keeps a picture of what is on the screen in `file`, without the empty black around it; the
/// file's ending says the format.
pub fn take(display: &VirtualDisplay, file: &Path) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    }
    let mut picture = Command::new("import");
    picture.args(["-display", display.name(), "-window", "root"]).arg(file);
    // One black line all round first, so that every edge is trimmed down to the window.
    let mut trim = Command::new("mogrify");
    trim.args(["-quiet", "-bordercolor", "black", "-border", "1", "-trim", "+repage"]).arg(file);
    for command in [&mut picture, &mut trim] {
        let name = command.get_program().to_string_lossy().into_owned();
        let status = command
            .status()
            .with_context(|| format!("ImageMagick's `{name}` could not be started"))?;
        if !status.success() {
            bail!("no picture was taken: `{name}` failed ({status})");
        }
    }
    Ok(())
}

/// Waits until something is drawn and has stopped changing, then keeps a picture in `file`.
#[expect(clippy::disallowed_methods, reason = "a screen does not say when it is done changing")]
pub fn take_when_drawn(display: &VirtualDisplay, file: &Path, patience: Duration) -> Result<()> {
    let start = Instant::now();
    let mut before = None;
    loop {
        take(display, file)?;
        let now = fs::read(file)?;
        if colours(file)? > 2 && before.as_ref() == Some(&now) {
            return Ok(());
        }
        if start.elapsed() > patience {
            bail!("the window did not come to rest within {} s", patience.as_secs());
        }
        before = Some(now);
        thread::sleep(Duration::from_millis(700));
    }
}

/// How many colours a picture has; an empty screen has one.
fn colours(file: &Path) -> Result<u64> {
    process::answer("identify", &["-format", "%k", &file.to_string_lossy()])
        .and_then(|answer| answer.parse().ok())
        .context("ImageMagick's `identify` could not read the picture")
}
