//! Documents made by the issuing kit, right and wrong, and what the verifier says of them.

use std::collections::BTreeMap;

use crypto::digest::Sha256;
use crypto::issue::ofd::{Files, add_signature, put};
use crypto::issue::zip::{self, ZipEntry};
use crypto::issue::{
    CertificateBuilder, CmsBuilder, Criticality, CrlBuilder, JwsBuilder, KeyType, Name, OfdBuilder, OfdSignature, Reason,
    SealBuilder, SealVersion, Signer, SigningKey, Stamp, timestamp,
};
use crypto::oid::Oid;
use crypto::report::Indication::{Indeterminate, TotalFailed, TotalPassed};
use crypto::report::{Indication, Outcome, Report};
use crypto::time::Timestamp;
use crypto::verify::{Question, Verification, verify};
use crypto::x509::{Certificate, Purpose, RevocationList, Trust, trust};

const ISSUER: &str = "11330105002500287C";
const VERSIONS: [SealVersion; 3] = [SealVersion::V1, SealVersion::V4, SealVersion::V5];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The moment of signing; questions are asked an hour later.
fn signed() -> Timestamp {
    at("2026-07-01T00:00:00Z")
}

fn fields() -> BTreeMap<String, String> {
    [
        ("ZZMC", "食品经营许可证"),
        ("ZZLXMC", "食品经营许可证"),
        ("ZZLXDM", "11100000000013338W009"),
        ("ZZBH", "JY10000000000"),
        ("ZZBS", "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0"),
        ("ZZBFJG", "某某局"),
        ("ZZBFJGDM", ISSUER),
        ("ZZBFRQ", "2025-05-23"),
        ("CZZT", "某甲 & <乙>"),
        ("CZZTDM", "11010519491231002X"),
        ("CZZTDMLXDM", "111"),
        ("ZZYXQJZRQ", "2030-05-22"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// An authority, a seal maker, a signer, and another signer under the same authority.
struct World {
    keys: [SigningKey; 4],
    certificates: [Vec<u8>; 4],
    lists: Vec<Vec<u8>>,
}

impl World {
    fn new(kind: KeyType) -> Self {
        let keys = ["root", "maker", "signer", "stranger"].map(|label| SigningKey::from_label(kind, label));
        let [root, maker, signer, stranger] = &keys;
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2027-12-31T23:59:59Z"));
        let builder = |label: &str, key, serial| CertificateBuilder::new(&Name::new("o", label), key, serial).valid(from, until);
        let issuer = Name::new("o", "root");
        let certificates = [
            builder("root", root, 1).authority(None).self_signed(root),
            builder("maker", maker, 2).signer().issue(&issuer, root),
            builder("signer", signer, 3).signer().organisation_code(ISSUER).issue(&issuer, root),
            builder("stranger", stranger, 4).signer().organisation_code(ISSUER).issue(&issuer, root),
        ];
        let list = CrlBuilder::new(1, at("2026-06-01T00:00:00Z"), Some(at("2026-08-01T00:00:00Z")));
        let lists = vec![list.revoke(99, from, Reason::Unspecified).issue(&issuer, root)];
        Self { keys, certificates, lists }
    }

    fn who(&self, index: usize) -> Signer<'_> {
        Signer::new(&self.certificates[index], &self.keys[index])
    }

    fn maker(&self) -> Signer<'_> {
        self.who(1)
    }

    fn signer(&self) -> Signer<'_> {
        self.who(2)
    }

    fn stranger(&self) -> Signer<'_> {
        self.who(3)
    }

    fn seal(&self, version: SealVersion) -> SealBuilder<'static> {
        let (made, until) = (at("2026-02-01T00:00:00Z"), at("2027-02-01T00:00:00Z"));
        SealBuilder::new(version, "37030000001721", "某某局", made, until).user(self.signer().certificate).picture(
            "png",
            b"\x89PNG",
            (40, 40),
        )
    }

    fn trust(&self) -> Trust {
        let domain = |purpose| {
            let mut domain = trust::Domain::new("test", purpose, vec![Certificate::from_der(&self.certificates[0]).unwrap()]);
            domain.lists = self.lists.iter().map(|list| RevocationList::from_der(list).unwrap()).collect();
            domain
        };
        let mut maker = domain(Purpose::SealMaker);
        maker.makers = Some([Sha256::of(&[&self.certificates[1]])].into());
        Trust::new(vec![domain(Purpose::Signer), maker], trust::Policy { raw_sm2: true, ..trust::Policy::default() })
    }

    fn ask(&self, document: &[u8]) -> Verification {
        verify(&Question::new(document, signed().plus(3600)), &self.trust())
    }
}

