//! What goes wrong on a network: connections that are cut at any byte, devices that vanish without a
//! word, lines that let nothing through.

use super::super::super::tally::Group;
use super::super::super::world::World;
use super::link::Move;
use super::{At, Link};
use holdfast_transports::peer::Message;
use rand::Rng;

impl World {
    /// Something goes wrong on one of the connections.
    pub(super) fn trouble_on_the_line(&mut self) {
        let network = &mut self.carried.network;
        if network.links.is_empty() {
            return;
        }
        let at = self.rng.gen_range(0..network.links.len());
        let Some(link) = network.links.values_mut().nth(at) else { return };
        let row = match self.rng.gen_range(0..4) {
            0 | 1 => {
                for line in &mut link.lines {
                    let passes = self.rng.gen_range(0..=line.len());
                    line.cut_after(passes);
                }
                "network: connection cut"
            }
            2 => {
                link.lines[self.rng.gen_range(0..2)].swallow();
                "network: nothing gets through one way"
            }
            _ => {
                link.lines.iter_mut().for_each(super::Line::swallow);
                "network: nothing gets through either way"
            }
        };
        self.tally.count(Group::Faults, row);
        self.event(format_args!("{row}"));
    }

    /// A device notices that a connection is over, or gives it up.
    pub(super) fn hang_up(&mut self, at: At, why: Move) {
        if why == Move::GiveUp {
            self.tally.count(Group::Faults, "network: silence noticed");
        }
        let Some(link) = self.carried.network.links.get_mut(&at.link) else { return };
        if link.ends[at.side].taking.is_some() {
            self.tally.count(Group::Faults, "network: cut while something was taken in");
        }
        close(link, at.side, false);
        self.forget_ended_links();
        // What it notes when the connection ends may be the commit at which it crashes.
        self.restart_crashed();
    }

    /// A device is gone from the network: it ended, or it crashed. Then the others may hear nothing.
    pub(crate) fn leave_network(&mut self, device: usize, crashed: bool) {
        let silent = crashed && self.rng.gen_bool(0.5);
        for link in self.carried.network.links.values_mut() {
            for side in 0..2 {
                if link.ends[side].device == device && link.ends[side].open {
                    if !crashed {
                        let text = "the app ends".to_owned();
                        link.lines[side].send(&Message::Bye { code: "gone".to_owned(), text });
                    }
                    close(link, side, silent);
                    if silent {
                        self.tally.count(Group::Faults, "network: device gone without a word");
                    }
                }
            }
        }
        self.forget_ended_links();
    }

    fn forget_ended_links(&mut self) {
        self.carried.network.links.retain(|_, link| link.ends.iter().any(|end| end.open));
    }
}

/// A device has its end no more. `silent`: the other one hears nothing of it.
fn close(link: &mut Link, side: usize, silent: bool) {
    link.ends[side].close();
    if silent {
        link.lines[side].swallow();
    } else {
        link.lines[side].ended = true;
    }
}
