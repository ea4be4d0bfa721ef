//! First step: which records are well formed and rightly signed. Looks at each record and at the
//! public keys that records name; never at who is a member.

use super::record::{Body, Envelope, signed, vault_id};
use crate::keys::{DevicePublic, verify_raw};
use crate::{VaultError, limits};
use holdfast_oplog::{DeviceId, Hash, VaultId};
use serde_bytes::ByteArray;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Signatures of a record of a kind that is not known that are tried.
const UNKNOWN_SIGNATURES: usize = 4;

/// Why a record does not count.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// Not a record.
    #[error("{0}")]
    Malformed(String),
    /// Of another vault.
    #[error("the record belongs to another vault")]
    OtherVault,
    /// A signature is missing or wrong, or an id does not belong to the keys beside it.
    #[error("the signature is not that of the device which should have made it")]
    BadSignature,
    /// The vault began with another record.
    #[error("the vault began otherwise")]
    OtherBeginning,
    /// Its maker, or the invitation it names, is not known here yet.
    #[error("it cannot be checked before more records arrive")]
    NotYet,
    /// The invitation had run out when the device joined.
    #[error("the invitation had run out: make a new one")]
    InviteExpired,
    /// Another device used the invitation.
    #[error("another device used the same invitation: make a new one for this device")]
    InviteUsed,
    /// Made by a device after it was removed, as far as the remover knew.
    #[error("made by a device that was removed")]
    MakerRemoved,
    /// It hands out the key of an epoch that no record leads up to.
    #[error("it hands out a key of the vault that is not due yet")]
    EpochAhead,
    /// Its maker has more records than the others keep.
    #[error("its maker made more records than other devices keep")]
    TooMany,
}

impl Problem {
    /// Whether more records may make this one count, or a later view may need it: such records are
    /// kept and passed on. The others are not.
    pub const fn is_kept(&self) -> bool {
        !matches!(self, Self::Malformed(_) | Self::OtherVault | Self::BadSignature | Self::TooMany)
    }
}

/// One record that is rightly signed.
pub(super) struct Verified {
    pub(super) body: Body,
    /// The hash of its bytes as they came, by which problems are listed.
    pub(super) raw: Hash,
}

/// All that the first step found.
#[derive(Default)]
pub(super) struct Checked {
    /// By the hash of what is signed; a record that came in several encodings is here once.
    pub(super) verified: BTreeMap<Hash, Verified>,
    pub(super) problems: BTreeMap<Hash, Problem>,
    /// The bytes that may be kept and passed on, by their hash.
    pub(super) kept: BTreeMap<Hash, Vec<u8>>,
    /// Those of them whose signer is not known yet.
    pub(super) waiting: BTreeSet<Hash>,
    /// Of invitations among these, what names them.
    pub(super) waiting_invites: BTreeMap<Hash, Hash>,
}

struct Parsed<'a> {
    bytes: &'a [u8],
    body: Body,
    signed: Vec<u8>,
    signatures: Vec<[u8; 64]>,
}

fn parse(vault: VaultId, bytes: &[u8]) -> Result<Parsed<'_>, Problem> {
    let malformed = |e: VaultError| Problem::Malformed(e.to_string());
    let envelope: Envelope = holdfast_oplog::decode(bytes, limits::RECORD, "membership record")
        .map_err(|e| malformed(e.into()))?;
    if envelope.vault != vault {
        return Err(Problem::OtherVault);
    }
    let body = Body::parse(&envelope.kind, &envelope.body).map_err(malformed)?;
    let limit = body.most_bytes();
    if bytes.len() > limit {
        let (what, size) = ("a membership record", bytes.len());
        return Err(malformed(VaultError::TooLarge { what, size, limit }));
    }
    // A device's id follows from its keys, and the vault's from its first device.
    let ids_fit = match &body {
        Body::Genesis(g) => {
            g.device == g.public.device_id() && vault == vault_id(&g.public, &g.nonce)
        }
        Body::Join(j) => j.device == j.public.device_id(),
        _ => true,
    };
    if !ids_fit {
        return Err(Problem::BadSignature);
    }
    Ok(Parsed {
        bytes,
        signed: signed(vault, &envelope.kind, &envelope.body),
        signatures: envelope.signatures.into_iter().map(ByteArray::into_array).collect(),
        body,
    })
}

/// The keys that must have signed, or `None` while they are not known.
fn signers(
    body: &Body,
    keys: &BTreeMap<DeviceId, DevicePublic>,
    invites: &BTreeMap<Hash, [u8; 32]>,
) -> Option<Vec<[u8; 32]>> {
    let of = |device: &DeviceId| keys.get(device).map(|public| vec![public.sign]);
    match body {
        Body::Genesis(g) => Some(vec![g.public.sign]),
        Body::Join(j) => invites.get(&j.invite).map(|key| vec![*key, j.public.sign]),
        Body::Invite(i) => of(&i.by),
        Body::Actor(a) => of(&a.device),
        Body::Rename(r) => of(&r.by),
        Body::Remove(r) => of(&r.by),
        Body::Keys(e) => of(&e.by),
        Body::Accept(a) => of(&a.by),
        Body::Lacks(l) => of(&l.by),
        Body::Unknown(by) => by.as_ref().and_then(of),
    }
}

