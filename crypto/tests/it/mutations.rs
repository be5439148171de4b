//! The attack classes A to I on signed OFD documents, each made from a good document of our own, each refused for its reason.

use crypto::issue::ofd::{Files, OfdBuilder, SIGNATURES, add_signature, find, put};
use crypto::issue::seal::{Criticality, SealBuilder, SealVersion};
use crypto::issue::zip::{ZipEntry, write, zip};
use crypto::issue::{KeyType, OfdSignature, der};
use crypto::oid::Oid;
use crypto::report::{Coverage, Indication, Outcome, Report, SubIndication};
use crypto::x509::trust::Policy;
use crypto::x509::{Domain, Purpose, Trust};

use crate::world::{ISSUER, OTHER, World, actor, at, authority, failing, fields, outcome, report, signed};

const PAGE: &str = "Doc_0/Pages/Page_0/Content.xml";
const DESCRIPTION: &str = "Doc_0/Signs/Sign_0/Signature.xml";
const VALUE: &str = "Doc_0/Signs/Sign_0/SignedValue.dat";
const VERSIONS: [SealVersion; 3] = [SealVersion::V1, SealVersion::V4, SealVersion::V5];

#[track_caller]
fn refused(report: &Report, indication: Indication, by: &[&str]) {
    assert_eq!(report.verdict.indication, indication, "{report:#?}");
    assert_eq!(failing(report), by, "{report:#?}");
}

#[track_caller]
fn malformed(report: &Report, reason: &str) {
    refused(report, Indication::TotalFailed, &["document.format"]);
    assert_eq!(report.checks[0].inputs["reason"], reason);
}

fn replaced(files: &Files, path: &str, from: &str, to: &str) -> Files {
    let text = String::from_utf8(find(files, path).unwrap().to_vec()).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    let mut files = files.clone();
    put(&mut files, path, text.replace(from, to).into_bytes());
    files
}

#[test]
fn good_documents_of_every_kind_pass() {
    let world = World::new();
    for version in VERSIONS {
        let report = world.report_files(&world.files(version));
        assert_eq!(report.verdict.indication, Indication::TotalPassed, "{version:?} {report:#?}");
        assert_eq!(report.signatures[0].coverage, Some(Coverage::Full));
        assert!(report.warnings.is_empty(), "{version:?} {:#?}", report.warnings);
        // The list must be renewed by then, give or take what clocks may differ.
        assert_eq!(report.holds_until, Some(at("2026-07-15T00:05:01Z")));
    }
    for signature in
        [OfdSignature::sign(world.signer.signer(), signed()), OfdSignature::sign_bare(world.signer.signer(), signed())]
    {
        let report = world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(signature).build());
        assert_eq!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
    }
}

#[test]
fn every_byte_that_matters_is_protected() {
    let world = World::new();
    let files = world.files(SealVersion::V4);
    // The list is left open for further signatures; what it can do is class D.
    for (path, bytes) in files.iter().filter(|(path, _)| path != SIGNATURES) {
        for position in (0..bytes.len()).step_by(bytes.len() / 24 + 1) {
            let mut changed = files.clone();
            let mut bytes = bytes.clone();
            bytes[position] ^= 0x01;
            put(&mut changed, path, bytes);
            let report = world.report_files(&changed);
            assert_ne!(report.verdict.indication, Indication::TotalPassed, "{path} at {position}: {report:#?}");
        }
    }
}

// A. The archive.

#[test]
fn a_hostile_names() {
    let world = World::new();
    let entries = |name: &str| {
        let mut entries: Vec<_> = world.files(SealVersion::V4).iter().map(|(name, data)| ZipEntry::new(name, data)).collect();
        entries.push(ZipEntry::new(name, b"x"));
        write(&entries)
    };
    for name in ["../evil", "/etc/passwd", "a\\b", "C:evil", "a/../../b", "a//b", "a/./b", "evil\0.xml"] {
        malformed(&world.report(&entries(name)), "a file name of the archive is not a plain relative path");
    }
    for name in ["OFD.xml", "ofd.XML", "doc_0/document.xml"] {
        malformed(&world.report(&entries(name)), "two files of the archive have the same name");
    }
    let gbk = write(&[ZipEntry::new("OFD.xml", b"").raw_name(b"\xb2\xe2\xca\xd4.xml")]);
    malformed(&world.report(&gbk), "a file name of the archive is not a plain relative path");
}

