//! Departments that are not there: an HTTP interface each, with set latencies, errors, outages and lies, all following from a seed.
//!
//! What a department says about a person, and how long it takes for the n-th time, follow from the seed, the department, the number
//! and n alone. So whoever has the seed and the [`Profile`] knows what could have come, and can hold every answer of a gateway
//! against it.

mod chance;
mod conduct;
mod person;
mod profile;
mod server;

pub use chance::Chance;
pub use conduct::{Conduct, Deed, known};
pub use person::{number, place};
pub use profile::{Department, Latency, Outage, Profile};
pub use server::{Departments, Seen};
