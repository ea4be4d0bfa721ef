//! Prepares the shell's build: checks that the interface is there, and grants the main window the
//! commands of `src/bindings.rs`, so that the list of commands is written down once.

use std::{env, fs, path::Path, process::exit};

const BINDINGS: &str = "src-tauri/src/bindings.rs";
const INTERFACE: &str = "ui/dist/index.html";

fn main() {
    for path in [BINDINGS, "src-tauri/capabilities", "ui/dist"] {
        println!("cargo::rerun-if-changed={path}");
    }
    if !Path::new(INTERFACE).exists() {
        println!(
            "cargo::error=The interface is not built: {INTERFACE} is missing. Run `cargo xtask \
             run`, or `npm ci` and `npm run build` in the folder `ui`."
        );
        exit(1);
    }
    if let Err(error) = prepare() {
        println!("cargo::error={error}");
        exit(1);
    }
}

fn prepare() -> Result<(), String> {
    let commands = listed_commands(&read(BINDINGS)?)?;
    let out = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    let folder = Path::new(&out).join("window-permissions");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    fs::write(folder.join("main-window.toml"), permission(&commands))
        .map_err(|error| error.to_string())?;

    // The pattern must outlive the build script, which ends right after.
    let pattern: &'static str = folder.join("*.toml").to_string_lossy().into_owned().leak();
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new().permissions_path_pattern(pattern));
    tauri_build::try_build(attributes).map_err(|error| format!("{error:#}"))
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

/// The last path segment of every entry of `collect_commands![…]`.
fn listed_commands(source: &str) -> Result<Vec<String>, String> {
    let missing = || format!("{BINDINGS} has no `collect_commands![…]` list");
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let (_, rest) = code.split_once("collect_commands![").ok_or_else(missing)?;
    let (list, _) = rest.split_once(']').ok_or_else(missing)?;
    Ok(list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .filter_map(|entry| entry.rsplit("::").next().map(str::to_owned))
        .collect())
}

/// A permission that allows `commands`. Once the app has a permission, Tauri refuses every command
/// that no capability of the asking window names.
fn permission(commands: &[String]) -> String {
    let names: Vec<_> = commands.iter().map(|name| format!("\"{name}\"")).collect();
    format!(
        "[[permission]]\nidentifier = \"main-window\"\ndescription = \"Every command of the \
         interface\"\ncommands.allow = [{}]\n",
        names.join(", ")
    )
}
