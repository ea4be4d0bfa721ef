//! What the network asks of this device.

use super::facts::{Met, NearbyState, NeighbourFact, PairingOffer};
use super::way::Way;
use crate::{App, AppError, view};
use holdfast_oplog::{DeviceId, Hash};
use holdfast_transports::nearby::meeting::{self, About, LetIn, Meeting, MeetingError};
use holdfast_transports::nearby::{Admission, Codes, Host, HostSession, Identity, Neighbour, Tag};
use holdfast_transports::peer::PeerError;
use holdfast_vault::DeviceKeys;
use holdfast_vault::pairing::PairingError;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is asked so often that it is kept at hand.
#[derive(Debug, Default)]
struct Known {
    devices: BTreeMap<[u8; 32], DeviceId>,
    blocked: BTreeSet<[u8; 32]>,
    removed: BTreeSet<[u8; 32]>,
    tag: Option<Tag>,
    /// Over everything that is known of who belongs to the vault.
    records: Option<Hash>,
}

/// This device, as its network sees it.
pub(super) struct Neighbourhood {
    pub(super) app: Arc<App>,
    pub(super) identity: Arc<Identity>,
    codes: Arc<Codes>,
    known: Mutex<Known>,
    state: Mutex<NearbyState>,
    /// Whether the others were told who belongs to the vault now.
    told: AtomicBool,
    /// By how many milliseconds the clocks of others are ahead of this one's.
    clocks: Mutex<BTreeMap<DeviceId, i64>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Neighbourhood {
    pub(super) fn new(app: Arc<App>) -> Result<Arc<Self>, AppError> {
        let identity = app.with(|open| Ok(Identity::new(&open.keys)?))?;
        let around = Arc::new(Self {
            app,
            identity: Arc::new(identity),
            codes: Arc::default(),
            known: Mutex::default(),
            state: Mutex::default(),
            told: AtomicBool::new(true),
            clocks: Mutex::default(),
        });
        around.refresh();
        Ok(around)
    }

    /// Whether the data folder holds another vault by now, or this device's key is another one.
    pub(super) fn is_over(&self) -> bool {
        let key = self.app.with(|open| Ok(open.keys.public().sign));
        key.is_ok_and(|key| key != *self.identity.key())
    }

    /// Reads anew who belongs to the vault.
    pub(super) fn refresh(&self) {
        let known = self.app.with(|open| {
            let (members, here) = (open.members()?, open.device());
            let devices = members
                .active()
                .filter(|device| device.id != here)
                .map(|device| (device.public.sign, device.id))
                .collect();
            let blocked =
                open.nearby_facts()?.blocked.iter().filter_map(|key| key_of(key)).collect();
            let gone = members.devices().iter().filter(|device| device.removal.is_some());
            let removed = gone.map(|device| device.public.sign).collect();
            let tag = Tag::of(&open.keyring, open.now_ms().cast_unsigned()).ok();
            let records = open.store.read(|tx| tx.membership())?;
            let records = Some(Hash::of(&records.concat()));
            Ok(Known { devices, blocked, removed, tag, records })
        });
        // What cannot be read now is read at the next look.
        let Ok(known) = known else { return };
        let before = std::mem::replace(&mut *locked(&self.known), known);
        let other = before.records != locked(&self.known).records;
        if other {
            self.told.store(false, Ordering::Relaxed);
        }
    }

    /// The others have to be told once more what is here: a content that one of them may have asked for
    /// too early.
    pub(super) fn tell_again(&self) {
        self.told.store(false, Ordering::Relaxed);
    }

    /// Whether the others have to be told that somebody joined or left, or that a content came, once.
    pub(super) fn is_to_be_told(&self) -> bool {
        !self.told.swap(true, Ordering::Relaxed)
    }

    /// Shows a new code.
    pub(super) fn show(&self, number: u64) -> Result<PairingOffer, AppError> {
        let name = self
            .app
            .with(|open| Ok(open.members()?.name(open.device()).unwrap_or_default().to_owned()))?;
        let offer = self.codes.show(number, &name)?;
        let address = locked(&self.state).addresses.first().cloned().unwrap_or_default();
        self.app.with(|open| {
            let good_for = i64::try_from(offer.good_for_ms).unwrap_or(i64::MAX);
            let shown = PairingOffer {
                code: offer.code.to_string(),
                address,
                name,
                expires: open.now_ms().saturating_add(good_for),
                number,
                met: None,
                paired: None,
                failed: None,
            };
            open.keep_offer(Some(&shown))?;
            Ok(shown)
        })
    }

    /// Takes the code away when its time is over.
    pub(super) fn look_at_offer(&self) {
        let Some(number) = self.codes.expired() else { return };
        let over = (PairingError::Expired.code().to_owned(), PairingError::Expired.to_string());
        self.ended(number, None, Some(over));
    }

    /// The person does not want to pair any more: the code is worth nothing from here on, and whoever
    /// is being let in by it is not.
    pub(super) fn withdraw(&self) {
        self.codes.withdraw();
        let shown = self.app.with(|open| Ok(open.offer()));
        if let Ok(Some(offer)) = shown {
            self.ended(offer.number, None, Some(withdrawn()));
        }
    }

    /// Another device proved that it knows the code of that number: its person decides now.
    fn met(&self, number: u64, other: &About, words: [&'static str; 4]) {
        let kept = self.app.with(|open| {
            let Some(mut offer) = open.offer().filter(|offer| offer.number == number) else {
                return Ok(());
            };
            offer.code.clear();
            offer.met = Some(Met {
                name: other.name.clone(),
                platform: other.platform.clone(),
                words: words.map(str::to_owned).to_vec(),
            });
            open.keep_offer(Some(&offer))
        });
        match kept {
            Ok(()) => self.app.tell(view::Changed::anything(0)),
            Err(error) => tracing::warn!(%error, "who is pairing is not kept"),
        }
    }

    /// By how much a device's clock is ahead of this one's.
    pub(super) fn heard_clock(&self, device: DeviceId, ahead_ms: i64) {
        {
            let mut clocks = locked(&self.clocks);
            if clocks.get(&device) == Some(&ahead_ms) {
                return;
            }
            clocks.insert(device, ahead_ms);
        }
        for known in &mut locked(&self.state).neighbours {
            if known.device == Some(device) {
                known.ahead_ms = Some(ahead_ms);
            }
        }
        self.keep_state();
    }

    /// The code of that number led to something, or to nothing. The first word on it stays.
    fn ended(&self, number: u64, paired: Option<String>, failed: Option<(String, String)>) {
        let kept = self.app.with(|open| {
            let Some(mut offer) = open.offer() else { return Ok(false) };
            if offer.number != number {
                return Ok(false);
            }
            if offer.paired.is_some() || offer.failed.is_some() {
                return Ok(false);
            }
            // A code that is spent is worth nothing to whoever reads this file.
            offer.code.clear();
            (offer.paired, offer.failed) = (paired, failed);
            open.keep_offer(Some(&offer))?;
            Ok(true)
        });
        match kept {
            Ok(true) => self.app.tell(view::Changed::anything(0)),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the end of a pairing is not kept"),
        }
    }

    /// Says where others can connect.
    pub(super) fn listens(&self, addresses: &[SocketAddr]) {
        let mut state = locked(&self.state);
        state.addresses = super::pairing::reachable(addresses);
        state.trouble = None;
        state.metered = false;
        drop(state);
        self.keep_state();
    }

    pub(super) fn keep_state(&self) {
        let state = locked(&self.state).clone();
        if let Err(error) = self.app.with(|open| open.keep_nearby_state(&state)) {
            tracing::warn!(%error, "how the network stands is not kept");
        }
        self.app.tell(view::Changed::anything(0));
    }

    /// The device at the other end proved that it knows the code: both say who they are, the person there
    /// decides, and it is let in. Nothing here is read or counted for anybody before that proof.
    async fn let_in(&self, mut meeting: Meeting, is_kept: &AtomicBool) -> Result<LetIn, Stopped> {
        let number = meeting.number();
        let about = self.app.with(|open| open.about())?;
        let other = meeting.introduce(about).await?;
        self.met(number, &other, meeting.words());
        let (keys, keyring, records, now_ms) = self.app.with(|open| {
            let records = open.store.read(|tx| tx.membership())?;
            let keys = DeviceKeys::decode(&open.keys.encode())?;
            Ok((keys, open.keyring.clone(), records, open.now_ms().cast_unsigned()))
        })?;
        let vault = keyring.vault();
        let host = meeting::Host { vault, keys: &keys, keyring: &keyring, records, now_ms };
        meeting
            .let_in(host, &other, |let_in| {
                self.app.with(|open| {
                    open.before_writing()?;
                    open.store.write(|tx| {
                        for record in &let_in.records {
                            tx.add_membership(record)?;
                        }
                        Ok::<_, AppError>(())
                    })?;
                    open.note_verified(let_in.device)
                })?;
                is_kept.store(true, Ordering::SeqCst);
                Ok(())
            })
            .await
    }
}

/// Why a device was not let in.
enum Stopped {
    Met(MeetingError),
    Own(AppError),
    /// The person here took the code back.
    Withdrawn,
}

fn withdrawn() -> (String, String) {
    ("pairing_withdrawn".to_owned(), "the code was taken back: show a new code".to_owned())
}

/// Said where the code is shown: whoever is on the network can use codes up.
fn wrong_try() -> (String, String) {
    let text = "a device tried a wrong code, and that used this one up: show a new code; if it was not you who mistyped it, somebody in this network tries codes";
    ("pairing_wrong_try".to_owned(), text.to_owned())
}

impl From<MeetingError> for Stopped {
    fn from(error: MeetingError) -> Self {
        Self::Met(error)
    }
}

impl From<AppError> for Stopped {
    fn from(error: AppError) -> Self {
        Self::Own(error)
    }
}

impl Stopped {
    fn told(&self) -> (String, String) {
        match self {
            Self::Met(MeetingError::Code(PairingError::WrongCode)) => wrong_try(),
            Self::Met(error) => (error.code().to_owned(), error.to_string()),
            Self::Own(error) => (error.code().to_owned(), error.to_string()),
            Self::Withdrawn => withdrawn(),
        }
    }
}

impl Host for Handle {
    fn admission(&self, key: &[u8; 32]) -> Admission {
        let known = locked(&self.0.known);
        if known.blocked.contains(key) {
            Admission::Blocked
        } else if known.devices.contains_key(key) {
            Admission::Known
        } else if known.removed.contains(key) {
            Admission::Removed
        } else {
            Admission::Stranger
        }
    }

    fn device(&self, key: &[u8; 32]) -> Option<DeviceId> {
        locked(&self.0.known).devices.get(key).copied()
    }

    fn keys(&self) -> Vec<[u8; 32]> {
        let known = locked(&self.0.known);
        known.devices.keys().filter(|key| !known.blocked.contains(*key)).copied().collect()
    }

    fn tag(&self) -> Option<Tag> {
        locked(&self.0.known).tag.clone()
    }

    fn session(&self, device: DeviceId) -> Result<Box<dyn HostSession>, PeerError> {
        let app = &self.0.app;
        let twin = app.with(|open| open.twin(app.home())).map_err(|error| PeerError::Refused {
            code: error.code().to_owned(),
            text: error.to_string(),
        })?;
        Ok(Box::new(Way::new(self.0.clone(), twin, device)))
    }

    fn codes(&self) -> Arc<Codes> {
        self.0.codes.clone()
    }

    fn tried(&self, from: SocketAddr, number: u64, outcome: Result<Meeting, MeetingError>) {
        let runtime = tokio::runtime::Handle::current();
        let mut valid = self.0.codes.valid();
        let let_in = runtime.block_on(async {
            let is_kept = AtomicBool::new(false);
            let mut work = std::pin::pin!(self.0.let_in(outcome?, &is_kept));
            let withdrawn = async {
                // The value is let go of at once: whoever shows a code waits for it.
                let _ = valid.wait_for(|valid| *valid != number).await.map(|valid| *valid);
            };
            tokio::select! {
                biased;
                done = &mut work => done,
                // The device belongs to the vault already: the other side hears of it too.
                () = withdrawn => {
                    if is_kept.load(Ordering::SeqCst) { work.await } else { Err(Stopped::Withdrawn) }
                }
            }
        });
        match let_in {
            Ok(let_in) => {
                self.0.refresh();
                self.0.ended(number, Some(let_in.name), None);
            }
            Err(stopped) => {
                let (code, text) = stopped.told();
                tracing::info!(%from, code, "a device was not paired");
                self.0.ended(number, None, Some((code, text)));
            }
        }
    }

    fn neighbours(&self, neighbours: &[Neighbour]) {
        let clocks = locked(&self.0.clocks).clone();
        let facts = neighbours.iter().map(|known| NeighbourFact {
            device: known.device,
            address: known.address.to_string(),
            connected: known.connected,
            trouble: known.trouble.clone(),
            ahead_ms: known.device.and_then(|device| clocks.get(&device).copied()),
        });
        let facts = facts.collect();
        locked(&self.0.state).neighbours = facts;
        self.0.keep_state();
    }
}

/// A neighbourhood that the network can hold on to.
pub(super) struct Handle(pub(super) Arc<Neighbourhood>);

fn key_of(hex: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if hex.len() != 2 * key.len() || !hex.is_ascii() {
        return None;
    }
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(key)
}

impl crate::session::Open {
    /// What this device says of itself to one that it pairs with.
    pub(super) fn about(&mut self) -> Result<About, AppError> {
        let (members, here, vault) = (self.members()?, self.device(), self.vault());
        let name = members.name(here).unwrap_or_default().to_owned();
        let (tasks, notes, lists) = self.what_would_go()?;
        let platform = std::env::consts::OS.to_owned();
        Ok(About { name, platform, vault: Some(vault), device: Some(here), tasks, notes, lists })
    }
}
