//! Signed OFD documents (GB/T 33190-2016, chapter 18; GM/T 0099).

pub mod coverage;
pub mod package;
pub mod references;
pub mod signatures;
pub mod verify;
pub mod xml;
pub mod zip;

pub use package::Package;