/// Identifiers of the checks that did not pass and that count.
fn wrong(report: &Report) -> Vec<&str> {
    let all = report.checks.iter().chain(report.signatures.iter().flat_map(|signature| &signature.checks));
    let counts = all.filter(|check| check.outcome != Outcome::Passed && check.effect.is_some());
    counts.map(|check| check.id.as_ref()).collect()
}

fn expect(name: &str, world: &World, document: &[u8], verdict: Indication, check: &str) {
    let report = world.ask(document).report;
    assert_eq!(report.verdict.indication, verdict, "{name}: {:?}", wrong(&report));
    assert!(wrong(&report).contains(&check), "{name}: {:?}", wrong(&report));
}

fn expect_passed(name: &str, world: &World, document: &[u8]) {
    let found = world.ask(document);
    assert_eq!(found.report.verdict.indication, TotalPassed, "{name}: {:?}", wrong(&found.report));
    assert!(found.report.warnings.is_empty(), "{name}: {:?}", found.report.warnings);
    assert!(found.into_verified(document.to_vec()).is_some(), "{name}");
}

#[test]
fn sealed_documents_pass_in_every_version() {
    let world = World::new(KeyType::Sm2);
    for version in VERSIONS {
        let seal = world.seal(version).build(world.maker());
        let document = OfdBuilder::new(&fields(), "许可证").created(signed().date());
        let document = document.sign(OfdSignature::seal(world.signer(), version, &seal, signed()));
        expect_passed(&format!("{version:?}"), &world, &document.build());
    }
    let seal = world.seal(SealVersion::V4).listing_digests().extension(Oid::COMMON_NAME, Criticality::ExplicitFalse, b"x");
    let seal = seal.build(world.maker());
    let signature = OfdSignature::seal(world.signer(), SealVersion::V4, &seal, signed());
    expect_passed("digests", &world, &OfdBuilder::new(&fields(), "许可证").sign(signature).build());
}

#[test]
fn signed_documents_pass_in_every_form_and_algorithm() {
    for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
        let world = World::new(kind);
        let payload = serde_json::to_vec(&fields()).unwrap();
        let jws = JwsBuilder::licence(&fields()).chain(&[world.signer().certificate]).signed_at(signed());
        expect_passed("compact", &world, jws.compact(world.signer().key).as_bytes());
        expect_passed("flattened", &world, jws.flattened(world.signer().key).as_bytes());
        let cms = CmsBuilder::new(&payload).attributes(Some(signed())).sign(world.signer());
        expect_passed("cms", &world, &cms);
    }
    let world = World::new(KeyType::Sm2);
    let cms = CmsBuilder::gm(&serde_json::to_vec(&fields()).unwrap()).attributes(Some(signed())).sign(world.signer());
    expect_passed("gm", &world, &cms);
    for signature in [OfdSignature::sign(world.signer(), signed()), OfdSignature::sign_bare(world.signer(), signed())] {
        expect_passed("sign", &world, &OfdBuilder::new(&fields(), "许可证").sign(signature).build());
    }
}

