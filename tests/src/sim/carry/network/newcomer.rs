//! A device that joins when the others have a history.

use super::super::super::device::Device;
use super::super::super::tally::Group;
use super::super::super::world::World;
use super::taking::{Taking, Turn};
use holdfast_oplog::ActorId;
use holdfast_transports::peer::{Answer, Answering, Message, news};

impl World {
    /// A device that holds nothing gets everything from another one.
    pub(crate) fn newcomer(&mut self, from: usize) -> Device {
        let place = (from + 1) % self.devices.len();
        let mut late = Device::new(&self.founded, place, 0, true);
        // One that nobody wrote under before.
        late.actor = ActorId([0xee; 16]);
        let now_ms = self.now_ms;
        let giver = &mut self.devices[from];
        giver.settle_on_disk();
        let mut answering = Answering::new(giver.folder().to_owned());
        let to = late.keys().device_id();
        let told = news(&mut giver.session(now_ms), to).unwrap();
        let id = giver.keys().device_id();
        let (mut taking, mut turn) = Taking::begin(late.twin(now_ms, 1), id, told, true);
        loop {
            match turn {
                Turn::Asks(ask) => {
                    let answer = answering.answer(&mut self.devices[from].session(now_ms), *ask);
                    if matches!(answer, Answer::Snapshot(pieces) if pieces > 0) {
                        self.tally.count(Group::Exchanges, "network: snapshot for a newcomer");
                    }
                    let answer = Message::Answer { number: 1, answer };
                    self.overhear(&answer);
                    let Message::Answer { answer, .. } = answer else { unreachable!() };
                    turn = taking.go_on(answer);
                }
                Turn::Ended(outcome) => {
                    outcome.unwrap();
                    return late;
                }
            }
        }
    }
}
