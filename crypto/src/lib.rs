//! The pure middle of licet: bytes, trust and time in, verdict out.
//!
//! Nothing here knows a clock, a file, a socket, an environment variable, a random source or a thread. The same input gives
//! the same report on every machine.

pub mod time;

pub mod report;

pub mod der;
pub mod digest;
pub mod oid;
pub mod sig;

pub mod issue;
