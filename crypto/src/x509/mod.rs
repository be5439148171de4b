//! Certificates, revocation lists, trust and the paths between them (RFC 5280, GB/T 20518).

pub mod certificate;
pub mod certificate_policy;
pub mod crl;
pub mod distribution;
pub mod evidence;
pub mod extension;
pub mod general_name;
mod known;
pub mod name;
pub mod name_constraints;
pub mod ocsp;
pub mod path;
pub mod pem;
pub mod policy;
mod proven;
pub mod service;
pub mod trust;

pub use certificate::Certificate;
pub use crl::RevocationList;
pub use evidence::Evidence;
pub use ocsp::OcspResponse;
pub use service::{Service, ServiceStatus};
pub use trust::{Domain, Purpose, Trust};
