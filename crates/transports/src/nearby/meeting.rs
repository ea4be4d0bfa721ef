//! Two devices that meet for the first time: the code, and what each tells the other after it.
//!
//! Everything after the code is sealed with what came of it, on top of the connection. What the code
//! proves, and what a wrong one costs, is [`holdfast_vault::pairing`]'s.

use super::codes::{Codes, Unproved};
use super::{Link, NearbyError, Patience};
use crate::said;
use holdfast_oplog::{DeviceId, Hash, VaultId, decode, encode};
use holdfast_vault::membership::{Introduction, invite_knowing, join};
use holdfast_vault::pairing::{
    Accepting, Binding, CONFIRMATION, Paired, PairingCode, PairingError, Role, open_handover,
    seal_handover,
};
use holdfast_vault::{DeviceKeys, Invitation, InviteKey, Keyring, Membership, VaultError};
use rand_core::OsRng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::time::Duration;
use thiserror::Error;

/// How long each step of the code may take.
const STEP: Patience =
    Patience { silence: Duration::from_secs(10), frame: Duration::from_secs(10) };
/// How long the person may look at what will move.
const DECIDE: Patience =
    Patience { silence: Duration::from_secs(300), frame: Duration::from_secs(30) };
/// How long saying why not may take.
const MOMENT: Duration = Duration::from_secs(1);
/// Largest sealed message.
const LARGEST: usize = 5 * 1024 * 1024;

/// Why two devices did not come together.
#[derive(Debug, Error)]
pub enum MeetingError {
    /// The code.
    #[error(transparent)]
    Code(#[from] PairingError),
    /// The connection.
    #[error(transparent)]
    Link(#[from] NearbyError),
    /// The other device says why not.
    #[error("{text}")]
    Declined {
        /// A stable name for it.
        code: String,
        /// The same in words.
        text: String,
    },
    /// Others are proving the code just now.
    #[error(
        "other devices are trying to pair with that device just now, and nothing was paired: try again in a moment with the same code"
    )]
    Busy,
    /// The person said no here.
    #[error("nothing was paired")]
    Cancelled,
    /// It is paired already.
    #[error("this device is in the vault of {0} already: nothing has to be paired")]
    Already(String),
    /// The other side sent something that was not asked for.
    #[error(
        "the other device sent something that was not expected; nothing was paired: update the app on both devices, then try again"
    )]
    Unexpected,
    /// Keys and records.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl MeetingError {
    /// A stable name for the interface to act on.
    pub fn code(&self) -> &str {
        match self {
            Self::Code(error) => error.code(),
            Self::Link(error) => error.code(),
            Self::Declined { code, .. } => code,
            Self::Busy => "pairing_busy",
            Self::Cancelled => "pairing_cancelled",
            Self::Already(_) => "already_paired",
            Self::Unexpected => "unexpected",
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<holdfast_oplog::OplogError> for MeetingError {
    fn from(error: holdfast_oplog::OplogError) -> Self {
        Self::Vault(error.into())
    }
}

/// What a device says of itself, and of what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What people call it.
    pub name: String,
    /// Its platform, for people and icons.
    pub platform: String,
    /// Its vault; none where it has none yet.
    pub vault: Option<VaultId>,
    /// Which device of that vault it is.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// Tasks that it would send.
    pub tasks: u64,
    /// Notes that it would send.
    pub notes: u64,
    /// Titles of lists that it would send.
    pub lists: Vec<String>,
}

impl About {
    /// As people may see it: names that are too long, and signs that move the cursor, are not.
    fn cleaned(mut self) -> Self {
        self.name = said::words(&self.name, 64);
        self.platform = said::words(&self.platform, 16);
        self.lists.truncate(1_000);
        self.lists = self.lists.iter().map(|title| said::words(title, 200)).collect();
        self
    }
}

/// Before the code is proved, in the clear within TLS.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Open {
    /// What are you called?
    Ask,
    /// So people call it.
    Called(String),
    Element(ByteBuf),
    Confirmation(ByteBuf),
    Failed {
        code: String,
        text: String,
    },
}

