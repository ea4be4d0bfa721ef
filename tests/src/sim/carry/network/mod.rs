//! Devices on one network: the exchange of `holdfast_transports::peer` over connections that stay open
//! while people go on editing.
//!
//! Each device tells, asks, answers and takes in as over the real connection; only the sockets, the
//! encryption between them and the threads are not there. What happens next on which connection, how
//! many bytes arrive, what is lost and who hears of it is drawn from the seed.

mod line;
mod link;
mod newcomer;
mod overheard;
mod taking;
mod trouble;

use super::super::tally::Group;
use super::super::world::World;
use super::{includes, union};
use crate::oracle::Past;
use holdfast_sync::Carrier;
use holdfast_transports::peer::{Answer, Answering, Ask, Message, PeerError, news};
use line::Line;
use link::{End, Link, Move};
use rand::Rng;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;
use taking::{Taking, Turn};

/// Connections that a history has at a time, at most.
const MANY: usize = 8;
/// After so much talk a network in which nobody does anything must have fallen silent.
const TALK: usize = 50_000;

/// The connections, by their numbers.
#[derive(Default)]
pub(super) struct Network {
    links: BTreeMap<u64, Link>,
    made: u64,
}

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    link: u64,
    side: usize,
}

impl Network {
    /// A device holds something else than before, and will tell.
    pub(super) fn changed(&mut self, device: usize) {
        let ends = self.links.values_mut().flat_map(|link| &mut link.ends);
        ends.filter(|end| end.device == device).for_each(|end| end.untold = true);
    }

    fn end(&mut self, at: At) -> Option<&mut End> {
        self.links.get_mut(&at.link).map(|link| &mut link.ends[at.side]).filter(|end| end.open)
    }

    /// Everything that can happen next.
    fn moves(&self) -> Vec<(At, Move)> {
        let ends = self.links.values().flat_map(|link| &link.ends);
        let busy: Vec<usize> =
            ends.filter(|end| end.taking.is_some()).map(|end| end.device).collect();
        let mut moves = Vec::new();
        for (number, link) in &self.links {
            for side in 0..2 {
                let free = !busy.contains(&link.ends[side].device);
                let at = At { link: *number, side };
                moves.extend(link.moves(side, free).map(|what| (at, what)));
            }
        }
        moves
    }
}

impl World {
    /// Two devices connect. There is one connection between two devices: an older one makes way.
    pub(crate) fn connect(&mut self, a: usize, b: usize) {
        let network = &self.carried.network;
        if network.links.values().any(|link| link.joins(a, b)) {
            return;
        }
        let ends = [a, b].map(|device| {
            self.devices[device].settle_on_disk();
            let folder = self.devices[device].folder().to_owned();
            End::new(device, Answering::new(folder))
        });
        let network = &mut self.carried.network;
        for link in network.links.values_mut().filter(|link| link.is_of(a) && link.is_of(b)) {
            link.ends.iter_mut().for_each(End::close);
        }
        network.links.retain(|_, link| link.ends.iter().any(|end| end.open));
        network.made += 1;
        let lines = [Line::default(), Line::default()];
        network.links.insert(network.made, Link { ends, lines });
        self.tally.count(Group::Exchanges, "network: connection");
        self.event(format_args!("{a} and {b} are connected"));
    }

    /// A device looks for someone on the network.
    pub(crate) fn join_network(&mut self, device: usize) {
        let other = self.someone_else(device);
        if self.carried.network.links.len() < MANY {
            self.connect(device, other);
        }
        self.talk();
    }

    /// The devices on the network talk for a while, and things go wrong.
    pub(crate) fn talk(&mut self) {
        for _ in 0..self.rng.gen_range(1..40) {
            if self.rng.gen_bool(0.03) {
                self.trouble_on_the_line();
            }
            if !self.talk_once() {
                return;
            }
        }
    }

    /// Nothing goes wrong any more: once they are connected somehow, each device gets everything, also
    /// what the one that it is connected to has from others.
    pub(crate) fn settle_by_network(&mut self) {
        let mut talk = 0;
        // A connection may turn out to be dead: then it is made again.
        for _ in 0..2 {
            for device in 1..self.devices.len() {
                let other = self.rng.gen_range(0..device);
                self.connect(device, other);
            }
            while self.talk_once() {
                talk += 1;
                assert!(talk < TALK, "the network does not fall silent");
            }
        }
        let all = (0..self.devices.len()).fold(Past::new(), |all, device| {
            union(&all, &self.travels(self.oracle.received(device), Carrier::Lan))
        });
        for device in 0..self.devices.len() {
            let holds = self.devices[device].holds();
            let has = self.travels(&holds, Carrier::Lan);
            assert_eq!(has, all, "device {device} did not get everything over the network");
            self.contents_came(device);
        }
        self.carried.network.links.clear();
        self.tally.count(Group::Checks, "all the same over the network alone");
    }

