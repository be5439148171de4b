//! What drives a gateway from outside: load over HTTPS, and departments that behave as badly as real ones, reproducibly.

pub mod departments;
