//! SQLite: appends changes, applies them, keeps the views, full-text search and attachments.
//!
//! Owns the database and all SQL. Every write is one `BEGIN IMMEDIATE` transaction; what it returns
//! is durable. Never decides how changes travel, never seals or opens anything, never reads a clock.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod access;
mod applied;
mod apply;
mod approvals;
mod arrivals;
mod attachments;
mod authorship;
mod base;
mod chain;
mod check;
mod columns;
mod conflicts;
mod copies;
mod db;
mod decided;
mod dump;
mod entities;
mod error;
mod exchanges;
mod fold;
mod foreign;
mod fork;
mod guard;
mod history;
mod holes;
mod identity;
mod intake;
mod lately;
mod links;
mod log;
mod loss;
mod losses;
mod moving;
mod newer;
pub mod plain_file;
mod prepared;
mod private;
pub mod private_file;
mod project;
mod prune;
pub mod query;
mod rename;
mod repair;
mod restore_point;
mod runs;
mod schema;
mod search;
mod seen;
pub mod set_aside;
mod sizes;
mod snapshot;
mod strays;
mod text_reviews;
mod texts;
mod told;
mod trash;
mod undo;
mod unsent;
mod upgrade;
mod verify;
mod waiting;
mod whole_copy;
mod words;

pub use access::Access;
pub use applied::{Applied, AppliedSum, ItemChange, ItemEvent, is_emptied};
pub use arrivals::Arrivals;
pub use authorship::{Authorship, Field, Teller};
pub use base::BaseHead;
pub use check::{CheckLine, Verify};
pub use conflicts::{ConflictRecord, ConflictState};
pub use db::{Store, Tx};
pub use decided::{Decided, Decision};
pub use error::StoreError;
pub use exchanges::{Destination, Direction, Exchange, With};
pub use fork::Branch;
pub use history::HistoryItem;
pub use holes::Hole;
pub use identity::Notice;
pub use intake::Intake;
pub use links::PRIVATE;
pub use log::{Author, LocalChange, Received};
pub use losses::{Loss, Purge};
pub use moving::{MovePlan, MoveRequest};
pub use private::PrivateStore;
pub use prune::{PruneReport, PruneRules};
pub use repair::{Removed, RepairKeys, Repaired};
pub use restore_point::MakePoint;
pub use runs::Run;
pub use search::{Found, Hit, Marks, SearchQuery, has_words};
pub use sizes::Sizes;
pub use snapshot::{BaseRecord, BaseSize};
pub use strays::Stray;
pub use texts::StoredText;
pub use told::Told;
pub use trash::{TRASH_DAYS, TrashAge};
pub use undo::{Barrier, PURGE, REDO, UNDO, UndoPlan, UndoStep, units};
pub use words::Word;
