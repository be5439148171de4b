//! The disk rim of licet: keeps licences, seals and certificates, and gives them back as they came.

pub mod engine;
