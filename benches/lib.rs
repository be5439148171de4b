//! Documents to measure on: a licence of about 30 KB, sealed, with everything it takes to verify it.

use std::collections::BTreeMap;

use crypto::issue::seal::{SealBuilder, SealVersion};
use crypto::issue::{CertificateBuilder, CrlBuilder, KeyType, Name, OfdBuilder, OfdSignature, Reason, Signer, SigningKey};
use crypto::licence::Identifier;
use crypto::time::{Date, Timestamp};
use crypto::x509::trust::Policy;
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust};

const ISSUER: &str = "11330105002500287C";
const TYPE: &str = "11100000000013338W009";
/// Bytes of the picture on the page: what makes a licence as large as real ones are.
const PICTURE_BYTES: usize = 24 * 1024;

/// A sealed licence and whom to believe about it.
#[derive(Debug)]
pub struct Scene {
    /// The licence as an OFD document.
    pub document: Vec<u8>,
    /// Whom to believe.
    pub trust: Trust,
    /// The moment in question.
    pub now: Timestamp,
}

/// A licence sealed with a seal of this version, under two chains of three with their revocation lists.
#[must_use]
pub fn sealed(version: SealVersion) -> Scene {
    let day = |year, month| Date::new(year, month, 1).map_or(Timestamp::MIN, Date::start_in_china);
    let (root_name, root_key) = (Name::new("licet", "bench root"), SigningKey::from_label(KeyType::Sm2, "bench root"));
    let root = CertificateBuilder::new(&root_name, &root_key, 1).authority(None).self_signed(&root_key);
    let mut anchored = Vec::new();
    let mut leaf = |label: &str, serial: u128| {
        let (name, key) = (Name::new("licet", &format!("{label} authority")), SigningKey::from_label(KeyType::Sm2, label));
        let authority = CertificateBuilder::new(&name, &key, serial).authority(Some(0)).issue(&root_name, &root_key);
        let leaf_key = SigningKey::from_label(KeyType::Sm2, &format!("{label} leaf"));
        let builder = CertificateBuilder::new(&Name::new("licet", label), &leaf_key, serial + 100);
        let certificate = builder.valid(day(2025, 1), day(2028, 1)).signer().organisation_code(ISSUER).issue(&name, &key);
        let list = CrlBuilder::new(1, day(2026, 6), Some(day(2026, 8))).issue(&name, &key);
        anchored.push((authority, list));
        (certificate, leaf_key)
    };
    let (maker, maker_key) = leaf("maker", 2);
    let (signer, signer_key) = leaf("signer", 3);
    let root_list = CrlBuilder::new(1, day(2026, 6), Some(day(2026, 8))).issue(&root_name, &root_key);
    let seal = SealBuilder::new(version, "33010500000001", "示例机关电子印章", day(2026, 1), day(2027, 1))
        .picture("png", &[0x5a; 4096], (40, 40))
        .user(&signer)
        .build(Signer::new(&maker, &maker_key));
    let signature = OfdSignature::seal(Signer::new(&signer, &signer_key), version, &seal, day(2026, 6));
    let document = OfdBuilder::new(&fields(), "示例证照").file("Doc_0/Res/face.png", &noise()).sign(signature).build();
    let domain = |name, purpose| {
        let mut domain = Domain::new(name, purpose, Certificate::from_der(&root).into_iter().collect());
        domain.intermediates = anchored.iter().filter_map(|(der, _)| Certificate::from_der(der).ok()).collect();
        let lists = anchored.iter().map(|(_, list)| list).chain([&root_list]);
        domain.lists = lists.filter_map(|list| RevocationList::from_der(list).ok()).collect();
        domain
    };
    let trust = Trust::new(vec![domain("signers", Purpose::Signer), domain("makers", Purpose::SealMaker)], Policy::default());
    Scene { document, trust, now: day(2026, 7) }
}

/// Bytes that do not compress, the same every time.
fn noise() -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..PICTURE_BYTES).map(|_| next()).collect()
}

fn fields() -> BTreeMap<String, String> {
    let identifier = Identifier::new(TYPE, ISSUER, "2026000001", 1).map(|identifier| identifier.to_string());
    let identifier = identifier.unwrap_or_default();
    [
        ("ZZMC", "示例证照"),
        ("ZZLXMC", "示例证照类型"),
        ("ZZLXDM", TYPE),
        ("ZZBH", "2026000001"),
        ("ZZBS", &identifier),
        ("ZZBFJG", "示例机关"),
        ("ZZBFJGDM", ISSUER),
        ("ZZBFRQ", "2026-06-01"),
        ("CZZT", "示例一"),
        ("CZZTDM", "11010519491231002X"),
        ("CZZTDMLX", "公民身份号码"),
        ("CZZTDMLXDM", "111"),
        ("ZZYXQQSRQ", "2026-06-01"),
        ("ZZYXQJZRQ", "2031-05-31"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A revocation list with so many entries, not in the order of their numbers, DER.
#[must_use]
pub fn list(entries: u128) -> Vec<u8> {
    let (name, key) = (Name::new("licet benches", "root"), SigningKey::from_label(KeyType::P256, "root"));
    let made = Timestamp::from_unix(1_780_000_000);
    let revoke = |list: CrlBuilder, entry: u128| list.revoke((entry * 7919 % 1_250_003) << 64 | 5, made, Reason::Superseded);
    (0..entries).fold(CrlBuilder::new(1, made, None), revoke).issue(&name, &key)
}

#[cfg(test)]
mod tests {
    use crypto::verify::{Question, verify};

    use super::*;

    #[test]
    fn what_is_measured_is_a_success() {
        for version in [SealVersion::V1, SealVersion::V4, SealVersion::V5] {
            let scene = sealed(version);
            let question = Question::new(&scene.document, scene.now);
            let report = verify(&question, &scene.trust).report;
            assert!(report.verdict.is_passed(), "{report:#?}");
            assert!((25_000..40_000).contains(&scene.document.len()), "{}", scene.document.len());
        }
    }
}
