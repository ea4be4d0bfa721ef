//! Which file of the folder an address in a note means. Decided by names alone, against the
//! files that were found: an address can never reach anything else.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use percent_encoding::percent_decode_str;

use super::Reason;

/// What an address means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// A file of the folder, by its path within.
    File(String),
    /// Another note, a page of the web, a place in the note: nothing to attach.
    Elsewhere,
    /// It must not be read, or is not there.
    Refused(Reason),
}

/// The files that can be attached.
pub(super) struct Index<'p> {
    paths: HashSet<&'p str>,
    /// By name alone, where only one file has it.
    names: HashMap<&'p str, Option<&'p str>>,
}

impl<'p> Index<'p> {
    pub(super) fn new(paths: impl Iterator<Item = &'p str>) -> Self {
        let (mut all, mut names) = (HashSet::new(), HashMap::new());
        for path in paths {
            all.insert(path);
            let name = path.rsplit('/').next().unwrap_or(path);
            names.entry(name).and_modify(|one| *one = None).or_insert(Some(path));
        }
        Self { paths: all, names }
    }

    /// Resolves an address as written in the note at `note`. `picture`: the note shows it, so
    /// that its absence is worth telling.
    pub(super) fn resolve(&self, note: &str, url: &str, picture: bool) -> Resolved {
        if url.is_empty() || url.starts_with('#') || url.starts_with("//") {
            return Resolved::Elsewhere;
        }
        let outside = || Resolved::Refused(Reason::Outside(short(url)));
        let scheme = url.split_once(':').map(|(scheme, _)| scheme).filter(|s| is_scheme(s));
        match scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("file") || scheme.len() == 1 => {
                return outside();
            }
            Some(_) => return Resolved::Elsewhere,
            None => {}
        }
        let decoded = percent_decode_str(url)
            .decode_utf8()
            .map_or_else(|_| Cow::Borrowed(url), |d| Cow::Owned(d.replace('\\', "/")));
        if decoded.contains('\0') || decoded.starts_with('/') {
            return outside();
        }
        let folder = note.rsplit_once('/').map_or("", |(folder, _)| folder);
        let bare = decoded.split(['#', '?']).next().unwrap_or_default();
        let mut left = true;
        for address in [decoded.as_ref(), bare] {
            let beside = joined(folder, address);
            left &= beside.is_none();
            let known = |path: String| self.paths.get(path.as_str()).copied();
            let found = beside
                .and_then(known)
                .or_else(|| joined("", address).and_then(known))
                // Obsidian names a file alone, wherever it lies.
                .or_else(|| self.names.get(address).copied().flatten());
            if let Some(found) = found {
                return Resolved::File(found.to_owned());
            }
        }
        if left {
            return outside();
        }
        if picture { Resolved::Refused(Reason::Missing(short(url))) } else { Resolved::Elsewhere }
    }
}

/// The path of an address seen from a folder; `None` when it leaves the outermost one.
fn joined(folder: &str, address: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in address.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn short(url: &str) -> String {
    url.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The media type that the ending of a name stands for.
pub(super) fn mime(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" => "audio/ogg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" => "application/vnd.ms-powerpoint",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "epub" => "application/epub+zip",
        "ics" => "text/calendar",
        _ => "application/octet-stream",
    }
}
