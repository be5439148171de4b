//! What answers each route: one file for each kind of thing.

pub mod along;
pub mod certificates;
pub mod licences;
pub mod log_tiles;
pub mod logs;
mod noted;
pub mod openapi;
mod own;
pub mod seals;
pub mod search;
pub mod sources;
pub mod status;
pub mod status_lists;
pub mod trust;
pub mod verifications;
pub mod witness;

pub(crate) use own::today_in_china;
