//! The commands, one file a group: their arguments, and what they print.

pub(crate) mod backups;
pub(crate) mod bundle;
pub(crate) mod conflicts;
pub(crate) mod health;
pub(crate) mod items;
pub(crate) mod lists;
pub(crate) mod notes;
pub(crate) mod pair;
pub(crate) mod set_aside;
pub(crate) mod settings;
pub(crate) mod storage;
pub(crate) mod sync;
mod task_fields;
pub(crate) mod tasks;
pub(crate) mod transfer;
pub(crate) mod trash;
pub(crate) mod travel;
pub(crate) mod vault;

use crate::arguments::Command;
use crate::context::Context;
use crate::failure::Failure;

/// Carries out a command and prints its answer.
pub(crate) fn run(command: Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => vault::init(arguments, context),
        Command::FoundAnew(arguments) => vault::found_anew(arguments, context),
        Command::Join(arguments) => bundle::join(arguments, context),
        Command::Status => vault::status(context),
        Command::List(command) => lists::change(command, context),
        Command::Lists => lists::lists(context),
        Command::Space(arguments) => travel::space(arguments, context),
        Command::Approve(arguments) => travel::approve(arguments, context),
        Command::Add(arguments) => tasks::add(arguments, context),
        Command::Tasks(arguments) => tasks::tasks(arguments, context),
        Command::Task(command) => tasks::change(command, context),
        Command::Note(command) => notes::change(command, context),
        Command::Notes(arguments) => notes::notes(arguments, context),
        Command::Search(arguments) => items::search(arguments, context),
        Command::Trash { command } => trash::trash(command, context),
        Command::Undo { count } => items::undo(count, context),
        Command::Redo => items::redo(context),
        Command::Bundle(command) => bundle::run(command, context),
        Command::Conflicts(arguments) => conflicts::conflicts(arguments, context),
        Command::Resolve(arguments) => conflicts::resolve(arguments, context),
        Command::SetAside(arguments) => set_aside::set_aside(arguments, context),
        Command::Policy(arguments) => settings::policy(arguments, context),
        Command::Policies => settings::policies(context),
        Command::Devices => settings::devices(context),
        Command::Device(command) => settings::device(command, context),
        Command::Pair(command) => pair::run(command, context),
        Command::Mode(arguments) => sync::mode(arguments, context),
        Command::Sync(arguments) => sync::sync(arguments, context),
        Command::Watch => sync::watch(context),
        Command::Import(command) => transfer::import(command, context),
        Command::Export(arguments) => transfer::export(arguments, context),
        Command::Activity(arguments) => transfer::activity(arguments, context),
        Command::Dump(arguments) => transfer::dump(arguments, context),
        Command::Backup { file } => backups::backup(file.as_deref(), context),
        Command::Backups => backups::backups(context),
        Command::Restore(arguments) => backups::restore(arguments, context),
        Command::Check(arguments) => health::check(arguments, context),
        Command::Prune(arguments) => storage::prune(arguments, context),
        Command::History(arguments) => storage::history(arguments, context),
        Command::Doctor => health::doctor(context),
    }
}
