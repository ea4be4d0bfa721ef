//! A history in the making: the devices, what is on its way between them, and the true time.

use super::device::Device;
use super::founded::{Founded, founded};
use super::newer::NewerApp;
use super::rows;
use super::tally::{Group, Tally};
use super::trace::Trace;
use super::{Mode, Options};
use crate::oracle::{FIRST_MARK, Id, Life, Oracle, Past, Told};
use holdfast_model::change::Edit;
use holdfast_model::text::TextDoc;
use holdfast_model::{Dot, EntityId, EntityState, Hlc, Kind, Value, hlc};
use holdfast_oplog::{Hash, LogId, Space};
use holdfast_store::{Applied, LocalChange};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The true time at which histories begin.
const START: i64 = 1_800_000_000_000;
pub(super) const HOUR: i64 = 3_600_000;
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const YEAR: i64 = 365 * DAY;

/// Stands in every title and text of a space that travels less than everywhere.
pub(super) const NEARBY_NEEDLE: &str = "needle-of-nearby";
/// Stands in every title and text that leaves only after the person said yes.
pub(super) const ASK_NEEDLE: &str = "needle-that-asks";
/// Stands in every title and text that must never leave its device.
pub(super) const DEVICE_NEEDLE: &str = "needle-of-this-device";

/// A conflict that someone is looking at: what they saw, and what they will choose.
pub(super) struct Looking {
    pub(super) device: usize,
    pub(super) item: EntityId,
    /// In which space it was shown.
    pub(super) space: Space,
    pub(super) field: String,
    pub(super) chosen: Value,
    pub(super) saw: Vec<Dot>,
}

/// An item that someone made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) id: EntityId,
    pub(super) kind: Kind,
}

/// The devices of a vault and everything between them.
pub(crate) struct World {
    pub(super) devices: Vec<Device>,
    pub(super) founded: Arc<Founded>,
    pub(super) oracle: Oracle,
    pub(super) newer: NewerApp,
    /// Every choice of the step at hand. Each step has its own, so that leaving one out does not
    /// change what the others choose.
    pub(super) rng: ChaCha8Rng,
    pub(super) now_ms: i64,
    pub(super) step: usize,
    pub(super) carried: super::carry::Carried,
    pub(super) looking: Vec<Looking>,
    pub(super) made: Vec<Made>,
    /// The contents of attachments, and the changes that name them.
    pub(super) contents: BTreeMap<Hash, Id>,
    /// Up to where logs of the space that asks may leave: someone said yes.
    pub(super) approved: Past,
    marks: u32,
    /// Whether people also do what is decided by the clock: policies chosen apart, tags of one name.
    pub(super) by_clock: bool,
    pub(super) tally: Tally,
    pub(super) trace: Trace,
    /// Devices where something happened since they were last checked.
    pub(super) touched: BTreeSet<usize>,
    last_time: Vec<Hlc>,
    furthest_wall: Vec<i64>,
}

/// An edit and what the oracle must know of it.
pub(super) struct Meant {
    pub(super) edit: Edit,
    pub(super) life: Life,
    pub(super) decided: BTreeMap<String, BTreeSet<Id>>,
    pub(super) text: Option<(String, String)>,
    pub(super) doc: Option<TextDoc>,
}

impl Meant {
    pub(super) fn content(edit: Edit) -> Self {
        Self { edit, life: Life::Implied, decided: BTreeMap::new(), text: None, doc: None }
    }
}

/// What a change is beside its edits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action<'a> {
    pub(super) space: Space,
    pub(super) name: &'a str,
    pub(super) reverts: Option<Dot>,
    pub(super) group: Option<u64>,
}

impl<'a> Action<'a> {
    pub(super) const fn new(space: Space, name: &'a str) -> Self {
        Self { space, name, reverts: None, group: None }
    }
}

/// How far the clock of a device is off when a history begins.
fn skew(rng: &mut ChaCha8Rng) -> i64 {
    match rng.gen_range(0..12) {
        0..=5 => 0,
        6..=9 => rng.gen_range(-2 * HOUR..2 * HOUR),
        10 => YEAR,
        _ => -YEAR,
    }
}

