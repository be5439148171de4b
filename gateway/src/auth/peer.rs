//! The other end of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use crypto::x509::{Certificate, Trust};

use super::certificate::Credentials;
use super::standing::Standing;
use crate::status::Fetcher;

/// What is at the other end of a connection: what it presented, and what can be put on record about it. Which caller that is,
/// each request asks anew, for callers change while a connection lasts.
#[derive(Clone, Debug)]
pub struct Peer {
    /// What it presented.
    pub credentials: Credentials,
    /// Every certificate that it presented and that can be read, its own first: what was revoked since is found by them.
    pub chain: Vec<Certificate>,
    /// SHA-256 of the certificate that it presented.
    pub certificate: Option<Sha256>,
    /// The address that it came from.
    pub address: Option<IpAddr>,
    standing: Arc<Standing>,
}

impl Peer {
    /// What presents these certificates, in DER and its own first, from this address.
    #[must_use]
    pub fn new<'a>(presented: impl IntoIterator<Item = &'a [u8]>, address: Option<IpAddr>) -> Self {
        let presented: Vec<&[u8]> = presented.into_iter().collect();
        let leaf = presented.first().copied();
        let chain = presented.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        // A caller behind an old socket is the same caller: the address is written in its short form.
        let address = address.map(|address| address.to_canonical());
        let certificate = leaf.map(|der| Sha256::of(&[der]));
        Self { credentials: Credentials::read(leaf), chain, certificate, address, standing: Arc::default() }
    }

    /// Whether its certificate is revoked, by what is known in the trust domains for callers. What is not known, is asked for.
    #[must_use]
    pub fn is_revoked(&self, trust: &Trust, status: &Fetcher, now: Timestamp) -> bool {
        self.standing.is_revoked(&self.chain, (trust, status), now)
    }
}
