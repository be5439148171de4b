//! Licences that are not there, as many as wanted: the same number and seed make the same licence, and nothing else does.

mod licence;
mod load;
mod progress;
mod share;

pub use licence::{Dataset, Paper};
pub use load::load;
pub use share::{is_ofd, is_set_aside, ordinary, sealed, set_aside};
