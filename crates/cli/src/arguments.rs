//! The forms of all commands. Each group of commands describes its own in `commands`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{
    backups::RestoreArguments,
    bundle::{BundleCommand, JoinArguments},
    conflicts::{ConflictsArguments, ResolveArguments},
    health::CheckArguments,
    lists::ListCommand,
    notes::{NoteCommand, NotesArguments},
    pair::PairCommand,
    set_aside::SetAsideArguments,
    settings::{DeviceCommand, PolicyArguments},
    storage::{HistoryArguments, PruneArguments},
    sync::{ModeArguments, SyncArguments},
    tasks::{AddArguments, TaskCommand, TasksArguments},
    transfer::{ActivityArguments, DumpArguments, ExportArguments, ImportCommand},
    travel::{ApproveArguments, SpaceArguments},
    vault::{InitArguments, NewDeviceArguments},
};

/// Holdfast on the command line: tasks and notes that stay on your devices.
#[derive(Debug, Parser)]
#[command(name = "holdfastctl", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The data folder; the app's own where nothing is said.
    #[arg(long, global = true, env = "HOLDFAST_HOME", value_name = "DIR", hide_env_values = true)]
    pub(crate) home: Option<PathBuf>,
    /// Print one JSON document and nothing else.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read a passphrase from this file: the invitation's at `join` and `bundle export --invite`, else
    /// the one of this device's key. The latter may also be in HOLDFAST_PASSPHRASE.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new vault with this as its first device.
    Init(InitArguments),
    /// Found the vault anew, with all that this device holds: for a device that was removed.
    FoundAnew(NewDeviceArguments),
    /// Become a new device of the vault that an invitation bundle comes from.
    Join(JoinArguments),
    /// How far changes got, and digests of the data.
    Status,
    /// Make and change lists.
    #[command(subcommand)]
    List(ListCommand),
    /// Show all lists.
    Lists,
    /// Change how far a list with everything in it may travel.
    Space(SpaceArguments),
    /// Let the changes of lists marked Ask leave, up to now.
    Approve(ApproveArguments),
    /// Add a task: "Buy oak tomorrow 9am #Workshop @shop p1 !fri *every 2 weeks". Prints its id.
    Add(AddArguments),
    /// Show tasks: all open ones, or those of a list, a view or a search.
    Tasks(TasksArguments),
    /// Show and change tasks.
    #[command(subcommand)]
    Task(TaskCommand),
    /// Add, show and change notes.
    #[command(subcommand)]
    Note(NoteCommand),
    /// Show all notes.
    Notes(NotesArguments),
    /// Find tasks, notes and lists.
    Search(crate::commands::items::SearchArguments),
    /// Show the trash, bring items back from it, or delete them for good.
    Trash {
        #[command(subcommand)]
        command: Option<crate::commands::trash::TrashCommand>,
    },
    /// Undo this device's last actions.
    Undo {
        /// How many.
        #[arg(default_value_t = 1, value_name = "N")]
        count: u32,
    },
    /// Do again what was undone last.
    Redo,
    /// Carry changes in files.
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Show what was changed on two devices and needs a decision.
    Conflicts(ConflictsArguments),
    /// Decide a conflict.
    Resolve(ResolveArguments),
    /// What a newer edit, a decision or a merge put aside, and how it comes back.
    SetAside(SetAsideArguments),
    /// Choose what happens when two devices change the same thing.
    Policy(PolicyArguments),
    /// Show what happens when two devices change the same thing.
    Policies,
    /// Show all devices.
    Devices,
    /// Change devices.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Pair with devices on the same network.
    #[command(subcommand)]
    Pair(PairCommand),
    /// Choose how changes travel, or show it.
    Mode(ModeArguments),
    /// One exchange by the present mode, now.
    Sync(SyncArguments),
    /// Stay, and sync by itself until interrupted.
    Watch,
    /// Import from elsewhere.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Write everything into a folder, as files that open without Holdfast.
    Export(ExportArguments),
    /// Show what was exchanged and merged.
    Activity(ActivityArguments),
    /// Print the live data as one canonical JSON document.
    Dump(DumpArguments),
    /// Write a consistent copy of the database into a new file. Keys are not in it.
    Backup {
        /// The new file; a file in this device's folder of backups where none is given.
        file: Option<PathBuf>,
    },
    /// Show the backups on this device, newest first.
    Backups,
    /// Put a backup in the place of the data on this device, after making a restore point. This device
    /// then catches up with the others again.
    Restore(RestoreArguments),
    /// Verify hashes, chains, signatures, views and attachments.
    Check(CheckArguments),
    /// Give up old history that every device has, and show how much room everything takes.
    Prune(PruneArguments),
    /// Choose for how long history is kept, on all devices.
    History(HistoryArguments),
    /// Look at clock, keys, database, disk and versions.
    Doctor,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Arguments;

    #[test]
    fn the_forms_agree_with_themselves() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_forms_of_the_contract_are_understood() {
        for form in [
            "init --name Laptop --key-store file",
            "status --json",
            "list add Work --parent 01 --space nearby",
            "lists --json",
            "tasks --list L --view today --query Q --json",
            "task show 01 --json",
            "task set 01 title=x when=tomorrow tags=+a,-b",
            "task done 01",
            "task cancel 01",
            "task cancel 01 --this",
            "task cancel 01 02 --following",
            "task reopen 01",
            "task delete 01",
            "task restore 01",
            "note add --title T --list L -",
            "note add",
            "notes --json",
            "note show 01 --markdown",
            "note edit 01 -",
            "note splice 01 3 0 -x --json",
            "note history 01 --json",
            "note delete 01",
            "note restore 01",
            "search oak --json",
            "undo 3",
            "trash",
            "trash restore 01 02",
            "trash purge 01",
            "redo",
            "bundle export F --for Phone",
            "bundle export F --all",
            "bundle export F --invite --passphrase-file P",
            "bundle inspect F --json",
            "bundle import F --json --passphrase-file P",
            "join F --name Phone --passphrase-file P",
            "conflicts --json",
            "resolve 01 --take 1",
            "resolve 01 --value -",
            "resolve 01 --text F",
            "resolve 01 --keep-both",
            "resolve 01 --take 1 --as-of 7",
            "set-aside --json",
            "set-aside restore 01",
            "set-aside bring-back 01",
            "found-anew --name Laptop",
            "policy task.title newest",
            "policies --json",
            "mode --json",
            "mode manual --json",
            "mode manual --folder D --preview --json",
            "mode manual --folder D --arriving ask-first",
            "mode manual --no-folder",
            "sync --json",
            "sync --accept",
            "watch",
            "import markdown D --json",
            "export D --format json",
            "export D --include-device-only",
            "space Work ask",
            "space Work device --copies remove --json",
            "space Work everywhere --preview",
            "approve --json",
            "approve --preview",
            "bundle export F --nearby",
            "activity --json",
            "activity undo 4",
            "device rename Phone Telephone",
            "device remove Phone",
            "pair offer --json",
            "pair accept 192.168.1.5:4829 --code 48291760",
            "pair accept Laptop --code 4829-1760 --name Phone",
            "pair accept Laptop --code-file F",
            "pair accept Laptop",
            "init --name Laptop --set-aside",
            "join F --name Phone --set-aside",
            "export D --rescue",
            "export D --rescue --from 20261130T101112345Z-daily",
            "pair address 192.168.1.5:4829 --forget",
            "mode nearby --preview --json",
            "dump --json --space everywhere",
            "backup F",
            "backup --json",
            "backups --json",
            "restore F",
            "restore F --propagate --json",
            "restore F --preview",
            "check --repair",
            "doctor --json",
            "prune --older-than 90 --dry-run --json",
            "history 365",
            "history forever",
        ] {
            let words = std::iter::once("holdfastctl").chain(form.split(' '));
            assert!(Arguments::try_parse_from(words).is_ok(), "{form}");
        }
    }

    #[test]
    fn wrong_usage_is_told_apart() {
        for form in [
            "",
            "found-anew --name Laptop --set-aside",
            "tasks --view never",
            "resolve 01",
            "resolve 01 --take 1 --keep-both",
            "undo x",
        ] {
            let words = std::iter::once("holdfastctl").chain(form.split_whitespace());
            assert_eq!(Arguments::try_parse_from(words).unwrap_err().exit_code(), 2, "{form}");
        }
    }
}
