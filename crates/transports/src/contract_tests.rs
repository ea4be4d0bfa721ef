//! What every way of exchange keeps, whatever carries it. One body of statements, run over a bundle file,
//! a bundle file with the box for nearby lists ticked, an exchange folder, and a connection.

use crate::bundle::fixture_tests::{Device, devices};
use crate::bundle::{self, ExportRequest, ExportScope};
use crate::folder::{self, FolderMemory, OsFiles, Take};
use crate::peer;
use holdfast_model::EntityId;
use holdfast_oplog::{ActorId, DeviceId, LogId, Space};
use holdfast_sync::{Carrier, carried, offered, spaces};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use deletions::*;

#[path = "contract_deletions_tests.rs"]
mod deletions;

/// Into how many pieces a way is cut.
const CUTS: usize = 12;

/// Why nothing was taken in: a stable name.
type Refused = &'static str;

/// One way from device to device.
trait Way {
    const CARRIER: Carrier;
    /// What a device says to what comes from another vault; none where it is not even looked at.
    const STRANGER: Option<Refused>;

    fn new() -> Self;

    /// Everything that one device lets go gets to another. `confirmed` is whether the person said yes to
    /// a large deletion.
    fn carry(&mut self, from: &mut Device, to: &mut Device, confirmed: bool)
    -> Result<(), Refused>;

    /// The same, cut at the `at`-th of [`CUTS`] places. Whether there was anything to cut.
    fn cut(&mut self, from: &mut Device, to: &mut Device, at: usize) -> bool;
}

struct File<const TICKED: bool>(TempDir, usize);

impl<const TICKED: bool> File<TICKED> {
    fn export(&mut self, from: &mut Device) -> Result<PathBuf, Refused> {
        self.1 += 1;
        let path = self.0.path().join(format!("{}.holdfast", self.1));
        let request = ExportRequest { scope: ExportScope::Full, nearby: TICKED };
        bundle::export(&mut from.session(), request, &path).map_err(|error| error.code())?;
        Ok(path)
    }
}

impl<const TICKED: bool> Way for File<TICKED> {
    const CARRIER: Carrier = Carrier::Bundle { nearby_ticked: TICKED };
    const STRANGER: Option<Refused> = Some("foreign_vault");

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap(), 0)
    }

    fn carry(
        &mut self,
        from: &mut Device,
        to: &mut Device,
        confirmed: bool,
    ) -> Result<(), Refused> {
        let path = self.export(from)?;
        let came = bundle::import(&mut to.session(), &path, confirmed);
        if let Some(keyring) = came.map_err(|error| error.code())?.keyring {
            to.keyring = keyring;
        }
        Ok(())
    }

    fn cut(&mut self, from: &mut Device, to: &mut Device, at: usize) -> bool {
        let path = self.export(from).unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() * at / CUTS]).unwrap();
        bundle::import(&mut to.session(), &path, false).unwrap_err();
        true
    }
}

struct Folder(TempDir, BTreeMap<DeviceId, FolderMemory>);

impl Folder {
    fn exchange(&mut self, device: &mut Device, take: Take) -> Result<(), Refused> {
        let mut files = OsFiles::new(self.0.path(), device.store.vault());
        let memory = self.1.entry(device.id()).or_default();
        // One look takes in what it read before it began: behind a snapshot there is more.
        for _ in 0..4 {
            let report = folder::exchange(&mut device.session(), &mut files, memory, take, false);
            let report = report.map_err(|error| error.code())?;
            *memory = report.memory;
            if let Some(keyring) = report.keyring {
                device.keyring = keyring;
            }
            if let Some(waits) = report.waits {
                return Err(waits.code());
            }
            if !report.more {
                break;
            }
        }
        Ok(())
    }

    fn files(of: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(of).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(Self::files(&path));
            } else {
                found.push(path);
            }
        }
        found.sort();
        found
    }
}

impl Way for Folder {
    const CARRIER: Carrier = Carrier::Folder;
    // Each vault has a folder of its own within the folder.
    const STRANGER: Option<Refused> = None;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap(), BTreeMap::new())
    }

    fn carry(
        &mut self,
        from: &mut Device,
        to: &mut Device,
        confirmed: bool,
    ) -> Result<(), Refused> {
        self.exchange(from, Take::AtOnce)?;
        self.exchange(to, if confirmed { Take::Confirmed } else { Take::AtOnce })
    }

    fn cut(&mut self, from: &mut Device, to: &mut Device, at: usize) -> bool {
        self.exchange(from, Take::AtOnce).unwrap();
        let Some(path) = Self::files(self.0.path()).into_iter().nth(at) else { return false };
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        // A file that is on its way is waited for: that is no error.
        self.exchange(to, Take::AtOnce).unwrap();
        fs::write(&path, whole).unwrap();
        true
    }
}

