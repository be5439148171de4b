//! A small world of our own: authorities, an issuing body with its seal, and licences that it signs.

use std::collections::BTreeMap;

use crypto::issue::crl::{CrlBuilder, Reason};
use crypto::issue::ofd::{Files, OfdBuilder, OfdSignature};
use crypto::issue::seal::{SealBuilder, SealVersion};
use crypto::issue::{CertificateBuilder, KeyType, Name, Signer, SigningKey, zip};
use crypto::licence::Identifier;
use crypto::report::{Outcome, Report};
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use crypto::x509::trust::Policy;
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust};

pub(crate) const ISSUER: &str = "11330105002500287C";
pub(crate) const OTHER: &str = "11220000013544541J";
const TYPE: &str = "11100000000013338W009";

/// A key with its name and certificate.
pub(crate) struct Actor {
    pub(crate) name: Name,
    pub(crate) key: SigningKey,
    pub(crate) der: Vec<u8>,
}

impl Actor {
    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer::new(&self.der, &self.key)
    }

    pub(crate) fn certificate(&self) -> Certificate {
        Certificate::from_der(&self.der).unwrap()
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-07-01T08:00:00Z")
}

pub(crate) fn signed() -> Timestamp {
    at("2026-06-01T08:00:00Z")
}

pub(crate) struct World {
    pub(crate) root: Actor,
    pub(crate) maker: Actor,
    pub(crate) signer: Actor,
    pub(crate) other: Actor,
    pub(crate) lists: Vec<RevocationList>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(KeyType::Sm2, &[])
    }

    /// A world in which the root's list revokes these serial numbers at these moments.
    pub(crate) fn with(kind: KeyType, revoked: &[(u128, Timestamp)]) -> Self {
        let root = authority(kind, "root");
        let maker = actor(&root, kind, "maker", 2, |builder| builder.signer());
        let signer = actor(&root, kind, "signer", 3, |builder| builder.signer().organisation_code(ISSUER));
        let other = actor(&root, kind, "other", 4, |builder| builder.signer().organisation_code(OTHER));
        let mut list = CrlBuilder::new(1, at("2026-06-15T00:00:00Z"), Some(at("2026-07-15T00:00:00Z")));
        for (serial, moment) in revoked {
            list = list.revoke(*serial, *moment, Reason::KeyCompromise);
        }
        let lists = vec![RevocationList::from_der(&list.issue(&root.name, &root.key)).unwrap()];
        Self { root, maker, signer, other, lists }
    }

    pub(crate) fn domains(&self) -> Vec<Domain> {
        [("signers", Purpose::Signer), ("makers", Purpose::SealMaker)]
            .map(|(name, purpose)| Domain {
                lists: self.lists.clone(),
                ..Domain::new(name, purpose, vec![self.root.certificate()])
            })
            .into()
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::new(self.domains(), Policy::default())
    }

    pub(crate) fn seal_builder(&self, version: SealVersion) -> SealBuilder<'static> {
        SealBuilder::new(version, "33010500000001", "示例机关电子印章", at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))
            .picture("png", b"\x89PNG", (40, 40))
            .user(&self.signer.der)
    }

    pub(crate) fn seal(&self, version: SealVersion) -> Vec<u8> {
        self.seal_builder(version).build(self.maker.signer())
    }

    /// The files of a licence sealed with the body's seal.
    pub(crate) fn files(&self, version: SealVersion) -> Files {
        let seal = self.seal(version);
        OfdBuilder::new(&fields(ISSUER), "示例证照").sign(self.stamp(version, &seal)).build_files()
    }

    pub(crate) fn stamp<'a>(&'a self, version: SealVersion, seal: &'a [u8]) -> OfdSignature<'a> {
        OfdSignature::seal(self.signer.signer(), version, seal, signed())
    }

    pub(crate) fn report(&self, document: &[u8]) -> Report {
        report(document, &self.trust(), now())
    }

    pub(crate) fn report_files(&self, files: &Files) -> Report {
        self.report(&zip::zip(files))
    }
}

pub(crate) fn authority(kind: KeyType, label: &str) -> Actor {
    let (name, key) = (Name::new("示例认证机构", label), SigningKey::from_label(kind, label));
    let der = CertificateBuilder::new(&name, &key, 1)
        .valid(at("2020-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z"))
        .authority(None)
        .self_signed(&key);
    Actor { name, key, der }
}

pub(crate) fn actor(
    issuer: &Actor,
    kind: KeyType,
    label: &str,
    serial: u128,
    shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder,
) -> Actor {
    let (name, key) = (Name::new("示例机关", label), SigningKey::from_label(kind, label));
    let builder = CertificateBuilder::new(&name, &key, serial).valid(at("2025-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    let der = shape(builder).issue(&issuer.name, &issuer.key);
    Actor { name, key, der }
}

pub(crate) fn fields(issuer: &str) -> BTreeMap<String, String> {
    let identifier = Identifier::new(TYPE, issuer, "2026000001", 1).unwrap().to_string();
    [
        ("ZZMC", "示例证照"),
        ("ZZLXMC", "示例证照类型"),
        ("ZZLXDM", TYPE),
        ("ZZBH", "2026000001"),
        ("ZZBS", &identifier),
        ("ZZBFJG", "示例机关"),
        ("ZZBFJGDM", issuer),
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

pub(crate) fn report(document: &[u8], trust: &Trust, when: Timestamp) -> Report {
    verify(&Question::new(document, when), trust).report
}

/// The identifiers of the checks that have an effect on the verdict, document first.
pub(crate) fn failing(report: &Report) -> Vec<String> {
    let all = report.checks.iter().chain(report.signatures.iter().flat_map(|signature| &signature.checks));
    all.filter(|check| check.effect.is_some()).map(|check| check.id.to_string()).collect()
}

/// The outcome of a check of the only signature.
pub(crate) fn outcome(report: &Report, id: &str) -> Outcome {
    let all = report.checks.iter().chain(report.signatures.iter().flat_map(|signature| &signature.checks));
    all.into_iter().find(|check| check.id == id).unwrap_or_else(|| panic!("no check {id} in {report:#?}")).outcome
}
