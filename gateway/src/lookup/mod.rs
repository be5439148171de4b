//! Look-ups by number: what is asked, whether it may be, what came, what is told, and what stays on record.
//!
//! ```text
//! request ─▶ order (item, case, deadline, class) ─▶ wish (which resources) ─▶ plan (authority, grants)
//!        ─▶ underway (the broker asks) ─▶ findings ─▶ licences (use codes), disputes
//!        ─▶ record, durable ─▶ view
//! ```
//!
//! The handlers differ in what they tell: records, materials, or yes and no. Nothing is told before it is on record.

pub mod deadline;
pub mod disputed;
pub mod findings;
pub mod licences;
pub mod noted;
pub mod order;
pub mod places;
pub mod plan;
pub mod said;
pub mod state;
pub mod supervised;
mod tally;
pub mod underway;
pub mod view;
pub mod wish;

#[cfg(test)]
mod minimum;
#[cfg(test)]
pub(crate) mod testing;

pub use places::Places;
pub use tally::Tally;
