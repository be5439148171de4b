//! An office with its authorities, its seal and its licences: everything that is measured is about documents of this office.
//!
//! All of it follows from labels and fixed moments, so that every run measures the same bytes.

use std::collections::BTreeMap;

use crypto::issue::seal::{SealBuilder, SealVersion};
use crypto::issue::{CertificateBuilder, CrlBuilder, KeyType, Name, OfdBuilder, OfdSignature, Signer, SigningKey};
use crypto::licence::Identifier;
use crypto::time::{Date, Timestamp};
use crypto::x509::trust::Policy;
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust};

/// The organisation that issues the licences.
pub const ISSUER: &str = "11330105002500287C";
const TYPE: &str = "11100000000013338W009";
/// Bytes of the picture on the page: what makes a licence as large as real ones are.
const PICTURE_BYTES: usize = 24 * 1024;

/// An office and all that stands behind its seal.
#[derive(Debug)]
pub struct Office {
    version: SealVersion,
    /// The certificate of the root, DER.
    pub root: Vec<u8>,
    /// The certificates of the two authorities below it: of those who sign, and of those who make seals.
    pub authorities: [Vec<u8>; 2],
    /// The revocation lists of root and authorities, DER.
    pub lists: [Vec<u8>; 3],
    /// The certificate of who signs.
    pub signer: Vec<u8>,
    /// The certificate of who made the seal.
    pub maker: Vec<u8>,
    signer_key: SigningKey,
    seal: Vec<u8>,
}

/// A day long before and one long after anything is measured, and the day that most of it is about.
fn day(year: u16, month: u8) -> Timestamp {
    Date::new(year, month, 1).map_or(Timestamp::MIN, Date::start_in_china)
}

/// The moment in question, where the clock is not asked.
#[must_use]
pub fn now() -> Timestamp {
    day(2026, 7)
}

impl Office {
    /// An office with a seal of this version, and two chains of three.
    #[must_use]
    pub fn new(version: SealVersion) -> Self {
        let (root_name, root_key) = (Name::new("licet", "bench root"), SigningKey::from_label(KeyType::Sm2, "bench root"));
        let valid = |builder: CertificateBuilder| builder.valid(day(2020, 1), day(2049, 1));
        let list = |name: &Name, key: &SigningKey| CrlBuilder::new(1, day(2026, 6), Some(day(2049, 1))).issue(name, key);
        let root = valid(CertificateBuilder::new(&root_name, &root_key, 1)).authority(None).self_signed(&root_key);
        let leaf = |label: &str, serial: u128| {
            let (name, key) = (Name::new("licet", &format!("{label} authority")), SigningKey::from_label(KeyType::Sm2, label));
            let authority = valid(CertificateBuilder::new(&name, &key, serial)).authority(Some(0)).issue(&root_name, &root_key);
            let leaf_key = SigningKey::from_label(KeyType::Sm2, &format!("{label} leaf"));
            let builder = valid(CertificateBuilder::new(&Name::new("licet", label), &leaf_key, serial + 100));
            let certificate = builder.signer().organisation_code(ISSUER).issue(&name, &key);
            ((authority, list(&name, &key)), (certificate, leaf_key))
        };
        let ((makers, makers_list), (maker, maker_key)) = leaf("maker", 2);
        let ((signers, signers_list), (signer, signer_key)) = leaf("signer", 3);
        let seal = SealBuilder::new(version, "33010500000001", "示例机关电子印章", day(2026, 1), day(2049, 1))
            .picture("png", &[0x5a; 4096], (40, 40))
            .user(&signer)
            .build(Signer::new(&maker, &maker_key));
        let lists = [list(&root_name, &root_key), signers_list, makers_list];
        Self { version, root, authorities: [signers, makers], lists, signer, maker, signer_key, seal }
    }

    /// A licence of about 30 KB, sealed, as an OFD document.
    #[must_use]
    pub fn licence(&self, number: u32) -> Vec<u8> {
        let signature = OfdSignature::seal(Signer::new(&self.signer, &self.signer_key), self.version, &self.seal, day(2026, 6));
        OfdBuilder::new(&fields(number), "示例证照").file("Doc_0/Res/face.png", &noise(number)).sign(signature).build()
    }

    /// The identifier of a licence.
    #[must_use]
    pub fn identifier(number: u32) -> Option<Identifier> {
        Identifier::new(TYPE, ISSUER, &serial(number), 1).ok()
    }

    /// Whom to believe about these licences.
    #[must_use]
    pub fn trust(&self) -> Trust {
        let domain = |name, purpose| {
            let mut domain = Domain::new(name, purpose, Certificate::from_der(&self.root).into_iter().collect());
            domain.intermediates = self.authorities.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
            domain.lists = self.lists.iter().filter_map(|list| RevocationList::from_der(list).ok()).collect();
            domain
        };
        Trust::new(vec![domain("signers", Purpose::Signer), domain("makers", Purpose::SealMaker)], Policy::default())
    }

    /// The seal, DER.
    #[must_use]
    pub fn seal(&self) -> &[u8] {
        &self.seal
    }
}

/// Bytes that do not compress, the same every time, others for each licence.
fn noise(number: u32) -> Vec<u8> {
    let mut state = u64::from(number) << 1 | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..PICTURE_BYTES).map(|_| next()).collect()
}

fn serial(number: u32) -> String {
    format!("2026{number:06}")
}

fn fields(number: u32) -> BTreeMap<String, String> {
    let identifier = Office::identifier(number).map(|identifier| identifier.to_string()).unwrap_or_default();
    [
        ("ZZMC", "示例证照"),
        ("ZZLXMC", "示例证照类型"),
        ("ZZLXDM", TYPE),
        ("ZZBH", &serial(number)),
        ("ZZBS", &identifier),
        ("ZZBFJG", "示例机关"),
        ("ZZBFJGDM", ISSUER),
        ("ZZBFRQ", "2026-06-01"),
        ("CZZT", "示例一"),
        ("CZZTDM", "11010519491231002X"),
        ("CZZTDMLX", "公民身份号码"),
        ("CZZTDMLXDM", "111"),
        ("ZZYXQQSRQ", "2026-06-01"),
        ("ZZYXQJZRQ", "2048-05-31"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[cfg(test)]
mod tests {
    use crypto::verify::{Question, verify};

    use super::*;

    #[test]
    fn what_is_measured_is_a_success() {
        for version in [SealVersion::V1, SealVersion::V4, SealVersion::V5] {
            let office = Office::new(version);
            let document = office.licence(1);
            let report = verify(&Question::new(&document, now()), &office.trust()).report;
            assert!(report.verdict.is_passed(), "{report:#?}");
            assert!((25_000..40_000).contains(&document.len()), "{}", document.len());
            assert_eq!(document, Office::new(version).licence(1), "every run measures the same bytes");
        }
    }
}
