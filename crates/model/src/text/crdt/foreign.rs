//! Bytes as another program than this one could make them.

pub(crate) struct Doc(loro::LoroDoc);

impl Doc {
    pub(crate) fn new(writer: u64) -> Self {
        let doc = loro::LoroDoc::new();
        doc.set_peer_id(writer).unwrap();
        Self(doc)
    }

    fn export(&self) -> Vec<u8> {
        self.0.commit();
        self.0.export(loro::ExportMode::all_updates()).unwrap()
    }

    pub(crate) fn map(&self) -> Vec<u8> {
        self.0.get_map("text").insert("key", 1).unwrap();
        self.export()
    }

    pub(crate) fn other_text(&self) -> Vec<u8> {
        self.0.get_text("other").insert(0, "hidden").unwrap();
        self.export()
    }

    pub(crate) fn mark(&self) -> Vec<u8> {
        let text = self.0.get_text("text");
        text.insert(0, "bold").unwrap();
        text.mark(0..4, "bold", true).unwrap();
        self.export()
    }
}

/// Writes the checksum that belongs to the body.
pub(crate) fn sign(bytes: &mut [u8]) {
    let sum = xxhash_rust::xxh32::xxh32(&bytes[20..], u32::from_le_bytes(*b"LORO"));
    bytes[16..20].copy_from_slice(&sum.to_le_bytes());
}
