//! The broker in virtual time: sources as they come, deadlines as they are kept.

mod behaviour;
mod kit;
mod limits;
mod simulation;
mod town;