    /// One thing happens on the network. Whether there was anything.
    fn talk_once(&mut self) -> bool {
        let moves = self.carried.network.moves();
        let Some((at, what)) = moves.choose(&mut self.rng).copied() else { return false };
        let Some(end) = self.carried.network.end(at) else { return true };
        let device = end.device;
        match what {
            Move::Tell => self.tell(at, device),
            Move::Arrive => self.arrives_over_network(at),
            Move::Answer => self.answer(at, device),
            Move::Take => self.take_over_network(at, device),
            Move::Agree => {
                // What was told since then counts, where there is any.
                let held_back = end.held_back.take();
                end.news = end.news.take().or(held_back);
                end.confirmed = true;
            }
            Move::HangUp | Move::GiveUp => self.hang_up(at, what),
        }
        self.event(format_args!("network: {device} {at:?} {what:?}"));
        true
    }

    fn send(&mut self, at: At, message: &Message) {
        self.overhear(message);
        if let Some(link) = self.carried.network.links.get_mut(&at.link) {
            link.lines[at.side].send(message);
            let under_way = link.lines[at.side].len();
            self.event(format_args!("network: {under_way} bytes under way at {at:?}"));
        }
    }

    /// A device says what it holds.
    fn tell(&mut self, at: At, device: usize) {
        let Some(link) = self.carried.network.links.get(&at.link) else { return };
        let to = self.devices[link.ends[1 - at.side].device].keys().device_id();
        let told = news(&mut self.devices[device].session(self.now_ms), to);
        if self.restart_crashed() {
            assert!(told.is_err(), "device {device} crashed and said that all was well");
            return;
        }
        let told = told.expect("a device can say what it holds");
        if let Some(end) = self.carried.network.end(at) {
            end.untold = false;
        }
        self.tally.count(Group::Exchanges, "network: news");
        self.send(at, &Message::News(told));
    }

    /// Some or all of what is under way arrives.
    fn arrives_over_network(&mut self, at: At) {
        let Some(link) = self.carried.network.links.get_mut(&at.link) else { return };
        let line = &mut link.lines[1 - at.side];
        let part = self.rng.gen_bool(0.3).then(|| self.rng.gen_range(1..=line.len()));
        for message in line.arrive(part.unwrap_or(usize::MAX)) {
            self.hears(at, message);
        }
    }

    fn hears(&mut self, at: At, message: Message) {
        // A message before this one may have ended it.
        let Some(end) = self.carried.network.end(at) else { return };
        match message {
            Message::News(news) => {
                if end.news.replace(news).is_some() {
                    self.tally.count(Group::Faults, "network: news overtaken by later ones");
                }
            }
            Message::Ask { number, ask } => {
                end.asked.push_back((number, ask));
                assert!(end.asked.len() <= 1, "a device asks before it was answered");
            }
            Message::Answer { number, answer } => {
                assert_eq!(end.waits_for.take(), Some(number), "an answer that nobody waits for");
                let device = end.device;
                let taking = end.taking.as_mut().expect("who asked is still there");
                let turn = taking.go_on(answer);
                self.turn(at, device, turn);
            }
            Message::Bye { .. } => self.hang_up(at, Move::HangUp),
            Message::Ping | Message::Pong => {}
        }
    }

    /// A device answers a question.
    fn answer(&mut self, at: At, device: usize) {
        let now_ms = self.now_ms;
        let Some(end) = self.carried.network.end(at) else { return };
        let Some((number, ask)) = end.asked.pop_front() else { return };
        let asked = match &ask {
            Ask::Records(_) => "network: who belongs to the vault was asked",
            Ask::Words => "network: words of others asked for",
            Ask::Batch(_) => "network: batch asked for",
            Ask::Snapshot(_) => "network: snapshot asked for",
            Ask::SnapshotPiece(_) => "network: piece of a snapshot asked for",
            Ask::Piece { .. } => "network: piece of a content asked for",
        };
        let answer = end.answering.answer(&mut self.devices[device].session(now_ms), ask);
        if self.restart_crashed() {
            return;
        }
        if let Answer::Failed { code, text } = &answer {
            panic!("device {device} could not answer ({code}): {text}");
        }
        self.tally.count(Group::Exchanges, asked);
        self.send(at, &Message::Answer { number, answer });
    }

