//! Upper bounds of this crate's own formats, in bytes unless said otherwise.

/// One membership record.
pub const RECORD: usize = 256 * 1024;
/// Membership records that travel together.
pub const RECORDS: usize = 16 * 1024;
/// All membership records of a vault together, as they travel.
pub const RECORD_LIST: usize = 4 * 1024 * 1024;
/// The name of a device or of its platform.
pub const NAME: usize = 256;
/// Devices named in one membership record.
pub const WRAPS: usize = 1024;
/// Vault keys in one keyring.
pub const KEYS: usize = 4096;
/// A wrapped invitation or key file.
pub const WRAPPED: usize = 256 * 1024;
