//! Words that occur nowhere else, and the ids of what they stand in.

use anyhow::{Context, Result};
use holdfast_model::EntityId;
use holdfast_oplog::Hash;
use holdfast_tests::Device;

/// Whether these bytes occur.
pub(crate) fn has(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    // Most places begin otherwise: that is seen at once.
    bytes.iter().enumerate().any(|(at, byte)| byte == first && bytes[at..].starts_with(needle))
}

/// A list, and what was written into it.
pub(crate) struct Marked {
    pub(crate) list: String,
    pub(crate) title: String,
    others: Vec<String>,
    ids: Vec<Vec<u8>>,
    /// Of an attachment, where there is one.
    pub(crate) content: Hash,
}

impl Marked {
    fn of(list: &str, name: &str) -> Self {
        let title = format!("needle{name}title");
        Self { list: list.into(), title, others: Vec::new(), ids: Vec::new(), content: Hash::ZERO }
    }

    fn word(&mut self, name: &str, what: &str) -> String {
        let word = format!("needle{name}{what}");
        self.others.push(word.clone());
        word
    }

    /// As changes hold it in text, and as tables do in bytes.
    fn id(&mut self, id: &str) -> Result<()> {
        let id: EntityId = id.trim().parse()?;
        self.ids.push(id.to_string().into_bytes());
        self.ids.push(id.as_bytes().to_vec());
        Ok(())
    }

    /// A new list of a space with a task, a tag, a note and a text.
    pub(crate) fn written(device: &Device, name: &str, space: &str) -> Result<Self> {
        let list = format!("needle{name}list");
        let mut marked = Self::of(&list, name);
        marked.others.push(list.clone());
        let made = device.ctl(&["list", "add", &list, "--space", space])?;
        marked.id(&made)?;
        marked.fill(device, name)?;
        Ok(marked)
    }

    /// More in a list that is there.
    pub(crate) fn more(device: &Device, list: &str, name: &str) -> Result<Self> {
        let mut marked = Self::of(&format!("needle{list}list"), name);
        marked.fill(device, name)?;
        Ok(marked)
    }

    fn fill(&mut self, device: &Device, name: &str) -> Result<()> {
        let (tag, note, text) =
            (self.word(name, "tag"), self.word(name, "note"), self.word(name, "text"));
        let task = format!("{} @{tag}", self.title);
        let list = self.list.clone();
        let task = device.ctl(&["add", &task, "--list", &list])?;
        self.id(&task)?;
        let file = device.file("note.txt");
        std::fs::write(&file, format!("Something and {text} and more"))?;
        let file = file.to_str().context("a path")?;
        let note = device.ctl(&["note", "add", file, "--title", &note, "--list", &list])?;
        self.id(&note)
    }

    /// A list with a note that shows a picture, as an import makes it.
    pub(crate) fn imported(device: &Device, name: &str) -> Result<Self> {
        let list = format!("needle{name}list");
        let mut marked = Self::of(&list, name);
        marked.others.push(list.clone());
        let root = device.file(&format!("import-{name}"));
        let folder = root.join(&list);
        std::fs::create_dir_all(&folder)?;
        let (picture, content, text) =
            (marked.word(name, "picture"), marked.word(name, "content"), marked.word(name, "text"));
        let content = content.repeat(50);
        std::fs::write(folder.join(format!("{picture}.png")), &content)?;
        marked.content = Hash::of(content.as_bytes());
        marked.ids.push(marked.content.0.to_vec());
        marked.ids.push(marked.content.to_hex().into_bytes());
        let note = folder.join(format!("{}.md", marked.title));
        std::fs::write(note, format!("{text} ![]({picture}.png)"))?;
        device.ctl(&["import", "markdown", root.to_str().context("a path")?])?;
        Ok(marked)
    }

    /// All its words.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = self.others.clone();
        words.push(self.title.clone());
        words
    }

    /// Those of its words that occur.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        self.words().into_iter().filter(|word| has(bytes, word.as_bytes())).collect()
    }

    /// Whether an id of it occurs.
    pub(crate) fn ids_in(&self, bytes: &[u8]) -> bool {
        self.ids.iter().any(|id| has(bytes, id))
    }
}
