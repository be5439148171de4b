//! What an owner of a genuine certificate of another body, or of none, must not get away with.

use crypto::issue::ofd::{OfdBuilder, add_signature, find, put};
use crypto::issue::seal::SealVersion;
use crypto::issue::zip::{ZipEntry, write, zip};
use crypto::issue::{JwsBuilder, OfdSignature};
use crypto::report::{Indication, Outcome};
use crypto::sig::Algorithm;
use crypto::x509::Trust;
use crypto::x509::trust::{AlgorithmRule, Policy, RevocationPolicy};

use crate::world::{ISSUER, World, at, fields, now, outcome, report, signed};

#[test]
fn a_part_signed_by_the_issuer_does_not_vouch_for_what_others_filled_in() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let partial = world.stamp(SealVersion::V4, &seal).leaving_out("OFD.xml");
    let mut files = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(partial).build_files();
    let entry = String::from_utf8(find(&files, "OFD.xml").unwrap().to_vec()).unwrap();
    assert!(entry.contains("示例一"));
    put(&mut files, "OFD.xml", entry.replace("示例一", "骗子").into_bytes());
    add_signature(&mut files, &OfdSignature::sign(world.other.signer(), signed()));
    let report = world.report_files(&files);
    assert_ne!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
    assert_eq!(outcome(&report, "licence.issuer"), Outcome::NotConcluded);
}

#[test]
fn repeated_names_do_not_make_a_licence_a_document_without_one() {
    let world = World::new();
    let payload = r#"{"ZZBS":"a","ZZBS":"b"}"#.as_bytes();
    let jws = JwsBuilder::new(payload).chain(&[&world.other.der]).signed_at(signed()).compact(&world.other.key);
    let report = world.report(jws.as_bytes());
    assert_eq!(outcome(&report, "licence.metadata"), Outcome::Failed, "{report:#?}");
    assert_eq!(report.verdict.indication, Indication::TotalFailed);
}

#[test]
fn names_that_some_readers_change_are_refused() {
    let world = World::new();
    let good = world.files(SealVersion::V4);
    for name in ["Doc_0/Pages/Page_0/Content.xml.", "Doc_0/Pages/Page_0/Content.xml ", "Doc_0/Pages/Page_0./Content.xml"] {
        let mut entries: Vec<_> = good.iter().map(|(name, data)| ZipEntry::new(name, data)).collect();
        entries.push(ZipEntry::new(name, b"<evil/>"));
        let report = world.report(&write(&entries));
        assert_eq!(outcome(&report, "document.format"), Outcome::Failed, "{name}");
    }
}

#[test]
fn an_answer_is_not_kept_longer_than_its_algorithm() {
    let world = World::new();
    let mut domains = world.domains();
    let until = at("2026-07-02T00:00:00Z");
    for domain in &mut domains {
        domain.revocation = RevocationPolicy::None;
        domain.algorithms = vec![AlgorithmRule { algorithm: Algorithm::Sm2Sm3, until: Some(until) }];
    }
    let report = report(&zip(&world.files(SealVersion::V4)), &Trust::new(domains, Policy::default()), now());
    assert!(report.verdict.is_passed(), "{report:#?}");
    assert_eq!(report.holds_until, Some(until.plus(1)));
}
