//! Pairing with another device by a code.

use super::facts::{Met, PairingOffer};
use super::keeper::{NearbyKeeper, interface};
use crate::joining::{Along, same_title};
use crate::session::{NewDevice, Open, new_actor};
use crate::view::SameLists;
use crate::{App, AppError, view};
use holdfast_model::Kind;
use holdfast_store::Store;
use holdfast_sync::{Carrier, spaces};
use holdfast_transports::nearby::meeting::{self, About, Meeting};
use holdfast_transports::nearby::{
    Discovery, DiscoveryConfig, DiscoveryEvent, Expected, Identity, Link, NearbyError, Tag, connect,
};
use holdfast_vault::DeviceKeys;
use holdfast_vault::membership::Introduction;
use holdfast_vault::pairing::PairingCode;
use rand_core::OsRng;
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long another process may take to show a code.
const SHOW: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);
/// How long a device is looked for by its name.
const FIND: Duration = Duration::from_secs(10);
/// How long a device is called that hangs up at once, and how long between two calls.
const CROWDED: Duration = Duration::from_secs(15);
const KNOCK: Duration = Duration::from_millis(300);

/// What pairing would do, before anything moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairingPreview {
    /// The other device's name.
    pub name: String,
    /// Its platform.
    pub platform: String,
    /// Tasks that it sends.
    pub tasks: u64,
    /// Notes that it sends.
    pub notes: u64,
    /// Lists that it sends, by title.
    pub lists: Vec<String>,
    /// Four words that are the same on both screens.
    pub words: Vec<String>,
    /// Whether the person has to say that the words are the same: the address was typed, so nothing but
    /// the code says which device it is.
    pub check_words: bool,
    /// Tasks that this device brings along; none where it has no vault yet.
    pub brings_tasks: u64,
    /// Notes that it brings along.
    pub brings_notes: u64,
    /// Titles of lists that both have.
    pub same_lists: Vec<String>,
    /// Devices of this device's own vault, by name: they stay in it until they are paired too.
    pub left_behind: Vec<String>,
}

/// What the person says to a [`PairingPreview`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// Nothing is paired.
    No,
    /// They pair.
    Yes(SameLists),
}

impl App {
    /// Shows a code for pairing. Turns Nearby on. Where no process runs the network, this one does as
    /// long as the returned offer is waited for ([`App::wait_for_pairing`]).
    pub fn offer_pairing(self: &Arc<Self>) -> Result<(PairingOffer, Offering), AppError> {
        self.with(|open| open.keep_mode(view::Mode::Nearby))?;
        let keeper = if self.nearby_runs() {
            None
        } else {
            let keeper = NearbyKeeper::start(Arc::clone(self), true);
            self.wait_until(|app| app.nearby().map(|nearby| !nearby.addresses.is_empty()))?;
            Some(keeper)
        };
        let number = self.with(Open::want_offer)?;
        let shown = |app: &Self| -> Result<bool, AppError> {
            Ok(app.with(|open| Ok(open.offer()))?.is_some_and(|offer| offer.number == number))
        };
        self.wait_until(shown)?;
        let offer = self.with(|open| Ok(open.offer()))?.filter(|offer| offer.number == number);
        let offer = offer.ok_or(AppError::NearbyNotRunning)?;
        if let Some((code, message)) = offer.failed {
            return Err(AppError::Pairing { code, message });
        }
        Ok((offer, Offering { number, keeper }))
    }

    pub(super) fn wait_until(
        &self,
        done: impl Fn(&Self) -> Result<bool, AppError>,
    ) -> Result<(), AppError> {
        let start = Instant::now();
        while !done(self)? {
            if start.elapsed() >= SHOW {
                let nearby = self.nearby()?;
                if nearby.metered {
                    return Err(AppError::Metered);
                }
                let trouble = nearby.error;
                return Err(trouble.map_or(AppError::NearbyNotRunning, |error| {
                    AppError::Pairing { code: error.code, message: error.message }
                }));
            }
            std::thread::park_timeout(LOOK);
        }
        Ok(())
    }

    /// Waits until a device was paired by an offer, or it came to nothing. The device's name. `met` hears of
    /// the device that typed the code, while its person decides.
    pub fn wait_for_pairing(
        &self,
        offering: &Offering,
        stop: impl Fn() -> bool,
        met: impl FnOnce(&Met),
    ) -> Result<Option<String>, AppError> {
        let mut met = Some(met);
        while !stop() {
            let offer = self.with(|open| Ok(open.offer()))?;
            match offer.filter(|offer| offer.number == offering.number) {
                // A newer one took its place.
                None => return Ok(None),
                Some(PairingOffer { paired: Some(name), .. }) => return Ok(Some(name)),
                Some(PairingOffer { failed: Some((code, message)), .. }) => {
                    return Err(AppError::Pairing { code, message });
                }
                Some(offer) => {
                    if let Some(who) = &offer.met
                        && let Some(met) = met.take()
                    {
                        met(who);
                    }
                    std::thread::park_timeout(LOOK);
                }
            }
        }
        Ok(None)
    }

