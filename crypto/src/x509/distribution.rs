//! Distribution points: where the lists about a certificate come from (RFC 5280, 4.2.1.13 and 6.3.3).

use super::Certificate;
use super::crl::{Holders, Reasons, RevocationList};
use super::extension::Extensions;
use super::name::{Name, same_rdn};
use crate::der::{self, DerError, Reader, tag};
use crate::oid::Oid;

/// One distribution point of a certificate.
#[derive(Clone, Debug)]
pub struct DistributionPoint<'a> {
    point: Option<PointName<'a>>,
    reasons: Reasons,
    /// Who issues the lists, if not the certificate's issuer.
    issuers: Vec<Name<'a>>,
}

/// The name of a distribution point.
#[derive(Clone, Debug)]
pub(super) enum PointName<'a> {
    /// `GeneralNames`, each a whole element.
    Full(Vec<&'a [u8]>),
    /// The content of an RDN that follows the name of whoever issues the lists.
    Relative(&'a [u8]),
}

impl<'a> PointName<'a> {
    /// Reads the CHOICE `DistributionPointName`.
    pub(super) fn read(value: &'a [u8]) -> der::Result<Self> {
        let mut reader = Reader::new(value);
        let element = reader.any()?;
        reader.end()?;
        if element.tag == tag::context(1) {
            return Ok(Self::Relative(element.content));
        }
        if element.tag != tag::context(0) {
            return Err(DerError::BadValue);
        }
        let (mut names, mut found) = (element.reader(), Vec::new());
        while !names.is_empty() {
            found.push(names.any()?.raw);
        }
        Ok(Self::Full(found))
    }

    /// The names in a form in which two of them can be compared. `issuers` are those whom a relative name belongs to.
    fn names(&self, issuers: &[Name<'a>]) -> Vec<Comparable<'a>> {
        match self {
            Self::Full(names) => names.iter().map(|name| Comparable::of(name)).collect(),
            Self::Relative(rdn) => {
                issuers.iter().map(|issuer| Comparable::Directory(issuer.rdns().chain(std::iter::once(*rdn)).collect())).collect()
            }
        }
    }
}

/// A general name: a directory name by its RDNs, any other by its bytes.
enum Comparable<'a> {
    Directory(Vec<&'a [u8]>),
    Other(&'a [u8]),
}

impl<'a> Comparable<'a> {
    fn of(general_name: &'a [u8]) -> Self {
        match Reader::new(general_name).any() {
            Ok(element) if element.tag == tag::context(4) => Self::Directory(Name(element.content).rdns().collect()),
            _ => Self::Other(general_name),
        }
    }

    fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Directory(one), Self::Directory(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same_rdn(one, two))
            }
            (Self::Other(one), Self::Other(two)) => one == two,
            (Self::Directory(_), Self::Other(_)) | (Self::Other(_), Self::Directory(_)) => false,
        }
    }
}

impl<'a> DistributionPoint<'a> {
    fn read(fields: &mut Reader<'a>) -> der::Result<Self> {
        let point = fields.optional(tag::context(0))?.map(|element| PointName::read(element.content)).transpose()?;
        let reasons = fields.optional(tag::implicit(1))?.map_or(Ok(Reasons::ALL), |element| Reasons::read(&element))?;
        let issuers = fields.optional(tag::context(2))?;
        let issuers = issuers.map_or(Ok(Vec::new()), |element| directory_names(&mut element.reader()))?;
        fields.end()?;
        Ok(Self { point, reasons, issuers })
    }

    /// RFC 5280 6.3.3 (b) (1) and (2) (i): whether the list is one of those that this point announces.
    fn announces(&self, list: &RevocationList, certificate: &Certificate) -> bool {
        let own = [certificate.issuer()];
        let issuers = if self.issuers.is_empty() { &own[..] } else { &self.issuers };
        let scope = list.scope();
        if !issuers.iter().any(|issuer| issuer.matches(list.issuer())) || (!self.issuers.is_empty() && !scope.indirect) {
            return false;
        }
        let Some(Ok(listed)) = scope.point.as_deref().map(PointName::read) else { return true };
        let listed = listed.names(&[list.issuer()]);
        let wanted = match &self.point {
            Some(point) => point.names(issuers),
            None => issuers.iter().map(|issuer| Comparable::Directory(issuer.rdns().collect())).collect(),
        };
        wanted.iter().any(|name| listed.iter().any(|listed| listed.matches(name)))
    }
}

/// The directory names among `GeneralNames`, whose content is read.
///
/// # Errors
/// [`DerError`] when they are malformed.
pub(super) fn directory_names<'a>(names: &mut Reader<'a>) -> der::Result<Vec<Name<'a>>> {
    let mut found = Vec::new();
    while !names.is_empty() {
        let element = names.any()?;
        if element.tag == tag::context(4) {
            found.push(Name(element.content));
        }
    }
    Ok(found)
}

/// The distribution points of a certificate; none when it does not say.
///
/// # Errors
/// [`DerError`] when the extension is malformed.
pub fn points(extensions: Extensions<'_>) -> der::Result<Vec<DistributionPoint<'_>>> {
    let Some(extension) = extensions.find(Oid::CRL_DISTRIBUTION_POINTS) else { return Ok(Vec::new()) };
    let mut list = der::single(extension.value, tag::SEQUENCE)?.reader();
    let mut points = Vec::new();
    while !list.is_empty() {
        points.push(DistributionPoint::read(&mut list.sequence()?)?);
    }
    Ok(points)
}

/// Whose lists may speak of the certificate: its issuer's, and those whom its distribution points name.
#[must_use]
pub fn list_issuers(certificate: &Certificate) -> Vec<Name<'_>> {
    let points = points(certificate.extensions()).unwrap_or_default();
    std::iter::once(certificate.issuer()).chain(points.into_iter().flat_map(|point| point.issuers)).collect()
}

/// For which reasons of revocation the list speaks of the certificate; none when it does not speak of it at all.
#[must_use]
pub fn coverage(list: &RevocationList, certificate: &Certificate) -> Reasons {
    let authority = certificate.extensions().basic_constraints().is_ok_and(|basic| basic.authority);
    let scope = list.scope();
    let holds = match scope.holders {
        Holders::All => true,
        Holders::Users => !authority,
        Holders::Authorities => authority,
        Holders::Attributes => false,
    };
    if !holds {
        return Reasons::NONE;
    }
    // The last is that of RFC 5280 6.3.3, at its end: the issuer's own lists, wherever they come from.
    let implied = DistributionPoint { point: None, reasons: Reasons::ALL, issuers: Vec::new() };
    let points = points(certificate.extensions()).unwrap_or_default();
    let announcing = points.iter().chain(std::iter::once(&implied)).filter(|point| point.announces(list, certificate));
    announcing.fold(Reasons::NONE, |reasons, point| reasons.or(point.reasons)).and(scope.reasons)
}
