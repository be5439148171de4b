//! Witnesses (C2SP tlog-witness): others sign that our logs only grow, and we sign it of theirs.
//!
//! ```text
//! board      which witness is to sign which checkpoint, and when; what is witnessed
//! client     the question to one witness
//! work       what is due is asked in the background, what came is kept
//! service    our own decision and signature, for the logs of others; key signs
//! ```
//!
//! A witness that is down keeps nobody waiting: its line is missing, the state says so, and it is asked again.

mod board;
mod client;
mod job;
mod key;
mod service;
mod state;
mod tally;
mod work;

pub use board::Board;
pub use client::{Answered, Client, Fault};
pub use job::{Asked, Job, Target};
pub use key::WitnessKey;
pub use service::{Decided, Service};
pub use state::{Standing, WitnessState, WitnessedView};
pub use tally::Tally;
pub use work::{Witnesses, run, tick};
