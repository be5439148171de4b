//! One number: a question to many sources under one deadline, and what came of each of them in time.
//!
//! ```text
//! look-up ─▶ questions (one for each resource, each under a permit)
//!               │ scatter: to each source what is left of the deadline
//!               ▼
//!     guard of the source: breaker ─ limit ─ one flight ─ hedge ─▶ source ─▶ the department
//!               │ gather: what came, by the deadline; for the rest, why not
//!               ▼
//!          outcomes ─▶ merge: attributes, their authority, who disagrees
//! ```
//!
//! Nothing is shared between subjects, callers, operators, items, cases or authorities: a source may decide by each of them. What a source
//! says goes to who asked for just that, at the same time (`flight`) or, within what the permit allows, later (`kept`).
//!
//! ```text
//! guard      what stands before a source
//!   desk       who is let through: breaker, limit, waiting, latency, hedge, each without a clock
//!   berth      the right to one call
//!   flight     one call for all who ask the same at the same time
//!   kept       what was said before
//!   journal    what the log of the process says of it
//! scatter    questions out, outcomes in
//! ```
//!
//! Every question has exactly one [`Outcome`], and has it by the deadline. What a source did not say in time is told as missing, with
//! the reason and with what waiting longer would be likely to add; it is never told as "nothing on record".

mod berth;
mod breaker;
mod desk;
mod flight;
mod guard;
mod hedge;
mod journal;
mod kept;
mod latency;
mod limit;
mod limits;
pub mod merge;
mod outcome;
mod question;
mod reply;
pub mod same;
mod scatter;
mod source;
mod tally;
#[cfg(test)]
mod testing;
mod waiting;

pub use breaker::BreakerState;
pub use limits::{BreakerLimits, Limits, Settings};
pub use outcome::{Outcome, State};
pub use question::{Class, Errand, Question};
pub use reply::{Reply, Row};
pub use scatter::{Broker, Gathering, LOCAL, SourceState};
pub use source::{Answer, Source, SourceFault};
pub use tally::Tally;
