//! Object identifiers: read as bytes, compared as bytes, printed as dotted numbers.

use std::fmt;
use std::str::FromStr;

/// An object identifier, as the content octets of its DER form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid<'a>(pub &'a [u8]);

const CONTENT_MAX: usize = 20;

/// Encodes dotted text while compiling, so that the tables below can be read by people.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "runs while compiling, where a slip is a build error")]
const fn encode(text: &str) -> ([u8; CONTENT_MAX], usize) {
    let text = text.as_bytes();
    let (mut out, mut len) = ([0; CONTENT_MAX], 0);
    let (mut at, mut arc, mut first) = (0, 0, 0u32);
    while at < text.len() {
        let mut value = 0u32;
        while at < text.len() && text[at] != b'.' {
            value = value * 10 + (text[at] - b'0') as u32;
            at += 1;
        }
        at += 1;
        arc += 1;
        if arc == 1 {
            first = value;
            continue;
        }
        if arc == 2 {
            value += first * 40;
        }
        let mut shift = 28;
        while shift > 0 {
            if value >> shift != 0 {
                out[len] = (value >> shift & 0x7f) as u8 | 0x80;
                len += 1;
            }
            shift -= 7;
        }
        out[len] = (value & 0x7f) as u8;
        len += 1;
    }
    (out, len)
}

macro_rules! oids {
    ($($name:ident = $text:literal;)*) => {
        $(
            #[doc = concat!("`", $text, "`")]
            pub const $name: Oid<'static> = {
                const ENCODED: &([u8; CONTENT_MAX], usize) = &encode($text);
                Oid(ENCODED.0.split_at(ENCODED.1).0)
            };
        )*
    };
}

impl Oid<'static> {
    oids! {
        // Keys and curves
        EC_PUBLIC_KEY = "1.2.840.10045.2.1";
        P256 = "1.2.840.10045.3.1.7";
        P384 = "1.3.132.0.34";
        SM2_CURVE = "1.2.156.10197.1.301";
        SM2_SIGN = "1.2.156.10197.1.301.1";
        RSA = "1.2.840.113549.1.1.1";
        // Digests
        SM3 = "1.2.156.10197.1.401";
        SM3_UNKEYED = "1.2.156.10197.1.401.1";
        SM3_KEYED = "1.2.156.10197.1.401.2";
        SHA1 = "1.3.14.3.2.26";
        SHA256 = "2.16.840.1.101.3.4.2.1";
        SHA384 = "2.16.840.1.101.3.4.2.2";
        SHA512 = "2.16.840.1.101.3.4.2.3";
        // Signatures
        SM2_SM3 = "1.2.156.10197.1.501";
        ED25519 = "1.3.101.112";
        ECDSA_SHA256 = "1.2.840.10045.4.3.2";
        ECDSA_SHA384 = "1.2.840.10045.4.3.3";
        RSA_SHA256 = "1.2.840.113549.1.1.11";
        RSA_SHA384 = "1.2.840.113549.1.1.12";
        RSA_SHA512 = "1.2.840.113549.1.1.13";
        RSA_PSS = "1.2.840.113549.1.1.10";
        MGF1 = "1.2.840.113549.1.1.8";
        // Cryptographic messages: RFC 5652 and GB/T 35275
        PKCS7_DATA = "1.2.840.113549.1.7.1";
        PKCS7_SIGNED_DATA = "1.2.840.113549.1.7.2";
        GM_DATA = "1.2.156.10197.6.1.4.2.1";
        GM_SIGNED_DATA = "1.2.156.10197.6.1.4.2.2";
        CONTENT_TYPE = "1.2.840.113549.1.9.3";
        MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
        SIGNING_TIME = "1.2.840.113549.1.9.5";
        // Attributes and content of RFC 2634, RFC 3161, RFC 5035 and RFC 5126
        TST_INFO = "1.2.840.113549.1.9.16.1.4";
        SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
        TIME_STAMP_TOKEN = "1.2.840.113549.1.9.16.2.14";
        SIGNATURE_POLICY = "1.2.840.113549.1.9.16.2.15";
        SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
        // Signed attribute of ISO 32000-2, 12.8.3.3
        ADOBE_REVOCATION = "1.2.840.113583.1.1.8";
        // Extensions of certificates and revocation lists
        SUBJECT_KEY_ID = "2.5.29.14";
        KEY_USAGE = "2.5.29.15";
        SUBJECT_ALT_NAME = "2.5.29.17";
        BASIC_CONSTRAINTS = "2.5.29.19";
        CRL_NUMBER = "2.5.29.20";
        CRL_REASON = "2.5.29.21";
        INVALIDITY_DATE = "2.5.29.24";
        DELTA_CRL = "2.5.29.27";
        ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
        CERTIFICATE_ISSUER = "2.5.29.29";
        CRL_DISTRIBUTION_POINTS = "2.5.29.31";
        NAME_CONSTRAINTS = "2.5.29.30";
        CERTIFICATE_POLICIES = "2.5.29.32";
        ANY_POLICY = "2.5.29.32.0";
        POLICY_MAPPINGS = "2.5.29.33";
        POLICY_CONSTRAINTS = "2.5.29.36";
        INHIBIT_ANY_POLICY = "2.5.29.54";
        AUTHORITY_KEY_ID = "2.5.29.35";
        EXTENDED_KEY_USAGE = "2.5.29.37";
        FRESHEST_CRL = "2.5.29.46";
        EXPIRED_CERTS_ON_CRL = "2.5.29.60";
        AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
        NETSCAPE_CERT_TYPE = "2.16.840.1.113730.1.1";
        GM_ORGANISATION_CODE = "1.2.156.10260.4.1.4";
        // Extended key usages
        EKU_ANY = "2.5.29.37.0";
        EKU_SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
        EKU_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
        EKU_TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
        EKU_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
        // Status of certificates
        OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1";
        RI_OCSP_RESPONSE = "1.3.6.1.5.5.7.16.2";
        OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2";
        OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5";
        OCSP_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6";
        // Attributes of names
        COMMON_NAME = "2.5.4.3";
        SERIAL_NUMBER = "2.5.4.5";
        COUNTRY = "2.5.4.6";
        LOCALITY = "2.5.4.7";
        STATE = "2.5.4.8";
        ORGANISATION = "2.5.4.10";
        ORGANISATIONAL_UNIT = "2.5.4.11";
        UNIQUE_IDENTIFIER = "2.5.4.45";
        ORGANISATION_IDENTIFIER = "2.5.4.97";
        EMAIL = "1.2.840.113549.1.9.1";
    }
}

