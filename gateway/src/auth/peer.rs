//! The other end of a connection.

use std::net::IpAddr;

use crypto::digest::Sha256;

use super::caller::{Callers, Identity};

/// Who is at the other end of a connection, and what can be put on record about it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Which caller it is, if it is one.
    pub identity: Identity,
    /// SHA-256 of the certificate that it presented.
    pub certificate: Option<Sha256>,
    /// The address that it came from.
    pub address: Option<IpAddr>,
}

impl Peer {
    /// Who presents this certificate, in DER, from this address.
    #[must_use]
    pub fn new(callers: &Callers, leaf: Option<&[u8]>, address: Option<IpAddr>) -> Self {
        // A caller behind an old socket is the same caller: the address is written in its short form.
        let address = address.map(|address| address.to_canonical());
        Self { identity: callers.identify(leaf), certificate: leaf.map(|der| Sha256::of(&[der])), address }
    }
}
