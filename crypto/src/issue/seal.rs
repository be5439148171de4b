//! Electronic seals and signatures made with them: GM/T 0031-2014 (v1), GB/T 38540-2020 (v4), GM/T 0031-2025 (v5).
//!
//! Right by default; the methods that say so make what a verifier must refuse.

use std::fmt;

use super::der;
use super::signer::Signer;
use crate::digest::sm3;
use crate::oid::Oid;
use crate::time::Timestamp;

/// Which structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SealVersion {
    /// GM/T 0031-2014.
    V1,
    /// GB/T 38540-2020.
    V4,
    /// GM/T 0031-2025.
    V5,
}

/// Makes the bytes of a time stamp over a signature value.
#[derive(Clone, Copy)]
pub struct Stamp<'a>(pub &'a dyn Fn(&[u8]) -> Vec<u8>);

impl fmt::Debug for Stamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stamp")
    }
}

/// How an extension says whether it is critical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criticality {
    /// Not critical, by leaving the field out.
    Absent,
    /// Not critical, said outright. DER forbids it; real seals have it.
    ExplicitFalse,
    /// Critical.
    True,
}

/// What a seal is to say.
#[derive(Clone, Debug)]
pub struct SealBuilder<'a> {
    version: SealVersion,
    header_version: u8,
    vendor: String,
    id: String,
    kind: u8,
    name: String,
    certificates: Vec<Vec<u8>>,
    lists_digests: bool,
    created: Timestamp,
    valid: (Timestamp, Timestamp),
    picture_kind: String,
    picture: Vec<u8>,
    size_mm: (u16, u16),
    extensions: Vec<Vec<u8>>,
    is_raw: bool,
    stamp: Option<Stamp<'a>>,
}

/// What a signature made with a seal is to say.
#[derive(Clone, Debug)]
pub struct SealSignatureBuilder<'a> {
    version: SealVersion,
    tbs_version: u8,
    seal: Vec<u8>,
    time_info: Vec<u8>,
    data_hash: Vec<u8>,
    property: String,
    extensions: Vec<Vec<u8>>,
    is_raw: bool,
    stamp: Option<Stamp<'a>>,
}

impl SealVersion {
    const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }
}

impl<'a> SealBuilder<'a> {
    /// A seal of a unit, made at `created` and valid from then until `valid_until`.
    #[must_use]
    pub fn new(version: SealVersion, id: &str, name: &str, created: Timestamp, valid_until: Timestamp) -> Self {
        Self {
            version,
            header_version: version.number(),
            vendor: "licet".to_owned(),
            id: id.to_owned(),
            kind: 1,
            name: name.to_owned(),
            certificates: Vec::new(),
            lists_digests: false,
            created,
            valid: (created, valid_until),
            picture_kind: "png".to_owned(),
            picture: Vec::new(),
            size_mm: (40, 40),
            extensions: Vec::new(),
            is_raw: false,
            stamp: None,
        }
    }

    /// Lets the holder of this certificate, DER, sign with the seal.
    #[must_use]
    pub fn user(mut self, certificate: &[u8]) -> Self {
        self.certificates.push(certificate.to_vec());
        self
    }

    /// Lists SM3 digests of the users' certificates instead of the certificates (`certListType` 2; not in v1).
    #[must_use]
    pub const fn listing_digests(mut self) -> Self {
        self.lists_digests = true;
        self
    }

    /// Another validity than from the making on.
    #[must_use]
    pub const fn valid(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.valid = (from, until);
        self
    }

    /// The picture: its type, its bytes, width and height in millimetres.
    #[must_use]
    pub fn picture(mut self, kind: &str, bytes: &[u8], size_mm: (u16, u16)) -> Self {
        (self.picture_kind, self.picture, self.size_mm) = (kind.to_owned(), bytes.to_vec(), size_mm);
        self
    }

    /// A seal of a person, type 2.
    #[must_use]
    pub const fn of_person(mut self) -> Self {
        self.kind = 2;
        self
    }

