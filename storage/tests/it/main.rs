//! Tests of the store through its public face.
#![cfg(test)]
#![expect(clippy::as_conversions, reason = "tests turn engines into trait objects")]

mod engines;
mod evidence;
mod faults;
mod licences;
mod log_complete;
mod log_query;
mod model;
mod opening;
mod registers;
mod sample;
mod scratch;
mod secrecy;
mod slots;
