//! A device that has a vault joins another one: what it had is kept whole beside it, and comes along as
//! ordinary changes once the joined vault is known here.

mod along;
mod anew;
mod earlier;
mod swap;

pub(crate) use along::same_title;
pub(crate) use earlier::Along;
pub(crate) use swap::{complete, free_name, put_aside, swap_held};
