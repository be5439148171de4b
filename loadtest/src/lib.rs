//! What drives a gateway from outside: load over HTTPS, and departments that behave as badly as real ones, reproducibly.
//!
//! Requests are due at moments that nobody can move ([`arrivals`]); what is asked follows from a seed ([`mix`], [`asks`],
//! [`dataset`]); [`engine`] sends it and counts; [`rig`] is the gateway under test with all that belongs to it, and everything else
//! measures one thing with that and says so in a [`report`].

pub mod arrivals;
pub mod asks;
pub mod bare;
pub mod campaign;
pub mod city;
pub mod compare;
pub mod dataset;
pub mod departments;
pub mod engine;
pub mod fault;
pub mod floor;
pub mod growth;
pub mod latencies;
pub mod limit;
pub mod mix;
pub mod number;
pub mod overload;
pub mod profile;
pub mod reloads;
pub mod report;
pub mod rig;
pub mod server;
pub mod site;
pub mod soak;
pub mod stale;
pub mod target;
pub mod time;
pub mod trees;
