//! A folder of Markdown files (such as an Obsidian vault) as a plan of lists, notes and
//! attachments.
//!
//! Owns what in such a folder is a note, what it is called and which files it shows. It reads
//! nothing outside the folder, follows no links of the file system, and writes nothing. What it
//! leaves out it names with the reason.

mod document;
mod front_matter;
mod references;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use references::Resolved;

/// Deepest folder that is entered.
pub const DEEPEST: usize = 32;
/// Most files and folders that are looked at.
pub const MOST_ENTRIES: usize = 200_000;
/// Largest note, in bytes.
pub const LARGEST_NOTE: u64 = 4 << 20;
/// Largest attachment, in bytes.
pub const LARGEST_ATTACHMENT: u64 = 512 << 20;
/// Most text in one plan, in bytes.
pub const MOST_TEXT: u64 = 512 << 20;

/// What importing a folder would make.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan {
    /// Lists by their names from the outermost folder in, each after the one it lies in.
    pub lists: Vec<Vec<String>>,
    /// The notes, by path.
    pub notes: Vec<Note>,
    /// Files that notes show or link to, by path, each once.
    pub attachments: Vec<Attachment>,
    /// What is left out.
    pub skipped: Vec<Skipped>,
}

/// A note to be made.
#[derive(Debug, Clone, Serialize)]
pub struct Note {
    /// The file, within the folder, with `/` between names.
    pub path: String,
    /// The first top-level heading, else the title in the front matter, else the file's name.
    pub title: String,
    /// The text exactly as in the file, without a byte order mark.
    pub text: String,
    /// The list it belongs in, as in [`Plan::lists`]; empty for a note beside no folder.
    pub list: Vec<String>,
    /// Tags of the front matter, each once, without `#`.
    pub tags: Vec<String>,
    /// When the file was last changed, where the file system says so.
    pub modified: Option<Timestamp>,
    /// The attachments that the text refers to.
    pub references: Vec<Reference>,
}

impl Note {
    /// The text with its references to attachments replaced by what `address` gives for them
    /// (by their place in [`Plan::attachments`]). Where it gives nothing, or where the text
    /// writes the reference in a roundabout way, the text stays as it is.
    pub fn text_with(&self, address: impl Fn(usize) -> Option<String>) -> String {
        let mut places: Vec<_> = self
            .references
            .iter()
            .filter_map(|r| Some((r.at.clone()?, address(r.attachment)?)))
            .collect();
        places.sort_by_key(|(at, _)| at.start);
        let (mut out, mut done) = (String::with_capacity(self.text.len()), 0);
        for (at, address) in places {
            if at.start >= done {
                out.push_str(self.text.get(done..at.start).unwrap_or_default());
                out.push_str(&address);
                done = at.end;
            }
        }
        out.push_str(self.text.get(done..).unwrap_or_default());
        out
    }
}

/// A place in a note that refers to an attachment.
#[derive(Debug, Clone, Serialize)]
pub struct Reference {
    /// Which, by its place in [`Plan::attachments`].
    pub attachment: usize,
    /// The address as written.
    pub written: String,
    /// Where in the text the address is, in bytes, where it is there word for word.
    pub at: Option<Range<usize>>,
}

/// A file to be attached.
#[derive(Debug, Clone, Serialize)]
pub struct Attachment {
    /// The file, within the folder, with `/` between names.
    pub path: String,
    /// Where to read it.
    pub file: PathBuf,
    /// Its name.
    pub name: String,
    /// What it holds, by the ending of its name.
    pub mime: &'static str,
    /// Its size in bytes when it was looked at.
    pub size: u64,
}

/// Something that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file or folder, within the folder that is imported.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why something is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "code", content = "reference", rename_all = "kebab-case")]
pub enum Reason {
    /// Its name starts with a dot.
    #[error("hidden files and folders are left out")]
    Hidden,
    /// A symbolic link.
    #[error("links to other places are not followed; copy the file here to import it")]
    FileLink,
    /// Neither file nor folder.
    #[error("this is no ordinary file")]
    Special,
    /// Its name is not Unicode.
    #[error("its name cannot be read; rename it to import it")]
    Name,
    /// The text is not UTF-8.
    #[error("its text is not UTF-8; save it as UTF-8 to import it")]
    NotUtf8,
    /// More than [`LARGEST_NOTE`] or [`LARGEST_ATTACHMENT`].
    #[error("it is too large to import")]
    TooLarge,
    /// More than [`DEEPEST`], [`MOST_ENTRIES`] or [`MOST_TEXT`] in all.
    #[error("the folder holds too much for one import; import its folders one by one")]
    TooMuch,
    /// The system refused.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// No note shows it.
    #[error("no note shows it")]
    Unreferenced,
    /// A note refers to a file that is not there.
    #[error("{0} is not in the folder")]
    Missing(String),
    /// A note refers to a place outside the folder.
    #[error("{0} lies outside the folder and was not read; move it inside to import it")]
    Outside(String),
}

