//! One connection, from the moment both sides know each other until it ends.

use super::{FrameReader, FrameWriter, Host, HostSession, Patience};
use crate::peer::{Answer, Ask, Call, Message, News, PeerError};
use holdfast_oplog::DeviceId;
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

/// Messages that wait to be sent.
const OUT: usize = 16;
/// Questions of the other side that wait. It asks one at a time, and may have given one up.
const ASKED: usize = 4;

/// When a connection counts as dead.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// So often each side asks whether the other is there.
    pub ping: Duration,
    /// Nothing came for so long: the connection is dead, although nobody said so.
    pub silence: Duration,
    /// So long a question may wait for its answer.
    pub answer: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(8),
            silence: Duration::from_secs(25),
            answer: Duration::from_secs(60),
        }
    }
}

impl Timing {
    const fn patience(self) -> Patience {
        Patience { silence: self.silence, frame: self.answer }
    }
}

/// Questions of this side that wait for their answers.
#[derive(Debug, Default)]
struct Waiting {
    next: AtomicU64,
    answers: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
}

impl Waiting {
    fn add(&self) -> (u64, oneshot::Receiver<Answer>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(number, sender);
        (number, receiver)
    }

    /// Nobody will answer any more: whoever waits is told at once.
    fn end(&self) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn take(&self, number: u64) -> Option<oneshot::Sender<Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

/// Ends what waits for answers when it is dropped.
struct Ending(Arc<Waiting>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Asks over the connection, from a thread that may wait.
struct Asking {
    out: mpsc::Sender<Message>,
    waiting: Arc<Waiting>,
    runtime: Handle,
    patience: Duration,
    asked: Option<Asked>,
}

/// A question that was sent.
struct Asked {
    number: u64,
    answer: oneshot::Receiver<Answer>,
}

impl Call for Asking {
    fn send(&mut self, ask: Ask) -> Result<(), PeerError> {
        let (number, answer) = self.waiting.add();
        self.asked = Some(Asked { number, answer });
        self.out.blocking_send(Message::Ask { number, ask }).map_err(|_| PeerError::Gone)
    }

    fn is_here(&mut self) -> bool {
        self.asked.as_ref().is_some_and(|asked| !asked.answer.is_empty())
    }

    fn wait(&mut self) -> Result<Answer, PeerError> {
        let Asked { number, answer } = self.asked.take().ok_or(PeerError::Unexpected)?;
        match self.runtime.block_on(timeout(self.patience, answer)) {
            Ok(Ok(Answer::Failed { code, text })) => Err(PeerError::Refused { code, text }),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(PeerError::Gone),
            Err(_) => {
                self.waiting.take(number);
                Err(PeerError::Gone)
            }
        }
    }
}

/// Runs a connection to `device` until it ends; says why. `changed` counts what is new here, `ended`
/// completes when this side is to end it.
pub async fn run(
    reader: FrameReader,
    writer: FrameWriter,
    device: DeviceId,
    host: Arc<dyn Host>,
    changed: watch::Receiver<u64>,
    timing: Timing,
    ended: impl Future<Output = Message> + Send,
) -> PeerError {
    let (out, to_send) = mpsc::channel(OUT);
    let (asked, to_answer) = mpsc::channel(ASKED);
    let (heard, to_receive) = watch::channel(None);
    let waiting = Arc::new(Waiting::default());
    // After the tasks: then nothing more can be asked.
    let _ending = Ending(waiting.clone());
    // Dropped when this returns: that ends all of them.
    let mut tasks = JoinSet::new();
    tasks.spawn(send(writer, to_send, timing));
    tasks.spawn(read(
        reader,
        Heard { out: out.clone(), asked, news: heard, waiting: waiting.clone() },
        timing,
    ));
    tasks.spawn(tell(host.clone(), device, out.clone(), changed));
    tasks.spawn(answer(host.clone(), device, out.clone(), to_answer));
    let asking = Asking {
        out: out.clone(),
        waiting,
        runtime: Handle::current(),
        patience: timing.answer,
        asked: None,
    };
    tasks.spawn(receive(host, device, asking, to_receive));
    tasks.spawn(ping(out.clone(), timing.ping));
    tokio::select! {
        first = tasks.join_next() => match first {
            Some(Ok(error)) => {
                if !matches!(error, PeerError::Gone | PeerError::Refused { .. }) {
                    bye(&out, &error).await;
                }
                error
            }
            _ => PeerError::Gone,
        },
        last = ended => {
            say_last(&out, last).await;
            PeerError::Gone
        }
    }
}

/// Tells the other side why the connection ends, where it still hears.
async fn bye(out: &mpsc::Sender<Message>, error: &PeerError) {
    let last = Message::Bye { code: error.code().to_owned(), text: error.to_string() };
    say_last(out, last).await;
}

async fn say_last(out: &mpsc::Sender<Message>, last: Message) {
    const MOMENT: Duration = Duration::from_millis(300);
    // It may be gone already: then nobody is there to be told.
    if timeout(MOMENT, out.send(last)).await.is_ok() {
        let _ = timeout(MOMENT, out.reserve_many(OUT)).await;
    }
}

async fn send(
    mut writer: FrameWriter,
    mut messages: mpsc::Receiver<Message>,
    timing: Timing,
) -> PeerError {
    while let Some(message) = messages.recv().await {
        let bytes = match message.encode() {
            Ok(bytes) => bytes,
            Err(error) => return error,
        };
        if writer.send(bytes.into(), timing.patience()).await.is_err() {
            return PeerError::Gone;
        }
    }
    PeerError::Gone
}

/// Where what is read goes.
struct Heard {
    out: mpsc::Sender<Message>,
    asked: mpsc::Sender<(u64, Ask)>,
    news: watch::Sender<Option<News>>,
    waiting: Arc<Waiting>,
}

async fn read(mut reader: FrameReader, heard: Heard, timing: Timing) -> PeerError {
    loop {
        let Ok(Some(bytes)) = reader.next(timing.patience()).await else {
            return PeerError::Gone;
        };
        let message = match Message::decode(&bytes) {
            Ok(message) => message,
            Err(error) => return error,
        };
        match message {
            Message::News(news) => drop(heard.news.send(Some(news))),
            // More than it may ask at a time.
            Message::Ask { number, ask } => {
                if heard.asked.try_send((number, ask)).is_err() {
                    return PeerError::Unexpected;
                }
            }
            Message::Answer { number, answer } => match heard.waiting.take(number) {
                // Whoever asked may have given up meanwhile.
                Some(waiting) => drop(waiting.send(answer)),
                None => return PeerError::Unexpected,
            },
            Message::Ping => {
                if heard.out.send(Message::Pong).await.is_err() {
                    return PeerError::Gone;
                }
            }
            Message::Pong => {}
            Message::Bye { code, text } => return PeerError::Refused { code, text },
        }
    }
}

async fn ping(out: mpsc::Sender<Message>, every: Duration) -> PeerError {
    let mut ticks = interval(every);
    loop {
        ticks.tick().await;
        if out.send(Message::Ping).await.is_err() {
            return PeerError::Gone;
        }
    }
}

/// Opens a thread's way to the database and does `work` with it, again and again.
async fn with_session<T: Send + 'static>(
    session: Box<dyn HostSession>,
    work: impl FnOnce(&mut dyn HostSession) -> T + Send + 'static,
) -> Result<(Box<dyn HostSession>, T), PeerError> {
    let done = tokio::task::spawn_blocking(move || {
        let mut session = session;
        let outcome = work(session.as_mut());
        (session, outcome)
    });
    done.await.map_err(|_| PeerError::Gone)
}

async fn open(host: Arc<dyn Host>, device: DeviceId) -> Result<Box<dyn HostSession>, PeerError> {
    let opened = tokio::task::spawn_blocking(move || host.session(device));
    opened.await.map_err(|_| PeerError::Gone)?
}

/// Tells what this device holds, at first and whenever that changes.
async fn tell(
    host: Arc<dyn Host>,
    device: DeviceId,
    out: mpsc::Sender<Message>,
    mut changed: watch::Receiver<u64>,
) -> PeerError {
    let told = async {
        let mut session = open(host, device).await?;
        loop {
            changed.borrow_and_update();
            let (again, news) = with_session(session, |session| session.news()).await?;
            session = again;
            out.send(Message::News(news?)).await.map_err(|_| PeerError::Gone)?;
            changed.changed().await.map_err(|_| PeerError::Gone)?;
        }
    };
    let outcome: Result<(), PeerError> = told.await;
    outcome.err().unwrap_or(PeerError::Gone)
}

async fn answer(
    host: Arc<dyn Host>,
    device: DeviceId,
    out: mpsc::Sender<Message>,
    mut asked: mpsc::Receiver<(u64, Ask)>,
) -> PeerError {
    let answered = async {
        let mut session = open(host, device).await?;
        while let Some((number, ask)) = asked.recv().await {
            let (again, answer) = with_session(session, |session| session.answer(ask)).await?;
            session = again;
            let message = Message::Answer { number, answer };
            out.send(message).await.map_err(|_| PeerError::Gone)?;
        }
        Ok(())
    };
    let outcome: Result<(), PeerError> = answered.await;
    outcome.err().unwrap_or(PeerError::Gone)
}

async fn receive(
    host: Arc<dyn Host>,
    device: DeviceId,
    mut asking: Asking,
    mut news: watch::Receiver<Option<News>>,
) -> PeerError {
    let received = async {
        let mut session = open(host, device).await?;
        loop {
            news.changed().await.map_err(|_| PeerError::Gone)?;
            let Some(latest) = news.borrow_and_update().clone() else { continue };
            let (again, (back, outcome)) = with_session(session, move |session| {
                let outcome = session.receive(&mut asking, &latest);
                (asking, outcome)
            })
            .await?;
            (session, asking) = (again, back);
            outcome?;
        }
    };
    let outcome: Result<(), PeerError> = received.await;
    outcome.err().unwrap_or(PeerError::Gone)
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