struct Connection;

impl Way for Connection {
    const CARRIER: Carrier = Carrier::Lan;
    const STRANGER: Option<Refused> = Some("foreign_vault");

    fn new() -> Self {
        Self
    }

    fn carry(
        &mut self,
        from: &mut Device,
        to: &mut Device,
        confirmed: bool,
    ) -> Result<(), Refused> {
        let pulled = peer::tests::pull_some(to, from, usize::MAX, confirmed);
        pulled.outcome.map(drop).map_err(|error| error.code())
    }

    fn cut(&mut self, from: &mut Device, to: &mut Device, at: usize) -> bool {
        peer::tests::pull_some(to, from, at, false).outcome.is_err()
    }
}

/// Lets everything of the space 'ask' leave that is there now.
fn approve(device: &mut Device) {
    let log = LogId { space: Space::Ask, actor: device.actor };
    device.write(|tx| {
        let held = tx.held().unwrap().get(log);
        tx.approve(log, held).unwrap();
    });
}

fn what_a_carrier_may_carry_goes_and_nothing_else<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let words = Space::ALL.map(|space| (space, laptop.add_in(space, space.as_str(), "")));
    let mut way = W::new();
    way.carry(&mut laptop, &mut phone, false).unwrap();
    for (space, id) in words {
        // Of 'ask' nothing was approved yet.
        let may = carried(space, W::CARRIER) && space != Space::Ask;
        assert_eq!(phone.has(id), may, "{space}");
    }
    approve(&mut laptop);
    let later = laptop.add_in(Space::Ask, "written after the approval", "");
    way.carry(&mut laptop, &mut phone, false).unwrap();
    assert!(phone.has(words[2].1) && words[2].0 == Space::Ask && !phone.has(later));
    let held = phone.write(|tx| tx.held().unwrap());
    assert_eq!(held, held.within(&spaces(W::CARRIER)), "a log that may not travel is known there");
    let may = laptop.write(|tx| offered(tx, W::CARRIER).unwrap());
    assert_eq!(held, may);
}

fn twice_is_once<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let oak = laptop.add("oak");
    laptop.jot(EntityId::named("note"), "words");
    let mut way = W::new();
    way.carry(&mut laptop, &mut phone, false).unwrap();
    let changes = |device: &mut Device| device.write(|tx| tx.sizes().unwrap().changes);
    let (dump, count) = (phone.dump(), changes(&mut phone));
    for _ in 0..2 {
        way.carry(&mut laptop, &mut phone, false).unwrap();
        // By a way that remembers nothing as well.
        W::new().carry(&mut laptop, &mut phone, false).unwrap();
    }
    assert!(phone.has(oak));
    assert_eq!((phone.dump(), changes(&mut phone)), (dump, count));
}

fn the_order_in_which_devices_are_heard_does_not_matter<W: Way>() {
    let mut seen = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
        let oak = laptop.add("oak");
        W::new().carry(&mut laptop, &mut phone, false).unwrap();
        phone.retitle(oak, "oak boards");
        laptop.retitle(oak, "oak and ash");
        laptop.jot(EntityId::named("note"), "from the laptop. ");
        phone.jot(EntityId::named("note"), "from the phone. ");
        let mut way = W::new();
        let mut others = [laptop, phone];
        for other in order {
            way.carry(&mut others[other], &mut tablet, false).unwrap();
        }
        let open = tablet.write(|tx| tx.conflict_counts().unwrap().0);
        assert!(open > 0, "edits made apart are to be decided");
        seen.push((tablet.dump(), open));
    }
    assert_eq!(seen[0], seen[1]);
}

