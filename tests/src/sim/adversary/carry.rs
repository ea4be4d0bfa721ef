//! Connections: what is carried between two honest devices, and between one of them and the adversary.
//! Sockets, TLS and pings are not there; every message of the adversary is bytes that the engine reads.

use super::history::History;
use super::honest::Honest;
use super::hostile::Hostile;
use holdfast_oplog::DeviceId;
use holdfast_transports::peer::{
    Answer, Answering, Ask, Call, Message, News, PeerError, Receiving, news, receive,
};
use rand_chacha::ChaCha8Rng;

/// Questions that the adversary answers within one exchange before it falls silent.
const PATIENCE: u64 = 64;

/// An honest device at the other end.
struct ToHonest<'a> {
    to: &'a mut Honest,
    now_ms: i64,
    answering: Answering,
    next: Option<Ask>,
}

impl Call for ToHonest<'_> {
    fn send(&mut self, ask: Ask) -> Result<(), PeerError> {
        self.next = Some(ask);
        Ok(())
    }

    fn is_here(&mut self) -> bool {
        self.next.is_some()
    }

    fn wait(&mut self) -> Result<Answer, PeerError> {
        let ask = self.next.take().ok_or(PeerError::Unexpected)?;
        let answer = self.answering.answer(&mut self.to.session(self.now_ms), ask);
        self.to.keep(self.answering.new_keyring());
        settled(answer)
    }
}

/// The adversary at the other end.
struct ToHostile<'a> {
    hostile: &'a mut Hostile,
    rng: &'a mut ChaCha8Rng,
    asked: u64,
    next: Option<Ask>,
}

impl Call for ToHostile<'_> {
    fn send(&mut self, ask: Ask) -> Result<(), PeerError> {
        self.next = Some(ask);
        Ok(())
    }

    fn is_here(&mut self) -> bool {
        self.next.is_some()
    }

    fn wait(&mut self) -> Result<Answer, PeerError> {
        let ask = self.next.take().ok_or(PeerError::Unexpected)?;
        self.asked += 1;
        if self.asked > PATIENCE {
            return Err(PeerError::Gone);
        }
        let bytes = self.hostile.answer(self.asked, &ask, self.rng);
        match Message::decode(&bytes)? {
            Message::Answer { number, answer } if number == self.asked => settled(answer),
            _ => Err(PeerError::Unexpected),
        }
    }
}

fn settled(answer: Answer) -> Result<Answer, PeerError> {
    match answer {
        Answer::Failed { code, text } => Err(PeerError::Refused { code, text }),
        answer => Ok(answer),
    }
}

impl History {
    /// Two honest devices bring each other up to date, where each takes the other for a member. What
    /// went wrong, in words.
    pub(super) fn meet(&mut self, a: usize, b: usize, confirmed: bool) -> Result<(), String> {
        for (to, from) in [(a, b), (b, a)] {
            let folder = self.folder().join(to.to_string());
            std::fs::create_dir_all(&folder).unwrap();
            let now_ms = self.now_ms;
            let [to, from] = self.honest.get_disjoint_mut([to, from]).expect("two devices");
            if !to.members().is_active(from.id()) || !from.members().is_active(to.id()) {
                return Err("one does not take the other for a member".into());
            }
            let (me, id) = (to.id(), from.id());
            let news = news(&mut from.session(now_ms), me).map_err(|error| error.to_string())?;
            let answering = Answering::new(folder.clone());
            let mut call = ToHonest { to: from, now_ms, answering, next: None };
            let receiving = Receiving { from: id, confirmed, folder: &folder };
            let came = receive(&mut to.session(now_ms), &mut call, &news, receiving, &mut |_| ());
            let came = came.map_err(|error| error.to_string())?;
            to.keep(came.keyring);
        }
        Ok(())
    }

    /// An honest device takes in what a hostile one tells of, which it takes for a member.
    pub(super) fn take_from_hostile(
        &mut self,
        place: usize,
        hand: usize,
        news: &News,
    ) -> Result<(), PeerError> {
        let folder = self.folder().join(place.to_string());
        let now_ms = self.now_ms;
        let from = DeviceId(self.hostile.hands[hand].keys.id());
        let (hostile, rng) = (&mut self.hostile, &mut self.rng);
        let mut call = ToHostile { hostile, rng, asked: 0, next: None };
        let to = &mut self.honest[place];
        let receiving = Receiving { from, confirmed: false, folder: &folder };
        let came = receive(&mut to.session(now_ms), &mut call, news, receiving, &mut |_| ())?;
        to.keep(came.keyring);
        Ok(())
    }

    /// The adversary asks an honest device that takes one of its devices for a member.
    pub(super) fn ask_honest(&mut self, place: usize, ask: Ask) -> Answer {
        let folder = self.folder().join(place.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let now_ms = self.now_ms;
        let honest = &mut self.honest[place];
        let mut answering = Answering::new(folder);
        let answer = answering.answer(&mut honest.session(now_ms), ask);
        honest.keep(answering.new_keyring());
        answer
    }
}
