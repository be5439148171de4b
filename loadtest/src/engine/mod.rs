//! Requests go out when they are due, and everything is counted from then: a server that stalls cannot make its callers wait less
//! by keeping them from asking.

mod drive;
mod pace;
mod plan;
mod tally;
mod timeline;

pub use drive::{Caller, drive};
pub use pace::Pace;
pub use plan::{Load, Plan};
pub use tally::{Row, Tally};
pub use timeline::{SLOT, Slot, Timeline};