#[test]
fn a_contradictions_and_layout() {
    let world = World::new();
    let with = |entry: ZipEntry| {
        let mut entries: Vec<_> = world.files(SealVersion::V4).iter().map(|(name, data)| ZipEntry::new(name, data)).collect();
        entries.push(entry);
        world.report(&write(&entries))
    };
    malformed(&with(ZipEntry::new("a.xml", b"x").local_name(b"b.xml")), "the archive contradicts itself");
    malformed(&with(ZipEntry::new("a.xml", b"xyz").claimed_size(2)), "the archive contradicts itself");
    malformed(&with(ZipEntry::new("a.xml", b"xyz").claimed_size(4)), "the archive contradicts itself");
    malformed(&with(ZipEntry::new("a.xml", b"x").flags(1)), "the archive is encrypted");
    malformed(&with(ZipEntry::new("a.xml", b"/etc/passwd").symlink()), "the archive uses a feature that documents do not need");
    let good = zip(&world.files(SealVersion::V4));
    let outside = "bytes stand outside the files of the archive, or files overlap";
    malformed(&world.report(&[&good[..], b"tail"].concat()), outside);
    // Junk in front, with the directory's own place corrected: a lenient reader would take it.
    let mut shifted = [b"PK\x03\x04junk", &good[..]].concat();
    let field = shifted.len() - 6;
    let start = u32::from_le_bytes(shifted[field..field + 4].try_into().unwrap()) + 8;
    shifted[field..field + 4].copy_from_slice(&start.to_le_bytes());
    assert_eq!(failing(&world.report(&shifted)), ["document.format"]);
    for cut in [4, 10, good.len() / 2, good.len() - 1] {
        assert_eq!(failing(&world.report(&good[..cut])), ["document.format"], "cut at {cut}");
    }
}

#[test]
fn a_bombs() {
    let world = World::new();
    // A hundred megabytes of zeros in a hundred kilobytes: refused by what it announces, before anything is inflated.
    let zeros = vec![0; 1 << 20];
    let mut entries: Vec<_> = (0..100).map(|n| ZipEntry::new(&format!("f{n}"), &zeros)).collect();
    entries.push(ZipEntry::new("OFD.xml", b"<OFD/>"));
    malformed(&world.report(&write(&entries)), "too many bytes after inflation");
    let many: Vec<_> = (0..60_000).map(|n| ZipEntry::new(&format!("f{n}"), b"").stored()).collect();
    malformed(&world.report(&write(&many)), "too many entries in the archive");
    // 100,000 entries wrap the 16-bit count around: the directory then has more headers than it says.
    let more: Vec<_> = (0..100_000).map(|n| ZipEntry::new(&format!("f{n}"), b"").stored()).collect();
    assert_eq!(failing(&world.report(&write(&more))), ["document.format"]);
}

// B. The XML.

