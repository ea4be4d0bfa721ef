//! Looking for devices in this network that show a code just now.
//!
//! Whoever announces itself is asked for its name; only one that shows a code answers. Bounded in time
//! and number: what is announced comes from anybody.

use super::keeper::interface;
use super::trouble::told;
use crate::{App, AppError, view};
use holdfast_transports::nearby::{
    Discovery, DiscoveryConfig, DiscoveryEvent, Expected, Identity, Tag, connect, meeting,
};
use holdfast_vault::DeviceKeys;
use rand_core::OsRng;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long it is looked.
const WHOLE: Duration = Duration::from_secs(180);
/// How often those that are there are asked again.
const AGAIN: Duration = Duration::from_secs(3);
/// How long one may take to answer.
const ANSWER: Duration = Duration::from_secs(4);
/// How many are asked; further ones are not.
const MOST: usize = 32;

/// A search, and what it found.
#[derive(Debug, Default)]
pub(crate) struct Looking(Mutex<Option<Search>>);

#[derive(Debug)]
struct Search {
    stop: watch::Sender<bool>,
    found: Arc<Mutex<view::FoundDevices>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Search {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// Begins to look for devices that show a code, anew where it was looked already.
    pub fn start_looking(self: &Arc<Self>) -> Result<(), AppError> {
        self.stop_looking();
        let (stop, stopped) = watch::channel(false);
        let found =
            Arc::new(Mutex::new(view::FoundDevices { looking: true, ..Default::default() }));
        let (app, kept) = (Arc::clone(self), Arc::clone(&found));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(AppError::file(self.home().path()))?;
        // A stranger's key: the search tells nobody who looks.
        let identity = Arc::new(Identity::new(&DeviceKeys::generate(&mut OsRng))?);
        let thread = std::thread::spawn(move || {
            let outcome = runtime.block_on(look(&app, &kept, identity, stopped));
            {
                let mut found = locked(&kept);
                found.looking = false;
                found.error = outcome.err().map(|error| told(error.code(), &error.to_string()));
            }
            app.tell(view::Changed::anything(0));
        });
        *locked(&self.looking.0) = Some(Search { stop, found, thread: Some(thread) });
        Ok(())
    }

    /// The devices that were found so far.
    pub fn found_devices(&self) -> view::FoundDevices {
        let search = locked(&self.looking.0);
        search.as_ref().map(|search| locked(&search.found).clone()).unwrap_or_default()
    }

    /// Ends the search, and forgets what it found.
    pub fn stop_looking(&self) {
        let search = locked(&self.looking.0).take();
        drop(search);
    }
}

async fn look(
    app: &App,
    found: &Mutex<view::FoundDevices>,
    identity: Arc<Identity>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), AppError> {
    let mut discovery = Discovery::start(DiscoveryConfig {
        port: 0,
        interface: interface(),
        tag: Tag::random([0; 16]),
        announce: false,
    })?;
    let mut events = discovery.events().ok_or(AppError::NobodyNearby)?;
    let mut there: BTreeMap<String, Vec<SocketAddr>> = BTreeMap::new();
    let mut names: BTreeMap<String, view::FoundDevice> = BTreeMap::new();
    let mut asking: JoinSet<(String, Option<view::FoundDevice>)> = JoinSet::new();
    let mut again = tokio::time::interval(AGAIN);
    let end = tokio::time::sleep(WHOLE);
    tokio::pin!(end);
    loop {
        let before = names.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = &mut end => break,
            event = events.recv() => match event {
                Some(DiscoveryEvent::Found { instance, addresses, .. }) => {
                    if there.len() < MOST || there.contains_key(&instance) {
                        // Whoever announces itself again and again is not asked more often for that.
                        if asking.len() < MOST {
                            asking.spawn(ask(instance.clone(), addresses.clone(), identity.clone()));
                        }
                        there.insert(instance, addresses);
                    }
                }
                Some(DiscoveryEvent::Lost { instance }) => {
                    there.remove(&instance);
                    names.remove(&instance);
                }
                None => break,
            },
            Some(Ok((instance, answer))) = asking.join_next(), if !asking.is_empty() => {
                match answer {
                    Some(device) if there.contains_key(&instance) => {
                        names.insert(instance, device);
                    }
                    _ => drop(names.remove(&instance)),
                }
            }
            _ = again.tick() => if asking.is_empty() {
                for (instance, addresses) in &there {
                    asking.spawn(ask(instance.clone(), addresses.clone(), identity.clone()));
                }
            },
        }
        if names != before {
            locked(found).devices = names.values().cloned().collect();
            app.tell(view::Changed::anything(0));
        }
    }
    discovery.stop().await;
    Ok(())
}

/// Asks a device for its name, at the first of its addresses that answers.
async fn ask(
    instance: String,
    addresses: Vec<SocketAddr>,
    identity: Arc<Identity>,
) -> (String, Option<view::FoundDevice>) {
    let whole = async {
        for address in addresses {
            let Ok(mut link) = connect(address, &identity, Expected::Anyone).await else {
                continue;
            };
            let name = meeting::name_of(&mut link).await.ok()?;
            return Some(view::FoundDevice { name, address: address.to_string() });
        }
        None
    };
    let answer = tokio::time::timeout(ANSWER, whole).await.ok().flatten();
    (instance, answer)
}
