//! Reading what a time-stamp token says (`TSTInfo`, RFC 3161 2.4.2).

use crate::der::{self, DerError, Element, Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::seal::decode::any_critical;
use crate::time::Timestamp;

/// Octets that a serial number may have. RFC 3161 asks for 20; some authorities write a few more.
const SERIAL_MAX: usize = 32;
/// Octets that a nonce may have.
const NONCE_MAX: usize = 64;

/// What a token says. Nothing about it is verified.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// The policy under which the token was made.
    pub policy: Oid<'a>,
    /// The digest algorithm of the imprint.
    pub digest: DigestAlgorithm,
    /// The digest of what was stamped.
    pub imprint: &'a [u8],
    /// The token's number, big-endian.
    pub serial: &'a [u8],
    /// When it was made (`genTime`), in whole seconds, a fraction cut off.
    pub made: Timestamp,
    /// The latest moment that `genTime` can mean: with its fraction and its accuracy.
    pub made_by: Timestamp,
    /// Whether tokens of this authority can be ordered by their times alone.
    pub ordering: bool,
    /// The number that the asker chose.
    pub nonce: Option<&'a [u8]>,
    /// The authority's name (`GeneralName`, raw), if it says it.
    pub authority: Option<&'a [u8]>,
}

impl<'a> Token<'a> {
    /// Reads a `TSTInfo`.
    ///
    /// # Errors
    /// [`DerError`] when it is malformed, of another version than 1, with an unknown digest or an unknown critical extension.
    pub fn from_info(info: &'a [u8]) -> der::Result<Self> {
        let mut fields = der::single(info, tag::SEQUENCE)?.reader();
        if fields.read(tag::INTEGER)?.small()? != 1 {
            return Err(DerError::BadValue);
        }
        let policy = Oid(fields.read(tag::OID)?.content);
        let (digest, imprint) = read_imprint(&mut fields)?;
        let serial = bounded(&fields.read(tag::INTEGER)?, SERIAL_MAX)?;
        let (made, is_fraction) = read_time(fields.read(tag::GENERALIZED_TIME)?.content)?;
        let accuracy_s = fields.optional(tag::SEQUENCE)?.map_or(Ok(0), |accuracy| read_accuracy(&accuracy))?;
        let ordering = fields.optional(tag::BOOLEAN)?.map_or(Ok(false), |flag| flag.boolean())?;
        let nonce = fields.optional(tag::INTEGER)?.map(|nonce| bounded(&nonce, NONCE_MAX)).transpose()?;
        let authority = fields.optional(tag::context(0))?.map(|name| name.content);
        if let Some(extensions) = fields.optional(tag::context(1))?
            && any_critical(&mut extensions.reader())?
        {
            return Err(DerError::BadValue);
        }
        fields.end()?;
        let made_by = made.plus(accuracy_s + i64::from(is_fraction));
        Ok(Self { policy, digest, imprint, serial, made, made_by, ordering, nonce, authority })
    }
}

fn read_imprint<'a>(fields: &mut Reader<'a>) -> der::Result<(DigestAlgorithm, &'a [u8])> {
    let mut imprint = fields.sequence()?;
    let mut algorithm = imprint.sequence()?;
    let digest = DigestAlgorithm::from_oid(Oid(algorithm.read(tag::OID)?.content)).ok_or(DerError::BadValue)?;
    if let Some(null) = algorithm.optional(tag::NULL)?
        && !null.content.is_empty()
    {
        return Err(DerError::BadValue);
    }
    algorithm.end()?;
    let value = imprint.read(tag::OCTET_STRING)?.content;
    imprint.end()?;
    Ok((digest, value))
}

/// An INTEGER of any sign that is not longer than it may be.
const fn bounded<'a>(integer: &Element<'a>, octets_max: usize) -> der::Result<&'a [u8]> {
    if integer.content.is_empty() || integer.content.len() > octets_max { Err(DerError::BadValue) } else { Ok(integer.content) }
}