/// Why a folder cannot be scanned at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path is no folder.
    #[error("{} is not a folder. Choose the folder that holds the Markdown files.", .0.display())]
    NotAFolder(PathBuf),
    /// The system refused.
    #[error("{} cannot be read: {source}. Check that you may open it.", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// The name by which an interface recognises this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAFolder(_) => "import-not-a-folder",
            Self::Unreadable { .. } => "import-unreadable",
        }
    }
}

/// Scans a folder. Reads the notes, and of attachments only their size.
pub fn scan(dir: &Path) -> Result<Plan, Error> {
    let unreadable = |source| Error::Unreadable { path: dir.to_owned(), source };
    if !std::fs::metadata(dir).map_err(unreadable)?.is_dir() {
        return Err(Error::NotAFolder(dir.to_owned()));
    }
    let walk::Found { files, skipped } = walk::walk(dir).map_err(unreadable)?;
    let mut plan = Plan { skipped, ..Plan::default() };
    let (notes, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files.into_iter().partition(|(path, _)| is_note(path));

    let index = references::Index::new(others.keys().map(String::as_str));
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = BTreeSet::new();
    let mut total = 0;
    for (path, file) in &notes {
        let text = match read_note(file, &mut total) {
            Ok(text) => text,
            Err(reason) => {
                plan.skipped.push(Skipped { path: path.clone(), reason });
                continue;
            }
        };
        let document = document::read(&text);
        let mut references = Vec::new();
        for link in document.links {
            match index.resolve(path, &link.url, link.picture) {
                Resolved::File(found) => {
                    let Some(attachment) = attachment(&mut plan, &mut used, &others, &found) else {
                        continue;
                    };
                    references.push(Reference { attachment, written: link.url, at: link.at });
                }
                Resolved::Refused(reason) => {
                    if refused.insert((path.clone(), reason.to_string())) {
                        plan.skipped.push(Skipped { path: path.clone(), reason });
                    }
                }
                Resolved::Elsewhere => {}
            }
        }
        let (list, stem) = place(path);
        plan.notes.push(Note {
            title: document.title.unwrap_or(stem),
            list,
            tags: document.tags,
            modified: file.modified,
            references,
            path: path.clone(),
            text,
        });
    }
    let left = others.keys().filter(|path| !used.contains_key(*path));
    plan.skipped.extend(left.map(|p| Skipped { path: p.clone(), reason: Reason::Unreferenced }));
    plan.lists = lists(&plan.notes);
    plan.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(plan)
}

/// The attachment for a file, planned at its first use; `None` where it is too large.
fn attachment(
    plan: &mut Plan,
    used: &mut BTreeMap<String, usize>,
    others: &BTreeMap<String, walk::File>,
    path: &str,
) -> Option<usize> {
    if let Some(known) = used.get(path) {
        return plan.attachments.get(*known).map(|_| *known);
    }
    let file = others.get(path)?;
    if file.size > LARGEST_ATTACHMENT {
        used.insert(path.to_owned(), usize::MAX);
        plan.skipped.push(Skipped { path: path.to_owned(), reason: Reason::TooLarge });
        return None;
    }
    let place = plan.attachments.len();
    plan.attachments.push(Attachment {
        path: path.to_owned(),
        file: file.path.clone(),
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        mime: references::mime(path),
        size: file.size,
    });
    used.insert(path.to_owned(), place);
    Some(place)
}

fn is_note(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("md" | "markdown"))
}

fn read_note(file: &walk::File, total: &mut u64) -> Result<String, Reason> {
    if file.size > LARGEST_NOTE {
        return Err(Reason::TooLarge);
    }
    // The file may have grown since it was looked at, or be another one.
    let bytes =
        holdfast_store::plain_file::read(&file.path, LARGEST_NOTE).map_err(|error| match error
            .kind()
        {
            std::io::ErrorKind::FileTooLarge => Reason::TooLarge,
            _ => Reason::Unreadable(error.to_string()),
        })?;
    let len = bytes.len() as u64;
    if *total + len > MOST_TEXT {
        return Err(Reason::TooMuch);
    }
    *total += len;
    let text = String::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// The folders that a file lies in, and its name without the ending.
fn place(path: &str) -> (Vec<String>, String) {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let list = folders.split('/').filter(|f| !f.is_empty()).map(str::to_owned).collect();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    (list, stem.to_owned())
}

/// The lists of the notes and those they lie in, outer ones first.
fn lists(notes: &[Note]) -> Vec<Vec<String>> {
    let mut all = BTreeSet::new();
    for note in notes {
        for depth in 1..=note.list.len() {
            all.extend(note.list.get(..depth).map(<[String]>::to_vec));
        }
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests;
