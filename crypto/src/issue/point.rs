//! Distribution points: in certificates (RFC 5280, 4.2.1.13) and in lists (5.2.5).

use super::crl::Reason;
use super::der;
use super::name::Name;

/// Which certificates and reasons a list is to speak of: all, unless something is said.
#[derive(Clone, Debug, Default)]
pub struct ListScope {
    point: Vec<u8>,
    holders: Vec<u8>,
    reasons: Vec<u8>,
    indirect: bool,
}

/// Where the lists about a certificate come from.
#[derive(Clone, Debug, Default)]
pub struct Point {
    point: Vec<u8>,
    reasons: Vec<u8>,
    issuer: Vec<u8>,
}

fn uri_name(uri: &str) -> Vec<u8> {
    der::context(0, &der::context(0, &der::implicit(6, uri.as_bytes())))
}

fn directory_name(name: &Name) -> Vec<u8> {
    der::context(0, &der::context(0, &der::context(4, &name.der())))
}

fn reason_flags(tag: u8, reasons: &[Reason]) -> Vec<u8> {
    // The flags are numbered like the codes up to the hold; those of the last two stand where codes mean something else.
    let position = |reason: &Reason| match reason {
        Reason::PrivilegeWithdrawn => 7,
        Reason::AaCompromise => 8,
        _ => u32::from(reason.code()),
    };
    let bits = reasons.iter().fold(0u16, |bits, reason| bits | 0x8000_u16.checked_shr(position(reason)).unwrap_or(0));
    let flags = der::named_bits(bits);
    der::implicit(tag, flags.get(2..).unwrap_or_default())
}

impl ListScope {
    /// The lists of this address alone.
    #[must_use]
    pub fn at_uri(mut self, uri: &str) -> Self {
        self.point = uri_name(uri);
        self
    }

    /// The lists of this entry of a directory alone.
    #[must_use]
    pub fn at_directory(mut self, name: &Name) -> Self {
        self.point = directory_name(name);
        self
    }

    /// Those of users alone.
    #[must_use]
    pub fn users(mut self) -> Self {
        self.holders = der::implicit(1, &[0xff]);
        self
    }

    /// Those of authorities alone.
    #[must_use]
    pub fn authorities(mut self) -> Self {
        self.holders = der::implicit(2, &[0xff]);
        self
    }

    /// Revocations for these reasons alone.
    #[must_use]
    pub fn reasons(mut self, reasons: &[Reason]) -> Self {
        self.reasons = reason_flags(3, reasons);
        self
    }

    /// Certificates of other issuers as well.
    #[must_use]
    pub const fn indirect(mut self) -> Self {
        self.indirect = true;
        self
    }

    /// `IssuingDistributionPoint`.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let indirect = if self.indirect { der::implicit(4, &[0xff]) } else { Vec::new() };
        // The attribute certificates of [5] come after all others, those of [1] and [2] before the reasons.
        der::sequence(&[&self.point, &self.holders, &self.reasons, &indirect])
    }
}

impl Point {
    /// Lists at this address.
    #[must_use]
    pub fn at_uri(uri: &str) -> Self {
        Self { point: uri_name(uri), ..Self::default() }
    }

    /// Lists at this entry of a directory.
    #[must_use]
    pub fn at_directory(name: &Name) -> Self {
        Self { point: directory_name(name), ..Self::default() }
    }

    /// They speak of these reasons alone.
    #[must_use]
    pub fn reasons(mut self, reasons: &[Reason]) -> Self {
        self.reasons = reason_flags(1, reasons);
        self
    }

    /// Somebody else than the certificate's issuer issues them.
    #[must_use]
    pub fn issued_by(mut self, issuer: &Name) -> Self {
        self.issuer = der::context(2, &der::context(4, &issuer.der()));
        self
    }

    fn der(&self) -> Vec<u8> {
        der::sequence(&[&self.point, &self.reasons, &self.issuer])
    }
}

/// `CRLDistributionPoints`.
#[must_use]
pub fn points(points: &[Point]) -> Vec<u8> {
    let all: Vec<Vec<u8>> = points.iter().map(Point::der).collect();
    der::sequence_of(&all)
}
