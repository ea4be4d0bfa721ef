//! Whether this data folder is still what it was when this device wrote last.
//!
//! A device that goes on writing after its database was restored, its folder copied or its machine
//! cloned would use numbers of its log again. So what lies outside of the database is compared with
//! what lies inside whenever a vault is opened, and where they differ the device takes a new actor
//! before it writes anything. Nothing is lost by that, and a needless new actor costs nothing.
//!
//! Outside, in the private database: a token, how far this device had written, and where that was
//! (machine and folder). The app and the command line may use one folder at once: everything here is
//! about the folder, nothing about a process.

use crate::AppError;
use crate::notices::kind;
use crate::session::Open;
use holdfast_oplog::{ActorId, DeviceId, Hash, decode, encode};
use holdfast_store::{PrivateStore, StoreError, Tx};
use holdfast_vault::membership::{Membership, new_actor};
use holdfast_vault::{DeviceKeys, VaultError};
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// Names of the private facts.
mod fact {
    /// The token that the database had when it was last changed, and the one that it got then: a
    /// crash between the two leaves the first.
    pub(super) const TOKEN: &str = "token";
    pub(super) const NEXT: &str = "token_next";
    pub(super) const PLACE: &str = "place";
    pub(super) const WRITTEN: &str = "written";
    pub(super) const ACTORS: &str = "actors";
}

/// Bound on what this program wrote for itself; it only catches damage.
const LOCAL: usize = 1024 * 1024;

/// Why a device took a new identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The database is older than what was written, or another one.
    Restored,
    /// The folder is a copy.
    Copied,
    /// The folder is on another machine.
    Machine,
    /// Changes came under the identity that were not made here.
    Twice,
}

impl Why {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::Copied => "copied",
            Self::Machine => "machine",
            Self::Twice => "twice",
        }
    }
}

/// How far this device had written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    actor: ActorId,
    /// The last number in each space.
    last: Vec<(String, u64)>,
}

/// Where a data folder is: hashes of the machine's id and of the folder's identity. What the system
/// does not tell is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    machine: String,
    folder: String,
}

impl Place {
    /// Of a folder that exists.
    pub(crate) fn of(folder: &Path) -> Self {
        let name = |what: &str, id: Option<String>| {
            id.map(|id| Hash::of(format!("holdfast {what}\0{id}").as_bytes()).to_hex())
                .unwrap_or_default()
        };
        Self { machine: name("machine", machine_id()), folder: name("folder", folder_id(folder)) }
    }

    /// What is another place than before.
    fn differs(&self, before: &Self) -> Option<Why> {
        let other = |here: &str, then: &str| !here.is_empty() && !then.is_empty() && here != then;
        if other(&self.machine, &before.machine) {
            Some(Why::Machine)
        } else {
            other(&self.folder, &before.folder).then_some(Why::Copied)
        }
    }
}

#[cfg(target_os = "linux")]
fn machine_id() -> Option<String> {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .into_iter()
        .filter_map(|file| holdfast_store::plain_file::read_text(Path::new(file), 4096).ok())
        .map(|id| id.trim().to_owned())
        .find(|id| !id.is_empty())
}
#[cfg(not(target_os = "linux"))]
fn machine_id() -> Option<String> {
    None
}

// The device number is left out: many file systems get another one at each start.
#[cfg(unix)]
fn folder_id(folder: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(folder).ok().map(|found| found.ino().to_string())
}
#[cfg(not(unix))]
fn folder_id(folder: &Path) -> Option<String> {
    folder.canonicalize().ok().map(|path| path.display().to_string())
}

/// What a private fact holds; one that cannot be read says nothing.
fn kept<T: serde::de::DeserializeOwned>(private: &PrivateStore, name: &str) -> Option<T> {
    private.get(name).ok().flatten().and_then(|bytes| decode(&bytes, LOCAL, "a fact").ok())
}

/// What has to be settled before this process writes for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settling {
    place: Place,
    why: Option<Why>,
    done: bool,
}

impl Settling {
    /// Compares what lies outside of the database with what lies inside.
    pub(crate) fn look(
        tx: &Tx<'_>,
        private: &PrivateStore,
        place: Place,
    ) -> Result<Self, AppError> {
        let inside = tx.token()?;
        let tokens = [private.get(fact::TOKEN)?, private.get(fact::NEXT)?];
        let known = tokens.iter().any(Option::is_some);
        let same = match &inside {
            Some(_) => tokens.contains(&inside),
            None => !known,
        };
        let before: Option<Place> = kept(private, fact::PLACE);
        let moved = before.as_ref().and_then(|before| place.differs(before));
        let why = if !same || is_behind(tx, private)? { Some(Why::Restored) } else { moved };
        Ok(Self { place, why, done: false })
    }

    /// What was due is in the database.
    pub(crate) fn done(&mut self) {
        self.done = true;
    }

    /// The database is put back to an older state.
    pub(crate) fn restored(&mut self) {
        (self.why, self.done) = (Some(Why::Restored), false);
    }

    /// Whether a new actor has to be taken.
    pub(crate) fn is_due(&self) -> bool {
        !self.done && self.why.is_some()
    }
}

