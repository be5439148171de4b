//! Making what the rest of this crate verifies: keys, certificates, seals, signed documents.
//!
//! For demonstrations, tests and load: nothing that verifies may use it. Pure like its neighbours: seeds, serial numbers and
//! times are arguments, and the same arguments give the same bytes.

pub mod certificate;
pub mod crl;
pub mod der;
pub mod key;
pub mod name;
pub mod pem;

pub use certificate::{AltName, CertificateBuilder, Usage};
pub use crl::{CrlBuilder, Reason};
pub use key::{KeyType, SigningKey};
pub use name::Name;
