//! Upper bounds for everything that arrives from outside, in bytes unless said otherwise.
//! A larger one is refused before memory is reserved for it.

/// One change, encoded.
pub const CHANGE: usize = 256 * 1024;
/// Consecutive changes of one log that take effect together because they go on with one text. Where more
/// say so, they are applied in stretches of this length: nobody is made to hold more back.
pub const TOGETHER: usize = 256;
/// One sealed batch, as it travels.
pub const BATCH: usize = 1024 * 1024;
/// The content of one batch after decompression.
pub const BATCH_PLAIN: usize = 8 * 1024 * 1024;
/// Changes in one batch.
pub const BATCH_CHANGES: usize = 4096;
/// One piece of an attachment.
pub const ATTACHMENT_CHUNK: usize = 4 * 1024 * 1024;
/// One attachment.
pub const ATTACHMENT: u64 = 1024 * 1024 * 1024;
/// A bundle's header.
pub const BUNDLE_HEADER: usize = 256 * 1024;
/// Logs in one version vector.
pub const LOGS: usize = 4096;
/// The highest number of a change in its log. Databases keep signed numbers of 64 bits: with this there is room
/// behind each, and no two become one.
pub const SEQ: u64 = 1 << 62;
/// One piece of a snapshot, as it travels.
pub const SNAPSHOT_PIECE: usize = 1024 * 1024;
/// The content of one piece of a snapshot after decompression.
pub const SNAPSHOT_PLAIN: usize = 768 * 1024;
/// A whole snapshot, as it travels.
pub const SNAPSHOT: u64 = 16 * 1024 * 1024 * 1024;
/// One record of a snapshot: the state or the text of one item.
pub const SNAPSHOT_RECORD: usize = 64 * 1024 * 1024;
