use holdfast_oplog::ActorId;
use holdfast_store::{Store, StoreError, Tx};
use holdfast_vault::{DeviceKeys, Keyring, Membership};
use rand_core::CryptoRngCore;

/// All that an exchange needs of this device.
pub struct Session<'a> {
    /// The vault's database.
    pub store: &'a mut Store,
    /// This device's keys.
    pub keys: &'a DeviceKeys,
    /// The vault's keys as far as this device holds them.
    pub keyring: &'a Keyring,
    /// Under which this device writes.
    pub actor: ActorId,
    /// Now, by this device's clock, in milliseconds since 1970.
    pub wall_ms: i64,
    /// Randomness that is fit for secrets.
    pub rng: &'a mut dyn CryptoRngCore,
}

/// Who belongs to the vault, as far as the records in the database tell.
pub fn membership(tx: &Tx<'_>) -> Result<Membership, StoreError> {
    Ok(Membership::from_records(tx.vault(), &tx.membership()?))
}
