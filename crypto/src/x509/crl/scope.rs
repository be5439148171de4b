//! Which certificates and reasons a list speaks of: its issuing distribution point (RFC 5280, 5.2.5).

use std::fmt;

use crate::der::{self, DerError, Element, Reader, tag};
use crate::x509::distribution::PointName;

/// The scope of a list. The default is everything that its issuer issued, for every reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Whose certificates.
    pub holders: Holders,
    /// For which reasons.
    pub reasons: Reasons,
    /// Whether entries may be about certificates of other issuers.
    pub indirect: bool,
    /// The DER of `DistributionPointName`, if the list is one of several.
    pub(in crate::x509) point: Option<Vec<u8>>,
}

/// Whose certificates a list is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holders {
    /// All.
    #[default]
    All,
    /// Those who are no authorities.
    Users,
    /// Authorities.
    Authorities,
    /// Attribute certificates, which are not for us.
    Attributes,
}

/// A set of reasons, the first named bit of `ReasonFlags` highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reasons(u16);

impl Reasons {
    /// No reason at all.
    pub const NONE: Self = Self(0);
    /// Every reason there is (RFC 5280 4.2.1.13); the first bit means nothing.
    pub const ALL: Self = Self(0x7f80);
    /// `certificateHold`
    pub const HOLD: Self = Self(1 << 9);

    /// Reads the content of a BIT STRING.
    pub(in crate::x509) fn read(element: &Element<'_>) -> der::Result<Self> {
        match element.content {
            [0..=7, octets @ ..] if octets.len() <= 2 => {
                let high = octets.first().copied().unwrap_or(0);
                let low = octets.get(1).copied().unwrap_or(0);
                Ok(Self(u16::from_be_bytes([high, low]) & Self::ALL.0))
            }
            _ => Err(DerError::BadValue),
        }
    }

    /// Those in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of these are in the set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Default for Reasons {
    fn default() -> Self {
        Self::ALL
    }
}

impl Scope {
    /// Reads `IssuingDistributionPoint`.
    pub(super) fn read(value: &[u8]) -> der::Result<Self> {
        let mut fields = der::single(value, tag::SEQUENCE)?.reader();
        let mut scope = Self::default();
        if let Some(element) = fields.optional(tag::context(0))? {
            PointName::read(element.content)?;
            scope.point = Some(element.content.to_vec());
        }
        let users = flag(&mut fields, 1)?;
        let authorities = flag(&mut fields, 2)?;
        if let Some(element) = fields.optional(tag::implicit(3))? {
            scope.reasons = Reasons::read(&element)?;
        }
        scope.indirect = flag(&mut fields, 4)?;
        let attributes = flag(&mut fields, 5)?;
        fields.end()?;
        scope.holders = match (users, authorities, attributes) {
            (false, false, false) => Holders::All,
            (true, false, false) => Holders::Users,
            (false, true, false) => Holders::Authorities,
            (false, false, true) => Holders::Attributes,
            _ => return Err(DerError::BadValue), // RFC 5280 5.2.5: at most one of them.
        };
        Ok(scope)
    }

    /// Whether it speaks of all certificates of its issuer, for every reason, and of no others.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }
}

fn flag(fields: &mut Reader<'_>, n: u8) -> der::Result<bool> {
    fields.optional(tag::implicit(n))?.map_or(Ok(false), |element| element.boolean())
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.holders {
            Holders::All => "all certificates",
            Holders::Users => "certificates of users",
            Holders::Authorities => "certificates of authorities",
            Holders::Attributes => "attribute certificates",
        })?;
        if self.reasons != Reasons::ALL {
            f.write_str(", some reasons")?;
        }
        if self.point.is_some() {
            f.write_str(", one distribution point")?;
        }
        if self.indirect { f.write_str(", also of other issuers") } else { Ok(()) }
    }
}
