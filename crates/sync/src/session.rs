use holdfast_oplog::{ActorId, ChangeId, DeviceId, VaultId, VersionVector};
use holdfast_store::{Store, StoreError, Tx};
use holdfast_vault::{DeviceKeys, DevicePublic, Keyring, Membership, verify_change};
use rand_core::CryptoRngCore;
use std::cell::RefCell;

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

/// Records of a vault, and what they lead to.
type Folded = (VaultId, Vec<Vec<u8>>, Membership);

thread_local! {
    /// The records that were read last, and what follows from them.
    static LAST: RefCell<Option<Folded>> = const { RefCell::new(None) };
}

/// Who belongs to the vault, as far as the records in the database tell.
///
/// The members follow from the records alone, and every batch asks for them: verifying each signature
/// again for each batch took a third of the time of an exchange between eight devices. An identity that
/// several devices claim belongs to the one that signed what is held of it.
pub fn membership(tx: &Tx<'_>) -> Result<Membership, StoreError> {
    let mut members = folded(tx)?;
    let claims: Vec<(ActorId, Vec<(DeviceId, DevicePublic)>)> = members
        .claims()
        .map(|(actor, by)| (actor, by.iter().map(|device| (device.id, device.public)).collect()))
        .collect();
    if !claims.is_empty() {
        let held = tx.held()?;
        for (actor, by) in claims {
            if let Some(of) = writer(tx, &held, actor, &by)? {
                members.give_claimed(actor, of);
            }
        }
    }
    Ok(members)
}

/// Who of those that claim an identity signed what is held of it, in the log or in the base.
fn writer(
    tx: &Tx<'_>,
    held: &VersionVector,
    actor: ActorId,
    by: &[(DeviceId, DevicePublic)],
) -> Result<Option<DeviceId>, StoreError> {
    for (log, _) in held.iter().filter(|(log, _)| log.actor == actor) {
        let Some(head) = tx.signed_head(log)? else { continue };
        let id = ChangeId { space: log.space, actor, seq: head.seq };
        let signed = |(_, public): &&(DeviceId, DevicePublic)| {
            verify_change(public, tx.vault(), id, head.hash, &head.signature)
        };
        if let Some((device, _)) = by.iter().find(signed) {
            return Ok(Some(*device));
        }
    }
    Ok(None)
}

fn folded(tx: &Tx<'_>) -> Result<Membership, StoreError> {
    let (vault, records) = (tx.vault(), tx.membership()?);
    LAST.with_borrow_mut(|last| {
        if let Some((of, known, members)) = last
            && *of == vault
            && *known == records
        {
            return Ok(members.clone());
        }
        let members = Membership::from_records(vault, &records);
        *last = Some((vault, records, members.clone()));
        Ok(members)
    })
}