    /// One more member of `ExtensionDatas`.
    #[must_use]
    pub fn extension(mut self, oid: Oid<'_>, critical: Criticality, value: &[u8]) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    /// A time stamp over the maker's signature value (v5 alone has the field; elsewhere it is wrong).
    #[must_use]
    pub const fn stamped(mut self, stamp: Stamp<'a>) -> Self {
        self.stamp = Some(stamp);
        self
    }

    /// Writes the maker's signature as r ‖ s. Not what the standard says; government seals do it.
    #[must_use]
    pub const fn raw_signature(mut self) -> Self {
        self.is_raw = true;
        self
    }

    /// Wrong: a header version that is not that of the structure.
    #[must_use]
    pub const fn header_version(mut self, number: u8) -> Self {
        self.header_version = number;
        self
    }

    /// The seal, DER, signed by its maker: in v1 over `SEQUENCE{ info, cert, algorithm }`, later over the info alone.
    #[must_use]
    pub fn build(&self, maker: Signer<'_>) -> Vec<u8> {
        let info = self.info();
        let certificate = der::octet_string(maker.certificate);
        let algorithm = der::oid(maker.key.algorithm_oid());
        let signed = match self.version {
            SealVersion::V1 => der::sequence(&[&info, &certificate, &algorithm]),
            SealVersion::V4 | SealVersion::V5 => info.clone(),
        };
        let value = sign(maker, &signed, self.is_raw);
        let value_bits = der::bit_string(&value);
        match self.version {
            SealVersion::V1 => der::sequence(&[&info, &der::sequence(&[&certificate, &algorithm, &value_bits])]),
            SealVersion::V4 | SealVersion::V5 => {
                der::sequence(&[&info, &certificate, &algorithm, &value_bits, &stamp_field(self.stamp, &value)])
            }
        }
    }

    fn info(&self) -> Vec<u8> {
        let header = der::sequence(&[&der::ia5("ES"), &der::integer(self.header_version), &der::ia5(&self.vendor)]);
        let picture = der::sequence(&[
            &der::ia5(&self.picture_kind),
            &der::octet_string(&self.picture),
            &der::integer(self.size_mm.0),
            &der::integer(self.size_mm.1),
        ]);
        let extensions = if self.extensions.is_empty() { Vec::new() } else { der::sequence_of(&self.extensions) };
        der::sequence(&[&header, &der::ia5(&self.id), &self.property(), &picture, &extensions])
    }

    fn property(&self) -> Vec<u8> {
        let entry = |certificate: &Vec<u8>| match self.lists_digests {
            false => der::octet_string(certificate),
            true => der::sequence(&[&der::printable("SM3"), &der::octet_string(&sm3(&[certificate]))]),
        };
        let list: Vec<Vec<u8>> = self.certificates.iter().map(entry).collect();
        let list_kind = match self.version {
            SealVersion::V1 => Vec::new(),
            SealVersion::V4 | SealVersion::V5 => der::integer(if self.lists_digests { 2u8 } else { 1 }),
        };
        let time = |at| if self.version == SealVersion::V1 { der::time(at) } else { der::generalized_time(at) };
        der::sequence(&[
            &der::integer(self.kind),
            &der::utf8(&self.name),
            &list_kind,
            &der::sequence_of(&list),
            &time(self.created),
            &time(self.valid.0),
            &time(self.valid.1),
        ])
    }
}

impl<'a> SealSignatureBuilder<'a> {
    /// A signature with this seal over a digest of the protected data. In v1 the time is text in a BIT STRING.
    #[must_use]
    pub fn new(version: SealVersion, seal: &[u8], at: Timestamp, data_hash: &[u8], property: &str) -> Self {
        let time_info = match version {
            SealVersion::V1 => der::bit_string(at.to_generalized_time().as_bytes()),
            SealVersion::V4 | SealVersion::V5 => der::generalized_time(at),
        };
        Self {
            version,
            tbs_version: version.number(),
            seal: seal.to_vec(),
            time_info,
            data_hash: data_hash.to_vec(),
            property: property.to_owned(),
            extensions: Vec::new(),
            is_raw: false,
            stamp: None,
        }
    }

    /// Another `timeInfo` element, DER.
    #[must_use]
    pub fn time_info(mut self, element: Vec<u8>) -> Self {
        self.time_info = element;
        self
    }

