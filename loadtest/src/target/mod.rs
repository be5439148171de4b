//! What is asked: an address that may be asked, and connections to it.

mod address;
mod connection;
mod reply;

pub use address::allowed;
pub use connection::{Connection, Door};
pub use reply::Reply;
