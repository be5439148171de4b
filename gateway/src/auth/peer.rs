//! The other end of a connection.

use std::net::IpAddr;

use crypto::digest::Sha256;

use super::certificate::Credentials;

/// What is at the other end of a connection: what it presented, and what can be put on record about it. Which caller that is,
/// each request asks anew, for callers change while a connection lasts.
#[derive(Clone, Debug)]
pub struct Peer {
    /// What it presented.
    pub credentials: Credentials,
    /// SHA-256 of the certificate that it presented.
    pub certificate: Option<Sha256>,
    /// The address that it came from.
    pub address: Option<IpAddr>,
}

impl Peer {
    /// What presents this certificate, in DER, from this address.
    #[must_use]
    pub fn new(leaf: Option<&[u8]>, address: Option<IpAddr>) -> Self {
        // A caller behind an old socket is the same caller: the address is written in its short form.
        let address = address.map(|address| address.to_canonical());
        Self { credentials: Credentials::read(leaf), certificate: leaf.map(|der| Sha256::of(&[der])), address }
    }
}
