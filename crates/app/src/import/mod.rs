//! Bringing data in from other apps: each source is scanned into a plan, which can be looked at
//! before anything is made of it. Scanning never writes.

pub mod markdown;