/// After it, sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sealed {
    About(About),
    /// The person has seen what will move and says yes.
    Agreed,
    /// [`Invitation`] as bytes, and all membership records.
    Invitation {
        invitation: ByteBuf,
        records: Vec<ByteBuf>,
    },
    /// The record by which the device joins.
    Joined(ByteBuf),
    Welcome,
    Already,
    Failed {
        code: String,
        text: String,
    },
}

/// A connection on which both sides proved that they know the code.
#[derive(Debug)]
pub struct Meeting {
    link: Link,
    paired: Paired,
    role: Role,
    number: u64,
}

async fn say(link: &mut Link, open: &Open) -> Result<(), MeetingError> {
    Ok(link.writer.send(encode(open)?.into(), STEP).await?)
}

async fn hear(link: &mut Link) -> Result<Open, MeetingError> {
    let frame = link.reader.next(STEP).await?.ok_or(MeetingError::Unexpected)?;
    match decode(&frame, super::limits::HANDSHAKE, "a message")? {
        Open::Failed { code, text } => Err(declined(&code, &text)),
        open => Ok(open),
    }
}

/// The other device says why not: whoever it is, its words are shown to the person.
fn declined(code: &str, text: &str) -> MeetingError {
    let (code, text) = said::reason(code, text);
    MeetingError::Declined { code, text }
}

/// Tells the other side why it failed, where it still hears.
async fn tell_failed(link: &mut Link, error: &MeetingError) {
    let failed = Open::Failed { code: error.code().to_owned(), text: error.to_string() };
    let _ = tokio::time::timeout(MOMENT, say(link, &failed)).await;
}

/// Answers a stranger who cannot pair now, and says why. Costs this device nothing but the answer.
pub(super) async fn decline(mut link: Link, why: &MeetingError) {
    // Its first message is read before: an answer beside unread bytes may be lost on the way.
    if hear(&mut link).await.is_ok() {
        tell_failed(&mut link, why).await;
    }
}

/// The device that shows the code: answers one that says it knows it. Its name is told to whoever asks
/// while a code is shown. `begun` is called when the other side has sent its element; `ended` completes
/// when this side waits no longer for a proof. What becomes of the code is told in any case.
pub async fn offering(
    mut link: Link,
    own_key: &[u8; 32],
    codes: &Codes,
    begun: impl FnOnce(),
    ended: impl Future<Output = MeetingError>,
) -> Result<Meeting, Unproved> {
    let proof = tokio::select! {
        biased;
        proof = prove(&mut link, own_key, codes, begun) => proof,
        why = ended => Err(why.into()),
    };
    match proof {
        Ok((paired, own, number)) => {
            // From here on the code is used up: whatever follows is told by its number.
            let told = say(&mut link, &Open::Confirmation(own.to_vec().into())).await;
            told.map_err(|error| Unproved { error, burned: Some(number) })?;
            Ok(Meeting::new(link, paired, Role::Offering, number))
        }
        Err(unproved) => {
            if matches!(unproved.error, MeetingError::Code(_) | MeetingError::Busy) {
                tell_failed(&mut link, &unproved.error).await;
            }
            Err(unproved)
        }
    }
}

/// The messages up to the other side's proof. Nothing is waited for after the code was tried, so that
/// who ends it in between never hides what became of the code.
async fn prove(
    link: &mut Link,
    own_key: &[u8; 32],
    codes: &Codes,
    begun: impl FnOnce(),
) -> Result<(Paired, [u8; CONFIRMATION], u64), Unproved> {
    let binding = Binding {
        channel: link.exporter,
        offering: *own_key,
        accepting: link.peer_key,
        protocol: link.protocol,
    };
    let mut first = hear(link).await?;
    if matches!(first, Open::Ask) {
        if let Some(why) = codes.why_not() {
            return Err(why.into());
        }
        say(link, &Open::Called(codes.name())).await?;
        first = match hear(link).await {
            // It looked for another device.
            Err(MeetingError::Link(_) | MeetingError::Unexpected) => {
                return Err(PairingError::NoCode.into());
            }
            heard => heard?,
        };
    }
    let Open::Element(element) = first else {
        return Err(MeetingError::Unexpected.into());
    };
    let (attempt, answer) = codes.begin(&binding, &element)?;
    begun();
    say(link, &Open::Element(answer.to_vec().into())).await?;
    let Open::Confirmation(confirmation) = hear(link).await? else {
        return Err(MeetingError::Unexpected.into());
    };
    codes.confirm(attempt, &confirmation)
}