/// `genTime`: `YYYYMMDDhhmmss[.s...]Z` without trailing zeros. Whole seconds, and whether a fraction was cut off.
fn read_time(content: &[u8]) -> der::Result<(Timestamp, bool)> {
    let whole = |content: &[u8]| Timestamp::from_generalized_time(content).or(Err(DerError::BadValue));
    let Some(dot) = content.iter().position(|octet| *octet == b'.') else { return Ok((whole(content)?, false)) };
    let (seconds, fraction) = content.split_at_checked(dot).ok_or(DerError::BadValue)?;
    match fraction {
        [b'.', digits @ .., b'1'..=b'9', b'Z'] if digits.len() < 12 && digits.iter().all(u8::is_ascii_digit) => {
            Ok((whole(&[seconds, b"Z"].concat())?, true))
        }
        _ => Err(DerError::BadValue),
    }
}

/// `Accuracy`, rounded up to whole seconds.
fn read_accuracy(accuracy: &Element<'_>) -> der::Result<i64> {
    let mut fields = accuracy.reader();
    let seconds = fields.optional(tag::INTEGER)?.map_or(Ok(0), |seconds| seconds.small())?;
    let mut has_parts = false;
    for part in [tag::implicit(0), tag::implicit(1)] {
        if let Some(part) = fields.optional(part)? {
            has_parts |= (1..=999).contains(&part.small()?);
        }
    }
    fields.end()?;
    Ok(i64::from(seconds) + i64::from(has_parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::der as write;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn fractions_are_cut_off_and_remembered() {
        let noon = at("2026-07-01T12:00:00Z");
        assert_eq!(read_time(b"20260701120000Z"), Ok((noon, false)));
        assert_eq!(read_time(b"20260701120000.5Z"), Ok((noon, true)));
        assert_eq!(read_time(b"20260701120000.123456Z"), Ok((noon, true)));
        for bad in
            [&b"20260701120000.Z"[..], b"20260701120000.50Z", b"20260701120000.5", b"202607011200Z", b"20260701120000.x5Z", b""]
        {
            assert_eq!(read_time(bad), Err(DerError::BadValue), "{bad:?}");
        }
    }

    #[test]
    fn every_field_is_read_and_bounded() {
        let algorithm = write::sequence(&[&write::oid(Oid::SM3), &write::null()]);
        let imprint = write::sequence(&[&algorithm, &write::octet_string(&[7; 32])]);
        let accuracy = write::sequence(&[&write::integer(2u8), &write::implicit(0, &[5])]);
        let info = |version: u8, serial: &[u8], tail: &[u8]| {
            write::sequence(&[
                &write::integer(version),
                &write::oid(Oid::COMMON_NAME),
                &imprint,
                &write::tlv(tag::INTEGER, serial),
                &write::tlv(tag::GENERALIZED_TIME, b"20260701120000.5Z"),
                tail,
            ])
        };
        let tail = [accuracy, write::boolean(true), write::integer(9u8), write::context(0, &write::implicit(2, b"tsa"))].concat();
        let bytes = info(1, &[1], &tail);
        let token = Token::from_info(&bytes).unwrap();
        assert_eq!((token.made, token.made_by), (at("2026-07-01T12:00:00Z"), at("2026-07-01T12:00:04Z")));
        assert_eq!((token.digest, token.imprint, token.nonce), (DigestAlgorithm::Sm3, &[7; 32][..], Some(&[9][..])));
        assert!(token.ordering && token.authority.is_some());
        let extension = |critical| {
            let flag = if critical { write::boolean(true) } else { Vec::new() };
            write::context(1, &write::sequence(&[&write::oid(Oid::COMMON_NAME), &flag, &write::octet_string(b"x")]))
        };
        assert!(Token::from_info(&info(1, &[1], &extension(false))).is_ok());
        for bad in [info(2, &[1], &[]), info(1, &[1; 33], &[]), info(1, &[1], &extension(true)), info(1, &[1], &write::null())] {
            assert!(Token::from_info(&bad).is_err());
        }
    }
}
