//! What answers each route: one file for each kind of thing.

pub mod along;
pub mod catalogue;
pub mod catalogue_changes;
pub mod certificates;
pub mod evidence;
pub mod feed;
pub mod licences;
mod log_complete;
pub mod log_entries;
pub mod log_export;
pub mod log_questions;
pub mod log_removal;
pub mod log_search;
pub mod log_tiles;
mod logged_use;
pub mod logs;
mod noted;
pub mod objection_steps;
pub mod objections;
pub mod openapi;
mod own;
mod repeat;
pub mod seal_applications;
pub mod seal_status;
pub mod seals;
pub mod search;
pub mod sources;
pub mod status;
pub mod status_lists;
pub mod trust;
pub mod uses;
pub mod verifications;
pub mod witness;

pub(crate) use own::{read_identifier, today_in_china};
pub(crate) use search::HolderRequest;
