//! Identify: the client certificate of a connection tells which caller it is, and the caller's roles what it may do.
//!
//! Nothing else does: no network address, no header, no password.

mod caller;
mod certificate;
mod peer;
mod role;
mod standing;

pub use caller::{Caller, Callers, Identity};
pub use certificate::{BadName, CertificateName, Credentials, Presented};
pub use peer::Peer;
pub use role::{Admits, Role};