/// From now on no database is taken for the one that belongs to this folder, until a new actor was
/// taken. To be called before a database is put back or cut.
pub(crate) fn distrust(private: &mut PrivateStore) -> Result<(), AppError> {
    let mut nobodys = [0; 16];
    OsRng.fill_bytes(&mut nobodys);
    Ok(private.set_all(&[(fact::TOKEN, &nobodys), (fact::NEXT, &nobodys)])?)
}

/// Whether the database lacks what this device wrote.
fn is_behind(tx: &Tx<'_>, private: &PrivateStore) -> Result<bool, StoreError> {
    let Some(written) = kept::<Written>(private, fact::WRITTEN) else { return Ok(false) };
    let own = tx.own_actors()?;
    if own.is_empty() || own.last() != Some(&written.actor) {
        return Ok(!own.contains(&written.actor));
    }
    // A log that parts is shorter for that; then a new actor is due anyway.
    if tx.must_renew(written.actor)? {
        return Ok(false);
    }
    let here = tx.written(written.actor)?;
    let held = |space: &str| here.iter().find(|(name, _)| name == space).map_or(0, |(_, n)| *n);
    Ok(written.last.iter().any(|(space, last)| held(space) < *last))
}

/// Makes sure, in the transaction at hand, that this device may write, and under which actor. The
/// private database is written first: a crash before the commit is found at the next start.
pub(crate) fn settle(
    tx: &Tx<'_>,
    private: &mut PrivateStore,
    keys: &DeviceKeys,
    actor: ActorId,
    settling: &Settling,
    now_ms: i64,
) -> Result<ActorId, AppError> {
    let own = tx.own_actors()?;
    // Another process may have taken a new one.
    let mut actor = own.last().copied().unwrap_or(actor);
    if own.is_empty() {
        tx.take_actor(actor)?;
    }
    let mut why = if settling.done { None } else { settling.why };
    if why.is_none() && tx.must_renew(actor)? {
        why = Some(Why::Twice);
    }
    if let Some(why) = why {
        actor = crate::session::new_actor(keys);
        let time = now_ms.cast_unsigned();
        tx.add_membership(&new_actor(tx.vault(), keys, actor, time)?)?;
        tx.take_actor(actor)?;
        tx.add_notice(now_ms, kind::IDENTITY, &json!({ "why": why.as_str() }))?;
    }
    if why.is_some() || !settling.done {
        let mut next = [0; 16];
        OsRng.fill_bytes(&mut next);
        // With a new actor the database's old token is worth nothing any more.
        let before = if why.is_some() { None } else { tx.token()? };
        let before = before.unwrap_or_else(|| next.to_vec());
        let mut actors: Vec<ActorId> = kept(private, fact::ACTORS).unwrap_or_default();
        actors.extend(tx.own_actors()?);
        actors.sort_unstable();
        actors.dedup();
        private.set_all(&[
            (fact::TOKEN, &before),
            (fact::NEXT, &next),
            (fact::PLACE, &encode(&settling.place).map_err(VaultError::from)?),
            (fact::ACTORS, &encode(&actors).map_err(VaultError::from)?),
            (crate::session::ACTOR, &actor.0),
        ])?;
        tx.set_token(&next)?;
    }
    Ok(actor)
}

impl Open {
    /// Settles this device's identity, in a transaction of its own.
    pub(crate) fn before_writing(&mut self) -> Result<(), AppError> {
        self.write(|_, _| Ok(()))
    }

    /// Remembers outside of the database how far this device has written.
    pub(crate) fn remember_written(&mut self) -> Result<(), AppError> {
        let actor = self.actor;
        let written = self
            .store
            .read(|tx| Ok::<_, StoreError>(Written { actor, last: tx.written(actor)? }))?;
        if self.written.as_ref() != Some(&written) {
            let bytes = encode(&written).map_err(VaultError::from)?;
            self.private.set_without_waiting(fact::WRITTEN, &bytes)?;
            self.written = Some(written);
        }
        Ok(())
    }

    /// Notes identities of this device that it never took itself: it exists twice.
    pub(crate) fn note_twins(&mut self) -> Result<(), AppError> {
        let here = self.device();
        let members = self.members()?;
        let mut known: Vec<ActorId> = kept(&self.private, fact::ACTORS).unwrap_or_default();
        let now_ms = self.now_ms();
        self.store.write(|tx| {
            known.extend(tx.own_actors()?);
            let noticed = tx.notices(1_000)?;
            for actor in strangers(&members, here, &known) {
                let detail = json!({ "actor": actor.to_string() });
                if !noticed.iter().any(|n| n.kind == kind::TWICE && n.detail == detail) {
                    tx.add_notice(now_ms, kind::TWICE, &detail)?;
                }
            }
            Ok(())
        })
    }
}

fn strangers(members: &Membership, here: DeviceId, known: &[ActorId]) -> Vec<ActorId> {
    let own = members.device(here).map(|device| device.actors.clone()).unwrap_or_default();
    own.into_iter().filter(|actor| !known.contains(actor)).collect()
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