    /// Joins the vault of a device that shows a code. `place` is its address, or its name where it can
    /// be found in this network. `agree` sees what will move before it does. What this device has comes
    /// along, and its own vault is kept ([`crate::joining`]).
    pub fn accept_pairing(
        self: &Arc<Self>,
        place: &str,
        code: &str,
        new: &NewDevice<'_>,
        agree: impl FnOnce(&PairingPreview) -> Agreement,
    ) -> Result<PairingPreview, AppError> {
        if !self.has_vault() {
            // Before the code is used up.
            self.refuse_in_place_of_another(new)?;
        }
        let code = PairingCode::parse(code)?;
        let own = if self.has_vault() {
            Some((self.with(Open::own_side)?, self.successor(new)?))
        } else {
            None
        };
        let own_side = own.as_ref().map(|(side, _)| side);
        let keys = DeviceKeys::generate(&mut OsRng);
        let actor = new_actor(&keys);
        let who = self.introduction(new.name, actor)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(AppError::file(self.home().path()))?;
        let identity = Identity::new(&keys)?;
        let is_typed = parse_address(place).is_ok();
        let (entry, lists, other, address) = runtime.block_on(self.unless_stopped(async {
            let (mut meeting, address) = meet(place, &identity, &code).await?;
            let (entry, lists, other) =
                enter(&mut meeting, &keys, who, own_side, is_typed, agree).await?;
            Ok::<_, AppError>((entry, lists, other, address))
        }))?;
        let make = |path: &std::path::Path| {
            let mut store = Store::create(path, entry.keyring.vault())?;
            store.write(|tx| {
                for record in &entry.records {
                    tx.add_membership(record)?;
                }
                Ok::<_, AppError>(())
            })?;
            Ok((store, keys, entry.keyring))
        };
        if let Some((_, successor)) = &own {
            self.change_vault(successor, actor, Along::when_settled(lists), make)?;
        } else {
            let open = self.establish(new, actor, make)?;
            self.adopt(open);
        }
        self.keep_mode(view::Mode::Nearby)?;
        self.add_address(&address.to_string())?;
        Ok(other)
    }
}

/// A code that is shown; where this process runs the network for it, that ends with this.
#[derive(Debug)]
pub struct Offering {
    number: u64,
    keeper: Option<NearbyKeeper>,
}

impl Offering {
    /// Whether the code is shown only as long as this is held.
    pub const fn ends_with_this(&self) -> bool {
        self.keeper.is_some()
    }
}

/// Finds the device that shows the code, and proves to each other that both know it.
async fn meet(
    place: &str,
    identity: &Identity,
    code: &PairingCode,
) -> Result<(Meeting, SocketAddr), AppError> {
    if let Ok(address) = parse_address(place) {
        let link = reach(address, identity).await?;
        return Ok((meeting::accepting(link, identity.key(), code).await?, address));
    }
    let mut discovery = Discovery::start(DiscoveryConfig {
        port: 0,
        interface: interface(),
        tag: Tag::random([0; 16]),
        announce: false,
    })?;
    let mut events = discovery.events().ok_or(AppError::NobodyNearby)?;
    let end = tokio::time::Instant::now() + FIND;
    let mut tried = BTreeSet::new();
    let found = loop {
        // However many announce themselves, and however slowly they answer: that is the end.
        let next = tokio::time::timeout_at(end, events.recv()).await;
        let Some(event) = next.ok().flatten().filter(|_| tokio::time::Instant::now() < end) else {
            break Err(AppError::NobodyNearby);
        };
        let DiscoveryEvent::Found { addresses, .. } = event else { continue };
        let Some(address) = addresses.first().copied().filter(|at| tried.insert(*at)) else {
            continue;
        };
        // A device that shows no code, or cannot be reached, is not the one. The code is tried at the
        // device of that name alone: a wrong try would burn the code of another.
        let asked = async {
            let mut link = connect(address, identity, Expected::Anyone).await.ok()?;
            let name = meeting::name_of(&mut link).await.ok()?;
            Some((link, name))
        };
        let Ok(Some((link, name))) = tokio::time::timeout_at(end, asked).await else { continue };
        if name.eq_ignore_ascii_case(place.trim()) {
            let met = meeting::accepting(link, identity.key(), code).await;
            break met.map(|meeting| (meeting, address)).map_err(AppError::from);
        }
    };
    discovery.stop().await;
    found
}