impl World {
    pub(crate) fn new(options: &Options, plan: &super::Plan) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
        let founded = founded(plan.devices + 1);
        let devices: Vec<Device> = (0..plan.devices)
            .map(|place| {
                let drawn = skew(&mut rng);
                let skew = options.skews.as_ref().map_or(drawn, |skews| skews[place]);
                Device::new(&founded, place, skew, plan.on_disk && place == 0)
            })
            .collect();
        Self {
            oracle: Oracle::new(plan.devices + 1),
            newer: NewerApp::new(plan.devices),
            founded,
            rng,
            now_ms: START,
            step: 0,
            carried: super::carry::Carried::default(),
            looking: Vec::new(),
            made: Vec::new(),
            contents: BTreeMap::new(),
            approved: Past::new(),
            marks: 0,
            by_clock: options.by_clock,
            tally: Tally::default(),
            trace: Trace::new(options.tell),
            touched: BTreeSet::new(),
            last_time: vec![Hlc::default(); plan.devices],
            furthest_wall: devices.iter().map(|device| device.wall(START)).collect(),
            devices,
        }
    }

    /// The choices of one step: a function of the seed and the step's number alone.
    pub(super) fn begin_step(&mut self, seed: u64, step: usize) {
        let mix = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(step as u64 + 1);
        self.rng = ChaCha8Rng::seed_from_u64(mix);
        self.step = step;
        self.now_ms += self.rng.gen_range(1..40_000);
    }

    #[allow(clippy::unused_self, reason = "asked of the world")]
    pub(super) fn is_liveness(&self, plan: &super::Plan) -> bool {
        plan.mode == Mode::Liveness
    }

    /// Writes down what happened: the traces of two runs of one history must be equal.
    pub(super) fn event(&mut self, what: std::fmt::Arguments<'_>) {
        self.trace.event(format_args!("{} {what}", self.step));
    }

    /// Commits one action of the person on a device. Whether it was acknowledged: a crash may have
    /// come before.
    pub(super) fn commit(&mut self, device: usize, action: Action<'_>, meant: Vec<Meant>) -> bool {
        self.commit_together(device, vec![(action, meant)])
    }

    /// Commits one action of the person that writes in several spaces: a change in each, and all of
    /// them or none.
    pub(super) fn commit_together(
        &mut self,
        device: usize,
        mut parts: Vec<(Action<'_>, Vec<Meant>)>,
    ) -> bool {
        let mut changes = Vec::new();
        for (Action { space, name, reverts, group }, meant) in &mut parts {
            let texts = meant.iter_mut().filter_map(|m| m.doc.take().map(|d| (m.edit.entity, d)));
            changes.push(LocalChange {
                space: *space,
                action: (*name).into(),
                group: *group,
                more: false,
                reverts: *reverts,
                texts: texts.collect(),
                edits: meant.iter().map(|m| m.edit.clone()).collect(),
            });
        }
        let now = self.now_ms;
        let replica = &mut self.devices[device];
        let applied = match replica.append(now, changes) {
            Ok(applied) => applied,
            Err(_) if replica.crashed() => {
                self.restart(device);
                return false;
            }
            Err(error) => panic!("device {device} could not write: {error}"),
        };
        for ((action, meant), applied) in parts.into_iter().zip(applied) {
            self.acknowledged(device, action, &meant, &applied);
        }
        true
    }

    /// A change was acknowledged: the oracle hears of it.
    fn acknowledged(
        &mut self,
        device: usize,
        action: Action<'_>,
        meant: &[Meant],
        applied: &Applied,
    ) {
        let Action { space, name, .. } = action;
        assert!(applied.notices.is_empty(), "{:?}", applied.notices);
        let dot = applied.last.unwrap();
        let log = LogId { space, actor: dot.actor };
        let read = self.devices[device].read(|tx| tx.change(dot.in_space(space)));
        let change = read.unwrap();
        self.time_is_sound(device, change.time);
        self.event(format_args!("{device} {name} {dot} {:?}", change.time));
        let told: Vec<Told<'_>> = meant
            .iter()
            .map(|m| Told {
                edit: &m.edit,
                life: m.life,
                decided: m.decided.clone(),
                text: m.text.clone(),
            })
            .collect();
        self.oracle.wrote(device, (log, dot.seq), change.time, &told);
        rows::count_edits(&mut self.tally, name, meant);
        self.tally.count(Group::Edits, &format!("in space {space}"));
        self.tally.count(Group::Checks, "acknowledged changes");
        self.touch(device);
    }

    /// Hybrid time only grows on a device, also when its clock jumps back or it restarts; and no
    /// device is carried beyond its own clock by others, however far ahead theirs are.
    fn time_is_sound(&mut self, device: usize, time: Hlc) {
        let wall = self.devices[device].wall(self.now_ms);
        let furthest = &mut self.furthest_wall[device];
        *furthest = wall.max(*furthest);
        assert!(time > self.last_time[device], "time went back on device {device}: {time:?}");
        assert!(
            time.order_ms() <= furthest.saturating_add(hlc::TOLERANCE_MS),
            "device {device} was dragged along to {time:?}, its own clock never passed {furthest}"
        );
        assert_eq!(
            time.shown_ms(),
            wall,
            "device {device} tells another time than its clock shows"
        );
        self.last_time[device] = time;
    }

    /// The clock of a device was set: it jumps by so much.
    pub(super) fn set_clock(&mut self, device: usize, by_ms: i64) {
        let wall = self.devices[device].wall(self.now_ms);
        let furthest = &mut self.furthest_wall[device];
        *furthest = wall.max(*furthest);
        self.devices[device].skew_ms += by_ms;
    }

    /// A device that crashed starts again. What was on someone's screen is gone.
    pub(super) fn restart(&mut self, device: usize) {
        self.event(format_args!("{device} crashed"));
        self.tally.count(Group::Faults, "crash at a commit");
        self.leave_network(device, true);
        self.devices[device].restart();
        self.looking.retain(|looking| looking.device != device);
        self.touched.insert(device);
    }

    /// Items of some kinds that a device shows, of which it may not know all.
    pub(super) fn shown(&mut self, device: usize, kinds: &[Kind]) -> Vec<(EntityState, Space)> {
        let made: Vec<Made> =
            self.made.iter().filter(|made| kinds.contains(&made.kind)).copied().collect();
        let mut items = Vec::new();
        for Made { id, .. } in made {
            if let Some((state, space)) = self.devices[device].item(id)
                && state.is_alive()
            {
                items.push((state, space));
            }
        }
        items
    }

    /// One item of some kinds that a device shows.
    pub(super) fn pick(&mut self, device: usize, kinds: &[Kind]) -> Option<(EntityState, Space)> {
        let mut made: Vec<Made> =
            self.made.iter().filter(|made| kinds.contains(&made.kind)).copied().collect();
        while !made.is_empty() {
            // Rather an older one, so that people meet on the same items.
            let at = self.rng.gen_range(0..made.len()).min(self.rng.gen_range(0..made.len()));
            let Made { id, .. } = made.remove(at);
            if let Some((state, space)) = self.devices[device].item(id)
                && state.is_alive()
            {
                return Some((state, space));
            }
        }
        None
    }

    /// Something to write that says how far it may travel.
    pub(super) fn word(&mut self, space: Space) -> String {
        // Few words, so that devices also write the same thing.
        let word = ["oak", "ash", "elm", "fir", "yew"].choose(&mut self.rng).unwrap();
        match space {
            Space::Everywhere => (*word).to_owned(),
            Space::Device => format!("{word} {DEVICE_NEEDLE}"),
            Space::Ask => format!("{word} {ASK_NEEDLE}"),
            Space::Nearby => format!("{word} {NEARBY_NEEDLE}"),
        }
    }

    pub(super) fn day(&mut self) -> String {
        format!("2026-12-0{}", self.rng.gen_range(1..4))
    }

    /// A run of characters that no one else ever types, at times with the end of a line.
    pub(super) fn typed(&mut self, space: Space) -> String {
        let mut run = String::new();
        for _ in 0..self.rng.gen_range(1..6) {
            run.extend(char::from_u32(u32::from(FIRST_MARK) + self.marks));
            self.marks += 1;
        }
        match space {
            Space::Everywhere => {}
            Space::Device => run.push_str(DEVICE_NEEDLE),
            Space::Ask => run.push_str(ASK_NEEDLE),
            Space::Nearby => run.push_str(NEARBY_NEEDLE),
        }
        if self.rng.gen_bool(0.3) {
            run.push_str(".\n");
        }
        run
    }
}
