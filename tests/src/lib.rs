//! What the stories share: named devices with folders of their own, the real command line, and the
//! real window driven from outside.
//!
//! Nothing here reaches into the app: a story sees what a person sees. The merge laws are stated on
//! bare stores instead, which is what [`Replica`] is for, and in the simulator ([`sim`]); what left a
//! device is read with [`opened`].

pub mod device;
pub mod nearby;
pub mod older;
pub mod opened;
pub mod oracle;
pub mod replica;
pub mod sim;
pub mod syncer;
pub mod vfs;
#[cfg(feature = "window")]
pub mod window;
pub mod wire;
pub mod workload;

pub use device::Device;
pub use replica::Replica;
