//! The commands that the interface calls, one file a subject. Each is listed once, in `bindings`.

pub(crate) mod about;
