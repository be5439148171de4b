//! What identifies a caller in its certificate. The TLS handshake has verified the certificate before.

use std::fmt;
use std::str::FromStr;

use crypto::der::{self, Reader, tag};
use crypto::digest::Sha256;
use crypto::time::Timestamp;

/// A name by which the configuration knows a certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateName {
    /// `sha256:…`: the fingerprint of the whole certificate.
    Fingerprint(Sha256),
    /// `dns:…` or `uri:…`: a subject alternative name in it.
    Alternative(String),
}

/// The text names no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadName;

impl FromStr for CertificateName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.split_once(':').ok_or(BadName)? {
            ("sha256", digits) => Sha256::from_hex(digits).map(Self::Fingerprint).ok_or(BadName),
            ("dns" | "uri", name) if !name.is_empty() => Ok(Self::Alternative(text.to_owned())),
            _ => Err(BadName),
        }
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is none of sha256:<64 hexadecimal digits>, uri:<name>, dns:<name>")
    }
}

impl std::error::Error for BadName {}

/// What matters of a caller's certificate.
pub(super) struct Presented {
    /// Every name by which it could be known.
    pub(super) names: Vec<CertificateName>,
    /// The last moment at which it is valid.
    pub(super) not_after: Timestamp,
}

impl Presented {
    /// Reads a certificate in DER.
    pub(super) fn read(certificate: &[u8]) -> der::Result<Self> {
        let mut tbs = der::single(certificate, tag::SEQUENCE)?.reader().sequence()?;
        tbs.optional(tag::context(0))?;
        tbs.read(tag::INTEGER)?;
        tbs.read(tag::SEQUENCE)?;
        tbs.read(tag::SEQUENCE)?;
        let mut validity = tbs.sequence()?;
        validity.any()?;
        let not_after = validity.any()?.time()?;
        tbs.read(tag::SEQUENCE)?;
        tbs.read(tag::SEQUENCE)?;
        tbs.optional(tag::implicit(1))?;
        tbs.optional(tag::implicit(2))?;
        let mut names = vec![CertificateName::Fingerprint(Sha256::of(&[certificate]))];
        if let Some(extensions) = tbs.optional(tag::context(3))? {
            names.extend(alternatives(extensions.reader().sequence()?)?);
        }
        Ok(Self { names, not_after })
    }
}

fn alternatives(mut extensions: Reader<'_>) -> der::Result<Vec<CertificateName>> {
    const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    let mut names = Vec::new();
    while !extensions.is_empty() {
        let mut extension = extensions.sequence()?;
        if extension.read(tag::OID)?.content != SUBJECT_ALT_NAME {
            continue;
        }
        extension.optional(tag::BOOLEAN)?;
        let mut list = der::single(extension.read(tag::OCTET_STRING)?.content, tag::SEQUENCE)?.reader();
        while !list.is_empty() {
            let element = list.any()?;
            let text = std::str::from_utf8(element.content).unwrap_or_default();
            match element.tag {
                0x82 => names.push(CertificateName::Alternative(format!("dns:{text}"))),
                0x86 => names.push(CertificateName::Alternative(format!("uri:{text}"))),
                _ => {}
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(matches!("sha256:".parse::<CertificateName>(), Err(BadName)));
        let digits = "ab".repeat(32);
        assert_eq!(format!("sha256:{digits}").parse(), Ok(CertificateName::Fingerprint(Sha256([0xab; 32]))));
        assert_eq!("dns:a.example".parse(), Ok(CertificateName::Alternative("dns:a.example".to_owned())));
        assert_eq!("cn:a".parse::<CertificateName>(), Err(BadName));
        assert_eq!("uri:".parse::<CertificateName>(), Err(BadName));
    }

    #[test]
    fn what_is_no_certificate_is_an_error() {
        assert!(Presented::read(b"").is_err());
        assert!(Presented::read(&[0x30, 0x00]).is_err());
    }
}