#[test]
fn b_document_types_and_shadows() {
    let world = World::new();
    let files = world.files(SealVersion::V4);
    let dtd = replaced(&files, "OFD.xml", "<ofd:OFD ", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ofd:OFD ");
    malformed(&world.report_files(&dtd), "the XML is malformed or has a document type");
    for encoding in ["GBK", "UTF-16"] {
        let files = replaced(&files, "OFD.xml", "encoding=\"UTF-8\"", &format!("encoding=\"{encoding}\""));
        malformed(&world.report_files(&files), "the XML is malformed or has a document type");
    }
    let deep = replaced(&files, "OFD.xml", "<ofd:DocInfo>", &format!("<ofd:DocInfo>{}{}", "<a>".repeat(80), "</a>".repeat(80)));
    malformed(&world.report_files(&deep), "the XML is too long, nested too deeply, or has too many attributes");
    let doubled = "an element occurs twice, in two namespaces, or with split text";
    let two_roots = replaced(&files, "OFD.xml", "</ofd:DocBody>", "<ofd:DocRoot>Evil.xml</ofd:DocRoot></ofd:DocBody>");
    malformed(&world.report_files(&two_roots), doubled);
    let shadow = replaced(&files, "OFD.xml", "</ofd:DocBody>", "<DocRoot xmlns=\"urn:other\">Evil.xml</DocRoot></ofd:DocBody>");
    malformed(&world.report_files(&shadow), doubled);
    let split = replaced(&files, "OFD.xml", "Doc_0/Document.xml<", "Doc_0/<!-- -->Document.xml<");
    malformed(&world.report_files(&split), doubled);
    for doubled in ["SignedInfo", "References"] {
        let end = format!("</ofd:{doubled}>");
        let files = replaced(&files, DESCRIPTION, &end, &format!("{end}<ofd:{doubled}/>"));
        let report = world.report_files(&files);
        assert_eq!(outcome(&report, "signature.format"), Outcome::Failed, "{doubled}");
    }
}

// C. Coverage.

#[test]
fn c_added_and_uncovered_files() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let shown = |signature: OfdSignature<'_>| {
        let annotations = OfdBuilder::new(&fields(ISSUER), "示例证照").locating_signatures().build_files();
        let mut files = replaced(
            &annotations,
            "Doc_0/Document.xml",
            "</ofd:Document>",
            "<ofd:Annotations>Annots.xml</ofd:Annotations></ofd:Document>",
        );
        put(&mut files, "Doc_0/Annots.xml", b"<ofd:Annotations xmlns:ofd=\"http://www.ofdspec.org/2016\"/>".to_vec());
        add_signature(&mut files, &signature);
        files
    };
    let good = shown(world.stamp(SealVersion::V4, &seal));
    assert_eq!(world.report_files(&good).verdict.indication, Indication::TotalPassed);
    // The annotations were there and not protected: they can be anything.
    let open = shown(world.stamp(SealVersion::V4, &seal).leaving_out("Doc_0/Annots.xml"));
    let report = world.report_files(&open);
    refused(&report, Indication::Indeterminate, &["licence.issuer", "ofd.coverage"]);
    assert_eq!(report.signatures[0].coverage, Some(Coverage::Partial));
    // The entry file unprotected: the root of everything could be swapped.
    let entry = shown(world.stamp(SealVersion::V4, &seal).leaving_out("OFD.xml"));
    refused(&world.report_files(&entry), Indication::Indeterminate, &["licence.issuer", "ofd.coverage"]);
    let swapped = replaced(&entry, "OFD.xml", "Doc_0/Document.xml", "Doc_1/Document.xml");
    assert_ne!(world.report_files(&swapped).verdict.indication, Indication::TotalPassed);
    // A file that nothing points at is not shown.
    let mut stray = good;
    put(&mut stray, "stray.bin", b"never shown".to_vec());
    assert_eq!(world.report_files(&stray).verdict.indication, Indication::TotalPassed);
    // Content cannot be passed off as a part of the signature.
    let disguised = replaced(&open, "Doc_0/Document.xml", "Annots.xml", "Signs/Sign_0/SignedValue.dat");
    assert_ne!(world.report_files(&disguised).verdict.indication, Indication::TotalPassed);
}

#[test]
fn c_a_second_body() {
    let world = World::new();
    let files = replaced(
        &world.files(SealVersion::V4),
        "OFD.xml",
        "</ofd:DocBody>",
        "</ofd:DocBody><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>",
    );
    refused(&world.report_files(&files), Indication::TotalFailed, &["ofd.references"]);
}

// D. The list of signatures.

