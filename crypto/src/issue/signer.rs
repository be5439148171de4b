//! A signing key with its certificate.

use super::key::SigningKey;
use crate::der::{Reader, tag};

/// Who signs: a certificate, DER, and the key that belongs to it. Tests may pair a key with another's certificate.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// DER of the certificate.
    pub certificate: &'a [u8],
    /// The private key.
    pub key: &'a SigningKey,
}

impl<'a> Signer<'a> {
    /// Pairs a certificate with its key.
    #[must_use]
    pub const fn new(certificate: &'a [u8], key: &'a SigningKey) -> Self {
        Self { certificate, key }
    }

    /// The raw issuer name and serial number elements of the certificate; empty when it is not one.
    pub(super) fn issuer_and_serial(self) -> Vec<u8> {
        let read = || {
            let mut tbs = Reader::new(self.certificate).sequence()?.sequence()?;
            tbs.optional(tag::context(0))?;
            let serial = tbs.read(tag::INTEGER)?.raw;
            tbs.read(tag::SEQUENCE)?;
            Ok::<_, crate::der::DerError>([tbs.read(tag::SEQUENCE)?.raw, serial].concat())
        };
        read().unwrap_or_default()
    }
}
