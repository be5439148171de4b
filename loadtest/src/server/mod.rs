//! Servers in processes of their own: how they are started and stopped, and what they use.

mod gateway;
mod metrics;
mod pin;
mod process;
mod sampler;
mod usage;

pub use gateway::Gateway;
pub use metrics::Counters;
pub(crate) use metrics::sum;
pub use pin::{Pin, pin_self};
pub use process::Process;
pub use sampler::{Sampler, Usage};
pub use usage::{Moment, cpu_seconds};
