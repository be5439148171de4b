//! What answers each route: one file for each kind of thing.

pub mod openapi;