/// Whether a record carries the signatures that it must have. Of a kind that is not known one is
/// enough, since what else has to sign it is not known either.
fn is_signed(record: &Parsed<'_>, signers: &[[u8; 32]]) -> bool {
    let verify = |(key, signature): (&[u8; 32], &[u8; 64])| {
        verify_raw(key, &record.signed, signature).is_ok()
    };
    if matches!(record.body, Body::Unknown(_)) {
        let tried = record.signatures.iter().take(UNKNOWN_SIGNATURES);
        return signers.iter().any(|key| tried.clone().any(|signature| verify((key, signature))));
    }
    signers.len() == record.signatures.len() && signers.iter().zip(&record.signatures).all(verify)
}

/// Whether a record is of a kind that removes, hands out keys, or shows who a device is.
pub(super) fn leads(vault: VaultId, bytes: &[u8]) -> bool {
    parse(vault, bytes).is_ok_and(|record| {
        matches!(
            record.body,
            Body::Genesis(_) | Body::Invite(_) | Body::Join(_) | Body::Remove(_) | Body::Keys(_)
        )
    })
}

/// Records whose signatures are remembered, at most.
const REMEMBERED: usize = 64 * 1024;

thread_local! {
    /// Records that were found rightly signed, by the hash of their bytes. Which keys must have signed one
    /// follows from its bytes alone, so it stays right whatever else is known; and verifying is most of
    /// what looking at records costs.
    static SIGNED: RefCell<BTreeSet<Hash>> = const { RefCell::new(BTreeSet::new()) };
}

/// [`is_signed`], which is remembered.
fn is_rightly_signed(raw: Hash, record: &Parsed<'_>, signers: &[[u8; 32]]) -> bool {
    if SIGNED.with_borrow(|signed| signed.contains(&raw)) {
        return true;
    }
    let is = is_signed(record, signers);
    if is {
        SIGNED.with_borrow_mut(|signed| {
            if signed.len() >= REMEMBERED {
                signed.clear();
            }
            signed.insert(raw);
        });
    }
    is
}

/// Checks all records, each by itself.
pub(super) fn check<'a>(vault: VaultId, records: impl Iterator<Item = &'a [u8]>) -> Checked {
    let mut checked = Checked::default();
    let mut parsed: BTreeMap<Hash, Parsed<'a>> = BTreeMap::new();
    for bytes in records {
        match parse(vault, bytes) {
            Ok(record) => {
                parsed.insert(Hash::of(bytes), record);
            }
            Err(problem) => {
                checked.problems.insert(Hash::of(bytes), problem);
            }
        }
    }
    // Ids follow from keys, so that whoever wrote a key down here can only have written the truth.
    let mut keys = BTreeMap::new();
    let mut invites = BTreeMap::new();
    for record in parsed.values() {
        match &record.body {
            Body::Genesis(g) => {
                keys.insert(g.device, g.public);
            }
            Body::Join(j) => {
                keys.insert(j.device, j.public);
            }
            Body::Invite(i) => {
                invites.insert(Hash::of(&record.signed), i.public.into_array());
            }
            _ => {}
        }
    }
    for (raw, record) in parsed {
        let Some(signers) = signers(&record.body, &keys, &invites) else {
            if matches!(record.body, Body::Unknown(None)) {
                // Nothing that comes can ever tell who made it.
                checked.problems.insert(raw, Problem::BadSignature);
            } else {
                checked.problems.insert(raw, Problem::NotYet);
                checked.kept.insert(raw, record.bytes.to_vec());
                checked.waiting.insert(raw);
                if matches!(record.body, Body::Invite(_)) {
                    checked.waiting_invites.insert(raw, Hash::of(&record.signed));
                }
            }
            continue;
        };
        if is_rightly_signed(raw, &record, &signers) {
            checked.keep(raw, record);
        } else {
            checked.problems.insert(raw, Problem::BadSignature);
        }
    }
    checked
}

impl Checked {
    /// Of several encodings of one record the shortest stays, then the one with the least hash.
    fn keep(&mut self, raw: Hash, record: Parsed<'_>) {
        let hash = Hash::of(&record.signed);
        let before = self.verified.get(&hash).map(|verified| verified.raw);
        let size = before.and_then(|raw| self.kept.get(&raw)).map(Vec::len);
        if size.is_some_and(|size| size <= record.bytes.len()) {
            return;
        }
        if let Some(longer) = before {
            self.kept.remove(&longer);
        }
        self.kept.insert(raw, record.bytes.to_vec());
        self.verified.insert(hash, Verified { body: record.body, raw });
    }
}