/// Asks a device what it is called; one that shows no code does not say.
pub async fn name_of(link: &mut Link) -> Result<String, MeetingError> {
    say(link, &Open::Ask).await?;
    match hear(link).await? {
        Open::Called(name) => Ok(said::words(&name, 64)),
        _ => Err(MeetingError::Unexpected),
    }
}

/// The device on which the code was typed.
pub async fn accepting(
    mut link: Link,
    own_key: &[u8; 32],
    code: &PairingCode,
) -> Result<Meeting, MeetingError> {
    let binding = Binding {
        channel: link.exporter,
        offering: link.peer_key,
        accepting: *own_key,
        protocol: link.protocol,
    };
    let (accepting, element) = Accepting::new(code, &binding, &mut OsRng)?;
    say(&mut link, &Open::Element(element.to_vec().into())).await?;
    let Open::Element(theirs) = hear(&mut link).await? else {
        return Err(MeetingError::Unexpected);
    };
    let (last, confirmation) = accepting.take_element(&theirs)?;
    say(&mut link, &Open::Confirmation(confirmation.to_vec().into())).await?;
    let Open::Confirmation(theirs) = hear(&mut link).await? else {
        return Err(MeetingError::Unexpected);
    };
    let paired = last.take_confirmation(&theirs)?;
    Ok(Meeting::new(link, paired, Role::Accepting, 0))
}

/// What the device that shows the code needs to let another one in.
pub struct Host<'a> {
    /// The vault.
    pub vault: VaultId,
    /// This device's keys.
    pub keys: &'a DeviceKeys,
    /// The vault's keys.
    pub keyring: &'a Keyring,
    /// Everything that is known of who belongs to the vault.
    pub records: Vec<Vec<u8>>,
    /// Now, in milliseconds since 1970.
    pub now_ms: u64,
}

/// A device that was let in.
#[derive(Debug)]
pub struct LetIn {
    /// The new device.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// The records to be kept: the invitation, and by which it joined.
    pub records: [Vec<u8>; 2],
}

/// What a device that joins has received.
#[derive(Debug)]
pub struct Entry {
    /// The vault's keys; they name the vault.
    pub keyring: Keyring,
    /// Who belongs to the vault, this device too.
    pub records: Vec<Vec<u8>>,
}

impl Meeting {
    fn new(mut link: Link, paired: Paired, role: Role, number: u64) -> Self {
        link.reader.lift_limit();
        link.writer.lift_limit();
        Self { link, paired, role, number }
    }

    /// The number of the code by which it came about, at the device that showed it.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Four words that are the same on both screens.
    pub const fn words(&self) -> [&'static str; 4] {
        self.paired.words
    }

    /// The other device's key.
    pub const fn peer_key(&self) -> [u8; 32] {
        self.link.peer_key
    }

    async fn send(&mut self, message: &Sealed) -> Result<(), MeetingError> {
        let plain = zeroize::Zeroizing::new(encode(message)?);
        let sealed = seal_handover(&self.paired.secret, self.role, &plain, &mut OsRng)?;
        Ok(self.link.writer.send(sealed.into(), DECIDE).await?)
    }

    async fn next(&mut self) -> Result<Sealed, MeetingError> {
        let frame = self.link.reader.next(DECIDE).await?.ok_or(MeetingError::Cancelled)?;
        let other = match self.role {
            Role::Offering => Role::Accepting,
            Role::Accepting => Role::Offering,
        };
        let plain = open_handover(&self.paired.secret, other, &frame)?;
        match read(&plain)? {
            Sealed::Failed { code, text } => Err(declined(&code, &text)),
            message => Ok(message),
        }
    }

    /// Ends it, and says why.
    pub async fn fail(&mut self, code: &str, text: &str) {
        let _ = self.send(&Sealed::Failed { code: code.to_owned(), text: text.to_owned() }).await;
    }

    /// Tells the other device about this one, and hears about it.
    pub async fn introduce(&mut self, own: About) -> Result<About, MeetingError> {
        self.send(&Sealed::About(own)).await?;
        match self.next().await? {
            Sealed::About(about) => Ok(about.cleaned()),
            _ => Err(MeetingError::Unexpected),
        }
    }

