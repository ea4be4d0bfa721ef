//! What one device may cost the others, at most, in what they keep: asked of every honest device, and
//! written down apart from the engine, so that a bound which is raised there is seen here.

/// Identities of one device that count.
pub(super) const IDENTITIES: usize = 64;
/// Handovers that are kept.
pub(super) const HANDOVERS: usize = 256;
/// Membership records that are kept in all.
pub(super) const RECORDS: usize = 4096;
/// Their bytes.
pub(super) const RECORD_BYTES: usize = 2 * 1024 * 1024;
/// Changes that are set aside in all.
pub(super) const SET_ASIDE: u64 = 4096;
