//! What is asked, as bytes, and what the answer to it must be.

mod audit;
mod hot;
mod ingest;
mod judge;
mod lane;
mod look_up;
mod request;
mod revoke;
mod source;
mod verify;

pub use judge::{Expectation, Outcome};
pub use lane::{LANES, Lane};
pub use request::{Ask, get, post, post_once};
pub use revoke::of as revocation;
pub use source::{Source, Supply};
pub use verify::{by_file, by_identifier};