    /// The device that shows the code: waits until the person at the other one agrees, and lets it in.
    /// `keep` keeps the records; only then is the other device welcomed.
    pub async fn let_in<E: From<MeetingError>>(
        mut self,
        host: Host<'_>,
        about: &About,
        keep: impl FnOnce(&LetIn) -> Result<(), E>,
    ) -> Result<LetIn, E> {
        match self.next().await? {
            Sealed::Agreed => {}
            _ => return Err(MeetingError::Unexpected.into()),
        }
        let members = Membership::from_records(host.vault, &host.records);
        let is_member = about.device.is_some_and(|device| members.is_active(device));
        // One that was removed, or lost its keys, comes in again as a new device.
        if about.vault == Some(host.vault) && is_member {
            self.send(&Sealed::Already).await?;
            return Err(MeetingError::Already(about.name.clone()).into());
        }
        let (invited, record) = prepare(&host)?;
        let invitation = Sealed::Invitation {
            invitation: ByteBuf::from(invited.encode().to_vec()),
            records: host
                .records
                .iter()
                .chain([&record])
                .map(|record| ByteBuf::from(record.clone()))
                .collect(),
        };
        self.send(&invitation).await?;
        let Sealed::Joined(joined) = self.next().await? else {
            return Err(MeetingError::Unexpected.into());
        };
        let joined = joined.into_vec();
        let mut records = host.records;
        records.extend([record.clone(), joined.clone()]);
        let members = Membership::from_records(host.vault, &records);
        // It joins with the key that the connection proved, and with no other.
        let device = members
            .active()
            .find(|device| device.public.sign == self.link.peer_key)
            .map(|device| (device.id, device.name.clone()))
            .ok_or(MeetingError::Unexpected)?;
        let let_in = LetIn { device: device.0, name: device.1, records: [record, joined] };
        keep(&let_in)?;
        self.send(&Sealed::Welcome).await?;
        // The other side ends the connection: so it has heard the last word.
        let _ = self.link.reader.next(STEP).await;
        Ok(let_in)
    }

    /// The device on which the code was typed: the person agrees, and it enters. What it gets is to be
    /// kept before anything else is done. Dropping this ends the connection.
    pub async fn enter(
        &mut self,
        keys: &DeviceKeys,
        who: Introduction<'_>,
    ) -> Result<Entry, MeetingError> {
        self.send(&Sealed::Agreed).await?;
        let (invitation, records) = match self.next().await? {
            Sealed::Invitation { invitation, records } => (invitation, records),
            Sealed::Already => return Err(MeetingError::Already("that device".to_owned())),
            _ => return Err(MeetingError::Unexpected),
        };
        let plain = zeroize::Zeroizing::new(invitation.into_vec());
        let Invitation { keyring, key, invite, .. } = Invitation::decode(&plain)?;
        let vault = keyring.vault();
        let joined = join(vault, keys, &key, invite, who)?;
        let mut records: Vec<Vec<u8>> = records.into_iter().map(ByteBuf::into_vec).collect();
        records.push(joined.clone());
        let members = Membership::from_records(vault, &records);
        if !members.is_active(keys.device_id()) {
            return Err(MeetingError::Unexpected);
        }
        self.send(&Sealed::Joined(joined.into())).await?;
        match self.next().await? {
            Sealed::Welcome => Ok(Entry { keyring, records }),
            _ => Err(MeetingError::Unexpected),
        }
    }
}

fn prepare(host: &Host<'_>) -> Result<(Invitation, Vec<u8>), MeetingError> {
    let key = InviteKey::generate(&mut OsRng);
    let knows = Membership::from_records(host.vault, &host.records).joins();
    let (record, hash): (Vec<u8>, Hash) =
        invite_knowing(host.vault, host.keys, &key, None, host.now_ms, knows)?;
    let keyring = host.keyring.clone();
    Ok((Invitation { keyring, key, invite: hash, inviter: String::new() }, record))
}

fn read<T: DeserializeOwned>(plain: &[u8]) -> Result<T, MeetingError> {
    Ok(decode(plain, LARGEST, "a message")?)
}

#[cfg(test)]
#[path = "meeting_tests.rs"]
mod tests;