#[test]
fn d_stripped_signatures() {
    let world = World::new();
    let files = world.files(SealVersion::V4);
    let stripped = replaced(&files, "OFD.xml", &format!("<ofd:Signatures>/{SIGNATURES}</ofd:Signatures>"), "");
    refused(&world.report_files(&stripped), Indication::TotalFailed, &["document.signed"]);
    let mut emptied = files.clone();
    put(&mut emptied, SIGNATURES, b"<ofd:Signatures xmlns:ofd=\"http://www.ofdspec.org/2016\"/>".to_vec());
    refused(&world.report_files(&emptied), Indication::TotalFailed, &["document.signed"]);
    let mut twice = files.clone();
    let list = String::from_utf8(find(&files, SIGNATURES).unwrap().to_vec()).unwrap();
    let (start, entry) = (list.find("<ofd:Signature ").unwrap(), list.find("</ofd:Signatures>").unwrap());
    put(&mut twice, SIGNATURES, format!("{}{}{}", &list[..entry], &list[start..entry], &list[entry..]).into_bytes());
    malformed(&world.report_files(&twice), "an element occurs twice, in two namespaces, or with split text");
}

// E. Lifted and self-made seals.

#[test]
fn e_a_lifted_seal() {
    let world = World::new();
    for version in VERSIONS {
        let seal = world.seal(version);
        let thief = OfdSignature::seal(world.other.signer(), version, &seal, signed());
        let report = world.report(&OfdBuilder::new(&fields(OTHER), "示例证照").sign(thief).build());
        refused(&report, Indication::TotalFailed, &["seal.signer-listed"]);
    }
}

#[test]
fn e_a_self_made_seal() {
    let world = World::new();
    // Any certificate under the same root can sign a structure; only listed makers make seals.
    let seal = world.seal_builder(SealVersion::V4).build(world.other.signer());
    let document = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(SealVersion::V4, &seal)).build();
    let mut domains = world.domains();
    domains[1].makers = Some([world.maker.certificate().sha256()].into());
    let report = report(&document, &Trust::new(domains, Policy::default()), crate::world::now());
    refused(&report, Indication::TotalFailed, &["seal.maker"]);
    // A maker under a root that is trusted for signers alone makes nothing.
    let foreign = authority(KeyType::Sm2, "foreign");
    let maker = actor(&foreign, KeyType::Sm2, "foreign maker", 9, |builder| builder.signer());
    let seal = world.seal_builder(SealVersion::V4).build(maker.signer());
    let document = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(SealVersion::V4, &seal)).build();
    let mut domains = world.domains();
    domains[0].anchors.push(foreign.certificate());
    let report = crate::world::report(&document, &Trust::new(domains, Policy::default()), crate::world::now());
    refused(&report, Indication::Indeterminate, &["path.built"]);
}

#[test]
fn e_a_changed_seal() {
    let world = World::new();
    for version in VERSIONS {
        let mut seal = world.seal(version);
        let name = seal.windows(6).position(|window| window == "示例".as_bytes()).unwrap();
        seal[name..name + 3].copy_from_slice("市".as_bytes());
        let report = world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(version, &seal)).build());
        refused(&report, Indication::TotalFailed, &["seal.signature"]);
    }
}

// F. Algorithms and versions.

#[test]
fn f_digests_and_methods() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let judge = |signature: OfdSignature<'_>| world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(signature).build());
    for weak in ["MD5", "1.2.840.113549.2.5", "SHA1", "1.3.14.3.2.26", ""] {
        let report = judge(world.stamp(SealVersion::V4, &seal).check_method(weak));
        assert_eq!(report.verdict.sub_indication, Some(SubIndication::CryptoConstraintsFailure), "{weak}: {report:#?}");
        assert_eq!(outcome(&report, "ofd.references"), Outcome::Failed);
    }
    let keyed = judge(world.stamp(SealVersion::V4, &seal).check_method("1.2.156.10197.1.401.2"));
    refused(&keyed, Indication::TotalFailed, &["ofd.references"]);
    let method = judge(world.stamp(SealVersion::V4, &seal).method("1.2.840.113549.1.1.11"));
    refused(&method, Indication::TotalFailed, &["ofd.signature-method"]);
    let hash = judge(world.stamp(SealVersion::V4, &seal).data_hash(&[7; 32]));
    refused(&hash, Indication::TotalFailed, &["signature.data-hash"]);
    let empty = replaced(&world.files(SealVersion::V4), DESCRIPTION, "<ofd:Reference ", "<ofd:Other ");
    let empty = replaced(&empty, DESCRIPTION, "</ofd:Reference>", "</ofd:Other>");
    let report = world.report_files(&empty);
    assert_eq!(outcome(&report, "ofd.references"), Outcome::Failed);
}

