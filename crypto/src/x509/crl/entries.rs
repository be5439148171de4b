//! The entries of a list: left where they are, found through an index of four octets each.

use std::ops::Range;

use super::Revocation;
use crate::der::{self, DerError, Element, Reader, tag};
use crate::oid::Oid;
use crate::time::Timestamp;
use crate::x509::Certificate;
use crate::x509::distribution::directory_names;
use crate::x509::name::Name;

/// The longest serial number that is read, in octets. RFC 5280 allows 20; some authorities wrote more.
const SERIAL_OCTETS_MAX: usize = 64;

/// Where the entries lie in the bytes of their list.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Where each entry starts, in the order of the serial numbers.
    starts: Vec<u32>,
    /// From which entry on the certificates are those of another issuer (RFC 5280 5.3.3), in the order of the list.
    issuers: Vec<Issuer>,
    odd: bool,
}

/// All entries from here on are about certificates of this issuer.
#[derive(Debug)]
struct Issuer {
    from: u32,
    names: Range<u32>,
}

/// One entry as it is read when somebody asks for it.
struct Entry<'a> {
    revocation: Revocation,
    /// The value of the extension `certificateIssuer`.
    issuer: Option<Element<'a>>,
    /// Whether it has a critical extension that is unknown.
    odd: bool,
}

impl Entries {
    /// One pass over the entries; nothing is copied.
    pub(super) fn read(raw: &[u8], list: &Element<'_>) -> der::Result<Self> {
        let mut entries = Self::default();
        let mut rest = list.reader();
        while !rest.is_empty() {
            let element = rest.read(tag::SEQUENCE)?;
            let entry = Entry::read(&element)?;
            let from = short(element.range().start)?;
            entries.starts.push(from);
            entries.odd |= entry.odd;
            if let Some(names) = entry.issuer {
                let names = names.range();
                entries.issuers.push(Issuer { from, names: short(names.start)?..short(names.end)? });
            }
        }
        entries.starts.sort_unstable_by(|a, b| serial_at(raw, *a).cmp(serial_at(raw, *b)).then_with(|| a.cmp(b)));
        entries.starts.shrink_to_fit();
        Ok(entries)
    }

    pub(super) const fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether an entry has a critical extension that is unknown.
    pub(super) const fn are_odd(&self) -> bool {
        self.odd
    }

    pub(super) const fn footprint(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.issuers.capacity() * size_of::<Issuer>()
    }

    /// What is said of a certificate. Should it occur twice, what revokes it for good counts before a hold, and the earlier
    /// before the later.
    pub(super) fn find(&self, raw: &[u8], issuer: Name<'_>, certificate: &Certificate) -> Option<Revocation> {
        let serial = certificate.serial();
        let first = self.starts.partition_point(|start| serial_at(raw, *start) < serial);
        let same = self.starts.iter().skip(first).take_while(|start| serial_at(raw, **start) == serial);
        same.filter(|start| self.is_issuer(raw, **start, issuer, certificate))
            .filter_map(|start| Some(Entry::at(raw, *start)?.revocation))
            .min_by_key(|revocation| (!revocation.is_lasting(), revocation.is_removal(), revocation.effective()))
    }

    /// Whether the entry that starts here is about certificates of the same issuer as this one.
    fn is_issuer(&self, raw: &[u8], start: u32, own: Name<'_>, certificate: &Certificate) -> bool {
        let run = self.issuers.partition_point(|issuer| issuer.from <= start).checked_sub(1);
        match run.and_then(|run| self.issuers.get(run)) {
            None => own.matches(certificate.issuer()),
            Some(issuer) => {
                let names = long(&issuer.names).and_then(|range| raw.get(range)).unwrap_or_default();
                let names = Reader::new(names).sequence().and_then(|mut names| directory_names(&mut names));
                names.is_ok_and(|names| names.iter().any(|name| name.matches(certificate.issuer())))
            }
        }
    }
}

impl<'a> Entry<'a> {
    fn at(raw: &'a [u8], start: u32) -> Option<Self> {
        let rest = raw.get(usize::try_from(start).ok()?..)?;
        Self::read(&Reader::new(rest).read(tag::SEQUENCE).ok()?).ok()
    }

    fn read(element: &Element<'a>) -> der::Result<Self> {
        let mut fields = element.reader();
        if fields.read(tag::INTEGER)?.content.len() > SERIAL_OCTETS_MAX {
            return Err(DerError::BadValue);
        }
        let at = fields.any()?.time()?;
        let revocation = Revocation { at, reason: None, invalid_since: None };
        let mut entry = Self { revocation, issuer: None, odd: false };
        if !fields.is_empty() {
            let mut extensions = fields.sequence()?;
            while !extensions.is_empty() {
                entry.extension(&mut extensions.sequence()?)?;
            }
        }
        fields.end()?;
        Ok(entry)
    }

    fn extension(&mut self, fields: &mut Reader<'a>) -> der::Result<()> {
        let oid = Oid(fields.read(tag::OID)?.content);
        let critical = fields.optional(tag::BOOLEAN)?.map_or(Ok(false), |element| element.boolean())?;
        let value = fields.read(tag::OCTET_STRING)?;
        fields.end()?;
        match oid {
            Oid::CRL_REASON => self.revocation.reason = Some(reason(value.content)?),
            Oid::INVALIDITY_DATE => self.revocation.invalid_since = Some(invalidity_date(value.content)?),
            Oid::CERTIFICATE_ISSUER => self.issuer = Some(value.reader().read(tag::SEQUENCE)?),
            _ => self.odd |= critical,
        }
        Ok(())
    }
}

/// `CRLReason` (RFC 5280 5.3.1).
pub(in crate::x509) fn reason(value: &[u8]) -> der::Result<u32> {
    match der::single(value, tag::ENUMERATED)?.content {
        [code] => Ok(u32::from(*code)),
        _ => Err(DerError::BadValue),
    }
}

fn invalidity_date(value: &[u8]) -> der::Result<Timestamp> {
    der::single(value, tag::GENERALIZED_TIME)?.time()
}

/// The serial number of the entry that starts here; the entry was read before.
fn serial_at(raw: &[u8], start: u32) -> &[u8] {
    let rest = usize::try_from(start).ok().and_then(|start| raw.get(start..)).unwrap_or_default();
    let serial = Reader::new(rest).sequence().and_then(|mut fields| fields.read(tag::INTEGER));
    serial.map_or(&[], |element| element.content)
}

fn short(position: usize) -> der::Result<u32> {
    u32::try_from(position).or(Err(DerError::BadLength))
}

fn long(range: &Range<u32>) -> Option<Range<usize>> {
    Some(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
