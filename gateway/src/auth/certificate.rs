//! What identifies a caller in its certificate. The TLS handshake has verified the certificate before.

use std::fmt;
use std::str::FromStr;

use crypto::der;
use crypto::digest::Sha256;
use crypto::time::Timestamp;
use crypto::x509::Certificate;

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

/// What somebody presented in the handshake.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// No certificate.
    None,
    /// A certificate that tells nothing.
    Unreadable,
    /// A certificate.
    Certificate(Presented),
}

impl Credentials {
    /// Of this certificate, in DER.
    #[must_use]
    pub fn read(leaf: Option<&[u8]>) -> Self {
        leaf.map_or(Self::None, |leaf| Presented::read(leaf).map_or(Self::Unreadable, Self::Certificate))
    }
}

/// What matters of a caller's certificate.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Every name by which it could be known.
    pub names: Vec<CertificateName>,
    /// The last moment at which it is valid.
    pub not_after: Timestamp,
}

impl Presented {
    /// Reads a certificate in DER.
    pub(super) fn read(certificate: &[u8]) -> der::Result<Self> {
        let certificate = Certificate::from_der(certificate)?;
        let alternatives = certificate.extensions().alternative_names()?;
        let fingerprint = CertificateName::Fingerprint(certificate.sha256());
        let names = std::iter::once(fingerprint).chain(alternatives.into_iter().map(CertificateName::Alternative)).collect();
        Ok(Self { names, not_after: certificate.not_after() })
    }
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
