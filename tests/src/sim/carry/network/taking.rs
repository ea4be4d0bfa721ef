//! A device that takes in what another one has. The engine waits for each answer, so it has a thread
//! of its own; whoever runs the history waits whenever the engine does not. So one of them runs at a
//! time, and which one is no chance.

use super::super::super::device::Twin;
use holdfast_oplog::{DeviceId, VersionVector};
use holdfast_transports::peer::{
    Answer, Ask, Call, Came, News, PeerError, Receiving, Taken, receive,
};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, spawn};

/// What came of letting it go on.
pub(super) enum Turn {
    /// It asks, and waits.
    Asks(Box<Ask>),
    /// It is done.
    Ended(Box<Result<Came, PeerError>>),
}

/// Waits for the answers of the other device.
struct Asking {
    turns: Sender<Turn>,
    answers: Receiver<Answer>,
    /// What is to be asked. It goes out when it is waited for: whoever runs the history does nothing
    /// meanwhile, so the answer is never there before.
    next: Option<Ask>,
}

impl Call for Asking {
    fn send(&mut self, ask: Ask) -> Result<(), PeerError> {
        self.next = Some(ask);
        Ok(())
    }

    fn is_here(&mut self) -> bool {
        false
    }

    fn wait(&mut self) -> Result<Answer, PeerError> {
        let ask = self.next.take().ok_or(PeerError::Unexpected)?;
        self.turns.send(Turn::Asks(Box::new(ask))).map_err(|_| PeerError::Gone)?;
        match self.answers.recv() {
            Ok(Answer::Failed { code, text }) => Err(PeerError::Refused { code, text }),
            Ok(answer) => Ok(answer),
            Err(_) => Err(PeerError::Gone),
        }
    }
}

/// It is under way.
pub(super) struct Taking {
    /// What the other device said that it has.
    pub(super) news: News,
    /// Whether the person had said yes to a large deletion when it began.
    pub(super) confirmed: bool,
    /// Contents of attachments and words of others that came since somebody looked.
    told: Arc<AtomicU64>,
    answers: Option<Sender<Answer>>,
    turns: Receiver<Turn>,
    thread: Option<JoinHandle<()>>,
}

impl Taking {
    /// Begins, and goes on until it waits for the first time.
    pub(super) fn begin(
        mut twin: Twin,
        from: DeviceId,
        news: News,
        confirmed: bool,
    ) -> (Self, Turn) {
        let (answers, to_take) = channel();
        let (turn, turns) = channel();
        let heard = news.clone();
        let told = Arc::<AtomicU64>::default();
        let counting = told.clone();
        let thread = spawn(move || {
            let mut asking = Asking { turns: turn.clone(), answers: to_take, next: None };
            let folder = twin.folder().join("incoming");
            let receiving = Receiving { from, confirmed, folder: &folder };
            let mut took = |taken| {
                if taken != Taken::Changes {
                    counting.fetch_add(1, Ordering::Relaxed);
                }
            };
            let came = receive(&mut twin.session(), &mut asking, &heard, receiving, &mut took);
            drop(twin);
            // Nobody waits for it where the connection ended meanwhile.
            let _ = turn.send(Turn::Ended(Box::new(came)));
        });
        let mut taking =
            Self { news, confirmed, told, answers: Some(answers), turns, thread: Some(thread) };
        let turn = taking.wait();
        (taking, turn)
    }

    /// Goes on with an answer until it waits again.
    pub(super) fn go_on(&mut self, answer: Answer) -> Turn {
        let answers = self.answers.as_ref().expect("it waits for an answer");
        answers.send(answer).expect("it waits for an answer");
        self.wait()
    }

    /// Whether something came that others have to be told of beside changes.
    pub(super) fn brought_news(&self) -> bool {
        self.told.swap(0, Ordering::Relaxed) > 0
    }

    /// What it offered to bring.
    pub(super) const fn offered(&self) -> &VersionVector {
        &self.news.offers
    }

    fn wait(&mut self) -> Turn {
        if let Ok(turn) = self.turns.recv() {
            return turn;
        }
        self.join();
        unreachable!("it says how it ends")
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl Drop for Taking {
    /// No answer comes any more: it ends, before anything else happens.
    fn drop(&mut self) {
        self.answers = None;
        self.join();
    }
}
