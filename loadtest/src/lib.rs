//! What drives a gateway from outside: load over HTTPS, and departments that behave as badly as real ones, reproducibly.

pub mod city;
pub mod departments;
pub mod time;
