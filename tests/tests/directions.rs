//! The rules of direction of ARCHITECTURE.md, read from `cargo metadata` and the sources.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{Metadata, MetadataCommand};

/// What each package of the workspace may know of the others.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("holdfast-oplog", &[]),
    ("holdfast-model", &["holdfast-oplog"]),
    ("holdfast-vault", &["holdfast-oplog"]),
    ("holdfast-store", &["holdfast-oplog", "holdfast-model", "holdfast-vault"]),
    ("holdfast-sync", &["holdfast-oplog", "holdfast-model", "holdfast-vault", "holdfast-store"]),
    (
        "holdfast-transports",
        &["holdfast-oplog", "holdfast-model", "holdfast-vault", "holdfast-store", "holdfast-sync"],
    ),
    (
        "holdfast-app",
        &[
            "holdfast-oplog",
            "holdfast-model",
            "holdfast-vault",
            "holdfast-store",
            "holdfast-sync",
            "holdfast-transports",
        ],
    ),
    ("holdfast-cli", &["holdfast-app"]),
    ("holdfast", &["holdfast-app"]),
    ("holdfast-relay", &["holdfast-oplog", "holdfast-vault"]),
    ("xtask", &[]),
];

/// Stories, measurements and fuzz targets see everything.
const SEE_ALL: [&str; 2] = ["holdfast-tests", "holdfast-fuzz"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata")
}

fn root() -> PathBuf {
    metadata().workspace_root.into_std_path_buf()
}

fn dependencies() -> BTreeMap<String, Vec<String>> {
    metadata()
        .packages
        .iter()
        .map(|package| {
            let names = package.dependencies.iter().map(|dependency| dependency.name.clone());
            (package.name.to_string(), names.collect())
        })
        .collect()
}

/// The sources of the workspace under `folders`, without build output, as paths from the root.
fn sources(folders: &[&str], ending: &str) -> Vec<(PathBuf, String)> {
    let root = root();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a readable folder");
            open.extend(entries.map(|entry| entry.expect("a readable entry").path()));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            let text = fs::read_to_string(&path).expect("a source in UTF-8");
            let path = path.strip_prefix(&root).expect("a path under the root").to_owned();
            found.push((path, text));
        }
    }
    found.sort();
    found
}

fn is_test(path: &Path) -> bool {
    path.components().skip(2).any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"))
}

/// The lines that are built into the product: no comments, nothing from the tests at the end on.
fn product_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .windows(2)
        .position(|pair| {
            pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ")
        })
        .unwrap_or(lines.len());
    lines
        .into_iter()
        .take(end)
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

