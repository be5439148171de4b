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
//! Every question has exactly one [`Outcome`], and has it by the deadline. What a source did not say in time is told as missing, with
//! the reason and with what waiting longer would be likely to add; it is never told as "nothing on record".

mod outcome;
mod question;
mod reply;
mod source;

pub use outcome::{Outcome, State};
pub use question::{Class, Errand, Question};
pub use reply::{Reply, Row};
pub use source::{Answer, Source, SourceFault};
