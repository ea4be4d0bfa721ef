use super::BundleError;
use super::export::{ExportRequest, ExportScope, Exported, Invited, write};
use super::format::{BundleKind, SectionKind};
use super::import::{Imported, Receiver, open, run};
use holdfast_oplog::{ActorId, DeviceId, VaultId};
use holdfast_store::Store;
use holdfast_sync::{Session, membership};
use holdfast_vault::membership::{Introduction, invite_knowing, join as join_record};
use holdfast_vault::{
    DeviceKeys, Invitation, InviteKey, Keyring, Passphrase, open_invitation, seal_invitation,
};
use std::path::Path;

/// Writes an invitation bundle: everything that a new device needs to join, under a passphrase. It
/// lets one device in.
pub fn invite(
    session: &mut Session<'_>,
    passphrase: &Passphrase,
    path: &Path,
) -> Result<Exported, BundleError> {
    let me = session.keys.device_id();
    let (inviter, knows) = session.store.read(|tx| {
        let members = membership(tx)?;
        let name = members.name(me).map(str::to_owned).ok_or(BundleError::NotAMember)?;
        Ok::<_, BundleError>((name, members.joins()))
    })?;
    let mut rng = &mut *session.rng;
    let key = InviteKey::generate(&mut rng);
    let time = u64::try_from(session.wall_ms).unwrap_or(0);
    // No expiry: it would be held against the clock of the new device, which may be wrong.
    let vault = session.store.vault();
    let (record, invite) = invite_knowing(vault, session.keys, &key, None, time, knows)?;
    let invitation = Invitation { keyring: session.keyring.clone(), key, invite, inviter };
    let section = seal_invitation(&invitation, passphrase, &mut rng)?;
    let request = ExportRequest { scope: ExportScope::Full, nearby: false };
    write(session, request, Some(Invited { section, record }), path)
}

/// What a new device says of itself.
#[derive(Clone, Copy)]
pub struct Joining<'a> {
    /// The passphrase that the person was told.
    pub passphrase: &'a Passphrase,
    /// The device's new keys: to be kept before anything else is done.
    pub keys: &'a DeviceKeys,
    /// The device's name, for people.
    pub name: &'a str,
    /// Its platform, for people and icons ("linux", "macos", "windows").
    pub platform: &'a str,
    /// Its first writing identity.
    pub actor: ActorId,
    /// Now, in milliseconds since 1970.
    pub wall_ms: i64,
}

/// A device that joined.
#[derive(Debug)]
pub struct Joined {
    /// The database, with everything that the invitation brought.
    pub store: Store,
    /// The vault's keys.
    pub keyring: Keyring,
    /// The device's id.
    pub device: DeviceId,
    /// Name of the device that let it in.
    pub inviter: String,
    /// What came with the invitation.
    pub imported: Imported,
}

/// Joins a vault by an invitation bundle. `create_store` is called once the passphrase was found
/// right; should the bundle prove bad after that, the store that it made is left empty and is the
/// caller's to remove.
pub fn join<E: From<BundleError>>(
    path: &Path,
    joining: Joining<'_>,
    create_store: impl FnOnce(VaultId) -> Result<Store, E>,
) -> Result<Joined, E> {
    let invitation = read_invitation(path, joining.passphrase)?;
    let vault = invitation.keyring.vault();
    let reader = open(path)?;
    if reader.header().vault != vault {
        return Err(BundleError::ForeignVault { found: reader.header().vault }.into());
    }
    let keys = joining.keys;
    let device = keys.device_id();
    let who = Introduction {
        name: joining.name,
        platform: joining.platform,
        actor: joining.actor,
        time: u64::try_from(joining.wall_ms).unwrap_or(0),
    };
    let Invitation { keyring, key, invite, inviter } = invitation;
    let record = join_record(vault, keys, &key, invite, who).map_err(BundleError::from)?;
    let mut store = create_store(vault)?;
    let imported = store.write(|tx| {
        let receiver = Receiver {
            keys,
            keyring: &keyring,
            wall_ms: joining.wall_ms,
            confirmed: true,
            own: None,
        };
        let imported = run(tx, receiver, reader)?;
        tx.add_membership(&record)?;
        let members = membership(tx)?;
        if members.is_active(device) {
            return Ok(imported);
        }
        let of = holdfast_oplog::Hash::of(&record);
        let problem = members.problems().iter().find(|(hash, _)| *hash == of);
        Err(problem.map_or(BundleError::NotAMember, |(_, problem)| {
            BundleError::InvitationRefused(problem.clone())
        }))
    })?;
    let keyring = imported.keyring.clone().unwrap_or(keyring);
    Ok(Joined { store, keyring, device, inviter, imported })
}

/// Opens the invitation in a bundle, after the whole was found undamaged.
fn read_invitation(path: &Path, passphrase: &Passphrase) -> Result<Invitation, BundleError> {
    let mut reader = open(path)?;
    if reader.header().kind != BundleKind::Invitation {
        return Err(BundleError::NotAnInvitation);
    }
    while let Some(section) = reader.next_section()? {
        if section.kind == SectionKind::Invitation {
            return Ok(open_invitation(&section.bytes, passphrase)?);
        }
    }
    Err(BundleError::NotAnInvitation)
}
