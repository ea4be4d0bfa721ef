//! Whose fault it is that something was not taken in, and how far that reaches.
//!
//! Invariant: what one device wrote holds up nothing but what follows it in its own log. Every way by which
//! changes come takes them in through [`Refusals`] or asks [`SyncError::fault`], and no other place decides it.

use crate::{SyncError, Taken, take_in};
use holdfast_oplog::{ActorId, LogId, SealedBatch, VersionVector};
use holdfast_store::{Arrivals, StoreError};
use holdfast_vault::{Keyring, Membership, VaultError};
use std::collections::{BTreeMap, BTreeSet};

/// Of so many devices at most it is said one by one what was left.
const NAMED: usize = 8;

/// What an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This device: its disk, its database, its place in the vault. Nothing can go on.
    Here,
    /// What brought it: it was changed or damaged on the way, or the other side does not keep to the rules.
    Way,
    /// What the author of the log wrote. Whoever passes it on may well hold it, and does nothing wrong: this
    /// device knows something else of the author. Everything but this log goes on.
    Log,
}

impl SyncError {
    /// What this error is about, where it came of taking something in.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Gap { .. } | Self::NotBelieved => Fault::Log,
            Self::NotCarried(_) | Self::Unreachable(_) | Self::Unexpected => Fault::Way,
            Self::NotReleased(_)
            | Self::NotAMember
            | Self::NoSuchDevice(_)
            | Self::UnknownMode(_) => Fault::Here,
            Self::Store(error) => of_store(error),
            Self::Vault(error) => of_vault(error),
        }
    }
}

const fn of_store(error: &StoreError) -> Fault {
    match error {
        StoreError::DiskFull
        | StoreError::DiskFailed(_)
        | StoreError::NoAccess(_)
        | StoreError::ReadOnly
        | StoreError::Busy
        | StoreError::NewerDatabase { .. }
        | StoreError::Damaged(_)
        | StoreError::Sqlite(_)
        | StoreError::NotFound { .. }
        | StoreError::NoRestorePoint(_)
        | StoreError::OtherSpace(_) => Fault::Here,
        StoreError::Forked { .. }
        | StoreError::Pruned { .. }
        | StoreError::SnapshotLacks(_)
        | StoreError::TooManyBranches(_)
        | StoreError::Model(_)
        | StoreError::Oplog(_)
        | StoreError::Text(_) => Fault::Log,
    }
}

const fn of_vault(error: &VaultError) -> Fault {
    match error {
        VaultError::UnknownActor(_) | VaultError::BadSignature | VaultError::BadPublicKey => {
            Fault::Log
        }
        VaultError::Outer(_)
        | VaultError::Malformed(_)
        | VaultError::TooLarge { .. }
        | VaultError::NewerFormat { .. }
        | VaultError::UnknownEpoch { .. }
        | VaultError::ForeignVault { .. }
        | VaultError::DoesNotOpen(_)
        | VaultError::WrongCount { .. }
        | VaultError::BadChain => Fault::Way,
        VaultError::NoMoreEpochs
        | VaultError::PassphraseTooShort { .. }
        | VaultError::WrongPassphrase
        | VaultError::RefusedStretch
        | VaultError::StretchFailed => Fault::Here,
    }
}

/// How batches are taken in: see [`take_in`].
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// The vault's keys.
    pub keyring: &'a Keyring,
    /// Who belongs to the vault.
    pub members: &'a Membership,
    /// What the sender says it held, where nothing beyond it is accepted.
    pub bounds: Option<&'a VersionVector>,
    /// The record of the exchange.
    pub exchange: Option<i64>,
}

/// The logs of which something was refused within one exchange. Nothing more of them is taken in by it.
#[derive(Debug, Clone, Default)]
pub struct Refusals {
    logs: BTreeMap<LogId, Refused>,
}

#[derive(Debug, Clone)]
struct Refused {
    /// Who wrote the log, as far as that is known.
    author: Option<ActorId>,
    why: String,
    is_gap: bool,
}

impl Refusals {
    /// [`take_in`], save that what is refused of a log is noted, and what follows in that log is left; both
    /// is told by [`Taken::refused`]. `Err` is what stops more than the log.
    pub fn take_in(
        &mut self,
        arrivals: &mut Arrivals<'_, '_>,
        taking: Taking<'_>,
        bytes: &[u8],
    ) -> Result<Taken, SyncError> {
        let Taking { keyring, members, bounds, exchange } = taking;
        let outcome = if self.logs.is_empty() {
            None
        } else {
            let header = SealedBatch::decode(bytes)?.header()?;
            self.has(header.log()).then_some(header)
        };
        if let Some(header) = outcome {
            return Ok(left(header.first, header.last));
        }
        match take_in(arrivals, keyring, members, bytes, bounds, exchange) {
            Err(error) if error.fault() == Fault::Log => {
                let header = SealedBatch::decode(bytes)?.header()?;
                self.note(header.log(), Some(header.place(header.last).actor), &error);
                Ok(left(header.first, header.last))
            }
            other => other,
        }
    }

    /// Notes that something of a log was refused.
    pub fn note(&mut self, log: LogId, author: Option<ActorId>, error: &SyncError) {
        let is_gap = matches!(error, SyncError::Gap { .. });
        let refused = Refused { author, why: error.to_string(), is_gap };
        self.logs.entry(log).or_insert(refused);
    }

    /// Whether nothing more of a log is taken in.
    pub fn has(&self, log: LogId) -> bool {
        self.logs.contains_key(&log)
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// Whether of some log only the part before is missing.
    pub fn has_gap(&self) -> bool {
        self.logs.values().any(|refused| refused.is_gap)
    }

    /// What is to be said of it: the same whenever the same is refused.
    pub fn notices(&self, members: &Membership) -> Vec<String> {
        let mut said: BTreeSet<String> = BTreeSet::new();
        for refused in self.logs.values() {
            let device = refused.author.and_then(|author| members.device_of(author));
            let name = device.map_or("a device", |device| device.name.as_str());
            said.insert(format!("Changes of {name} were not taken in: {}.", refused.why));
        }
        let more = said.len().saturating_sub(NAMED);
        let mut notices: Vec<String> = said.into_iter().take(NAMED).collect();
        if more > 0 {
            notices.push("More changes were not taken in, for the like reasons.".into());
        }
        notices
    }
}

fn left(first: u64, last: u64) -> Taken {
    Taken { refused: last.saturating_sub(first).saturating_add(1), ..Taken::default() }
}
