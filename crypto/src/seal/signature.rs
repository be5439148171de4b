//! Reading a signature made with a seal (`SES_Signature`).

use super::decode::{Seal, Version, any_critical, read_timestamp};
use crate::der::{self, DerError, Element, Reader, tag};
use crate::oid::Oid;
use crate::time::{Date, Timestamp};

/// A signature made with a seal, whose structure fits the seal's version. Nothing about it is verified.
#[derive(Debug)]
pub struct SealSignature<'a> {
    /// The bytes that the signer signed: the raw `TBS_Sign`.
    pub signed_bytes: &'a [u8],
    /// The seal, whole, as it lies inside.
    pub seal: Seal<'a>,
    /// When the signer says to have signed.
    pub time: SigningTime<'a>,
    /// Digest of the protected data.
    pub data_hash: &'a [u8],
    /// What is protected; for OFD the path of `Signature.xml`.
    pub property: &'a [u8],
    /// DER of the signer's certificate.
    pub signer: &'a [u8],
    /// The signer's algorithm.
    pub algorithm: Oid<'a>,
    /// The signature value.
    pub signature: &'a [u8],
    /// The time stamp of the signature, in v4 and v5.
    pub timestamp: Option<&'a [u8]>,
    /// Whether an extension is critical; none is known.
    pub has_unknown_critical: bool,
}

/// What stands in `timeInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningTime<'a> {
    /// A time that the signer claims.
    Claimed(Timestamp),
    /// Something else: a time-stamp token, or text of an unknown form (v1).
    Opaque(&'a [u8]),
}

impl<'a> SealSignature<'a> {
    /// Reads a signature.
    ///
    /// # Errors
    /// [`DerError`] when the bytes are not exactly one signature, or its structure is not that of its seal's version.
    pub fn from_der(bytes: &'a [u8]) -> der::Result<Self> {
        let mut fields = der::single(bytes, tag::SEQUENCE)?.reader();
        let tbs = fields.read(tag::SEQUENCE)?;
        // A v1 value has two fields, the second a BIT STRING; later ones carry the signer's certificate outside.
        if fields.peek() == Some(tag::BIT_STRING) { Self::first(&tbs, &mut fields) } else { Self::later(&tbs, &mut fields) }
    }

    fn first(tbs: &Element<'a>, fields: &mut Reader<'a>) -> der::Result<Self> {
        let signature = fields.read(tag::BIT_STRING)?.octets()?;
        fields.end()?;
        let mut inner = tbs.reader();
        let version = inner.read(tag::INTEGER)?.small()?;
        let seal = Seal::from_element(&inner.read(tag::SEQUENCE)?)?;
        let time = first_time(&inner.any()?)?;
        let data_hash = inner.read(tag::BIT_STRING)?.octets()?;
        let property = inner.read(tag::IA5_STRING)?.content;
        let signer = inner.read(tag::OCTET_STRING)?.content;
        let algorithm = Oid(inner.read(tag::OID)?.content);
        inner.end()?;
        if !matches!(seal.version, Version::V1(number) if number == version) {
            return Err(DerError::BadValue);
        }
        Ok(Self {
            signed_bytes: tbs.raw,
            seal,
            time,
            data_hash,
            property,
            signer,
            algorithm,
            signature,
            timestamp: None,
            has_unknown_critical: false,
        })
    }

    fn later(tbs: &Element<'a>, fields: &mut Reader<'a>) -> der::Result<Self> {
        let signer = fields.read(tag::OCTET_STRING)?.content;
        let algorithm = Oid(fields.read(tag::OID)?.content);
        let signature = fields.read(tag::BIT_STRING)?.octets()?;
        let timestamp = read_timestamp(fields)?;
        fields.end()?;
        let mut inner = tbs.reader();
        let version = inner.read(tag::INTEGER)?.small()?;
        let seal = Seal::from_element(&inner.read(tag::SEQUENCE)?)?;
        let time = SigningTime::Claimed(inner.read(tag::GENERALIZED_TIME)?.time()?);
        let data_hash = inner.read(tag::BIT_STRING)?.octets()?;
        let property = inner.read(tag::IA5_STRING)?.content;
        let has_unknown_critical = match inner.optional(tag::context(0))? {
            Some(tagged) => any_critical(&mut tagged.reader().sequence()?)?,
            None => false,
        };
        inner.end()?;
        // GM/T 0031-2025: the version of the signature is that of the seal; a v4 value must not be read as v5.
        if matches!(seal.version, Version::V1(_)) || seal.version.number() != version {
            return Err(DerError::BadValue);
        }
        Ok(Self {
            signed_bytes: tbs.raw,
            seal,
            time,
            data_hash,
            property,
            signer,
            algorithm,
            signature,
            timestamp,
            has_unknown_critical,
        })
    }
}

/// v1 says BIT STRING and not what is in it: text in several forms, a DER time or a time-stamp token occur.
fn first_time<'a>(element: &Element<'a>) -> der::Result<SigningTime<'a>> {
    let content = match element.tag {
        tag::BIT_STRING => element.octets()?,
        tag::OCTET_STRING => element.content,
        tag::UTC_TIME | tag::GENERALIZED_TIME => return Ok(SigningTime::Claimed(element.time()?)),
        found => return Err(DerError::UnexpectedTag { expected: tag::BIT_STRING, found }),
    };
    if let Some(time) = Reader::new(content).any().ok().and_then(|inner| inner.time().ok()) {
        return Ok(SigningTime::Claimed(time));
    }
    let text = std::str::from_utf8(content).unwrap_or_default().trim();
    Ok(time_from_text(text).map_or(SigningTime::Opaque(content), SigningTime::Claimed))
}

/// The forms in which vendors write a time as text. Without a zone it is meant in China's legal time, UTC+08:00.
#[must_use]
pub fn time_from_text(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    if let Ok(time) = Timestamp::from_generalized_time(text.as_bytes()).or_else(|_| Timestamp::from_utc_time(text.as_bytes())) {
        return Some(time);
    }
    let digits: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
    let separators_fit = text.chars().all(|c| c.is_ascii_digit() || "-/: T.".contains(c));
    let (date, clock) = digits.split_at_checked(8)?;
    let date: Date = separators_fit.then(|| date.parse().ok())??;
    if clock.is_empty() {
        return Some(date.start_in_china());
    }
    let number = |from: usize| clock.get(from..from + 2)?.parse::<u8>().ok();
    let local = Timestamp::from_civil(date, number(0)?, number(2)?, number(4)?)?;
    Some(local.plus(-8 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_forms_of_vendors() {
        let noon: Timestamp = "2024-03-01T04:00:00Z".parse().unwrap();
        for text in
            ["2024-03-01 12:00:00", "2024/03/01 12:00:00", "20240301120000", "20240301040000Z", "2024-03-01T12:00:00+08:00"]
        {
            assert_eq!(time_from_text(text), Some(noon), "{text}");
        }
        for text in ["", "yesterday", "2024-13-01 12:00:00", "2024-03-01 25:00:00"] {
            assert_eq!(time_from_text(text), None, "{text}");
        }
    }
}
