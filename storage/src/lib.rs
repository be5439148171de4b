//! The disk rim of licet: keeps licences, seals, certificates and evidence of their status, and gives them back as they came.
//!
//! Synchronous: a call returns when the disk has answered, and a write when it is durable. No type of an engine appears here.
//!
//! ```text
//! licences, seals, certificates,     what callers see
//! evidence, catalogue, grants,
//! use codes, tokens
//! use codes, tokens, objections
//!   slots                            places in status lists
//!   keys, records                    every key and every value layout
//!   shelf                            batches, retries, pages
//!   expiry                           rows that end
//!   log                              what happened: records, trees, checkpoints
//!   gate                             shuts before the disk fails
//!   sequencer                        one thread that writes for all, and gives records their numbers
//!   keyring                          the keys of the store, in the store; re-encryption
//!   vault, sealing                   values sealed, subjects blinded
//!   migrate                          from one format to the next
//! backup                             copies of it all and a journal between them, sealed; restores
//! engine                             the port, with RocksDB and memory behind it
//! ```
//!
//! What is not here: clocks, sockets, judgement. Time is an argument, and only what `crypto` has verified can be stored as a
//! licence.

pub mod backup;
pub mod catalogue;
mod catalogue_keys;
pub mod certificates;
mod code_keys;
pub mod engine;
pub mod error;
pub mod evidence;
mod expiry;
mod gate;
mod grant_keys;
pub mod grants;
pub mod keyring;
mod keys;
pub mod ledger;
mod ledger_keys;
pub mod licences;
pub mod log;
mod migrate;
pub mod objections;
pub mod page;
mod records;
pub mod restoration;
mod seal_applications;
mod sealing;
pub mod seals;
pub mod secret;
mod sequencer;
mod shelf;
pub mod slots;
mod store;
mod stored;
mod survey;
pub mod tokens;
pub mod use_codes;
mod vault;
pub mod witnessing;

pub use engine::options::Options;
pub use error::{StorageError, StoreError};
pub use gate::{Gate, Refusal, Room};
pub use migrate::{Migrated, Progress};
pub use sealing::{Cipher, KeyId, NoKeyId};
pub use secret::{Keys, KeysError};
pub use store::Store;
pub use stored::Stored;
pub use survey::{SurveyEnd, Surveyed};