fn cut_anywhere_it_goes_on_and_nothing_is_lost_or_doubled<W: Way>() {
    let [mut laptop, mut whole] = devices(["laptop", "phone"]);
    let picture = vec![7; 100_000];
    let fill = |laptop: &mut Device| {
        for number in 0..20 {
            laptop.add(&format!("task {number}"));
        }
        laptop.attach("picture", &picture);
    };
    fill(&mut laptop);
    W::new().carry(&mut laptop, &mut whole, false).unwrap();
    let mut cuts = 0;
    for at in 0..CUTS {
        let [mut laptop, mut phone] = devices(["laptop", "phone"]);
        fill(&mut laptop);
        let mut way = W::new();
        cuts += usize::from(way.cut(&mut laptop, &mut phone, at));
        // What came is whole: it is a part of what is there, and can be looked at.
        let (held, there) =
            (phone.write(|tx| tx.held().unwrap()), laptop.write(|tx| tx.held().unwrap()));
        assert!(there.missing_in(&held).is_empty() || held.missing_in(&there).is_empty());
        way.carry(&mut laptop, &mut phone, false).unwrap();
        assert_eq!(phone.dump(), whole.dump());
        let content = holdfast_oplog::Hash::of(&picture);
        assert!(phone.write(|tx| tx.has_blob(content).unwrap()), "cut at {at}");
    }
    assert!(cuts >= 2, "it was cut {cuts} times only");
}

fn a_strangers_vault_is_refused_and_changes_nothing<W: Way>() {
    let [mut laptop, _] = devices(["laptop", "phone"]);
    let [_, _, _, mut stranger] = devices(["a", "b", "c", "stranger"]);
    let ash = stranger.add("ash");
    laptop.add("oak");
    // That something was published is no change of what is here.
    let what = |device: &mut Device| {
        let (dump, _, members, held) = device.trace();
        (dump, members, held)
    };
    let before = what(&mut laptop);
    let outcome = W::new().carry(&mut stranger, &mut laptop, false);
    assert_eq!(outcome.err(), W::STRANGER);
    assert!(what(&mut laptop) == before && !laptop.has(ash));
}

/// A word about what a device holds is about that device alone.
#[test]
fn a_word_that_lies_prunes_nothing_that_another_needs() {
    let [mut laptop, phone, tablet] = devices(["laptop", "phone", "tablet"]);
    let oak = laptop.add("oak");
    let log = LogId { space: Space::Everywhere, actor: laptop.actor };
    let invented = LogId { actor: holdfast_oplog::ActorId([77; 16]), ..log };
    let mut made_ms = 100;
    let mut says = |laptop: &mut Device, from: &Device, seq: u64| {
        let holds = [(log, seq), (invented, u64::MAX)].into_iter().collect();
        made_ms += 1;
        let mut rng = from.rng.clone();
        let word = holdfast_sync::seal_acknowledgement(
            &from.keys,
            &from.keyring,
            from.actor,
            made_ms,
            &holds,
            &mut rng,
        );
        let (word, keyring) = (word.unwrap(), laptop.keyring.clone());
        laptop.write(|tx| {
            let members = holdfast_sync::membership(tx).unwrap();
            let said = holdfast_sync::open_acknowledgement(&keyring, &members, &word).unwrap();
            holdfast_sync::hear(tx, &said, i64::MAX).unwrap();
        });
    };
    says(&mut laptop, &phone, u64::MAX);
    assert_eq!(laptop.prune(i64::MAX).pruned, 0, "the tablet said nothing yet");
    says(&mut laptop, &tablet, 0);
    assert_eq!(laptop.prune(i64::MAX).pruned, 0, "nor does it have it");
    says(&mut laptop, &tablet, 1);
    assert_eq!(laptop.prune(i64::MAX).pruned, 1);
    // The one that lied gets a snapshot instead.
    let mut phone = phone;
    Connection::new().carry(&mut laptop, &mut phone, false).unwrap();
    assert!(phone.has(oak) && laptop.has(oak));
}

fn a_newcomer_gets_a_snapshot_of_what_is_alive<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let (oak, gone) = (laptop.add("oak"), laptop.add("gone"));
    laptop.delete(&[gone]);
    let mut way = W::new();
    for _ in 0..2 {
        way.carry(&mut laptop, &mut phone, false).unwrap();
        way.carry(&mut phone, &mut laptop, false).unwrap();
    }
    assert!(laptop.prune(i64::MAX).pruned > 0, "the phone said that it has everything");
    laptop.retitle(oak, "oak boards");
    let [_, mut late] = devices(["laptop", "phone"]);
    W::new().carry(&mut laptop, &mut late, false).unwrap();
    assert!(late.has(oak) && !late.has(gone));
    assert_eq!(late.dump(), laptop.dump());
    assert_eq!(late.write(|tx| tx.sizes().unwrap().changes), 1, "what was pruned came one by one");
}