#[test]
fn f_versions_and_encodings() {
    let world = World::new();
    // A header that claims another version than the structure has.
    for (version, number) in [(SealVersion::V4, 1), (SealVersion::V1, 4), (SealVersion::V4, 6), (SealVersion::V1, 9)] {
        let seal = world.seal_builder(version).header_version(number).build(world.maker.signer());
        let report = world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(version, &seal)).build());
        assert_eq!(outcome(&report, "signature.format"), Outcome::Failed, "{version:?} as {number}");
    }
    // A v4 seal inside a signature that calls itself v5.
    let seal = world.seal(SealVersion::V4);
    let report = world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(SealVersion::V5, &seal)).build());
    assert_eq!(outcome(&report, "signature.format"), Outcome::Failed);
    // The bare pair is accepted with a warning, or refused, as the policy says.
    let raw = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(SealVersion::V4, &seal).raw_signature()).build();
    let lenient = report_now(&raw, &Trust::new(world.domains(), Policy { raw_sm2: true, ..Policy::default() }));
    assert_eq!(lenient.verdict.indication, Indication::TotalPassed);
    assert_eq!(lenient.warnings[0].id, "signature.encoding");
    refused(&world.report(&raw), Indication::TotalFailed, &["signature.value"]);
    // Unknown extensions: critical ones stop, others with an explicit FALSE do not.
    for (critical, expected) in [(Criticality::True, false), (Criticality::ExplicitFalse, true), (Criticality::Absent, true)] {
        let seal = world.seal_builder(SealVersion::V4).extension(Oid::EMAIL, critical, &der::null()).build(world.maker.signer());
        let report =
            world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(SealVersion::V4, &seal)).build());
        assert_eq!(report.verdict.is_passed(), expected, "{critical:?}: {report:#?}");
    }
    // A seal that lists digests of certificates.
    let seal = world.seal_builder(SealVersion::V5).listing_digests().build(world.maker.signer());
    let report = world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(SealVersion::V5, &seal)).build());
    assert_eq!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
}

fn report_now(document: &[u8], trust: &Trust) -> Report {
    report(document, trust, crate::world::now())
}

// G. Time.

#[test]
fn g_claimed_times() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let judge = |when: &str| {
        let signature = OfdSignature::seal(world.signer.signer(), SealVersion::V4, &seal, at(when));
        world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(signature).build())
    };
    // Before the signer's certificate and the seal, and after now.
    for when in ["2024-06-01T00:00:00Z", "2026-07-01T09:00:00Z"] {
        let report = judge(when);
        assert_eq!(report.verdict.indication, Indication::TotalFailed, "{when}");
        assert_eq!(outcome(&report, "signature.time"), Outcome::Failed, "{when}");
    }
    assert_eq!(judge("2026-07-01T08:04:00Z").verdict.indication, Indication::TotalPassed, "clocks may differ by five minutes");
    // After the certificate has ended, a claimed time inside its life proves nothing.
    let document = zip(&world.files(SealVersion::V4));
    let mut domains = world.domains();
    domains.iter_mut().for_each(|domain| domain.revocation = crypto::x509::trust::RevocationPolicy::None);
    let late = report(&document, &Trust::new(domains, Policy::default()), at("2029-01-01T00:00:00Z"));
    assert_eq!(late.verdict.indication, Indication::Indeterminate, "{late:#?}");
    assert!(failing(&late).contains(&"path.validity".to_owned()), "{late:#?}");
    assert_eq!(outcome(&late, "seal.validity"), Outcome::NotConcluded);
}

#[test]
fn g_seals_made_outside_their_makers_time() {
    let world = World::new();
    let made = |version| {
        let seal = SealBuilder::new(version, "1", "早制章", at("2024-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))
            .user(&world.signer.der)
            .build(world.maker.signer());
        world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(version, &seal)).build())
    };
    let v4 = made(SealVersion::V4);
    assert_eq!(v4.verdict.indication, Indication::TotalPassed, "{v4:#?}");
    assert_eq!(v4.warnings[0].id, "seal.created");
    let v5 = made(SealVersion::V5);
    assert_eq!(v5.verdict.indication, Indication::TotalFailed);
    assert!(failing(&v5).contains(&"seal.created".to_owned()));
}

