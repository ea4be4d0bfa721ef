//! Installing packages with the system's own package manager, and the words for where that cannot
//! be done.

use anyhow::{Context, Result, bail};

use crate::{platform::Platform, process};

/// The oldest Node that the interface's tools run on.
const NODE: (u32, u32) = (20, 19);

/// Installs `packages`, as root or through sudo.
pub fn install(platform: Platform, packages: &[&str]) -> Result<()> {
    let steps: Vec<Vec<&str>> = match platform {
        Platform::Debian => vec![
            vec!["apt-get", "update"],
            [&["apt-get", "install", "--yes", "--no-install-recommends"], packages].concat(),
        ],
        Platform::Fedora => vec![[&["dnf", "install", "--assumeyes"], packages].concat()],
        Platform::Arch => {
            vec![[&["pacman", "--sync", "--needed", "--noconfirm"], packages].concat()]
        }
        Platform::OtherLinux | Platform::MacOs | Platform::Windows => {
            bail!("Install {} and run this again.", packages.join(", "))
        }
    };
    let root = process::answer("id", &["-u"]).as_deref() == Some("0");
    if !root && process::find("sudo").is_none() {
        let typed: Vec<_> = steps.iter().map(|step| step.join(" ")).collect();
        bail!("Installing takes root. Run as root: {}", typed.join(" && "));
    }
    for step in steps {
        let mut command = if root {
            let (program, arguments) = step.split_first().context("an empty command")?;
            let mut command = process::command(program);
            command.args(arguments);
            command
        } else {
            let mut command = process::command("sudo");
            command.arg("--preserve-env=DEBIAN_FRONTEND").args(step);
            command
        };
        process::run(command.env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    Ok(())
}

/// Checks that Node is there and new enough; installs it where a package manager has it.
pub fn ensure_node() -> Result<()> {
    let platform = Platform::here();
    let Some(found) = process::answer("node", &["--version"]) else {
        match platform {
            Platform::Fedora => install(platform, &["nodejs", "nodejs-npm"])?,
            Platform::Arch => install(platform, &["nodejs", "npm"])?,
            Platform::MacOs if process::find("brew").is_some() => {
                process::run(process::command("brew").args(["install", "node"]))?;
            }
            Platform::Windows if process::find("winget").is_some() => {
                process::run(process::command("winget").args([
                    "install",
                    "--id",
                    "OpenJS.NodeJS.LTS",
                    "--exact",
                ]))?;
                bail!(
                    "Node was installed. Open a new terminal, so that it is found, and run this again."
                );
            }
            // The releases of Debian and Ubuntu in use carry an older one.
            _ => bail!(
                "Node {}.{} or newer is needed to build the interface. Get it from \
                 https://nodejs.org/en/download and run this again.",
                NODE.0,
                NODE.1
            ),
        }
        return Ok(());
    };
    if version(&found).is_none_or(|version| version < NODE) {
        bail!(
            "Node {found} is too old: {}.{} or newer is needed. Get it from \
             https://nodejs.org/en/download and run this again.",
            NODE.0,
            NODE.1
        );
    }
    if process::find("npm").is_none() {
        bail!(
            "Node is there but npm is not found. Install npm (it comes with Node from nodejs.org)."
        );
    }
    Ok(())
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Checks for Apple's command line tools; the web view comes with the system.
pub fn ensure_macos() -> Result<()> {
    if !process::succeeds("xcode-select", &["-p"]) {
        bail!(
            "Apple's command line tools are missing. Run `xcode-select --install`, follow its window, and run this again."
        );
    }
    Ok(())
}

/// Checks for the WebView2 runtime, which Windows 11 has and older ones may lack. The C++ build
/// tools must be there, or this program would not have been built.
pub fn ensure_windows() -> Result<()> {
    const CLIENT: &str = r"Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}";
    let known = [r"HKLM\SOFTWARE\WOW6432Node", r"HKLM\SOFTWARE", r"HKCU\Software"]
        .iter()
        .any(|root| process::succeeds("reg", &["query", &format!(r"{root}\{CLIENT}"), "/v", "pv"]));
    if known {
        return Ok(());
    }
    if process::find("winget").is_some() {
        return process::run(process::command("winget").args([
            "install",
            "--id",
            "Microsoft.EdgeWebView2Runtime",
            "--exact",
        ]));
    }
    bail!(
        "The WebView2 runtime is missing. Get the Evergreen Bootstrapper from https://developer.microsoft.com/microsoft-edge/webview2 and run this again."
    );
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(version("v20.19.4"), Some((20, 19)));
        assert_eq!(version("v22.12.0"), Some((22, 12)));
        assert_eq!(version("nonsense"), None);
    }
}
