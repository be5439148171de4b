//! The pure middle of licet: bytes, trust and time in, verdict out.
//!
//! Nothing here knows a clock, a file, a socket, an environment variable, a random source or a thread. The same input gives
//! the same report on every machine.
//!
//! Start at [`verify`]: it tells how a document becomes a [`report`]. What a document can be is in [`ofd`], [`pdf`], [`jws`],
//! [`sd_jwt`] and [`cms`]; who may sign it in [`seal`] and [`x509`], when it existed in [`timestamp`], what it says in [`licence`].
//! [`sig`], [`digest`], [`der`] and [`oid`] are the tools. [`chain`] asks about a certificate alone, [`raw`] about a bare signature.

pub mod verify;

pub mod chain;
pub mod raw;

pub mod report;

pub mod budget;
pub mod context;
mod existence;
pub mod signature_policy;
mod signer;

pub mod cms;
pub mod jws;
pub mod ofd;
pub mod pdf;
pub mod sd_jwt;
pub mod seal;
pub mod status_list;
pub mod timestamp;

pub mod x509;

pub mod licence;
pub mod record;
pub mod seal_register;

pub mod catalogue;
pub mod grants;
pub mod identity;
pub mod objection;

pub mod bundle;

pub mod der;
pub mod digest;
pub mod oid;
pub mod sig;
pub mod time;
pub mod tlog;

pub mod issue;