/// Every place in the product code of `folders` that has one of `words`.
fn places_of(folders: &[&str], words: &[&str], allowed: impl Fn(&Path) -> bool) -> Vec<String> {
    sources(folders, "rs")
        .iter()
        .filter(|(path, _)| !is_test(path) && !allowed(path))
        .flat_map(|(path, text)| {
            product_code(text)
                .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
                .map(|(number, line)| format!("{}:{number}: {}", path.display(), line.trim()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn crates_depend_downwards_only() {
    let dependencies = dependencies();
    for (package, names) in &dependencies {
        if SEE_ALL.contains(&package.as_str()) {
            continue;
        }
        let (_, allowed) = MAY_DEPEND_ON
            .iter()
            .find(|(name, _)| name == package)
            .unwrap_or_else(|| panic!("say in MAY_DEPEND_ON what {package} may depend on"));
        for name in names.iter().filter(|name| dependencies.contains_key(*name)) {
            assert!(allowed.contains(&name.as_str()), "{package} must not depend on {name}");
        }
    }
}

#[test]
fn each_outer_library_has_its_one_place() {
    let places: &[(&str, &[&str])] = &[
        ("tauri", &["holdfast"]),
        ("rusqlite", &["holdfast-store", "holdfast-relay", "holdfast-tests"]),
        ("loro", &["holdfast-model"]),
        ("spake2", &["holdfast-vault"]),
    ];
    for (package, names) in dependencies() {
        for name in names {
            let place = places
                .iter()
                .find(|(library, _)| name == *library || name.starts_with(&format!("{library}-")));
            if let Some((library, allowed)) = place {
                assert!(allowed.contains(&package.as_str()), "{package} must not use {library}");
            }
        }
    }
}

/// Bugs can be planted in the engine of the tests, and in nothing that people get.
#[test]
fn bugs_are_planted_for_the_tests_alone() {
    for package in metadata().packages {
        let by_itself = package.features.get("default").cloned().unwrap_or_default();
        assert!(!by_itself.iter().any(|feature| feature.contains("planted")), "{}", package.name);
        if package.name.as_str() == "holdfast-tests" {
            continue;
        }
        for dependency in &package.dependencies {
            let asks = dependency.features.iter().any(|feature| feature == "planted");
            assert!(!asks, "{} plants bugs in {}", package.name, dependency.name);
        }
    }
}

#[test]
fn the_text_library_is_named_in_one_module() {
    let places = places_of(&["crates", "src-tauri"], &["loro::"], |path| {
        path.starts_with("crates/model/src/text/crdt")
    });
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn sql_is_in_the_store_alone() {
    const SQL: &[&str] = &[
        "SELECT ",
        "INSERT INTO ",
        "INSERT OR ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "CREATE INDEX ",
        "CREATE VIRTUAL ",
        "PRAGMA ",
        "BEGIN IMMEDIATE",
    ];
    let places = places_of(&["crates", "src-tauri"], SQL, |path| {
        path.starts_with("crates/store") || path.starts_with("crates/relay")
    });
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn files_are_opened_in_one_place() {
    const OPENS: &[&str] =
        &["File::open(", "File::options(", "OpenOptions", "fs::read(", "fs::read_to_string("];
    let places = places_of(&["crates", "src-tauri/src"], OPENS, |path| {
        path == Path::new("crates/store/src/plain_file.rs")
            // Makes files that only the person's account may open.
            || path == Path::new("crates/store/src/private_file.rs")
            // Goes on writing pieces in a folder of this device's own.
            || path == Path::new("crates/transports/src/peer/attachments.rs")
            || path.starts_with("crates/fuzz")
    });
    assert!(places.is_empty(), "a pipe hangs it, a device never ends: {places:#?}");
}

#[test]
fn one_place_writes_to_a_terminal() {
    const WRITES: &[&str] =
        &["io::stdout", "io::stderr", "stdout()", "stderr()", "print!(", "println!(", "dbg!("];
    let places = places_of(&["crates"], WRITES, |path| {
        path == Path::new("crates/cli/src/terminal.rs") || path.starts_with("crates/fuzz")
    });
    assert!(places.is_empty(), "what other devices say would steer it: {places:#?}");
}

#[test]
fn model_and_vault_are_pure() {
    const OUTSIDE: &[&str] = &[
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "OsRng",
        "thread_rng",
        "now_v7(",
        "new_v4(",
        "tokio::",
        "async fn",
        "println!",
        "eprintln!",
    ];
    let places = places_of(&["crates/oplog", "crates/model", "crates/vault"], OUTSIDE, |_| false);
    assert!(places.is_empty(), "time, ids and randomness are passed in: {places:#?}");
}

#[test]
fn library_crates_deny_what_panics() {
    for folder in ["oplog", "model", "vault", "store", "sync", "transports", "app"] {
        let file = format!("crates/{folder}/src/lib.rs");
        let text = fs::read_to_string(root().join(&file)).expect("a library");
        for lint in ["unwrap_used", "expect_used", "indexing_slicing", "panic"] {
            assert!(text.contains(&format!("clippy::{lint}")), "{file} does not deny {lint}");
        }
    }
}

#[test]
fn names_say_what_a_thing_is() {
    let folders = ["crates", "src-tauri", "tests", "xtask"];
    for (path, text) in sources(&folders, "rs") {
        for part in path.components() {
            let name = part.as_os_str().to_string_lossy();
            let stem = name.trim_end_matches(".rs");
            let vague = ["util", "utils", "common", "helper", "helpers", "misc"].contains(&stem);
            assert!(!vague, "{} says nothing about what it holds", path.display());
        }
        for (number, line) in product_code(&text) {
            let name = ["struct ", "enum ", "trait "]
                .iter()
                .find_map(|keyword| line.split_once(keyword))
                .map(|(_, rest)| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or(""));
            let vague = name.is_some_and(|n| n.ends_with("Manager") || n.ends_with("Service"));
            assert!(!vague, "{}:{number} says nothing about what it is", path.display());
        }
    }
}

#[test]
fn files_hold_one_thing() {
    let mut large = Vec::new();
    for ending in ["rs", "ts", "svelte"] {
        for (path, text) in sources(&["crates", "src-tauri", "tests", "xtask", "ui/src"], ending) {
            let lines = text.lines().count();
            if lines > 500 && path != Path::new("ui/src/bindings.ts") {
                large.push((lines, path));
            }
        }
    }
    for (lines, path) in &large {
        println!("{} has {lines} lines: split it by concept", path.display());
    }
    let too_large: Vec<_> = large.iter().filter(|(lines, _)| *lines > 800).collect();
    assert!(too_large.is_empty(), "{too_large:#?}");
}
