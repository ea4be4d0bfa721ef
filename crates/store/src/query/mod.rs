//! What lists show: rows of the views, read only.

mod items;
mod lists;
mod tasks;

pub use items::{NoteRow, TrashRow};
pub use lists::{ListRow, TagRow};
pub use tasks::{SortedKind, TaskFilter, TaskRow};