// H. More signatures.

#[test]
fn h_signatures_one_after_another() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let mut files = world.files(SealVersion::V4);
    add_signature(&mut files, &OfdSignature::sign(world.other.signer(), signed()));
    let report = world.report_files(&files);
    assert_eq!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
    assert_eq!(report.signatures.len(), 2);
    // The first protects the list: nothing may follow.
    let mut closed =
        OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(SealVersion::V4, &seal).covering_list()).build_files();
    assert_eq!(world.report_files(&closed).verdict.indication, Indication::TotalPassed);
    add_signature(&mut closed, &OfdSignature::sign(world.other.signer(), signed()));
    let report = world.report_files(&closed);
    refused(&report, Indication::TotalFailed, &["ofd.later-signature"]);
    assert!(report.signatures[1].verdict.is_passed());
}

// I. Meaning.

#[test]
fn i_a_genuine_seal_on_somebody_elses_licence() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let report = world.report(&OfdBuilder::new(&fields(OTHER), "示例证照").sign(world.stamp(SealVersion::V4, &seal)).build());
    refused(&report, Indication::TotalFailed, &["licence.issuer"]);
    let mut wrong = fields(ISSUER);
    let identifier = wrong["ZZBS"].clone();
    let check = if identifier.ends_with('0') { '1' } else { '0' };
    wrong.insert("ZZBS".to_owned(), format!("{}{check}", &identifier[..identifier.len() - 1]));
    let report = world.report(&OfdBuilder::new(&wrong, "示例证照").sign(world.stamp(SealVersion::V4, &seal)).build());
    assert_eq!(outcome(&report, "licence.identifier"), Outcome::Failed);
    assert_eq!(report.verdict.indication, Indication::TotalFailed);
}

#[test]
fn i_seals_that_nobody_sees() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    for (page, boundary) in [("1", "0 0 0.1 0.1"), ("99", "10 10 40 40"), ("1", "nowhere")] {
        let signature = world.stamp(SealVersion::V4, &seal).shown(page, boundary);
        let report = world.report(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(signature).build());
        refused(&report, Indication::Indeterminate, &["ofd.appearance"]);
    }
}

#[test]
fn a_seal_beside_the_signature_must_be_the_one_inside() {
    let world = World::new();
    let mut files = world.files(SealVersion::V4);
    put(&mut files, "Doc_0/Signs/Sign_0/Seal.esl", world.seal(SealVersion::V5));
    let report = world.report_files(&files);
    refused(&report, Indication::TotalFailed, &["ofd.seal-file", "ofd.references"]);
    let mut swapped = world.files(SealVersion::V4);
    put(&mut swapped, VALUE, b"0".to_vec());
    assert_eq!(outcome(&world.report_files(&swapped), "signature.format"), Outcome::Failed);
    let mut page = world.files(SealVersion::V4);
    put(&mut page, PAGE, b"<ofd:Page xmlns:ofd=\"http://www.ofdspec.org/2016\"/>".to_vec());
    refused(&world.report_files(&page), Indication::TotalFailed, &["ofd.references"]);
}

#[test]
fn purposes_do_not_mix() {
    let world = World::new();
    let document = zip(&world.files(SealVersion::V4));
    let only = |purpose| {
        let domain = Domain { lists: world.lists.clone(), ..Domain::new("only", purpose, vec![world.root.certificate()]) };
        report_now(&document, &Trust::new(vec![domain], Policy::default()))
    };
    assert_eq!(only(Purpose::Signer).verdict.sub_indication, Some(SubIndication::NoCertificateChainFound));
    assert_ne!(only(Purpose::SealMaker).verdict.indication, Indication::TotalPassed);
    assert_ne!(only(Purpose::Tsa).verdict.indication, Indication::TotalPassed);
}
