//! Tests of the store through its public face.
#![cfg(test)]
#![expect(clippy::as_conversions, reason = "tests turn engines into trait objects")]

mod backup;
mod catalogue;
mod damage;
mod engines;
mod evidence;
mod faults;
mod forgetting;
mod formats;
mod gate;
mod grants;
mod journal;
mod journal_forks;
mod journal_histories;
mod keyring;
mod ledger;
mod licences;
mod log;
mod log_complete;
mod log_faults;
mod log_query;
mod log_tampering;
mod model;
mod objections;
mod opening;
mod registers;
mod sample;
mod scratch;
mod secrecy;
mod slots;
mod torn;
mod use_codes;
mod whole;
