//! Joining the vault of a device that shows a code, step by step for a window: the code is proved, the
//! person sees what will move, and says yes or no. One at a time; it can be ended at every step.

use super::pairing::{Agreement, PairingPreview};
use crate::boot::chosen;
use crate::session::NewDevice;
use crate::{App, AppError, KeyStore, view};
use holdfast_transports::nearby::meeting::MeetingError;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// How long the person may look at what will move. The other device waits no longer either.
const DECIDE: Duration = Duration::from_secs(280);

/// The one attempt that is under way.
#[derive(Debug, Default)]
pub(crate) struct Joining {
    attempt: Mutex<Option<Attempt>>,
    /// Told when the attempt is to end.
    stop: Mutex<Option<watch::Sender<bool>>>,
    /// Whether it waits for the person.
    asks: AtomicBool,
}

#[derive(Debug)]
struct Attempt {
    answer: Sender<Agreement>,
    step: Receiver<Step>,
    thread: JoinHandle<()>,
}

/// What an attempt says of itself.
#[derive(Debug)]
enum Step {
    Asks(Box<PairingPreview>),
    Over(Result<(), AppError>),
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cancelled() -> AppError {
    MeetingError::Cancelled.into()
}

impl App {
    /// Begins to join the vault of the device at `place` (its address, or its name where it can be
    /// found), and answers what will move. An attempt of before is ended. `key_store` is for a device that
    /// has no vault yet; one that has keeps its new key as it kept the old one, under the same passphrase.
    pub fn begin_joining(
        self: &Arc<Self>,
        place: &str,
        code: &str,
        device_name: &str,
        key_store: Option<view::KeyStore>,
        passphrase: Option<String>,
    ) -> Result<view::JoinPreview, AppError> {
        self.cancel_joining();
        let (answer, answers) = channel();
        let (tell, step) = channel();
        let app = Arc::clone(self);
        let (place, code, name) = (place.to_owned(), code.to_owned(), device_name.to_owned());
        *locked(&self.joining.stop) = Some(watch::channel(false).0);
        let thread = std::thread::spawn(move || {
            let new = NewDevice {
                name: &name,
                key_store: key_store.map(chosen),
                passphrase: passphrase.as_deref(),
                set_aside: None,
            };
            let outcome = app.accept_pairing(&place, &code, &new, |preview| {
                // Whoever began it may have gone: then nothing is paired.
                app.joining.asks.store(true, Ordering::SeqCst);
                if tell.send(Step::Asks(Box::new(preview.clone()))).is_err() {
                    return Agreement::No;
                }
                let answer = answers.recv_timeout(DECIDE).unwrap_or(Agreement::No);
                app.joining.asks.store(false, Ordering::SeqCst);
                answer
            });
            app.joining.asks.store(false, Ordering::SeqCst);
            let outcome = outcome.and_then(|_| app.note_let_in());
            let _ = tell.send(Step::Over(outcome));
        });
        *locked(&self.joining.attempt) = Some(Attempt { answer, step, thread });
        match self.next_step()? {
            Step::Asks(preview) => Ok((*preview).into()),
            Step::Over(outcome) => {
                drop(locked(&self.joining.attempt).take());
                outcome.and_then(|()| Err(cancelled()))
            }
        }
    }

    /// Whether this device's key is kept under a passphrase.
    pub(super) fn asks_for_passphrase(&self) -> Result<bool, AppError> {
        self.with(|open| Ok(open.key_store()? == KeyStore::Passphrase))
    }

    /// The person has seen what will move and says yes. Answers when this device is in.
    pub fn finish_joining(&self, same: view::SameLists) -> Result<view::Boot, AppError> {
        let agreed = Agreement::Yes(same);
        {
            let attempt = locked(&self.joining.attempt);
            let attempt = attempt.as_ref().ok_or_else(cancelled)?;
            attempt.answer.send(agreed).map_err(|_| cancelled())?;
        }
        match self.next_step()? {
            Step::Over(outcome) => {
                drop(locked(&self.joining.attempt).take());
                outcome?;
                self.boot()
            }
            Step::Asks(_) => Err(cancelled()),
        }
    }

    /// Ends the attempt that is under way; nothing is paired by it, unless the other device let this
    /// one in already. Waits until it has ended.
    pub fn cancel_joining(&self) {
        let attempt = locked(&self.joining.attempt).take();
        if let Some(Attempt { answer, thread, .. }) = attempt {
            // Where the person is asked, the answer is no, and the other device is told. What waits for
            // the network ends at once.
            let _ = answer.send(Agreement::No);
            if !self.joining.asks.load(Ordering::SeqCst)
                && let Some(stop) = &*locked(&self.joining.stop)
            {
                stop.send_replace(true);
            }
            let _ = thread.join();
        }
        *locked(&self.joining.stop) = None;
    }

    /// The next thing that the attempt says, or that it was ended meanwhile.
    fn next_step(&self) -> Result<Step, AppError> {
        const LOOK: Duration = Duration::from_millis(20);
        loop {
            {
                let attempt = locked(&self.joining.attempt);
                match attempt.as_ref().map(|attempt| attempt.step.try_recv()) {
                    None | Some(Err(TryRecvError::Disconnected)) => return Err(cancelled()),
                    Some(Ok(step)) => return Ok(step),
                    Some(Err(TryRecvError::Empty)) => {}
                }
            }
            std::thread::park_timeout(LOOK);
        }
    }

    /// Runs `work`, and ends it where the person ends the attempt. What waits for the person is asked to
    /// end itself.
    pub(super) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, AppError>>,
    ) -> Result<T, AppError> {
        let stop = locked(&self.joining.stop).as_ref().map(watch::Sender::subscribe);
        let Some(mut stop) = stop else { return work.await };
        tokio::select! {
            biased;
            done = work => done,
            _ = stop.wait_for(|stop| *stop) => Err(cancelled()),
        }
    }

    /// The device that let this one in proved by the code who it is.
    fn note_let_in(&self) -> Result<(), AppError> {
        self.with(|open| {
            let (members, here) = (open.members()?, open.device());
            match members.device(here).and_then(|device| device.invited_by) {
                Some(by) => open.note_verified(by),
                None => Ok(()),
            }
        })
    }
}

impl From<PairingPreview> for view::JoinPreview {
    fn from(preview: PairingPreview) -> Self {
        Self {
            name: preview.name,
            platform: preview.platform,
            tasks: preview.tasks,
            notes: preview.notes,
            lists: preview.lists,
            words: preview.words,
            check_words: preview.check_words,
            brings_tasks: preview.brings_tasks,
            brings_notes: preview.brings_notes,
            same_lists: preview.same_lists,
            left_behind: preview.left_behind,
        }
    }
}
