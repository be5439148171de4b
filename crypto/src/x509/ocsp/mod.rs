//! Answers about the status of certificates (RFC 6960; GB/T 19713).

pub mod id;
pub mod request;
pub mod response;

pub use id::{CertId, IdDigest};
pub use request::Request;
pub use response::{CertificateStatus, OcspError, OcspResponse, Responder, SingleResponse};