    /// A device begins to take in what it was told of.
    fn take_over_network(&mut self, at: At, device: usize) {
        let seed = self.rng.r#gen();
        if self.carried.network.links.values().filter(|link| link.is_of(device)).count() > 1 {
            self.tally.count(Group::Exchanges, "network: several devices at once");
        }
        let Some(link) = self.carried.network.links.get(&at.link) else { return };
        let from = self.devices[link.ends[1 - at.side].device].keys().device_id();
        let twin = self.devices[device].twin(self.now_ms, seed);
        let Some(end) = self.carried.network.end(at) else { return };
        let Some(news) = end.news.take() else { return };
        let (taking, turn) = Taking::begin(twin, from, news, end.confirmed);
        end.taking = Some(taking);
        self.turn(at, device, turn);
    }

    /// What a device that takes something in did until it asks again, or is done.
    fn turn(&mut self, at: At, device: usize, turn: Turn) {
        self.took_in(at, device);
        if self.restart_crashed() {
            return;
        }
        let Some(end) = self.carried.network.end(at) else { return };
        if end.taking.as_ref().is_some_and(Taking::brought_news) {
            // Others may have asked for contents too early, and do not meet whom this one heard of.
            self.carried.network.changed(device);
        }
        let Some(end) = self.carried.network.end(at) else { return };
        match turn {
            Turn::Asks(ask) => {
                end.questions += 1;
                end.waits_for = Some(end.questions);
                let number = end.questions;
                self.send(at, &Message::Ask { number, ask: *ask });
            }
            Turn::Ended(outcome) => {
                let taking = end.taking.take().expect("it was under way");
                // A yes to a large deletion counts for one time.
                end.confirmed &= !(taking.confirmed && outcome.is_ok());
                match *outcome {
                    Ok(came) => {
                        self.got_everything(device, &taking, came.preview.map(|p| p.notices));
                    }
                    Err(PeerError::MassDeletion { .. }) => {
                        assert!(!taking.confirmed, "what the person agreed to waits again");
                        // Newer news may have come meanwhile: with them it is looked at again.
                        if end.news.is_none() {
                            end.held_back = Some(taking.news.clone());
                        }
                        self.tally.count(Group::Faults, "large deletion held back");
                    }
                    Err(error) => panic!("device {device} could not take in: {error}"),
                }
            }
        }
    }

    /// The oracle hears what a device took in since it was looked at.
    fn took_in(&mut self, at: At, device: usize) {
        let before = self.oracle.received(device).clone();
        if self.devices[device].holds() == before {
            return;
        }
        let Some(link) = self.carried.network.links.get(&at.link) else { return };
        let other = link.ends[1 - at.side].device;
        let there = self.travels(self.oracle.received(other), Carrier::Lan);
        self.came(device, &before, &there, false);
        let (own, of_other) = (self.devices[device].actor, self.devices[other].actor);
        let came = self.oracle.received(device).iter();
        let mut came = came.filter(|(log, seq)| before.get(log) != Some(seq));
        if came.any(|(log, _)| log.actor != of_other && log.actor != own) {
            self.tally.count(Group::Exchanges, "network: changes of a third device passed on");
        }
        self.tally.count(Group::Exchanges, "network: batches taken in");
    }

    /// Taken in without an error, everything that was offered is there.
    fn got_everything(&mut self, device: usize, taking: &Taking, notices: Option<Vec<String>>) {
        let offered: Past = taking.offered().iter().collect();
        let here = self.devices[device].holds();
        assert!(includes(&here, &offered), "device {device} lacks what it asked for");
        // Only changes that wait are worth a notice: nobody joins or leaves here.
        let waits = !self.devices[device].read(|tx| tx.unapplied()).is_empty();
        let notices = notices.unwrap_or_default();
        assert!(notices.is_empty() || waits, "{notices:?}");
    }

    /// Every content that an attachment in use names is there.
    fn contents_came(&mut self, device: usize) {
        for (content, attachment) in self.contents_in_use(device) {
            let there = self.devices[device].read(|tx| tx.has_blob(content));
            assert!(there, "device {device} lacks the content of {attachment}");
            self.tally.count(Group::Checks, "contents of attachments came along");
        }
    }
}