impl fmt::Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut value, mut first) = (0u128, true);
        for octet in self.0 {
            value = value.wrapping_shl(7) | u128::from(octet & 0x7f);
            if octet & 0x80 != 0 {
                continue;
            }
            if first {
                let top = (value / 40).min(2);
                write!(f, "{top}.{}", value - top * 40)?;
            } else {
                write!(f, ".{value}")?;
            }
            (value, first) = (0, false);
        }
        Ok(())
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An object identifier that somebody configured, read from dotted numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OidBuf(Vec<u8>);

/// The text is not dotted numbers of an object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadOid;

impl OidBuf {
    /// The identifier.
    #[must_use]
    pub fn as_oid(&self) -> Oid<'_> {
        Oid(&self.0)
    }
}

impl FromStr for OidBuf {
    type Err = BadOid;

    /// Two numbers at least, each below 2³², written without leading zeros (X.660 7.6).
    fn from_str(text: &str) -> Result<Self, BadOid> {
        let number = |part: &str| match part.parse::<u32>() {
            Ok(number) if number.to_string() == part => Ok(number),
            _ => Err(BadOid),
        };
        let mut parts = text.split('.').map(number);
        let (Some(root), Some(second)) = (parts.next(), parts.next()) else { return Err(BadOid) };
        let (root, second) = (root?, second?);
        if root > 2 || (root < 2 && second >= 40) {
            return Err(BadOid);
        }
        let mut content = Vec::new();
        push_arc(&mut content, u64::from(root) * 40 + u64::from(second));
        for part in parts {
            push_arc(&mut content, u64::from(part?));
        }
        Ok(Self(content))
    }
}

fn push_arc(content: &mut Vec<u8>, value: u64) {
    for shift in (0..9u32).rev().map(|group| group * 7) {
        let group = u8::try_from(value >> shift & 0x7f).unwrap_or(0);
        if shift == 0 {
            content.push(group);
        } else if value >> shift != 0 {
            content.push(group | 0x80);
        }
    }
}

impl fmt::Display for OidBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_oid().fmt(f)
    }
}

impl fmt::Debug for OidBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BadOid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the dotted numbers of an object identifier")
    }
}

impl std::error::Error for BadOid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_text_agree() {
        assert_eq!(Oid::SM2_SM3.0, [0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75]);
        assert_eq!(Oid::RSA_PSS.0, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a]);
        assert_eq!(Oid::SHA256.to_string(), "2.16.840.1.101.3.4.2.1");
        assert_eq!(Oid::GM_SIGNED_DATA.to_string(), "1.2.156.10197.6.1.4.2.2");
        assert_eq!(Oid::TST_INFO.0, b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04");
        assert_eq!(Oid::COMMON_NAME.to_string(), "2.5.4.3");
    }

    #[test]
    fn identifiers_from_text() {
        for text in ["2.5.29.32.0", "1.2.156.10197.1.501", "0.0", "2.999.4294967295", "1.39"] {
            assert_eq!(text.parse::<OidBuf>().unwrap().to_string(), text);
        }
        assert_eq!("2.5.4.3".parse::<OidBuf>().unwrap().as_oid(), Oid::COMMON_NAME);
        for text in ["", "1", "1.", "1.40", "3.1", "1.2.x", "1.02", "1.2.4294967296", "1.+2", " 1.2"] {
            assert_eq!(text.parse::<OidBuf>(), Err(BadOid), "{text}");
        }
    }
}
