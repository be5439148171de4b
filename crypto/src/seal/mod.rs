//! Electronic seals and the signatures made with them: GM/T 0031-2014 (v1), GB/T 38540-2020 (v4), GM/T 0031-2025 (v5).

pub mod decode;
pub mod signature;
pub mod verify;

pub use decode::{CertificateList, Seal, Version};
pub use signature::{SealSignature, SigningTime};
