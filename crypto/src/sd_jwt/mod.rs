//! SD-JWT verifiable credentials (RFC 9901, draft-ietf-oauth-sd-jwt-vc): a JWS whose claims are disclosed one by one.
//!
//! [`parts`] takes a presentation apart, [`disclosure`] puts the disclosed claims where the issuer signed them, [`claims`] knows
//! those with a meaning of their own, [`binding`] is the holder's signature, and [`verify`] makes the report.

pub mod binding;
pub mod claims;
pub mod disclosure;
pub mod parts;
pub mod verify;

pub use binding::Presentation;
pub use parts::{SdJwt, SdJwtError, is_likely, status_reference};