/// Connects to a typed address. Where the other device hangs up before a word is said, because many knock at
/// once, that is tried again for a while: nothing of the code is used up by it.
async fn reach(address: SocketAddr, identity: &Identity) -> Result<Link, AppError> {
    let end = tokio::time::Instant::now() + CROWDED;
    loop {
        match connect(address, identity, Expected::Anyone).await {
            Ok(link) => return Ok(link),
            Err(NearbyError::Lost(_)) if tokio::time::Instant::now() < end => {
                tokio::time::sleep(KNOCK).await;
            }
            Err(NearbyError::Lost(why)) => {
                let message = format!(
                    "The other device hung up each time it was called ({why}): somebody may be keeping it \
                     busy. Try again with the same code, or in another network."
                );
                return Err(AppError::Pairing { code: "nearby_lost".into(), message });
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a device that has a vault brings along.
struct OwnSide {
    about: About,
    /// The other devices of its vault, by name.
    others: Vec<String>,
}

async fn enter(
    meeting: &mut Meeting,
    keys: &DeviceKeys,
    who: Introduction<'_>,
    own: Option<&OwnSide>,
    is_typed: bool,
    agree: impl FnOnce(&PairingPreview) -> Agreement,
) -> Result<(meeting::Entry, SameLists, PairingPreview), AppError> {
    let about = own.map_or_else(
        || About {
            name: String::new(),
            platform: String::new(),
            vault: None,
            device: None,
            tasks: 0,
            notes: 0,
            lists: Vec::new(),
        },
        |own| own.about.clone(),
    );
    let about = About { name: who.name.to_owned(), platform: who.platform.to_owned(), ..about };
    let other = meeting.introduce(about).await?;
    let preview = preview(&other, meeting, own, is_typed);
    let Agreement::Yes(lists) = agree(&preview) else {
        meeting.fail("pairing_declined", &format!("{} declined.", who.name)).await;
        return Err(meeting::MeetingError::Cancelled.into());
    };
    let entry = meeting.enter(keys, who).await?;
    Ok((entry, lists, preview))
}

fn preview(
    other: &About,
    meeting: &Meeting,
    own: Option<&OwnSide>,
    is_typed: bool,
) -> PairingPreview {
    let is_again = own.is_some_and(|own| own.about.vault == other.vault);
    let same = |title: &&String| {
        let wanted = same_title(title);
        own.is_some_and(|own| own.about.lists.iter().any(|own| same_title(own) == wanted))
    };
    let same_lists =
        if is_again { Vec::new() } else { other.lists.iter().filter(same).cloned().collect() };
    PairingPreview {
        name: other.name.clone(),
        platform: other.platform.clone(),
        tasks: other.tasks,
        notes: other.notes,
        lists: other.lists.clone(),
        words: meeting.words().map(str::to_owned).to_vec(),
        check_words: is_typed || is_again,
        brings_tasks: own.map_or(0, |own| own.about.tasks),
        brings_notes: own.map_or(0, |own| own.about.notes),
        same_lists,
        left_behind: match own {
            Some(own) if !is_again => own.others.clone(),
            _ => Vec::new(),
        },
    }
}

/// An address as people type it: host and port.
pub(super) fn parse_address(address: &str) -> Result<SocketAddr, AppError> {
    let found = address.trim().to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| {
        AppError::Invalid(format!(
            "'{}' is not an address: give it as the other device shows it, such as 192.168.1.5:4829.",
            address.trim()
        ))
    })
}

/// The addresses under which others reach this device, the likeliest first.
pub(super) fn reachable(bound: &[SocketAddr]) -> Vec<String> {
    // What it says of the interface is true on this device alone.
    let scoped = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let mut found: Vec<SocketAddr> = Vec::new();
    for address in bound {
        if address.ip().is_unspecified() {
            let all = if_addrs::get_if_addrs().unwrap_or_default();
            let same = |ip: &IpAddr| ip.is_ipv4() == address.is_ipv4();
            let usable = all
                .iter()
                .map(if_addrs::Interface::ip)
                .filter(|ip| same(ip) && !ip.is_loopback() && !scoped(ip));
            found.extend(usable.map(|ip| SocketAddr::new(ip, address.port())));
        } else if !scoped(&address.ip()) {
            found.push(*address);
        }
    }
    found.sort_by_key(|address| address.is_ipv6());
    found.dedup();
    found.iter().map(ToString::to_string).collect()
}

impl Open {
    /// What this device would bring along into another vault.
    fn own_side(&mut self) -> Result<OwnSide, AppError> {
        let others = self.others()?.into_iter().map(|(_, name)| name).collect();
        Ok(OwnSide { about: self.about()?, others })
    }

    /// How many tasks and notes a paired device would get, and which lists.
    pub(super) fn what_would_go(&mut self) -> Result<(u64, u64, Vec<String>), AppError> {
        let carried = spaces(Carrier::Lan);
        self.store.read(|tx| {
            let (mut tasks, mut notes, mut lists) = (0, 0, Vec::new());
            for space in carried {
                let alive = |kind| -> Result<u64, AppError> {
                    let held = tx.held_in(space, kind)?;
                    Ok(held.iter().filter(|(state, _)| state.is_alive()).count() as u64)
                };
                tasks += alive(Kind::Task)?;
                notes += alive(Kind::Note)?;
                for (state, _) in tx.held_in(space, Kind::List)? {
                    if state.is_alive() {
                        lists.push(state.text(holdfast_model::fields::TITLE).to_owned());
                    }
                }
            }
            lists.sort();
            Ok::<_, AppError>((tasks, notes, lists))
        })
    }
}
