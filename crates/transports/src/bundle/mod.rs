//! Bundle files (`*.holdfast`): an exchange that a person carries by hand.

pub mod format;
mod format_error;
mod format_file;
mod format_reader;
mod format_writer;