    /// One more member of `extDatas` (not in v1).
    #[must_use]
    pub fn extension(mut self, oid: Oid<'_>, critical: Criticality, value: &[u8]) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    /// A time stamp over the signature value (not in v1).
    #[must_use]
    pub const fn stamped(mut self, stamp: Stamp<'a>) -> Self {
        self.stamp = Some(stamp);
        self
    }

    /// Writes the signature as r ‖ s. Not what the standard says; government seals do it.
    #[must_use]
    pub const fn raw_signature(mut self) -> Self {
        self.is_raw = true;
        self
    }

    /// Wrong: a version that is not that of the structure.
    #[must_use]
    pub const fn tbs_version(mut self, number: u8) -> Self {
        self.tbs_version = number;
        self
    }

    /// The signature, DER, over the raw `TBS_Sign`. Nothing keeps a signer out that the seal does not list.
    #[must_use]
    pub fn build(&self, signer: Signer<'_>) -> Vec<u8> {
        let certificate = der::octet_string(signer.certificate);
        let algorithm = der::oid(signer.key.algorithm_oid());
        let common = [
            der::integer(self.tbs_version),
            self.seal.clone(),
            self.time_info.clone(),
            der::bit_string(&self.data_hash),
            der::ia5(&self.property),
        ]
        .concat();
        let is_first = self.version == SealVersion::V1;
        let tbs = match self.extensions.as_slice() {
            _ if is_first => der::sequence(&[&common, &certificate, &algorithm]),
            [] => der::sequence(&[&common]),
            some => der::sequence(&[&common, &der::context(0, &der::sequence_of(some))]),
        };
        let value = sign(signer, &tbs, self.is_raw);
        let value_bits = der::bit_string(&value);
        if is_first {
            return der::sequence(&[&tbs, &value_bits]);
        }
        der::sequence(&[&tbs, &certificate, &algorithm, &value_bits, &stamp_field(self.stamp, &value)])
    }
}

fn extension(oid: Oid<'_>, critical: Criticality, value: &[u8]) -> Vec<u8> {
    let critical = match critical {
        Criticality::Absent => Vec::new(),
        Criticality::ExplicitFalse => der::boolean(false),
        Criticality::True => der::boolean(true),
    };
    der::sequence(&[&der::oid(oid), &critical, &der::octet_string(value)])
}

fn sign(signer: Signer<'_>, message: &[u8], is_raw: bool) -> Vec<u8> {
    if is_raw { signer.key.sign_fixed(message) } else { signer.key.sign(message) }
}

fn stamp_field(stamp: Option<Stamp<'_>>, value: &[u8]) -> Vec<u8> {
    stamp.map(|stamp| der::context(0, &der::bit_string(&(stamp.0)(value)))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Reader, tag};
    use crate::issue::{CertificateBuilder, KeyType, Name, SigningKey};

    fn signer(label: &str) -> (Vec<u8>, SigningKey) {
        let key = SigningKey::from_label(KeyType::Sm2, label);
        (CertificateBuilder::new(&Name::new("o", label), &key, 1).signer().self_signed(&key), key)
    }

    #[test]
    fn each_version_has_its_fields_and_verifies() {
        let (maker, user) = (signer("maker"), signer("user"));
        let at = Timestamp::from_unix(1_780_000_000);
        for (version, seal_fields, fields) in [(SealVersion::V1, 2, 2), (SealVersion::V4, 4, 4), (SealVersion::V5, 4, 4)] {
            let seal = SealBuilder::new(version, "id", "印章", at, at.plus(1000)).user(&user.0);
            let seal = seal.build(Signer::new(&maker.0, &maker.1));
            let made = SealSignatureBuilder::new(version, &seal, at, &[7; 32], "/x").build(Signer::new(&user.0, &user.1));
            let count = |bytes: &[u8]| {
                let mut reader = Reader::new(bytes).sequence().unwrap();
                std::iter::from_fn(|| (!reader.is_empty()).then(|| reader.any().unwrap())).count()
            };
            assert_eq!((count(&seal), count(&made)), (seal_fields, fields));
            let mut outer = Reader::new(&made).sequence().unwrap();
            let tbs = outer.any().unwrap();
            let value = loop {
                let element = outer.any().unwrap();
                if element.tag == tag::BIT_STRING {
                    break element.octets().unwrap();
                }
            };
            assert_eq!(user.1.algorithm().verify(&user.1.public_key(), tbs.raw, value), Ok(()));
        }
    }

    #[test]
    fn stamps_are_made_over_the_value() {
        let (maker, user) = (signer("maker"), signer("user"));
        let at = Timestamp::from_unix(1_780_000_000);
        let stamp = |value: &[u8]| sm3(&[value]).to_vec();
        let seal = SealBuilder::new(SealVersion::V5, "id", "印章", at, at.plus(1000)).user(&user.0).raw_signature();
        let seal = seal.stamped(Stamp(&stamp)).build(Signer::new(&maker.0, &maker.1));
        let mut fields = Reader::new(&seal).sequence().unwrap();
        for _ in 0..3 {
            fields.any().unwrap();
        }
        let value = fields.read(tag::BIT_STRING).unwrap().octets().unwrap();
        assert_eq!(value.len(), 64);
        let stamped = fields.read(tag::context(0)).unwrap().reader().read(tag::BIT_STRING).unwrap().octets().unwrap();
        assert_eq!(stamped, sm3(&[value]));
    }
}
