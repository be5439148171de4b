//! A demo: an infrastructure of keys, licences of every kind, and forgeries, all made on the spot.

pub mod authority;
pub mod catalogue;
pub mod client;
pub mod config;
pub mod department;
pub mod error;
pub mod folder;
pub mod forgeries;
pub mod form;
pub mod identity;
pub mod kind;
pub mod licences;
pub mod one_number;
pub mod people;
pub mod pki;
pub mod register;
pub mod row;
pub mod shell;
pub mod stage;
#[cfg(test)]
mod testing;

pub use error::DemoError;
pub use pki::Pki;