#[test]
fn a_second_signature_leaves_the_first_intact_unless_it_protects_the_list() {
    let world = World::new(KeyType::Sm2);
    let seal = world.seal(SealVersion::V5).build(world.maker());
    let first = OfdSignature::seal(world.signer(), SealVersion::V5, &seal, signed());
    let mut files = OfdBuilder::new(&fields(), "许可证").sign(first.clone()).build_files();
    add_signature(&mut files, &OfdSignature::sign(world.signer(), signed()).covering_list());
    expect_passed("open list", &world, &zip::zip(&files));
    add_signature(&mut files, &OfdSignature::sign(world.signer(), signed()));
    expect("closed list", &world, &zip::zip(&files), TotalFailed, "ofd.later-signature");
}

#[test]
fn wrong_seals_and_signatures_are_told_apart() {
    let world = World::new(KeyType::Sm2);
    let right = world.seal(SealVersion::V4).build(world.maker());
    let sign = |signer| OfdSignature::seal(signer, SealVersion::V4, &right, signed());
    let document = |signature| OfdBuilder::new(&fields(), "许可证").sign(signature).build();
    let check = |name, signature, verdict, id| expect(name, &world, &document(signature), verdict, id);

    check("lifted", sign(world.stranger()), TotalFailed, "seal.signer-listed");
    check("foreign key", sign(Signer::new(world.signer().certificate, world.stranger().key)), TotalFailed, "signature.value");
    check("data hash", sign(world.signer()).data_hash(&[0; 32]), TotalFailed, "signature.data-hash");
    check("check method", sign(world.signer()).check_method("MD5"), Indeterminate, "ofd.references");
    check("method", sign(world.signer()).method("1.2.840.10045.4.3.2"), TotalFailed, "ofd.signature-method");
    check("uncovered", sign(world.signer()).leaving_out("OFD.xml"), Indeterminate, "ofd.coverage");
    check("hidden", sign(world.signer()).shown("1", "0 0 0.1 0.1"), Indeterminate, "ofd.appearance");
    check("no page", sign(world.signer()).shown("77", "0 0 40 40"), Indeterminate, "ofd.appearance");
    let early = OfdSignature::seal(world.signer(), SealVersion::V4, &right, at("2026-01-15T00:00:00Z"));
    check("before the seal", early, TotalFailed, "signature.time");

    let seals = [
        ("fake maker", world.seal(SealVersion::V4).build(world.stranger()), "seal.maker"),
        (
            "forged",
            world.seal(SealVersion::V4).build(Signer::new(world.maker().certificate, world.stranger().key)),
            "seal.signature",
        ),
        (
            "critical",
            world.seal(SealVersion::V4).extension(Oid::COMMON_NAME, Criticality::True, b"").build(world.maker()),
            "seal.extensions",
        ),
        ("header", world.seal(SealVersion::V4).header_version(5).build(world.maker()), "signature.format"),
    ];
    for (name, seal, id) in &seals {
        check(name, OfdSignature::seal(world.signer(), SealVersion::V4, seal, signed()), TotalFailed, id);
    }
}

#[test]
fn raw_values_pass_with_a_remark_and_time_stamps_are_seen() {
    let world = World::new(KeyType::Sm2);
    let (name, key) = (Name::new("o", "tsa"), SigningKey::from_label(KeyType::Sm2, "tsa"));
    let authority = CertificateBuilder::new(&name, &key, 5).time_stamping().self_signed(&key);
    let token = |value: &[u8]| timestamp::token(value, signed().plus(60), 1, Oid(b"\x2a\x03\x04"), Signer::new(&authority, &key));
    let other = |_: &[u8]| token(b"another value");
    let junk = |_: &[u8]| vec![1, 2, 3];
    let seal = world.seal(SealVersion::V5).raw_signature().build(world.maker());
    let sign = || OfdSignature::seal(world.signer(), SealVersion::V5, &seal, signed());
    let ask = |signature| world.ask(&OfdBuilder::new(&fields(), "许可证").sign(signature).build()).report;
    let outcome = |report: &Report, id: &str| report.signatures[0].checks.iter().find(|check| check.id == id).unwrap().outcome;

    let report = ask(sign().raw_signature());
    assert_eq!(report.verdict.indication, TotalPassed, "{:?}", wrong(&report));
    let remarks: Vec<_> = report.warnings.iter().map(|check| check.id.as_ref()).collect();
    assert_eq!(remarks, ["signature.encoding"; 2]);

    let unknown = ask(sign().stamped(Stamp(&token)));
    assert_eq!(outcome(&unknown, "signature.timestamp"), Outcome::NotConcluded, "right, of an authority that nobody trusts");
    assert_eq!(outcome(&ask(sign().stamped(Stamp(&other))), "signature.timestamp"), Outcome::Failed);
    assert_eq!(outcome(&ask(sign().stamped(Stamp(&junk))), "signature.timestamp"), Outcome::Failed);
}