fn what_a_removed_device_wrote_later_is_taken_by_nobody<W: Way>() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let mut way = W::new();
    let before = phone.add("before the removal");
    way.carry(&mut phone, &mut laptop, false).unwrap();
    laptop.keyring =
        holdfast_sync::devices::remove_device(&mut laptop.session(), phone.id()).unwrap();
    way.carry(&mut laptop, &mut tablet, false).unwrap();
    // Everyone else knows of the removal; the phone does not, and goes on.
    let late = phone.add("after the removal");
    for other in [&mut tablet, &mut laptop] {
        // Refused as a whole, or set aside: by the way.
        let _ = way.carry(&mut phone, other, false);
        assert!(other.has(before) && !other.has(late));
    }
    // The others go on, and nothing of it comes by a detour.
    let word = laptop.add("among those who stay");
    let answer = tablet.add("and back");
    way.carry(&mut laptop, &mut tablet, false).unwrap();
    way.carry(&mut tablet, &mut laptop, false).unwrap();
    assert!(tablet.has(word) && laptop.has(answer) && !tablet.has(late) && !laptop.has(late));
    assert_eq!(laptop.dump(), tablet.dump());
}

fn what_a_member_had_before_it_heard_of_a_removal_counts_for_all<W: Way>() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let mut way = W::new();
    let early = phone.add("the laptop did not have this");
    way.carry(&mut phone, &mut tablet, false).unwrap();
    laptop.keyring =
        holdfast_sync::devices::remove_device(&mut laptop.session(), phone.id()).unwrap();
    let answer = tablet.add("built on what the phone wrote");
    // The tablet hears of it, and says what it had.
    way.carry(&mut laptop, &mut tablet, false).unwrap();
    for _ in 0..2 {
        way.carry(&mut tablet, &mut laptop, false).unwrap();
        way.carry(&mut laptop, &mut tablet, false).unwrap();
    }
    assert!(laptop.has(early) && laptop.has(answer));
    assert!(laptop.write(|tx| tx.unapplied().unwrap().is_empty()), "nothing waits for ever");
    assert_eq!(laptop.dump(), tablet.dump());
}

/// A device may hold what another one does not accept: of a stranger, say, or of an identity that two claim.
fn a_log_that_is_refused_holds_up_nothing_but_itself<W: Way>() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    let mut way = W::new();
    let oak = laptop.add("oak");
    for stranger in [[0; 16], [9; 16]] {
        let own = std::mem::replace(&mut laptop.actor, ActorId(stranger));
        laptop.add("refused");
        laptop.actor = own;
    }
    way.carry(&mut laptop, &mut phone, false).unwrap();
    assert!(phone.has(oak));
    assert_eq!(phone.write(|tx| tx.held().unwrap().logs()), 1);
    // It is offered again each time, and said once.
    let told = phone.write(|tx| tx.exchanges(100).unwrap().len());
    way.carry(&mut laptop, &mut phone, false).unwrap();
    if !matches!(W::CARRIER, Carrier::Bundle { .. }) {
        assert_eq!(phone.write(|tx| tx.exchanges(100).unwrap().len()), told);
    }
    let ash = phone.add("ash");
    way.carry(&mut phone, &mut laptop, false).unwrap();
    assert!(laptop.has(ash));
}

/// Runs each statement over each way.
macro_rules! over_every_way {
    ($($statement:ident),+ $(,)?) => {
        over_every_way!(@ over_a_bundle: super::File<false>, $($statement),+);
        over_every_way!(@ over_a_bundle_with_nearby: super::File<true>, $($statement),+);
        over_every_way!(@ over_a_folder: super::Folder, $($statement),+);
        over_every_way!(@ over_a_connection: super::Connection, $($statement),+);
    };
    (@ $name:ident: $way:ty, $($statement:ident),+) => {
        mod $name {
            $(#[test]
            fn $statement() {
                super::$statement::<$way>();
            })+
        }
    };
}

over_every_way!(
    what_a_carrier_may_carry_goes_and_nothing_else,
    twice_is_once,
    the_order_in_which_devices_are_heard_does_not_matter,
    cut_anywhere_it_goes_on_and_nothing_is_lost_or_doubled,
    a_strangers_vault_is_refused_and_changes_nothing,
    a_large_deletion_waits_for_the_person,
    a_large_deletion_in_small_pieces_waits_all_the_same,
    the_rest_of_a_small_vault_goes_not_unasked_after_a_few,
    what_comes_back_bare_is_gone,
    two_devices_together_empty_no_small_vault_unasked,
    branches_of_one_length_are_noticed,
    a_newcomer_gets_a_snapshot_of_what_is_alive,
    what_a_removed_device_wrote_later_is_taken_by_nobody,
    what_a_member_had_before_it_heard_of_a_removal_counts_for_all,
    a_log_that_is_refused_holds_up_nothing_but_itself,
);
