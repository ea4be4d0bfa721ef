//! Upper bounds of this crate's own formats, in bytes unless said otherwise, and of what one device
//! can make the others keep. docs/encryption.md lists them.

/// One membership record.
pub const RECORD: usize = 256 * 1024;
/// One membership record of a kind that hands out no keys and lists nothing.
pub const SMALL_RECORD: usize = 4 * 1024;
/// One membership record of a kind that this app does not know.
pub const UNKNOWN_RECORD: usize = 16 * 1024;
/// Membership records that travel together.
pub const RECORDS: usize = 16 * 1024;
/// All membership records of a vault together, as they travel.
pub const RECORD_LIST: usize = 4 * 1024 * 1024;
/// Membership records that are kept: fewer than may travel together.
pub const KEPT: usize = 12 * 1024;
/// All membership records that are kept: less than may travel together.
pub const KEPT_BYTES: usize = RECORD_LIST - 256 * 1024;
/// What each device's records may take before the next device's come.
pub const SHARE: usize = 16 * 1024;
/// What one device's records of one kind may take.
pub const OF_ONE: usize = 512 * 1024;
/// Devices that ever belonged to a vault.
pub const DEVICES: usize = 256;
/// Devices that one device lets in.
pub const ADMITTED: usize = 64;
/// Removals of one device, and what it says of others' records.
pub const SAID: usize = 512;
/// Further writing identities of one device.
pub const IDENTITIES: usize = 63;
/// Writing identities of all devices together.
pub const ALL_IDENTITIES: usize = 1024;
/// Records of another kind of one device: names that it gave, open invitations, keys, and those that
/// do not count or are of a kind that is not known.
pub const FEW: usize = 64;
/// What one device's records that do not count, or are of a kind that is not known, may take.
pub const IDLE: usize = 64 * 1024;
/// Records together whose signer is not known.
pub const WAITING: usize = 512;
/// What records together may take whose signer is not known.
pub const WAITING_BYTES: usize = 256 * 1024;
/// Device names in one membership record, and what one may know of others' joins.
pub const WRAPS: usize = 1024;
/// Records of which one device says that it lacks their keys: two such lists of it are kept.
pub const LACKED: usize = 896;
/// The name of a device or of its platform.
pub const NAME: usize = 256;
/// Vault keys in one keyring.
pub const KEYS: usize = 4096;
/// A wrapped invitation or key file.
pub const WRAPPED: usize = 256 * 1024;