#[test]
fn changed_files_are_found() {
    let world = World::new(KeyType::Sm2);
    let seal = world.seal(SealVersion::V4).build(world.maker());
    let other_seal = world.seal(SealVersion::V5).build(world.maker());
    let own_seal = "Doc_0/Signs/Sign_0/Seal.esl";
    let signature = OfdSignature::seal(world.signer(), SealVersion::V4, &seal, signed()).leaving_out(own_seal);
    let files = OfdBuilder::new(&fields(), "许可证").file("Doc_0/Res/photo.png", b"photo").sign(signature).build_files();
    expect_passed("unchanged", &world, &zip::zip(&files));
    let changed = |path: &str, bytes: &[u8]| {
        let mut files: Files = files.clone();
        put(&mut files, path, bytes.to_vec());
        zip::zip(&files)
    };
    expect("photo", &world, &changed("Doc_0/Res/photo.png", b"other"), TotalFailed, "ofd.references");
    expect("seal file", &world, &changed(own_seal, &other_seal), TotalFailed, "ofd.seal-file");
    let path = "Doc_0/Signs/Sign_0/Signature.xml";
    let xml = files.iter().find(|(name, _)| name == path).map(|(_, bytes)| bytes.clone()).unwrap();
    expect("description", &world, &changed(path, &[&xml[..], b"\n"].concat()), TotalFailed, "signature.data-hash");
    let unsigned = OfdBuilder::new(&fields(), "许可证").build();
    assert_ne!(world.ask(&unsigned).report.verdict.indication, TotalPassed);
}

#[test]
fn hostile_archives_are_refused() {
    let world = World::new(KeyType::Sm2);
    let seal = world.seal(SealVersion::V4).build(world.maker());
    let signature = OfdSignature::seal(world.signer(), SealVersion::V4, &seal, signed());
    let files = OfdBuilder::new(&fields(), "许可证").sign(signature).build_files();
    let right: Vec<ZipEntry> = files.iter().map(|(path, bytes)| ZipEntry::new(path, bytes).stored()).collect();
    expect_passed("stored", &world, &zip::write(&right));
    for (name, extra) in [
        ("duplicate", ZipEntry::new("OFD.xml", b"other")),
        ("local name", ZipEntry::new("a.xml", b"x").local_name(b"b.xml")),
        ("climbing", ZipEntry::new("../a.xml", b"x")),
        ("encrypted", ZipEntry::new("a.xml", b"x").flags(1)),
        ("size", ZipEntry::new("a.xml", b"x").claimed_size(2)),
        ("link", ZipEntry::new("a.xml", b"/etc/hosts").symlink()),
    ] {
        let document = zip::write(&[right.clone(), vec![extra]].concat());
        expect(name, &world, &document, TotalFailed, "document.format");
    }
}

#[test]
fn revocation_made_here_is_seen() {
    let mut world = World::new(KeyType::Sm2);
    let list = CrlBuilder::new(2, at("2026-06-02T00:00:00Z"), Some(at("2026-08-01T00:00:00Z")));
    let list = list.revoke(3, at("2026-05-01T00:00:00Z"), Reason::KeyCompromise);
    world.lists = vec![list.issue(&Name::new("o", "root"), &world.keys[0])];
    let jws = JwsBuilder::licence(&fields()).chain(&[world.signer().certificate]).signed_at(signed());
    expect("revoked", &world, jws.compact(world.signer().key).as_bytes(), TotalFailed, "path.revocation");
}
