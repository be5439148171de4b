//! Making what the rest of this crate verifies: keys, certificates, seals, signed documents.
//!
//! For demonstrations, tests and load: nothing that verifies may use it. Pure like its neighbours: seeds, serial numbers and
//! times are arguments, and the same arguments give the same bytes.

pub mod certificate;
pub mod cms;
pub mod crl;
pub mod der;
pub mod jws;
pub mod key;
pub mod name;
pub mod ocsp;
pub mod ofd;
pub mod pdf;
pub mod pem;
pub mod point;
pub mod sd_jwt;
pub mod seal;
pub mod signer;
pub mod timestamp;
pub mod zip;

pub use certificate::{AltName, CertificateBuilder, Usage};
pub use cms::CmsBuilder;
pub use crl::{CrlBuilder, Reason};
pub use jws::JwsBuilder;
pub use key::{KeyType, SigningKey};
pub use name::Name;
pub use ocsp::OcspBuilder;
pub use ofd::{OfdBuilder, OfdSignature};
pub use pdf::{PdfBuilder, PdfSignature};
pub use sd_jwt::SdJwtBuilder;
pub use seal::{Criticality, SealBuilder, SealSignatureBuilder, SealVersion, Stamp};
pub use signer::Signer;
pub use timestamp::TokenBuilder;
