//! Certificates, revocation lists, trust and the paths between them (RFC 5280, GB/T 20518).

pub mod certificate;
pub mod crl;
pub mod distribution;
pub mod evidence;
pub mod extension;
mod known;
pub mod name;
pub mod ocsp;
pub mod path;
pub mod pem;
pub mod trust;

pub use certificate::Certificate;
pub use crl::RevocationList;
pub use evidence::Evidence;
pub use ocsp::OcspResponse;
pub use trust::{Domain, Purpose, Trust};
