//! An exchange folder in memory. Anybody may put anything anywhere in it.

use holdfast_transports::folder::{Entry, Files, FolderError};
use std::collections::BTreeMap;

/// The files, by directory and name.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelf {
    pub(super) files: BTreeMap<(String, String), Vec<u8>>,
    /// What was put there by a device since somebody looked.
    pub(super) put: Vec<(String, Vec<u8>)>,
}

impl Files for Shelf {
    fn is_there(&self) -> bool {
        true
    }

    fn writers(&self) -> Result<Vec<String>, FolderError> {
        let mut writers: Vec<String> =
            self.files.keys().map(|(writer, _)| writer.clone()).collect();
        writers.dedup();
        Ok(writers)
    }

    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError> {
        let there = self.files.range((writer.to_owned(), String::new())..);
        let there = there.take_while(|((of, _), _)| of == writer);
        Ok(there
            .map(|((_, name), content)| Entry { name: name.clone(), size: content.len() as u64 })
            .collect())
    }

    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError> {
        let file = self.files.get(&(writer.to_owned(), name.to_owned()));
        Ok(file.filter(|content| content.len() <= limit).cloned())
    }

    fn put(&mut self, writer: &str, name: &str, content: &[u8]) -> Result<(), FolderError> {
        self.files.insert((writer.to_owned(), name.to_owned()), content.to_vec());
        self.put.push((name.to_owned(), content.to_vec()));
        Ok(())
    }

    fn remove(&mut self, writer: &str, name: &str) -> Result<(), FolderError> {
        self.files.remove(&(writer.to_owned(), name.to_owned()));
        Ok(())
    }
}
